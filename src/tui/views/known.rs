//! How farrier finds servers, and which it knows: from the servers' own cards.

use super::{Card, Page, Row};
use crate::contract::{Part, Server};
use crate::plans::OPERATIONS;
use crate::servers::SERVERS;
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// The card.
pub const KNOWN: Card = Card {
    view: View::Known,
    key: None,
    short: "Known",
    long: "Servers that are known",
    page,
    keys: &[Action::LineDown, Action::PageDown, Action::Filter, Action::Back, Action::Escape],
};

/// How a server is found, a paragraph each.
const HOW: &[&str] = &[
    "At each look farrier reads the title and the program of every process. A title of one of the forms below \
     makes it a candidate; what it maps and which signals it catches confirm it.",
    "Masters, workers and their releases follow from there: parents, directories, pidfiles, sockets, the log.",
    "A server that is down has no process. It is found by what is left of it: a pidfile, a deploy root with \
     releases, a service that names it.",
];

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["How farrier finds servers".into()], ..Page::default() };
    let prose = columns.saturating_sub(2).min(100);
    for piece in HOW.iter().flat_map(|words| wrap(words, prose)) {
        let line = Cells::new(state.theme, columns).to(1).text(&piece, Tone::Plain);
        page.rows.push(Row::text(line.line()));
    }
    for server in SERVERS {
        page.rows.push(Row::text(titled(state, columns, server.name, "")));
        for title in server.titles {
            let line = Cells::new(state.theme, columns).to(3).text(title.example, Tone::Plain);
            page.rows.push(Row {
                line: line.end(part(title.means), Tone::Quiet).line(),
                key: Some(RowKey::Named(format!("{} {}", server.name, title.example))),
                copy: title.example.into(),
                about: operations(server),
                ..Row::default()
            });
        }
    }
    page.sift(state)
}

fn part(part: Part) -> &'static str {
    match part {
        Part::Master { old: true } => "old master",
        Part::Master { old: false } => "master",
        Part::Worker(_) => "worker",
        Part::Raw => "not titled yet",
    }
}

/// What can be asked of it.
fn operations(server: &Server) -> String {
    let offered = OPERATIONS
        .iter()
        .filter(|card| server.operations.iter().any(|used| used.operation == card.operation));
    let names: Vec<&str> = offered.map(|card| card.operation.name()).collect();
    if names.is_empty() {
        return format!("{}: shown, and sent no signal", server.name);
    }
    format!("{}: {}", server.name, names.join(", "))
}
