//! Process: what one process is, where it lives, and what its next re-execution would run.

use super::{Card, Page};
use crate::contract::line::age as age_in_words;
use crate::facts::files::{Fate, Linked, Spot};
use crate::facts::{Fact, Lack, cgroup, signals};
use crate::model::{App, Master, Phase, Process, Role};
use crate::os::{Pid, Root, shown};
use crate::show::words::{self, Mark};
use crate::tui::keys::Action;
use crate::tui::members::{Member, worker_name};
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::sheet::{Entry, Sheet};

/// The card.
pub const PROCESS: Card = Card {
    view: View::Process,
    key: Some('3'),
    short: "Proc",
    long: "Process",
    page,
    keys: &[
        Action::Open,
        Action::Mark,
        Action::Diff,
        Action::Act,
        Action::Copy,
        Action::Wrap,
        Action::Filter,
        Action::NextFinding,
        Action::Back,
    ],
};

/// The path and heading of a view of one process; `Err`: there is none to show.
pub fn subject<'a>(state: &'a State, what: &str) -> Result<(Page, Member<'a>), Box<Page>> {
    let Some(member) = state.member() else {
        let nothing =
            Page { crumb: vec![what.into()], count: "no process here".into(), ..Page::default() };
        return Err(Box::new(nothing));
    };
    let app = state.app_name(member.app);
    let mut page = Page { crumb: vec![app, member.name(), what.into()], ..Page::default() };
    if let Some(ended) = member.ended {
        page.count = format!("gone since {}", words::time(ended, ended, &state.zone));
    }
    Ok((page, member))
}

pub(super) fn page(state: &State, columns: usize) -> Page {
    let (mut page, member) = match subject(state, "Process") {
        Ok(found) => found,
        Err(nothing) => return *nothing,
    };
    let process = member.process;
    let app = state.shown().and_then(|look| look.census.app(member.app));
    let mut sheet = Sheet::new(state, columns);
    sheet.text(&sentence(state, &member, app), Tone::Strong);
    for finding in state.findings_of(process.pid) {
        sheet.put(Entry {
            label: finding.severity.name().into(),
            value: format!("{}: {}", finding.rule, finding.summary),
            mark: Some((Mark::from(finding.severity).sign(), finding.severity.into())),
            door: Some(Door {
                view: View::Finding,
                subject: Subject::Finding(finding.into()),
                row: None,
            }),
            ..Entry::default()
        });
    }
    sheet.gap();
    identity(state, &mut sheet, process);
    family(state, &mut sheet, &member);
    places(&mut sheet, member.app.clone(), process);
    if let Some(master) = member.master {
        restart(&mut sheet, member.app, process, master);
    }
    masks(&mut sheet, process);
    bounds(&mut sheet, process);
    page.rows = sheet.rows;
    page.sift(state)
}

/// What it is, in one sentence.
fn sentence(state: &State, member: &Member<'_>, app: Option<&App>) -> String {
    let pid = member.process.pid;
    let name = state.app_name(member.app);
    match (member.master, member.worker) {
        (Some(master), _) => {
            let phase = match master.phase {
                Phase::Ready => "",
                Phase::Starting => ", starting: its handlers are not set",
                Phase::Loading => ", loading the app",
                Phase::Zombie => ", ended and not reaped",
            };
            let workers = words::counted(master.workers_alive().count(), "worker");
            let role = match master.role {
                Role::Duplicate => "a second",
                Role::Old => "an old",
                Role::New => "the new",
                _ => "the current",
            };
            let verb = if member.ended.is_some() { "was" } else { "is" };
            format!("{pid} {verb} {role} master of {name} with {workers}{phase}")
        }
        (_, Some(worker)) => {
            let owner = app.and_then(|app| {
                app.masters.iter().find(|m| m.workers.iter().any(|w| w.process.pid == pid))
            });
            match owner {
                Some(master) => format!(
                    "{pid} is {} of {}, a master of {name}",
                    worker_name(worker),
                    master.process.pid
                ),
                None => format!("{pid} is {} of {name}; its master is gone", worker_name(worker)),
            }
        }
        _ => format!("{pid} of {name}"),
    }
}

fn identity(state: &State, sheet: &mut Sheet<'_>, process: &Process) {
    let now = state.shown().map_or(jiff::Timestamp::UNIX_EPOCH, |look| look.census.taken_at);
    sheet.fact("started", &process.started_at, |at| {
        let age = process
            .age
            .get()
            .map(|age| format!(", {} ago", age_in_words(*age)))
            .unwrap_or_default();
        format!("{}{age}", words::time(*at, now, &state.zone))
    });
    sheet.fact("user", &process.user, ToString::to_string);
    sheet.fact("state", &process.stat, |stat| state_words(stat.state.0));
    sheet.fact("title", &process.command_line, |line| line.words.to_string());
}

/// The kernel's state letter in words.
fn state_words(letter: char) -> String {
    let words = match letter {
        'R' => "runs",
        'S' => "sleeps",
        'D' => "waits for a disk, cannot be interrupted",
        'T' => "is stopped by a signal",
        't' => "is stopped by a tracer",
        'Z' => "ended, not reaped",
        'I' => "is idle",
        _ => "in another state",
    };
    format!("{letter}, {words}")
}

fn family(state: &State, sheet: &mut Sheet<'_>, member: &Member<'_>) {
    let process = member.process;
    let door = |pid: Pid| {
        let member = state.member_of((pid, None))?;
        let subject = Subject::Process(member.app.clone(), member.process.identity());
        Some(Door { view: View::Process, subject, row: None })
    };
    if let Some(parent) = process.parent() {
        let name = state.member_of((parent, None)).map_or_else(|| parent.to_string(), |m| m.name());
        sheet.put(Entry {
            label: "parent".into(),
            value: name,
            door: door(parent),
            ..Entry::default()
        });
    }
    let Some(master) = member.master else { return };
    for (label, pid) in [("made by", master.parent), ("made", master.child)] {
        if let Some(pid) = pid {
            let value = format!("{pid}, by USR2");
            sheet.put(Entry { label: label.into(), value, door: door(pid), ..Entry::default() });
        }
    }
    let workers: Vec<String> = master
        .workers
        .iter()
        .map(|worker| format!("{} {}", worker_name(worker), worker.process.pid))
        .collect();
    if !workers.is_empty() {
        sheet.value("workers", workers.join("  "), None);
    }
}

/// A link of the process, and what became of it.
fn linked(sheet: &mut Sheet<'_>, label: &str, fact: &Fact<Linked>, door: Option<Door>) {
    let Ok(linked) = &fact.value else { return sheet.fact(label, fact, |_| String::new()) };
    let (note, mark) = fate_words(&linked.fate());
    let note = if note.is_empty() { String::new() } else { format!("  {note}") };
    sheet.put(Entry {
        label: label.into(),
        value: format!("{}{note}", shown(&linked.path)),
        source: fact.place.to_string(),
        mark,
        door,
        ..Entry::default()
    });
}

/// What became of a path, in words, and its mark where that matters.
pub fn fate_words(fate: &Result<Fate, Lack>) -> (String, Option<(char, Tone)>) {
    match fate {
        Ok(Fate::Same) => (String::new(), None),
        Ok(Fate::Deleted) => ("deleted".into(), Some((Mark::Warning.sign(), Tone::Warn))),
        Ok(Fate::Replaced) => ("replaced on disk".into(), Some((Mark::Warning.sign(), Tone::Warn))),
        Err(lack) => (format!("? {lack}"), None),
    }
}

fn places(sheet: &mut Sheet<'_>, app: crate::model::AppId, process: &Process) {
    sheet.gap();
    let releases = Door { view: View::Releases, subject: Subject::App(app.clone()), row: None };
    let libraries = Door {
        view: View::Libraries,
        subject: Subject::Process(app, process.identity()),
        row: None,
    };
    linked(sheet, "directory", &process.cwd, Some(releases));
    linked(sheet, "program", &process.exe, Some(libraries));
    match (&process.root, &process.root_path) {
        (Root::Own, _) | (_, None) => {}
        (Root::Of(_), Some(path)) => sheet.value("root", shown(path), None),
    }
}

fn spot(sheet: &mut Sheet<'_>, label: &str, fact: &Fact<Spot>, door: Option<Door>) {
    let Ok(found) = &fact.value else { return sheet.fact(label, fact, |_| String::new()) };
    let missing = matches!(found.stat.get(), Some(None));
    let note = if missing { "  nothing stands there" } else { "" };
    sheet.put(Entry {
        label: label.into(),
        value: format!("{}{note}", shown(&found.path)),
        source: fact.place.to_string(),
        mark: missing.then_some((Mark::Critical.sign(), Tone::Crit)),
        door,
        ..Entry::default()
    });
}

/// What the next USR2 would run.
fn restart(sheet: &mut Sheet<'_>, app: &crate::model::AppId, process: &Process, master: &Master) {
    let restart = &master.restart;
    let environment = |name: &str| {
        Some(Door {
            view: View::Environment,
            subject: Subject::Process(app.clone(), process.identity()),
            row: Some(RowKey::Named(name.into())),
        })
    };
    sheet.heading("Next USR2", restart.origin.name());
    spot(sheet, "directory", &restart.directory, environment("PWD"));
    spot(sheet, "program", &restart.program, None);
    if let Ok(Some(interpreter)) = &restart.interpreter.value {
        let fact = Fact::known(restart.interpreter.place.clone(), interpreter.clone());
        spot(sheet, "interpreter", &fact, None);
    }
    sheet.fact("arguments", &restart.arguments, ToString::to_string);
    match &restart.config.value {
        Ok(Some(config)) => {
            spot(sheet, "config", &Fact::known(restart.config.place.clone(), config.clone()), None);
        }
        Ok(None) => sheet.value("config", "none is given", Some(&restart.config.place)),
        Err(_) => sheet.fact("config", &restart.config, |_| String::new()),
    }
    match &restart.gemfile.value {
        Ok(Some(gemfile)) => {
            let fact = Fact::known(restart.gemfile.place.clone(), gemfile.file.clone());
            spot(sheet, "Gemfile", &fact, environment("BUNDLE_GEMFILE"));
        }
        Ok(None) => sheet.value("Gemfile", "Bundler is not used", Some(&restart.gemfile.place)),
        Err(_) => sheet.fact("Gemfile", &restart.gemfile, |_| String::new()),
    }
    let pidfile = Door { view: View::Pidfiles, subject: Subject::App(app.clone()), row: None };
    match &master.pidfile.value {
        Ok(Some(path)) => sheet.put(Entry {
            label: "pidfile".into(),
            value: shown(path),
            source: master.pidfile.place.to_string(),
            door: Some(pidfile),
            ..Entry::default()
        }),
        Ok(None) => sheet.value("pidfile", "none", Some(&master.pidfile.place)),
        Err(_) => sheet.fact("pidfile", &master.pidfile, |_| String::new()),
    }
    let versions = [
        ("server", &master.server_version),
        ("ruby", &master.ruby_version),
        ("revision", &master.revision),
    ];
    for (label, version) in versions {
        if let Some(version) = version {
            sheet.value(label, version.clone(), None);
        }
    }
    sheet.heading("Of the process", "");
}

fn masks(sheet: &mut Sheet<'_>, process: &Process) {
    match process.cgroup.get() {
        Some(group) => {
            let unit = cgroup::service(group).or_else(|| cgroup::session(group));
            let value = unit.map_or_else(|| group.to_string(), |unit| format!("{unit}  ({group})"));
            sheet.value("service", value, Some(&process.cgroup.place));
        }
        None => sheet.fact("service", &process.cgroup, ToString::to_string),
    }
    let names =
        |set: signals::SignalSet| set.members().map(signals::name).collect::<Vec<_>>().join(" ");
    sheet.fact("caught", &process.status, |status| names(status.caught));
    if let Some(status) = process.status.get() {
        for (label, set) in
            [("ignored", status.ignored), ("blocked", status.blocked), ("waiting", status.pending)]
        {
            if set.0 != 0 {
                sheet.value(label, names(set), None);
            }
        }
        if status.tracer != 0 {
            sheet.value("traced by", status.tracer.to_string(), None);
        }
        if status.ns_pids.len() > 1 {
            let inner = status.ns_pids.last().map(ToString::to_string).unwrap_or_default();
            sheet.value("namespace", format!("another one for pids: it is {inner} there"), None);
        }
    }
}

/// Memory, and limits that are more than half used.
fn bounds(sheet: &mut Sheet<'_>, process: &Process) {
    let label = if process.pss.get().is_some() { "memory" } else { "resident" };
    let memory = if process.pss.get().is_some() { &process.pss } else { &process.rss };
    sheet.fact(label, memory, |bytes| words::memory(*bytes));
    let open = process.descriptors.get().map_or(0, Vec::len);
    let files = process
        .limits
        .get()
        .and_then(|limits| limits.iter().find(|limit| limit.name.bytes() == b"Max open files"));
    if let Some(soft) = files.and_then(|limit| limit.soft)
        && u64::try_from(open).unwrap_or(0) * 2 > soft
    {
        sheet.value("open files", format!("{open} of at most {soft}"), Some(&process.limits.place));
    }
}
