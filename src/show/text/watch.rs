//! A handover as it goes, as text: a line an event with its time, and the verdict.

use jiff::Timestamp;

use crate::model::history::Event;

/// One event.
pub fn event(event: &Event) -> String {
    line(event.at, &event.words())
}

/// A time of the day in UTC, and what there is to say.
pub fn line(at: Timestamp, words: &str) -> String {
    format!("{}  {words}\n", at.strftime("%H:%M:%SZ"))
}
