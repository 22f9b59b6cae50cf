//! How lists are shown, and the one value that is revealed for a while.

use std::time::Duration;

use crate::tui::keys::Action;
use crate::tui::state::{Reveal, State};
use crate::tui::widgets::pane;

/// A manner of showing lists goes on or off. It is said, since there may be nothing to see of it.
pub(super) fn shown_otherwise(state: &mut State, action: Action) {
    let manner = &mut state.manner;
    let (on, words) = match action {
        Action::OnlyFlagged => (&mut manner.flagged, ["only rows with findings", "all rows"]),
        Action::Zoom => (&mut manner.zoom, ["this pane alone", "all panes"]),
        _ => (&mut manner.wrap, ["long values run on", "long values are cut"]),
    };
    *on = !*on;
    let [with, without] = words;
    let words = if *on { with } else { without };
    state.say(words);
}

/// Reveals the selected value, where farrier was started so.
pub(super) fn reveal(state: &mut State) {
    let Some(key) = pane::row(state).and_then(|row| row.key) else { return };
    match state.reveal {
        Reveal::Never => state.say("hidden values are revealed only after farrier --show-secrets"),
        _ => state.reveal = Reveal::Shown(key, state.now + Duration::from_secs(10)),
    }
}
