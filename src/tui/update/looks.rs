//! A look arrives: what ended becomes a ghost, the first one chooses the cursor, an open question is asked again.

use std::sync::Arc;
use std::time::Duration;

use super::{Effect, asking, time};
use crate::contract::Verdicts;
use crate::model::{App, Census, Worker};
use crate::tui::members::{Ghost, Was, members, same};
use crate::tui::place::{FindingId, Identity, Pane, RowKey, View};
use crate::tui::state::{Look, State};

/// How long the row of an ended process stays.
const GHOSTS_STAY: Duration = Duration::from_secs(30);

pub(super) fn arrived(
    state: &mut State,
    census: Arc<Census>,
    verdicts: Arc<Verdicts>,
    period: Duration,
) -> Vec<Effect> {
    state.period = period;
    // Two look while an operation is under way: what the slower one saw is older than what is shown.
    let shown = state.look.as_ref().map_or(i64::MIN, |look| look.census.boot_time);
    if state.passage.is_some() && census.boot_time < shown {
        return asking::recheck(state);
    }
    let told = state.chronicle.told();
    state.chronicle.acting = state.under_way.as_ref().map(|under_way| under_way.app.clone());
    state.chronicle.look(&census, state.rights.are_of_a_recording());
    let eventful = state.chronicle.told() > told;
    if let Some(passage) = &mut state.passage {
        passage.look(&census);
    }
    let look = Look { census, verdicts, at: state.now };
    let was_newest = state.history.is_at_newest();
    state.history.keep(look.clone(), eventful);
    if let Some(before) = state.look.take() {
        let ended = ghosts(&before.census, &look, state.now + GHOSTS_STAY);
        state.ghosts.extend(ended);
        let living: Vec<Identity> =
            look.census.apps.iter().flat_map(members).map(|m| m.process.identity()).collect();
        state.ghosts.retain(|g| !living.iter().any(|id| same(*id, g.process().identity())));
        state.look = Some(look);
    } else {
        state.look = Some(look);
        first(state);
    }
    let mut effects = time::arrived(state, was_newest);
    effects.extend(asking::recheck(state));
    effects
}

/// The cursor starts on the finding that the headline speaks of; on the first app if there is none.
pub(super) fn first(state: &mut State) {
    let Some(look) = &state.look else { return };
    let finding = look.headline().finding.map(FindingId::from);
    // Behind the list of several machines lies the Overview.
    let listed = state.place.view == View::Hosts;
    let place = if listed { state.back.last_mut() } else { Some(&mut state.place) };
    let Some(place) = place else { return };
    if let Some(finding) = finding {
        place.focus = Pane::Main;
        place.main.key = Some(RowKey::Finding(finding));
    }
    if look.census.apps.is_empty() {
        place.focus = Pane::Main;
    }
}

/// What the look before showed and this one does not.
fn ghosts(before: &Census, look: &Look, until: Duration) -> Vec<Ghost> {
    let alive: Vec<Identity> =
        look.census.apps.iter().flat_map(members).map(|m| m.process.identity()).collect();
    let gone = |identity: Identity| !alive.iter().any(|id| same(*id, identity));
    let ghost = |app: &App, was: Was| Ghost {
        app: app.id.clone(),
        name: app.name.clone(),
        kind: app.kind,
        was,
        ended: look.census.taken_at,
        until,
    };
    let mut found = Vec::new();
    for app in &before.apps {
        for master in &app.masters {
            let identity = master.process.identity();
            if gone(identity) {
                // Its workers that live on stand elsewhere now; those that ended stay with it.
                let mut last = master.clone();
                last.workers.retain(|worker: &Worker| gone(worker.process.identity()));
                found.push(ghost(app, Was::Master(Box::new(last))));
                continue;
            }
            for worker in master.workers.iter().filter(|w| gone(w.process.identity())) {
                found.push(ghost(app, Was::Worker(Box::new(worker.clone()), Some(identity))));
            }
        }
    }
    found
}

/// Lets go the rows of what ended long ago; the selected one stays, and so does what is left of an ended app.
pub(super) fn bury(state: &mut State, selected: Option<&RowKey>) {
    if state.ghosts.is_empty() {
        return;
    }
    let now = state.now;
    let apps: Vec<_> = state
        .look
        .iter()
        .flat_map(|look| look.census.apps.iter().map(|app| app.id.clone()))
        .collect();
    let tree = state.place.tree.key.clone();
    // What went since a moment that was chosen stays as long as that stands.
    let since = state.changes.baseline.as_ref().map(|one| one.look.census.taken_at);
    state.ghosts.retain(|ghost| {
        let key = RowKey::Process(ghost.process().identity());
        ghost.until > now
            || since.is_some_and(|since| ghost.ended > since)
            || selected == Some(&key)
            || tree.as_ref() == Some(&key)
            || !apps.contains(&ghost.app)
    });
}
