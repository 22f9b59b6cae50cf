//! `:` — every action by its name.

use super::Effect;
use crate::tui::keys::{Action, BINDINGS, Binding, Scope};
use crate::tui::state::State;

/// The actions of the views, in the order of the help.
pub fn all() -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(|b| !matches!(b.scope, Scope::Dialog | Scope::Line))
}

/// The actions whose name or words hold what is written, those whose name starts with it first.
pub fn matches(state: &State) -> Vec<&'static Binding> {
    of(state.line.as_ref().map_or("", |(_, input)| input.value()))
}

pub(super) fn of(written: &str) -> Vec<&'static Binding> {
    let written = written.trim().to_lowercase();
    let place = |binding: &Binding| match binding.name.find(&written) {
        Some(0) => Some(0),
        Some(_) => Some(1),
        None => binding.doc.contains(&written).then_some(2),
    };
    let mut found: Vec<&Binding> = all().filter(|binding| place(binding).is_some()).collect();
    found.sort_by_key(|binding| place(binding));
    found
}

/// Carries out the chosen one of the actions that fit.
pub(super) fn chosen(state: &mut State, written: &str, chosen: usize) -> Vec<Effect> {
    let found = of(written);
    if let Some(binding) = found.get(chosen.min(found.len().saturating_sub(1))) {
        return super::act(state, binding.action);
    }
    let written = crate::os::text::escaped(written.as_bytes());
    let help = state.keys.shown(Action::Help);
    state.say(format!("there is no action {written}. {help} shows them"));
    Vec::new()
}
