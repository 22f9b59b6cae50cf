//! A server's configuration file, as far as it can be read without running it.

use std::path::{Path, PathBuf};

use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::os::Text;

/// One setting. What farrier cannot evaluate is said, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// The file does not set it.
    #[default]
    NotSet,
    /// It is set to a literal.
    Set {
        /// The value.
        value: T,
        /// The line, from 1.
        line: usize,
    },
    /// It is set by an expression, or under a condition, that only the server's language can evaluate.
    Unevaluable {
        /// The line, from 1.
        line: usize,
        /// The expression as it stands there.
        text: Text,
    },
}

impl<T> Setting<T> {
    /// The literal, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set { value, .. } => Some(value),
            _ => None,
        }
    }

    /// The line where it is set.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::NotSet => None,
            Self::Set { line, .. } | Self::Unevaluable { line, .. } => Some(*line),
        }
    }
}

/// An unconditional assignment to the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: Text,
    /// The value.
    pub value: Setting<Text>,
    /// The hook that it stands in; `None`: at the top level.
    pub hook: Option<Hook>,
}

/// A hook of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Unicorn's")]
pub enum Hook {
    BeforeExec,
    BeforeFork,
    AfterFork,
    AfterWorkerReady,
}

impl Hook {
    /// Its name as the configuration writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeExec => "before_exec",
            Self::BeforeFork => "before_fork",
            Self::AfterFork => "after_fork",
            Self::AfterWorkerReady => "after_worker_ready",
        }
    }
}

/// `ENV[…] ||=`: it sets a variable only where nothing has set it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaulted {
    /// The variable.
    pub name: Text,
    /// The line, from 1.
    pub line: usize,
    /// The hook that it stands in; `None`: at the top level.
    pub hook: Option<Hook>,
}

/// Something that may change any variable: `ENV.clear`, `ENV[name] =`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: Text,
    /// The hook that it stands in; `None`: at the top level.
    pub hook: Option<Hook>,
}

/// Where a server's own messages go by its `logger`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTo {
    /// To its standard error, as without one.
    Stderr,
    /// To its standard output.
    Stdout,
    /// To a file.
    File(PathBuf),
}

/// A hook with what it does to an old master.
#[derive(Clone, Debug, PartialEq)]
pub struct HookBody {
    /// Which hook.
    pub hook: Hook,
    /// The line where it begins, from 1.
    pub line: usize,
    /// The signals that it sends, but those to its own process.
    pub kills: Vec<Kill>,
    /// The oldbin pidfiles that it reads or looks for.
    pub old_paths: Vec<Setting<OldPath>>,
    /// It asks for the worker's number: it does not do the same at every fork.
    pub tells_workers_apart: bool,
    /// It, or a variable that it uses, names an oldbin pidfile: what it signals is the old master.
    pub names_oldbin: bool,
    /// It sleeps: each fork comes later than the one before.
    pub sleeps: bool,
}

/// A hook of which it is not known whether it is set, or to what: under a condition, no block, source from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObscureHook {
    /// Which hook; `None`: any of them may be set there.
    pub hook: Option<Hook>,
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub text: Text,
    /// As far as the file shows, it may end an old master.
    pub may_retire: bool,
}

/// A signal that a hook sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The line, from 1.
    pub line: usize,
    /// The names that the signal may have, without `SIG`; none: it cannot be told.
    pub signals: Vec<String>,
}

/// The oldbin pidfile that a hook reads.
#[derive(Clone, Debug, PartialEq)]
pub enum OldPath {
    /// The one of the configured pidfile, by asking the server for it.
    Configured,
    /// A path of its own.
    Path {
        /// As it is written.
        path: PathBuf,
        /// With the links of its directory resolved; `None`: there is no such directory. It is asked for only where
        /// the path is written in another way than `pid`.
        real: Fact<Option<PathBuf>>,
    },
}

/// A call of `exists?`, which Ruby 3.2 removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovedCall {
    /// The class that is asked: `File`, `Dir`, `FileTest`.
    pub class: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The hook that it stands in; `None`: it stands in none.
    pub hook: Option<Hook>,
    /// Whoever runs the hook calls it, or whoever loads the file where it stands in none: it is in no definition, no
    /// other block, behind no condition.
    pub sure: bool,
}

/// What a configuration says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file.
    pub file: Spot,
    /// Where that stands which overrules the file: the settings of a line 0.
    pub over: Option<Place>,
    /// `working_directory`.
    pub working_directory: Setting<PathBuf>,
    /// `pid`.
    pub pid: Setting<PathBuf>,
    /// Where `pid` really is, as for [`OldPath::Path`].
    pub pid_real: Fact<Option<PathBuf>>,
    /// `listen`, as written.
    pub listen: Vec<Setting<Text>>,
    /// `worker_processes`.
    pub worker_processes: Setting<u32>,
    /// `preload_app`.
    pub preload_app: Setting<bool>,
    /// `timeout`, seconds.
    pub timeout: Setting<u32>,
    /// Seconds that a worker may take to load the app.
    pub boot_timeout: Setting<u32>,
    /// The master keeps out of the app's bundle, so that each worker loads the bundle of its own release.
    pub own_bundle: Setting<bool>,
    /// The first worker forks the others.
    pub forks_from_worker: Setting<bool>,
    /// `stderr_path`.
    pub stderr_path: Setting<PathBuf>,
    /// `stdout_path`.
    pub stdout_path: Setting<PathBuf>,
    /// `logger`.
    pub logger: Setting<LogTo>,
    /// `user`.
    pub user: Setting<Text>,
    /// `Unicorn::HttpServer::START_CTX[0] =`.
    pub program: Setting<PathBuf>,
    /// `ENV[…] =`, unconditional ones only; `||=` is not among them.
    pub environment: Vec<Assignment>,
    /// `ENV[…] ||=`.
    pub defaulted: Vec<Defaulted>,
    /// What may change any variable.
    pub sweeps: Vec<Sweep>,
    /// The hooks that are set without a condition, the last of each kind.
    pub hooks: Vec<HookBody>,
    /// Hooks that may be set besides, or instead.
    pub obscure_hooks: Vec<ObscureHook>,
    /// Calls that newer Rubies no longer have.
    pub removed_calls: Vec<RemovedCall>,
    /// The hook that gives workers database connections of their own: `after_fork` connects anew, or `before_fork`
    /// closes what the master has open.
    pub reconnects: Setting<Hook>,
    /// Whether some hook seems to end the old master: it mentions `oldbin`, and a signal.
    pub retires_old_master: bool,
}

/// What Unicorn renames a pidfile to (`http_server.rb`, `reexec`).
pub fn oldbin(pidfile: &Path) -> PathBuf {
    let mut name = pidfile.as_os_str().to_os_string();
    name.push(".oldbin");
    name.into()
}

impl HookBody {
    /// Whether every oldbin pidfile that it looks for is seen to be another one than that of `pidfile`, really at `real`:
    /// then it never finds an old master.
    fn misses(&self, pidfile: &Path, real: Option<&Path>) -> bool {
        let right = |path: &OldPath| match path {
            OldPath::Configured => true,
            OldPath::Path { path, real: led } => {
                let own = real.map(oldbin);
                // What was not seen may be right.
                let same = led.get().is_none_or(|led| own.is_some() && *led == own);
                *path == oldbin(pidfile) || same
            }
        };
        let wrong = |path: &Setting<OldPath>| path.value().is_some_and(|path| !right(path));
        !self.old_paths.is_empty() && self.old_paths.iter().all(wrong)
    }
}

impl Config {
    /// Whether some hook seems to end the old master of this pidfile: it sends a signal, and is not seen to look for
    /// another pidfile's oldbin.
    pub fn retires(&self, pidfile: Option<&Path>) -> bool {
        let pidfile = self.pid.value().map(PathBuf::as_path).or(pidfile);
        let real = self.pid_real.get().and_then(Option::as_deref);
        let kills = || self.hooks.iter().filter(|hook| !hook.kills.is_empty());
        let misses = pidfile.is_some_and(|pidfile| {
            kills().next().is_some() && kills().all(|hook| hook.misses(pidfile, real))
        });
        self.retires_old_master && !(misses && self.obscure_hooks.is_empty())
    }

    /// Where the setting of that line stands.
    pub fn at(&self, line: usize) -> Place {
        match &self.over {
            Some(over) if line == 0 => over.clone(),
            _ => Place::line(&self.file.path, line),
        }
    }

    /// Whether the file says how many workers there are to be, or would say it: a change of it may change that.
    pub fn file_counts_workers(&self) -> bool {
        !self.file.path.as_os_str().is_empty() && self.worker_processes.line() != Some(0)
    }

    /// One that sets nothing, of a file that nobody has looked at yet.
    pub fn empty(path: &Path) -> Self {
        Self {
            file: Spot {
                path: path.to_path_buf(),
                stat: Fact::lacking(path.into(), Lack::NotAsked),
                real: Fact::lacking(path.into(), Lack::NotAsked),
            },
            over: None,
            working_directory: Setting::NotSet,
            pid: Setting::NotSet,
            pid_real: Fact::lacking(path.into(), Lack::NotAsked),
            listen: Vec::new(),
            worker_processes: Setting::NotSet,
            preload_app: Setting::NotSet,
            timeout: Setting::NotSet,
            boot_timeout: Setting::NotSet,
            own_bundle: Setting::NotSet,
            forks_from_worker: Setting::NotSet,
            stderr_path: Setting::NotSet,
            stdout_path: Setting::NotSet,
            logger: Setting::NotSet,
            user: Setting::NotSet,
            program: Setting::NotSet,
            environment: Vec::new(),
            defaulted: Vec::new(),
            sweeps: Vec::new(),
            hooks: Vec::new(),
            obscure_hooks: Vec::new(),
            removed_calls: Vec::new(),
            reconnects: Setting::NotSet,
            retires_old_master: false,
        }
    }
}
