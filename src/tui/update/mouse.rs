//! The mouse, where it was asked for: the wheel, rows, tabs, heads of columns. No dialog, no menu and nothing that leads
//! to a change of the machine answers it.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{Effect, act, lines, moves, sorting};
use crate::show::words::width;
use crate::tui::keys::{self, Action, Reach};
use crate::tui::layout::{self, Size};
use crate::tui::place::{Pane, View};
use crate::tui::state::State;
use crate::tui::views::Page;
use crate::tui::widgets::cells::plain;
use crate::tui::widgets::{pane, tabs};

/// Lines that one notch of the wheel scrolls.
const NOTCH: isize = 3;

/// Takes the mouse, or gives it back to the terminal.
pub(super) fn turn(state: &mut State) -> Vec<Effect> {
    state.mouse = !state.mouse;
    state.say(if state.mouse {
        "the mouse is farrier's: wheel, rows, tabs, heads. Shift selects text; :mouse gives it back"
    } else {
        "the mouse is the terminal's again"
    });
    vec![Effect::Mouse(state.mouse)]
}

/// What the mouse did.
pub(super) fn pointed(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    let covered = !state.dialogs.is_empty() || state.line.is_some();
    if !state.mouse || covered || layout::size(state.size) <= Size::Tiny {
        return Vec::new();
    }
    let step = match event.kind {
        MouseEventKind::ScrollDown => NOTCH,
        MouseEventKind::ScrollUp => -NOTCH,
        MouseEventKind::Down(MouseButton::Left) => 0,
        _ => return Vec::new(),
    };
    if state.help.is_some() {
        let action = if step > 0 { Action::LineDown } else { Action::LineUp };
        return (0..step.abs()).flat_map(|_| lines::in_help(state, action)).collect();
    }
    let at = Position::new(event.column, event.row);
    let parts = layout::parts(state);
    if step == 0 && parts.tabs.contains(at) {
        if let Some(key) = tabs::at(state, usize::from(parts.tabs.width), usize::from(at.x)) {
            return act(state, Action::View(key));
        }
        return Vec::new();
    }
    let Some(side) =
        [Pane::Tree, Pane::Main].into_iter().find(|side| pane::area(state, *side).contains(at))
    else {
        return Vec::new();
    };
    let page = pane::page(state, side, usize::from(pane::area(state, side).width));
    let body = pane::body(state, side, &page);
    if step != 0 {
        scroll(state, side, &page, usize::from(body.height), step);
    } else if body.contains(at) {
        return choose(state, side, &page, usize::from(at.y - body.y));
    } else if side == Pane::Main && at.y + 1 == body.y {
        head(state, &page, body, at);
    }
    Vec::new()
}

/// Scrolls a pane; its cursor comes along when its row would leave.
fn scroll(state: &mut State, side: Pane, page: &Page, room: usize, step: isize) {
    let most = page.rows.len().saturating_sub(room);
    let top = state.place.cursor(side).top.min(most).saturating_add_signed(step).min(most);
    let keyed = |at: &usize| page.rows.get(*at).is_some_and(|row| row.key.is_some());
    let mut shown = top..page.rows.len().min(top + room);
    let chosen = pane::selected(state, side, &page.rows);
    let stays = chosen.is_none_or(|at| shown.contains(&at));
    let next = if step > 0 { shown.find(keyed) } else { shown.rfind(keyed) };
    let cursor = state.place.cursor_mut(side);
    match next {
        _ if stays => cursor.top = top,
        Some(next) => {
            (cursor.top, cursor.loose) = (top, false);
            cursor.index = next;
            cursor.key = page.rows.get(next).and_then(|row| row.key.clone());
        }
        // Text without a row to choose.
        None => (cursor.top, cursor.loose) = (top, true),
    }
}

/// A click on a line of the body: the row gets the cursor; the one that has it opens.
fn choose(state: &mut State, side: Pane, page: &Page, line: usize) -> Vec<Effect> {
    let room = usize::from(pane::body(state, side, page).height);
    let top = state.place.cursor(side).top.min(page.rows.len().saturating_sub(room));
    let at = top + line;
    // A line that goes on from a row is a part of it.
    let lines = page.rows.iter().enumerate().take(at + 1).rev();
    let mut own = lines.skip_while(|(_, row)| row.more && row.key.is_none());
    let Some((at, row)) = own.next().filter(|_| at < page.rows.len()) else { return Vec::new() };
    if row.key.is_none() {
        return Vec::new();
    }
    if state.place.focus != side || pane::selected(state, side, &page.rows) != Some(at) {
        state.place.focus = side;
        moves::put(state, &page.rows, at);
        return Vec::new();
    }
    let changes = row.action.and_then(keys::of).filter(|b| b.reach == Reach::Changes);
    if let Some(binding) = changes {
        let key = state.keys.shown(binding.action);
        state.say(format!("{key} opens it: the mouse leads to nothing that changes the machine"));
        return Vec::new();
    }
    act(state, Action::Open)
}

/// A click on the heads of a table sorts by the nearest column.
fn head(state: &mut State, page: &Page, body: Rect, at: Position) {
    if state.place.view == View::Overview {
        return;
    }
    let Some(line) = page.head.last().map(plain) else { return };
    let x = usize::from(at.x.saturating_sub(body.x));
    let away = |column: &&&str| {
        let from = line.find(**column).and_then(|byte| line.get(..byte)).map(width)?;
        let end = from + width(column);
        Some(if x < from { from - x } else { (x + 1).saturating_sub(end) })
    };
    let nearest = page.columns.iter().filter(|column| away(column).is_some()).min_by_key(away);
    if let Some(column) = nearest {
        sorting::by(state, column);
    }
}
