//! What the next re-execution would run: directory, program, arguments, configuration, Gemfile.

use std::path::PathBuf;

use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::os::{Arguments, Pid};

use super::Lock;

/// How the restart context is known (`source` in JSON).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Read from the live master's memory.
    Memory,
    /// From its last `executing` line in the log.
    Log,
    /// Inferred from title, environment and configuration (`failures.md` §5).
    Inferred,
    /// Not known.
    Unknown,
}

impl Origin {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Log => "log",
            Self::Inferred => "inferred",
            Self::Unknown => "unknown",
        }
    }
}

/// What the next USR2 would run. Each fact's place says how it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Restart {
    /// How it is known on the whole.
    pub origin: Origin,
    /// The directory that it changes to.
    pub directory: Fact<Spot>,
    /// Where it has to change to before that, to what it remembers as the directory of its start: where a setting names the
    /// directory that it ends up in. `None`: it changes once.
    pub begins: Option<Fact<Spot>>,
    /// The program that it executes.
    pub program: Fact<Spot>,
    /// The interpreter behind the program's `#!`; `None`: it has none, or the program is missing.
    pub interpreter: Fact<Option<Spot>>,
    /// The arguments.
    pub arguments: Fact<Arguments>,
    /// The configuration file, where it will be looked for; `None`: none is given.
    pub config: Fact<Option<Spot>>,
    /// The Gemfile that Bundler will load; `None`: Bundler is not used.
    pub gemfile: Fact<Option<Gemfile>>,
    /// The gems that its lock file names, as far as they are installed; `None`: there is no Bundler or no lock file.
    pub gems: Fact<Option<Gems>>,
}

/// Gems of a lock file, and where they were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gems {
    /// How many were looked for: those of its GEM sections.
    pub wanted: usize,
    /// Those whose specification was found nowhere, `NAME VERSION`. A group or a platform that is left out may be among
    /// them, so that this is no proof of harm.
    pub missing: Vec<String>,
    /// Other versions of those that are installed, `NAME VERSION`.
    pub others: Vec<String>,
    /// The gem directories that were looked at.
    pub places: Vec<PathBuf>,
}

impl Restart {
    /// That of a server whose restart farrier does not follow: nothing of it is known.
    pub fn not_followed(pid: Pid, server: &str) -> Self {
        fn lacking<T>(pid: Pid, server: &str) -> Fact<T> {
            let what = format!("how {server} restarts, which farrier does not follow");
            Fact::lacking(Place::new(format!("/proc/{pid}/cmdline")), Lack::Untold(what))
        }
        Self {
            origin: Origin::Unknown,
            directory: lacking(pid, server),
            begins: None,
            program: lacking(pid, server),
            interpreter: lacking(pid, server),
            arguments: lacking(pid, server),
            config: lacking(pid, server),
            gemfile: lacking(pid, server),
            gems: lacking(pid, server),
        }
    }
}

/// The Gemfile of the next re-execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemfile {
    /// The file.
    pub file: Spot,
    /// Its path goes through a release's own directory: the name of that release.
    pub release: Option<String>,
    /// That entry of `releases/` is itself a link to the live release: a rescue, and harmless.
    pub rescued: Fact<bool>,
    /// The lock file beside it; `None`: there is none.
    pub lock: Fact<Option<Lock>>,
    /// The configuration sets it unconditionally (at the top level or in `before_exec`).
    pub set_by_config: bool,
}
