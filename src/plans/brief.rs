//! The steps of an upgrade in few words, for a list of them.

use crate::model::{Master, Setting};

use super::case::running_config;

/// What is verified in the end.
pub(super) const VERIFY: &str = "one master, = current, queue, no new finding";

/// When the new master serves: `title, 4 workers alive in two looks, socket held`.
pub(super) fn ready(old: &Master, lazy: bool) -> String {
    let wanted = running_config(old).and_then(|config| match config.worker_processes {
        Setting::Set { value: 1, .. } => Some("1 worker".to_owned()),
        Setting::Set { value, .. } => Some(format!("{value} workers")),
        _ => None,
    });
    let workers = wanted.unwrap_or_else(|| "workers".into());
    let held = match old.listens.get().map_or(0, Vec::len) {
        1 => "socket held".to_owned(),
        0 => "listeners held".to_owned(),
        many => format!("{many} sockets held"),
    };
    let proved = if lazy { "for 5 s" } else { "in two looks" };
    format!("title, {workers} alive {proved}, {held}")
}

/// Who ends the old master: `QUIT by farrier, since the hook does not fire`.
pub(super) fn retire(old: &Master) -> String {
    let kills = |old: &Master| {
        let config = old.config.get();
        config.is_some_and(|config| config.hooks.iter().any(|hook| !hook.kills.is_empty()))
    };
    match old.hook_retires() {
        Some(true) => "the hook; QUIT by farrier where it does not fire",
        Some(false) if kills(old) => "QUIT by farrier, since the hook does not fire",
        Some(false) => "QUIT by farrier, since no hook does it",
        None => "QUIT by farrier, unless a hook is faster",
    }
    .into()
}
