//! Panes of the Overview on large screens, which stand beside the tree and the findings and follow the cursor there.

mod chain;
mod events;
mod next;
pub(super) mod opened;
pub mod sparks;

use ratatui::text::Line;

use crate::model::App;
use crate::os::shown;
use crate::show::words::Mark;
use crate::tui::layout::Aside;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::heading;

/// The lines of a pane for so many columns and rows.
pub fn lines(state: &State, aside: Aside, columns: usize, rows: usize) -> Vec<Line<'static>> {
    if state.shown().is_none() {
        return Vec::new();
    }
    match aside {
        Aside::Listeners => chain::lines(state, columns, rows),
        Aside::Releases => next::lines(state, columns, rows),
        Aside::Timeline => events::lines(state, columns, rows),
        Aside::Process => process(state, columns),
    }
}

/// The selected process as its own view shows it, as far as there is room.
fn process(state: &State, columns: usize) -> Vec<Line<'static>> {
    let page = super::process::page(state, columns);
    let title = page.crumb.get(1).map_or_else(String::new, |name| format!("Process {name}"));
    let mut lines = vec![line(state, columns), heading(state, columns, &title, &page.count)];
    lines.extend(page.rows.into_iter().map(|row| row.line));
    lines
}

/// A rule between two panes that stand one above the other.
fn line(state: &State, columns: usize) -> Line<'static> {
    let rule = Mark::Rule.sign().to_string().repeat(columns);
    Cells::new(state.theme, columns).text(&rule, Tone::Quiet).line()
}

/// One sentence in a pane.
fn said(state: &State, columns: usize, words: &str, tone: Tone) -> Line<'static> {
    Cells::new(state.theme, columns).to(1).text(words, tone).line()
}

/// Words without an app's root before its paths: below its name that says nothing new.
pub(super) fn short(app: &App, words: &str) -> String {
    match shown(&app.root).as_str() {
        "/" => words.to_owned(),
        root => words.replace(&format!("{root}/"), ""),
    }
}

/// At most so many lines; the last one says how many are left out, and which key shows them.
fn cap(
    state: &State,
    columns: usize,
    mut all: Vec<Line<'static>>,
    room: usize,
    key: &str,
) -> Vec<Line<'static>> {
    if all.len() > room {
        let kept = room.saturating_sub(1);
        let words = format!("{} {} more: {key} shows them", Mark::Cut.sign(), all.len() - kept);
        all.truncate(kept);
        all.push(said(state, columns, &words, Tone::Quiet));
    }
    all
}
