//! The last two lines: what just happened, or one sentence about the selected row; and the keys.

use ratatui::text::Line;

use super::cells::Cells;
use crate::show::words::width;
use crate::tui::dialog::Dialog;
use crate::tui::keys::{self, Action};
use crate::tui::layout;
use crate::tui::place::View;
use crate::tui::state::{Asked, State};
use crate::tui::theme::Tone;
use crate::tui::update::offers::Here;
use crate::tui::{tour, update, views, widgets::pane};

/// The message line.
pub fn message(state: &State, columns: usize) -> Line<'static> {
    let cells = Cells::new(state.theme, columns);
    if let Some((asked, input)) = &state.line {
        let sign = match asked {
            Asked::Filter | Asked::Help => "/",
            Asked::Palette(_) => ":",
            Asked::Path => "file ",
        };
        let value = crate::os::text::escaped(input.value().as_bytes());
        let room = columns.saturating_sub(3 + width(sign));
        let skip = width(&value).saturating_sub(room);
        let tail: String = value.chars().skip(skip).collect();
        let cells =
            cells.to(1).text(sign, Tone::Strong).text(&tail, Tone::Plain).text("_", Tone::Select);
        let note = pane::line_note(state, *asked);
        return if width(&note) + cells.at() + 3 < columns {
            cells.end(&note, Tone::Quiet)
        } else {
            cells
        }
        .line();
    }
    let fresh = state.message.as_ref().filter(|_| state.dialogs.is_empty());
    // A question that was opened by hand has the line for itself.
    let led = tour::line(state, columns.saturating_sub(1)).filter(|_| update::tours(state));
    if let Some(words) = led.filter(|_| fresh.is_none()) {
        return cells.to(1).text(&words, Tone::Strong).line();
    }
    let rests = state.dialogs.is_empty() && state.under_way.is_none();
    // The row below the help has nothing to say over it.
    if state.help.is_some() && rests && state.message.is_none() {
        return Line::default();
    }
    let words = match (&state.message, &state.under_way, state.dialogs.last()) {
        (Some(message), _, None) => message.words.clone(),
        (_, _, Some(Dialog::Question(question))) if question.word().is_some() => {
            "Armed, the button stays so for 10 s after the last key. A paste does not count".into()
        }
        (_, _, Some(Dialog::Question(_))) if state.rehearses() => {
            "A rehearsal: the button sends nothing, the recording answers as the box did".into()
        }
        (_, _, Some(Dialog::Question(_))) => {
            "Facts re-read every second; if one turns, this closes and nothing is sent".into()
        }
        (_, _, Some(Dialog::Halt(_))) => "It goes on while this is asked".into(),
        (_, _, Some(Dialog::Refusal(_))) => "Nothing was sent".into(),
        (_, _, Some(Dialog::Sort(_))) => {
            "The column that it is sorted by already turns round".into()
        }
        (_, _, Some(_)) => "Enter shows the plan of a line, or why it is refused".into(),
        (None, Some(_), None) if state.place.view == View::Upgrade => resting(state, columns),
        (None, Some(under_way), None) => {
            format!("{}: what comes of it is being watched", under_way.title)
        }
        (None, None, None) => update::prompt(state).unwrap_or_else(|| resting(state, columns)),
    };
    cells.to(1).text(&words, Tone::Plain).line()
}

/// What stands there when nothing else has to be said: a sentence about the selected row, and what differs from a moment
/// that was chosen. Where there is no room for both, what differs.
fn resting(state: &State, columns: usize) -> String {
    let about = pane::about(state);
    let Some(baseline) = &state.changes.baseline else { return about };
    let differs = baseline.words(state);
    // The cursor's own mark stands where that of its row would.
    let key = pane::row(state).and_then(|row| row.key);
    let sign = key.and_then(|key| baseline.sign(state, state.place.focus, &key));
    let about = match sign {
        Some('+') => format!("came: {about}"),
        Some(_) => format!("went: {about}"),
        None => about,
    };
    let between = columns.saturating_sub(width(&about) + width(&differs) + 2);
    if about.is_empty() || between < 3 {
        return if state.filter.is_empty() { differs } else { about };
    }
    format!("{about}{}{differs}", " ".repeat(between))
}

/// The keys of what is open, most useful first, cut at whole entries; help is always last.
pub fn keys(state: &State, columns: usize) -> Line<'static> {
    let actions: &[Action] = if state.line.is_some() {
        &[Action::Accept, Action::Abandon]
    } else if let Some(Dialog::Halt(_) | Dialog::Sort(_)) = state.dialogs.last() {
        &[Action::FocusNext, Action::Press, Action::Cancel]
    } else if !state.dialogs.is_empty() {
        &[Action::FocusNext, Action::Press, Action::Cancel, Action::ScrollDown, Action::CopyCommand]
    } else if layout::size(state.size) <= layout::Size::Tiny && state.place.view == View::Hosts {
        &[Action::Open, Action::LineDown, Action::Back, Action::Quit]
    } else if layout::size(state.size) <= layout::Size::Tiny {
        &[Action::Act, Action::LineDown, Action::Plain, Action::Quit]
    } else if state.help.is_some() {
        &[Action::Filter, Action::LineDown, Action::Rule, Action::Back, Action::Escape]
    } else if views::welcome::is_shown(state) {
        views::welcome::KEYS
    } else {
        views::keys(state)
    };
    let asks = match state.dialogs.last() {
        Some(Dialog::Question(question)) => Some(question.word().is_some()),
        _ => None,
    };
    let last = (layout::size(state.size) > layout::Size::Tiny
        && state.line.is_none()
        && state.dialogs.is_empty()
        && state.help.is_none())
    .then_some(Action::Help);
    let entry = |action: &Action| {
        match (asks, action) {
            // Where a word is asked for, every letter goes into it.
            (Some(true), Action::CopyCommand) => return ("letters".into(), "fill the word"),
            (Some(true), Action::ScrollDown) => return ("Up Down".into(), "scroll"),
            (Some(false), Action::ScrollDown) if &*state.keys.shown(*action) == "Down" => {
                return ("j/k".into(), "scroll");
            }
            _ => {}
        }
        if state.help.is_some() && state.dialogs.is_empty() && state.line.is_none() {
            let shown = state.keys.shown(*action);
            match action {
                Action::Filter => return (shown, "search"),
                Action::LineDown => {
                    return (format!("{shown}/{}", state.keys.shown(Action::LineUp)), "scroll");
                }
                Action::Rule => return (shown, "marks and words"),
                _ => {}
            }
        }
        if *action == Action::LookBack {
            let both = [Action::LookBack, Action::LookForward].map(|key| state.keys.shown(key));
            return (both.join(" "), "history");
        }
        let usual = keys::of(*action).map_or("", |binding| binding.hint);
        let own = last.and_then(|_| views::hint(state, *action));
        let hint = if usual.is_empty() { usual } else { own.unwrap_or(usual) };
        (state.keys.shown(*action), hint)
    };
    let room = |text: &(String, &str)| width(&text.0) + 1 + width(text.1);
    // Leaving stands behind the help.
    let quits = last.is_some() && actions.contains(&Action::Quit);
    let end: Vec<_> = last.iter().chain(quits.then_some(&Action::Quit)).map(entry).collect();
    let reserved = end.iter().map(|(key, hint)| width(key) + 1 + width(hint) + 2).sum::<usize>();
    let mut cells = Cells::new(state.theme, columns).to(1);
    let here = last.is_some().then(|| Here::of(state));
    let offered = |action: &&Action| here.as_ref().is_none_or(|here| here.offers(state, **action));
    if update::tours(state) {
        for (key, words) in [("Enter", "next of the tour"), ("Esc", "ends it")] {
            cells = cells.text(key, Tone::Strong).text(" ", Tone::Plain).text(words, Tone::Plain);
            cells = cells.text("  ", Tone::Plain);
        }
    }
    let before = actions.iter().filter(|action| !quits || **action != Action::Quit);
    for item in before.filter(offered).map(entry) {
        let tours_key = update::tours(state) && matches!(&*item.0, "Enter" | "Esc");
        if item.1.is_empty() || tours_key || cells.at() + room(&item) + reserved >= columns {
            continue;
        }
        cells = cells.text(&item.0, Tone::Strong).text(" ", Tone::Plain).text(item.1, Tone::Plain);
        cells = cells.text("  ", Tone::Plain);
    }
    for (at, (key, hint)) in end.iter().enumerate() {
        cells = cells.text(if at > 0 { "  " } else { "" }, Tone::Plain).text(key, Tone::Strong);
        cells = cells.text(" ", Tone::Plain).text(hint, Tone::Plain);
    }
    cells.line()
}
