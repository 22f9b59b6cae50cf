//! The looks that are kept: one can step back to them, live or in a recording.

use std::collections::VecDeque;

use super::state::Look;

/// Looks that are kept of a live machine: each is some hundred kilobytes.
const LIVE: usize = 60;
/// Looks that are kept of a recording.
const RECORDED: usize = 900;

/// A recording that is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// How many looks it shows.
    pub looks: usize,
    /// How many it holds before these for the rules to compare with: the first of a snapshot's two.
    pub unseen: usize,
    /// It ships inside the program: what is shown is a rehearsal.
    pub rehearsal: bool,
}

/// The last looks.
#[derive(Debug, Default)]
pub struct History {
    looks: VecDeque<Look>,
    /// How many came before the first that is kept.
    dropped: usize,
    /// The number of the look that is shown in place of the newest, from 0.
    at: Option<usize>,
    /// The recording that they are of.
    pub played: Option<Played>,
}

impl History {
    /// Keeps a look.
    pub fn keep(&mut self, look: Look) {
        let most = if self.played.is_some() { RECORDED } else { LIVE };
        self.looks.push_back(look);
        // The look that is shown is not thrown away.
        while self.looks.len() > most && self.at != Some(self.dropped) {
            self.looks.pop_front();
            self.dropped += 1;
        }
    }

    /// The number of the newest, from 0.
    fn newest(&self) -> usize {
        (self.dropped + self.looks.len()).saturating_sub(1)
    }

    /// Whether an older look is shown, or the newest one is held.
    pub fn is_open(&self) -> bool {
        self.at.is_some()
    }

    /// Whether the newest look is the one that is shown.
    pub fn is_at_newest(&self) -> bool {
        self.at.is_none_or(|at| at >= self.newest())
    }

    /// The number of the look that is shown, from 1.
    pub fn number(&self) -> usize {
        self.at.unwrap_or(self.newest()) + 1
    }

    /// Whether the recording holds nothing after the newest look.
    pub fn has_ended(&self) -> bool {
        self.played.is_some_and(|played| self.newest() + 1 >= played.looks)
    }

    /// Goes one look back; `None`: there is none.
    pub fn back(&mut self) -> Option<Look> {
        let at = self.at.unwrap_or(self.newest()).checked_sub(1)?;
        self.go_to(at)
    }

    /// Goes one look forward; `None`: the newest is shown.
    pub fn forward(&mut self) -> Option<Look> {
        self.go_to(self.at? + 1)
    }

    /// Holds the newest look; `None`: none came yet.
    pub fn hold(&mut self) -> Option<Look> {
        self.go_to(self.newest())
    }

    fn go_to(&mut self, at: usize) -> Option<Look> {
        let look = self.looks.get(at.checked_sub(self.dropped)?)?.clone();
        self.at = Some(at);
        Some(look)
    }

    /// Goes on with the newest look.
    pub fn close(&mut self) {
        self.at = None;
    }
}
