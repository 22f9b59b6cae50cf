//! Help: all keys, from the table, with what they do in the view below; and what the marks mean.

mod keys;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::show::words::{self, Mark, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::{Binding, Group};
use crate::tui::state::{Help, State};
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, plain};
use crate::tui::widgets::footer;
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
    (Mark::Differs, "differs"),
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

/// What the line of marks begins with.
const TITLE: &str = "Marks:";

/// Draws the help over everything but the bar, the keys, and what is said now.
pub fn draw(state: &State, help: &Help, buffer: &mut Buffer) {
    let columns = state.size.0;
    let wide = usize::from(columns);
    let of = crate::tui::views::card(state.place.view).long;
    let head = Cells::new(state.theme, wide).to(1).text(&format!("Help: {of}"), Tone::Strong);
    let searches = state.keys.words("{filter} searches this help   Esc closes");
    let head = head.end(&searches, Tone::Quiet);
    let lines = lines(state, wide);
    let room = room(state);
    let top = help.top.min(lines.len().saturating_sub(room));
    put(buffer, Rect::new(0, 1, columns, 1), &[head.line()]);
    put(buffer, Rect::new(0, 2, columns, 1), &[rule(state, wide)]);
    let shown: Vec<Line<'static>> = lines.into_iter().skip(top).take(room).collect();
    let height = u16::try_from(room).unwrap_or(u16::MAX);
    put(buffer, Rect::new(0, 3, columns, height), &shown);
}

/// How many lines there is room for: also the one above the keys, while nothing is said there.
pub fn room(state: &State) -> usize {
    let said = !plain(&footer::message(state, usize::from(state.size.0))).is_empty();
    usize::from(state.size.1).saturating_sub(4 + usize::from(said))
}

/// Where the marks and the words begin.
pub fn marks_at(state: &State) -> usize {
    let lines = lines(state, usize::from(state.size.0));
    let marks = |line: &Line<'_>| plain(line).trim_start().starts_with(TITLE);
    lines.iter().position(marks).unwrap_or(0)
}

/// The lines of the help, in two columns where there is room. While it is searched, every key has a line of its own.
pub fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let filter = state.help.as_ref().map(|help| help.filter.clone()).unwrap_or_default();
    let searching = !filter.is_empty();
    let admits = |text: &str| filter.admits(&Words { text: text.to_owned(), values: Vec::new() });
    let bound =
        |b: &Binding| admits(&format!("{} {} {}", b.name, b.doc, state.keys.all_shown(b.action)));
    let mut lines = if searching {
        let left = [Group::Move, Group::Look];
        let right =
            [Group::Views, Group::Time, Group::Change, Group::Program, Group::Dialog, Group::Line];
        keys::beside(columns, |room, second| {
            keys::each(state, room, if second { &right } else { &left }, bound)
        })
    } else {
        keys::pictured(state, columns)
    };
    lines.extend(marks(state, columns, searching && !lines.is_empty(), admits));
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
    if !searching {
        lines.push(Line::default());
        lines.extend(keys::others(state, columns));
    }
    if lines.is_empty() {
        let cells = Cells::new(state.theme, columns).to(1);
        lines.push(cells.text("nothing here matches", Tone::Quiet).line());
    }
    lines
}

/// What the marks mean, as many on a line as there is room for.
fn marks(
    state: &State,
    columns: usize,
    apart: bool,
    admits: impl Fn(&str) -> bool,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut cells = Cells::new(state.theme, columns).to(1).text(TITLE, Tone::Strong);
    let from = cells.at();
    for (mark, word) in MARKS.iter().filter(|mark| admits(mark.1)) {
        let text = format!(" {} {word} ", mark.sign());
        if cells.at() + width(&text) >= columns {
            let next = Cells::new(state.theme, columns).to(from);
            lines.push(std::mem::replace(&mut cells, next).line());
        }
        cells = cells.text(&text, Tone::Plain);
    }
    if cells.at() == from && lines.is_empty() {
        return Vec::new();
    }
    lines.push(cells.line());
    if apart {
        lines.insert(0, Line::default());
    }
    lines
}
