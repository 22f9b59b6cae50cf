//! `:` — the actions that fit what is written, above the line of input, with their keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells::Cells;
use super::headline::titled;
use super::pane::put;
use crate::show::words::{Mark, width};
use crate::tui::keys::Binding;
use crate::tui::state::{Asked, State};
use crate::tui::theme::Tone;
use crate::tui::update::palette;

/// The most lines of it.
const LINES: usize = 12;

/// Draws the list at the end of the body, while the palette is open.
pub fn draw(state: &State, body: Rect, buffer: &mut Buffer) {
    let Some((Asked::Palette(chosen), _)) = &state.line else { return };
    let found = palette::matches(state);
    let room = usize::from(body.height.saturating_sub(1)).min(LINES);
    let shown = found.len().min(room);
    let chosen = (*chosen).min(found.len().saturating_sub(1));
    let top = (chosen + 1).saturating_sub(shown);
    let columns = usize::from(body.width);
    let keyed = |binding: &&'static Binding| width(&state.keys.all_shown(binding.action));
    let keys = found.iter().map(keyed).max().unwrap_or(0).min(16);
    let count = format!("{} of {}", found.len(), palette::all().count());
    let mut lines = vec![titled(state, columns, "Actions", &count)];
    for (at, binding) in found.iter().enumerate().skip(top).take(shown) {
        let mark = if at == chosen { Mark::Selected.sign() } else { ' ' };
        let tone = if at == chosen { Tone::Select } else { Tone::Plain };
        let cells = Cells::new(state.theme, columns).text(&mark.to_string(), tone).text(" ", tone);
        let cells = cells.left(binding.name, 19, tone);
        let cells = cells.left(&state.keys.all_shown(binding.action), keys + 2, tone);
        let left = columns.saturating_sub(cells.at());
        lines.push(cells.left(binding.doc, left, tone).line());
    }
    let height = u16::try_from(lines.len()).unwrap_or(body.height).min(body.height);
    let area = Rect { y: body.bottom() - height, height, ..body };
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
    put(buffer, area, &lines);
}
