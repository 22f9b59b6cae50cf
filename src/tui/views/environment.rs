//! Environment: the variables that a process was started with. Values are hidden unless their name is harmless.

use super::process::subject;
use super::{Card, Lower, Page, Row};
use crate::facts::Lack;
use crate::facts::environ::Variable;
use crate::os::secrets::{is_harmless, mask_text};
use crate::rules::Finding;
use crate::show::words::{Mark, counted, cut, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, Pane, RowKey, Subject, View};
use crate::tui::state::{Reveal, State};
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::pane;

/// The card.
pub const ENVIRONMENT: Card = Card {
    view: View::Environment,
    digit: Some('4'),
    short: "Env",
    long: "Environment",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::Reveal,
        Action::OnlyFlagged,
        Action::Filter,
        Action::Copy,
        Action::Back,
    ],
};

fn page(state: &State, columns: usize) -> Page {
    let (mut page, member) = match subject(state, "Environment") {
        Ok(found) => found,
        Err(nothing) => return *nothing,
    };
    let fact = &member.process.environ;
    let how = match &fact.value {
        Ok(_) => "started: environ, intact".to_owned(),
        Err(Lack::Overwritten) => "started: environ, overwritten by title".to_owned(),
        Err(lack) => format!("started: {lack}"),
    };
    page.head.push(Cells::new(state.theme, columns).to(1).text(&how, Tone::Quiet).line());
    let Some(environ) = fact.get() else {
        let words = match &fact.value {
            Err(Lack::Overwritten) => format!(
                "The title of {} has been written over its environment: what it was started with is not known",
                member.process.pid
            ),
            Err(lack) => format!("{}: {lack}", fact.place),
            Ok(_) => String::new(),
        };
        for piece in wrap(&words, columns.saturating_sub(4)) {
            let line = Cells::new(state.theme, columns).to(3).text(&piece, Tone::Blind);
            page.rows.push(Row::text(line.line()));
        }
        return page;
    };
    let named = environ.variables.iter().map(|v| width(&v.name.to_string())).max().unwrap_or(0);
    let named = named.clamp(16, (columns / 3).max(16));
    let heads = Cells::new(state.theme, columns).to(3).left("name", named + 1, Tone::Quiet);
    page.head.push(heads.text("started", Tone::Quiet).line());
    let findings = state.shown().map(|look| look.findings()).unwrap_or_default();
    let about: Vec<&Finding> = findings
        .into_iter()
        .filter(|f| &f.app == member.app && f.pid.is_none_or(|pid| pid == member.process.pid))
        .collect();
    let mut rows: Vec<(bool, String, Row)> = environ
        .variables
        .iter()
        .map(|variable| {
            let flagged = findings_on(&about, &variable.name.to_string());
            let row = row(state, variable, &flagged, named, columns);
            (flagged.is_empty(), variable.name.to_string(), row)
        })
        .collect();
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let hidden = environ.variables.iter().filter(|v| !harmless(state, v)).count();
    let flagged = rows.iter().filter(|row| !row.0).count();
    if page.count.is_empty() {
        page.count = format!("{}: {flagged} flagged, {hidden} hidden", counted(rows.len(), "name"));
    }
    page.rows = rows.into_iter().map(|(_, _, row)| row).collect();
    page.lower = lower(state, &page.rows, &environ.variables, &about, columns);
    page.sift(state)
}

fn harmless(state: &State, variable: &Variable) -> bool {
    is_harmless(variable.name.bytes(), &state.show)
}

/// The findings whose evidence names a variable.
fn findings_on<'a>(findings: &[&'a Finding], name: &str) -> Vec<&'a Finding> {
    let names = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
    };
    // A name that is an ordinary word of a sentence says nothing.
    if name.len() < 4 || name.chars().any(char::is_lowercase) {
        return Vec::new();
    }
    findings
        .iter()
        .filter(|finding| finding.evidence.iter().any(|seen| names(&seen.fact)))
        .copied()
        .collect()
}

fn key(variable: &Variable) -> RowKey {
    RowKey::Named(variable.name.to_string())
}

/// A value as it may be shown, and whether it is hidden.
fn value(state: &State, variable: &Variable) -> (String, bool) {
    let revealed = matches!(&state.reveal, Reveal::Shown(shown, _) if *shown == key(variable));
    if revealed || harmless(state, variable) {
        // Even a harmless name may hold a URL with a password in it.
        let masked = if revealed { variable.value.clone() } else { mask_text(&variable.value).0 };
        (masked.to_string(), false)
    } else {
        (format!("hidden, {}", variable.value.len()), true)
    }
}

fn row(
    state: &State,
    variable: &Variable,
    findings: &[&Finding],
    named: usize,
    columns: usize,
) -> Row {
    let (text, hidden) = value(state, variable);
    let name = variable.name.to_string();
    let (mark, tone) = match findings.first() {
        Some(finding) => (Mark::from(finding.severity), Tone::from(finding.severity)),
        None if hidden => (Mark::Hidden, Tone::Quiet),
        None => (Mark::Fine, Tone::Plain),
    };
    let shows = !findings.is_empty() || hidden;
    let sign = if shows { mark.sign() } else { ' ' };
    let value_tone = if hidden { Tone::Quiet } else { Tone::Plain };
    let cells = Cells::new(state.theme, columns).to(1).text(&sign.to_string(), tone).to(3);
    let cells = cells.left(&name, named, Tone::Plain).text(" ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    let line = cells.text(&cut(&text, room), value_tone).line();
    let door = findings.first().map(|finding| Door {
        view: View::Finding,
        subject: Subject::Finding((*finding).into()),
        row: None,
    });
    Row {
        line,
        key: Some(key(variable)),
        door,
        about: findings.first().map_or_else(|| format!("{name}={text}"), |f| f.summary.clone()),
        words: Words {
            text: format!("{name} {}", if hidden { "" } else { &text }),
            values: vec![
                ("env", name.clone()),
                ("env", if hidden { String::new() } else { text.clone() }),
            ],
        },
        copy: if hidden { name } else { text },
        flagged: !findings.is_empty(),
        ..Row::default()
    }
}

/// The whole of the selected variable.
fn lower(
    state: &State,
    rows: &[Row],
    variables: &[Variable],
    findings: &[&Finding],
    columns: usize,
) -> Option<Lower> {
    let at = pane::selected(state, Pane::Main, rows)?;
    let chosen = rows.get(at)?.key.clone()?;
    let variable = variables.iter().find(|variable| key(variable) == chosen)?;
    let (text, hidden) = value(state, variable);
    let name = variable.name.to_string();
    let rules: Vec<&str> = findings_on(findings, &name).iter().map(|f| f.rule).collect();
    let tone = if hidden { Tone::Quiet } else { Tone::Plain };
    let lines = wrap(&text, columns.saturating_sub(12))
        .into_iter()
        .take(4)
        .enumerate()
        .map(|(at, piece)| {
            let label = if at == 0 { "started" } else { "" };
            let cells = Cells::new(state.theme, columns).to(1).left(label, 9, Tone::Quiet);
            cells.text(&piece, tone).line()
        })
        .collect();
    Some(Lower { title: name, right: rules.join(", "), lines })
}
