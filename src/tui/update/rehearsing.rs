//! A rehearsal: what is asked for is compared with what was done while the recording was taken.

use super::Effect;
use crate::os::Mark;
use crate::plans::Plan;
use crate::tui::keys::Action;
use crate::tui::rehearsal::Script;
use crate::tui::state::State;

/// Words about something that would have been sent.
pub(super) fn said(words: &str) -> String {
    format!("rehearsed: {words}")
}

/// What is said of a signal that was not sent while the recording was taken.
pub(super) fn elsewhere(script: &Script, plan: &Plan) -> String {
    let signal = plan.signal.as_str().trim_start_matches("SIG");
    let course = script.next().map_or_else(|| "none any more".into(), course);
    let would = said(&format!("{signal} to {} would go now", plan.target));
    format!("{would}; the recording has another: {course}")
}

/// What was done next, in the words in which it is asked for.
fn course(mark: &Mark) -> String {
    let Some(pid) = mark.pid else { return "something by hand".into() };
    match &*mark.signal {
        "QUIT" => format!("retire {pid}"),
        "USR2" => format!("upgrade, by {pid}"),
        other => format!("{other} to {pid}"),
    }
}

/// What the recording waits for, a sentence.
pub fn prompt(state: &State) -> Option<String> {
    let script = state.script.as_ref().filter(|_| state.history.is_at_newest())?;
    let key = |action| state.keys.shown(action);
    if state.history.has_ended() {
        let (back, event) = (key(Action::LookBack), key(Action::EventBack));
        return Some(format!("the recording ends here: {back} and {event} step back through it"));
    }
    let waiting = script.waits_for()?;
    let (act, on) = (key(Action::Act), key(Action::Pause));
    Some(match (&*waiting.signal, waiting.pid) {
        (_, None) => format!("{on} plays on: {}", waiting.said),
        ("USR2", _) => {
            let plan = key(Action::View('u'));
            format!(
                "the recording waits for the upgrade: {plan}, then {act}. {on} plays on without it"
            )
        }
        _ => {
            let course = course(waiting);
            format!("the recording waits: {act}, then {course}. {on} plays on without it")
        }
    })
}

/// Lets the recording go on, from its newest look.
pub(super) fn plays_on(state: &mut State) -> Vec<Effect> {
    state.paused = None;
    state.history.close();
    vec![Effect::Stand(false)]
}

/// Goes past what the recording waits for, if it waits.
pub(super) fn passed(state: &mut State) -> Vec<Effect> {
    if !waits(state) {
        return Vec::new();
    }
    let mut effects = plays_on(state);
    effects.push(Effect::GoOn);
    effects
}

/// Whether the recording waits for something, and its newest look is shown.
pub(super) fn waits(state: &State) -> bool {
    let waits = state.script.as_ref().is_some_and(|script| script.waits_for().is_some());
    waits && state.history.is_at_newest()
}
