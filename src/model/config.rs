//! A server's configuration file, as far as it can be read without running it.

use std::path::PathBuf;

use crate::facts::files::Spot;
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

/// What a configuration says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file.
    pub file: Spot,
    /// `working_directory`.
    pub working_directory: Setting<PathBuf>,
    /// `pid`.
    pub pid: Setting<PathBuf>,
    /// `listen`, as written.
    pub listen: Vec<Setting<Text>>,
    /// `worker_processes`.
    pub worker_processes: Setting<u32>,
    /// `preload_app`.
    pub preload_app: Setting<bool>,
    /// `timeout`, seconds.
    pub timeout: Setting<u32>,
    /// `stderr_path`.
    pub stderr_path: Setting<PathBuf>,
    /// `user`.
    pub user: Setting<Text>,
    /// `Unicorn::HttpServer::START_CTX[0] =`.
    pub program: Setting<PathBuf>,
    /// `ENV[…] =`, unconditional ones only; `||=` is not among them.
    pub environment: Vec<Assignment>,
    /// Whether some hook seems to end the old master: it mentions `oldbin`, and a signal.
    pub retires_old_master: bool,
}
