//! Pidfiles: path, what it is for, its number, and what lives under that number.

use super::{Card, Page, Row};
use crate::model::{App, Pidfile, PidfileKind, PidfileState};
use crate::os::Pid;
use crate::show::words::{Mark, counted, fit};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// The card.
pub const PIDFILES: Card = Card {
    view: View::Pidfiles,
    key: Some('9'),
    short: "Pids",
    long: "Pidfiles",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::Filter,
        Action::OnlyFlagged,
        Action::Sort,
        Action::Copy,
        Action::Back,
    ],
};

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Pidfiles".into()], ..Page::default() };
    let Some(app) = state.app() else { return page };
    page.crumb.insert(0, app.name.clone());
    page.count = counted(app.pidfiles.len(), "pidfile");
    let path = columns.saturating_sub(48).clamp(20, 60);
    let heads = Cells::new(state.theme, columns)
        .to(3)
        .left("path", path, Tone::Quiet)
        .text("  ", Tone::Quiet);
    let heads =
        heads.left("kind", 8, Tone::Quiet).right("number", 7, Tone::Quiet).text("  ", Tone::Quiet);
    page.head
        .push(heads.left("state", 11, Tone::Quiet).text("who lives there", Tone::Quiet).line());
    page.columns = &["path", "kind", "number", "state"];
    page.rows =
        app.pidfiles.iter().map(|pidfile| row(state, app, pidfile, path, columns)).collect();
    if page.rows.is_empty() {
        let words = "no pidfile: none is configured, and none is in the usual places";
        page.rows.push(Row::text(
            Cells::new(state.theme, columns).to(3).text(words, Tone::Quiet).line(),
        ));
    }
    page.sift(state)
}

fn row(state: &State, app: &App, pidfile: &Pidfile, path: usize, columns: usize) -> Row {
    let kind = match pidfile.kind {
        PidfileKind::Current => "current",
        PidfileKind::Oldbin => "oldbin",
        PidfileKind::New => "new",
    };
    let (word, who) = match &pidfile.state.value {
        Ok(PidfileState::Live) => ("live", lives(app, pidfile)),
        Ok(PidfileState::Dead) => ("dead", "no such process".into()),
        Ok(PidfileState::Zombie) => ("zombie", "ended, not reaped; kill -0 still succeeds".into()),
        Ok(PidfileState::Foreign(who)) => ("foreign", who.clone()),
        Ok(PidfileState::Missing) => ("missing", "there is no such file".into()),
        Ok(PidfileState::Garbled(what)) => ("garbled", what.clone()),
        Ok(PidfileState::Unreadable) => ("unreadable", String::new()),
        Err(lack) => ("?", lack.to_string()),
    };
    let findings = state.shown().map(|look| look.findings()).unwrap_or_default();
    let finding =
        findings.iter().find(|f| f.app == app.id && f.path.as_ref() == Some(&pidfile.path));
    let mut cells = Cells::new(state.theme, columns).to(1);
    if let Some(finding) = finding {
        cells =
            cells.text(&Mark::from(finding.severity).sign().to_string(), finding.severity.into());
    }
    let tone = if word == "?" { Tone::Blind } else { Tone::Plain };
    let short = app.short(&pidfile.path);
    let number = pidfile.pid.map_or_else(|| "-".into(), |pid| pid.to_string());
    cells = cells.to(3).left(&fit(&short, path, None), path, Tone::Plain).text("  ", Tone::Plain);
    cells = cells.left(kind, 8, Tone::Plain).right(&number, 7, Tone::Plain).text("  ", Tone::Plain);
    cells = cells.left(word, 11, tone).text(&who, Tone::Plain);
    let whole = crate::os::shown(&pidfile.path);
    let process = pidfile.pid.and_then(|pid| {
        let member = state.member_of((pid, None))?;
        let subject = Subject::Process(member.app.clone(), member.process.identity());
        Some(Door { view: View::Process, subject, row: None })
    });
    let door = finding.map(|finding| Door {
        view: View::Finding,
        subject: Subject::Finding((*finding).into()),
        row: None,
    });
    let named = if pidfile.named_by.is_empty() {
        "found, named by nothing".to_owned()
    } else {
        format!("named by {}", pidfile.named_by.join(", "))
    };
    Row {
        line: cells.line(),
        key: Some(RowKey::Named(whole.clone())),
        door: process.or(door),
        about: format!("{whole}: {word}, {named}"),
        words: Words {
            text: format!("{whole} {kind} {number} {word} {who}"),
            values: vec![("file", whole.clone()), ("pid", number), ("state", word.to_owned())],
        },
        copy: whole.clone(),
        flagged: finding.is_some(),
        worths: vec![
            Worth::words(&whole),
            Worth::words(kind),
            Worth::number(pidfile.pid.map(Pid::number)),
            Worth::words(word),
        ],
        ..Row::default()
    }
}

/// Which master lives under the number.
fn lives(app: &App, pidfile: &Pidfile) -> String {
    let master = pidfile.pid.and_then(|pid| app.master(pid));
    master.map_or_else(String::new, |master| {
        format!("{} master", crate::show::words::role(master.role))
    })
}
