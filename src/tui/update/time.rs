//! Pause, and the steps through the looks that are kept, one by one or from event to event: live history, and a
//! recording's looks.

use jiff::Timestamp;

use super::Effect;
use crate::show::words::time;
use crate::tui::chronicle::Moment;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::views::timeline;

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
            "the recording stands: , . step by look, < > by event, p plays on"
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
    held(state)
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

/// One event back: to the look at it, or just after it.
pub(super) fn event_back(state: &mut State) -> Vec<Effect> {
    let events = events(state);
    if let Some(nth) = here(state, &events).before
        && let Some(event) = events.get(nth)
    {
        to(state, event, nth, events.len());
    } else {
        let since = state.history.since().map(|since| clock(state, since)).unwrap_or_default();
        state.say(format!(
            "no event before this one: looks are kept since {since}; t tells of earlier times"
        ));
    }
    held(state)
}

/// One event forward; a recording plays on until something happens.
pub(super) fn event_forward(state: &mut State) -> Vec<Effect> {
    let events = events(state);
    if let Some(nth) = here(state, &events).after
        && let Some(event) = events.get(nth)
    {
        to(state, event, nth, events.len());
        return held(state);
    }
    match state.history.played {
        None => state.say("no event after this one. p goes live"),
        Some(_) if state.history.has_ended() => {
            state.say("no event after this one in the recording");
        }
        Some(_) => {
            state.history.seeks = state.look.as_ref().map(|look| look.census.taken_at);
            state.paused = state.history.hold();
            state.say("plays on to the next event; any key stops it");
            return vec![Effect::Stand(true), Effect::LookNow];
        }
    }
    held(state)
}

/// The events of which a look is kept, the oldest first.
fn events(state: &State) -> Vec<Moment> {
    let bounds = state.history.since().zip(state.look.as_ref().map(|look| look.census.taken_at));
    let Some((since, until)) = bounds else { return Vec::new() };
    let kept = |moment: &&Moment| (since..=until).contains(&moment.at);
    state.chronicle.moments().iter().filter(kept).cloned().collect()
}

/// The events next to what is shown.
struct Near {
    before: Option<usize>,
    after: Option<usize>,
}

fn here(state: &State, events: &[Moment]) -> Near {
    let at = state.history.event().and_then(|event| events.iter().position(|one| one == event));
    if let Some(at) = at {
        return Near { before: at.checked_sub(1), after: Some(at + 1) };
    }
    let shown = state.shown().map(|look| look.census.taken_at);
    let next = events.partition_point(|event| shown.is_none_or(|shown| event.at <= shown));
    Near { before: next.checked_sub(1), after: Some(next) }
}

/// Shows the look of an event, and says which one it is.
fn to(state: &mut State, event: &Moment, nth: usize, of: usize) {
    let Some(look) = state.history.seek(event) else { return };
    state.paused = Some(look);
    let (app, words) = timeline::told(state, event);
    if state.place.view == View::Timeline {
        state.place.main.key = Some(RowKey::Named(timeline::name(event, &app, &words)));
    }
    state.say(format!("event {} of {of}: {} {words}", nth + 1, clock(state, event.at)));
}

fn clock(state: &State, at: Timestamp) -> String {
    time(at, state.look.as_ref().map_or(at, |look| look.census.taken_at), &state.zone)
}

/// A look came while the newest one was held in a recording: it was asked for, and is held now.
pub(super) fn arrived(state: &mut State, was_newest: bool) -> Vec<Effect> {
    if state.history.played.is_none() || state.paused.is_none() || !was_newest {
        return Vec::new();
    }
    state.paused = state.history.hold();
    let Some(after) = state.history.seeks else { return Vec::new() };
    let events = events(state);
    let found = events.partition_point(|event| event.at <= after);
    if let Some(event) = events.get(found) {
        state.history.seeks = None;
        to(state, event, found, events.len());
    } else if state.history.has_ended() {
        state.history.seeks = None;
        state.say("nothing more happened: this is the last look of the recording");
    } else {
        state.say("nothing happened yet: plays on to the next event; any key stops it");
        return vec![Effect::LookNow];
    }
    Vec::new()
}

/// A recording whose look is held plays no further by itself.
fn held(state: &State) -> Vec<Effect> {
    if state.paused.is_some() { stand(state, true) } else { Vec::new() }
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
    let Some(behind) = state.behind() else { return };
    state.say(format!("{behind} before the newest look. p goes live"));
}
