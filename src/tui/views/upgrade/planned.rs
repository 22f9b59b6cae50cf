//! The plan of an upgrade before it is carried out: its steps, what would stop it, and what was not seen.

use ratatui::text::Line;

use super::{Drawn, crumb, labelled, names, process, step_row};
use crate::model::{App, Operation};
use crate::plans::course::{Course, Wishes, course};
use crate::plans::{Check, CheckState, Plan};
use crate::show::words::{Mark, cut, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, FindingId, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::update::refused_here;
use crate::tui::views::{Lower, Page, Row, findings};
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::headline::titled;

pub(super) fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Upgrade".into()], ..Page::default() };
    let (Some(look), Some(app)) = (state.shown(), state.app()) else {
        page.count = "no app here".into();
        return page;
    };
    page.crumb = crumb(Some(app), &app.name, "Upgrade");
    let planned =
        course(&look.census, &look.verdicts, app, None, Operation::Upgrade, &Wishes::default());
    let mut lower = Lower::default();
    match planned {
        Ok(course) => {
            page.crumb = crumb(Some(app), &app.name, &course.title);
            page.count = "the plan: nothing is sent yet".into();
            page.rows = steps(state, app, &course, columns);
            page.rows.extend(checks(state, app, &course.first, columns));
            page.rows.extend(next(state, app, &course.first, columns));
            let now = match refused_here(state) {
                Err(refused) => format!("nothing is sent: {}", refused.reason),
                Ok(()) if course.first.stops() => state.keys.words(
                    "nothing is sent. {act} asks for the app's name, since something stops it",
                ),
                Ok(()) => state.keys.words("nothing is sent. {act} shows what would be, and asks"),
            };
            lower.lines.extend(labelled(state, "NOW", &now, columns));
            lower.lines.extend(labelled(state, "BACK", &course.first.way_back, columns));
        }
        Err(refused) => {
            page.count = "refused".into();
            let line = |label: &str, words: &str| labelled(state, label, words, columns);
            page.rows.extend(line("", &refused.reason).into_iter().map(Row::text));
            page.rows.push(Row::text(Line::default()));
            page.rows.extend(line("NEXT", &refused.way_out).into_iter().map(Row::text));
            let findings = findings::of_app(state, &app.id, columns);
            if !findings.is_empty() {
                let (title, count) = (format!("Findings of {}", app.name), findings.len());
                page.rows.push(Row::text(Line::default()));
                page.rows.push(Row::text(titled(state, columns, &title, &count.to_string())));
                page.rows.extend(findings);
                let act = state.keys.shown(Action::Act);
                let now = format!("nothing is sent. {act} on a finding opens what mends it");
                lower.lines.extend(labelled(state, "NOW", &now, columns));
            }
        }
    }
    page.lower = (!lower.lines.is_empty()).then_some(lower);
    page
}

fn steps(state: &State, app: &App, course: &Course, columns: usize) -> Vec<Row> {
    let names = names(course.steps.iter().map(|step| &*step.name));
    let door = app.master(course.first.target).map(|m| process(app, m.process.identity()));
    let rows = course.steps.iter().enumerate().map(|(at, step)| {
        let right = match step.within.as_secs() {
            0 => String::new(),
            within => format!("within {within} s"),
        };
        let words = step.brief().to_owned();
        let line = Drawn { at, mark: None, words, right };
        let row = step_row(state, (&step.name, &step.must_see), &line, names, columns);
        Row { door: door.clone(), ..row }
    });
    rows.collect()
}

/// How many of the checks hold, warn, stop it, or could not be made.
pub(super) fn tally(plan: &Plan) -> String {
    let count = |state| plan.checks.iter().filter(|check| check.state == state).count();
    let parts = [
        (count(CheckState::Holds), "hold"),
        (count(CheckState::Warns), "warn"),
        (count(CheckState::Stops), "stop it"),
        (count(CheckState::Unseen), "stop it unseen"),
        (count(CheckState::Blind), "could not be made"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let words: Vec<String> = parts.map(|(number, word)| format!("{number} {word}")).collect();
    format!("{} checked: {}", plan.checks.len(), words.join(", "))
}

/// The same of what was gone on with: `17 checked: 14 fine, 3 warnings accepted`.
pub(super) fn accepted(plan: &Plan) -> String {
    let states = plan.next.iter().map(|line| line.state);
    let states: Vec<_> = plan.checks.iter().map(|check| check.state).chain(states).collect();
    let count = |state| states.iter().filter(|other| **other == state).count();
    let mut parts = vec![format!("{} fine", count(CheckState::Holds))];
    for (state, one, many) in [
        (CheckState::Warns, "warning accepted", "warnings accepted"),
        (CheckState::Stops, "overridden", "overridden"),
        (CheckState::Unseen, "overridden unseen", "overridden unseen"),
        (CheckState::Blind, "blind", "blind"),
    ] {
        match count(state) {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            several => parts.push(format!("{several} {many}")),
        }
    }
    format!("{} checked: {}", states.len(), parts.join(", "))
}

/// What the next generation starts from, each value with the place that tells it.
fn next(state: &State, app: &App, plan: &Plan, columns: usize) -> Vec<Row> {
    if plan.next.is_empty() {
        return Vec::new();
    }
    let decided = plan.next.iter().filter(|next| next.state.is_seen()).count();
    let count = format!("{decided} of {} known", plan.next.len());
    let mut rows = vec![Row::text(titled(state, columns, "The new master starts from", &count))];
    let widest = plan.next.iter().map(|next| width(next.what)).max().unwrap_or(0);
    let master = app.master(plan.target).map(|master| process(app, master.process.identity()));
    rows.extend(plan.next.iter().map(|next| {
        let (mark, tone) = marked(next.state);
        let cells = Cells::new(state.theme, columns).to(1).text(&mark.sign().to_string(), tone);
        let cells = cells.to(3).left(next.what, widest + 2, Tone::Plain);
        let room = columns.saturating_sub(cells.at() + 1);
        let value = cut(&next.value, room);
        let left = room.saturating_sub(width(&value) + 2);
        let cells = cells.text(&value, Tone::Plain);
        // The place is told where there is room for all of it; the line below tells it in any case.
        let line = if width(&next.source) <= left {
            cells.end(&next.source, Tone::Quiet).line()
        } else {
            cells.line()
        };
        Row {
            line,
            key: Some(RowKey::Named(format!("next {}", next.what))),
            door: master.clone(),
            about: format!("{}: {} ({})", next.what, next.value, next.source),
            words: Words { text: format!("{} {}", next.what, next.value), values: Vec::new() },
            copy: next.value.clone(),
            flagged: next.state != CheckState::Holds,
            ..Row::default()
        }
    }));
    rows
}

/// The sign of a state, and its tone.
pub(in crate::tui::views) fn marked(state: CheckState) -> (Mark, Tone) {
    match state {
        CheckState::Holds => (Mark::Fine, Tone::Fine),
        CheckState::Warns => (Mark::Warning, Tone::Warn),
        CheckState::Stops | CheckState::Unseen => (Mark::Critical, Tone::Crit),
        CheckState::Blind => (Mark::Unknown, Tone::Blind),
    }
}

/// What would stop it, what warns, what is blind, and what holds.
fn checks(state: &State, app: &App, plan: &Plan, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::text(titled(state, columns, "What would stop it", &tally(plan)))];
    let order = [
        CheckState::Stops,
        CheckState::Unseen,
        CheckState::Warns,
        CheckState::Blind,
        CheckState::Holds,
    ];
    let sorted = order
        .iter()
        .flat_map(|state| plan.checks.iter().filter(move |check| check.state == *state));
    for check in sorted {
        let (mark, tone) = marked(check.state);
        let cells = Cells::new(state.theme, columns).to(1).text(&mark.sign().to_string(), tone);
        let room = columns.saturating_sub(4);
        let cells = cells.to(3).text(&cut(&check.words, room), Tone::Plain);
        rows.push(Row {
            line: cells.line(),
            key: Some(RowKey::Named(format!("check {} {}", check.what, check.words))),
            door: door(state, app, plan, check),
            about: if width(&check.words) > room { check.words.clone() } else { String::new() },
            words: Words { text: check.words.clone(), values: Vec::new() },
            copy: check.words.clone(),
            flagged: check.state != CheckState::Holds,
            ..Row::default()
        });
    }
    rows
}

/// The view that shows what was checked.
fn door(state: &State, app: &App, plan: &Plan, check: &Check) -> Option<Door> {
    let look = state.shown()?;
    let finding = look.findings().into_iter().find(|f| f.rule == check.what && f.app == app.id);
    if let Some(finding) = finding {
        let subject = Subject::Finding(FindingId::from(finding));
        return Some(Door { view: View::Finding, subject, row: None });
    }
    let view = match (check.state, check.what) {
        (CheckState::Blind | CheckState::Unseen, _) => View::Blind,
        (_, "queue" | "listeners" | "sockets") => View::Listeners,
        (_, "current") => View::Releases,
        _ => return Some(process(app, app.master(plan.target)?.process.identity())),
    };
    Some(Door { view, subject: Subject::App(app.id.clone()), row: None })
}
