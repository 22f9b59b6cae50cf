//! Why a new master did not come up: the line of the log, who wrote it and when, and the variable that it misses.

use super::ended::{labelled_right, text};
use crate::model::log::{Entry, Log, Said};
use crate::model::takeover::{timed, zone};
use crate::model::{App, Master, handed_on};
use crate::os::{Text, shown};
use crate::show::words::time;
use crate::tui::passage::{Ended, Passage};
use crate::tui::state::State;
use crate::tui::views::Row;
use crate::tui::widgets::headline::titled;

/// The line of the log that the outcome tells of, with its place; else what was told.
pub(super) fn why(
    state: &State,
    app: Option<&App>,
    passage: &Passage,
    ended: &Ended,
    columns: usize,
) -> Vec<Row> {
    let told = ended.outcome.words();
    let Some((app, master, log, entry, words)) = app.and_then(|app| error(app, &told)) else {
        let mut rows = vec![Row::text(titled(state, columns, "Why", ""))];
        rows.extend(text(state, &told, columns));
        return rows;
    };
    let place = log.place(entry).to_string();
    let short = place.strip_prefix(&format!("{}/", shown(&app.root))).unwrap_or(&place);
    let mut rows = vec![Row::text(titled(state, columns, "Why", short))];
    let logged = state.shown().and_then(|look| {
        let zone = zone(master, &look.census)?;
        let mut all = timed(&log.entries, &zone);
        let (_, at) = all.find(|(other, _)| std::ptr::eq(*other, entry))?;
        let by = entry.writer.map_or_else(String::new, |writer| format!(" by {writer}"));
        Some(format!("logged {}{by}", time(at, look.census.taken_at, &state.zone)))
    });
    rows.extend(labelled_right(state, &words.to_string(), &logged.unwrap_or_default(), columns));
    if missing_name(app, passage).is_some() {
        let old = passage.course.first.target;
        let words =
            format!("This name is not in the environment that {old} hands on (4 Env, next USR2).");
        rows.extend(text(state, &words, columns));
    }
    rows
}

/// The error that was told of, in the log of a master that lives.
fn error<'a>(
    app: &'a App,
    told: &str,
) -> Option<(&'a App, &'a Master, &'a Log, &'a Entry, &'a Text)> {
    let (master, log) =
        app.living_masters().find_map(|master| Some((master, master.log.get()?.as_ref()?)))?;
    log.entries.iter().rev().find_map(|entry| match &entry.said {
        Said::Error(text) if told.contains(&text.to_string()) => {
            Some((app, master, log, entry, text))
        }
        _ => None,
    })
}

/// The variable that the new master missed (Ruby: `key not found: "NAME"`), if it is known not to be handed on.
pub(super) fn missing_name(app: &App, passage: &Passage) -> Option<String> {
    let told = passage.ended.as_ref()?.outcome.words();
    let (_, master, _, _, text) = error(app, &told)?;
    let text = text.to_string();
    let (_, rest) = text.split_once("key not found: \"")?;
    let (name, _) = rest.split_once('"')?;
    let environ = master.process.live.get()?;
    let changes = handed_on(master)?;
    let set = changes.get()?.contains_key(&Text::from(name));
    (environ.value(name).is_none() && !set).then(|| name.to_owned())
}
