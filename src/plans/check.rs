//! The four ways in which a check can come out, and what they make of a plan.

use super::{Check, CheckState, Confirm, Plan};

/// A check that holds.
pub(super) fn holds(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Holds, words: words.into() }
}

/// A check that warns.
pub(super) fn warns(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Warns, words: words.into() }
}

/// A check that stops.
pub(super) fn stops(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Stops, words: words.into() }
}

/// A check that could not be made.
pub(super) fn blind(what: &'static str, words: impl Into<String>) -> Check {
    Check { what, state: CheckState::Blind, words: words.into() }
}

impl Plan {
    /// Settles what has to be given: what stops it asks for the app's name.
    pub(super) fn settled(mut self) -> Self {
        if self.stops() {
            self.confirm = Confirm::Word(self.app_name.clone());
        }
        self
    }

    /// The first thing that stands in the way, in words.
    pub fn stopped_by(&self) -> Option<String> {
        let check = self.checks.iter().find(|check| check.state == CheckState::Stops);
        let next = self.next.iter().find(|line| line.state == CheckState::Stops);
        check
            .map(|check| check.words.clone())
            .or_else(|| next.map(|line| format!("{}: {}", line.what, line.value)))
    }

    /// Whether a check stands in the way, so that it goes on only with the name typed or `--force`.
    pub fn stops(&self) -> bool {
        self.stopping() > 0
    }

    /// How many things stand in the way.
    pub fn stopping(&self) -> usize {
        let next = self.next.iter().map(|line| line.state);
        let states = self.checks.iter().map(|check| check.state).chain(next);
        states.filter(|state| *state == CheckState::Stops).count()
    }
}
