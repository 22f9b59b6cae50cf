//! An upgrade that another farrier carries out: its steps as they are observed from here. Nothing is sent.

use super::{Drawn, both, crumb, labelled, names, process, serving, sighted, step_row};
use crate::plans::at_work::at_work;
use crate::show::words::{Mark, time};
use crate::tui::place::Pane;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::{Lower, Page, Row};
use crate::tui::widgets::headline::titled;
use crate::tui::widgets::pane;

/// `None`: nobody else upgrades the app.
pub(super) fn page(state: &State, columns: usize) -> Option<Page> {
    let (look, app) = (state.shown()?, state.app()?);
    let work = at_work(app).filter(|work| !work.steps.is_empty())?;
    let census = &look.census;
    let count = format!("{}, step {} of {}", work.holder.who(), work.at + 1, work.steps.len());
    let mut page = Page { crumb: crumb(Some(app), &app.name, "Upgrade"), count, ..Page::default() };
    let wide = names(work.steps.iter().map(|step| &*step.name));
    let (old, new) = work.masters;
    for (at, step) in work.steps.iter().enumerate() {
        let mark = match (at, at.cmp(&work.at)) {
            (_, std::cmp::Ordering::Equal) => Some((Mark::Folded, Tone::Strong)),
            (_, std::cmp::Ordering::Greater) => None,
            // That it was passed shows in what came of it alone.
            (0, _) => Some((Mark::Unknown, Tone::Blind)),
            _ => Some((Mark::Fine, Tone::Fine)),
        };
        let seen = step.when.filter(|_| at < work.at);
        let right = seen.map_or_else(String::new, |at| time(at, census.taken_at, &state.zone));
        let line = Drawn { at, mark, words: step.words.clone(), right };
        let mut row = step_row(state, (&step.name, &step.words), &line, wide, columns);
        let master = if at >= 2 { new.or(old) } else { old };
        row.door = master
            .and_then(|pid| app.master(pid))
            .map(|master| process(app, master.process.identity()));
        page.rows.push(row);
    }
    page.rows.extend(both(state, Some(app), columns));
    let mut lower = Lower::default();
    let now = format!("{}. {}", work.words(census, app), serving(app));
    lower.lines.extend(labelled(state, "NOW", &now, columns));
    let back = format!(
        "it is in the hands of {}: nothing is sent from here until it is over",
        work.holder.who()
    );
    lower.lines.extend(labelled(state, "BACK", &back, columns));
    let height = usize::from(pane::area(state, Pane::Main).height);
    let room = height.saturating_sub(page.rows.len() + lower.lines.len() + 4).max(1);
    page.rows.push(Row::text(titled(state, columns, "Seen", "")));
    let since = work.since.unwrap_or(census.taken_at);
    let moments: Vec<_> = (state.chronicle.moments().iter())
        .filter(|moment| moment.app.as_ref() == Some(&app.id) && !moment.minor)
        .filter(|moment| moment.at >= since && moment.at <= census.taken_at)
        .collect();
    for moment in moments.iter().skip(moments.len().saturating_sub(room)) {
        let at = time(moment.at, census.taken_at, &state.zone);
        page.rows.push(sighted(state, &at, &moment.words, &moment.source, columns));
    }
    page.lower = Some(lower);
    Some(page)
}
