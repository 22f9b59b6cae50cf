//! Releases: which are on disk, who runs them, and since when.

use ratatui::text::Line;

use super::{Card, Lower, Page, Row};
use crate::model::{App, CurrentState, Layout, Master, Release};
use crate::show::words::{self, Mark, counted};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// The card.
pub const RELEASES: Card = Card {
    view: View::Releases,
    key: Some('8'),
    short: "Rels",
    long: "Releases",
    page,
    keys: &[Action::Open, Action::Act, Action::View('u'), Action::NextFinding, Action::Back],
};

/// What is said of the current release where no process has come to it yet.
const UNUSED: &str = "no process runs it";
/// Below so many columns the dates and revisions give way to the users.
const NARROW: usize = 70;

fn page(state: &State, columns: usize) -> Page {
    let mut page = Page { crumb: vec!["Releases".into()], ..Page::default() };
    let Some(app) = state.app() else { return page };
    page.crumb.insert(0, app.name.clone());
    let line = |words: &str, tone| Cells::new(state.theme, columns).to(3).text(words, tone).line();
    let layout = match &app.layout.value {
        Ok(Some(layout)) => layout,
        Ok(None) => {
            page.rows.push(Row::text(line("it is not deployed by releases", Tone::Plain)));
            return page;
        }
        Err(lack) => {
            page.rows
                .push(Row::text(line(&format!("? {lack} ({})", app.layout.place), Tone::Blind)));
            return page;
        }
    };
    let releases = layout.releases.get().map_or(&[][..], Vec::as_slice);
    page.count = format!("{} on disk, keep_releases {}", releases.len(), keep(state));
    let heads = Cells::new(state.theme, columns).to(3).left("release", 15, Tone::Quiet);
    let heads = if columns < NARROW {
        heads
    } else {
        heads.right("deployed", 13, Tone::Quiet).to(34).left("rev", 8, Tone::Quiet).to(43)
    };
    let heads = heads.right("off", 3, Tone::Quiet).text("  ", Tone::Quiet);
    page.head.push(heads.text("used by", Tone::Quiet).line());
    if let Some(lack) = layout.releases.lack() {
        page.rows
            .push(Row::text(line(&format!("? {lack} ({})", layout.releases.place), Tone::Blind)));
    }
    if let Some(row) = current_row(state, layout, columns) {
        page.rows.push(row);
    }
    for name in run_but_gone(app, layout) {
        page.rows.push(row(state, app, layout, &name, None, columns));
    }
    for release in releases.iter().rev() {
        page.rows.push(row(state, app, layout, &release.name, Some(release), columns));
    }
    page.columns = &["release", "deployed", "rev", "off", "used by"];
    page.lower = time_line(state, app, layout, releases, columns);
    page.sift(state)
}

/// The releases in lines of a narrow pane, those in use and the newest first, and how many a clean-up leaves.
pub(super) fn listed(state: &State, app: &App, columns: usize) -> (String, Vec<Line<'static>>) {
    let said = |words: &str, tone| {
        let line = Cells::new(state.theme, columns).to(1).text(words, tone).line();
        (String::new(), vec![line])
    };
    let layout = match &app.layout.value {
        Ok(Some(layout)) => layout,
        Ok(None) => return said("it is not deployed by releases", Tone::Quiet),
        Err(lack) => return said(&format!("? {lack} ({})", app.layout.place), Tone::Blind),
    };
    let releases = layout.releases.get().map_or(&[][..], Vec::as_slice);
    let mut rows: Vec<Row> = current_row(state, layout, columns).into_iter().collect();
    for name in run_but_gone(app, layout) {
        rows.push(row(state, app, layout, &name, None, columns));
    }
    for release in releases.iter().rev() {
        rows.push(row(state, app, layout, &release.name, Some(release), columns));
    }
    (format!("keep {}", keep(state)), rows.into_iter().map(|row| row.line).collect())
}

fn keep(state: &State) -> usize {
    state.shown().map_or(5, |look| look.census.limits.keep_releases)
}

/// What `current` is, where it names no release.
fn current_row(state: &State, layout: &Layout, columns: usize) -> Option<Row> {
    let words = match &layout.current.state.value {
        Ok(CurrentState::Release(_)) => return None,
        Ok(CurrentState::Elsewhere(path)) => {
            format!("current leads to {}, which is no release", crate::os::shown(path))
        }
        Ok(CurrentState::Dangling(path)) => {
            format!("current leads to {}, which is gone", crate::os::shown(path))
        }
        Ok(CurrentState::Directory) => "current is a directory, not a link".into(),
        Ok(CurrentState::Missing) => "current is not there".into(),
        Err(lack) => format!("current: {lack} ({})", layout.current.state.place),
    };
    let (sign, tone) = if layout.current.state.get().is_some() {
        (Mark::Critical.sign(), Tone::Crit)
    } else {
        (Mark::Unknown.sign(), Tone::Blind)
    };
    let line = Cells::new(state.theme, columns)
        .to(1)
        .text(&sign.to_string(), tone)
        .to(3)
        .text(&words, Tone::Plain);
    Some(Row {
        line: line.line(),
        key: Some(RowKey::Named("current".into())),
        about: words.clone(),
        words: Words { text: words, values: Vec::new() },
        copy: crate::os::shown(&layout.current.path),
        flagged: true,
        ..Row::default()
    })
}

/// Releases that a process runs and that are not on disk any more.
fn run_but_gone(app: &App, layout: &Layout) -> Vec<String> {
    let mut names: Vec<String> = app
        .masters
        .iter()
        .filter_map(|master| master.release.get()?.clone())
        .filter(|name| layout.releases.get().is_some() && layout.release(name).is_none())
        .collect();
    names.sort();
    names.dedup();
    names.reverse();
    names
}

fn runs(master: &Master, name: &str) -> bool {
    master.release.get().is_some_and(|release| release.as_deref() == Some(name))
}

/// Who uses a release, in words, and the first process that does.
fn used(app: &App, layout: &Layout, name: &str) -> (String, Option<Door>) {
    let mut users = Vec::new();
    let mut door = None;
    for master in app.masters.iter().filter(|master| runs(master, name)) {
        let workers = counted(master.workers_alive().count(), "worker");
        users.push(format!("{} {}, {workers}", master.process.pid, words::role(master.role)));
        let subject = Subject::Process(app.id.clone(), master.process.identity());
        door = door.or(Some(Door { view: View::Process, subject, row: None }));
    }
    for master in &app.masters {
        let Some(Some(gemfile)) = master.restart.gemfile.get() else { continue };
        if gemfile.release.as_deref() == Some(name) && gemfile.rescued.get() != Some(&true) {
            users.push("BUNDLE_GEMFILE of the next USR2".into());
            let subject = Subject::Process(app.id.clone(), master.process.identity());
            let row = Some(RowKey::Named("BUNDLE_GEMFILE".into()));
            door = door.or(Some(Door { view: View::Environment, subject, row }));
        }
    }
    users.dedup();
    let current = layout.current_release() == Some(name);
    let words = match (current, users.is_empty()) {
        (true, true) => format!("current; {UNUSED}"),
        (true, false) => format!("current; {}", users.join("; ")),
        (false, true) => "nothing".into(),
        (false, false) => users.join("; "),
    };
    (words, door)
}

fn row(
    state: &State,
    app: &App,
    layout: &Layout,
    name: &str,
    release: Option<&Release>,
    columns: usize,
) -> Row {
    let now = state.shown().map_or(jiff::Timestamp::UNIX_EPOCH, |look| look.census.taken_at);
    let (users, door) = used(app, layout, name);
    // In a narrow pane the mark tells which one is current.
    let users = match users.strip_prefix("current; ").filter(|users| *users != UNUSED) {
        Some(users) if columns < NARROW => users.to_owned(),
        _ if columns < NARROW => users.replace("of the next", "of next"),
        _ => users,
    };
    let current = layout.current_release() == Some(name);
    let in_use = users != "nothing" && !current;
    let findings = state.shown().map(|look| look.findings()).unwrap_or_default();
    let finding = findings.iter().find(|f| f.app == app.id && in_use && f.summary.contains(name));
    let arrived = release.map_or_else(
        || "gone".into(),
        |release| {
            release
                .arrived
                .get()
                .map_or_else(|| "?".into(), |at| words::time(*at, now, &state.zone))
        },
    );
    let revision = release.and_then(|r| r.revision.as_deref()).unwrap_or("-");
    let revision: String = revision.chars().take(7).collect();
    let off = match (release, layout.offset(name)) {
        (None, _) => "del".into(),
        (_, Some(off)) => words::offset(off),
        _ => String::new(),
    };
    let mut cells = Cells::new(state.theme, columns).to(1);
    if let Some(finding) = finding {
        cells =
            cells.text(&Mark::from(finding.severity).sign().to_string(), finding.severity.into());
    } else if release.is_none() {
        cells = cells.text(&Mark::Ghost.sign().to_string(), Tone::Warn);
    }
    cells = cells.to(3).left(&words::release(name, 14), 15, Tone::Plain);
    if columns >= NARROW {
        cells =
            cells.right(&arrived, 13, Tone::Plain).to(34).left(&revision, 8, Tone::Plain).to(43);
    }
    cells = cells.right(&off, 3, Tone::Plain).text("  ", Tone::Plain);
    Row {
        line: cells.text(&users, if users == "nothing" { Tone::Quiet } else { Tone::Plain }).line(),
        key: Some(RowKey::Named(name.to_owned())),
        door,
        about: format!("{name}: {users}"),
        words: Words {
            text: format!("{name} {revision} {off} {users}"),
            values: vec![("release", name.to_owned()), ("off", off)],
        },
        copy: release.map_or_else(|| name.to_owned(), |release| crate::os::shown(&release.path)),
        flagged: finding.is_some() || release.is_none(),
        worths: vec![
            Worth::words(name),
            Worth::number(release.and_then(|r| r.arrived.get()).map(|at| at.as_second())),
            Worth::words(if revision == "-" { "" } else { &revision }),
            Worth::number(layout.offset(name)),
            Worth::words(if users == "nothing" { "" } else { &users }),
        ],
        ..Row::default()
    }
}

/// The axis is by release, not by the clock: each has an equal slot, a bar starts at the release that runs.
fn time_line(
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
    let end = columns.saturating_sub(4);
    let label =
        |name: &str| Cells::new(state.theme, columns).to(1).left(name, LABEL - 1, Tone::Plain);
    let mut heads = label("");
    for (at, release) in shown.iter().enumerate() {
        let date = release
            .arrived
            .get()
            .map_or_else(|| "?".into(), |at| words::time_in_words(*at, now, &state.zone));
        let day: Vec<&str> = date.split(' ').take(2).collect();
        heads = heads.to(LABEL + at * SLOT).text(&day.join(" "), Tone::Quiet);
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
    for master in &app.masters {
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
    Some(Lower { title: "Time line".into(), right: String::new(), lines })
}
