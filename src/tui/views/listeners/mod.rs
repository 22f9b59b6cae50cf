//! Listeners: each socket, whether clients reach it, how many wait, and which masters accept there.

pub(in crate::tui::views) mod chain;
mod others;

use super::{Card, Page, Row};
use crate::facts::sockets::SocketFile;
use crate::model::{App, Listener};
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::titled;

/// The card.
pub const LISTENERS: Card = Card {
    view: View::Listeners,
    key: Some('7'),
    short: "Listen",
    long: "Listeners",
    page,
    keys: &[Action::Open, Action::Act, Action::OnlyFlagged, Action::Filter, Action::Back],
};

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Listeners".into()], ..Page::default() };
    let Some(app) = state.app() else { return page };
    page.crumb.insert(0, app.name.clone());
    page.count = format!(
        "{}, {}, {}",
        words::counted(app.listeners.len(), "chain"),
        words::counted(app.listeners.len(), "socket"),
        words::counted(app.living_masters().count(), "master")
    );
    page.columns = &["address", "queue", "backlog", "app"];
    // Where a proxy leads is asked before where it listens.
    page.rows.extend(passed_to(state, app, columns));
    for listener in &app.listeners {
        page.rows.extend(chain::rows(state, app, listener, columns));
    }
    if app.listeners.is_empty() {
        let words = "no listening socket of this app was found";
        page.rows.push(Row::text(
            Cells::new(state.theme, columns).to(1).text(words, Tone::Quiet).line(),
        ));
    }
    page.rows.extend(others::rows(state, app, columns));
    page.sift(state)
}

/// What a queue means, as long as nothing else has to be said.
const QUEUE: &str = "queue: connections that wait / backlog. 0 is normal; at the backlog, refused";

pub(super) fn queue(listener: &Listener) -> String {
    match (listener.queued.get(), listener.backlog.get()) {
        (Some(queued), Some(backlog)) => words::queue(*queued, *backlog),
        _ => "?".into(),
    }
}

fn queued(listener: &Listener) -> String {
    listener.queued.get().map(ToString::to_string).unwrap_or_default()
}

/// What its row is sorted by: address, queue, backlog, app.
fn worths(app: &App, listener: &Listener) -> Vec<Worth> {
    vec![
        Worth::words(&listener.address.to_string()),
        Worth::number(listener.queued.get().copied()),
        Worth::number(listener.backlog.get().copied()),
        Worth::words(&app.name),
    ]
}

/// Whether the path of a Unix socket leads to it: mark, tone, words.
pub(super) fn reached(listener: &Listener) -> Option<(Mark, Tone, String)> {
    let fact = listener.file.as_ref()?;
    Some(match &fact.value {
        Ok(SocketFile::Same) => {
            (Mark::Fine, Tone::Fine, "the file at that path is this socket".into())
        }
        Ok(SocketFile::Missing) => {
            (Mark::Critical, Tone::Crit, "nothing stands at that path: no client finds it".into())
        }
        Ok(SocketFile::Replaced(_)) => (
            Mark::Critical,
            Tone::Crit,
            "another socket stands at that path: clients go there".into(),
        ),
        Ok(SocketFile::NotASocket) => {
            (Mark::Critical, Tone::Crit, "no socket stands at that path".into())
        }
        Err(lack) => {
            (Mark::Unknown, Tone::Blind, format!("whether the file at that path is it: {lack}"))
        }
    })
}

/// Where a proxy passes requests to, and whose listeners these are.
fn passed_to(state: &State, app: &App, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut rows = Vec::new();
    for master in app.living_masters() {
        let upstreams = match &master.upstreams.value {
            Ok(upstreams) => upstreams.as_slice(),
            Err(lack) => {
                let words = format!("where it passes requests to is not known: {lack}");
                let line = Cells::new(state.theme, columns).to(1).text(&words, Tone::Blind).line();
                rows.push(Row::text(line));
                continue;
            }
        };
        for upstream in upstreams {
            let apps: Vec<&str> =
                look.census.reached(master, upstream).map(|app| app.name.as_str()).collect();
            let whose = if apps.is_empty() { "no app seen here".into() } else { apps.join(", ") };
            let (to, right) = (upstream.to.to_string(), chain::written(app, upstream));
            let cells = Cells::new(state.theme, columns).to(3);
            let cells = cells.left(&whose, 16, Tone::Strong).text(" ", Tone::Plain);
            let room = columns.saturating_sub(cells.at() + words::width(&right) + 3);
            let cells = cells.text(&words::fit(&to, room, None), Tone::Plain);
            rows.push(Row {
                line: cells.end(&right, Tone::Quiet).line(),
                key: Some(RowKey::Named(format!("{to} {right}"))),
                about: format!("requests are passed to {to}, of {whose}: {right}"),
                words: Words {
                    text: format!("{whose} {to} {right}"),
                    values: vec![("addr", to.clone())],
                },
                copy: to,
                ..Row::default()
            });
        }
    }
    let count = rows.len().to_string();
    for one in app.living_masters().flat_map(|master| &master.elsewhere) {
        let why = one.known.lack().map(ToString::to_string).unwrap_or_default();
        let words = format!("{} is not told: {why} ({})", one.to, one.known.place);
        let line = Cells::new(state.theme, columns).to(3).text(&words, Tone::Blind).line();
        rows.push(Row::text(line));
    }
    if !rows.is_empty() {
        rows.insert(0, Row::text(titled(state, columns, "Passes requests to", &count)));
        rows.push(Row::default());
    }
    rows
}
