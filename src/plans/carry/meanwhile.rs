//! What somebody else does to the app while an upgrade is carried out: what farrier neither caused nor expects stops it
//! at its step, and nothing more is sent.

use super::{AWAY, Carrying, Outcome};
use crate::model::Census;
use crate::model::history::{Event, What};

impl Carrying<'_, '_> {
    /// Whether the master that got USR2 is in no look any more while the one that is held has not ended: a process that
    /// exits has lost its title first, and passes for nobody's. For a moment such a look tells nothing of it yet.
    pub(super) fn still_dies(&mut self, census: &Census) -> bool {
        let Some(begun) = &self.begun else { return false };
        let missing = census.member(begun.plan().target).is_none() && census.seen.hidden.is_none();
        if !missing || self.hands.verify(begun.held()).is_err() {
            self.dies_since = None;
            return false;
        }
        let since = *self.dies_since.get_or_insert(census.boot_time);
        census.boot_time.saturating_sub(since) < AWAY
    }

    /// Whether it is farrier's own signal that shows.
    pub(super) fn is_own(&self, event: &Event) -> bool {
        match (&event.what, event.pid) {
            (What::Reached { signal, .. }, Some(pid)) => self.sent.contains(&(pid, signal)),
            _ => false,
        }
    }

    /// What of an event nobody expects who carries this out; in words.
    pub(super) fn unexpected(&self, event: &Event) -> Option<String> {
        let old = event.pid.is_some() && event.pid == self.follow.old();
        let told = |signals: &[&str]| {
            event.pid.is_some_and(|pid| signals.iter().any(|s| self.sent.contains(&(pid, s))))
        };
        let foreign = match &event.what {
            What::Reached { signal, .. } => {
                let by_hook = old && self.hooked && matches!(*signal, "QUIT" | "TTOU" | "WINCH");
                !by_hook && !self.is_own(event)
            }
            What::Switched { .. } | What::Stopped => true,
            What::Ended => old && !self.hooked && !told(&["QUIT"]),
            What::WorkersEnded { alive: 0, .. } => old && !self.hooked && !told(&["QUIT", "WINCH"]),
            _ => false,
        };
        foreign.then(|| event.words())
    }

    /// It stops here.
    pub(super) fn stopped_by(&self, foreign: &str) -> Outcome {
        let stands = self.follow.position(&self.census);
        self.by_service(format!(
            "{foreign}: farrier neither caused nor expected it, and sends nothing more. {stands}"
        ))
    }
}
