//! The looks that are kept: one can step back to them, live or in a recording, look by look or event by event.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::chronicle::Moment;
use super::state::Look;
use super::weight::weight;

/// No more looks than these are kept: a quarter of an hour at one a second.
const MOST: usize = 900;
/// Nor more bytes.
const BUDGET: usize = 6 * 1024 * 1024;
/// Where that does not hold them all, those of the last minute stay, and of older ones those at which something happened.
const LAST: usize = 60;
/// So few are kept however large they are: one can always step back.
const FEWEST: usize = 2;

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

/// A look that is kept.
#[derive(Debug)]
struct Kept {
    /// How many came before it.
    number: usize,
    look: Look,
    /// Something happened at it.
    eventful: bool,
    weight: usize,
}

/// The last looks.
#[derive(Debug, Default)]
pub struct History {
    looks: VecDeque<Kept>,
    /// How many came.
    came: usize,
    weight: usize,
    /// The number of the look that is shown in place of the newest, from 0.
    at: Option<usize>,
    /// The event that was gone to, while its look is shown.
    event: Option<Moment>,
    /// The recording plays on to the next event after this time.
    pub seeks: Option<Timestamp>,
    /// The recording that they are of.
    pub played: Option<Played>,
}

impl History {
    /// Keeps a look; `eventful`: something happened at it.
    pub fn keep(&mut self, look: Look, eventful: bool) {
        let weight = weight(&look, self.looks.back().map(|kept| &kept.look));
        self.weight += weight;
        self.looks.push_back(Kept { number: self.came, look, eventful, weight });
        self.came += 1;
        while self.looks.len() > MOST || (self.weight > BUDGET && self.looks.len() > FEWEST) {
            let Some(at) = self.dispensable() else { break };
            self.remove(at);
        }
    }

    /// Throws a look away. What it held together with the next one is that one's alone from then on.
    fn remove(&mut self, at: usize) {
        let Some(gone) = self.looks.remove(at) else { return };
        self.weight -= gone.weight;
        let before = at.checked_sub(1).and_then(|at| self.looks.get(at)).map(|kept| &kept.look);
        let Some(next) = self.looks.get(at) else { return };
        let weight = weight(&next.look, before);
        if let Some(next) = self.looks.get_mut(at) {
            self.weight = self.weight - next.weight + weight;
            next.weight = weight;
        }
    }

    /// The look that is missed least: the oldest at which nothing happened, else the oldest. The one that is shown is
    /// not thrown away, nor is the newest.
    fn dispensable(&self) -> Option<usize> {
        let older = self.looks.len().saturating_sub(LAST);
        let free = |kept: &Kept| self.at != Some(kept.number);
        let calm = self.looks.iter().take(older).position(|kept| free(kept) && !kept.eventful);
        calm.or_else(|| self.looks.iter().take(self.looks.len() - 1).position(free))
    }

    /// The looks that are kept, the oldest first, up to the one that was taken then.
    pub fn until(&self, boot_time: i64) -> impl DoubleEndedIterator<Item = &Look> {
        self.looks
            .iter()
            .map(|kept| &kept.look)
            .filter(move |look| look.census.boot_time <= boot_time)
    }

    /// The number of the newest, from 0.
    fn newest(&self) -> usize {
        self.came.saturating_sub(1)
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

    /// When the oldest look that is kept was taken.
    pub fn since(&self) -> Option<Timestamp> {
        self.looks.front().map(|kept| kept.look.census.taken_at)
    }

    /// The event that was gone to, if its look is still the one that is shown.
    pub fn event(&self) -> Option<&Moment> {
        self.event.as_ref()
    }

    /// Where the shown look stands among those that are kept.
    fn place(&self) -> Option<usize> {
        let at = self.at.unwrap_or(self.newest());
        self.looks.iter().position(|kept| kept.number == at)
    }

    /// Goes one look back; `None`: there is none.
    pub fn back(&mut self) -> Option<Look> {
        self.go_to(self.place()?.checked_sub(1)?)
    }

    /// Goes one look forward; `None`: the newest is shown.
    pub fn forward(&mut self) -> Option<Look> {
        self.at?;
        self.go_to(self.place()? + 1)
    }

    /// Goes to the first look that was taken when an event had happened; `None`: none was.
    pub fn seek(&mut self, event: &Moment) -> Option<Look> {
        let place = self.looks.iter().position(|kept| kept.look.census.taken_at >= event.at)?;
        let look = self.go_to(place);
        self.event = Some(event.clone());
        look
    }

    /// Holds the newest look; `None`: none came yet.
    pub fn hold(&mut self) -> Option<Look> {
        self.go_to(self.looks.len().checked_sub(1)?)
    }

    fn go_to(&mut self, place: usize) -> Option<Look> {
        let kept = self.looks.get(place)?;
        self.at = Some(kept.number);
        self.event = None;
        Some(kept.look.clone())
    }

    /// Goes on with the newest look.
    pub fn close(&mut self) {
        self.at = None;
        self.event = None;
    }
}
