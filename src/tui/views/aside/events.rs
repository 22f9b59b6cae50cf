//! Time line, the newest on top, and below it what is not seen.

use ratatui::text::Line;

use super::{line, said, short};
use crate::plans::at_work::at_work;
use crate::rules::RULES;
use crate::show::words::{Mark, cut, phrase, time, width};
use crate::tui::chronicle::Moment;
use crate::tui::keys::Action;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::blind;
use crate::tui::views::timeline::source_in;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::heading;

/// So many causes of blind spots are named.
const CAUSES: usize = 3;

/// The lines of the pane.
pub(super) fn lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let mut unseen = unseen(state, columns);
    unseen.extend(others(state, columns));
    let all = format!("{} all", state.keys.shown(Action::View('t')));
    let mut lines = vec![heading(state, columns, "Timeline", &all)];
    let room = rows.saturating_sub(lines.len() + unseen.len() + 1);
    lines.extend(events(state, columns, room));
    let blank = rows.saturating_sub(lines.len() + unseen.len() + 1);
    lines.extend(std::iter::repeat_n(Line::default(), blank));
    lines.push(self::line(state, columns));
    lines.extend(unseen);
    lines
}

fn events(state: &State, columns: usize, room: usize) -> Vec<Line<'static>> {
    let until = state.paused.as_ref().map(|look| look.census.taken_at);
    let moments = state.chronicle.moments().iter().rev().filter(|moment| !moment.minor);
    let shown = moments.filter(|moment| until.is_none_or(|until| moment.at <= until));
    shown.take(room).flat_map(|moment| event(state, moment, columns)).take(room).collect()
}

fn event(state: &State, moment: &Moment, columns: usize) -> Vec<Line<'static>> {
    let census = state.shown().map(|look| &look.census);
    let now = census.map_or(moment.at, |census| census.taken_at);
    let several = census.is_some_and(|census| census.apps.len() > 1);
    let app = moment.app.as_ref().map(|id| state.app_name(id)).unwrap_or_default();
    let below = moment.app.as_ref().and_then(|id| census?.app(id));
    let words = below.map_or_else(|| moment.words.clone(), |app| short(app, &moment.words));
    // The pane follows the cursor: what is about the app there needs no name.
    let here = state.app().is_some_and(|app| Some(&app.id) == moment.app.as_ref());
    let named = several && !here && !app.is_empty() && !words.contains(&app);
    let words = if named { format!("{app}: {words}") } else { words };
    let at = time(moment.at, now, &state.zone);
    let cells =
        Cells::new(state.theme, columns).to(1).text(&at, Tone::Quiet).text(" ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    // What is too long for a line goes on in a second one, as far as that takes it.
    let mut pieces = wrap(&words, room).into_iter();
    let first = cells.text(&pieces.next().unwrap_or_default(), Tone::Plain);
    let rest = pieces.collect::<Vec<_>>().join(" ");
    let last = if rest.is_empty() { None } else { Some(phrase(&rest, room.saturating_sub(1))) };
    // How it is known is told where there is room for it; the time line tells it in any case.
    let sourced = |cells: Cells| {
        let room = columns.saturating_sub(cells.at() + 3);
        match source_in(&moment.source, room) {
            Some(source) => cells.end(source, Tone::Quiet).line(),
            None => cells.line(),
        }
    };
    let Some(last) = last else { return vec![sourced(first)] };
    let below = Cells::new(state.theme, columns).to(width(&at) + 3).text(&last, Tone::Plain);
    vec![first.line(), sourced(below)]
}

/// Who works on an app of this box beside this farrier; nothing where nobody is seen to.
fn others(state: &State, columns: usize) -> Vec<Line<'static>> {
    let Some(look) = state.shown() else { return Vec::new() };
    let census = &look.census;
    let busy = census.apps.iter().filter_map(|app| Some(at_work(app)?.words(census, app)));
    let busy: Vec<_> = busy
        .map(|words| said(state, columns, &phrase(&words, columns.saturating_sub(2)), Tone::Plain))
        .collect();
    if busy.is_empty() {
        return busy;
    }
    let heads = [line(state, columns), heading(state, columns, "Others on this box", "")];
    heads.into_iter().chain(busy).collect()
}

fn unseen(state: &State, columns: usize) -> Vec<Line<'static>> {
    let causes = blind::causes(state);
    if causes.is_empty() {
        let title = format!("Blind spots  none: all {} rules decided", RULES.len());
        return vec![heading(state, columns, &title, "")];
    }
    let title = format!("Blind spots  {}", causes.len());
    let mut lines = vec![heading(state, columns, &title, "0 all")];
    lines.extend(causes.iter().take(CAUSES).map(|cause| {
        let mark = Mark::Unknown.sign().to_string();
        let cells = Cells::new(state.theme, columns).to(1).text(&mark, Tone::Blind).to(3);
        cells.text(&cut(&cause.what, columns.saturating_sub(4)), Tone::Plain).line()
    }));
    if causes.len() > CAUSES {
        let more = format!("{} {} more", Mark::Cut.sign(), causes.len() - CAUSES);
        lines.push(said(state, columns, &more, Tone::Quiet));
    }
    lines
}
