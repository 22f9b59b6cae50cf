//! A pane: a title or path, heads of columns, rows with a cursor, a rail when there are more, and what is pinned below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::cells::Cells;
use super::headline::{heading, rule, titled};
use crate::plans::at_work::at_work;
use crate::show::words::{self, Mark, width};
use crate::tui::baseline;
use crate::tui::filter::Filter;
use crate::tui::keys::Action;
use crate::tui::layout::{self, Aside, Parts, Size};
use crate::tui::place::{Pane, View};
use crate::tui::state::{Asked, State};
use crate::tui::theme::Tone;
use crate::tui::views::{self, Page, Row, aside};

/// The page of a pane for its width.
pub fn page(state: &State, side: Pane, columns: usize) -> Page {
    let page = match side {
        Pane::Tree => views::tree::page(state, columns),
        Pane::Main => (views::card(state.place.view).page)(state, columns),
    };
    baseline::with_gone(state, side, page)
}

/// Where a pane stands, without the line between panes that stand side by side.
pub fn area(state: &State, side: Pane) -> Rect {
    let parts = layout::parts(state);
    match side {
        Pane::Tree => parts.tree,
        Pane::Main => inner(parts.main),
    }
}

/// Leaves a column for the line at the left of a pane that has another beside it.
pub fn inner(rect: Rect) -> Rect {
    if rect.x == 0 {
        return rect;
    }
    Rect { x: rect.x + 1, width: rect.width.saturating_sub(1), ..rect }
}

/// How many lines of a pane are above its rows, and how many below.
fn frame(state: &State, side: Pane, page: &Page, rect: Rect) -> (u16, u16) {
    let title = match side {
        Pane::Tree => 0,
        Pane::Main if page.crumb.is_empty() => 0,
        Pane::Main if state.place.view == View::Overview => 1,
        Pane::Main => 2 + u16::from(page.below_path.is_some()),
    };
    let head = u16::try_from(page.head.len()).unwrap_or(0);
    let above = (title + head).min(rect.height);
    let lower = page.lower.as_ref().map_or(0, |lower| {
        let lines = u16::try_from(lower.lines.len() + 1).unwrap_or(u16::MAX);
        let rows = u16::try_from(page.rows.len()).unwrap_or(u16::MAX);
        let body = rect.height.saturating_sub(above);
        lines.min((body * 3 / 5).max(body.saturating_sub(rows)))
    });
    (above, lower)
}

/// How many rows a pane shows.
pub fn room(state: &State, side: Pane, page: &Page) -> usize {
    usize::from(body(state, side, page).height)
}

/// Where the rows of a pane stand.
pub fn body(state: &State, side: Pane, page: &Page) -> Rect {
    let rect = area(state, side);
    let (above, below) = frame(state, side, page, rect);
    Rect { y: rect.y + above, height: rect.height.saturating_sub(above + below), ..rect }
}

/// Draws a pane.
pub fn draw(state: &State, side: Pane, rect: Rect, buffer: &mut Buffer) {
    let outer = rect;
    let rect = inner(rect);
    if rect.height == 0 || rect.width == 0 {
        return;
    }
    if outer.x > 0 {
        fence(state, outer, buffer);
    }
    let columns = usize::from(rect.width);
    let page = page(state, side, columns);
    let (above, below) = frame(state, side, &page, rect);
    let mut lines = Vec::new();
    if side == Pane::Main {
        lines.extend(title(state, &page, columns));
    }
    lines.extend(page.head.iter().cloned());
    put(buffer, rect, &lines);
    let body =
        Rect { y: rect.y + above, height: rect.height.saturating_sub(above + below), ..rect };
    rows(state, side, &page.rows, body, buffer);
    if let Some(lower) = &page.lower {
        let area = Rect { y: body.y + body.height, height: below, ..rect };
        let title = match lower.title.as_str() {
            "" if state.place.view == View::Overview => {
                let dashes = Mark::Rule.sign().to_string().repeat(columns);
                Cells::new(state.theme, columns).text(&dashes, Tone::Quiet).line()
            }
            "" => Line::default(),
            title => titled(state, columns, title, &lower.right),
        };
        let mut lines = vec![title];
        lines.extend(lower.lines.iter().cloned());
        put(buffer, area, &lines);
    }
}

/// Draws a pane that has no cursor.
pub fn draw_aside(state: &State, aside: Aside, rect: Rect, buffer: &mut Buffer) {
    if rect.x > 0 {
        fence(state, rect, buffer);
    }
    let rect = inner(rect);
    let lines = aside::lines(state, aside, usize::from(rect.width), usize::from(rect.height));
    put(buffer, rect, &lines);
}

/// Joins the lines between panes to the rules above and below them.
pub fn join(state: &State, parts: &Parts, buffer: &mut Buffer) {
    if parts.asides.is_empty() {
        return;
    }
    let style = state.theme.style(Tone::Quiet);
    let last = parts.headline.bottom().saturating_sub(1);
    for (y, whole) in [(last, true), (parts.middle.y, parts.middle.height > 0)] {
        if !whole {
            continue;
        }
        for x in 0..buffer.area.width {
            let parted = |pane: Rect, beside: u16| pane.x == x && x > 0 && beside == y;
            let panes = || parts.asides.iter().map(|aside| aside.1).chain([parts.main]);
            let sign = if panes().any(|pane| parted(pane, pane.y.saturating_sub(1))) {
                Mark::JointBelow
            } else if panes().any(|pane| parted(pane, pane.bottom())) {
                Mark::JointAbove
            } else {
                Mark::Rule
            };
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.set_char(sign.sign()).set_style(style);
            }
        }
    }
}

fn fence(state: &State, rect: Rect, buffer: &mut Buffer) {
    let style = state.theme.style(Tone::Quiet);
    for y in rect.top()..rect.bottom() {
        if let Some(cell) = buffer.cell_mut((rect.x, y)) {
            cell.set_char(Mark::Trunk.sign()).set_style(style);
        }
    }
}

/// The title of the Overview's pane, or the path of a view and the rule below it.
fn title(state: &State, page: &Page, columns: usize) -> Vec<Line<'static>> {
    if page.crumb.is_empty() {
        return Vec::new();
    }
    let onward = format!(" {} ", Mark::Onward.sign());
    let path = page.crumb.join(&onward);
    if state.place.view == View::Overview {
        let large = layout::size(state.size) >= Size::Large;
        let line = if large { heading } else { titled };
        return vec![line(state, columns, &path, &page.count)];
    }
    // Where it is counts more than how much there is: the count takes the room that the path leaves.
    // How old what is shown is counts more than both, where no headline says it.
    let alone = layout::parts(state).headline.height == 0;
    let behind = state.behind().filter(|_| alone).map(|behind| format!("-{behind}"));
    let reserved = behind.as_ref().map_or(0, |behind| width(behind) + 3);
    let room = columns.saturating_sub(2 + reserved);
    let mut first = Cells::new(state.theme, columns).to(1);
    first = first.text(&words::cut(&path, room), Tone::Strong);
    first = match behind {
        None => first.end(&page.count, Tone::Quiet),
        Some(behind) => {
            let left = columns.saturating_sub(reserved + first.at() + 2);
            let count = words::cut(&page.count, left);
            let from = columns.saturating_sub(reserved + width(&count));
            first.to(from).text(&count, Tone::Quiet).end(&behind, Tone::Strong)
        }
    };
    let below = page.below_path.clone();
    std::iter::once(first.line()).chain(below).chain([rule(state, columns)]).collect()
}

/// Draws the rows that are in sight, the cursor, and the rail.
fn rows(state: &State, side: Pane, rows: &[Row], rect: Rect, buffer: &mut Buffer) {
    let height = usize::from(rect.height);
    let cursor = state.place.cursor(side);
    let top = cursor.top.min(rows.len().saturating_sub(height));
    let focused = state.place.focus == side || layout::size(state.size) < Size::Normal;
    let chosen = selected(state, side, rows);
    for (at, row) in rows.iter().enumerate().skip(top).take(height) {
        let y = rect.y + u16::try_from(at - top).unwrap_or(0);
        let line = Rect { y, height: 1, ..rect };
        put(buffer, line, std::slice::from_ref(&row.line));
        for (from, to) in row.key.iter().flat_map(|key| state.changes.of(state, side, key)) {
            let column = |at: usize| u16::try_from(at).unwrap_or(u16::MAX).min(line.width);
            let cell = Rect { x: line.x + column(from), width: column(to) - column(from), ..line };
            buffer.set_style(cell, state.theme.style(Tone::Changed));
        }
        let sign = state.changes.baseline.as_ref().zip(row.key.as_ref());
        if let Some(sign) = sign.and_then(|(baseline, key)| baseline.sign(state, side, key))
            && let Some(cell) = buffer.cell_mut((rect.x, y))
        {
            cell.set_char(sign).set_style(state.theme.style(Tone::Strong));
        }
        if chosen == Some(at) && focused && state.help.is_none() {
            buffer.set_style(line, state.theme.style(Tone::Select));
            if let Some(cell) = buffer.cell_mut((rect.x, y)) {
                cell.set_char(Mark::Selected.sign());
            }
        }
    }
    rail(state, top, rows.len().saturating_sub(top + height), rect, buffer);
}

/// How much is hidden above and below, in the last column.
fn rail(state: &State, above: usize, below: usize, rect: Rect, buffer: &mut Buffer) {
    let mut show = |number: usize, sign: char, y: u16| {
        let text = format!("{sign}{number}");
        let wide = u16::try_from(width(&text)).unwrap_or(1).min(rect.width);
        let style = Style::reset().patch(state.theme.style(Tone::Quiet));
        buffer.set_stringn(rect.right() - wide, y, text, usize::from(wide), style);
    };
    if rect.height == 0 {
        return;
    }
    if above > 0 {
        show(above, '↑', rect.top());
    }
    if below > 0 && rect.height > 1 {
        show(below, '↓', rect.bottom() - 1);
    }
}

/// Writes lines into a part of the screen.
pub fn put(buffer: &mut Buffer, rect: Rect, lines: &[Line<'static>]) {
    for (y, line) in (rect.top()..rect.bottom()).zip(lines) {
        buffer.set_line(rect.x, y, line, rect.width);
    }
}

/// Which row the cursor stands on: the one with its key, else the one that took its place.
pub fn selected(state: &State, side: Pane, rows: &[Row]) -> Option<usize> {
    let cursor = state.place.cursor(side);
    let keyed = |at: &usize| rows.get(*at).is_some_and(|row| row.key.is_some());
    if let Some(key) = &cursor.key
        && let Some(at) = rows.iter().position(|row| row.key.as_ref() == Some(key))
    {
        return Some(at);
    }
    let from = cursor.index.min(rows.len().saturating_sub(1));
    (from..rows.len()).find(keyed).or_else(|| (0..from).rev().find(keyed))
}

/// The row that has the cursor.
pub fn row(state: &State) -> Option<Row> {
    let side = state.place.focus;
    let rect = area(state, side);
    let mut page = page(state, side, usize::from(rect.width));
    let at = selected(state, side, &page.rows)?;
    (at < page.rows.len()).then(|| page.rows.swap_remove(at))
}

/// One sentence about the selected row; the filter, while one is set.
pub fn about(state: &State) -> String {
    if state.filter.is_empty() {
        // Who works on the app matters more than what its row says of itself.
        if let (Some(look), Some(app)) = (state.shown(), state.app())
            && let Some(work) = at_work(app)
        {
            return work.words(&look.census, app);
        }
        let none = || {
            let key = state.keys.shown(Action::OnlyFlagged);
            let words =
                format!("only rows with findings are shown, and there is none; {key} shows all");
            if state.manner.flagged { words } else { String::new() }
        };
        return row(state).map_or_else(none, |row| row.about);
    }
    format!(
        "/{}   {}   Esc clears it",
        crate::os::text::escaped(state.filter.text().as_bytes()),
        admitted(state)
    )
}

/// How many rows the filter lets through.
fn admitted(state: &State) -> String {
    let side = state.place.focus;
    let columns = usize::from(area(state, side).width);
    let page = page(state, side, columns);
    let shown =
        page.rows.iter().filter(|row| row.key.is_some() && state.filter.admits(&row.words)).count();
    format!("{shown} of {}", words::counted(page.all, "row"))
}

/// What stands beside a line of input.
pub fn line_note(state: &State, asked: Asked) -> String {
    match asked {
        Asked::Filter | Asked::Help => {
            let written = state.line.as_ref().map(|(_, input)| input.value()).unwrap_or_default();
            match Filter::read(written) {
                Err(wrong) => wrong.to_string(),
                Ok(_) if asked == Asked::Filter => admitted(state),
                Ok(_) => String::new(),
            }
        }
        Asked::Path => "a snapshot or a recording".into(),
        Asked::Palette(_) => "Up and Down choose".into(),
    }
}
