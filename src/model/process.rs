//! A process of a recognised tree, with the facts that were read of it.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::facts::environ::Environ;
use crate::facts::files::Linked;
use crate::facts::limits::Limit;
use crate::facts::maps::Mapped;
use crate::facts::process::{CommandLine, Stat, Status};
use crate::facts::{Fact, Place, Shared};
use crate::os::{Descriptor, Pid, Root, Text};

/// A connection of a process to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The descriptor.
    pub place: Place,
    /// Where the database listens: an address or a path.
    pub to: String,
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its pid in farrier's namespace.
    pub pid: Pid,
    /// How long it has run, in whole seconds of boot time.
    pub age: Fact<u64>,
    /// All that was read of it: of a process at rest it stays from look to look.
    pub facts: Shared<ProcessFacts>,
}

impl Deref for Process {
    type Target = ProcessFacts;

    fn deref(&self) -> &ProcessFacts {
        &self.facts
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut ProcessFacts {
        &mut self.facts
    }
}

/// What was read of a process. The large ones are shared each for itself: they stay while it works.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessFacts {
    /// `stat`.
    pub stat: Fact<Stat>,
    /// `status`, with the signal masks.
    pub status: Fact<Status>,
    /// Command line or title.
    pub command_line: Fact<CommandLine>,
    /// When it started, by the wall clock.
    pub started_at: Fact<Timestamp>,
    /// Working directory.
    pub cwd: Fact<Linked>,
    /// Executable.
    pub exe: Fact<Linked>,
    /// Where its paths start: its own root where that differs from farrier's.
    pub root: Root,
    /// The root directory's path as farrier sees it, where it differs from `/`.
    pub root_path: Option<PathBuf>,
    /// The environment that it was started with.
    pub environ: Shared<Fact<Environ>>,
    /// The environment as it is now, from its memory: what it hands on. Of workers not asked at every look.
    pub live: Shared<Fact<Environ>>,
    /// Mapped files.
    pub maps: Shared<Fact<Vec<Mapped>>>,
    /// Mapped libraries and extensions with what stands at their paths now: only what rules look at.
    pub libraries: Shared<Fact<Vec<Linked>>>,
    /// Descriptors.
    pub descriptors: Shared<Fact<Vec<Descriptor>>>,
    /// Control group.
    pub cgroup: Fact<Text>,
    /// Whether it lives in farrier's own user namespace: a capability counts for the files of its own namespace's
    /// users only.
    pub shares_users: Fact<bool>,
    /// Limits.
    pub limits: Shared<Fact<Vec<Limit>>>,
    /// Login name of its real user, or the number in words.
    pub user: Fact<Text>,
    /// Proportional set size in bytes; not asked at every look.
    pub pss: Fact<u64>,
    /// Resident set size in bytes.
    pub rss: Fact<u64>,
}

impl Process {
    /// Whether it ended and only its entry is left.
    pub fn is_dead(&self) -> bool {
        self.stat.get().is_some_and(|stat| stat.state.is_dead())
    }

    /// Whether it is stopped or traced.
    pub fn is_stopped(&self) -> bool {
        self.stat.get().is_some_and(|stat| stat.state.is_stopped())
    }

    /// Its parent, as far as it is known and in this namespace.
    pub fn parent(&self) -> Option<Pid> {
        self.stat.get().and_then(|stat| Pid::new(stat.ppid))
    }

    /// Its number in its own pid namespace, as it stands in a pidfile that it writes itself.
    pub fn own_number(&self) -> Pid {
        let inner = self.status.get().and_then(|status| status.ns_pids.last().copied());
        inner.and_then(Pid::new).unwrap_or(self.pid)
    }

    /// What is known of the environment that it hands on: the live one, else the one that it was started with.
    pub fn hands_on(&self) -> &Fact<Environ> {
        if self.live.get().is_some() { &self.live } else { &self.environ }
    }

    /// Pid and start tick: equal for the same process in two looks of one boot, as far as that can be told.
    pub fn identity(&self) -> (Pid, Option<u64>) {
        (self.pid, self.stat.get().map(|stat| stat.started))
    }
}
