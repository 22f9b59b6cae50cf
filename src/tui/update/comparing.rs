//! `m` and `d`: one process is marked, another is shown beside it.

use super::moves;
use crate::tui::baseline::Baseline;
use crate::tui::keys::Action;
use crate::tui::members::same;
use crate::tui::place::{Subject, View};
use crate::tui::state::State;

/// The process that is meant: the selected one, an app's current master, else that of the open view.
fn meant(state: &State) -> Option<Subject> {
    let of_app = |id| {
        let app = state.shown()?.census.app(id)?;
        let master = app.current_master().or_else(|| app.masters.first())?;
        Some(Subject::Process(id.clone(), master.process.identity()))
    };
    match moves::chosen_subject(state) {
        Some(process @ Subject::Process(..)) => return Some(process),
        Some(Subject::App(id)) => return of_app(&id),
        _ => {}
    }
    let member = state.member()?;
    Some(Subject::Process(member.app.clone(), member.process.identity()))
}

/// Marks the process that is meant; the marked one again takes the mark away.
pub(super) fn mark(state: &mut State) {
    let Some(Subject::Process(_, identity)) = meant(state) else {
        return state.say("there is no process here to mark");
    };
    let pid = identity.0;
    if state.mark.is_some_and(|marked| same(marked, identity)) {
        state.mark = None;
        return state.say(format!("{pid} is not marked any more"));
    }
    state.mark = Some(identity);
    let diff = state.keys.shown(Action::Diff);
    state.say(format!("{pid} is marked; {diff} on another process shows what differs"));
}

/// From now on all that differs is marked; the same again ends it.
pub(super) fn baseline(state: &mut State) {
    if let Some(baseline) = state.changes.baseline.take() {
        return state.say(format!("{}; not marked any more", baseline.words(state)));
    }
    let Some(look) = state.shown().cloned() else {
        return state.say("nothing is shown yet that could be compared with");
    };
    state.changes.baseline = Some(Box::new(Baseline::new(look, state.opens.clone())));
    let ends = state.keys.shown(Action::Baseline);
    state.say(format!(
        "from now on what differs is underlined, + came, × went; {ends} again ends it"
    ));
}

/// Shows what differs between the marked process and the one that is meant.
pub(super) fn diff(state: &mut State) {
    let Some(marked) = state.mark else {
        let (mark, diff) = (state.keys.shown(Action::Mark), state.keys.shown(Action::Diff));
        return state.say(format!(
            "no process is marked: {mark} marks the selected one, then {diff} on another"
        ));
    };
    let Some(Subject::Process(app, identity)) = meant(state) else {
        return state.say("there is no process here to compare");
    };
    if same(marked, identity) {
        let diff = state.keys.shown(Action::Diff);
        return state.say(format!("{} is the marked one: choose another, then {diff}", identity.0));
    }
    moves::go(state, View::Diff, Subject::Process(app, identity), None);
}
