//! The tabs: numbers never change; the open one is reversed and in brackets.

use ratatui::text::Line;

use super::cells::Cells;
use crate::show::words::width;
use crate::tui::keys::Action;
use crate::tui::place::View;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::VIEWS;

/// One tab.
struct Tab {
    /// The key of its card.
    key: char,
    text: String,
    open: bool,
}

/// The tabs that there is room for.
fn tabs(state: &State, columns: usize) -> Vec<Tab> {
    let digits = VIEWS.iter().filter(|card| card.key.is_some_and(|key| key.is_ascii_digit()));
    let long = columns > digits.map(|card| width(card.long) + 3).sum::<usize>();
    let open = match state.place.view {
        View::Finding | View::Rule => View::Findings,
        View::Diff => View::Process,
        view => view,
    };
    let mut tabs = Vec::new();
    let mut end = 0;
    for (key, card) in VIEWS.iter().filter_map(|card| card.key.zip(Some(card))) {
        let name = if long { card.long } else { card.short };
        let shown = if key.is_ascii_digit() {
            key.to_string()
        } else {
            state.keys.shown(Action::View(key))
        };
        let text = format!("{shown} {name}");
        // Views with a letter have a tab where there is room for all of it.
        if !key.is_ascii_digit() && (!long || end + width(&text) + 2 > columns) {
            continue;
        }
        let open = card.view == open;
        let after_open = tabs.last().is_some_and(|tab: &Tab| tab.open);
        end += width(&text) + if open { 2 } else { usize::from(!after_open) };
        tabs.push(Tab { key, text, open });
    }
    tabs
}

/// The tabs for so many columns.
pub fn line(state: &State, columns: usize) -> Line<'static> {
    let mut cells = Cells::new(state.theme, columns);
    let mut after_open = false;
    for tab in tabs(state, columns) {
        if tab.open {
            cells = cells.text(&format!("[{}]", tab.text), Tone::Select);
        } else {
            let blank = if after_open { "" } else { " " };
            cells = cells.text(blank, Tone::Plain).text(&tab.text, Tone::Plain);
        }
        after_open = tab.open;
    }
    cells.line()
}

/// The key of the tab that stands in a column of the line.
pub fn at(state: &State, columns: usize, column: usize) -> Option<char> {
    let mut end = 0;
    let mut after_open = false;
    tabs(state, columns).into_iter().find_map(|tab| {
        end += width(&tab.text) + if tab.open { 2 } else { usize::from(!after_open) };
        after_open = tab.open;
        (column < end).then_some(tab.key)
    })
}
