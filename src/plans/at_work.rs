//! Another farrier at work on an app: what it does and how far it is, as far as the machine shows it.

use crate::contract::quote::farrier;
use jiff::Timestamp;

use crate::model::holder::{Holder, Task};
use crate::model::{App, Census, Master, Operation, Phase, Role};
use crate::os::Pid;

use super::Refused;
use super::case::running_config;

/// How long workers have lived when they count as seen in two looks, in seconds.
const PROVED: u64 = 1;
/// The same where each worker loads the app by itself.
const PROVED_LAZY: u64 = 5;

/// A farrier at work.
#[derive(Clone, Debug)]
pub struct AtWork<'a> {
    /// Who.
    pub holder: &'a Holder,
    /// What it does; `None`: nothing shows it.
    pub task: Option<Task>,
    /// Since when; `None`: nothing shows it.
    pub since: Option<Timestamp>,
    /// The master that is to be replaced and the one that replaces it, of an upgrade.
    pub masters: (Option<Pid>, Option<Pid>),
    /// The steps of an upgrade, in their order; of anything else none.
    pub steps: Vec<Observed>,
    /// The step that is not seen to be over; the number of steps where all are.
    pub at: usize,
}

/// One step of an upgrade that somebody else carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Its short name, as farrier's own upgrade has it.
    pub name: String,
    /// What is seen of it, or what it waits for.
    pub words: String,
    /// When it came true, where anything tells.
    pub when: Option<Timestamp>,
}

/// Who works on an app besides this farrier, and what is seen of it.
pub fn at_work(app: &App) -> Option<AtWork<'_>> {
    let holder = app.operator()?;
    let task = holder.task();
    let (old, new) = generations(app, holder);
    let brought = new.and_then(|new| new.process.started_at.get().copied());
    // What an inspector does its command line does not say; a second generation that came while it held the lock does.
    let beside = app.masters.iter().any(|master| master.beside.is_some());
    let upgrades =
        task == Some(Task::Operation(Operation::Upgrade)) || task.is_none() && new.is_some();
    let mut work = AtWork {
        holder,
        task: if upgrades { Some(Task::Operation(Operation::Upgrade)) } else { task },
        since: if task.is_some() { holder.started } else { brought },
        masters: (old.map(|m| m.process.pid), new.map(|m| m.process.pid)),
        steps: Vec::new(),
        at: 0,
    };
    // What another farrier has seen of a restart under the same pid is not seen from here.
    if upgrades && beside {
        work.observe(old, new);
    }
    Some(work)
}

/// The two generations of an upgrade that this one carries out: a master that is there for longer than it is at work
/// was not brought by it.
fn generations<'a>(app: &'a App, holder: &Holder) -> (Option<&'a Master>, Option<&'a Master>) {
    let came = |master: &&Master| {
        let started = master.process.started_at.get().copied();
        started.zip(holder.started).is_some_and(|(came, since)| came >= since)
    };
    let new = app.living_masters().filter(|master| master.role != Role::Old).filter(came).last();
    let before = app
        .living_masters()
        .filter(|master| new.is_none_or(|new| new.process.pid != master.process.pid));
    (before.last(), new)
}

impl AtWork<'_> {
    fn observe(&mut self, old: Option<&Master>, new: Option<&Master>) {
        let pid = |master: Option<&Master>| {
            master.map_or_else(|| "the old master".to_owned(), |m| m.process.pid.to_string())
        };
        let parent = new.and_then(|new| new.parent);
        let before = old.map(|old| old.process.pid).or(parent);
        let first = before.map_or_else(|| pid(old), |pid| pid.to_string());
        let came = new.and_then(|new| new.process.started_at.get().copied());
        let phase = new.map(|new| new.phase);
        let step = |name: &str, words: String, when| Observed { name: name.into(), words, when };
        let fresh = pid(new);
        self.steps = vec![
            step("preflight", "what it checked is not seen from here".into(), None),
            step(
                &format!("USR2 to {first}"),
                match new {
                    Some(_) => format!("{fresh} came of it"),
                    None => "no new master is seen yet".into(),
                },
                came,
            ),
            step(
                "new master",
                match (new, before) {
                    (Some(_), Some(before)) => format!("{fresh}, child of {before}"),
                    (Some(_), None) => fresh.clone(),
                    (None, _) => format!("a child of {first} appears"),
                },
                came,
            ),
            step("new program", "it has its handlers".into(), None),
            step("app loads", "its title says that it is ready".into(), None),
            step("ready", "workers alive, every listener held".into(), None),
        ];
        if self.holder.has_option("--probe") {
            self.steps.push(step("probe", "a worker of the new master answers".into(), None));
        }
        if self.holder.has_option("--canary") {
            self.steps.push(step(
                &format!("drain {first}"),
                format!("{first} has no workers"),
                None,
            ));
            self.steps.push(step("canary", "the operator says go on".into(), None));
        }
        self.steps.push(step(&format!("retire {first}"), format!("{first} ends"), None));
        self.steps.push(step(
            "verify",
            "one master, no finding that was not there before".into(),
            None,
        ));
        self.at = match (phase, new) {
            (None, _) | (_, None) => 0,
            (Some(Phase::Starting | Phase::Zombie), _) => 3,
            (Some(Phase::Loading), _) => 4,
            (Some(Phase::Ready), Some(new)) if !proved(old, new) => 5,
            (Some(Phase::Ready), _) if old.is_some() => 6,
            (Some(Phase::Ready), _) => self.steps.len().saturating_sub(1),
        };
    }

    /// `bob (pts/3) upgrades shop since 23:24, step 5 of 8`.
    pub fn words(&self, census: &Census, app: &App) -> String {
        let name = &app.name;
        let does = match self.task {
            Some(Task::Operation(operation)) => does(operation, name),
            Some(Task::Signal) => format!("signals {name}"),
            None => format!("works on {name}"),
        };
        let since = self.since.map_or_else(String::new, |at| {
            let zoned = |at: Timestamp| at.to_zoned(census.zone.clone());
            let today = zoned(at).date() == zoned(census.taken_at).date();
            format!(" since {}", zoned(at).strftime(if today { "%H:%M" } else { "%-d %b %H:%M" }))
        });
        let step = match self.steps.len() {
            0 => String::new(),
            // A probe or a drain between is not told apart from what follows it.
            all if self.at == 6 && all > 8 => format!(", after step 6 of {all}"),
            all => format!(", step {} of {all}", self.at + 1),
        };
        format!("{} {does}{since}{step}", self.holder.who())
    }

    /// Every operation is refused while somebody is at work.
    pub(super) fn refuses(&self, census: &Census, app: &App) -> Refused {
        Refused::new(
            self.words(census, app),
            format!(
                "looking works; operations wait until that is over: {} follows it",
                farrier("watch", &app.id)
            ),
        )
    }
}

/// Whether the workers of the new master have proved themselves and it holds every listener of the old one.
fn proved(old: Option<&Master>, new: &Master) -> bool {
    let lazy =
        running_config(new).is_none_or(|config| config.preload_app.value().copied() != Some(true));
    let bound = if lazy { PROVED_LAZY } else { PROVED };
    let aged = |age: Option<&u64>| age.is_some_and(|age| *age >= bound);
    let mut workers = new.workers_alive().peekable();
    let held = |listens: &Vec<u64>| {
        let before = old.and_then(|old| old.listens.get());
        before.is_none_or(|before| before.iter().all(|inode| listens.contains(inode)))
    };
    workers.peek().is_some()
        && workers.all(|worker| aged(worker.process.age.get()))
        && new.listens.get().is_some_and(held)
}

fn does(operation: Operation, name: &str) -> String {
    match operation {
        Operation::Upgrade => format!("upgrades {name}"),
        Operation::Rollback => format!("rolls {name} back"),
        Operation::Reload => format!("reloads {name}"),
        Operation::Retire => format!("retires the old master of {name}"),
        Operation::Stop => format!("stops {name}"),
        Operation::ReopenLogs => format!("reopens the logs of {name}"),
        Operation::Drain => format!("drains {name}"),
        Operation::AddWorker => format!("adds a worker to {name}"),
        Operation::RemoveWorker => format!("takes a worker from {name}"),
        Operation::Continue => format!("continues {name}"),
    }
}
