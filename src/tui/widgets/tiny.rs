//! Screens below 60x18: a line an app, and below 40x10 one line of text.

use ratatui::text::Line;

use super::cells::{Cells, wrap};
use super::headline::sign;
use crate::contract::Severity;
use crate::model::App;
use crate::show::words::{self, Mark};
use crate::tui::place::{Pane, RowKey, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::views::tree::{self, release_words};
use crate::tui::views::{self, Row};
use crate::tui::widgets::pane;

/// The screen of 40x10 and a little more.
pub fn lines(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let mut lines = vec![bar(state, columns)];
    let Some(look) = state.shown() else {
        lines.push(Line::from(" LOOK reading processes"));
        return lines;
    };
    if state.place.view == View::Hosts {
        lines.extend(hosts(state, columns, rows.saturating_sub(3)));
        return ended(state, lines, columns, rows);
    }
    let told = look.headline();
    let (mark, tone) = sign(&told);
    // What is wrong and what comes next share three lines.
    let what = wrap(&told.what, columns.saturating_sub(2));
    for (at, text) in what.iter().enumerate().take(2) {
        let mark = if at == 0 { mark.to_string() } else { " ".into() };
        let cells = Cells::new(state.theme, columns).text(&mark, tone).to(2);
        lines.push(cells.text(text, Tone::Plain).line());
    }
    let room = columns.saturating_sub(2);
    // The steps in few words say more than the first of them.
    let short = told
        .short
        .clone()
        .filter(|short| words::width(&told.next) > room && words::width(short) <= room);
    let next = match short {
        Some(short) => vec![short],
        None if what.len() < 2 => wrap(&told.next, room),
        None => vec![told.next.clone()],
    };
    for text in next.iter().take(2) {
        lines.push(Cells::new(state.theme, columns).to(2).text(text, Tone::Plain).line());
    }
    let line = Mark::Rule.sign().to_string().repeat(columns);
    lines.push(Cells::new(state.theme, columns).text(&line, Tone::Quiet).line());
    let chosen = match pane::row(state).and_then(|row| row.key) {
        Some(RowKey::App(id)) => Some(id),
        Some(RowKey::Process(identity)) => state.member_of(identity).map(|m| m.app.clone()),
        _ => None,
    };
    let apps = crate::servers::listed(&look.census);
    let first = |app: &App| {
        app.newest_first().next().map_or_else(String::new, |m| m.process.pid.to_string())
    };
    // The first number of each app stands below the others.
    let named =
        |app: &&App| words::width(&words::cut(&app.name, 14)) + 1 + words::width(&first(app));
    let wide = apps.iter().map(named).max().unwrap_or(0);
    for app in apps {
        let cursor = if chosen.as_ref() == Some(&app.id) { Mark::Selected.sign() } else { ' ' };
        let (mark, tone) = match look.worst(&app.id) {
            Some(severity) => (Mark::from(severity).sign(), Tone::from(severity)),
            None if look.is_blind(&app.id) => (Mark::Unknown.sign(), Tone::Blind),
            None => (Mark::Fine.sign(), Tone::Fine),
        };
        let layout = app.layout.get().and_then(Option::as_ref);
        let masters: Vec<String> = app
            .newest_first()
            .map(|master| {
                let (_, off) = release_words(Some(&master.release), layout);
                let role = match master.role {
                    crate::model::Role::Current => String::new(),
                    other => format!(" {}", words::role(other)),
                };
                format!("{}{role} {off:>2}", master.process.pid).trim_end().to_owned()
            })
            .collect();
        let cells = Cells::new(state.theme, columns)
            .text(&cursor.to_string(), Tone::Plain)
            .text(&mark.to_string(), tone)
            .text(" ", Tone::Plain)
            .text(&words::cut(&app.name, 14), Tone::Strong);
        let cells = cells.to(3 + wide - words::width(&first(app)));
        let workers = tree::workers(app);
        let room = columns.saturating_sub(cells.at() + words::width(&workers) + 3);
        let cells = cells.left(&words::cut(&masters.join("  "), room), room, Tone::Plain);
        lines.push(cells.text(" ", Tone::Plain).text(&workers, Tone::Plain).line());
    }
    ended(state, lines, columns, rows)
}

/// The machines of several recordings, about the one that has the cursor.
fn hosts(state: &State, columns: usize, rows: usize) -> Vec<Line<'static>> {
    let page = pane::page(state, Pane::Main, columns);
    let chosen = pane::selected(state, Pane::Main, &page.rows);
    let from = chosen.map_or(0, |at| (at + 1).saturating_sub(rows));
    let shown = page.rows.iter().enumerate().skip(from).take(rows);
    let line = |(at, row): (usize, &Row)| {
        let cursor = if chosen == Some(at) { Mark::Selected.sign() } else { ' ' };
        let cells = Cells::new(state.theme, columns).text(&cursor.to_string(), Tone::Plain);
        match row.key {
            Some(RowKey::Host(number)) => views::hosts::short(state, number, cells).line(),
            _ => row.line.clone(),
        }
    };
    shown.map(line).collect()
}

/// The lines with what stands at the foot of the screen.
fn ended(
    state: &State,
    mut lines: Vec<Line<'static>>,
    columns: usize,
    rows: usize,
) -> Vec<Line<'static>> {
    let told = state.message.is_some() || state.line.is_some() || !state.dialogs.is_empty();
    let foot = if told { 2 } else { 1 };
    lines.truncate(rows.saturating_sub(foot));
    while lines.len() + foot < rows {
        lines.push(Line::default());
    }
    if told {
        lines.push(super::footer::message(state, columns));
    }
    lines.push(super::footer::keys(state, columns));
    lines
}

fn bar(state: &State, columns: usize) -> Line<'static> {
    let Some(look) = state.shown() else { return Line::from("farrier") };
    let host = look.census.host.get().map_or_else(|| "?".into(), |host| host.name.to_string());
    let clock = look.census.taken_at.to_zoned(state.zone.clone()).strftime("%H:%M").to_string();
    let mode = super::bar::mode(state);
    let mode = mode.split(' ').next().unwrap_or_default();
    let count = |severity| look.verdicts.count(severity).min(99);
    let right = format!(
        "✗{:>3}  ▲{:>3}  ?{:>3}",
        count(Severity::Critical),
        count(Severity::Warning),
        crate::tui::views::blind::causes(state).len().min(99)
    );
    let left = words::cut(
        &format!("{host} {clock} {mode}"),
        columns.saturating_sub(words::width(&right) + 3),
    );
    let from = columns.saturating_sub(words::width(&right) + 2);
    let cells = Cells::new(state.theme, columns).text(&left, Tone::Plain).to(from);
    cells.text(&right, Tone::Plain).line()
}

/// The one line of anything smaller.
pub fn line(state: &State) -> String {
    if let Some(message) = &state.message {
        return message.words.clone();
    }
    let Some(look) = state.shown() else { return "farrier: reading processes".into() };
    if let Some(hosts) = state.hosts.as_ref().filter(|_| state.place.view == View::Hosts) {
        let worst = hosts.worst_first().first().and_then(|at| hosts.all.get(*at));
        let worst = worst.map(|host| hosts.name(host)).unwrap_or_default();
        return format!("{}, the worst: {worst}", words::counted(hosts.all.len(), "host"));
    }
    let told = look.headline();
    let (mark, _) = sign(&told);
    let count = look.verdicts.count(Severity::Critical) + look.verdicts.count(Severity::Warning);
    let count = if count == 0 { String::new() } else { count.to_string() };
    format!("{mark}{count} {}", told.what)
}
