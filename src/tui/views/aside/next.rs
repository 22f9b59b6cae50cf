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
                let words = format!("{}. {}", refused.reason, refused.way_out);
                let pieces = wrap(&words, columns.saturating_sub(2)).into_iter();
                lines.extend(pieces.map(|piece| said(state, columns, &piece, Tone::Quiet)));
                return lines;
            }
        };
    let known = next.iter().filter(|next| next.state.is_seen()).count();
    let stopped = next.iter().find(|next| next.state.stops());
    let right = match (&refused, stopped) {
        (Some((pid, _)), _) => format!("blocked by {pid}"),
        (None, Some(next)) => format!("stopped by its {}", next.what),
        (None, None) => format!("{known} of {} known", next.len()),
    };
    let name = signal.as_str().trim_start_matches("SIG");
    let mut lines = vec![heading(state, columns, &format!("Next {name} of {master}"), &right)];
    lines.extend(drawn(state, app, &next, columns, room.saturating_sub(1)));
    lines
}

/// What there is room for: first what is not as it should be, then what matters most, each with all of its value as far
/// as that goes; then the rest. All in the plan's own order.
fn drawn(
    state: &State,
    app: &App,
    next: &[Next],
    columns: usize,
    room: usize,
) -> Vec<Line<'static>> {
    let rank = |next: &Next| match next.state {
        CheckState::Stops | CheckState::Unseen => 0,
        CheckState::Warns => 1,
        CheckState::Blind => 2,
        CheckState::Holds if FIRST.contains(&next.what) => 3,
        CheckState::Holds => 4,
    };
    let mut ranked: Vec<(usize, &Next)> = next.iter().enumerate().collect();
    ranked.sort_by_key(|(at, next)| (rank(next), *at));
    let firm = ranked.iter().filter(|(_, next)| rank(next) < 4).count().min(room);
    let mut left = room - firm;
    let mut chosen: Vec<(usize, Vec<Line<'static>>)> = Vec::new();
    for (nth, (at, next)) in ranked.into_iter().enumerate() {
        // A line that has its own row already takes more of them only from what is left.
        let more = if nth < firm { left + 1 } else { left };
        if more == 0 {
            break;
        }
        let lines = row(state, app, next, columns, more);
        left = more - lines.len();
        chosen.push((at, lines));
    }
    chosen.sort_by_key(|(at, _)| *at);
    chosen.into_iter().flat_map(|(_, lines)| lines).collect()
}

/// A line of NEXT, its value whole where so many rows hold it.
fn row(state: &State, app: &App, next: &Next, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let (mark, tone) = upgrade::planned::marked(next.state);
    let cells = Cells::new(state.theme, columns);
    // What is as it should be needs no mark.
    let cells = match next.state {
        CheckState::Holds => cells,
        _ => cells.text(&mark.sign().to_string(), tone),
    };
    let cells = cells.to(1).left(next.what, NAMES, Tone::Plain);
    let from = cells.at();
    let room = columns.saturating_sub(from + 1);
    let value = short(app, &next.value);
    let pieces = wrap(&value, room);
    let mut pieces = match pieces.len() {
        1 => pieces,
        many if many <= rows && value.contains(' ') => pieces,
        _ if value.contains(' ') => vec![phrase(&value, room)],
        _ => vec![fit(&value, room, None)],
    }
    .into_iter();
    let mut lines = vec![cells.text(&pieces.next().unwrap_or_default(), Tone::Plain)];
    let below = |piece: String| Cells::new(state.theme, columns).to(from).text(&piece, Tone::Plain);
    lines.extend(pieces.map(below));
    let last = lines.len() - 1;
    let source = source(&next.source);
    let sourced = |(at, cells): (usize, Cells)| {
        let free = columns.saturating_sub(cells.at() + 3);
        let fits = at == last && width(&source) <= free.min(SOURCE);
        if fits { cells.end(&source, Tone::Quiet).line() } else { cells.line() }
    };
    lines.into_iter().enumerate().map(sourced).collect()
}

/// The last part of a place: the file, or which of a process's files.
fn source(place: &str) -> String {
    let first = place.split(", ").next().unwrap_or(place);
    first.rsplit('/').next().unwrap_or(first).to_owned()
}
