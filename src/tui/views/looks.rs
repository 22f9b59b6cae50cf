//! Two looks compared: what `farrier diff` tells of two files, in the view of what differs.

use super::{Page, Row};
use crate::show::compare::lines::{Dress, Line, lines};
use crate::show::words::{counted, time};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// The page of the two looks that were compared last.
pub fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Diff".into()], ..Page::default() };
    let Some(compared) = &state.compared else {
        page.rows.push(Row::text(
            Cells::new(state.theme, columns)
                .to(1)
                .text("no two looks are compared", Tone::Plain)
                .line(),
        ));
        return page;
    };
    let comparison = &compared.comparison;
    let (before, after) = (comparison.before.taken_at, comparison.after.taken_at);
    let clock = |at| time(at, after, &state.zone);
    page.crumb = vec![clock(before), clock(after), "Diff".into()];
    let all = lines(comparison, &compared.after, columns.saturating_sub(2));
    let told = all.iter().filter(|line| !line.same && line.of.is_some()).count();
    let key = state.keys.shown(Action::OnlyFlagged);
    let rest = if state.manner.flagged { "only what differs" } else { "all" };
    page.count = format!("{}, {key} {rest}", counted(told, "line"));
    let shown = all.iter().enumerate().filter(|(_, line)| state.manner.flagged || !line.same);
    page.rows.extend(shown.map(|(nth, line)| row(state, columns, nth, line)));
    page.sift(state)
}

fn row(state: &State, columns: usize, nth: usize, line: &Line) -> Row {
    let mut cells = Cells::new(state.theme, columns).to(1);
    for (dress, text) in &line.pieces {
        let tone = match dress {
            Dress::Plain => Tone::Plain,
            Dress::Strong => Tone::Strong,
            Dress::Quiet => Tone::Quiet,
            Dress::Unknown => Tone::Blind,
            Dress::Grave(severity) => Tone::from(*severity),
        };
        cells = cells.text(text, tone);
    }
    let text = line.text();
    if text.is_empty() {
        return Row::text(cells.line());
    }
    let app = line.of.as_ref().map(|(app, _)| app.to_string()).unwrap_or_default();
    Row {
        line: cells.line(),
        key: Some(RowKey::Named(format!("{nth} {text}"))),
        door: door(state, line),
        about: text.trim().to_owned(),
        words: Words { text: text.clone(), values: vec![("app", app)] },
        copy: text,
        // What is shown is chosen above; `f` is not asked once more.
        flagged: true,
        ..Row::default()
    }
}

/// To the master that a line is about, as far as the shown look has it; else to its app.
fn door(state: &State, line: &Line) -> Option<Door> {
    let (app, pid) = line.of.clone()?;
    let member = pid.and_then(|pid| state.member_of((pid, None)));
    if let Some(member) = member.filter(|member| member.app == &app) {
        let subject = Subject::Process(app, member.process.identity());
        return Some(Door { view: View::Process, subject, row: None });
    }
    state.shown()?.census.app(&app)?;
    let row = Some(RowKey::App(app.clone()));
    Some(Door { view: View::Overview, subject: Subject::App(app), row })
}
