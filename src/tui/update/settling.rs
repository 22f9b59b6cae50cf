//! After a change the cursors find their rows again.

use crate::tui::layout;
use crate::tui::place::{Pane, View};
use crate::tui::state::State;
use crate::tui::widgets::pane;

/// Puts the cursors where they belong after a change: on their rows, and their rows in sight.
pub(super) fn settle(state: &mut State) {
    // The smallest screens show the tree alone, or the list of several machines.
    if layout::size(state.size) <= layout::Size::Tiny {
        let listed = state.place.view == View::Hosts;
        state.place.focus = if listed { Pane::Main } else { Pane::Tree };
    } else if pane::area(state, state.place.focus).height == 0 {
        // A window that was smaller for a moment left the cursor where nothing is drawn now.
        let other = match state.place.focus {
            Pane::Tree => Pane::Main,
            Pane::Main => Pane::Tree,
        };
        if pane::area(state, other).height > 0 {
            state.place.focus = other;
        }
    }
    for pane in [Pane::Tree, Pane::Main] {
        let rect = pane::area(state, pane);
        if rect.height == 0 {
            continue;
        }
        let page = pane::page(state, pane, usize::from(rect.width));
        let room = pane::room(state, pane, &page);
        let at = pane::selected(state, pane, &page.rows);
        let most = page.rows.len().saturating_sub(room);
        let first_key = page.rows.iter().position(|row| row.key.is_some());
        let cursor = state.place.cursor_mut(pane);
        if let Some(at) = at {
            cursor.index = at;
            if cursor.key.is_none() {
                cursor.key = page.rows.get(at).and_then(|row| row.key.clone());
            }
            if cursor.loose {
                cursor.loose = !(cursor.top..cursor.top + room).contains(&at);
            } else if at < cursor.top {
                cursor.top = if Some(at) == first_key { 0 } else { at };
            } else if room > 0 && at >= cursor.top + room {
                cursor.top = at + 1 - room;
            }
        }
        cursor.top = cursor.top.min(most);
    }
}
