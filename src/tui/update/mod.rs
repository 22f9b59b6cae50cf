//! The one function that changes the state. What has to be done outside it is returned, not done.

mod asking;
mod comparing;
mod conducting;
mod hearing;
mod lines;
mod looks;
mod manner;
mod mouse;
mod moves;
pub mod offers;
mod opening;
pub mod palette;
mod paper;
mod rehearsing;
mod settling;
mod sorting;
mod time;
mod touring;

pub use asking::{listed, planned, refused_here};
pub use rehearsing::prompt;
pub use touring::tours;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;
use tui_input::Input;

use self::settling::settle;
use super::hosts::{Hosts, Summary};
use super::keys::{Action, Key, Scope};
use super::opening::Wanted;
use super::place::{Pane, Subject, View};
use super::state::{Asked, Help, Reveal, State};
use super::{baseline, changes, filter::Filter, layout, widgets::pane};
use crate::contract::Verdicts;
use crate::facts::Lack;
use crate::facts::opens::Opens;
use crate::model::Census;
use crate::os::Pid;
use crate::plans::course::Course;
use crate::plans::{Given, Outcome, Plan, Refused, runner};

/// What happens to the inspector.
#[derive(Debug)]
pub enum Event {
    /// A key.
    Key(KeyEvent),
    /// The mouse, while it is farrier's.
    Mouse(MouseEvent),
    /// The terminal has another size.
    Resize(u16, u16),
    /// A look came, and the time until the next.
    Look(Arc<Census>, Arc<Verdicts>, Duration),
    /// A look came that was taken for the operation under way.
    Looked(Arc<Census>, Arc<Verdicts>),
    /// Time went by.
    Tick,
    /// farrier goes on after it was suspended.
    Resumed,
    /// What a process has open and mapped was read.
    Opens(Pid, Result<Opens, Lack>),
    /// The plan's process is held.
    Held,
    /// The plan does not stand any more, or its process cannot be held.
    Turned(Refused),
    /// The signal was sent, or something was seen after it, in a look that was taken then.
    Told(Timestamp, runner::Event),
    /// The signal was sent: what for, and what came of it, by a look that was taken then.
    Came(Timestamp, String, Outcome),
    /// What was to be opened cannot be; why.
    Unopened(String),
    /// The file of a machine was read.
    Host(usize, Result<Summary, String>),
}

/// What has to be done outside the state.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// End.
    Quit,
    /// Show this in place of what is shown.
    Open(Wanted),
    /// Look now.
    LookNow,
    /// Read at each look what these processes have open, and no others.
    Focus(Vec<Pid>),
    /// Play no further look of the recording until it is asked for, or play on.
    Stand(bool),
    /// Go on with the rehearsal, although what it waits for was not done.
    GoOn,
    /// Send this to the terminal's clipboard.
    Copy(String),
    /// Show this as text on the normal screen until a key is pressed.
    Plain(String),
    /// Draw every cell anew.
    Repaint,
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    /// Stop, as the shell's job control wants it.
    Suspend,
    /// Hold the plan's process.
    Hold(Box<Plan>),
    /// Let it go.
    LetGo,
    /// See whether the plan still stands.
    Recheck,
    /// Send what is held.
    Send(Given),
    /// Carry out the course of which it is the first signal.
    Carry(Box<Course>, Given),
    /// Send nothing more of it.
    Break,
}

/// Takes one event in.
pub fn update(state: &mut State, now: Duration, event: Event) -> Vec<Effect> {
    state.now = now;
    let mut effects = expire(state);
    let pressed = matches!(event, Event::Key(_) | Event::Mouse(_));
    match event {
        Event::Key(key) => effects.extend(key_pressed(state, &key)),
        Event::Mouse(event) => effects.extend(mouse::pointed(state, event)),
        Event::Resize(columns, rows) => state.size = (columns, rows),
        Event::Look(census, verdicts, period) => {
            let before = changes::texts(state);
            effects.extend(looks::arrived(state, census, verdicts, period));
            changes::looked(state, before);
        }
        // Of a rehearsal all looks come from the one who plays it.
        Event::Looked(..) if state.rehearses() => {}
        Event::Looked(census, verdicts) => {
            let (period, before) = (state.period, changes::texts(state));
            effects.extend(looks::arrived(state, census, verdicts, period));
            changes::looked(state, before);
        }
        Event::Tick => return effects,
        Event::Resumed => {
            asking::disarm(state);
            effects.extend([Effect::Repaint, Effect::LookNow]);
        }
        Event::Opens(pid, opens) => {
            if let Some(baseline) = &mut state.changes.baseline {
                baseline.opened(pid, &opens);
            }
            state.opens.insert(pid, opens);
        }
        Event::Held => asking::held(state),
        Event::Turned(refused) => asking::turned(state, &refused),
        Event::Told(at, event) => effects.extend(hearing::told(state, at, event)),
        Event::Came(at, title, outcome) => {
            hearing::came(state, at, &title, &outcome);
            effects.push(Effect::LookNow);
        }
        Event::Unopened(why) => state.say(why),
        Event::Host(number, told) => opening::told(state, number, told),
    }
    sorting::keep(state, pressed);
    baseline::renew(state);
    settle(state);
    let wanted = wanted(state);
    if wanted != state.focused {
        state.opens.retain(|pid, _| wanted.contains(pid));
        state.focused.clone_from(&wanted);
        effects.push(Effect::Focus(wanted));
    }
    effects
}

/// The processes whose files the open view shows.
fn wanted(state: &State) -> Vec<Pid> {
    let marked = || state.mark.and_then(|identity| state.member_of(identity));
    let shown = match state.place.view {
        View::Libraries | View::Files => [state.member(), None],
        View::Diff if state.place.subject == Subject::Looks => [None, None],
        View::Diff => [state.member(), marked()],
        _ => [None, None],
    };
    let alive = shown.into_iter().flatten().filter(|member| member.ended.is_none());
    alive.map(|member| member.process.pid).collect()
}

/// Lets go what has had its time.
fn expire(state: &mut State) -> Vec<Effect> {
    if state.message.as_ref().is_some_and(|message| message.until <= state.now) {
        state.message = None;
    }
    if let Reveal::Shown(_, until) = &state.reveal
        && *until <= state.now
    {
        state.reveal = Reveal::OnKey;
    }
    state.changes.expire(state.now);
    let selected = pane::row(state).and_then(|row| row.key);
    looks::bury(state, selected.as_ref());
    asking::expire(state);
    Vec::new()
}

/// The scope that a key is looked up in.
pub fn scope(state: &State) -> Scope {
    if state.line.is_some() {
        Scope::Line
    } else if !state.dialogs.is_empty() {
        Scope::Dialog
    } else if state.place.focus == Pane::Tree {
        Scope::Tree
    } else if state.place.view == View::Environment {
        Scope::Environment
    } else {
        Scope::All
    }
}

/// What a key with Ctrl does whatever is open above the views: it repaints or suspends.
fn beside(state: &State, key: Key) -> Option<Action> {
    let action = state.keys.find(key, Scope::All).filter(|_| key.ctrl)?.action;
    matches!(action, Action::Repaint | Action::Suspend).then_some(action)
}

fn key_pressed(state: &mut State, event: &KeyEvent) -> Vec<Effect> {
    let Some(key) = Key::of(event) else { return Vec::new() };
    if let Some(effects) = touring::key(state, key) {
        settle(state);
        return effects;
    }
    state.history.seeks = None;
    state.hosts.iter_mut().for_each(Hosts::touch);
    if !state.dialogs.is_empty() {
        // What is not on the screen is cancelled, never answered.
        let bound = state.keys.find(key, Scope::Dialog).map(|binding| binding.action);
        let drawn = layout::size(state.size) >= layout::Size::Tiny;
        return if drawn || bound == Some(Action::Cancel) {
            asking::key(state, key)
        } else {
            Vec::new()
        };
    }
    let found = state.keys.find(key, scope(state)).map(|binding| binding.action);
    if state.line.is_some() {
        return lines::key(state, event, found);
    }
    let Some(action) = found else {
        let help = state.keys.shown(Action::Help);
        state.say(format!("{key} does nothing here. {help} shows the keys"));
        return Vec::new();
    };
    if action != Action::Repaint {
        state.message = None;
    }
    act(state, action)
}

/// Carries out an action. The compiler asks for an arm for each.
pub fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if !layout::fits(state, action) {
        state.say(format!("a window of {} or more shows this", layout::VIEWS_FROM));
        return Vec::new();
    }
    if state.help.is_some() {
        return lines::in_help(state, action);
    }
    match action {
        Action::LineDown => moves::by(state, 1),
        Action::LineUp => moves::by(state, -1),
        Action::PageDown => moves::page(state, 1),
        Action::PageUp => moves::page(state, -1),
        Action::First => moves::first(state),
        Action::Last => moves::last(state),
        Action::Fold => moves::fold(state),
        Action::Unfold => moves::unfold(state),
        Action::Toggle => moves::toggle(state),
        Action::FoldAll => moves::fold_all(state, true),
        Action::UnfoldAll => moves::fold_all(state, false),
        Action::NextPane | Action::PreviousPane => moves::other_pane(state),
        Action::Open => {
            if let Some(number) = opening::chosen(state) {
                return opening::host(state, number);
            }
            if let Some(action) = moves::open(state) {
                return act(state, action);
            }
        }
        Action::Act | Action::View(_) | Action::NextFinding | Action::PreviousFinding
            if opening::is_elsewhere(state) => {}
        Action::Back | Action::Escape if opening::leads_home(state, action) => {
            return opening::open(state, Wanted::Home);
        }
        Action::Back if opening::leads_to_hosts(state) => opening::hosts(state),
        Action::Back => moves::back(state),
        Action::Escape => escape(state),
        Action::NextFinding => moves::finding(state, 1),
        Action::PreviousFinding => moves::finding(state, -1),
        Action::View(key) => moves::view(state, key),
        Action::Rule => moves::rule(state),
        Action::Help => state.help = Some(Help::default()),
        Action::Palette => state.line = Some((Asked::Palette(0), Input::default())),
        Action::Demo => return opening::open(state, Wanted::Demo),
        Action::Tour => return touring::begin(state),
        Action::Hosts => opening::hosts(state),
        Action::OpenFile => state.line = Some((Asked::Path, Input::default())),
        Action::Filter => {
            state.line = Some((Asked::Filter, Input::new(state.filter.text().to_owned())));
        }
        Action::Sort => sorting::menu(state),
        Action::Mark => comparing::mark(state),
        Action::Diff => comparing::diff(state),
        Action::OnlyFlagged | Action::Zoom | Action::Wrap => manner::shown_otherwise(state, action),
        Action::ReadAgain => {
            state.say("reading again");
            return vec![Effect::LookNow];
        }
        Action::Pause
        | Action::LookBack
        | Action::LookForward
        | Action::EventBack
        | Action::EventForward
            if time::goes_through(state) => {}
        Action::Pause => return settled(state, time::pause),
        Action::LookBack => return settled(state, time::back),
        Action::LookForward => return settled(state, time::forward),
        Action::Baseline => comparing::baseline(state),
        Action::EventBack => return settled(state, time::event_back),
        Action::EventForward => return settled(state, time::event_forward),
        Action::Reveal => manner::reveal(state),
        Action::Copy => return paper::copy(state),
        Action::Plain => return vec![Effect::Plain(paper::plain(state))],
        Action::Repaint => return vec![Effect::Repaint],
        Action::Mouse => return mouse::turn(state),
        Action::Suspend if state.conducts() => {
            let act = state.keys.shown(Action::Act);
            state.say(format!(
                "not suspended: farrier carries out an operation. {act} stops it where it is"
            ));
        }
        Action::Suspend => {
            asking::disarm(state);
            return vec![Effect::Suspend];
        }
        Action::Quit => return asking::quit(state),
        Action::Act if state.place.view == View::Upgrade => return conducting::act(state),
        Action::Act => asking::menu(state),
        Action::FocusNext
        | Action::FocusPrevious
        | Action::Press
        | Action::Cancel
        | Action::ScrollDown
        | Action::ScrollUp
        | Action::CopyCommand
        | Action::Accept
        | Action::Abandon => {}
    }
    settle(state);
    Vec::new()
}

/// Esc: the filter goes first, then one place back; at the Overview nothing.
fn escape(state: &mut State) {
    if !state.filter.is_empty() {
        state.filter = Filter::default();
    } else if state.place.view != View::Overview {
        moves::back(state);
    }
}

/// A change that shows another look: the cursors have to find their rows in it.
fn settled(state: &mut State, change: fn(&mut State) -> Vec<Effect>) -> Vec<Effect> {
    let effects = change(state);
    settle(state);
    effects
}
