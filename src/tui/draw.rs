//! The whole screen, from the state alone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::layout::{self, Size};
use super::place::Pane;
use super::state::State;
use super::views::help;
use super::widgets::{bar, dialog, footer, headline, palette, pane, tabs, tiny};
use crate::show::words::Form;

/// Draws everything.
pub fn draw(state: &State) -> Buffer {
    let (columns, rows) = state.size;
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    if area.is_empty() {
        return buffer;
    }
    let wide = usize::from(columns);
    match layout::size(state.size) {
        Size::Line => {
            pane::put(&mut buffer, area, &[Line::from(tiny::line(state))]);
        }
        Size::Tiny => {
            let lines = tiny::lines(state, wide, usize::from(rows));
            pane::put(&mut buffer, area, &lines);
            let body = Rect { y: 1, height: rows.saturating_sub(3), ..area };
            dialog::draw(state, body, &mut buffer);
        }
        _ => whole(state, &mut buffer),
    }
    if state.theme.form == Form::Ascii {
        plain_signs(&mut buffer);
    }
    buffer
}

fn whole(state: &State, buffer: &mut Buffer) {
    let parts = layout::parts(state);
    let wide = usize::from(state.size.0);
    pane::put(buffer, parts.bar, &[bar::line(state, wide)]);
    if let Some(open) = &state.help {
        help::draw(state, open, buffer);
    } else {
        pane::put(buffer, parts.tabs, &[tabs::line(state, wide)]);
        pane::put(buffer, parts.headline, &headline::lines(state, wide));
        pane::draw(state, Pane::Tree, parts.tree, buffer);
        pane::draw(state, Pane::Main, parts.main, buffer);
        for (aside, rect) in &parts.asides {
            pane::draw_aside(state, *aside, *rect, buffer);
        }
        pane::join(state, &parts, buffer);
    }
    let body = Rect::new(0, 2, state.size.0, state.size.1.saturating_sub(4));
    dialog::draw(state, below_headline(state, body), buffer);
    palette::draw(state, body, buffer);
    pane::put(buffer, parts.message, &[footer::message(state, wide)]);
    pane::put(buffer, parts.keys, &[footer::keys(state, wide)]);
}

/// Dialogs leave the headline in sight where there is room for both.
fn below_headline(state: &State, body: Rect) -> Rect {
    let headline = layout::parts(state).headline.height;
    Rect { y: body.y + headline, height: body.height.saturating_sub(headline), ..body }
}

/// Turns every sign into its ASCII form. A character from outside that has none is shown as `?`.
fn plain_signs(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let plain = symbol.chars().next().map_or(' ', |c| Form::Ascii.sign(c));
        cell.set_char(if plain.is_ascii() { plain } else { '?' });
    }
}
