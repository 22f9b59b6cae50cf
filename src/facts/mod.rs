//! Bytes to typed facts, each with the place where it was looked for, or the reason why it is lacking.

pub mod cgroup;
pub mod environ;
pub mod files;
pub mod limits;
pub mod lsof;
pub mod maps;
pub mod memory;
pub mod mounts;
pub mod opens;
pub mod permission;
pub mod pidfile;
pub mod process;
pub mod room;
pub mod shared;
pub mod signals;
pub mod sockets;

use std::path::Path;
use std::sync::Arc;

use crate::os::{Answer, Ask, Found, Refusal, Text};

pub use shared::Shared;

/// Where a fact was looked for, as a person would look there by hand: a path, or a path and a line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(Arc<str>);

impl Place {
    /// A place in words or as a path that has passed the escaper.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into().into())
    }

    /// A path outside `/proc`.
    pub fn path(path: &Path) -> Self {
        Self(crate::os::shown(path).into())
    }

    /// A line of a file.
    pub fn line(path: &Path, line: usize) -> Self {
        Self(format!("{}:{line}", crate::os::shown(path)).into())
    }

    /// Where the answer to a question is to be found.
    pub fn of(ask: &Ask) -> Self {
        Self::new(match ask {
            Ask::Clock => "the clock".into(),
            Ask::Host | Ask::Pids => "/proc".into(),
            Ask::Flocks => "/proc/locks".into(),
            Ask::Text(pid, text) => format!("/proc/{pid}/{}", text.file(*pid)),
            Ask::Link(pid, link) | Ask::LinkStat(pid, link) => {
                format!("/proc/{pid}/{}", link.file())
            }
            Ask::Stream(pid, descriptor, _) => format!("/proc/{pid}/fd/{descriptor}"),
            Ask::CString(pid, address) => format!("/proc/{pid}/mem at {address:x}"),
            Ask::LiveEnviron(pid) => format!("/proc/{pid}/mem, environ"),
            Ask::MemoryGroups(pid) | Ask::Freezers(pid) => format!("/proc/{pid}/cgroup"),
            Ask::StartContext(pid, _) => format!("/proc/{pid}/mem, START_CTX"),
            Ask::Threads(pid) => format!("/proc/{pid}/task/*/comm"),
            Ask::Descriptors(pid) | Ask::Opens(pid) => format!("/proc/{pid}/fd"),
            Ask::Sockets(None) => "sock_diag".into(),
            Ask::Sockets(Some(pid)) => format!("sock_diag of {pid}"),
            Ask::Path(_, path, _) => path.to_string(),
        })
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

impl From<String> for Place {
    fn from(words: String) -> Self {
        Self(words.into())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a fact is lacking.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lack {
    /// The machine did not answer.
    Refused(Refusal),
    /// The bytes are not of the form that their manual page promises; the text says how.
    Malformed(&'static str),
    /// The process's own title has been written over it (`proc_pid_environ(5)`, Ruby's `setproctitle`).
    Overwritten,
    /// It is an expression that only the server's own language can evaluate. Grants and retries do not help.
    Unevaluable(String),
    /// Several readings are possible; the text names them.
    Ambiguous(String),
    /// It follows from another thing that was not seen, or is not there; the text says which.
    Depends(String),
    /// A text takes more to read than a text may: somebody else wrote it, and farrier is not held up by it.
    TooMuch,
    /// Nothing outside the server tells it, whoever looks and however often; the text says what.
    Untold(String),
    /// Another program alone knows it, and farrier does not ask that one; what settles it is said.
    Settled {
        /// What is not known.
        what: String,
        /// What settles it, for a person: `by systemctl start …`.
        by: String,
    },
    /// Nobody has looked yet.
    NotAsked,
}

impl Lack {
    /// Whether a grant or another try could decide it (`"unreadable"` in JSON), in contrast to what nothing
    /// outside the server tells (`"unevaluable"`).
    pub fn is_unreadable(&self) -> bool {
        !matches!(self, Self::Unevaluable(_) | Self::Ambiguous(_) | Self::Untold(_))
    }
}

impl From<Refusal> for Lack {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl std::fmt::Display for Lack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Malformed(how) => write!(f, "not as documented: {how}"),
            Self::Overwritten => f.write_str("overwritten by the process title"),
            Self::Unevaluable(what) => write!(f, "only the server itself can evaluate {what}"),
            Self::Ambiguous(what) => write!(f, "ambiguous: {what}"),
            Self::Depends(what) | Self::Settled { what, .. } => write!(f, "it depends on {what}"),
            Self::TooMuch => f.write_str("too large to be read"),
            Self::Untold(what) => write!(f, "nothing outside tells {what}"),
            Self::NotAsked => f.write_str("not looked at yet"),
        }
    }
}

/// A value, or why it is lacking; and where it was looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<T> {
    /// Where it was looked for.
    pub place: Place,
    /// What was found there, or why nothing can be said.
    pub value: Result<T, Lack>,
}

impl<T> Fact<T> {
    /// A known value.
    pub fn known(place: Place, value: T) -> Self {
        Self { place, value: Ok(value) }
    }

    /// A lacking one.
    pub fn lacking(place: Place, lack: impl Into<Lack>) -> Self {
        Self { place, value: Err(lack.into()) }
    }

    /// The value, if it is known. For display and for facts that only refine; a rule goes through `Look::at`.
    pub fn get(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }

    /// The reason, if it is lacking.
    pub fn lack(&self) -> Option<&Lack> {
        self.value.as_ref().err()
    }

    /// Another fact from this one, at the same place and with the same lack.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        Fact { place: self.place, value: self.value.map(change) }
    }

    /// Another fact from this one, which may be lacking for a reason of its own.
    pub fn then<U>(self, change: impl FnOnce(T) -> Result<U, Lack>) -> Fact<U> {
        Fact { place: self.place, value: self.value.and_then(change) }
    }
}

/// A fact from the answer to a question, read by `take`; an answer of another kind than the question's is malformed.
pub fn fact<T>(ask: &Ask, answer: Answer, take: impl FnOnce(Found) -> Result<T, Lack>) -> Fact<T> {
    Fact { place: Place::of(ask), value: answer.map_err(Lack::Refused).and_then(take) }
}

/// The bytes of an answer that must be bytes.
pub fn bytes(found: Found) -> Result<Text, Lack> {
    match found {
        Found::Bytes(text) => Ok(text),
        _ => Err(Lack::Malformed("another kind of answer")),
    }
}
