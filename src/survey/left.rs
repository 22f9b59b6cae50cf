//! What the audit log's file tells of an app: an upgrade that a farrier left half done, a release that did not stay.

use std::path::Path;

use jiff::Timestamp;

use super::once::Once;
use crate::facts::bytes;
use crate::facts::process::parse_stat;
use crate::model::left::{Left, left};
use crate::model::tried::{Tried, tried};
use crate::model::{App, Census};
use crate::os::{Ask, Found, Host, PathAsk, Pid, ProcText, Root, Text};

/// So much of the file's end is read: a course writes a dozen lines.
const BOUND: u32 = 64 << 10;

/// Says of each app with two generations whether its upgrade was left, and of each whose only master does not run what
/// `current` names whether that was tried. Nobody asks for the file elsewhere; one that cannot be read tells nothing.
pub fn look(once: &Once<'_>, census: &mut Census, file: Option<&Path>) {
    let Some(file) = file else { return };
    let names = |uid: &str| {
        let uid = uid.parse::<u32>().ok()?;
        let known = census.host.get()?.users.iter().find(|user| user.uid == uid)?;
        Some(known.name.clone())
    };
    let read = || match once.one(&Ask::path(Root::Own, file, PathAsk::Tail(BOUND))) {
        Ok(Found::File(text)) => text,
        _ => None,
    };
    let mut found: Vec<(Option<Left>, Option<Tried>)> = Vec::new();
    for app in &census.apps {
        let two = app.living_masters().count() > 1 && app.operator().is_none();
        let left = two.then(read).flatten().and_then(|log| left(&log, &app.id.0));
        // Who still lives is at it, whether or not a lock could be had.
        let ended = |left: &Left| once.one(&Ask::Text(left.writer, ProcText::Stat)).is_err();
        let left = left.filter(|left| left.is_about(app) && ended(left));
        let left = left.map(|left| Left {
            by: names(&left.by.to_string()).unwrap_or(left.by.clone()),
            ..left
        });
        let tried = census.host.get().and_then(|host| did_not_stay(once, app, host, &read));
        found.push((left, tried));
    }
    for (app, (left, tried)) in census.apps.iter_mut().zip(found) {
        (app.left, app.tried) = (left, tried);
    }
}

fn did_not_stay(
    once: &Once<'_>,
    app: &App,
    host: &Host,
    read: &dyn Fn() -> Option<Text>,
) -> Option<Tried> {
    let mut living = app.living_masters();
    let master = living.next().filter(|master| master.child.is_none())?;
    let current = app.layout.get()?.as_ref()?.current_release()?;
    if living.next().is_some() || master.release.get()?.as_deref() == Some(current) {
        return None;
    }
    let (pid, started) = (master.process.pid, master.process.stat.get()?.started);
    let tick = 1_000_000_000_i64.checked_div(i64::try_from(host.ticks).ok()?)?;
    let began = i64::try_from(started).ok()?.checked_mul(tick)?.checked_add(host.booted_at)?;
    let since = Timestamp::from_nanosecond(i128::from(began)).ok()?;
    let tried = tried(&read()?, &app.id.0, (pid, started), since)?;
    (!is_at_it(once, tried.writer)).then_some(tried)
}

/// Whether the farrier that wrote a line lives: what it began is not over.
fn is_at_it(once: &Once<'_>, writer: Pid) -> bool {
    let stat = once.fact(&Ask::Text(writer, ProcText::Stat), |found| parse_stat(&bytes(found)?));
    stat.get()
        .is_some_and(|stat| !stat.state.is_dead() && stat.comm.bytes().starts_with(b"farrier"))
}
