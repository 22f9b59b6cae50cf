//! `m` and `d`: one process or one look is marked, another is compared with it; `=`: all is compared with one moment.

use std::sync::Arc;

use super::moves;
use crate::show::compare::{Side, compare, harmless};
use crate::show::words::time;
use crate::tui::baseline::Baseline;
use crate::tui::keys::Action;
use crate::tui::members::same;
use crate::tui::place::{Subject, View};
use crate::tui::state::{Compared, Look, State};

/// The process that is meant: the selected one, an app's current master, else that of the open view.
pub(super) fn meant(state: &State) -> Option<Subject> {
    let of_app = |id| {
        let app = state.shown()?.census.app(id)?;
        let master = app.current_master().or_else(|| app.masters.first())?;
        Some(Subject::Process(id.clone(), master.process.identity()))
    };
    match moves::chosen_subject(state) {
        Some(process @ Subject::Process(..)) => return Some(process),
        Some(Subject::App(id)) => return of_app(&id),
        _ => {}
    }
    let member = state.member()?;
    Some(Subject::Process(member.app.clone(), member.process.identity()))
}

/// The look that stands, while it does: paused, gone back to, or the last one of a recording.
fn standing(state: &State) -> Option<&Look> {
    let several = state.history.played.is_some_and(|played| played.looks > 1);
    let stands = state.paused.is_some() || several && state.history.has_ended();
    state.shown().filter(|_| stands)
}

fn is_one(a: &Look, b: &Look) -> bool {
    a.census.boot_time == b.census.boot_time && a.census.taken_at == b.census.taken_at
}

/// Marks the process that is meant, and the look that stands; the same again takes the mark away.
pub(super) fn mark(state: &mut State) {
    let process = match meant(state) {
        Some(Subject::Process(_, identity)) => Some(identity),
        _ => None,
    };
    let look = standing(state).cloned();
    let pid = process.map(|(pid, _)| pid);
    let clock =
        look.as_ref().map(|look| time(look.census.taken_at, look.census.taken_at, &state.zone));
    let diff = state.keys.shown(Action::Diff);
    let again = match (&look, &state.marked_look) {
        (Some(one), Some(other)) => is_one(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    let same_process = match (process, state.mark) {
        (Some(one), Some(other)) => same(one, other),
        (one, other) => one.is_none() && other.is_none() && look.is_some(),
    };
    if again && same_process {
        (state.mark, state.marked_look) = (None, None);
        return state.say(match (pid, clock) {
            (Some(pid), None) => format!("{pid} is not marked any more"),
            (Some(pid), Some(clock)) => {
                format!("{pid} and the look of {clock} are not marked any more")
            }
            (None, clock) => {
                format!("the look of {} is not marked any more", clock.unwrap_or_default())
            }
        });
    }
    let words = match (pid, clock) {
        (None, None) => return state.say("there is no process here to mark"),
        (Some(pid), None) => {
            format!("{pid} is marked; {diff} on another process shows what differs")
        }
        (None, Some(clock)) => {
            format!("the look of {clock} is marked; {diff} at another look shows what differs")
        }
        (Some(pid), Some(clock)) => {
            format!(
                "marked: {pid} and the look of {clock}. {diff} on another of either: what differs"
            )
        }
    };
    (state.mark, state.marked_look) = (process, look);
    state.say(words);
}

/// From now on all that differs is marked; the same again ends it.
pub(super) fn baseline(state: &mut State) {
    if let Some(baseline) = state.changes.baseline.take() {
        return state.say(format!("{}; not marked any more", baseline.words(state)));
    }
    let Some(look) = state.shown().cloned() else {
        return state.say("nothing is shown yet that could be compared with");
    };
    state.changes.baseline = Some(Box::new(Baseline::new(look, state.opens.clone())));
    let ends = state.keys.shown(Action::Baseline);
    state.say(format!(
        "from now on what differs is underlined, + came, × went; {ends} again ends it"
    ));
}

/// Shows what differs between the marked look and the one that is shown; at the marked one, between the marked process
/// and the one that is meant.
pub(super) fn diff(state: &mut State) {
    if let (Some(marked), Some(shown)) = (&state.marked_look, state.shown())
        && !is_one(marked, shown)
    {
        let earlier = marked.census.taken_at <= shown.census.taken_at;
        let (before, after) = if earlier { (marked, shown) } else { (shown, marked) };
        let side = |look: &'_ Look| (Arc::clone(&look.census), Arc::clone(&look.verdicts));
        let ((was, said), (is, says)) = (side(before), side(after));
        let comparison = compare(
            Side { census: &was, verdicts: &said },
            Side { census: &is, verdicts: &says },
            &harmless(&state.show),
        );
        state.compared = Some(Compared { comparison, after: is });
        return moves::go(state, View::Diff, Subject::Looks, None);
    }
    let Some(marked) = state.mark else {
        let (mark, diff) = (state.keys.shown(Action::Mark), state.keys.shown(Action::Diff));
        return state.say(format!(
            "no process is marked: {mark} marks the selected one, then {diff} on another"
        ));
    };
    let Some(Subject::Process(app, identity)) = meant(state) else {
        return state.say("there is no process here to compare");
    };
    if same(marked, identity) {
        let look = if state.marked_look.is_some() { ", or go to another look" } else { "" };
        let (pid, key) = (identity.0, state.keys.shown(Action::Diff));
        return state.say(format!("{pid} is the marked one: choose another{look}, then {key}"));
    }
    moves::go(state, View::Diff, Subject::Process(app, identity), None);
}
