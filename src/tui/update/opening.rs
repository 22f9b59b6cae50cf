//! Opens something else in place of what is shown, and the way back.

use super::{Effect, moves};
use crate::tui::hosts::Summary;
use crate::tui::keys::Action;
use crate::tui::opening::Wanted;
use crate::tui::place::{Cursor, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::widgets::pane;

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

/// The list of machines, the cursor on the one that is shown.
pub(super) fn hosts(state: &mut State) {
    let Some(hosts) = &state.hosts else {
        return state.say("this is the only host: farrier --from FILE FILE … shows several");
    };
    let at = hosts.at;
    if state.place.view == View::Hosts {
        return moves::back(state);
    }
    moves::go(state, View::Hosts, Subject::All, Some(RowKey::Host(at)));
}

/// The machine that Enter opens: the one that the cursor stands on.
pub(super) fn chosen(state: &State) -> Option<usize> {
    match pane::row(state)?.key? {
        RowKey::Host(number) => Some(number),
        _ => None,
    }
}

/// Whether the cursor of the list stands on another machine than the one that is shown, and says so: neither a view nor
/// a menu is of the machine that it stands on before that is opened.
pub(super) fn is_elsewhere(state: &mut State) -> bool {
    let Some(hosts) = state.hosts.as_ref().filter(|_| state.place.view == View::Hosts) else {
        return false;
    };
    let Some(host) = chosen(state).filter(|number| *number != hosts.at) else { return false };
    let Some(name) = hosts.all.get(host).map(|host| hosts.name(host)) else { return false };
    let open = state.keys.shown(Action::Open);
    state.say(format!("{name} is not open yet: {open} opens it"));
    true
}

/// Opens a machine of the list, and leaves this one where it was before the list.
pub(super) fn host(state: &mut State, number: usize) -> Vec<Effect> {
    let Some(hosts) = &state.hosts else { return Vec::new() };
    if let Some(Err(why)) = hosts.all.get(number).and_then(|host| host.told.as_ref()) {
        let why = why.clone();
        state.say(why);
        return Vec::new();
    }
    let here = hosts.at == number;
    let effects = if here { Vec::new() } else { open(state, Wanted::Host(number)) };
    if here || !effects.is_empty() {
        moves::back(state);
    }
    effects
}

/// Whether going back leads from the first screen of a machine to the list of all.
pub(super) fn leads_to_hosts(state: &State) -> bool {
    state.hosts.is_some() && state.place.view == View::Overview && state.back.is_empty()
}

/// The file of a machine was read. The cursor stays with the worst until a key is pressed.
pub(super) fn told(state: &mut State, number: usize, told: Result<Summary, String>) {
    let Some(hosts) = &mut state.hosts else { return };
    if let Some(host) = hosts.all.get_mut(number) {
        host.told = Some(told);
    }
    if !hosts.touched && state.place.view == View::Hosts {
        state.place.main = Cursor::default();
    }
}

/// The path that was written in the line of input.
pub(super) fn file(state: &mut State, written: &str) -> Vec<Effect> {
    match written.trim() {
        "" => Vec::new(),
        path => open(state, Wanted::File(path.to_owned())),
    }
}
