//! The tour of the demo: a few steps, a sentence each, about what is on the screen then.

use super::keys::Action;
use super::place::Place;
use super::state::State;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The three lines at the top.
    Headline,
    /// The list of findings.
    Causes,
    /// One finding.
    Finding,
    /// What a line of its evidence leads to.
    Evidence,
    /// The environment that is handed on.
    Environment,
    /// The question before a signal.
    Dialog,
    /// The plan of the upgrade.
    Upgrade,
    /// What the person does next.
    Onwards,
}

/// All steps, with their sentences. A word in braces stands for the key of that action.
pub const STOPS: &[(Stop, &str)] = &[
    (Stop::Headline, "what is wrong, why, what next. Enter goes on, Esc ends the tour"),
    (Stop::Causes, "what follows from a cause stands under it (↳): mend that first"),
    (Stop::Finding, "Enter opens a finding: what was seen and where, what mends it"),
    (Stop::Evidence, "a line of SEEN leads to its fact: here the old master itself"),
    (Stop::Environment, "as started, now, and after the next USR2: an old Gemfile stays"),
    (Stop::Dialog, "{act} plans and asks. Cancel has the focus; nothing is sent here"),
    (Stop::Upgrade, "{plan} shows what an upgrade would do, and what is in its way"),
    (
        Stop::Onwards,
        "your turn: {act} retires the old master, {plan} upgrades; {help} shows all keys",
    ),
];

/// How far the tour is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tour {
    /// The step, from 0.
    pub at: usize,
    /// What the step shows; `None`: it was not gone to yet.
    pub shows: Option<Place>,
}

impl Tour {
    /// The step that it is at.
    pub fn stop(&self) -> Option<Stop> {
        STOPS.get(self.at).map(|(stop, _)| *stop)
    }
}

/// What is said of the step; another line where something else was gone to meanwhile.
pub fn line(state: &State) -> Option<String> {
    let tour = state.tour.as_ref()?;
    let (stop, words) = STOPS.get(tour.at)?;
    let place = &state.place;
    let shown = tour.shows.as_ref().is_none_or(|shows| {
        (shows.view, &shows.subject) == (place.view, &place.subject)
            && (*stop == Stop::Dialog) != state.dialogs.is_empty()
    });
    let number = format!("tour {}/{}", tour.at + 1, STOPS.len());
    Some(if shown {
        let key = |action| state.keys.shown(action);
        let words = words.replace("{act}", &key(Action::Act));
        let words = words.replace("{plan}", &key(Action::View('u')));
        let words = words.replace("{help}", &key(Action::Help));
        format!("{number}: {words}")
    } else {
        format!("{number} waits: Enter goes on with it, Esc ends it")
    })
}
