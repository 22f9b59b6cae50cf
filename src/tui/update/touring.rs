//! The tour: Enter goes on and Esc ends it, unless something that was opened by hand takes them. All other keys do what
//! they do.

use crossterm::event::KeyCode;

use super::{Effect, asking, looks, moves};
use crate::model::{App, Operation};
use crate::tui::dialog::{Button, Dialog, Menu};
use crate::tui::keys::Key;
use crate::tui::place::{Door, FindingId, Pane, Place, Subject, View};
use crate::tui::state::{Look, State};
use crate::tui::tour::{STOPS, Stop, Tour};
use crate::tui::views;

/// Whether Enter and Esc are the tour's.
pub fn tours(state: &State) -> bool {
    let Some(tour) = &state.tour else { return false };
    let free = state.line.is_none() && state.help.is_none();
    free && match state.dialogs.as_slice() {
        [] => true,
        // The question of the tour is the tour's until its button has the focus.
        [Dialog::Question(question)] => {
            tour.stop() == Some(Stop::Dialog) && question.focus == Button::Cancel
        }
        _ => false,
    }
}

/// A key while there is a tour; `None`: it is not the tour's.
pub(super) fn key(state: &mut State, key: Key) -> Option<Vec<Effect>> {
    let takes = tours(state);
    match key.code {
        KeyCode::Enter if takes => Some(on(state)),
        KeyCode::Esc if takes => Some(end(state)),
        _ => None,
    }
}

/// Begins it.
pub(super) fn begin(state: &mut State) -> Vec<Effect> {
    if !state.rehearses() {
        state.say("the tour is a part of the demo: :demo opens it");
        return Vec::new();
    }
    state.tour = Some(Tour::default());
    go(state)
}

fn on(state: &mut State) -> Vec<Effect> {
    let Some(tour) = &mut state.tour else { return Vec::new() };
    tour.at += 1;
    if tour.at >= STOPS.len() {
        return end(state);
    }
    let mut effects = closed(state);
    effects.extend(go(state));
    effects
}

fn end(state: &mut State) -> Vec<Effect> {
    state.tour = None;
    let effects = closed(state);
    state.say("the tour has ended; :tour begins it again");
    effects
}

fn closed(state: &mut State) -> Vec<Effect> {
    state.message = None;
    if state.dialogs.is_empty() {
        return Vec::new();
    }
    state.dialogs.clear();
    vec![Effect::LetGo]
}

/// Goes to what the step is about.
fn go(state: &mut State) -> Vec<Effect> {
    let Some(stop) = state.tour.as_ref().and_then(Tour::stop) else { return Vec::new() };
    let effects = match stop {
        Stop::Headline | Stop::Onwards => overview(state),
        Stop::Causes => {
            overview(state);
            moves::by(state, 1);
            Vec::new()
        }
        Stop::Finding => {
            if let Some(id) = headline(state) {
                moves::go(state, View::Finding, Subject::Finding(id), None);
            }
            Vec::new()
        }
        Stop::Evidence => {
            if let Some(id) = headline(state) {
                through(state, &id, |_| true);
            }
            Vec::new()
        }
        Stop::Environment => {
            environment(state);
            Vec::new()
        }
        Stop::Dialog => dialog(state),
        Stop::Upgrade => {
            overview(state);
            if let Some(app) = app(state).map(|app| app.id.clone()) {
                moves::go(state, View::Upgrade, Subject::App(app), None);
            }
            Vec::new()
        }
    };
    let place = state.place.clone();
    if let Some(tour) = &mut state.tour {
        tour.shows = Some(place);
    }
    effects
}

/// The Overview as it is at first.
fn overview(state: &mut State) -> Vec<Effect> {
    state.place = Place::default();
    state.back.clear();
    looks::first(state);
    Vec::new()
}

/// The finding that the headline speaks of.
fn headline(state: &State) -> Option<FindingId> {
    state.shown()?.headline().finding.map(FindingId::from)
}

fn app(state: &State) -> Option<&App> {
    let id = headline(state)?.app;
    state.shown()?.census.app(&id)
}

/// Goes through the first door of a finding's page that is wanted; whether there was one.
fn through(state: &mut State, id: &FindingId, wanted: impl Fn(&Door) -> bool) -> bool {
    let mut there = state.place.clone();
    (there.view, there.subject) = (View::Finding, Subject::Finding(id.clone()));
    let here = std::mem::replace(&mut state.place, there);
    let page = (views::card(View::Finding).page)(state, usize::from(state.size.0));
    let door = page.rows.into_iter().filter_map(|row| row.door).find(|door| wanted(door));
    state.place = here;
    let Some(Door { view, subject, row }) = door else { return false };
    moves::go(state, view, subject, row);
    true
}

/// The environment of the master that the next USR2 goes to, with the variable that a finding is about.
fn environment(state: &mut State) {
    let all = state.shown().map(Look::in_order).unwrap_or_default();
    let ids: Vec<FindingId> = all.iter().map(|caused| FindingId::from(caused.finding)).collect();
    for id in &ids {
        if through(state, id, |door| door.view == View::Environment) {
            return;
        }
    }
    let subject = app(state).and_then(|app| {
        let master = app.current_master()?;
        Some(Subject::Process(app.id.clone(), master.process.identity()))
    });
    if let Some(subject) = subject {
        moves::go(state, View::Environment, subject, None);
    }
}

/// The question that mends the worst finding.
fn dialog(state: &mut State) -> Vec<Effect> {
    overview(state);
    let offered = headline(state).and_then(|id| state.shown()?.finding(&id)?.offers);
    let chosen = offered.unwrap_or(Operation::Upgrade);
    let Some(app) = app(state).map(|app| app.id.clone()) else { return Vec::new() };
    let menu = Menu { app, named: None, chosen, opened: state.now };
    let planned = asking::planned(state, &menu, chosen);
    state.place.focus = Pane::Main;
    asking::ask(state, planned, chosen)
}
