//! Pause, and the steps through the looks that are kept, one by one or from event to event: live history, and a
//! recording's looks.

use jiff::Timestamp;

use super::{Effect, rehearsing};
use crate::show::words::time;
use crate::tui::chronicle::Moment;
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::views::timeline;

/// Pauses, or goes on.
pub(super) fn pause(state: &mut State) -> Vec<Effect> {
    let passed = rehearsing::passed(state);
    if !passed.is_empty() {
        return passed;
    }
    let played = state.history.played.is_some();
    if state.paused.take().is_some() {
        state.history.close();
        state.say(if played { "the recording plays on" } else { "live again" });
        return stand(state, false);
    }
    let held = if played { state.history.hold() } else { None };
    state.paused = held.or_else(|| state.look.clone());
    if state.paused.is_some() {
        let key = |action| state.keys.shown(action);
        let again = key(Action::Pause);
        state.say(if played {
            let (back, forward) = (key(Action::LookBack), key(Action::LookForward));
            let (before, after) = (key(Action::EventBack), key(Action::EventForward));
            format!(
                "the recording stands: {back} {forward} step by look, {before} {after} by event, {again} plays on"
            )
        } else {
            format!("paused: the looks go on, the screen stands. {again} goes live")
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
                let passed = rehearsing::passed(state);
                state.paused = state.history.hold();
                passed.into_iter().chain([Effect::Stand(true), Effect::LookNow]).collect()
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
    if let Some(nth) = here(state, &events).before {
        to(state, &events, nth);
    } else {
        let since = state.history.since().map(|since| clock(state, since)).unwrap_or_default();
        let line = state.keys.shown(Action::View('t'));
        state.say(format!(
            "no event before this one: looks are kept since {since}; {line} tells of earlier times"
        ));
    }
    held(state)
}

/// One event forward; a recording plays on until something happens.
pub(super) fn event_forward(state: &mut State) -> Vec<Effect> {
    let events = events(state);
    if let Some(nth) = here(state, &events).after.filter(|nth| *nth < events.len()) {
        to(state, &events, nth);
        return held(state);
    }
    match state.history.played {
        None => {
            let live = state.keys.shown(Action::Pause);
            state.say(format!("no event after this one. {live} goes live"));
        }
        Some(_) if state.history.has_ended() => {
            state.say("no event after this one in the recording");
        }
        Some(_) => {
            let passed = rehearsing::passed(state);
            state.history.seeks = state.look.as_ref().map(|look| look.census.taken_at);
            state.paused = state.history.hold();
            state.say("plays on to the next event; any key stops it");
            return passed.into_iter().chain([Effect::Stand(true), Effect::LookNow]).collect();
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

/// Shows the look of an event, and says which one it is. What a recording still holds is not counted.
fn to(state: &mut State, events: &[Moment], nth: usize) {
    let Some(event) = events.get(nth) else { return };
    let Some(look) = state.history.seek(event) else { return };
    state.paused = Some(look);
    let (app, words) = timeline::told(state, event);
    if state.place.view == View::Timeline {
        state.place.main.key = Some(RowKey::Named(timeline::name(event, &app, &words)));
    }
    let whole = state.history.played.is_none() || state.history.has_ended();
    let of = if whole { format!(" of {}", events.len()) } else { String::new() };
    state.say(format!("event {}{of}: {} {words}", nth + 1, clock(state, event.at)));
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
    if found < events.len() {
        state.history.seeks = None;
        to(state, &events, found);
    } else if state.history.has_ended() {
        state.history.seeks = None;
        state.say("nothing more happened: this is the last look of the recording");
    } else if rehearsing::waits(state) {
        state.history.seeks = None;
        state.message = None;
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

/// What is rehearsed plays to its end, as it would on a machine.
pub(super) fn goes_through(state: &mut State) -> bool {
    let under_way = state.rehearses() && state.under_way.is_some();
    if under_way {
        state.say("what is rehearsed plays to its end; then , and . step through it");
    }
    under_way
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
    let live = state.keys.shown(Action::Pause);
    state.say(format!("{behind} before the newest look. {live} goes live"));
}
