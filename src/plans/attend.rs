//! Follows a handover that somebody else started, to its verdict. Nothing is sent.

use std::time::Duration;

use crate::model::history::Event;
use crate::model::{App, Census};

use super::Outcome;
use super::follow::{Follow, Stage, Turn};

/// How long and how often is looked.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// At most this long.
    pub within: Duration,
    /// Between two looks.
    pub every: Duration,
    /// The looks come from a recording: when its time stands still there are no more.
    pub recorded: bool,
}

/// What the one who follows has.
pub struct Seat<'a> {
    /// Takes a fresh look.
    pub look: &'a mut dyn FnMut() -> Census,
    /// Waits.
    pub pause: &'a mut dyn FnMut(Duration),
    /// Hears of each event.
    pub tell: &'a mut dyn FnMut(&Event),
    /// Whether the operator broke off.
    pub broken_off: &'a dyn Fn() -> bool,
}

/// Follows the handover of an app from the first look on: until it is over, one way or the other, or the time is.
/// Where none is under way it waits for one.
pub fn attend(first: &Census, app: &App, patience: Patience, seat: &mut Seat<'_>) -> Outcome {
    let mut follow = Follow::new(first, app);
    let mut waited = Duration::ZERO;
    let mut last = first.boot_time;
    loop {
        (seat.pause)(patience.every);
        waited += patience.every;
        let census = (seat.look)();
        waited = waited.max(follow.since(&census));
        let (events, turn) = follow.look(&census);
        for event in &events {
            (seat.tell)(event);
        }
        match turn {
            Turn::At(Stage::Alone) => {
                let words = follow.completed(&census);
                return match follow.off_release(&census) {
                    None => Outcome::Done(words),
                    Some(off) => Outcome::NotSeen(format!("{words}. {off}")),
                };
            }
            Turn::Back(words) => return Outcome::NotSeen(words),
            Turn::Nobody(words) => return Outcome::NothingServes(words),
            Turn::Hidden(why) => {
                return Outcome::Interrupted(format!("Nothing can be seen any more: {why}"));
            }
            Turn::At(_) => {}
        }
        if (seat.broken_off)() {
            let words = follow.who_serves(&census);
            return Outcome::Interrupted(format!("It was not watched further. {words}"));
        }
        if patience.recorded && census.boot_time == last {
            let words = follow.who_serves(&census);
            return Outcome::Interrupted(format!("The recording ends here. {words}"));
        }
        last = census.boot_time;
        if waited >= patience.within {
            let words = follow.overdue(&census, patience.within);
            return if follow.somebody_serves(&census) {
                Outcome::NotSeen(words)
            } else {
                Outcome::NothingServes(words)
            };
        }
    }
}
