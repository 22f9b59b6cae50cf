//! Hosts: the machines of several recordings, a line each, the worst first.

use super::{Card, Page, Row};
use crate::rules::headline::Word;
use crate::show::words::{Mark, counted, cut, time, width};
use crate::tui::filter::Subject as Words;
use crate::tui::hosts::{Host, Summary};
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// The card.
pub const HOSTS: Card = Card {
    view: View::Hosts,
    key: None,
    short: "Hosts",
    long: "Hosts",
    page,
    keys: &[Action::Open, Action::LineDown, Action::Filter, Action::Back, Action::Quit],
};

/// Room for a name.
const NAME: usize = 18;

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Hosts".into()], ..Page::default() };
    let Some(hosts) = &state.hosts else { return page };
    let heads = Cells::new(state.theme, columns).to(3).left("host", NAME, Tone::Quiet);
    page.head
        .push(heads.to(NAME + 5).text("what", Tone::Quiet).end("looked at", Tone::Quiet).line());
    for number in hosts.worst_first() {
        if let Some(host) = hosts.all.get(number) {
            page.rows.push(row(state, columns, number, host));
        }
    }
    page.count = format!("{}, the worst first", counted(hosts.all.len(), "host"));
    page.sift(state)
}

/// What is told of a machine: its mark, the word of its headline, and what that says.
fn told(host: &Host) -> ((char, Tone), &'static str, String) {
    match &host.told {
        Some(Ok(told)) => (sign(told), told.word.name(), told.what.clone()),
        Some(Err(why)) => ((Mark::Unknown.sign(), Tone::Blind), "", why.clone()),
        None => ((' ', Tone::Plain), "", "is being read".into()),
    }
}

/// A machine on the smallest screen: half of the line is for its name.
pub fn short(state: &State, number: usize, cells: Cells) -> Cells {
    let found = state.hosts.as_ref().and_then(|hosts| Some((hosts, hosts.all.get(number)?)));
    let Some((hosts, host)) = found else { return cells };
    let (mark, word, what) = told(host);
    let cells = cells.text(&mark.0.to_string(), mark.1).to(3);
    let cells = cells.left(&hosts.name(host), NAME, Tone::Strong).to(NAME + 4);
    let what = if word.is_empty() { what } else { format!("{word} {what}") };
    cells.text(&what, Tone::Plain)
}

fn row(state: &State, columns: usize, number: usize, host: &Host) -> Row {
    let name = state.hosts.as_ref().map_or_else(|| host.name(), |hosts| hosts.name(host));
    let (mark, word, what) = told(host);
    let at = host.told.as_ref().and_then(|told| told.as_ref().ok()).map(|told| {
        let now = state.shown().map_or(told.taken_at, |look| look.census.taken_at);
        time(told.taken_at, now, &state.zone)
    });
    let at = at.unwrap_or_default();
    let cells = Cells::new(state.theme, columns).to(1).text(&mark.0.to_string(), mark.1).to(3);
    let cells = cells.left(&name, NAME, Tone::Strong).to(NAME + 5);
    let cells = if word.is_empty() { cells } else { cells.left(word, 7, Tone::Plain) };
    let room = columns.saturating_sub(cells.at() + width(&at) + 3);
    let cells = cells.text(&cut(&what, room), Tone::Plain).end(&at, Tone::Quiet);
    let told = format!("{word} {what}");
    Row {
        line: cells.line(),
        key: Some(RowKey::Host(number)),
        about: format!("{}: {}", host.file, told.trim()),
        words: Words {
            text: format!("{name} {told} {}", host.file),
            values: vec![("file", host.file.clone())],
        },
        copy: host.file.clone(),
        flagged: mark.0 != Mark::Fine.sign(),
        ..Row::default()
    }
}

fn sign(told: &Summary) -> (char, Tone) {
    match (told.severity, told.word) {
        (Some(severity), _) => (Mark::from(severity).sign(), severity.into()),
        (None, Word::Fine) => (Mark::Fine.sign(), Tone::Fine),
        (None, Word::Moving) => (' ', Tone::Plain),
        (None, _) => (Mark::Unknown.sign(), Tone::Blind),
    }
}
