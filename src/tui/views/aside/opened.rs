//! The selected finding, opened below the list that stands beside the tree.

use ratatui::text::Line;

use crate::contract::{Evidence, Finding};
use crate::model::App;
use crate::show::words::{Mark, width};
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::finding::{fix, opened, place, whom};
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::heading;

/// The lines for so many columns and rows. Where not all of it goes below the list, the row there tells what is so, the
/// key that leads to what mends it stands in place of a sentence, and a line is enough for a fact.
pub(in crate::tui::views) fn lines(
    state: &State,
    finding: &Finding,
    columns: usize,
    room: usize,
) -> Vec<Line<'static>> {
    let whole = opened(state, finding, columns, usize::MAX);
    let mut lines = if whole.len() < room {
        let mut lines = vec![heading(state, columns, finding.rule, "Enter opens it")];
        lines.extend(whole);
        lines
    } else {
        let app = state.shown().and_then(|look| look.census.app(&finding.app));
        let facts = finding.evidence.iter();
        let seen: Vec<_> = facts.flat_map(|fact| brief(state, app, fact, columns)).collect();
        let remedy = remedy(state, finding, columns);
        let free = room.saturating_sub(1 + seen.len() + remedy.len());
        let mut end = labelled(state, "LEADS TO", effect(finding, columns, free.max(2)), columns);
        end.extend(remedy);
        let prose = columns.saturating_sub(12);
        let good: Vec<_> = finding.for_good.iter().flat_map(|text| wrap(text, prose)).collect();
        if 1 + seen.len() + end.len() + good.len() <= room {
            end.extend(labelled(state, "FOR GOOD", good, columns));
        }
        let mut lines = vec![heading(state, columns, &format!("{}: SEEN", finding.rule), "WHERE")];
        let left = room.saturating_sub(lines.len() + end.len()).max(1);
        let cut = seen.len() > left;
        lines.extend(seen.into_iter().take(if cut { left - 1 } else { left }));
        if cut {
            let words = format!("{} Enter shows all that was seen", Mark::Cut.sign());
            lines.push(Cells::new(state.theme, columns).to(1).text(&words, Tone::Quiet).line());
        }
        lines.extend(end);
        lines.truncate(room);
        lines
    };
    // What is left over stands below it, so that it keeps its place.
    lines.resize(room.max(lines.len()), Line::default());
    lines
}

/// A fact in a line with its place, the file's name where there is no room for its path.
fn brief(state: &State, app: Option<&App>, seen: &Evidence, columns: usize) -> Vec<Line<'static>> {
    let place = place(app, &seen.place.to_string());
    let file = place.rsplit('/').next().filter(|_| !place.starts_with("/proc/"));
    let room = columns.saturating_sub(2);
    let start = || Cells::new(state.theme, columns).to(1);
    let mut pieces = wrap(&seen.fact, room);
    let last = pieces.pop().unwrap_or_default();
    let mut forms = [Some(place.as_str()), file].into_iter().flatten();
    let right = forms.find(|right| width(&last) + width(right) + 2 <= room);
    let mut lines: Vec<_> =
        pieces.iter().map(|piece| start().text(piece, Tone::Plain).line()).collect();
    let line = start().text(&last, Tone::Plain);
    lines.push(match right {
        Some(right) => line.end(right, Tone::Quiet).line(),
        None => line.line(),
    });
    lines
}

/// What it leads to, in so many lines at most.
fn effect(finding: &Finding, columns: usize, most: usize) -> Vec<String> {
    let mut pieces = wrap(&finding.leads_to, columns.saturating_sub(12));
    if pieces.len() > most {
        pieces.truncate(most);
        if let Some(last) = pieces.last_mut() {
            let end = last.rfind([',', ';', '.']).unwrap_or(last.len().saturating_sub(1));
            let kept = last.get(..end).unwrap_or(last).to_owned();
            *last = format!("{kept}{}", Mark::Cut.sign());
        }
    }
    pieces.into_iter().filter(|piece| !piece.is_empty()).collect()
}

/// Lines with a label before the first.
fn labelled(state: &State, label: &str, pieces: Vec<String>, columns: usize) -> Vec<Line<'static>> {
    let line = |(at, piece): (usize, String)| {
        let label = if at == 0 { label } else { "" };
        let cells = Cells::new(state.theme, columns).to(1).left(label, 10, Tone::Quiet);
        cells.text(&piece, Tone::Plain).line()
    };
    pieces.into_iter().enumerate().map(line).collect()
}

/// What mends it: the key that leads there, and the command that does the same by hand.
fn remedy(state: &State, finding: &Finding, columns: usize) -> Vec<Line<'static>> {
    const BY_HAND: usize = 34;
    let start = || Cells::new(state.theme, columns).to(1).left("FIX", 6, Tone::Quiet);
    let (Some(operation), [command]) = (finding.offers, finding.fix.as_slice()) else {
        let prose = columns.saturating_sub(12);
        let pieces = fix(finding).iter().flat_map(|text| wrap(text, prose)).collect();
        return labelled(state, "FIX", pieces, columns);
    };
    let first = start().left(&state.keys.shown(Action::Act), 4, Tone::Strong);
    let first = first.text(&format!("{} {}", operation.name(), whom(state, finding)), Tone::Plain);
    let by_hand = format!("by hand  {command}");
    if first.at() + 2 <= BY_HAND && BY_HAND + width(&by_hand) < columns {
        return vec![first.to(BY_HAND).text(&by_hand, Tone::Plain).line()];
    }
    // No part of a command is left out: somebody may type it.
    let below =
        |piece: String| Cells::new(state.theme, columns).to(11).text(&piece, Tone::Plain).line();
    let pieces = wrap(&by_hand, columns.saturating_sub(12));
    std::iter::once(first.line()).chain(pieces.into_iter().map(below)).collect()
}
