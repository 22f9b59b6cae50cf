//! Libraries: what is mapped. Deleted or replaced first, then the interpreter, gems, and the system's.

use super::files::entries;
use super::process::fate_words;
use super::{Card, Page, Row};
use crate::deploy::ruby::gem_of;
use crate::facts::files::Fate;
use crate::facts::maps::is_memory;
use crate::facts::opens::{Entry, Slot};
use crate::model::{App, Lock};
use crate::os::text::contains;
use crate::show::words::{fit, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::members::Member;
use crate::tui::place::{RowKey, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// The card.
pub const LIBRARIES: Card = Card {
    view: View::Libraries,
    key: Some('5'),
    short: "Libs",
    long: "Libraries",
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
    Gone,
    Interpreter,
    Gems,
    System,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Gone => "Deleted or replaced",
            Self::Interpreter => "Interpreter",
            Self::Gems => "Gems",
            Self::System => "System",
        }
    }
}

fn page(state: &State, columns: usize) -> Page {
    let (mut page, member, entries) = match entries(state, "Libraries", columns) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let mut mapped: Vec<(Part, &Entry)> = entries
        .iter()
        .filter(|entry| matches!(entry.slot, Slot::Mapped | Slot::Program))
        .map(|entry| (part(entry), entry))
        .collect();
    mapped.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
    if page.count.is_empty() {
        let gone = mapped.iter().filter(|(part, _)| *part == Part::Gone).count();
        page.count = format!("{} mapped, {gone} deleted or replaced", mapped.len());
    }
    let locked = locked(state, &member);
    page.columns = &["path", "gem", "note"];
    let mut before = None;
    for (part, entry) in &mapped {
        if before != Some(*part) {
            let count = mapped.iter().filter(|(other, _)| other == part).count();
            page.rows.push(Row::text(titled(state, columns, part.title(), &count.to_string())));
            before = Some(*part);
        }
        page.rows.extend(row(state, entry, locked, columns));
    }
    page.sift(state)
}

fn part(entry: &Entry) -> Part {
    let name = entry.name.bytes();
    let holds = |word: &[u8]| contains(name, word);
    if is_gone(entry) {
        Part::Gone
    } else if entry.slot == Slot::Program || holds(b"libruby") {
        Part::Interpreter
    } else if gem_of(entry.name.path()).is_some() {
        Part::Gems
    } else {
        Part::System
    }
}

/// Whether its file is gone from under the process. Shared memory bears a deleted file's name and means nothing.
fn is_gone(entry: &Entry) -> bool {
    matches!(entry.fate, Some(Ok(Fate::Deleted | Fate::Replaced))) && !is_memory(entry.name.path())
}

/// The lock file of the release that the process runs.
fn locked<'a>(state: &'a State, member: &Member<'_>) -> Option<&'a Lock> {
    let app: &App = state.shown()?.census.app(member.app)?;
    let fact = member.master.map(|m| &m.release).or(member.worker.map(|w| &w.release))?;
    let release = fact.get()?.as_ref()?;
    app.layout.get()?.as_ref()?.release(release)?.lock.get()?.as_ref()
}

/// A gem's name and version apart: `raindrops-0.20.0` is `raindrops`, `0.20.0`.
pub fn gem(word: &str) -> Option<(&str, &str)> {
    let (name, version) = word.rsplit_once('-')?;
    version.starts_with(|c: char| c.is_ascii_digit()).then_some((name, version))
}

fn row(state: &State, entry: &Entry, locked: Option<&Lock>, columns: usize) -> Vec<Row> {
    let name = entry.name.to_string();
    let told = entry.fate.as_ref().filter(|fate| fate.is_err() || is_gone(entry));
    let (fate, mark) = told.map(fate_words).unwrap_or_default();
    let gem = gem_of(entry.name.path()).and_then(gem);
    let version = gem.map(|(gem, version)| {
        let version = crate::os::text::escaped(version.as_bytes());
        match locked.and_then(|lock| lock.gems.get(gem)) {
            Some(locked) if *locked == version => format!("{version}, as locked"),
            Some(locked) => format!("{version}, locked {locked}"),
            None => version,
        }
    });
    let notes: Vec<String> =
        version.into_iter().chain((!fate.is_empty()).then_some(fate)).collect();
    let note = notes.join("; ");
    let mut cells = Cells::new(state.theme, columns).to(1);
    if let Some((sign, tone)) = mark {
        cells = cells.text(&sign.to_string(), tone);
    }
    cells = cells.to(3);
    let room = columns.saturating_sub(4 + if note.is_empty() { 0 } else { width(&note) + 2 });
    let mut more = Vec::new();
    if state.manner.wrap && width(&name) > room {
        let mut pieces = wrap(&name, room).into_iter();
        cells = cells.text(&pieces.next().unwrap_or_default(), Tone::Plain);
        more = pieces
            .map(|piece| {
                Row::more(Cells::new(state.theme, columns).to(3).text(&piece, Tone::Plain).line())
            })
            .collect();
    } else {
        cells = cells.text(&fit(&name, room, None), Tone::Plain);
    }
    let line = if note.is_empty() { cells } else { cells.end(&note, Tone::Quiet) }.line();
    let first = Row {
        line,
        key: Some(RowKey::Named(name.clone())),
        about: if note.is_empty() { name.clone() } else { format!("{name}  {note}") },
        words: Words {
            text: format!("{name} {note}"),
            values: vec![("lib", name.clone()), ("file", name.clone())],
        },
        copy: name.clone(),
        flagged: mark.is_some(),
        worths: vec![
            Worth::words(&name),
            Worth::words(gem.map_or("", |(gem, _)| gem)),
            Worth::words(&note),
        ],
        ..Row::default()
    };
    std::iter::once(first).chain(more).collect()
}
