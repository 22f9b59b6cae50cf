//! Days and times in sentences: the coarser the longer ago, in the zone of the machine that was read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::model::{Census, Layout};

fn form(at: Timestamp, census: &Census, today: &str, year: &str) -> String {
    let zoned = |at: Timestamp| at.to_zoned(census.zone.clone());
    let (at, now) = (zoned(at), zoned(census.taken_at));
    let form = if at.date() == now.date() {
        today
    } else if at.year() == now.year() {
        year
    } else {
        "%Y-%m-%d"
    };
    at.strftime(form).to_string()
}

/// `22:41` today, else `19 Nov`, `2025-11-19`.
pub fn day(at: Timestamp, census: &Census) -> String {
    form(at, census, "%H:%M", "%-d %b")
}

/// `22:41` today, else `19 Nov 09:31`, `2025-11-19`.
pub fn minute(at: Timestamp, census: &Census) -> String {
    form(at, census, "%H:%M", "%-d %b %H:%M")
}

/// `22:41:38` today, else `19 Nov 09:31`, `2025-11-19`.
pub fn second(at: Timestamp, census: &Census) -> String {
    form(at, census, "%H:%M:%S", "%-d %b %H:%M")
}

/// `at 22:41` today, else `on 19 Nov`, `on 2025-11-19`.
pub fn on_day(at: Timestamp, census: &Census) -> String {
    form(at, census, "at %H:%M", "on %-d %b")
}

/// `at 22:41` today, else `on 19 Nov at 09:31`, `on 2025-11-19`.
pub fn on_minute(at: Timestamp, census: &Census) -> String {
    form(at, census, "at %H:%M", "on %-d %b at %H:%M")
}

/// What happened then, told in passing: `tonight's`, `today's`, `that of 19 Nov`.
pub fn that_of(at: Timestamp, census: &Census) -> String {
    let zoned = |at: Timestamp| at.to_zoned(census.zone.clone());
    let (at_zoned, now) = (zoned(at), zoned(census.taken_at));
    match (at_zoned.date() == now.date(), at_zoned.hour()) {
        (true, 18..) => "tonight's".into(),
        (true, _) => "today's".into(),
        (false, _) => format!("that of {}", day(at, census)),
    }
}

/// When a release was made: its name tells it where that is a time, which deploy tools take in UTC; else when its
/// directory arrived.
pub fn of_release(layout: &Layout, name: &str) -> Option<Timestamp> {
    let named = (name.len() == 14 && name.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| DateTime::strptime("%Y%m%d%H%M%S", name).ok())
        .flatten()
        .and_then(|at| at.to_zoned(TimeZone::UTC).ok());
    let named = named.map(|zoned| zoned.timestamp());
    named.or_else(|| layout.release(name)?.arrived.get().copied())
}
