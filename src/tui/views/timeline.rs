//! Time line: what happened, the newest on top, each with how it is known and where it leads.

use ratatui::text::Line;

use super::{Card, Page, Row};
use crate::model::Census;
use crate::show::words::{counted, cut, time, width};
use crate::tui::chronicle::Moment;
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};

/// The card.
pub const TIMELINE: Card = Card {
    view: View::Timeline,
    key: Some('t'),
    short: "Time",
    long: "Timeline",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::Filter,
        Action::Wrap,
        Action::Copy,
        Action::Pause,
        Action::Back,
    ],
};

/// Room for `19 Nov 09:31`.
const TIME: usize = 12;
/// What a source may take of a line.
const SOURCE: usize = 26;

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Timeline".into()], ..Page::default() };
    let Some(look) = state.shown() else { return page };
    // What happens while the screen is paused stands behind it.
    let until = state.paused.as_ref().map(|look| look.census.taken_at);
    let heads = Cells::new(state.theme, columns).to(3).left("time", TIME, Tone::Quiet);
    page.head.push(heads.to(TIME + 4).text("event", Tone::Quiet).end("source", Tone::Quiet).line());
    let moments = state.chronicle.moments();
    let shown = moments.iter().rev().filter(|moment| until.is_none_or(|until| moment.at <= until));
    let mut events = 0;
    for moment in shown {
        events += 1;
        page.rows.extend(rows(state, &look.census, moment, columns));
    }
    page.count = format!("{}, newest on top", counted(events, "event"));
    if page.rows.is_empty() {
        page.rows.push(Row::text(Line::from(" nothing happened yet")));
    }
    page.sift(state)
}

fn rows(state: &State, census: &Census, moment: &Moment, columns: usize) -> Vec<Row> {
    let at = time(moment.at, census.taken_at, &state.zone);
    let (app, words) = told(state, moment);
    let source = last(&moment.source, SOURCE);
    let from = TIME + 4;
    let room = columns.saturating_sub(from + width(&source) + 3);
    let long = width(&words) > room;
    let mut pieces =
        if state.manner.wrap { wrap(&words, room) } else { vec![cut(&words, room)] }.into_iter();
    let cells = Cells::new(state.theme, columns).to(3).left(&at, TIME, Tone::Quiet).to(from);
    let line = cells.text(&pieces.next().unwrap_or_default(), Tone::Plain);
    let day = moment.at.to_zoned(state.zone.clone()).strftime("%-d %b %Y %H:%M:%S");
    let values = vec![
        ("app", app.clone()),
        ("app", moment.app.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("pid", moment.process.map(|(pid, _)| pid.to_string()).unwrap_or_default()),
        ("release", moment.release.clone().unwrap_or_default()),
        ("src", moment.source.clone()),
    ];
    let mut rows = vec![Row {
        line: line.end(&source, Tone::Quiet).line(),
        key: Some(RowKey::Named(name(moment, &app, &words))),
        door: door(state, moment),
        about: if long { words.clone() } else { format!("{day}  ({})", moment.source) },
        words: Words { text: format!("{at} {words} {app} {}", moment.source), values },
        copy: format!("{day}  {words}  ({})", moment.source),
        ..Row::default()
    }];
    rows.extend(pieces.map(|piece| {
        Row::more(Cells::new(state.theme, columns).to(from).text(&piece, Tone::Plain).line())
    }));
    rows
}

/// The name of its app, and what happened: with that name where there are several.
pub fn told(state: &State, moment: &Moment) -> (String, String) {
    let app = moment.app.as_ref().map(|id| state.app_name(id)).unwrap_or_default();
    let apps = state.shown().map_or(0, |look| look.census.apps.len());
    let several = apps > 1 && !app.is_empty() && !moment.words.contains(&app);
    let words = if several { format!("{app}: {}", moment.words) } else { moment.words.clone() };
    (app, words)
}

/// What its row is known by.
pub fn name(moment: &Moment, app: &str, words: &str) -> String {
    format!("{} {app} {words}", moment.at)
}

/// To what it is about: the release, the process, else its app.
fn door(state: &State, moment: &Moment) -> Option<Door> {
    let app = moment.app.clone()?;
    if let Some(release) = &moment.release {
        let row = Some(RowKey::Named(release.clone()));
        return Some(Door { view: View::Releases, subject: Subject::App(app), row });
    }
    let known = moment.process.filter(|identity| state.member_of(*identity).is_some());
    if let Some(identity) = known {
        return Some(Door {
            view: View::Process,
            subject: Subject::Process(app, identity),
            row: None,
        });
    }
    let row = Some(RowKey::App(app.clone()));
    Some(Door { view: View::Overview, subject: Subject::App(app), row })
}

/// A source in so many columns: a file with its line, the file, or that it is a log; `None`: there is no room.
pub(super) fn source_in(source: &str, room: usize) -> Option<&str> {
    let file = source.rsplit('/').next().unwrap_or(source);
    let name = file.split(':').next().unwrap_or(file);
    let log = if name.contains('.') { "log" } else { name };
    [file, name, log].into_iter().find(|form| width(form) <= room)
}

/// The last part of a source that is a path.
fn last(source: &str, room: usize) -> String {
    cut(source.rsplit('/').next().unwrap_or(source), room)
}
