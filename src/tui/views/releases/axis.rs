//! The releases along an axis: since when each process runs its own, and what the next clean-up deletes.

use ratatui::text::Line;

use super::used;
use crate::model::{App, Layout, Release};
use crate::rules::releases::release_prune_risk::deleted_next;
use crate::show::words::{self, Mark};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::Lower;
use crate::tui::widgets::cells::Cells;

/// What the next deploy deletes, and what comes of it.
fn deletes(state: &State, app: &App, layout: &Layout, doomed: &[&str]) -> String {
    let names = match doomed {
        [one] => words::release(one, 14),
        [one, rest @ ..] => format!("{} and {} more", words::release(one, 14), rest.len()),
        [] => String::new(),
    };
    let deletes = format!("The next deploy deletes {names}");
    let pinned = app.masters.iter().find_map(|master| {
        let gemfile = master.restart.gemfile.get()?.as_ref()?;
        gemfile.release.as_deref().filter(|_| gemfile.rescued.get() != Some(&true))
    });
    if pinned.is_some_and(|pinned| doomed.contains(&pinned)) {
        return format!("{deletes}; then every USR2 fails: gemfile-missing");
    }
    let users = doomed.iter().map(|name| used(app, layout, name).0).find(|who| who != "nothing");
    match users {
        Some(users) => format!("{deletes}, in use: {users}"),
        None if state.shown().is_some() => format!("{deletes}, which nothing uses"),
        None => deletes,
    }
}

/// The axis is by release, not by the clock: each has an equal slot, a bar starts at the release that runs.
pub(super) fn time_line(
    state: &State,
    app: &App,
    layout: &Layout,
    releases: &[Release],
    columns: usize,
) -> Option<Lower> {
    const LABEL: usize = 16;
    const SLOT: usize = 10;
    let room = columns.saturating_sub(LABEL + 13) / SLOT;
    let shown: Vec<&Release> =
        releases.iter().skip(releases.len().saturating_sub(room.max(1))).collect();
    if shown.is_empty() || room == 0 {
        return None;
    }
    let now = state.shown()?.census.taken_at;
    let end = columns.saturating_sub(3);
    let label =
        |name: &str| Cells::new(state.theme, columns).to(1).left(name, LABEL - 1, Tone::Plain);
    let mut heads = label("");
    for (at, release) in shown.iter().enumerate() {
        let date = release
            .arrived
            .get()
            .map_or_else(|| "?".into(), |at| words::date(*at, now, &state.zone));
        let day: Vec<&str> = date.split(' ').take(2).collect();
        // Days stand below each other by their month; the newest release has its time as well.
        let (day, from) = match (at + 1 == shown.len(), day.as_slice()) {
            (true, _) => (date, 1),
            (false, [number, _]) => (day.join(" "), number.len() - 1),
            (false, _) => (day.join(" "), 0),
        };
        heads = heads.to(LABEL + at * SLOT - from).text(&day, Tone::Quiet);
    }
    let mut lines = vec![heads.to(end.saturating_sub(2)).text("now", Tone::Quiet).line()];
    // One line of the axis: what stands at each slot, between them, and at the end.
    let draw = |name: &str,
                from: Option<usize>,
                point: char,
                between: char,
                last: char|
     -> Line<'static> {
        let mut cells = label(&words::cut(name, LABEL - 2));
        for at in 0..shown.len() {
            cells = cells.to(LABEL + at * SLOT);
            let begun = from.is_some_and(|from| at >= from);
            let sign = match (begun, from == Some(at) || point == between) {
                (true, true) => point,
                (true, false) => between,
                (false, _) => '.',
            };
            cells = cells.text(&sign.to_string(), if begun { Tone::Plain } else { Tone::Quiet });
            if begun {
                let until = if at + 1 == shown.len() { end } else { LABEL + (at + 1) * SLOT };
                let run = until.saturating_sub(cells.at());
                cells = cells.text(&between.to_string().repeat(run), Tone::Plain);
            }
        }
        cells.to(end).text(&last.to_string(), Tone::Plain).line()
    };
    let at = |name: &str| shown.iter().position(|release| release.name == name);
    let mut axis = label("releases");
    for slot in 0..shown.len() {
        axis = axis.to(LABEL + slot * SLOT).text("●", Tone::Plain);
        let until = if slot + 1 == shown.len() { end } else { LABEL + (slot + 1) * SLOT };
        let run = until.saturating_sub(axis.at());
        axis = axis.text(&Mark::Rule.sign().to_string().repeat(run), Tone::Quiet);
    }
    lines.push(axis.text("│", Tone::Plain).line());
    if let Some(current) = layout.current_release() {
        lines.push(draw("current", at(current), '●', '═', '▸'));
    }
    for master in app.newest_first() {
        let name = format!("{} {}", master.process.pid, words::role(master.role));
        let from = master.release.get().and_then(Option::as_ref).and_then(|release| at(release));
        if from.is_some() {
            lines.push(draw(&name, from, '●', '═', '▸'));
        }
    }
    let pinned = app.masters.iter().find_map(|master| {
        let gemfile = master.restart.gemfile.get()?.as_ref()?;
        gemfile.release.as_deref().filter(|_| gemfile.rescued.get() != Some(&true)).and_then(at)
    });
    if pinned.is_some() {
        lines.push(draw("BUNDLE_GEMFILE", pinned, '●', '═', '▸'));
    }
    let doomed = state.shown().map(|look| deleted_next(layout, &look.census.limits));
    let doomed = doomed.unwrap_or_default();
    if shown.iter().any(|release| doomed.contains(&release.name.as_str())) {
        let mut cells = label("deleted next");
        for (slot, release) in shown.iter().enumerate() {
            let (sign, tone) = if doomed.contains(&release.name.as_str()) {
                (Mark::Ghost.sign(), Tone::Warn)
            } else {
                ('.', Tone::Quiet)
            };
            cells = cells.to(LABEL + slot * SLOT).text(&sign.to_string(), tone);
        }
        lines.push(cells.to(end).text(&Mark::Trunk.sign().to_string(), Tone::Plain).line());
        lines.push(Line::default());
        let words = deletes(state, app, layout, &doomed);
        lines.push(Cells::new(state.theme, columns).to(1).text(&words, Tone::Plain).line());
    }
    Some(Lower { title: "Time line".into(), right: String::new(), lines })
}
