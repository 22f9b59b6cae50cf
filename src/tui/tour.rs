//! The tour of the demo: a few steps, a sentence each, about what is on the screen then.

use super::keys::Action;
use super::place::Place;
use super::state::State;
use crate::show::words::width;

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

/// All steps, with their sentences, and those where there is less room. A word in braces stands for the key of that
/// action.
pub const STOPS: &[(Stop, &str, &str)] = &[
    (
        Stop::Headline,
        "what is wrong, why, what next. Enter goes on, Esc ends the tour",
        "what is wrong, why, what next. Enter goes on",
    ),
    (
        Stop::Causes,
        "what follows from a cause stands under it (↳): mend that first",
        "what follows from a cause stands under it (↳)",
    ),
    (
        Stop::Finding,
        "Enter opens a finding: what was seen and where, what mends it",
        "Enter opens a finding: proof, and what mends it",
    ),
    (
        Stop::Evidence,
        "a line of SEEN leads to its fact: here the old master itself",
        "a line of SEEN leads to its fact: the old master",
    ),
    (
        Stop::Environment,
        "as started, now, and after the next USR2: an old Gemfile stays",
        "what the next USR2 starts from: an old Gemfile",
    ),
    (
        Stop::Dialog,
        "{act} plans and asks. Cancel has the focus; nothing is sent here",
        "{act} plans and asks; nothing is sent here",
    ),
    (
        Stop::Upgrade,
        "{plan} shows what an upgrade would do, and what is in its way",
        "{plan} shows an upgrade and what is in its way",
    ),
    (
        Stop::Onwards,
        "your turn: {act} retires the old master, {plan} upgrades; {help} shows all keys",
        "your turn: {act} retires, {plan} upgrades, {help} keys",
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
        STOPS.get(self.at).map(|(stop, ..)| *stop)
    }
}

/// What is said of the step in so many columns; another line where something else was gone to meanwhile.
pub fn line(state: &State, columns: usize) -> Option<String> {
    let tour = state.tour.as_ref()?;
    let (stop, long, short) = STOPS.get(tour.at)?;
    let place = &state.place;
    let shown = tour.shows.as_ref().is_none_or(|shows| {
        (shows.view, &shows.subject) == (place.view, &place.subject)
            && (*stop == Stop::Dialog) != state.dialogs.is_empty()
    });
    let number = format!("tour {}/{}", tour.at + 1, STOPS.len());
    Some(if shown {
        let key = |action| state.keys.shown(action);
        let said = |words: &str| {
            let words = words.replace("{act}", &key(Action::Act));
            let words = words.replace("{plan}", &key(Action::View('u')));
            let words = words.replace("{help}", &key(Action::Help));
            format!("{number}: {words}")
        };
        let whole = said(long);
        if width(&whole) <= columns { whole } else { said(short) }
    } else {
        format!("{number} waits: Enter goes on with it, Esc ends it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sentence_is_cut_on_the_smallest_whole_screen() {
        for (room, short) in [(79, false), (59, true)] {
            for (at, (_, long, brief)) in STOPS.iter().enumerate() {
                let words = if short { brief } else { long };
                let words = ["{act}", "{plan}", "{help}"]
                    .iter()
                    .fold((*words).to_owned(), |words, key| words.replace(key, "k"));
                let said = format!("tour {}/{}: {words}", at + 1, STOPS.len());
                assert!(width(&said) <= room, "{said}");
            }
        }
    }
}
