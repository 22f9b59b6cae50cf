//! An operation of several steps: its view, its start, and the question before it is left alone.

use super::{Effect, asking, moves};
use crate::contract::quote;
use crate::model::takeover::takeover;
use crate::model::{AppId, Census, Operation};
use crate::os::Pid;
use crate::plans::Given;
use crate::plans::course::Course;
use crate::tui::dialog::{Dialog, Halt, Leave, Menu};
use crate::tui::keys::Action;
use crate::tui::passage::{Ending, Passage};
use crate::tui::place::{Cursor, Subject, View};
use crate::tui::state::State;
use crate::tui::views::upgrade::step_key;

/// Opens the view. What ended is shown until it is asked for once more there: then the plan of the next one is.
pub(super) fn open(state: &mut State, about: Subject) {
    if state.place.view == View::Upgrade && !state.conducts() {
        state.passage = None;
        state.place.main = Cursor::default();
        return;
    }
    let subject = match (&state.passage, about) {
        (Some(passage), _) if passage.is_running() => Subject::App(passage.course.app.clone()),
        (_, Subject::App(id) | Subject::Process(id, _)) => Subject::App(id),
        (_, Subject::Finding(finding)) => Subject::App(finding.app),
        (_, about) => state.app().map_or(about, |app| Subject::App(app.id.clone())),
    };
    moves::go(state, View::Upgrade, subject, None);
}

/// `a` in the view: asks before the plan is carried out, or before it is stopped; after its end the menu.
pub(super) fn act(state: &mut State) -> Vec<Effect> {
    if state.conducts() {
        halt(state, Leave::Operation);
        return Vec::new();
    }
    let ending = state.conducted().and_then(Passage::ending);
    let Some(app) = state.app().map(|app| app.id.clone()) else {
        state.say("there is no app here to act on");
        return Vec::new();
    };
    let opened = state.now;
    let menu = |chosen| Menu { app: app.clone(), named: None::<Pid>, chosen, opened };
    match ending {
        // Below a refusal stand the findings that explain it.
        None if asking::finding_is_chosen(state) => {
            asking::menu(state);
            Vec::new()
        }
        None => {
            let planned = asking::planned(state, &menu(Operation::Upgrade), Operation::Upgrade);
            asking::ask(state, planned, Operation::Upgrade)
        }
        Some(ending) => {
            let chosen = match ending {
                Ending::Stuck | Ending::Stopped | Ending::Unknown => Operation::Rollback,
                _ => Operation::Upgrade,
            };
            state.dialogs.push(Dialog::Menu(menu(chosen)));
            Vec::new()
        }
    }
}

/// It was confirmed: its steps are shown as they come true.
pub(super) fn begin(state: &mut State, course: Course, given: Given) -> Vec<Effect> {
    let at = state.look.as_ref().map_or(jiff::Timestamp::UNIX_EPOCH, |look| look.census.taken_at);
    let subject = Subject::App(course.app.clone());
    let mut passage = Passage::new(course.clone(), state.now, at);
    passage.last = state.look.as_ref().and_then(|look| loaded_in(&look.census, &course.app));
    state.passage = Some(passage);
    if state.place.view == View::Upgrade {
        state.place.subject = subject;
    } else {
        moves::go(state, View::Upgrade, subject, None);
    }
    state.place.main = Cursor { key: Some(step_key(1)), ..Cursor::default() };
    vec![Effect::Carry(Box::new(course), given)]
}

/// How long the master that serves took to be ready, in seconds.
fn loaded_in(census: &Census, app: &AppId) -> Option<u64> {
    let told = takeover(census.app(app)?, census)?;
    u64::try_from(told.ready?.duration_since(told.began).as_secs()).ok()
}

/// Asks whether it is left alone.
pub(super) fn halt(state: &mut State, leave: Leave) {
    let opened = state.now;
    state.dialogs.push(Dialog::Halt(Halt { leave, armed: false, opened }));
}

/// A key to that question.
pub(super) fn halting(state: &mut State, bound: Option<Action>) -> Vec<Effect> {
    let Some(Dialog::Halt(halt)) = state.dialogs.last_mut() else { return Vec::new() };
    match bound {
        Some(Action::FocusNext | Action::FocusPrevious) => halt.armed = !halt.armed,
        Some(Action::Press) if halt.armed => {
            let leave = halt.leave;
            state.dialogs.clear();
            return left(state, leave);
        }
        Some(Action::Press | Action::Cancel) => {
            state.dialogs.pop();
        }
        _ => {}
    }
    Vec::new()
}

fn left(state: &mut State, leave: Leave) -> Vec<Effect> {
    let Some(passage) = &mut state.passage else { return Vec::new() };
    passage.stopping = true;
    match leave {
        Leave::Operation => {
            state.say("it stops here: nothing more is sent");
            vec![Effect::Break]
        }
        Leave::Program => {
            let step = passage.step().map(|step| step.name.clone()).unwrap_or_default();
            let title = &passage.course.title;
            let line = format!(
                "{title}: left in step {}, {step}. Nothing more was sent; {} follows it on",
                passage.position(),
                quote::farrier("watch", &passage.course.app)
            );
            state.remember(line);
            vec![Effect::Break, Effect::Quit]
        }
    }
}
