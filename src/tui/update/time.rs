//! Pause, and the steps through the looks that are kept: live history, and a recording's looks.

use super::Effect;
use crate::tui::state::State;

/// Pauses, or goes on.
pub(super) fn pause(state: &mut State) -> Vec<Effect> {
    let played = state.history.played.is_some();
    if state.paused.take().is_some() {
        state.history.close();
        return stand(state, false);
    }
    let held = if played { state.history.hold() } else { None };
    state.paused = held.or_else(|| state.look.clone());
    if state.paused.is_some() {
        state.say(if played {
            "the recording stands: , and . step through it, p plays on"
        } else {
            "paused: the looks go on, the screen stands. p goes live"
        });
    }
    stand(state, true)
}

/// One look back.
pub(super) fn back(state: &mut State) -> Vec<Effect> {
    match state.history.back() {
        Some(look) => {
            state.paused = Some(look);
            told(state);
        }
        None => state.say("this is the first look that is kept"),
    }
    let stands = state.paused.is_some();
    if stands { stand(state, true) } else { Vec::new() }
}

/// One look forward; behind the newest one of a recording, the next that it holds.
pub(super) fn forward(state: &mut State) -> Vec<Effect> {
    if state.history.is_at_newest() {
        return match state.history.played {
            None => {
                state.say("this is the newest look");
                Vec::new()
            }
            Some(_) if state.history.has_ended() => {
                state.say("this is the last look of the recording");
                Vec::new()
            }
            Some(_) => {
                state.paused = state.history.hold();
                vec![Effect::Stand(true), Effect::LookNow]
            }
        };
    }
    state.paused = state.history.forward();
    if state.history.is_at_newest() && state.history.played.is_none() {
        state.history.close();
        state.paused = None;
        state.say("live again");
    } else {
        told(state);
    }
    Vec::new()
}

/// A look came while the newest one was held in a recording: it was asked for, and is held now.
pub(super) fn arrived(state: &mut State, was_newest: bool) {
    if state.history.played.is_some() && state.paused.is_some() && was_newest {
        state.paused = state.history.hold();
    }
}

/// Only a recording stops: the looks at a machine go on.
fn stand(state: &State, stands: bool) -> Vec<Effect> {
    state.history.played.map(|_| Effect::Stand(stands)).into_iter().collect()
}

/// How far back it is.
fn told(state: &mut State) {
    if state.history.played.is_some() {
        return;
    }
    let times = (state.paused.as_ref(), state.look.as_ref());
    let (Some(shown), Some(newest)) = times else { return };
    let seconds =
        newest.census.taken_at.duration_since(shown.census.taken_at).as_secs().unsigned_abs();
    let seconds = crate::show::words::elapsed(seconds);
    state.say(format!("{seconds} before the newest look. p goes live"));
}
