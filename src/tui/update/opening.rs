//! Opens something else in place of what is shown, and the way back.

use super::Effect;
use crate::tui::keys::Action;
use crate::tui::opening::Wanted;
use crate::tui::place::View;
use crate::tui::state::State;

/// Whether going back leaves what was opened from within: it does from its first screen.
pub(super) fn leads_home(state: &State, action: Action) -> bool {
    let clears = action == Action::Escape && !state.filter.is_empty();
    let first = state.place.view == View::Overview && state.back.is_empty();
    state.away && first && !clears
}

/// Asks for it. What is under way is not left alone for it.
pub(super) fn open(state: &mut State, wanted: Wanted) -> Vec<Effect> {
    if let Some(under_way) = &state.under_way {
        let words =
            format!("{} is under way: nothing else is opened before its end", under_way.title);
        state.say(words);
        return Vec::new();
    }
    vec![Effect::Open(wanted)]
}

/// The path that was written in the line of input.
pub(super) fn file(state: &mut State, written: &str) -> Vec<Effect> {
    match written.trim() {
        "" => Vec::new(),
        path => open(state, Wanted::File(path.to_owned())),
    }
}
