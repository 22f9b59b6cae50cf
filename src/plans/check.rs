//! The four ways in which a check can come out, and what they make of a plan.

use super::{Check, CheckState, Confirm, Plan};
use crate::facts::Lack;
use crate::os::Refusal;

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

/// A check that could not be made of something that the operation rests on.
pub(super) fn needed(what: &'static str, words: impl Into<String>, lack: &Lack) -> Check {
    Check { what, state: unseen(lack), words: words.into() }
}

/// What a lack makes of something that the operation rests on. What a grant, or a mount that answers, would show stops it;
/// what only the server itself can evaluate, and what a recording does not hold, is said.
pub(super) fn unseen(lack: &Lack) -> CheckState {
    match lack {
        // A process that ended under the look, a memory that does not tell: another try or a grant shows no more.
        Lack::Refused(
            Refusal::NotRecorded | Refusal::Opaque(_) | Refusal::Gone | Refusal::Zombie,
        ) => CheckState::Blind,
        Lack::Refused(_) => CheckState::Unseen,
        _ => CheckState::Blind,
    }
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
        let check = self.checks.iter().find(|check| check.state.stops());
        let next = self.next.iter().find(|line| line.state.stops());
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
        self.states().filter(|state| state.stops()).count()
    }

    /// How each thing that was checked came out, those that a new generation starts from included.
    pub fn states(&self) -> impl Iterator<Item = CheckState> {
        let next = self.next.iter().map(|line| line.state);
        self.checks.iter().map(|check| check.state).chain(next)
    }
}
