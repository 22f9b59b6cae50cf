//! The views, one file each: a card, and a page made from the state alone.

pub mod aside;
pub mod blind;
pub mod diff;
pub mod environment;
pub mod files;
pub mod finding;
pub mod findings;
pub mod help;
pub mod hosts;
pub mod known;
pub mod libraries;
pub mod listeners;
mod looks;
pub mod pidfiles;
pub mod process;
pub mod releases;
pub mod rule;
pub mod takeover;
pub mod timeline;
pub mod tree;
pub mod upgrade;
pub mod welcome;

use ratatui::text::Line;

use super::filter::Subject as Words;
use super::keys::Action;
use super::layout::{self, Size};
use super::place::{Door, RowKey, View};
use super::sort::{Worth, sorted};
use super::state::State;

/// A view's card.
pub struct Card {
    /// The view.
    pub view: View,
    /// Its key, a digit for those that have a tab at every width; `None`: it is reached from another view.
    pub key: Option<char>,
    /// Its name in the tabs at 80 columns.
    pub short: &'static str,
    /// Its name where there is room.
    pub long: &'static str,
    /// Makes its page for so many columns.
    pub page: fn(&State, usize) -> Page,
    /// What its footer offers, the most useful first.
    pub keys: &'static [Action],
}

/// All views.
pub const VIEWS: &[&Card] = &[
    &tree::OVERVIEW,
    &findings::FINDINGS,
    &process::PROCESS,
    &environment::ENVIRONMENT,
    &libraries::LIBRARIES,
    &files::FILES,
    &listeners::LISTENERS,
    &releases::RELEASES,
    &pidfiles::PIDFILES,
    &blind::BLIND,
    &timeline::TIMELINE,
    &upgrade::UPGRADE,
    &finding::FINDING,
    &rule::RULE,
    &diff::DIFF,
    &hosts::HOSTS,
    &known::KNOWN,
];

/// The card of a view.
pub fn card(view: View) -> &'static Card {
    let found = VIEWS.iter().copied().find(|card| card.view == view);
    found.unwrap_or(&tree::OVERVIEW)
}

/// What the footer of the open view offers, the most useful first.
pub fn keys(state: &State) -> &'static [Action] {
    match state.place.view {
        View::Upgrade => upgrade::keys(state),
        View::Overview if layout::size(state.size) >= Size::Large => tree::WIDE_KEYS,
        view => card(view).keys,
    }
}

/// What a key is called in the footer of the open view, where that is more than its usual word.
pub fn hint(state: &State, action: Action) -> Option<&'static str> {
    Some(match (state.place.view, action) {
        (View::Upgrade, action) => return upgrade::hint(state, action),
        (View::Overview, Action::Open) if welcome::is_shown(state) => "choose",
        (View::Finding, Action::Open) => "evidence",
        (View::Environment, Action::Open) => "finding",
        (View::Environment, Action::OnlyFlagged) => "differing",
        (View::Releases, Action::Open) => "process or finding",
        (View::Listeners, Action::Open) => "owner",
        (View::Listeners, Action::OnlyFlagged) => "with findings",
        (View::Blind, Action::Open) => "rules",
        (View::Blind, Action::ReadAgain) => "ask again",
        (View::Blind, Action::Copy) => "copy the command",
        _ => return None,
    })
}

/// One row.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// What is drawn, without the cursor's mark in its first column.
    pub line: Line<'static>,
    /// Its identity; `None`: text that the cursor passes over.
    pub key: Option<RowKey>,
    /// Where Enter leads.
    pub door: Option<Door>,
    /// What Enter does instead.
    pub action: Option<Action>,
    /// One sentence about it for the message line.
    pub about: String,
    /// What the filter sees.
    pub words: Words,
    /// What `y` copies; empty: what is drawn.
    pub copy: String,
    /// There is a finding about it.
    pub flagged: bool,
    /// What it is sorted by, a value for each of the page's columns; empty: it is no row of a table.
    pub worths: Vec<Worth>,
    /// It goes on from the row above, and goes where that goes.
    pub more: bool,
    /// How deep it stands: a shallower row before it is kept by the filter when it is.
    pub depth: usize,
}

impl Row {
    /// A line of text that the cursor passes over.
    pub fn text(line: Line<'static>) -> Self {
        Self { line, ..Self::default() }
    }

    /// A line that goes on from the row above it.
    pub fn more(line: Line<'static>) -> Self {
        Self { line, more: true, ..Self::default() }
    }
}

/// What is pinned below the rows of a view.
#[derive(Clone, Debug, Default)]
pub struct Lower {
    /// The title in its rule; empty: a blank line, and on the Overview a rule.
    pub title: String,
    /// What stands at the right of the title.
    pub right: String,
    /// Its lines.
    pub lines: Vec<Line<'static>>,
}

/// A view's page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The path: `shop › 14740 current › Environment`.
    pub crumb: Vec<String>,
    /// What stands at its right.
    pub count: String,
    /// A line between the path and the rule below it: how what is shown is known.
    pub below_path: Option<Line<'static>>,
    /// Lines above the rows that do not scroll: the heads of columns.
    pub head: Vec<Line<'static>>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The columns that it can be sorted by; empty: it is no table.
    pub columns: &'static [&'static str],
    /// How many rows there are without the filter.
    pub all: usize,
    /// What is pinned below them.
    pub lower: Option<Lower>,
}

impl Page {
    /// The rows in the order that was asked for, as far as the filter and `f` let them through; ancestors of such rows
    /// stay, and the lines that go on from them.
    #[must_use]
    pub fn sift(mut self, state: &State) -> Self {
        self.all = self.rows.iter().filter(|row| row.key.is_some()).count();
        if let Some(sort) = state.sorts.get(&state.place.view)
            && !self.columns.is_empty()
        {
            self.rows = sorted(self.rows, sort, self.columns);
            let part = if self.count.is_empty() { "" } else { "; " };
            self.count = format!("{}{part}{}", sort.words(), self.count);
        }
        if state.filter.is_empty() && !state.manner.flagged {
            return self;
        }
        let mut keep = Vec::new();
        let mut depth = None;
        let mut lines = 0;
        for row in self.rows.iter().rev() {
            // What goes on from a row is kept with it.
            if row.more && row.key.is_none() {
                lines += 1;
                continue;
            }
            let plain = row.key.is_none();
            let admitted = plain
                || (state.filter.admits(&row.words) && (!state.manner.flagged || row.flagged));
            let ancestor = depth.is_some_and(|depth| row.depth < depth);
            if !plain && (admitted || ancestor) {
                depth = Some(row.depth);
            }
            keep.extend(std::iter::repeat_n(admitted || ancestor, lines + 1));
            lines = 0;
        }
        let mut keep = keep.into_iter().rev();
        self.rows.retain(|_| keep.next().unwrap_or(true));
        self
    }
}
