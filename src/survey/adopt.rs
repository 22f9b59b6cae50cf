//! Who belongs to whom: masters, the masters that they re-executed themselves into, workers, orphans.

use std::collections::{BTreeMap, BTreeSet};

use super::once::Once;
use super::scan::Scanned;
use super::threads::serves;
use crate::contract::{Part, Recognised, Server};
use crate::facts::process::{CommandLine, Stat, Status, parse_stat, parse_status};
use crate::facts::{Lack, bytes, fact};
use crate::model::{Phase, Process, Signal};
use crate::os::{Arguments, Ask, Found, Pid, ProcText};

/// A process that a server recognises, read.
pub struct Member {
    /// The process.
    pub process: Process,
    /// The server.
    pub server: &'static Server,
    /// What its title or command line says.
    pub recognised: Recognised,
}

/// A master and what hangs on it.
pub struct Tree {
    /// The master.
    pub master: Member,
    /// How far it is.
    pub phase: Phase,
    /// The master that re-executed itself into it.
    pub parent: Option<Pid>,
    /// The master that it re-executed itself into.
    pub child: Option<Pid>,
    /// Its workers.
    pub workers: Vec<(Process, Option<u32>)>,
    /// Its children whose title was not read, and why.
    pub unread: Vec<(Pid, Lack)>,
}

/// What adoption made of the members.
pub struct Adopted {
    /// Masters by start.
    pub trees: Vec<Tree>,
    /// Workers whose parent is no master.
    pub orphans: Vec<Member>,
}

/// How many processes that are no members may stand between two masters (a wrapper's shell, `bundle`).
const BETWEEN: usize = 3;

/// Seconds within which a fork of a master that has no title of its own has become a worker.
const WORKER_TO_BE: u64 = 2;

/// Sorts members into trees.
pub fn adopt(once: &Once<'_>, scanned: &Scanned, mut members: BTreeMap<Pid, Member>) -> Adopted {
    let masters: BTreeSet<Pid> = members
        .iter()
        .filter(|(_, member)| !matches!(member.recognised.part, Part::Worker(_)))
        .map(|(pid, _)| *pid)
        .collect();
    let starters: Vec<Pid> =
        masters.iter().copied().filter(|pid| is_daemon_starter(*pid, &members, &masters)).collect();
    let masters: BTreeSet<Pid> =
        masters.into_iter().filter(|pid| !starters.contains(pid)).collect();
    let forks: Vec<Pid> =
        masters.iter().copied().filter(|pid| is_passing(*pid, &members, &masters)).collect();
    let masters: BTreeSet<Pid> = masters.into_iter().filter(|pid| !forks.contains(pid)).collect();
    for pid in &forks {
        // It has its master's words and handlers until it has set its own. One that is older never will be a worker.
        let Some(member) = members.get_mut(pid) else { continue };
        let is_new = member.process.age.get().is_some_and(|age| *age < WORKER_TO_BE);
        if is_new && member.server.untitled.is_some() {
            member.recognised.part = Part::Worker(None);
        }
    }
    let forkers = forkers(&members);
    let mut parents: BTreeMap<Pid, Pid> = BTreeMap::new();
    for pid in &masters {
        if let Some(parent) = generation_before(once, *pid, &members, &masters) {
            parents.insert(*pid, parent);
        }
    }
    let mut trees: Vec<Tree> = Vec::new();
    for pid in &masters {
        let Some(master) = members.remove(pid) else { continue };
        let parent = parents.get(pid).copied();
        let phase = phase(
            once,
            &master,
            parent.and_then(|p| {
                trees
                    .iter()
                    .find(|t| t.master.process.pid == p)
                    .map(|t| &t.master)
                    .or_else(|| members.get(&p))
            }),
        );
        let child =
            parents.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child).max();
        let unread = unread(once, scanned, &master.process);
        trees.push(Tree { master, phase, parent, child, workers: Vec::new(), unread });
    }
    let mut orphans = Vec::new();
    for (_, member) in members {
        let Part::Worker(number) = member.recognised.part else { continue };
        let parent = member.process.parent().or_else(|| {
            // Its own `stat` was not read: its master's list of children tells too.
            let mut masters = trees.iter().map(|tree| tree.master.process.pid);
            masters.find(|master| children(once, *master).contains(&member.process.pid))
        });
        let parent = parent.map(|parent| above(parent, number, &forkers));
        if let Some(tree) = trees.iter_mut().find(|t| Some(t.master.process.pid) == parent) {
            tree.workers.push((member.process, number));
        } else if parent.is_none_or(|parent| {
            parent.number() == 1 || !(is_member_like(once, parent) || forkers.contains_key(&parent))
        }) {
            orphans.push(member);
        }
    }
    for tree in &mut trees {
        tree.workers.sort_by_key(|(process, number)| {
            (*number, process.stat.get().map(|stat| stat.started), process.pid)
        });
    }
    trees.sort_by_key(|tree| {
        (tree.master.process.stat.get().map(|stat| stat.started), tree.master.process.pid)
    });
    Adopted { trees, orphans }
}

/// Workers by pid, with their number and parent: one may have forked others.
fn forkers(members: &BTreeMap<Pid, Member>) -> BTreeMap<Pid, (Option<u32>, Option<Pid>)> {
    let workers = members.iter().filter_map(|(pid, member)| match member.recognised.part {
        Part::Worker(number) => Some((*pid, (number, member.process.parent()))),
        _ => None,
    });
    workers.collect()
}

/// The parent of a worker, or of the worker that forked it: with Puma's `fork_worker` all others come from the first.
/// A child that bears its parent's own number is only a fork of it that keeps the title.
fn above(
    parent: Pid,
    number: Option<u32>,
    forkers: &BTreeMap<Pid, (Option<u32>, Option<Pid>)>,
) -> Pid {
    match (forkers.get(&parent), number) {
        (Some((Some(first), Some(master))), Some(own)) if *first != own => *master,
        _ => parent,
    }
}

/// A child of a master that bears its title and is none: a worker-to-be, or what the app forked. Of a server that
/// executes itself anew, a fork of a titled master that bears the title may become the next one; what bears a command line
/// that no title was written over yet was forked while the app was loaded, since only a titled master executes itself.
fn is_passing(pid: Pid, members: &BTreeMap<Pid, Member>, masters: &BTreeSet<Pid>) -> bool {
    let Some(member) = members.get(&pid) else { return false };
    let parent = member.process.parent().filter(|parent| masters.contains(parent));
    let Some(parent) = parent.and_then(|parent| members.get(&parent)) else { return false };
    if !std::ptr::eq(parent.server, member.server) {
        return false;
    }
    let is_bare = is_bare_fork(&member.process, &parent.process);
    if member.server.keeps_start_context {
        return is_bare && member.recognised.part == Part::Raw;
    }
    let block = |process: &Process| process.stat.get().and_then(|stat| stat.block);
    let is_untold = block(&member.process).or(block(&parent.process)).is_none();
    is_bare || (member.server.beside.is_none() && is_untold)
}

/// Children of a master that no title gives away, but whose signal masks do: workers with a title of the app's own.
pub fn untitled_workers(once: &Once<'_>, scanned: &Scanned, master: Pid) -> Vec<Pid> {
    let children = children(once, master);
    let strangers: Vec<Pid> =
        children.into_iter().filter(|pid| !scanned.recognised.contains_key(pid)).collect();
    once.fetch(strangers.iter().map(|pid| Ask::Text(*pid, ProcText::Status)).collect());
    strangers
        .into_iter()
        .filter(|pid| status(once, *pid).is_some_and(|status| has_worker_masks(&status)))
        .collect()
}

/// A Unicorn worker ignores what only its master understands (`lib/unicorn/http_server.rb`, `init_worker_process`).
fn has_worker_masks(status: &Status) -> bool {
    let ignored =
        [Signal::SIGHUP, Signal::SIGUSR2, Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGWINCH];
    ignored.iter().all(|signal| status.ignored.has(*signal)) && status.caught.has(Signal::SIGQUIT)
}

/// Its children of which nobody knows what they are: a new master or a worker may be among them.
fn unread(once: &Once<'_>, scanned: &Scanned, master: &Process) -> Vec<(Pid, Lack)> {
    if scanned.unread.is_empty() {
        return Vec::new();
    }
    let children = children(once, master.pid);
    let unread = scanned.unread.iter().filter(|(pid, _)| children.contains(pid));
    unread.map(|(pid, refusal)| (*pid, Lack::Refused(refusal.clone()))).collect()
}

/// Its children, as its main thread lists them.
pub fn children(once: &Once<'_>, pid: Pid) -> Vec<Pid> {
    match once.one(&Ask::Text(pid, ProcText::Children)) {
        Ok(Found::Bytes(text)) => text
            .utf8()
            .unwrap_or_default()
            .split_ascii_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect(),
        _ => Vec::new(),
    }
}

/// A process's `status`, whoever it is.
pub fn status(once: &Once<'_>, pid: Pid) -> Option<Status> {
    let ask = Ask::Text(pid, ProcText::Status);
    let answer = once.one(&ask);
    fact(&ask, answer, |found| bytes(found).and_then(|text| parse_status(&text))).value.ok()
}

/// A process's `stat`, whoever it is.
pub fn stat(once: &Once<'_>, pid: Pid) -> Option<Stat> {
    let ask = Ask::Text(pid, ProcText::Stat);
    let answer = once.one(&ask);
    fact(&ask, answer, |found| bytes(found).and_then(|text| parse_stat(&text))).value.ok()
}

/// A worker's own child bears the worker's title; it is no orphan.
fn is_member_like(once: &Once<'_>, parent: Pid) -> bool {
    status(once, parent).is_some_and(|status| has_worker_masks(&status))
}

/// The process that asked for a daemon waits, with the raw command line, until the real master is ready.
fn is_daemon_starter(pid: Pid, members: &BTreeMap<Pid, Member>, masters: &BTreeSet<Pid>) -> bool {
    let Some(member) = members.get(&pid) else { return false };
    let waits = member.recognised.part == Part::Raw
        && (member.server.options)(&member.recognised.arguments).daemonize
        && !handlers_set(member)
        && inherits_listeners(member) == Some(false);
    let started = |member: &Member| member.process.stat.get().map(|stat| stat.started);
    waits
        && masters.iter().any(|other| {
            members.get(other).is_some_and(|other| {
                other.process.pid != pid
                    && other.recognised.arguments == member.recognised.arguments
                    && started(other) >= started(member)
            })
        })
}

fn handlers_set(member: &Member) -> bool {
    member.process.status.get().is_some_and(|status| (member.server.handlers_set)(status))
}

/// Whether its start environment hands listeners on; `None`: the environment is not known.
fn inherits_listeners(member: &Member) -> Option<bool> {
    let Some(variable) = member.server.beside.map(|beside| beside.sockets) else {
        return Some(false);
    };
    member.process.environ.get().map(|environ| environ.value(variable).is_some())
}

/// A fork has its parent's addresses; a program that was executed has others.
pub fn is_bare_fork(process: &Process, parent: &Process) -> bool {
    let block = |process: &Process| process.stat.get().and_then(|stat| stat.block);
    match (block(process), block(parent)) {
        (Some(own), Some(theirs)) => own == theirs,
        _ => false,
    }
}

/// The master that re-executed itself into this one, directly or through a wrapper.
fn generation_before(
    once: &Once<'_>,
    pid: Pid,
    members: &BTreeMap<Pid, Member>,
    masters: &BTreeSet<Pid>,
) -> Option<Pid> {
    let member = members.get(&pid)?;
    let mut at = member.process.parent()?;
    for _ in 0..BETWEEN {
        if let Some(above) = members.get(&at) {
            let related = masters.contains(&at)
                && std::ptr::eq(above.server, member.server)
                && (inherits_listeners(member) != Some(false)
                    || is_bare_fork(&member.process, &above.process));
            return related.then_some(at);
        }
        at = Pid::new(stat(once, at)?.ppid)?;
    }
    None
}

fn phase(once: &Once<'_>, master: &Member, parent: Option<&Member>) -> Phase {
    if master.process.is_dead() {
        return Phase::Zombie;
    }
    match master.recognised.part {
        Part::Master { .. } => match parent {
            Some(parent) if is_bare_fork(&master.process, &parent.process) => Phase::Starting,
            // One whose title comes before the app loads it yet, or lets it go.
            _ if !handlers_set(master)
                && serves(once, master.server, master.process.pid).get() == Some(&false) =>
            {
                Phase::Loading
            }
            _ => Phase::Ready,
        },
        Part::Raw | Part::Worker(_) => {
            if handlers_set(master) {
                Phase::Loading
            } else {
                Phase::Starting
            }
        }
    }
}

/// A member that is known by its masks alone, as its server's worker.
pub fn as_worker(server: &'static Server, process: Process) -> Member {
    let line = process.command_line.get().cloned().unwrap_or_else(CommandLine::default);
    Member {
        process,
        server,
        recognised: Recognised {
            part: Part::Worker(None),
            arguments: Arguments::default(),
            program: line.words.raw().first().cloned().unwrap_or_default(),
            tag: None,
            certain: true,
        },
    }
}
