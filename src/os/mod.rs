//! The machine: what can be asked of it ([`Source`], the eyes) and what can be done to it ([`Hands`]).
//!
//! Nothing outside this module touches a file, a clock, a process, a socket or a signal; clippy's
//! `disallowed-methods` holds that. So every box can be recorded, and every layer runs on a recording.

mod arguments;
mod ask;
mod audit;
mod found;
mod lock;
pub mod live;
pub mod memory;
mod masker;
pub mod own;
pub mod porter;
mod probe;
pub mod record;
mod recording;
pub mod replay;
pub mod secrets;
pub mod signal;
mod sockets;
pub mod terminal;
pub mod text;

pub use arguments::Arguments;
pub use ask::{Ask, PathAsk, Pid, ProcLink, ProcText, Root};
pub use found::{
    Access, Clock, ControlGroup, Descriptor, FileKind, FileStat, Flock, Found, Host, Open,
    Protocol, Socket, SocketPeer, User,
};
pub use memory::StartContext;
pub use recording::{Asked, Mark};
pub use text::{Text, shown};

use serde::{Deserialize, Serialize};

/// What the machine answers to one [`Ask`]: what was found, or why nothing can be said.
pub type Answer = Result<Found, Refusal>;

/// Why the machine did not answer. "There is no such file" is an answer (see [`Found`]), not a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Refusal {
    /// The kernel said EACCES or EPERM: another user, a missing capability, Yama, or a security module.
    Denied,
    /// The process ended before it answered (ESRCH, or its directory is gone).
    Gone,
    /// The process is a zombie: the kernel has nothing left to show of this.
    Zombie,
    /// No answer within the reader's deadline (300 ms): a hung file system, a frozen memory map.
    TimedOut,
    /// More than is read of it; the number is that bound in bytes.
    TooLarge(u64),
    /// More entries than are read; the number is that bound.
    TooMany(u64),
    /// This kernel or this build cannot answer; the text says what is missing.
    Unsupported(String),
    /// The process's memory does not tell it; the text says why.
    Opaque(String),
    /// A recording was asked what it does not hold.
    NotRecorded,
    /// Any other errno, by its name.
    Failed(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Denied => f.write_str("permission denied"),
            Self::Gone => f.write_str("the process ended"),
            Self::Zombie => f.write_str("the process is a zombie"),
            Self::TimedOut => f.write_str("no answer within 300 ms"),
            Self::TooLarge(bound) => {
                let (number, unit) = match bound {
                    0..1024 => (*bound, "bytes"),
                    1024..0x10_0000 => (bound >> 10, "KiB"),
                    _ => (bound >> 20, "MiB"),
                };
                write!(f, "larger than {number} {unit}: not read to its end")
            }
            Self::TooMany(bound) => write!(f, "more than {bound} entries: not read to its end"),
            Self::Unsupported(what) => write!(f, "not available here: {what}"),
            Self::Opaque(why) => f.write_str(why),
            Self::NotRecorded => f.write_str("the recording does not hold it"),
            Self::Failed(errno) => write!(f, "the kernel said {errno}"),
        }
    }
}

/// The eyes: everything that farrier knows of a machine came through this one door.
pub trait Source {
    /// Answers all questions, in their order. One call may carry many, so that a scan stays cheap;
    /// what can block for ever is answered by a reader process within its deadline.
    fn ask(&self, asks: &[Ask]) -> Vec<Answer>;

    /// Answers one question.
    fn ask_one(&self, ask: Ask) -> Answer {
        self.ask(&[ask]).pop().unwrap_or(Err(Refusal::NotRecorded))
    }

    /// Says that this will be asked in a while: a machine that has to wait for the answer begins to.
    fn begin(&self, ask: &Ask) {
        let _ = ask;
    }

    /// Forgets what is kept of processes that are not in `members`, so that file descriptors
    /// do not pile up across looks. Recordings have nothing to forget.
    fn keep_only(&self, members: &[Pid]) {
        let _ = members;
    }

    /// Marks a point between two looks: a recording moves to its next frame, the machine does nothing.
    fn next_look(&self) {}
}

/// Who a process is, as far as it can be told: compared before a signal is sent.
/// `pid` and `started` alone are no identity (a reused pid can have the same start tick).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The pid, in farrier's own pid namespace.
    pub pid: Pid,
    /// Start time in clock ticks since boot (`proc_pid_stat(5)`, field 22).
    pub started: u64,
    /// The inode of the pidfd, from Linux 6.9 on; unique until reboot.
    pub pidfd_inode: Option<u64>,
    /// Device, in the form of [`FileStat::device`], and inode of the executable; `None` where the link may not be read.
    pub exe: Option<(u64, u64)>,
    /// Real user id.
    pub uid: u32,
    /// The process's control group, as `/proc/PID/cgroup` has it.
    pub cgroup: Text,
}

/// A process that is held: by its `/proc/PID` directory and its pidfd, so that whatever happens
/// to its number, no other process can be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hold(pub u32);

/// One line of the audit log: written before a signal (intent) and after it (result).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// `intent` or `result`.
    pub stage: String,
    /// The signal's name without `SIG`.
    pub signal: String,
    /// Whom it is for.
    pub token: Token,
    /// The app's id.
    pub app: String,
    /// What was planned (intent) or what came of it (result), in words, without secrets.
    pub words: String,
}

/// Whose a lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It was free and is held now.
    Mine,
    /// Another process holds it; which, where the kernel tells.
    Theirs(Option<Pid>),
}

/// A way in to a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// A Unix socket's path, as farrier reaches it.
    Unix(std::path::PathBuf),
    /// An abstract Unix socket's name, without the leading NUL.
    Abstract(Text),
    /// An internet address.
    Tcp(std::net::SocketAddr),
}

/// One HTTP request, and whose answer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Through which listener.
    pub door: Door,
    /// The path that is asked for.
    pub path: String,
    /// The processes whose answer counts.
    pub by: Vec<Pid>,
}

/// What came of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probed {
    /// One of the wanted processes answered, with this status.
    Answered {
        /// Who.
        by: Pid,
        /// The status of its answer.
        status: u16,
    },
    /// One of them took the connection and closed it without an answer.
    Hung {
        /// Who.
        by: Pid,
    },
    /// Another process took the connection: it was hung up, the request not finished.
    Elsewhere,
}

/// The hands: the only way in which farrier changes the machine.
pub trait Hands {
    /// Holds a process and says who it is. The order of `algorithms.md` §3.2, S2, is kept.
    fn hold(&mut self, pid: Pid) -> Result<(Hold, Token), Refusal>;

    /// Reads the identity again, through the held directory; an ended process is [`Refusal::Gone`].
    fn verify(&mut self, hold: Hold) -> Result<Token, Refusal>;

    /// Sends one signal by `pidfd_send_signal(2)` to the held process and to nobody else.
    fn send(&mut self, hold: Hold, signal: nix::sys::signal::Signal) -> Result<(), Refusal>;

    /// Lets a held process go.
    fn release(&mut self, hold: Hold);

    /// Writes one audit line to syslog or the journal (AUTHPRIV), and to the file that the settings name.
    fn note(&mut self, line: &AuditLine) -> Result<(), Refusal>;

    /// Locks a directory (`flock(2)`) until [`Hands::unlock`]: two operators cannot both work on one app.
    fn lock(&mut self, directory: &std::path::Path) -> Result<Locked, Refusal>;

    /// Lets every lock go.
    fn unlock(&mut self);

    /// Sends one request through a listener. It takes one connection from its queue, and one worker's time.
    fn probe(&mut self, probe: &Probe, patience: std::time::Duration) -> Result<Probed, Refusal>;

    /// Waits, for what the runner has to observe. A rehearsal does not wait.
    fn pause(&mut self, time: std::time::Duration);
}
