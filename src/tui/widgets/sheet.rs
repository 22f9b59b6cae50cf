//! A sheet: labelled values one below the other, each with where it leads, as the views of one process have them.

use super::cells::{Cells, wrap};
use super::headline::titled;
use crate::facts::{Fact, Place};
use crate::show::words::{cut, width};
use crate::tui::filter::Subject as Words;
use crate::tui::place::{Door, RowKey};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::Row;

/// The column in which values start.
const VALUES: usize = 16;

/// A sheet that is being written.
pub struct Sheet<'a> {
    state: &'a State,
    columns: usize,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// One line of a sheet.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its label.
    pub label: String,
    /// Its value, whole.
    pub value: String,
    /// Where it was found: it stands at the right, if there is room.
    pub source: String,
    /// A mark before it.
    pub mark: Option<(char, Tone)>,
    /// Where Enter leads.
    pub door: Option<Door>,
    /// One sentence about it; empty: its value and its source.
    pub about: String,
    /// The value was not read.
    pub blind: bool,
}

impl<'a> Sheet<'a> {
    /// An empty one.
    pub fn new(state: &'a State, columns: usize) -> Self {
        Self { state, columns, rows: Vec::new() }
    }

    /// A titled rule.
    pub fn heading(&mut self, title: &str, right: &str) {
        self.rows.push(Row::text(titled(self.state, self.columns, title, right)));
    }

    /// A line of text without a label.
    pub fn text(&mut self, words: &str, tone: Tone) {
        for piece in wrap(words, self.columns.saturating_sub(2).min(100)) {
            let line = Cells::new(self.state.theme, self.columns).to(1).text(&piece, tone);
            self.rows.push(Row::text(line.line()));
        }
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.rows.push(Row::default());
    }

    /// A value with its label.
    pub fn value(&mut self, label: &str, value: impl Into<String>, place: Option<&Place>) {
        let source = place.map(ToString::to_string).unwrap_or_default();
        self.put(Entry { label: label.into(), value: value.into(), source, ..Entry::default() });
    }

    /// A fact, or why it is lacking.
    pub fn fact<T>(&mut self, label: &str, fact: &Fact<T>, words: impl FnOnce(&T) -> String) {
        match &fact.value {
            Ok(value) => self.value(label, words(value), Some(&fact.place)),
            Err(lack) => self.put(Entry {
                label: label.into(),
                value: format!("? {lack}"),
                source: fact.place.to_string(),
                blind: true,
                about: format!("{label}: {lack} ({})", fact.place),
                ..Entry::default()
            }),
        }
    }

    /// Any entry.
    pub fn put(&mut self, entry: Entry) {
        let (state, columns) = (self.state, self.columns);
        let mut cells = Cells::new(state.theme, columns).to(1);
        if let Some((mark, tone)) = entry.mark {
            cells = cells.text(&mark.to_string(), tone);
        }
        cells = cells.to(3).left(&entry.label, VALUES - 4, Tone::Quiet).to(VALUES);
        let room = columns.saturating_sub(VALUES + 1);
        let tone = if entry.blind { Tone::Blind } else { Tone::Plain };
        let mut more = Vec::new();
        if state.manner.wrap && width(&entry.value) > room {
            let mut pieces = wrap(&entry.value, room).into_iter();
            cells = cells.text(&pieces.next().unwrap_or_default(), tone);
            more = pieces.collect();
        } else {
            cells = cells.text(&cut(&entry.value, room), tone);
            if width(&entry.value) + width(&entry.source) + 4 < room {
                cells = cells.end(&entry.source, Tone::Quiet);
            }
        }
        let about = match (entry.about.is_empty(), entry.source.is_empty()) {
            (false, _) => entry.about.clone(),
            (true, true) => entry.value.clone(),
            (true, false) => format!("{}  ({})", entry.value, entry.source),
        };
        self.rows.push(Row {
            line: cells.line(),
            key: Some(RowKey::Named(format!("{} {}", entry.label, entry.value))),
            door: entry.door,
            about,
            words: Words {
                text: format!("{} {} {}", entry.label, entry.value, entry.source),
                values: vec![("file", entry.value.clone())],
            },
            copy: entry.value,
            flagged: entry.mark.is_some(),
            ..Row::default()
        });
        for piece in more {
            let line = Cells::new(state.theme, columns).to(VALUES).text(&piece, tone);
            self.rows.push(Row::more(line.line()));
        }
    }
}
