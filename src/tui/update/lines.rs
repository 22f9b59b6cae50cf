//! Keys for the help and for a line of input.

use crossterm::event::{KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

use super::{Effect, act, asking, opening, palette};
use crate::tui::filter::Filter;
use crate::tui::keys::{Action, Key};
use crate::tui::state::{Asked, State};
use crate::tui::views;

/// The keys of the help: it scrolls, searches and closes; whatever else is pressed closes it and acts.
pub(super) fn in_help(state: &mut State, action: Action) -> Vec<Effect> {
    let page = usize::from(state.size.1.saturating_sub(6)).max(1);
    let Some(help) = &mut state.help else { return Vec::new() };
    match action {
        Action::LineDown => help.top += 1,
        Action::LineUp => help.top = help.top.saturating_sub(1),
        Action::PageDown => help.top += page,
        Action::PageUp => help.top = help.top.saturating_sub(page),
        Action::First => help.top = 0,
        Action::Last => help.top = usize::MAX,
        Action::Rule => {
            let at = views::help::marks_at(state);
            if let Some(help) = &mut state.help {
                help.top = at;
            }
        }
        Action::Filter => {
            let text = help.filter.text().to_owned();
            state.line = Some((Asked::Help, Input::new(text)));
        }
        Action::Escape | Action::Back | Action::Help => state.help = None,
        Action::Quit => return asking::quit(state),
        Action::Repaint | Action::Suspend | Action::Mouse => {
            let help = state.help.take();
            let effects = act(state, action);
            state.help = help;
            return effects;
        }
        other => {
            state.help = None;
            return act(state, other);
        }
    }
    let lines = views::help::lines(state, usize::from(state.size.0)).len();
    let room = views::help::room(state);
    if let Some(help) = &mut state.help {
        help.top = help.top.min(lines.saturating_sub(room));
    }
    Vec::new()
}

pub(super) fn key(state: &mut State, event: &KeyEvent, found: Option<Action>) -> Vec<Effect> {
    if let Some(action) = Key::of(event).and_then(|key| super::beside(state, key)) {
        return act(state, action);
    }
    let Some((asked, mut input)) = state.line.take() else { return Vec::new() };
    match found {
        Some(Action::Accept) => {
            match asked {
                Asked::Palette(chosen) => return palette::chosen(state, input.value(), chosen),
                Asked::Path => return opening::file(state, input.value()),
                Asked::Filter | Asked::Help => {}
            }
            if let Err(wrong) = Filter::read(input.value()) {
                state.say(wrong.to_string());
            }
            return Vec::new();
        }
        Some(Action::Abandon) => {
            match asked {
                Asked::Filter => state.filter = Filter::default(),
                Asked::Help => {
                    if let Some(help) = &mut state.help {
                        help.filter = Filter::default();
                    }
                }
                Asked::Palette(_) | Asked::Path => {}
            }
            return Vec::new();
        }
        _ => {
            if let Asked::Palette(chosen) = asked
                && let KeyCode::Up | KeyCode::Down = event.code
            {
                let last = palette::of(input.value()).len().saturating_sub(1);
                let next = match event.code {
                    KeyCode::Up => chosen.saturating_sub(1),
                    _ => (chosen + 1).min(last),
                };
                state.line = Some((Asked::Palette(next), input));
                return Vec::new();
            }
            input.handle_event(&crossterm::event::Event::Key(*event));
        }
    }
    // What cannot be read leaves the last good filter as it is; the line says where it is wrong.
    match (asked, Filter::read(input.value())) {
        (Asked::Filter, Ok(filter)) => state.filter = filter,
        (Asked::Help, Ok(filter)) => {
            if let Some(help) = &mut state.help {
                help.filter = filter;
                help.top = 0;
            }
        }
        _ => {}
    }
    let asked = if let Asked::Palette(_) = asked { Asked::Palette(0) } else { asked };
    state.line = Some((asked, input));
    Vec::new()
}
