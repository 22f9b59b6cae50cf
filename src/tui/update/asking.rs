//! The one door: the menu of operations, the question, and what came of it. Nothing here sends; it asks for it.

use crossterm::event::KeyCode;

use super::paper::copied;
use super::{Effect, conducting, rehearsing, sorting};
use crate::model::{App, Operation, Process};
use crate::os::Pid;
use crate::plans::{self, Given, Refused, course};
use crate::tui::dialog::{Button, DEAF, DISARMS, Dialog, Leave, Menu, Planned, Question, Refusal};
use crate::tui::keys::{Action, Key, Scope};
use crate::tui::place::RowKey;
use crate::tui::place::{FindingId, Subject};
use crate::tui::state::{Look, Rights, State, UnderWay};
use crate::tui::update::moves;
use crate::tui::widgets::pane;

/// Opens the menu of operations on what is selected.
pub(super) fn menu(state: &mut State) {
    let selected = moves::chosen_subject(state).unwrap_or_else(|| state.place.subject.clone());
    let Some(look) = state.shown() else { return };
    let finding = selected_finding(state);
    let app = match &selected {
        Subject::App(id) | Subject::Process(id, _) => look.census.app(id),
        Subject::Finding(finding) => look.census.app(&finding.app),
        Subject::All | Subject::Rule(_) | Subject::Looks => state.app(),
    };
    let Some(app) = app else {
        return state.say("there is no app here to act on");
    };
    let named = match &selected {
        Subject::Process(_, identity) => named(app, identity.0),
        _ => None,
    };
    // What the finding offers is chosen first, else the first line; never what was used last.
    let offered = finding.and_then(|id| state.shown()?.finding(&id)?.offers);
    let menu = Menu {
        app: app.id.clone(),
        named: if finding_is_chosen(state) { None } else { named },
        chosen: offered.or_else(|| Operation::ALL.first().copied()).unwrap_or(Operation::Retire),
        opened: state.now,
    };
    state.dialogs.push(Dialog::Menu(menu));
}

/// A master may be meant by itself; a worker stands for its app.
fn named(app: &App, pid: Pid) -> Option<Pid> {
    app.master(pid).map(|master| master.process.pid)
}

/// Whether the cursor stands on a finding, or one is open.
pub(super) fn finding_is_chosen(state: &State) -> bool {
    selected_finding(state).is_some()
}

fn selected_finding(state: &State) -> Option<FindingId> {
    match (pane::row(state).and_then(|row| row.key), &state.place.subject) {
        (Some(RowKey::Finding(id)), _) => Some(id),
        (_, Subject::Finding(id)) => Some(id.clone()),
        _ => None,
    }
}

/// The plan of a line of the menu, or why it is refused. It is always made from the newest look.
pub fn planned(state: &State, menu: &Menu, operation: Operation) -> Result<Planned, Refused> {
    refused_here(state)?;
    let gone = || Refused::new("the app is not here any more", "Esc closes this");
    let look: &Look = state.look.as_ref().ok_or_else(gone)?;
    let app = look.census.app(&menu.app).ok_or_else(gone)?;
    let (census, verdicts) = (&look.census, &look.verdicts);
    let made = |named| {
        if course::is_course(operation) {
            let wishes = course::Wishes::default();
            let course = course::course(census, verdicts, app, named, operation, &wishes);
            course.map(Planned::from)
        } else {
            let plan = plans::plan(census, verdicts, app, named, operation);
            plan.map(|plan| Planned { plan, course: None })
        }
    };
    // An operation whose receiver follows from the app's state is not bound to the selected master.
    match menu.named {
        Some(pid) => made(Some(pid)).or_else(|_| made(None)),
        None => made(None),
    }
}

/// Why nothing at all is sent from here.
pub fn refused_here(state: &State) -> Result<(), Refused> {
    let stands = match state.rights {
        Rights::Recorded => None,
        // The newest look of a rehearsal is its present, whether it plays or stands.
        Rights::Rehearsed if state.history.is_at_newest() => None,
        _ => state.paused.as_ref(),
    };
    if let Some(look) = stands {
        let at = look.census.taken_at.to_zoned(state.zone.clone()).strftime("%H:%M:%S");
        let (pause, act) = (state.keys.shown(Action::Pause), state.keys.shown(Action::Act));
        let back = if state.rehearses() { "plays on" } else { "goes live" };
        return Err(Refused::new(
            format!("this is {at}, the screen is paused"),
            format!("{pause} {back}; then {act}"),
        ));
    }
    if let Some(under_way) = &state.under_way {
        let way_out = if state.conducts() {
            let (follow, act) =
                (state.keys.shown(Action::View('u')), state.keys.shown(Action::Act));
            format!("{follow} follows it; {act} there stops it where it is")
        } else {
            "it ends by itself, seen or not seen".to_owned()
        };
        return Err(Refused::new(format!("{} is under way", under_way.title), way_out));
    }
    match state.rights {
        Rights::Signals | Rights::Rehearsed => Ok(()),
        Rights::ReadOnly => Err(Refused::new(
            "farrier was started to look only",
            "farrier without --read-only may send",
        )),
        Rights::Unread => Err(Refused::new(
            "a settings file gave no answer, and it may forbid to send",
            "farrier sends again when it is started with that file in reach",
        )),
        Rights::Recorded => Err(Refused::new(
            "this is a recording: no process is behind it",
            "run farrier on the machine itself",
        )),
    }
}

/// A key while a dialog is open. What comes too early was typed at another screen.
pub(super) fn key(state: &mut State, key: Key) -> Vec<Effect> {
    let now = state.now;
    let bound = state.keys.find(key, Scope::Dialog).map(|binding| binding.action);
    if key == (Key { code: KeyCode::Char('c'), ctrl: true }) {
        return close(state);
    }
    if let Some(action) = super::beside(state, key) {
        return super::act(state, action);
    }
    let all = match state.dialogs.last() {
        Some(Dialog::Menu(menu)) => listed(state, menu),
        _ => Vec::new(),
    };
    match state.dialogs.last_mut() {
        Some(Dialog::Menu(menu)) if now.saturating_sub(menu.opened) >= DEAF => match bound {
            Some(Action::ScrollDown | Action::FocusNext) => step(menu, &all, 1),
            Some(Action::ScrollUp | Action::FocusPrevious) => step(menu, &all, -1),
            Some(Action::Press) => return choose(state),
            Some(Action::Cancel) => return close(state),
            _ => {}
        },
        Some(Dialog::Refusal(refusal)) if now.saturating_sub(refusal.opened) >= DEAF => match bound
        {
            Some(Action::Cancel | Action::Press) => return close(state),
            Some(Action::CopyCommand) => {
                let text = refusal.refused.way_out.clone();
                return copied(state, text);
            }
            _ => {}
        },
        Some(Dialog::Sort(_)) => return sorting::key(state, bound),
        Some(Dialog::Halt(halt)) if now.saturating_sub(halt.opened) >= DEAF => {
            return conducting::halting(state, bound);
        }
        Some(Dialog::Question(question)) if now.saturating_sub(question.opened) >= DEAF => {
            question.last_key = now;
            return asked(state, key, bound);
        }
        _ => {}
    }
    Vec::new()
}

/// The lines of the menu: what only a stopped process needs is left out where none is stopped.
pub fn listed(state: &State, menu: &Menu) -> Vec<Operation> {
    let app = state.shown().and_then(|look| look.census.app(&menu.app));
    let stopped = app.is_some_and(|app| app.processes().any(Process::is_stopped));
    let fits = |operation: &Operation| *operation != Operation::Continue || stopped;
    Operation::ALL.iter().copied().filter(fits).collect()
}

/// The next line of the menu.
fn step(menu: &mut Menu, all: &[Operation], step: isize) {
    let at = all.iter().position(|op| *op == menu.chosen).unwrap_or(0);
    let last = all.len().saturating_sub(1);
    if let Some(next) = all.get(at.saturating_add_signed(step).min(last)) {
        menu.chosen = *next;
    }
}

/// Opens the question for the chosen line, or says why there is none.
fn choose(state: &mut State) -> Vec<Effect> {
    let Some(Dialog::Menu(menu)) = state.dialogs.last() else { return Vec::new() };
    let (planned, operation) = (planned(state, menu, menu.chosen), menu.chosen);
    ask(state, planned, operation)
}

/// Opens the question for a plan, or says why there is none.
pub(super) fn ask(
    state: &mut State,
    planned: Result<Planned, Refused>,
    operation: Operation,
) -> Vec<Effect> {
    let opened = state.now;
    match planned {
        Ok(planned) => {
            let first = planned.course.as_ref().map_or(&planned.plan, |course| &course.first);
            let hold = Effect::Hold(Box::new(first.clone()));
            state.dialogs.push(Dialog::Question(Box::new(Question::new(planned, opened))));
            vec![hold]
        }
        Err(refused) => {
            let title = operation.name().to_owned();
            state.dialogs.push(Dialog::Refusal(Refusal { title, refused, opened }));
            Vec::new()
        }
    }
}

/// A key to the question. Where a word is asked for every letter goes into it, so that only Esc cancels.
fn asked(state: &mut State, key: Key, bound: Option<Action>) -> Vec<Effect> {
    let now = state.now;
    let Some(Dialog::Question(question)) = state.dialogs.last_mut() else { return Vec::new() };
    if let (Some(word), false) = (question.word().map(str::to_owned), key.ctrl) {
        match key.code {
            KeyCode::Char(letter) => {
                if question.typed.chars().count() < 64 {
                    question.typed.push(letter);
                }
                question.complete = (question.typed == word).then_some(now);
                return Vec::new();
            }
            KeyCode::Backspace => {
                question.typed.pop();
                question.complete = (question.typed == word).then_some(now);
                return Vec::new();
            }
            _ => {}
        }
        if question.complete.is_some() && !question.worded(now) && key.code != KeyCode::Esc {
            return Vec::new();
        }
    }
    match bound {
        Some(Action::FocusNext | Action::FocusPrevious) => {
            let may = question.worded(now) && question.held;
            question.focus = match question.focus {
                Button::Cancel if may => Button::Send,
                _ => Button::Cancel,
            };
        }
        Some(Action::ScrollDown) => question.top += 1,
        Some(Action::ScrollUp) => question.top = question.top.saturating_sub(1),
        Some(Action::CopyCommand) => {
            let command = question.plan.by_hand.clone();
            return copied(state, command);
        }
        Some(Action::Press) if question.is_armed(now) => return send(state),
        Some(Action::Press) if question.focus == Button::Send => {}
        Some(Action::Press | Action::Cancel) => return close(state),
        _ => {}
    }
    Vec::new()
}

/// Asks for the signal to be sent. The whole stack closes: the outcome stands in the message line.
fn send(state: &mut State) -> Vec<Effect> {
    let Some(Dialog::Question(question)) = state.dialogs.pop() else { return Vec::new() };
    let given = match question.word() {
        Some(_) => Given::Word(question.typed.clone()),
        None => Given::Button,
    };
    state.dialogs.clear();
    let Question { plan, course, .. } = *question;
    let mut effects = Vec::new();
    if let Some(script) = state.script.clone().filter(|_| state.rehearses()) {
        if !script.answers(plan.signal, plan.target) {
            state.say(rehearsing::elsewhere(&script, &plan));
            return vec![Effect::LetGo];
        }
        effects.extend(rehearsing::plays_on(state));
    }
    state.under_way = Some(UnderWay {
        title: plan.title.clone(),
        app: plan.app.clone(),
        target: (plan.target, plan.started),
        told: None,
        leaving: false,
    });
    match course {
        Some(course) => effects.extend(conducting::begin(state, course, given)),
        None => effects.push(Effect::Send(given)),
    }
    effects
}

/// Closes the top dialog; a held process is let go.
pub(super) fn close(state: &mut State) -> Vec<Effect> {
    match state.dialogs.pop() {
        Some(Dialog::Question(_)) => {
            state.say("nothing was sent");
            vec![Effect::LetGo]
        }
        _ => Vec::new(),
    }
}

/// The plan's process is held from now on.
pub(super) fn held(state: &mut State) {
    if let Some(Dialog::Question(question)) = state.dialogs.last_mut() {
        question.held = true;
    }
}

/// Something turned while the question stood: it closes, nothing is sent. So does the menu that led to it, which would
/// stand on the line that says why.
pub(super) fn turned(state: &mut State, refused: &Refused) {
    if state.dialogs.iter().any(|dialog| matches!(dialog, Dialog::Question(_))) {
        state.dialogs.clear();
    }
    state.say(format!("Not sent: {}. {}", refused.reason, refused.way_out));
}

/// Each look asks whether the plan of an open question still stands.
pub(super) fn recheck(state: &State) -> Vec<Effect> {
    let open = state.dialogs.iter().any(|dialog| matches!(dialog, Dialog::Question(_)));
    if open { vec![Effect::Recheck] } else { Vec::new() }
}

/// Gives every question's focus back to Cancel.
pub(super) fn disarm(state: &mut State) {
    for dialog in &mut state.dialogs {
        if let Dialog::Question(question) = dialog {
            question.disarm();
        }
    }
}

/// An armed button disarms itself some time after the last key.
pub(super) fn expire(state: &mut State) {
    let now = state.now;
    for dialog in &mut state.dialogs {
        if let Dialog::Question(question) = dialog
            && (question.focus == Button::Send || !question.typed.is_empty())
            && now.saturating_sub(question.last_key) >= DISARMS
        {
            question.disarm();
        }
    }
}

/// Leaves. While a signal is watched the first press only says so.
pub(super) fn quit(state: &mut State) -> Vec<Effect> {
    if state.conducts() {
        conducting::halt(state, Leave::Program);
        return Vec::new();
    }
    let Some(under_way) = &mut state.under_way else { return vec![Effect::Quit] };
    let told = under_way.told.clone().unwrap_or_else(|| "nothing was told of it yet".into());
    let line = format!("{}: {told}", under_way.title);
    let quit = state.keys.shown(Action::Quit);
    if !under_way.leaving {
        under_way.leaving = true;
        state.say(format!("{line}. What comes of it is being watched; {quit} again leaves"));
        return Vec::new();
    }
    state.remember(format!("{line}. What came of it was not watched to its end"));
    vec![Effect::Quit]
}
