//! What a process is: `stat`, `status` and `cmdline` below `/proc/PID`, parsed from bytes.
//! (`procfs` panics or fails whole on odd bytes here; a comm may hold any byte but NUL.)

use super::Lack;
use super::signals::SignalSet;
use crate::os::Text;

/// The kernel's own state letter (`proc_pid_stat(5)`, field 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State(pub char);

impl State {
    /// Ended, not yet reaped (Z), or being torn down (X).
    pub fn is_dead(self) -> bool {
        matches!(self.0, 'Z' | 'X' | 'x')
    }

    /// Stopped by a signal (T) or by a tracer (t).
    pub fn is_stopped(self) -> bool {
        matches!(self.0, 'T' | 't')
    }
}

/// `/proc/PID/stat`, the fields that farrier uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The short name (15 bytes at most, any bytes).
    pub comm: Text,
    /// State letter.
    pub state: State,
    /// Parent; 0 for none in this pid namespace.
    pub ppid: i32,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// Controlling terminal's device number, 0 for none.
    pub tty: i32,
    /// Kernel flags; 0x00200000 is a kernel thread.
    pub flags: u64,
    /// User and system time of itself, in clock ticks.
    pub cpu: u64,
    /// User and system time of its reaped children, in clock ticks.
    pub children_cpu: u64,
    /// Threads.
    pub threads: u64,
    /// Start, in clock ticks after boot. Survives `exec`.
    pub started: u64,
    /// Resident pages.
    pub resident: u64,
    /// Where the arguments and the initial environment lie; `None` where the kernel masks them (no ptrace permission).
    pub block: Option<Block>,
}

/// The initial stack block (`proc_pid_stat(5)`, fields 48 to 51): addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the manual page")]
pub struct Block {
    pub arg_start: u64,
    pub arg_end: u64,
    pub env_start: u64,
    pub env_end: u64,
}

impl Stat {
    /// Whether it is a kernel thread (`PF_KTHREAD`); an empty command line proves nothing.
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & 0x0020_0000 != 0
    }
}

/// `/proc/PID/status`, the fields that farrier uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Thread group: equal to the pid for a process, another one for a thread.
    pub tgid: i32,
    /// Its pids from the outermost shown namespace inwards; more than one: it lives in another pid namespace.
    pub ns_pids: Vec<i32>,
    /// Real, effective, saved, file-system user id.
    pub uids: [u32; 4],
    /// Real, effective, saved, file-system group id.
    pub gids: [u32; 4],
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Pid of the tracer, 0 for none.
    pub tracer: i32,
    /// Signals it catches.
    pub caught: SignalSet,
    /// Signals it ignores.
    pub ignored: SignalSet,
    /// Signals its main thread blocks.
    pub blocked: SignalSet,
    /// Signals that wait for the process.
    pub pending: SignalSet,
}

/// Parses `/proc/PID/stat`: the name ends at the *last* `)`.
pub fn parse_stat(bytes: &Text) -> Result<Stat, Lack> {
    let _ = bytes;
    Err(Lack::NotAsked)
}

/// Parses `/proc/PID/status`, by key, unknown keys passed over.
pub fn parse_status(bytes: &Text) -> Result<Status, Lack> {
    let _ = bytes;
    Err(Lack::NotAsked)
}

/// A command line or title: the words between NULs, trailing NULs taken off.
/// A title that a server wrote is one word with blanks in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The words.
    pub words: Vec<Text>,
    /// How many bytes `/proc/PID/cmdline` held, padding included.
    pub length: usize,
}

/// Parses `/proc/PID/cmdline`.
pub fn parse_command_line(bytes: &Text) -> CommandLine {
    let _ = bytes;
    CommandLine::default()
}
