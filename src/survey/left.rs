//! An upgrade that a farrier left half done, by the audit log's file.

use std::path::Path;

use super::once::Once;
use crate::model::Census;
use crate::model::left::{Left, left};
use crate::os::{Ask, Found, PathAsk, ProcText, Root};

/// So much of the file's end is read: a course writes a dozen lines.
const BOUND: u32 = 64 << 10;

/// Says of each app with two generations whether its upgrade was left. Nobody asks for the file elsewhere.
pub fn look(once: &Once<'_>, census: &mut Census, file: Option<&Path>) {
    let Some(file) = file else { return };
    let names = |uid: &str| {
        let uid = uid.parse::<u32>().ok()?;
        let known = census.host.get()?.users.iter().find(|user| user.uid == uid)?;
        Some(known.name.clone())
    };
    let mut found: Vec<Option<Left>> = Vec::new();
    for app in &census.apps {
        let two = app.living_masters().count() > 1 && app.operator().is_none();
        let log = two.then(|| once.one(&Ask::path(Root::Own, file, PathAsk::Tail(BOUND))));
        let left = match log {
            Some(Ok(Found::File(Some(log)))) => left(&log, &app.id.0),
            _ => None,
        };
        // Who still lives is at it, whether or not a lock could be had.
        let ended = |left: &Left| once.one(&Ask::Text(left.writer, ProcText::Stat)).is_err();
        let left = left.filter(|left| left.is_about(app) && ended(left));
        found.push(left.map(|left| Left {
            by: names(&left.by.to_string()).unwrap_or(left.by.clone()),
            ..left
        }));
    }
    for (app, left) in census.apps.iter_mut().zip(found) {
        app.left = left;
    }
}
