//! What a server's log says of its restarts: the end of the file, line by line.

use std::path::{Path, PathBuf};

use crate::facts::Place;
use crate::os::Text;

/// The end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The file.
    pub path: PathBuf,
    /// It was read from its first line on: line numbers are those of the file.
    pub whole: bool,
    /// What it says, the oldest first.
    pub entries: Vec<Entry>,
    /// What it says of the workers, the oldest first.
    pub workers: Vec<OfWorkers>,
    /// The end of the file that stands where the next master will open its log, where that is another one by now: the one
    /// that is written to was moved away or deleted. What a new master that failed had to say stands there.
    pub aside: Option<Box<Log>>,
}

/// One line about what becomes of a master's workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfWorkers {
    /// The line, as in [`Entry`].
    pub line: usize,
    /// The time as it stands there; the zone is the server's own.
    pub time: Option<Text>,
    /// The master, by the number that it has in its own namespace.
    pub writer: Option<i32>,
    /// What becomes of them.
    pub what: Became,
}

/// What becomes of a master's workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// The one with this number ended, whether it was told to or not.
    Reaped(u32),
    /// A reload begins: they are asked to leave.
    Reloads,
    /// They are asked to leave, and none follows.
    Drained,
}

/// One line that tells something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The line, from 1, counted from where reading began.
    pub line: usize,
    /// The time as it stands there; the zone is the server's own.
    pub time: Option<Text>,
    /// The process that wrote it, by the number that it has in its own namespace.
    pub writer: Option<i32>,
    /// What it says.
    pub said: Said,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A re-execution is about to run this program in this directory.
    Executing {
        /// The program.
        program: PathBuf,
        /// The directory, links resolved.
        directory: PathBuf,
    },
    /// The re-executed master ended.
    Ended {
        /// Its number in the server's namespace.
        pid: i32,
        /// How: `exit 1`, `SIGKILL (signal 9)`.
        how: Text,
    },
    /// A re-execution was refused, and why.
    Refused(Text),
    /// A master is ready.
    Ready,
    /// A master ends as it was told to: its workers have ended.
    Complete,
    /// A worker is ready.
    WorkerReady,
    /// A reload was carried out: the configuration was read anew.
    Reloaded,
    /// An error, or the line of an exception that nobody caught.
    Error(Text),
}

impl Log {
    /// One whose lines nobody reads.
    pub fn silent(path: &Path, whole: bool) -> Self {
        Self {
            path: path.to_path_buf(),
            whole,
            entries: Vec::new(),
            workers: Vec::new(),
            aside: None,
        }
    }

    /// Where an entry stands.
    pub fn place(&self, entry: &Entry) -> Place {
        if self.whole {
            Place::line(&self.path, entry.line)
        } else {
            let path = crate::os::shown(&self.path);
            Place::new(format!("{path}, line {} of its last 64 KiB", entry.line))
        }
    }
}
