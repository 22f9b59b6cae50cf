//! Masters and workers: their roles, phases and generations.

use std::path::{Path, PathBuf};

use crate::facts::cgroup::Frozen;
use crate::facts::room::Room;
use crate::facts::{Fact, Lack, Shared};
use crate::os::{Arguments, Pid, Root};

use super::{Config, Log, Process, Restart, Signal, Supervisor};

/// The software that serves: the constant of each stands beside its card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub &'static str);

impl Kind {
    /// None that farrier knows: releases that nothing of a known server belongs to.
    pub const UNKNOWN: Self = Self("unknown");

    /// Its name as `cli.md` writes it.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// How a master starts a second generation beside itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// The signal.
    pub signal: Signal,
    /// A variable by which the new master is told of it, mostly of the listeners.
    pub sockets: &'static str,
    /// It hands on its environment as it is now, and what its hooks make of that; else the one of its start.
    pub live: bool,
    /// A new master that cannot be executed takes the files of the Unix sockets away with it.
    pub takes_sockets: bool,
}

/// What a process is in its tree (`cli.md`, Vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A master that is ready and holds the pidfile, or is the only one.
    Current,
    /// A master that was superseded: it holds the oldbin pidfile, or its title says so.
    Old,
    /// A re-executed master that is not ready yet.
    New,
    /// A second master of the app outside any handover.
    Duplicate,
    /// A child that serves requests.
    Worker,
}

impl Role {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Old => "old",
            Self::New => "new",
            Self::Duplicate => "duplicate",
            Self::Worker => "worker",
        }
    }
}

/// How far a master is in its life (`failures.md` §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Forked or just executed: its own signal handlers are not set yet; most signals would end it.
    Starting,
    /// Its handlers are set and it loads the app: the title is still the raw command line.
    Loading,
    /// Its title says that it is a master that has joined its workers.
    Ready,
    /// It ended and was not reaped.
    Zombie,
}

/// A master and what it forked.
#[derive(Clone, Debug)]
pub struct Master {
    /// The process.
    pub process: Process,
    /// The server that it runs.
    pub kind: Kind,
    /// How it starts a second generation; `None`: it never does.
    pub beside: Option<Beside>,
    /// Its role in the app.
    pub role: Role,
    /// How far it is.
    pub phase: Phase,
    /// The master that re-executed itself into this one, while it lives.
    pub parent: Option<Pid>,
    /// The master that this one re-executed itself into, while it lives.
    pub child: Option<Pid>,
    /// Its workers by number, then start.
    pub workers: Vec<Worker>,
    /// The release whose directory it runs in; `None`: it runs in none.
    pub release: Fact<Option<String>>,
    /// The arguments in its title.
    pub arguments: Arguments,
    /// The configuration that the next re-execution will load, as far as it can be read without Ruby.
    pub config: Shared<Fact<Config>>,
    /// The configuration that it loaded itself: the copy in its own release, where that is still there.
    pub loaded: Shared<Fact<Config>>,
    /// The pidfile that it was given; `None`: none.
    pub pidfile: Fact<Option<std::path::PathBuf>>,
    /// What the next re-execution would run.
    pub restart: Shared<Restart>,
    /// Who keeps it up.
    pub supervisor: Shared<Fact<Supervisor>>,
    /// The end of its log; `None`: its messages go to no file.
    pub log: Shared<Fact<Option<Log>>>,
    /// Inodes of the sockets that it listens on.
    pub listens: Fact<Vec<u64>>,
    /// What its control groups leave it of memory, where one has a limit: the tightest.
    pub room: Fact<Option<Room>>,
    /// The control group that is frozen, and it with it; `None`: none is.
    pub frozen: Fact<Option<Frozen>>,
    /// Its children that did not show what they are, and why: a new master or a worker may be among them.
    pub unread: Vec<(Pid, Lack)>,
    /// The server's version, where a mapped file or the gem's path tells it.
    pub server_version: Option<String>,
    /// The interpreter's version, where the mapped library tells it.
    pub ruby_version: Option<String>,
    /// The revision of the code: from the title (rack-statsd) or the release's `REVISION`.
    pub revision: Option<String>,
    /// Its connections to databases, as far as their usual ports and paths tell them.
    pub databases: Shared<Fact<Vec<super::Connection>>>,
    /// Where it passes requests to, as its configuration says now; none of a server that is no proxy.
    pub upstreams: Shared<Fact<Vec<super::Upstream>>>,
    /// What it passes requests to besides, of which it is not told where that is.
    pub elsewhere: Vec<super::Elsewhere>,
    /// Whether it serves by itself, without workers; `None`: it forks workers, or what tells that was not seen.
    pub serves_alone: Option<bool>,
    /// The files that the next re-execution opens for its output, as the next configuration names them.
    pub outputs: Vec<super::Output>,
}

impl Master {
    /// The directory of its pidfile, where farrier sees it under the same path: who works on the app locks it.
    pub fn lock_place(&self) -> Option<PathBuf> {
        let pidfile = self.pidfile.get()?.as_ref().filter(|_| self.process.root == Root::Own)?;
        pidfile.parent().filter(|directory| directory.is_absolute()).map(Path::to_owned)
    }

    /// Whether some hook of the next configuration seems to end this master, once a new one is there.
    pub fn hook_retires(&self) -> Option<bool> {
        let pidfile = self.pidfile.get().and_then(Option::as_deref);
        self.config.get().map(|config| config.retires(pidfile))
    }

    /// Whether its control group is frozen: it runs no instruction, and signals wait.
    pub fn is_frozen(&self) -> bool {
        matches!(self.frozen.get(), Some(Some(_)))
    }

    /// Workers that can answer: they live, and nothing holds them.
    pub fn workers_running(&self) -> impl Iterator<Item = &Worker> {
        self.workers_alive().filter(|worker| !worker.process.is_stopped() && !worker.is_frozen())
    }

    /// How many workers it is configured to have, as far as that is known.
    pub fn workers_wanted(&self) -> Option<u32> {
        self.loaded.get().and_then(|config| config.worker_processes.value().copied())
    }

    /// Whether somebody of it may answer now, as far as was seen: a worker, or itself where it has none.
    pub fn may_answer(&self) -> bool {
        let itself = self.serves_alone == Some(true) && !self.process.is_stopped();
        self.phase == Phase::Ready
            && !self.is_frozen()
            && (itself || self.workers.iter().any(Worker::may_answer))
    }

    /// Workers that live, be they held or not.
    pub fn workers_alive(&self) -> impl Iterator<Item = &Worker> {
        self.workers.iter().filter(|worker| !worker.process.is_dead())
    }
}

/// A worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The process.
    pub process: Process,
    /// Its number; `None` where its title has none.
    pub number: Option<u32>,
    /// The release whose directory it runs in.
    pub release: Fact<Option<String>>,
    /// The control group that is frozen, and it with it; `None`: none is. It may be in another one than its master.
    pub frozen: Fact<Option<Frozen>>,
    /// Whether it has begun to serve, where its threads tell that.
    pub serves: Fact<bool>,
}

impl Worker {
    /// Whether its control group is frozen.
    pub fn is_frozen(&self) -> bool {
        matches!(self.frozen.get(), Some(Some(_)))
    }

    /// Whether it may answer, as far as was seen: it runs, and is not seen to load the app still.
    pub fn may_answer(&self) -> bool {
        !self.process.is_dead()
            && !self.process.is_stopped()
            && !self.is_frozen()
            && self.serves.get() != Some(&false)
    }
}
