//! Help: all keys, from the table, with what they do in the view below; and what the marks mean.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::show::words::{self, Mark, width};
use crate::tui::bound::Keys;
use crate::tui::filter::Subject as Words;
use crate::tui::keys::{Action, BINDINGS, Binding, Group, Reach, Scope};
use crate::tui::state::{Help, Rights, State};
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, plain};
use crate::tui::widgets::headline::rule;
use crate::tui::widgets::pane::put;

/// What each mark means.
pub const MARKS: &[(Mark, &str)] = &[
    (Mark::Critical, "critical"),
    (Mark::Warning, "warning"),
    (Mark::Info, "info"),
    (Mark::Fine, "fine"),
    (Mark::Unknown, "unknown"),
    (Mark::Hidden, "hidden"),
    (Mark::Follows, "follows from the row above"),
    (Mark::Ghost, "gone"),
    (Mark::AtLeast, "at least: a part was not read"),
];

/// What the words of the views mean: their columns, and the words that say how it stands.
pub const WORDS: &[(&str, &str)] = &[
    ("DOWN", "an app that should serve has no master"),
    ("MOVING", "a handover within its grace: wait"),
    ("UNSURE", "nothing was found, and something was not seen"),
    ("off", "releases behind (-2) or ahead (+1) of current; = the same; del: gone"),
    ("work", "workers that live / that are wanted"),
    ("age", "since the process started"),
    ("mem", "PSS: what it shares is counted in parts"),
    ("queue", "connections that wait / the most that may; 0 is normal"),
    ("role", "current, old, new, dup (a second master), worker, proxy"),
    ("started, live, next USR2", "the environment at the start, now, and handed on"),
    ("hidden, 12", "a value that is not shown, of 12 bytes"),
    ("blind", "what could not be read; the view says what would grant it"),
    ("late, slow", "the last look is old; looks are made more rarely"),
];

/// Draws the help over everything but the bar and the two last lines.
pub fn draw(state: &State, help: &Help, buffer: &mut Buffer) {
    let (columns, rows) = state.size;
    let wide = usize::from(columns);
    let of = crate::tui::views::card(state.place.view).long;
    let head = Cells::new(state.theme, wide).to(1).text(&format!("Help: {of}"), Tone::Strong);
    let searches = state.keys.words("{filter} searches this help   Esc closes");
    let head = head.end(&searches, Tone::Quiet);
    let lines = lines(state, wide);
    let room = usize::from(rows.saturating_sub(5));
    let top = help.top.min(lines.len().saturating_sub(room));
    put(buffer, Rect::new(0, 1, columns, 1), &[head.line()]);
    put(buffer, Rect::new(0, 2, columns, 1), &[rule(state, wide)]);
    let shown: Vec<Line<'static>> = lines.into_iter().skip(top).take(room).collect();
    put(buffer, Rect::new(0, 3, columns, rows.saturating_sub(5)), &shown);
}

/// The lines of the help, in two columns where there is room.
pub fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let searching = state.help.as_ref().is_some_and(|help| !help.filter.is_empty());
    let filter = state.help.as_ref().map(|help| help.filter.clone()).unwrap_or_default();
    let admits = |text: &str| filter.admits(&Words { text: text.to_owned(), values: Vec::new() });
    let left = [Group::Move, Group::Look];
    let right =
        [Group::Views, Group::Time, Group::Change, Group::Program, Group::Dialog, Group::Line];
    let half = columns / 2;
    let make = |groups: &[Group], room: usize| {
        let mut lines: Vec<Line<'static>> = Vec::new();
        for group in groups {
            let bound: Vec<&Binding> = BINDINGS
                .iter()
                .filter(|b| {
                    b.group == *group
                        && admits(&format!(
                            "{} {} {}",
                            b.name,
                            b.doc,
                            state.keys.all_shown(b.action)
                        ))
                })
                .collect();
            if bound.is_empty() {
                continue;
            }
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines
                .push(Cells::new(state.theme, room).to(1).text(group.title(), Tone::Strong).line());
            lines.extend(collapsed(&state.keys, &bound).into_iter().map(|(keys, doc, dim)| {
                let quiet = dim && !matches!(state.rights, Rights::Signals | Rights::Rehearsed);
                let tone = if quiet { Tone::Quiet } else { Tone::Plain };
                let cells = Cells::new(state.theme, room).to(1).left(&keys, 15, tone).to(17);
                let why = if quiet { " (looking only)" } else { "" };
                cells.text(&format!("{doc}{why}"), tone).line()
            }));
        }
        lines
    };
    let mut lines = if columns >= 80 {
        let (left, right) = (make(&left, half), make(&right, columns - half));
        let count = left.len().max(right.len());
        (0..count)
            .map(|at| {
                let mut spans = left.get(at).map(|line| line.spans.clone()).unwrap_or_default();
                let used = left.get(at).map_or(0, Line::width);
                spans.push(" ".repeat(half.saturating_sub(used)).into());
                spans.extend(right.get(at).map(|line| line.spans.clone()).unwrap_or_default());
                Line::from(spans)
            })
            .collect()
    } else {
        make(&[&left[..], &right[..]].concat(), columns)
    };
    let marks: Vec<&(Mark, &str)> = MARKS.iter().filter(|mark| admits(mark.1)).collect();
    if !marks.is_empty() {
        lines.push(Line::default());
        let mut cells = Cells::new(state.theme, columns).to(1).text("Marks:", Tone::Strong);
        for (mark, word) in marks {
            let text = format!(" {} {word} ", mark.sign());
            if cells.at() + width(&text) >= columns {
                lines.push(
                    std::mem::replace(&mut cells, Cells::new(state.theme, columns).to(7)).line(),
                );
            }
            cells = cells.text(&text, Tone::Plain);
        }
        lines.push(cells.line());
    }
    let meant = WORDS.iter().filter(|(word, means)| admits(&format!("{word} {means}")));
    for (at, (word, means)) in meant.enumerate() {
        if at == 0 {
            lines.push(Line::default());
            let cells = Cells::new(state.theme, columns).to(1);
            lines.push(cells.text("WORDS", Tone::Strong).line());
        }
        let cells = Cells::new(state.theme, columns).to(1).left(word, 26, Tone::Plain);
        lines.push(cells.text(&words::cut(means, columns.saturating_sub(28)), Tone::Plain).line());
    }
    if lines.is_empty() && searching {
        lines.push(
            Cells::new(state.theme, columns).to(1).text("nothing here matches", Tone::Quiet).line(),
        );
    }
    lines
}

/// The lines of a group: keys, words, and whether they lead to a change. The views of the tabs are one line.
fn collapsed(in_force: &Keys, bound: &[&Binding]) -> Vec<(String, String, bool)> {
    let keys = |binding: &Binding| in_force.all_shown(binding.action);
    let tab = |binding: &&&Binding| matches!(binding.action, Action::View('1'..='9'));
    let tabs: Vec<&&Binding> = bound.iter().filter(tab).collect();
    let whole = tabs.len() == 9;
    let ends = tabs.first().zip(tabs.last()).filter(|_| whole);
    let tabs = ends.map(|(first, last)| {
        let keys = format!("{} {} {}", keys(first), Mark::Cut.sign(), keys(last));
        (keys, format!("{} {} {}", first.doc, Mark::Cut.sign(), last.doc), false)
    });
    let others = bound.iter().filter(|binding| !(whole && tab(binding)));
    tabs.into_iter()
        .chain(others.map(|binding| {
            let place = match binding.scope {
                Scope::Tree => " (tree)",
                Scope::Environment => " (environment)",
                _ => "",
            };
            (keys(binding), format!("{}{place}", binding.doc), binding.reach == Reach::Changes)
        }))
        .collect()
}

/// The help as plain text, for `Y` and the documentation.
pub fn text(state: &State) -> String {
    lines(state, 100).iter().map(plain).collect::<Vec<_>>().join("\n")
}
