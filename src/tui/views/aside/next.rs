//! Releases of the selected app, and below them what the next re-execution of its master starts from.

use ratatui::text::Line;

use super::{cap, line, said, short};
use crate::model::App;
use crate::plans::upgrade::{Upcoming, upcoming};
use crate::plans::{CheckState, Next};
use crate::show::words::{fit, phrase, width};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::{releases, upgrade};
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::heading;

/// What is told first where there is no room for all lines.
const FIRST: &[&str] = &[
    "directory",
    "program",
    "Ruby",
    "Gemfile",
    "config",
    "listeners",
    "memory",
    "retires",
    "supervisor",
];
/// Room for the longest name of a line.
const NAMES: usize = 12;
/// What a source may take of a line.
const SOURCE: usize = 14;

/// The lines of the pane.
pub(super) fn lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let Some(app) = state.app() else { return vec![heading(state, columns, "Releases", "")] };
    let (keep, found) = releases::listed(state, app, columns);
    let mut lines = vec![heading(state, columns, &format!("Releases of {}", app.name), &keep)];
    // Both titles and the rule between them stand beside the lines of NEXT that matter most.
    let room = rows.saturating_sub(FIRST.len() + 3).max(3).min(rows.saturating_sub(lines.len()));
    lines.extend(cap(state, columns, found, room, "8"));
    lines.push(line(state, columns));
    let room = rows.saturating_sub(lines.len());
    lines.extend(next(state, app, columns, room));
    lines
}

fn next(state: &State, app: &App, columns: usize, room: usize) -> Vec<Line<'static>> {
    let Some(look) = state.shown() else { return Vec::new() };
    let Upcoming { master, signal, refused, lines: next } =
        match upcoming(&look.census, &look.verdicts, app) {
            Ok(upcoming) => upcoming,
            Err(refused) => {
                let mut lines = vec![heading(state, columns, "Next re-execution", "")];
                let pieces = wrap(&refused.reason, columns.saturating_sub(2)).into_iter();
                lines.extend(pieces.map(|piece| said(state, columns, &piece, Tone::Quiet)));
                return lines;
            }
        };
    let known = next.iter().filter(|next| next.state != CheckState::Blind).count();
    let stopped = next.iter().find(|next| next.state == CheckState::Stops);
    let right = match (&refused, stopped) {
        (Some((pid, _)), _) => format!("blocked by {pid}"),
        (None, Some(next)) => format!("stopped by its {}", next.what),
        (None, None) => format!("{known} of {} known", next.len()),
    };
    let name = signal.as_str().trim_start_matches("SIG");
    let mut lines = vec![heading(state, columns, &format!("Next {name} of {master}"), &right)];
    let chosen = chosen(&next, room.saturating_sub(1));
    lines.extend(chosen.into_iter().map(|next| row(state, app, next, columns)));
    lines
}

/// What there is room for: first what is not as it should be, then what matters most, in the plan's own order.
fn chosen(next: &[Next], room: usize) -> Vec<&Next> {
    let rank = |next: &Next| match next.state {
        CheckState::Stops => 0,
        CheckState::Warns => 1,
        CheckState::Blind => 2,
        CheckState::Holds if FIRST.contains(&next.what) => 3,
        CheckState::Holds => 4,
    };
    let mut ranked: Vec<(usize, &Next)> = next.iter().enumerate().collect();
    ranked.sort_by_key(|(at, next)| (rank(next), *at));
    ranked.truncate(room);
    ranked.sort_by_key(|(at, _)| *at);
    ranked.into_iter().map(|(_, next)| next).collect()
}

fn row(state: &State, app: &App, next: &Next, columns: usize) -> Line<'static> {
    let (mark, tone) = upgrade::planned::marked(next.state);
    let cells = Cells::new(state.theme, columns).to(1).text(&mark.sign().to_string(), tone);
    let cells = cells.to(3).left(next.what, NAMES, Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    let value = short(app, &next.value);
    let value = if value.contains(' ') { phrase(&value, room) } else { fit(&value, room, None) };
    let source = source(&next.source);
    let left = room.saturating_sub(width(&value) + 2);
    let cells = cells.text(&value, Tone::Plain);
    if width(&source) <= left.min(SOURCE) {
        cells.end(&source, Tone::Quiet).line()
    } else {
        cells.line()
    }
}

/// The last part of a place: the file, or which of a process's files.
fn source(place: &str) -> String {
    let first = place.split(", ").next().unwrap_or(place);
    first.rsplit('/').next().unwrap_or(first).to_owned()
}
