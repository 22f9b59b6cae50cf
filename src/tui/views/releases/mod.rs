//! Releases: which are on disk, who runs them, and since when.

mod axis;

use ratatui::text::Line;

use super::{Card, Page, Row};
use crate::model::{App, CurrentState, Layout, Master, Release, Setting};

use crate::rules::releases::release_prune_risk::deleted_next;
use crate::show::words::{self, Mark, counted};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, Pane, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::pane;

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
/// What is said of a release whose Gemfile the next master loads.
const PINNED: &str = "BUNDLE_GEMFILE of the next USR2";
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
    page.count = format!("{} on disk, keep_releases {}", releases.len(), kept(state, layout));
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
    if let Some(row) = current_row(state, layout, columns, 1) {
        page.rows.push(row);
    }
    for name in run_but_gone(app, layout) {
        page.rows.push(row(state, app, layout, &name, None, (columns, 1)));
    }
    for release in releases.iter().rev() {
        page.rows.push(row(state, app, layout, &release.name, Some(release), (columns, 1)));
    }
    page.columns = &["release", "deployed", "rev", "off", "used by"];
    page.lower = axis::time_line(state, app, layout, releases, columns);
    let height = usize::from(pane::area(state, Pane::Main).height);
    if let Some(lower) = &mut page.lower {
        // It stands below the releases, not at the foot, where there is room for both.
        let room = height.saturating_sub(page.head.len() + 2 + page.rows.len() + 2);
        lower.lines.resize(room.max(lower.lines.len()), Line::default());
    }
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
    // It has no cursor, and so no column for it.
    let mut rows: Vec<Row> = current_row(state, layout, columns, 0).into_iter().collect();
    for name in run_but_gone(app, layout) {
        rows.push(row(state, app, layout, &name, None, (columns, 0)));
    }
    for release in releases.iter().rev() {
        rows.push(row(state, app, layout, &release.name, Some(release), (columns, 0)));
    }
    (format!("keep {}", keep(state)), rows.into_iter().map(|row| row.line).collect())
}

/// How many a clean-up leaves, and where that is written.
fn kept(state: &State, layout: &Layout) -> String {
    match layout.keeps.get() {
        Some(Setting::Set { value, line }) => {
            let place = layout.keeps.place.to_string();
            let current = format!("{}/", crate::os::shown(&layout.current.path));
            let file = place.strip_prefix(&current).unwrap_or(&place).to_owned();
            format!("{value} ({}:{line})", words::fit(&file, 30, None))
        }
        _ => keep(state).to_string(),
    }
}

fn keep(state: &State) -> usize {
    state.shown().map_or(5, |look| look.census.limits.keep_releases)
}

/// What `current` is, where it names no release; its mark stands in that column.
fn current_row(state: &State, layout: &Layout, columns: usize, first: usize) -> Option<Row> {
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
        .to(first)
        .text(&sign.to_string(), tone)
        .to(1 + 2 * first)
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
    for master in app.newest_first().filter(|master| runs(master, name)) {
        let workers = counted(master.workers_alive().count(), "worker");
        users.push(format!("{} {}, {workers}", master.process.pid, words::role(master.role)));
        let subject = Subject::Process(app.id.clone(), master.process.identity());
        door = door.or(Some(Door { view: View::Process, subject, row: None }));
    }
    for master in &app.masters {
        let Some(Some(gemfile)) = master.restart.gemfile.get() else { continue };
        if gemfile.release.as_deref() == Some(name) && gemfile.rescued.get() != Some(&true) {
            users.push(PINNED.into());
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
    (columns, first): (usize, usize),
) -> Row {
    let now = state.shown().map_or(jiff::Timestamp::UNIX_EPOCH, |look| look.census.taken_at);
    let (users, door) = used(app, layout, name);
    // In a narrow pane the mark tells which one is current.
    let users = match users.strip_prefix("current; ").filter(|users| *users != UNUSED) {
        Some(users) if columns < NARROW => users.to_owned(),
        _ if columns < NARROW => users.replace(UNUSED, "nobody runs it"),
        _ => users,
    };
    let doomed = state.shown().is_some_and(|look| {
        deleted_next(layout, &look.census.limits).contains(&name) && release.is_some()
    });
    let users = match users.strip_suffix(PINNED).filter(|_| columns < NARROW) {
        Some(before) if doomed => format!("{before}BUNDLE_GEMFILE; deleted next"),
        Some(before) => format!("{before}BUNDLE_GEMFILE of next USR2"),
        None => users,
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
                .map_or_else(|| "?".into(), |at| words::date(*at, now, &state.zone))
        },
    );
    let revision = release.and_then(|r| r.revision.as_deref()).unwrap_or("-");
    let revision: String = revision.chars().take(7).collect();
    let off = match (release, layout.offset(name)) {
        (None, _) => "del".into(),
        (_, Some(off)) => words::offset(off),
        _ => String::new(),
    };
    let mut cells = Cells::new(state.theme, columns).to(first);
    if let Some(finding) = finding {
        cells =
            cells.text(&Mark::from(finding.severity).sign().to_string(), finding.severity.into());
    } else if release.is_none() {
        cells = cells.text(&Mark::Ghost.sign().to_string(), Tone::Warn);
    }
    cells = cells.to(1 + 2 * first).left(&words::release(name, 14), 15, Tone::Plain);
    if columns >= NARROW {
        cells =
            cells.right(&arrived, 13, Tone::Plain).to(34).left(&revision, 8, Tone::Plain).to(43);
    }
    cells = cells.right(&off, 3, Tone::Plain).text("  ", Tone::Plain);
    Row {
        line: cells.text(&users, if users == "nothing" { Tone::Quiet } else { Tone::Plain }).line(),
        key: Some(RowKey::Named(name.to_owned())),
        door,
        // The row says it whole, unless it is cut.
        about: if words::width(&users) + 48 > columns {
            format!("{name}: {users}")
        } else {
            String::new()
        },
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
