//! What happened between two looks at an app: the difference of two censuses, event by event.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::os::{Pid, shown};

use super::{App, AppId, Census, Holder, Master, Phase, PidfileKind, PidfileState, Role, Signal};

/// A process, not only its number: pid and start tick.
pub type Identity = (Pid, Option<u64>);

/// Something that happened, as the later of two looks saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When that look began: it happened before, and after the look before it.
    pub at: Timestamp,
    /// The same moment in nanoseconds of boot time.
    pub boot_time: i64,
    /// The app.
    pub app: AppId,
    /// The process, if it is about one.
    pub pid: Option<Pid>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The link `current` names another release.
    Switched {
        /// What it named.
        from: Option<String>,
        /// What it names.
        to: String,
    },
    /// A master appeared.
    Appeared {
        /// The master that forked it, where that lives.
        parent: Option<Pid>,
    },
    /// A forked master became another program; its command line, escaped.
    Executed(String),
    /// A pidfile went to the oldbin's name or came back from it: the same number under another name.
    Renamed {
        /// The name that held the number.
        from: String,
        /// The name that holds it.
        to: String,
    },
    /// A pidfile names the process.
    Named(String),
    /// A pidfile that named the process is gone, or names nobody who lives.
    Unnamed(String),
    /// A master has its handlers and loads the app.
    Loads,
    /// A master is ready.
    Ready {
        /// How many workers it has.
        workers: usize,
    },
    /// A signal reached a master, as far as that can be seen: it waits there, or did what it does.
    Reached {
        /// Its name without `SIG`.
        signal: &'static str,
        /// Another farrier that was at work then.
        by: Option<String>,
    },
    /// A master was superseded by another.
    Superseded,
    /// A superseded master is the current one again.
    Restored,
    /// Workers of a master started.
    WorkersStarted {
        /// How many.
        count: usize,
        /// How many it has now.
        alive: usize,
    },
    /// Workers of a master ended.
    WorkersEnded {
        /// How many.
        count: usize,
        /// How many it has now.
        alive: usize,
    },
    /// A master was stopped.
    Stopped,
    /// A stopped master goes on.
    Continued,
    /// A master ended.
    Ended,
}

impl What {
    /// The word for it: fixed, since programs read it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Switched { .. } => "current-switched",
            Self::Appeared { .. } => "master-appeared",
            Self::Executed(_) => "program-executed",
            Self::Renamed { .. } => "pidfile-renamed",
            Self::Named(_) => "pidfile-names",
            Self::Unnamed(_) => "pidfile-gone",
            Self::Loads => "master-loads",
            Self::Ready { .. } => "master-ready",
            Self::Reached { .. } => "signal-reached",
            Self::Superseded => "master-superseded",
            Self::Restored => "master-restored",
            Self::WorkersStarted { .. } => "workers-started",
            Self::WorkersEnded { .. } => "workers-ended",
            Self::Stopped => "master-stopped",
            Self::Continued => "master-continued",
            Self::Ended => "master-ended",
        }
    }
}

impl What {
    /// What of the machine shows it.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Switched { .. } => "symlink",
            Self::Appeared { .. } => "fork",
            Self::Executed(_) => "program",
            Self::Renamed { .. } | Self::Named(_) | Self::Unnamed(_) => "pidfile",
            Self::Loads | Self::Reached { .. } => "status",
            Self::Ready { .. } | Self::Superseded | Self::Restored => "title",
            Self::Stopped | Self::Continued => "state",
            Self::WorkersStarted { .. } | Self::WorkersEnded { .. } | Self::Ended => "processes",
        }
    }
}

impl Event {
    /// One sentence, subject first.
    pub fn words(&self) -> String {
        let pid = self.pid.map_or_else(|| self.app.to_string(), |pid| pid.to_string());
        match &self.what {
            What::Switched { from: Some(from), to } => format!("current went from {from} to {to}"),
            What::Switched { from: None, to } => format!("current names {to}"),
            What::Appeared { parent: Some(parent) } => {
                format!("{pid}, child of {parent}, appeared")
            }
            What::Appeared { parent: None } => format!("{pid} appeared"),
            What::Executed(line) => format!("{pid} became {line}"),
            What::Renamed { from, to } => format!("{pid} renamed {from} to {to}"),
            What::Named(file) => format!("{file} names {pid}"),
            What::Unnamed(file) => format!("{file} does not name {pid} any more"),
            What::Loads => format!("{pid} has its handlers and loads"),
            What::Ready { workers } => format!("{pid} is ready with {}", counted(*workers)),
            What::Reached { signal, by: None } => format!("{signal} reached {pid}, sender unknown"),
            What::Reached { signal, by: Some(by) } => {
                format!("{signal} reached {pid} while {by} was at work")
            }
            What::Superseded => format!("{pid} is the old master now"),
            What::Restored => format!("{pid} is the current master again"),
            What::WorkersStarted { count, alive } => {
                format!("{} of {pid} started; it has {alive}", counted(*count))
            }
            What::WorkersEnded { count, alive: 0 } => {
                format!("{} of {pid} ended; it has none left", counted(*count))
            }
            What::WorkersEnded { count, alive } => {
                format!("{} of {pid} ended; it has {alive}", counted(*count))
            }
            What::Stopped => format!("{pid} was stopped"),
            What::Continued => format!("{pid} goes on"),
            What::Ended => format!("{pid} ended"),
        }
    }
}

fn counted(count: usize) -> String {
    match count {
        0 => "no workers".into(),
        1 => "1 worker".into(),
        n => format!("{n} workers"),
    }
}

/// What happened to an app from one look to the next: in the order in which a handover goes, since two looks tell
/// no order of what lies between them.
pub fn between(before: &Census, now: &Census, id: &AppId) -> Vec<Event> {
    let (was, is) = (before.app(id), now.app(id));
    let mut all: Vec<(Option<Pid>, What)> = Vec::new();
    switched(was, is, &mut all);
    let masters = |app: Option<&App>| -> BTreeSet<Pid> {
        app.into_iter().flat_map(App::living_masters).map(|m| m.process.pid).collect()
    };
    let (then, here) = (masters(was), masters(is));
    for pid in here.difference(&then).chain(then.intersection(&here)) {
        let app = is;
        let (Some(is), was) =
            (is.and_then(|app| app.master(*pid)), was.and_then(|a| a.master(*pid)))
        else {
            continue;
        };
        let was = was.filter(|was| was.process.identity() == is.process.identity());
        let at_work = app.and_then(App::operator);
        reached(was, is, at_work, &mut all);
        appeared_or_went_on(was, is, &mut all);
    }
    pidfiles(was, is, &mut all);
    for master in was.into_iter().flat_map(App::living_masters) {
        let lives = is.is_some_and(|app| {
            app.living_masters().any(|m| m.process.identity() == master.process.identity())
        });
        if !lives {
            all.push((Some(master.process.pid), What::Ended));
        }
    }
    all.sort_by_key(|(_, what)| rank(what));
    all.into_iter()
        .map(|(pid, what)| Event {
            at: now.taken_at,
            boot_time: now.boot_time,
            app: id.clone(),
            pid,
            what,
        })
        .collect()
}

/// Where it stands in a handover.
fn rank(what: &What) -> u8 {
    match what {
        What::Switched { .. } => 0,
        What::Reached { .. } | What::Superseded => 1,
        What::Appeared { .. } => 2,
        What::Renamed { .. } => 3,
        What::Executed(_) => 4,
        What::Loads => 5,
        What::Named(_) => 6,
        What::WorkersStarted { .. } => 7,
        What::Ready { .. } => 8,
        What::Stopped | What::Continued => 9,
        What::WorkersEnded { .. } => 10,
        What::Unnamed(_) => 11,
        What::Ended => 12,
        What::Restored => 13,
    }
}

fn switched(was: Option<&App>, is: Option<&App>, all: &mut Vec<(Option<Pid>, What)>) {
    let named =
        |app: Option<&App>| app?.layout.get()?.as_ref()?.current_release().map(str::to_owned);
    if let (Some(_), Some(to)) = (was, named(is)) {
        let from = named(was);
        if from.as_deref() != Some(&*to) {
            all.push((None, What::Switched { from, to }));
        }
    }
}

/// Signals that operators send to masters.
const TOLD: &[Signal] = &[
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// Signals that reached a master: those that wait there, and the one that alone makes a master the old one.
fn reached(
    was: Option<&Master>,
    is: &Master,
    by: Option<&Holder>,
    all: &mut Vec<(Option<Pid>, What)>,
) {
    let Some(was) = was else { return };
    let pending = |master: &Master| master.process.status.get().map(|status| status.pending);
    let waits = |signal: &&Signal| {
        pending(is)
            .zip(pending(was))
            .is_some_and(|(now, then)| now.has(**signal) && !then.has(**signal))
    };
    let took = was.role == Role::Current && is.role == Role::Old;
    let forked = is.beside.as_ref().map(|beside| &beside.signal).filter(|_| took);
    for signal in TOLD.iter().filter(waits).chain(forked) {
        let signal = signal.as_str().trim_start_matches("SIG");
        all.push((Some(is.process.pid), What::Reached { signal, by: by.map(Holder::who) }));
    }
}

fn appeared_or_went_on(was: Option<&Master>, is: &Master, all: &mut Vec<(Option<Pid>, What)>) {
    let pid = Some(is.process.pid);
    if was.is_none() {
        all.push((pid, What::Appeared { parent: is.parent }));
    }
    if was.is_some_and(|was| executed(was, is)) {
        all.push((pid, What::Executed(line(is))));
    }
    let phase = was.map_or(Phase::Starting, |was| was.phase);
    match is.phase {
        Phase::Loading if phase != Phase::Loading => all.push((pid, What::Loads)),
        Phase::Ready if phase != Phase::Ready => {
            all.push((pid, What::Ready { workers: is.workers_alive().count() }));
        }
        _ => {}
    }
    if let Some(was) = was {
        match (was.role, is.role) {
            (Role::Old, Role::Old) => {}
            (_, Role::Old) => all.push((pid, What::Superseded)),
            (Role::Old, Role::Current) => all.push((pid, What::Restored)),
            _ => {}
        }
        match (was.process.is_stopped(), is.process.is_stopped()) {
            (false, true) => all.push((pid, What::Stopped)),
            (true, false) => all.push((pid, What::Continued)),
            _ => {}
        }
    }
    let then = was.map(workers).unwrap_or_default();
    let here = workers(is);
    let (started, ended) = (here.difference(&then).count(), then.difference(&here).count());
    let alive = here.len();
    // What a master that is seen ready at once has brought along is told with it.
    if started > 0 && (phase == Phase::Ready || is.phase != Phase::Ready) {
        all.push((pid, What::WorkersStarted { count: started, alive }));
    }
    if ended > 0 {
        all.push((pid, What::WorkersEnded { count: ended, alive }));
    }
}

/// The workers of a master that live.
pub fn workers(master: &Master) -> BTreeSet<Identity> {
    master.workers_alive().map(|worker| worker.process.identity()).collect()
}

/// Whether the same process runs another program: a fork has its parent's addresses, an executed program has others.
fn executed(was: &Master, is: &Master) -> bool {
    let block = |master: &Master| master.process.stat.get().and_then(|stat| stat.block);
    match (block(was), block(is)) {
        (Some(then), Some(now)) => then != now,
        _ => {
            was.phase == Phase::Starting
                && is.phase != Phase::Ready
                && was.process.command_line.get() != is.process.command_line.get()
        }
    }
}

/// Its command line up to 60 characters.
fn line(master: &Master) -> String {
    let words = master.process.command_line.get().map(|line| &line.words);
    let all = words.map(ToString::to_string).unwrap_or_default();
    let cut: String = all.chars().take(60).collect();
    if cut.len() < all.len() { cut + "…" } else { cut }
}

/// The live numbers in an app's pidfiles.
fn named(app: Option<&App>) -> Vec<(Pid, PidfileKind, PathBuf)> {
    app.into_iter()
        .flat_map(|app| &app.pidfiles)
        .filter(|file| matches!(file.state.get(), Some(PidfileState::Live)))
        .filter_map(|file| Some((file.pid?, file.kind, file.path.clone())))
        .collect()
}

fn pidfiles(was: Option<&App>, is: Option<&App>, all: &mut Vec<(Option<Pid>, What)>) {
    let (then, here) = (named(was), named(is));
    let name = |path: &PathBuf| {
        path.file_name().map_or_else(|| shown(path), |name| shown(std::path::Path::new(name)))
    };
    for entry in here.iter().filter(|entry| !then.contains(entry)) {
        let (pid, kind, path) = entry;
        let from = then.iter().find(|(old, k, p)| {
            old == pid && k != kind && !here.iter().any(|(h, _, q)| h == old && q == p)
        });
        all.push((
            Some(*pid),
            match from {
                Some((_, _, from)) => What::Renamed { from: name(from), to: name(path) },
                None => What::Named(name(path)),
            },
        ));
    }
    for (pid, _, path) in then.iter().filter(|entry| !here.contains(entry)) {
        let went_elsewhere = here.iter().any(|(other, ..)| other == pid);
        if !went_elsewhere {
            all.push((Some(*pid), What::Unnamed(name(path))));
        }
    }
}
