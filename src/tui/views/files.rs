//! Files and sockets: what one process has open, listeners first, then connections, logs, what is deleted, the rest.

use super::process::{fate_words, subject};
use super::{Card, Page, Row};
use crate::facts::files::Fate;
use crate::facts::opens::{Entry, Slot};
use crate::show::words::{Mark, fit, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::members::Member;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// The card.
pub const FILES: Card = Card {
    view: View::Files,
    key: Some('6'),
    short: "Files",
    long: "Files",
    page,
    keys: &[
        Action::Open,
        Action::Mark,
        Action::Diff,
        Action::Filter,
        Action::OnlyFlagged,
        Action::Sort,
        Action::Copy,
        Action::Wrap,
        Action::Back,
    ],
};

/// The parts of the list, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Listeners,
    Connections,
    Logs,
    Deleted,
    Rest,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Listeners => "Listeners",
            Self::Connections => "Connections",
            Self::Logs => "Logs",
            Self::Deleted => "Deleted or replaced",
            Self::Rest => "By number",
        }
    }
}

/// What was read of the files of the process, or a page that says why there is nothing to show.
pub fn entries<'a>(
    state: &'a State,
    what: &str,
    columns: usize,
) -> Result<(Page, Member<'a>, &'a [Entry]), Box<Page>> {
    let (mut page, member) = subject(state, what)?;
    let line = |words: &str, tone| Cells::new(state.theme, columns).to(1).text(words, tone).line();
    match state.opens.get(&member.process.pid) {
        Some(Ok(opens)) => {
            for (what, place, lack) in &opens.lacking {
                let words =
                    format!("{} {what} was not read: {lack} ({place})", Mark::Unknown.sign());
                page.rows.push(Row::text(line(&words, Tone::Blind)));
            }
            Ok((page, member, &opens.entries))
        }
        Some(Err(lack)) => {
            let pid = member.process.pid;
            page.rows.push(Row::text(line(&format!("{pid}: {lack}"), Tone::Blind)));
            Err(Box::new(page))
        }
        None if member.ended.is_some() => {
            let words = format!("{} ended before its files were read", member.process.pid);
            page.rows.push(Row::text(line(&words, Tone::Quiet)));
            Err(Box::new(page))
        }
        None => {
            page.rows.push(Row::text(line("being read", Tone::Quiet)));
            Err(Box::new(page))
        }
    }
}

fn page(state: &State, columns: usize) -> Page {
    let (mut page, member, entries) = match entries(state, "Files and sockets", columns) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let mut open: Vec<(Part, &Entry)> = entries
        .iter()
        .filter(|entry| matches!(entry.slot, Slot::Fd(_)))
        .map(|entry| (part(state, entry), entry))
        .collect();
    open.sort_by_key(|(part, entry)| (*part, entry.slot));
    if page.count.is_empty() {
        page.count = crate::show::words::counted(open.len(), "descriptor");
    }
    let heads = Cells::new(state.theme, columns).to(3).right("fd", 4, Tone::Quiet).to(9);
    let heads =
        heads.left("type", 7, Tone::Quiet).text(" ", Tone::Plain).left("mode", 5, Tone::Quiet);
    page.head.push(heads.text("name", Tone::Quiet).line());
    page.columns = &["fd", "type", "mode", "name", "size"];
    let mut before = None;
    for (part, entry) in open {
        if before != Some(part) {
            let count = entries_in(state, entries, part).to_string();
            page.rows.push(Row::text(titled(state, columns, part.title(), &count)));
            before = Some(part);
        }
        page.rows.extend(row(state, &member, part, entry, columns));
    }
    page.sift(state)
}

fn entries_in(state: &State, entries: &[Entry], wanted: Part) -> usize {
    entries.iter().filter(|e| matches!(e.slot, Slot::Fd(_)) && part(state, e) == wanted).count()
}

fn part(state: &State, entry: &Entry) -> Part {
    let listens = state.shown().is_some_and(|look| {
        let apps = &look.census.apps;
        entry
            .inode
            .is_some_and(|inode| apps.iter().flat_map(|a| &a.listeners).any(|l| l.inode == inode))
    });
    let socket = matches!(entry.kind, Some("unix" | "IPv4" | "IPv6" | "sock"));
    let gone = matches!(entry.fate, Some(Ok(Fate::Deleted | Fate::Replaced)));
    let name = entry.name.bytes();
    let log = entry.kind == Some("REG")
        && entry.mode != Some("r")
        && name.windows(4).any(|w| w == b".log" || w == b"/log");
    match (socket && listens, socket, gone, log) {
        (true, ..) => Part::Listeners,
        (_, true, ..) => Part::Connections,
        (_, _, true, _) => Part::Deleted,
        (_, _, _, true) => Part::Logs,
        _ => Part::Rest,
    }
}

fn row(state: &State, member: &Member<'_>, part: Part, entry: &Entry, columns: usize) -> Vec<Row> {
    let fd = match entry.slot {
        Slot::Fd(number) => number.to_string(),
        _ => "-".into(),
    };
    let (note, mark) = entry.fate.as_ref().map(fate_words).unwrap_or_default();
    let mut cells = Cells::new(state.theme, columns).to(1);
    if let Some((sign, tone)) = mark {
        cells = cells.text(&sign.to_string(), tone);
    }
    let kind = entry.kind.unwrap_or("?");
    cells = cells.to(3).right(&fd, 4, Tone::Plain).to(9).left(kind, 7, Tone::Plain);
    cells = cells.text(" ", Tone::Plain).left(entry.mode.unwrap_or("-"), 5, Tone::Plain);
    let name = entry.name.to_string();
    let room =
        columns.saturating_sub(cells.at() + 1 + if note.is_empty() { 0 } else { width(&note) + 2 });
    let mut more = Vec::new();
    if state.manner.wrap && width(&name) > room {
        let indent = cells.at();
        let mut pieces = wrap(&name, room).into_iter();
        cells = cells.text(&pieces.next().unwrap_or_default(), Tone::Plain);
        more = pieces
            .map(|piece| {
                Row::more(
                    Cells::new(state.theme, columns).to(indent).text(&piece, Tone::Plain).line(),
                )
            })
            .collect();
    } else {
        cells = cells.text(&fit(&name, room, None), Tone::Plain);
    }
    if !note.is_empty() {
        cells = cells.end(&note, Tone::Quiet);
    }
    let door = (part == Part::Listeners).then(|| Door {
        view: View::Listeners,
        subject: Subject::App(member.app.clone()),
        row: listener_key(state, entry),
    });
    let first = Row {
        line: cells.line(),
        key: Some(RowKey::Named(format!("fd {fd}"))),
        door,
        about: format!("{fd} {kind} {name}{}{note}", if note.is_empty() { "" } else { "  " }),
        words: Words {
            text: format!("{fd} {kind} {name} {note}"),
            values: vec![
                ("file", name.clone()),
                ("addr", if part == Part::Rest { String::new() } else { name.clone() }),
            ],
        },
        copy: name.clone(),
        flagged: mark.is_some(),
        worths: vec![
            Worth::number(if let Slot::Fd(number) = entry.slot { Some(number) } else { None }),
            Worth::words(kind),
            Worth::words(entry.mode.unwrap_or("")),
            Worth::words(&name),
            Worth::number(entry.size),
        ],
        ..Row::default()
    };
    std::iter::once(first).chain(more).collect()
}

fn listener_key(state: &State, entry: &Entry) -> Option<RowKey> {
    let apps = &state.shown()?.census.apps;
    let listener =
        apps.iter().flat_map(|app| &app.listeners).find(|l| Some(l.inode) == entry.inode)?;
    Some(RowKey::Named(listener.address.to_string()))
}
