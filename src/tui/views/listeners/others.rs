//! The listeners of the other apps, a line for those that the same masters hold.

use super::{QUEUE, queue, queued, worths};
use crate::model::{Address, App, Listener};
use crate::show::words;
use crate::tui::filter::Subject as Words;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::Row;
use crate::tui::views::tree::release_words;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::titled;

/// Listeners that the same masters hold.
struct Held<'a> {
    app: &'a App,
    all: Vec<&'a Listener>,
}

pub(super) fn rows(state: &State, app: &App, columns: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut held: Vec<Held<'_>> = Vec::new();
    for other in crate::servers::listed(&look.census).into_iter().filter(|other| other.id != app.id)
    {
        for listener in &other.listeners {
            let same = |held: &&mut Held<'_>| {
                let masters = held.all.first().map(|first| &first.masters);
                held.app.id == other.id && masters == Some(&listener.masters)
            };
            match held.iter_mut().find(same) {
                Some(held) => held.all.push(listener),
                None => held.push(Held { app: other, all: vec![listener] }),
            }
        }
    }
    if held.is_empty() {
        return Vec::new();
    }
    let most = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
    let name = most(&mut held.iter().map(|h| words::width(&h.app.name))).min(16);
    let address = most(&mut held.iter().map(|h| words::width(&addresses(&h.all))));
    let address = address.min(columns.saturating_sub(name + 44)).max(12);
    let pid = most(&mut held.iter().map(|h| words::width(&first(h))));
    let who = most(&mut held.iter().map(|h| words::width(&masters(h))));
    let title = titled(state, columns, "Other listeners", &held.len().to_string());
    let row = |held: &Held<'_>| {
        let whole = addresses(&held.all);
        let masters = masters(held);
        let fullest = held.all.iter().max_by_key(|listener| listener.queued.get().copied());
        let waits = fullest.map(|listener| queue(listener)).unwrap_or_default();
        let shown = words::fit(&whole, address, None);
        let cells = Cells::new(state.theme, columns).to(3).left(&held.app.name, name, Tone::Strong);
        let cells = cells.text("  ", Tone::Plain).left(&shown, address, Tone::Plain);
        let cells = cells.text(" ", Tone::Plain).right(&first(held), pid, Tone::Plain);
        let from = cells.at();
        let cells = cells.text(&masters, Tone::Plain);
        let (release, off) = runs(held);
        let to = from + who + 3;
        let fits = to + 16 + words::width(&waits) + 2 < columns && !release.is_empty();
        let cells =
            if fits { cells.to(to).text(&format!("{off} {release}"), Tone::Plain) } else { cells };
        Row {
            line: cells.end(&waits, Tone::Plain).line(),
            key: Some(RowKey::Named(format!("{} {whole}", held.app.id))),
            door: Some(Door {
                view: View::Listeners,
                subject: Subject::App(held.app.id.clone()),
                row: None,
            }),
            about: if shown == whole {
                QUEUE.into()
            } else {
                format!("{}: {whole}", held.app.name)
            },
            words: Words {
                text: format!("{} {whole} {masters}", held.app.name),
                values: held
                    .all
                    .iter()
                    .flat_map(|l| [("addr", l.address.to_string()), ("queue", queued(l))])
                    .chain([("app", held.app.name.clone())])
                    .collect(),
            },
            copy: whole,
            worths: fullest.map(|listener| worths(held.app, listener)).unwrap_or_default(),
            ..Row::default()
        }
    };
    std::iter::once(Row::text(title)).chain(held.iter().map(row)).collect()
}

/// `0.0.0.0:443, :80`: what follows an address of the same host is its port.
fn addresses(listeners: &[&Listener]) -> String {
    let mut before = None;
    let mut told = Vec::new();
    for listener in listeners {
        match &listener.address {
            Address::Tcp(at) if before == Some(at.ip()) => told.push(format!(":{}", at.port())),
            other => told.push(other.to_string()),
        }
        before = match &listener.address {
            Address::Tcp(at) => Some(at.ip()),
            _ => None,
        };
    }
    told.join(", ")
}

fn first(held: &Held<'_>) -> String {
    let pid = held.all.first().and_then(|listener| listener.masters.first());
    pid.map(ToString::to_string).unwrap_or_default()
}

/// Who holds them, after the first one's number.
fn masters(held: &Held<'_>) -> String {
    let Some(listener) = held.all.first() else { return String::new() };
    match listener.masters.as_slice() {
        [] => "held by no master".into(),
        [only] => {
            let Some(master) = held.app.master(*only) else { return String::new() };
            let workers = words::counted(master.workers_alive().count(), "worker");
            if words::is_proxy(held.app.kind) {
                format!(", {workers}")
            } else {
                format!(" {}, {workers}", words::role(master.role))
            }
        }
        [_, rest @ ..] => {
            let rest: Vec<String> = rest.iter().map(ToString::to_string).collect();
            format!(" and {}", rest.join(", "))
        }
    }
}

/// The release that the only master runs, and how far it is from `current`.
fn runs(held: &Held<'_>) -> (String, String) {
    let Some([only]) = held.all.first().map(|listener| listener.masters.as_slice()) else {
        return (String::new(), String::new());
    };
    let Some(master) = held.app.master(*only) else { return (String::new(), String::new()) };
    let layout = held.app.layout.get().and_then(Option::as_ref);
    if layout.is_none() {
        return (String::new(), String::new());
    }
    release_words(Some(&master.release), layout)
}
