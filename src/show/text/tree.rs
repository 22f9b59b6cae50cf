//! `farrier tree` as text, in the columns of the inspector's tree (`screens.md` §2.0).

use std::fmt::Write as _;

use super::Paint;
use crate::contract::{Severity, Verdicts};
use crate::facts::Fact;
use crate::model::{App, Census, Layout, Master, Process, Worker};
use crate::show::words::{self, Mark, left, right};

/// One row before it is laid out.
#[derive(Default)]
struct Row {
    mark: Option<Severity>,
    /// Branch and name.
    name: String,
    pid: String,
    role: String,
    release: String,
    off: String,
    work: String,
    age: String,
    memory: String,
    queue: String,
}

impl Row {
    fn line(&self, paint: Paint) -> String {
        let mark = self.mark.map_or(" ".into(), |severity| paint.mark(severity.into()));
        let line = format!(
            "{mark} {}{}  {} {} {} {} {} {} {}",
            left(&self.name, 15),
            right(&self.pid, 7),
            left(&self.role, 8),
            left(&self.release, 14),
            right(&self.off, 3),
            right(&self.work, 5),
            right(&self.age, 4),
            right(&self.memory, 5),
            right(&self.queue, 9),
        );
        line.trim_end().to_owned() + "\n"
    }
}

/// Apps, masters and workers.
pub fn tree(census: &Census, verdicts: &Verdicts, paint: Paint) -> String {
    let head = Row {
        name: "app".into(),
        pid: "pid".into(),
        role: "role".into(),
        release: "release".into(),
        off: "off".into(),
        work: "work".into(),
        age: "age".into(),
        memory: "mem".into(),
        queue: "queue".into(),
        mark: None,
    };
    let mut out = paint.quiet(head.line(paint).trim_end()) + "\n";
    for app in crate::servers::listed(census) {
        out += &of_app(app, verdicts, paint);
    }
    if census.apps.is_empty() {
        let _ =
            writeln!(out, "no application server was found; farrier check says what it looked for");
    }
    out
}

fn of_app(app: &App, verdicts: &Verdicts, paint: Paint) -> String {
    let layout = app.layout.get().and_then(Option::as_ref);
    let alive: usize = app.masters.iter().map(|m| m.workers_alive().count()).sum();
    let wanted = app.current_master().and_then(Master::workers_wanted);
    let worst = verdicts.findings().into_iter().find(|f| f.app == app.id).map(|f| f.severity);
    let processes: Vec<&Process> = app.processes().collect();
    let mut out = Row {
        mark: worst,
        name: app.name.clone(),
        role: words::served_by(app.kind).into(),
        release: current(app),
        work: format!("{alive}/{}", wanted.map_or("?".into(), |wanted| wanted.to_string())),
        memory: total(&processes),
        queue: queue(app),
        ..Row::default()
    }
    .line(paint);
    for (at, master) in app.newest_first().enumerate() {
        let last = at + 1 == app.masters.len() && app.orphans.is_empty();
        out += &of_master(app, layout, master, last, verdicts, paint);
    }
    for (at, worker) in app.orphans.iter().enumerate() {
        let last = at + 1 == app.orphans.len();
        out += &of_worker(layout, worker, &branch(last), verdicts, paint);
    }
    out
}

fn branch(last: bool) -> String {
    (if last { Mark::LastBranch } else { Mark::Branch }).sign().to_string()
}

fn of_master(
    app: &App,
    layout: Option<&Layout>,
    master: &Master,
    last: bool,
    verdicts: &Verdicts,
    paint: Paint,
) -> String {
    let queue = if app.masters.len() > 1 { String::new() } else { queue_of(app, master) };
    let mut out = Row {
        name: format!("{} master", branch(last)),
        role: words::role(master.role).into(),
        work: master.workers_alive().count().to_string(),
        queue,
        ..of_process(layout, &master.process, &master.release, verdicts)
    }
    .line(paint);
    let trunk = if last { ' ' } else { Mark::Trunk.sign() };
    for (at, worker) in master.workers.iter().enumerate() {
        let branch = format!("{trunk} {}", branch(at + 1 == master.workers.len()));
        out += &of_worker(layout, worker, &branch, verdicts, paint);
    }
    out
}

fn of_worker(
    layout: Option<&Layout>,
    worker: &Worker,
    branch: &str,
    verdicts: &Verdicts,
    paint: Paint,
) -> String {
    let number = worker.number.map_or("?".into(), |number| number.to_string());
    Row {
        name: format!("{branch} w{number}"),
        role: "worker".into(),
        ..of_process(layout, &worker.process, &worker.release, verdicts)
    }
    .line(paint)
}

fn of_process(
    layout: Option<&Layout>,
    process: &Process,
    release: &Fact<Option<String>>,
    verdicts: &Verdicts,
) -> Row {
    let worst =
        verdicts.findings().into_iter().find(|f| f.pid == Some(process.pid)).map(|f| f.severity);
    let (name, off) = match &release.value {
        Err(_) => ("?".into(), "?".into()),
        Ok(None) => ("-".into(), String::new()),
        Ok(Some(name)) => (words::release(name, 14), off(layout, name)),
    };
    let memory = process.pss.get().or(process.rss.get());
    Row {
        mark: worst,
        pid: process.pid.to_string(),
        release: name,
        off,
        age: process.age.get().map_or("?".into(), |age| words::age(*age)),
        memory: memory.map_or("?".into(), |bytes| words::memory(*bytes)),
        ..Row::default()
    }
}

/// How far a release is from `current`: `del` where its directory is gone, `?` where that is not known.
pub fn off(layout: Option<&Layout>, name: &str) -> String {
    let Some(layout) = layout else { return String::new() };
    match (layout.offset(name), layout.releases.get()) {
        (Some(offset), _) => words::offset(offset),
        (None, Some(_)) if layout.release(name).is_none() => "del".into(),
        _ => "?".into(),
    }
}

fn current(app: &App) -> String {
    match &app.layout.value {
        Err(_) => "?".into(),
        Ok(None) => "-".into(),
        Ok(Some(layout)) => {
            layout.current_release().map_or("?".into(), |name| words::release(name, 14))
        }
    }
}

/// The sum of what is known, `≥` before it where something is not.
fn total(processes: &[&Process]) -> String {
    let known: Vec<u64> =
        processes.iter().filter_map(|p| p.pss.get().or(p.rss.get()).copied()).collect();
    if known.is_empty() {
        return if processes.is_empty() { String::new() } else { "?".into() };
    }
    let sum = words::memory(known.iter().sum());
    if known.len() == processes.len() { sum } else { format!("≥{sum}") }
}

/// The fullest of an app's listeners.
fn queue(app: &App) -> String {
    fullest(app.listeners.iter())
}

fn queue_of(app: &App, master: &Master) -> String {
    if app.listeners.len() < 2 {
        return String::new();
    }
    fullest(app.listeners.iter().filter(|l| l.masters.contains(&master.process.pid)))
}

fn fullest<'a>(listeners: impl Iterator<Item = &'a crate::model::Listener>) -> String {
    let mut all = listeners.peekable();
    if all.peek().is_none() {
        return String::new();
    }
    all.map(|listener| (listener.queued.get(), listener.backlog.get()))
        .max_by_key(|(queued, _)| queued.copied())
        .map_or(String::new(), |(queued, backlog)| {
            let shown = |n: Option<&u32>| n.map_or("?".into(), ToString::to_string);
            format!("{}/{}", shown(queued), shown(backlog))
        })
}
