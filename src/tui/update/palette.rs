//! `:` — every action by its name.

use super::Effect;
use crate::tui::keys::{BINDINGS, Binding, Scope};
use crate::tui::state::State;

/// The actions whose name holds what is written, those that start with it first.
pub fn matches(state: &State) -> Vec<&'static Binding> {
    let written =
        state.line.as_ref().map(|(_, input)| input.value().to_owned()).unwrap_or_default();
    of(&written)
}

fn of(written: &str) -> Vec<&'static Binding> {
    let written = written.trim();
    let mut found: Vec<&Binding> = BINDINGS
        .iter()
        .filter(|b| !matches!(b.scope, Scope::Dialog | Scope::Line) && b.name.contains(written))
        .collect();
    found.sort_by_key(|binding| !binding.name.starts_with(written));
    found
}

/// Carries out the first action that fits.
pub(super) fn chosen(state: &mut State, written: &str) -> Vec<Effect> {
    if let Some(binding) = of(written).first() {
        return super::act(state, binding.action);
    }
    let written = crate::os::text::escaped(written.as_bytes());
    state.say(format!("there is no action {written}. ? shows them"));
    Vec::new()
}
