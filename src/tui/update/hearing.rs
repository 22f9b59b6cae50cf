//! What is heard of a signal that was asked for: that it went, what was seen after it, what came of it.

use jiff::Timestamp;

use super::{Effect, asking, rehearsing};
use crate::plans::{Outcome, runner};
use crate::tui::dialog::Dialog;
use crate::tui::place::View;
use crate::tui::state::{State, UnderWay};
use crate::tui::views::upgrade::step_key;

/// A signal went, or something was seen after it.
pub(super) fn told(state: &mut State, at: Timestamp, event: runner::Event) -> Vec<Effect> {
    let (rehearses, mut effects) = (state.rehearses(), Vec::new());
    let event = match event {
        runner::Event::Sent(words) if rehearses => {
            effects.push(Effect::LookNow);
            runner::Event::Sent(rehearsing::said(&words))
        }
        event => event,
    };
    let words = match &event {
        runner::Event::Sent(words)
        | runner::Event::Seen(words)
        | runner::Event::Step { words, .. }
        | runner::Event::Warning(words) => words.clone(),
        runner::Event::Happened(event) => event.words(),
        runner::Event::Waiting(..) => return effects,
    };
    if let Some(passage) = state.passage.as_mut().filter(|passage| passage.is_running()) {
        let before = passage.at;
        passage.told(state.now, at, &event);
        let cursor = &mut state.place.main;
        // The cursor goes along with the steps until it is moved.
        if state.place.view == View::Upgrade && cursor.key == Some(step_key(before)) {
            cursor.key = Some(step_key(passage.at));
        }
    }
    if let Some(under_way) = &mut state.under_way {
        under_way.told = Some(words.clone());
        if matches!(event, runner::Event::Sent(_)) {
            let (app, target) = (under_way.app.clone(), under_way.target);
            state.chronicle.farrier(at, Some(app), Some(target), words.clone());
            if state.conducts() {
                state.remember(words.clone());
            }
        }
    }
    // The view of it shows each event by itself.
    if !(state.conducts() && state.place.view == View::Upgrade) {
        state.say(words);
    }
    effects
}

/// What came of a signal.
pub(super) fn came(state: &mut State, at: Timestamp, title: &str, outcome: &Outcome) {
    let under_way = state.under_way.take();
    if let Some(passage) = state.passage.as_mut().filter(|passage| passage.is_running()) {
        passage.came(state.now, at, outcome);
        state.dialogs.retain(|dialog| !matches!(dialog, Dialog::Halt(_)));
    }
    if let Outcome::Refused(refused) | Outcome::Unaudited(refused) = outcome {
        return asking::turned(state, refused);
    }
    let words = outcome.words();
    let words = if state.rehearses() { rehearsing::said(&words) } else { words };
    state.remember(format!("{title}: {words}"));
    if let Some(UnderWay { app, target, .. }) = under_way {
        state.chronicle.farrier(at, Some(app), Some(target), format!("{title}: {words}"));
    }
    state.say(words);
    // What a rehearsal waits for next is told soon.
    let stays = !state.rehearses();
    if let Some(message) = state.message.as_mut().filter(|_| stays) {
        message.until = state.now + std::time::Duration::from_secs(60);
    }
}
