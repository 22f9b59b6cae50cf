//! The tabs: numbers never change; the open one is reversed and in brackets.

use ratatui::text::Line;

use super::cells::Cells;
use crate::show::words::width;
use crate::tui::place::View;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::VIEWS;

/// The tabs for so many columns.
pub fn line(state: &State, columns: usize) -> Line<'static> {
    let long = columns >= 110;
    let open = match state.place.view {
        View::Finding | View::Rule => View::Findings,
        View::Diff => View::Process,
        view => view,
    };
    let mut cells = Cells::new(state.theme, columns);
    let mut after_open = false;
    for (key, card) in VIEWS.iter().filter_map(|card| card.key.zip(Some(card))) {
        let name = if long { card.long } else { card.short };
        let text = format!("{key} {name}");
        // Views with a letter have a tab where there is room for all of it.
        if !key.is_ascii_digit() && (!long || cells.at() + width(&text) + 2 > columns) {
            continue;
        }
        if card.view == open {
            cells = cells.text(&format!("[{text}]"), Tone::Select);
            after_open = true;
        } else {
            let blank = if after_open { "" } else { " " };
            cells = cells.text(blank, Tone::Plain).text(&text, Tone::Plain);
            after_open = false;
        }
    }
    cells.line()
}
