//! Plan, upgrade: the steps before it is carried out, while it is, and how it ended.

mod ended;
mod observed;
pub(super) mod planned;
mod reason;

use ratatui::text::Line;

use super::tree::{queue, release_words, sum};
use super::{Card, Lower, Page, Row};
use crate::model::{App, Master, Phase};
use crate::os::Pid;
use crate::plans::course::{Act, Step};
use crate::plans::follow::Stage;
use crate::show::words::{self, Mark, counted, elapsed, time, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::passage::{Ending, Passage, Progress};
use crate::tui::place::{Door, Pane, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;
use crate::tui::widgets::pane;

/// The card.
pub const UPGRADE: Card = Card {
    view: View::Upgrade,
    key: Some('u'),
    short: "Plan",
    long: "Upgrade",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::View('u'),
        Action::View('t'),
        Action::Copy,
        Action::Escape,
        Action::Back,
    ],
};

/// What the footer offers while it goes on, and once it failed and the old master serves.
const RUNS: &[Action] = &[Action::Act, Action::View('t'), Action::Copy, Action::Escape];
const FAILED: &[Action] =
    &[Action::View('u'), Action::Open, Action::View('t'), Action::Copy, Action::Escape];

/// What the footer offers, the most useful first.
pub(super) fn keys(state: &State) -> &'static [Action] {
    match state.conducted().map(Passage::ending) {
        Some(None) => RUNS,
        Some(Some(Ending::OldServes)) => FAILED,
        _ => UPGRADE.keys,
    }
}

/// What a key is called there.
pub(super) fn hint(state: &State, action: Action) -> Option<&'static str> {
    match (state.conducted()?.ending(), action) {
        (None, Action::Act) => Some("stop or roll back"),
        (None, Action::Escape) => Some("overview"),
        (Some(_), Action::View('u')) => Some("upgrade again"),
        (Some(_), Action::Escape) => Some("back"),
        _ => None,
    }
}

/// The column in which the names of steps start.
const NAMES: usize = 5;

fn page(state: &State, columns: usize) -> Page {
    match state.conducted() {
        Some(passage) if passage.is_running() => running(state, passage, columns),
        Some(passage) => ended::page(state, passage, columns),
        None => observed::page(state, columns).unwrap_or_else(|| planned::page(state, columns)),
    }
}

/// The app of an operation, in the newest look.
fn app_of<'a>(state: &'a State, passage: &Passage) -> Option<&'a App> {
    state.shown()?.census.app(&passage.course.app)
}

/// The path of the view: what it upgrades to.
fn crumb(app: Option<&App>, name: &str, title: &str) -> Vec<String> {
    let layout = app.and_then(|app| app.layout.get()).and_then(Option::as_ref);
    let current = layout.and_then(|layout| layout.current_release());
    let title = match current {
        Some(current) if title.starts_with("Upgrade") => {
            format!("Upgrade to {}", words::release(current, 14))
        }
        _ => title.to_owned(),
    };
    vec![name.to_owned(), title]
}

fn running(state: &State, passage: &Passage, columns: usize) -> Page {
    let app = app_of(state, passage);
    let course = &passage.course;
    let took = elapsed(state.now.saturating_sub(passage.begun).as_secs());
    let mut page = Page {
        crumb: crumb(app, &course.app_name, &course.title),
        count: format!("step {}   {took}", passage.position()),
        ..Page::default()
    };
    page.rows = steps(state, passage, columns, 0, course.steps.len());
    for row in &mut page.rows {
        row.about = state
            .keys
            .words("Leaving this view (Esc) leaves the upgrade running. {quit} asks first");
    }
    let mut lower = Lower::default();
    let now = now(passage, &stands(state));
    lower.lines.extend(labelled(state, "NOW", &now, columns));
    let back = back(state, passage);
    lower.lines.extend(labelled(state, "BACK", &back, columns));
    page.rows.extend(both(state, app, columns));
    // What was seen last fills what is left of the pane.
    let height = usize::from(pane::area(state, Pane::Main).height);
    let room = height.saturating_sub(page.rows.len() + lower.lines.len() + 4).max(1);
    page.rows.push(Row::text(titled(state, columns, "Seen", "")));
    let taken = state.shown().map(|look| look.census.taken_at).unwrap_or_default();
    for sight in passage.seen.iter().skip(passage.seen.len().saturating_sub(room)) {
        let at = time(sight.at, taken, &state.zone);
        page.rows.push(sighted(state, &at, &sight.words, sight.source, columns));
    }
    page.lower = Some(lower);
    page
}

/// A line of what was seen.
fn sighted(state: &State, at: &str, what: &str, source: &str, columns: usize) -> Row {
    let cells = Cells::new(state.theme, columns).to(1).text(at, Tone::Quiet);
    let room = columns.saturating_sub(cells.at() + 5 + width(source));
    let cells = cells.text("  ", Tone::Plain).text(&words::cut(what, room), Tone::Plain);
    Row::text(cells.end(source, Tone::Quiet).line())
}

/// What goes on in the step under way, and who serves meanwhile.
fn now(passage: &Passage, serves: &str) -> String {
    let old = passage.course.first.target;
    let new = passage.new.map_or_else(|| "the new master".to_owned(), |new| new.to_string());
    match passage.step().map(|step| step.act) {
        Some(Act::Await(Stage::Serves)) => format!("wait. {serves}: requests get either release"),
        Some(Act::Await(_)) => format!("wait. {serves}; if {new} fails, {old} goes on as before"),
        Some(Act::Retire { .. }) => format!("wait. {serves}; {old} ends its requests"),
        Some(Act::Verify(_)) => format!("wait. {serves}, and has to stay as it is"),
        _ => format!("wait. {serves}"),
    }
}

/// The way back at this moment: a loading master acts on no QUIT, and one that got it is gone.
fn back(state: &State, passage: &Passage) -> String {
    let act = state.keys.shown(Action::Act);
    let old = passage.course.first.target;
    let stop = format!("{act}, \"stop here\"");
    match (passage.step().map(|step| step.act), passage.new) {
        (Some(Act::Await(Stage::Forked | Stage::Loads | Stage::Ready)), Some(new)) => {
            format!("{stop}, then rollback: QUIT to {new} once ready; {old} stays")
        }
        (Some(Act::Await(_) | Act::Probe | Act::Ask), Some(new)) => {
            format!("{stop}, then rollback: QUIT to {new}; {old} stays")
        }
        (Some(Act::Await(_)), None) => format!("{stop}: nothing more is sent; {old} stays"),
        (now, _) => {
            let back = passage.step().map(|step| step.way_back.clone()).unwrap_or_default();
            let more = if now.is_some() { ": nothing more is sent; " } else { "; " };
            format!("{stop}{more}{back}")
        }
    }
}

/// Who serves, a sentence.
pub fn stands(state: &State) -> String {
    let app = state.conducted().and_then(|passage| app_of(state, passage));
    app.map_or_else(|| "Nobody serves".into(), serving)
}

/// Who of an app serves, a sentence.
fn serving(app: &App) -> String {
    let serves =
        |master: &&Master| master.phase == Phase::Ready && master.workers_alive().next().is_some();
    let serving: Vec<Pid> =
        app.living_masters().filter(serves).map(|master| master.process.pid).collect();
    match serving.as_slice() {
        [] => "Nobody serves".into(),
        [one] => format!("{one} serves"),
        several => format!("{} serve", words::pids(several)),
    }
}

/// The masters of the app, a line each.
fn both(state: &State, app: Option<&App>, columns: usize) -> Vec<Row> {
    let Some(app) = app else { return Vec::new() };
    let title = if app.masters.len() > 1 { "Both masters" } else { "Master" };
    let mut rows = vec![Row::text(titled(state, columns, title, ""))];
    let layout = app.layout.get().and_then(Option::as_ref);
    let available = state.shown().and_then(|look| Some(look.census.host.get()?.available));
    for master in &app.masters {
        let (release, off) = release_words(Some(&master.release), layout);
        let alive = master.workers_alive().count();
        let does = match (master.phase, alive) {
            (Phase::Zombie, _) => "ended, not reaped".into(),
            (Phase::Ready, alive) => format!("{} serve", counted(alive, "worker")),
            (_, 0) => "loads, no worker yet".into(),
            (_, alive) => format!("loads, {}", counted(alive, "worker")),
        };
        let memory = sum(std::iter::once(&master.process)
            .chain(master.workers_alive().map(|worker| &worker.process)));
        let right = match (master.phase, available) {
            (Phase::Ready, _) | (_, None) => format!("queue {}", queue(app)),
            (_, Some(free)) => format!("{} free", words::memory(free)),
        };
        let pid = master.process.pid.to_string();
        let cells = Cells::new(state.theme, columns).to(1).left(&pid, 7, Tone::Strong);
        let cells = cells.left(words::role(master.role), 8, Tone::Plain);
        let cells = cells.left(&release, 15, Tone::Plain).right(&off, 3, Tone::Plain);
        let cells = cells.text("  ", Tone::Plain).left(&does, 21, Tone::Plain);
        let cells = cells.right(&memory, 6, Tone::Plain);
        let identity = master.process.identity();
        rows.push(Row {
            line: cells.end(&right, Tone::Quiet).line(),
            key: Some(RowKey::Process(identity)),
            door: Some(process(app, identity)),
            ..Row::default()
        });
    }
    rows
}

fn process(app: &App, identity: crate::tui::place::Identity) -> Door {
    let subject = Subject::Process(app.id.clone(), identity);
    Door { view: View::Process, subject, row: None }
}

/// Some of the steps, a line each, as far as they are.
fn steps(state: &State, passage: &Passage, columns: usize, from: usize, count: usize) -> Vec<Row> {
    let course = &passage.course;
    let broke = passage.ending().filter(|ending| *ending != Ending::Done);
    let all = course.steps.iter().zip(&passage.steps).enumerate();
    let drawn = all.skip(from).take(count).map(|(at, (step, progress))| {
        let begun = at == passage.at;
        let mark = match (progress.done.is_some(), begun, broke) {
            (true, _, _) => Some((Mark::Fine, Tone::Fine)),
            (false, true, Some(ending)) => Some(ended::mark(ending)),
            (false, true, None) => Some((Mark::Folded, Tone::Strong)),
            (false, false, _) => None,
        };
        let (mut words, right) = said(state, passage, step, progress, begun && broke.is_none());
        let mut right = right;
        if begun && let Some(ended) = passage.ended.as_ref().filter(|_| broke.is_some()) {
            // The rest of it stands below.
            let told = ended.outcome.words();
            words = ended::how(app_of(state, passage), passage)
                .unwrap_or_else(|| told.split(". ").next().unwrap_or(&told).to_owned());
            let taken = state.shown().map(|look| look.census.taken_at).unwrap_or_default();
            right = time(ended.at, taken, &state.zone);
        }
        Drawn { at, mark, words, right }
    });
    let lines: Vec<Drawn> = drawn.collect();
    let names = names(course.steps.iter().map(|step| &*step.name));
    let about = app_of(state, passage);
    let target = |at: usize| {
        let old = course.first.target;
        let pid = if at >= 2 { passage.new.unwrap_or(old) } else { old };
        let app = about?;
        Some(process(app, app.master(pid)?.process.identity()))
    };
    lines
        .into_iter()
        .filter_map(|line| {
            let step = course.steps.get(line.at)?;
            let mut row = step_row(state, (&step.name, &step.must_see), &line, names, columns);
            row.door = target(line.at);
            Some(row)
        })
        .collect()
}

/// What stands in the line of one step besides its name.
struct Drawn {
    at: usize,
    mark: Option<(Mark, Tone)>,
    words: String,
    right: String,
}

/// The row of a step.
pub fn step_key(at: usize) -> RowKey {
    RowKey::Named(format!("step {at}"))
}

/// The column in which the words of steps start.
fn names<'a>(steps: impl Iterator<Item = &'a str>) -> usize {
    NAMES + steps.map(width).max().unwrap_or(0).clamp(12, 24) + 2
}

fn step_row(
    state: &State,
    (name, must_see): (&str, &str),
    line: &Drawn,
    names: usize,
    columns: usize,
) -> Row {
    let room = columns.saturating_sub(names + width(&line.right) + 3);
    let cells = Cells::new(state.theme, columns).to(1);
    let cells = match line.mark {
        Some((mark, tone)) => cells.text(&mark.sign().to_string(), tone),
        None => cells,
    };
    let cells = cells.to(3).text(&(line.at + 1).to_string(), Tone::Plain).to(NAMES);
    let cells = cells.left(name, names - NAMES, Tone::Plain);
    let cells = cells.text(&words::cut(&line.words, room), Tone::Plain);
    Row {
        line: cells.end(&line.right, Tone::Quiet).line(),
        key: Some(step_key(line.at)),
        about: if width(&line.words) > room { line.words.clone() } else { must_see.to_owned() },
        words: Words { text: format!("{name} {}", line.words), values: Vec::new() },
        copy: format!("{name}: {}", line.words),
        ..Row::default()
    }
}

/// What a step shows, and its time.
fn said(
    state: &State,
    passage: &Passage,
    step: &Step,
    progress: &Progress,
    runs: bool,
) -> (String, String) {
    let taken = state.shown().map(|look| look.census.taken_at).unwrap_or_default();
    if let Some(done) = progress.done {
        let words = match (&progress.seen, step.act) {
            (_, Act::Await(Stage::Loads)) if passage.program.is_some() => {
                passage.program.clone().unwrap_or_default()
            }
            (Some(seen), _) => seen.clone(),
            (None, Act::Preflight) => planned::accepted(&passage.course.first),
            (None, _) => step.brief().to_owned(),
        };
        return (words, time(done, taken, &state.zone));
    }
    if !runs {
        return (step.brief().to_owned(), String::new());
    }
    let since = progress.since.unwrap_or(passage.begun);
    let took = elapsed(state.now.saturating_sub(since).as_secs());
    let bound = step.within.as_secs();
    let words = match (step.act, passage.last) {
        (Act::Await(Stage::Ready), Some(last)) => {
            format!("{took} of at most {bound}; {last} s the last time")
        }
        _ => format!("{took} of at most {bound}: {}", step.brief()),
    };
    (words, String::new())
}

/// A label, and words that run on below each other.
fn labelled(state: &State, label: &str, text: &str, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for piece in wrap(text, columns.saturating_sub(9).min(100)) {
        let label = if lines.is_empty() { label } else { "" };
        let cells = Cells::new(state.theme, columns).to(1).left(label, 7, Tone::Quiet);
        lines.push(cells.text(&piece, Tone::Plain).line());
    }
    lines
}
