//! What happened last to an app with which nothing is wrong: when its master took over, and how long that took.

use jiff::Timestamp;

use crate::contract::line::{Line, age, cut, named};
use crate::model::takeover::takeover;
use crate::model::{App, Census, Master};

/// How the app came to be served as it is, as far as that is known.
pub(super) fn last(seconds: u64, app: &App, master: &Master, census: &Census) -> Line {
    let name = cut(&app.name, 16);
    let pid = master.process.pid;
    let told = takeover(app, census).filter(|told| told.handed == Some(true));
    let Some((told, release)) = told.zip(master.release.get().and_then(Option::as_deref)) else {
        let line = Line::new(format!("{name}: {pid} has served"));
        return line.aside(super::release(master)).keep(format!(" for {}", age(seconds)));
    };
    let zoned = |at: Timestamp| at.to_zoned(census.zone.clone());
    let today = zoned(told.began).date() == zoned(census.taken_at).date();
    let at = zoned(told.began).strftime(if today { "%H:%M" } else { "%-d %b %H:%M" });
    let release = named(release);
    // That it ran another release before shows in a switch of the link alone.
    let line = match told.switched {
        Some(_) => Line::new(format!("{name} moved to {release}")).keep(format!(" at {at}")),
        None => Line::new(format!("{name}: {pid} took over"))
            .aside(format!(" on {release}"))
            .keep(format!(" at {at}")),
    };
    let took = |end: Timestamp| span(end.duration_since(told.began).as_secs());
    match (told.ready, told.ended) {
        (_, Some(ended)) => line.time(format!(", in {}", took(ended))),
        (Some(ready), None) => line.time(format!(", ready after {}", took(ready))),
        (None, None) => line.time(format!(", {} ago", age(seconds))),
    }
}

/// A short time in full seconds, as somebody waited for it.
fn span(seconds: i64) -> String {
    match seconds {
        ..1 => "under 1 s".into(),
        1..60 => format!("{seconds} s"),
        _ => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}
