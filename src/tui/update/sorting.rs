//! `s`: the menu of the columns of a table, and the order that rows keep while their values move.

use super::Effect;
use crate::tui::dialog::{Columns, DEAF, Dialog};
use crate::tui::keys::Action;
use crate::tui::place::{Pane, RowKey};
use crate::tui::sort::{SETTLES, Sort};
use crate::tui::state::State;
use crate::tui::widgets::pane;

fn page(state: &State) -> crate::tui::views::Page {
    pane::page(state, Pane::Main, usize::from(pane::area(state, Pane::Main).width))
}

/// Opens the menu, where the open view is a table.
pub(super) fn menu(state: &mut State) {
    let columns = page(state).columns;
    let Some(first) = columns.first() else {
        return state.say("this view keeps its order: it is no table");
    };
    let by = state.sorts.get(&state.place.view);
    let chosen = by.map_or(*first, |sort| sort.column);
    let opened = state.now;
    state.dialogs.push(Dialog::Sort(Columns { all: columns, chosen, opened }));
}

/// A key of the menu.
pub(super) fn key(state: &mut State, bound: Option<Action>) -> Vec<Effect> {
    let now = state.now;
    let Some(Dialog::Sort(menu)) = state.dialogs.last_mut() else { return Vec::new() };
    if now.saturating_sub(menu.opened) < DEAF {
        return Vec::new();
    }
    let at = menu.all.iter().position(|column| *column == menu.chosen).unwrap_or(0);
    let mut go = |step: isize| {
        let last = menu.all.len().saturating_sub(1);
        if let Some(next) = menu.all.get(at.saturating_add_signed(step).min(last)) {
            menu.chosen = next;
        }
    };
    match bound {
        Some(Action::ScrollDown | Action::FocusNext) => go(1),
        Some(Action::ScrollUp | Action::FocusPrevious) => go(-1),
        Some(Action::Press) => {
            let column = menu.chosen;
            state.dialogs.pop();
            by(state, column);
        }
        Some(Action::Cancel) => {
            state.dialogs.pop();
        }
        _ => {}
    }
    Vec::new()
}

/// Sorts by a column; by the same again the other way round.
pub(super) fn by(state: &mut State, column: &'static str) {
    let before = state.sorts.get(&state.place.view).filter(|sort| sort.column == column);
    let reverse = before.is_some_and(|sort| !sort.reverse);
    let sort = Sort { column, reverse, kept: Vec::new(), made: state.now };
    let key = state.keys.shown(Action::Sort);
    state.say(format!("sorted {}; {key} and the same column turn it round", sort.words()));
    state.sorts.insert(state.place.view, sort);
}

/// Makes the order anew on a key, and when it has stood for a while.
pub(super) fn keep(state: &mut State, pressed: bool) {
    let (now, view) = (state.now, state.place.view);
    let Some(sort) = state.sorts.get_mut(&view) else { return };
    if !pressed && !sort.kept.is_empty() && now.saturating_sub(sort.made) < SETTLES {
        return;
    }
    sort.kept.clear();
    sort.made = now;
    let kept: Vec<RowKey> = page(state).rows.into_iter().filter_map(|row| row.key).collect();
    if let Some(sort) = state.sorts.get_mut(&view) {
        sort.kept = kept;
    }
}
