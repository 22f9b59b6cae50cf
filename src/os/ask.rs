//! The questions that can be put to a machine: one vocabulary for live, recorded and replayed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Text;

/// A process id: positive, and a number of its own kind, never text and never part of a path by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pid(i32);

impl Pid {
    /// A pid from a number; `None` for 0 and negative ones, which mean groups and everybody to `kill(2)`.
    pub fn new(number: i32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }
}

impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Pid {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: std::num::NonZero<i32> = text.parse()?;
        // A negative number means a process group to kill(2): refused as an unsigned parse refuses it.
        if number.get() < 0 {
            "-".parse::<u32>()?;
        }
        Ok(Self(number.get()))
    }
}

/// A text file below `/proc/PID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcText {
    /// `proc_pid_stat(5)`. Read in place.
    Stat,
    /// `proc_pid_status(5)`. Read in place.
    Status,
    /// `proc_pid_cmdline(5)`. By a reader: it can hang on the target's memory.
    Cmdline,
    /// `proc_pid_environ(5)`: the initial block only. By a reader.
    Environ,
    /// `proc_pid_maps(5)`. By a reader.
    Maps,
    /// `smaps_rollup`: the proportional set size. By a reader.
    SmapsRollup,
    /// `proc_pid_limits(5)`. Read in place.
    Limits,
    /// `proc_pid_cgroup(5)`. Read in place.
    Cgroup,
    /// `proc_pid_mountinfo(5)`. Read in place.
    Mountinfo,
    /// `task/PID/children`: the children of the main thread. Read in place.
    Children,
    /// `proc_pid_auxv(5)`, binary. By a reader.
    Auxv,
    /// `loginuid`. Read in place.
    Loginuid,
}

impl ProcText {
    /// The file's path below `/proc/PID`.
    pub fn file(self, pid: Pid) -> String {
        match self {
            Self::Stat => "stat".into(),
            Self::Status => "status".into(),
            Self::Cmdline => "cmdline".into(),
            Self::Environ => "environ".into(),
            Self::Maps => "maps".into(),
            Self::SmapsRollup => "smaps_rollup".into(),
            Self::Limits => "limits".into(),
            Self::Cgroup => "cgroup".into(),
            Self::Mountinfo => "mountinfo".into(),
            Self::Children => format!("task/{pid}/children"),
            Self::Auxv => "auxv".into(),
            Self::Loginuid => "loginuid".into(),
        }
    }

    /// Whether reading it can block on the target's memory, so that a reader has to do it.
    pub fn can_hang(self) -> bool {
        matches!(self, Self::Cmdline | Self::Environ | Self::Maps | Self::SmapsRollup | Self::Auxv)
    }
}

/// A magic link below `/proc/PID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProcLink {
    /// The working directory.
    Cwd,
    /// The executable.
    Exe,
    /// The root directory.
    Root,
    /// The mount namespace.
    NsMnt,
    /// The pid namespace.
    NsPid,
    /// The network namespace.
    NsNet,
    /// The user namespace.
    NsUser,
}

impl ProcLink {
    /// The link's path below `/proc/PID`.
    pub fn file(self) -> &'static str {
        match self {
            Self::Cwd => "cwd",
            Self::Exe => "exe",
            Self::Root => "root",
            Self::NsMnt => "ns/mnt",
            Self::NsPid => "ns/pid",
            Self::NsNet => "ns/net",
            Self::NsUser => "ns/user",
        }
    }
}

/// Whose root directory a path starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Root {
    /// farrier's own.
    Own,
    /// That of a process: resolved inside `/proc/PID/root` by `openat2(2)` with `RESOLVE_IN_ROOT`.
    Of(Pid),
}

/// What is asked of a path outside `/proc`. Always answered by a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathAsk {
    /// `stat(2)`, following links: [`Found::Stat`].
    Stat,
    /// `lstat(2)`: [`Found::Stat`].
    Lstat,
    /// The text of a symbolic link: [`Found::Link`], `None` when it is missing or no link.
    ReadLink,
    /// The path with all links resolved, as seen inside the root: [`Found::Link`], `None` when missing.
    Real,
    /// The names in a directory, sorted, `.` and `..` left out: [`Found::Names`].
    List,
    /// All bytes of a regular file, opened as `reliability.md` P13 says (no FIFO, no device, no `/proc`):
    /// [`Found::File`], `None` when missing. One that has more than the given number is
    /// [`super::Refusal::TooLarge`]: a part is never taken for the whole.
    Read(u32),
    /// A regular file's first bytes, at most the given number, whatever follows: [`Found::File`].
    Head(u32),
    /// A regular file's last bytes, at most the given number: [`Found::File`].
    Tail(u32),
    /// Whether it may be executed by anyone (a mode bit and not a directory): [`Found::Stat`] has the mode;
    /// this asks for the file's first line when it is a `#!` script: [`Found::File`].
    Shebang,
    /// What decides besides the mode whether something may be written there: [`Found::Access`], `None` when missing.
    Access,
}

/// One question to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ask {
    /// What the machine is: [`Found::Host`].
    Host,
    /// What time it is there: [`Found::Clock`].
    Clock,
    /// All process ids that can be seen: [`Found::Pids`].
    Pids,
    /// Who holds a lock by `flock(2)`: [`Found::Flocks`].
    Flocks,
    /// A text file of a process: [`Found::Bytes`].
    Text(Pid, ProcText),
    /// The text of a magic link, with the kernel's ` (deleted)` if it is there: [`Found::Bytes`].
    Link(Pid, ProcLink),
    /// `stat(2)` through a magic link, by a reader: [`Found::Stat`]. A deleted target has `nlink` 0.
    LinkStat(Pid, ProcLink),
    /// The descriptor table, numbers and link texts only: [`Found::Descriptors`]. Read in place.
    Descriptors(Pid),
    /// The names of its threads (`proc_pid_comm(5)` of each task), sorted: [`Found::Names`]. Read in place.
    Threads(Pid),
    /// The descriptor table with mode, flags and the `stat` of each target: [`Found::Opens`]. By a reader.
    Opens(Pid),
    /// The last bytes, at most the given number, of the regular file that a descriptor leads to, whatever became of its
    /// name, by a reader: [`Found::File`].
    Stream(Pid, u32, u32),
    /// The bytes up to the first NUL at an address of the process's memory, 4,096 at most, by a reader:
    /// [`Found::Bytes`]. Only for addresses in the initial stack block, which lies on no file.
    CString(Pid, u64),
    /// The environment as it is now, from the process's memory, by a reader: [`Found::Bytes`], in the form of
    /// `proc_pid_environ(5)`. What memory does not tell is [`super::Refusal::Opaque`].
    LiveEnviron(Pid),
    /// What a Ruby server will start again, from its memory, by a reader: [`Found::StartContext`]. The texts are the
    /// arguments in its title. The one question that may take up to a second: it is asked for itself.
    StartContext(Pid, Vec<Text>),
    /// All sockets of the network namespace that the process lives in: [`Found::Sockets`].
    Sockets(Option<Pid>),
    /// The control groups that bound the process's memory, by a reader: [`Found::Groups`], as far up as they can be seen.
    MemoryGroups(Pid),
    /// The control groups that can freeze the process, by a reader: [`Found::Groups`], of each hierarchy the innermost first.
    Freezers(Pid),
    /// A path outside `/proc`.
    Path(Root, Text, PathAsk),
}

impl Ask {
    /// A question about a path outside `/proc`.
    pub fn path(root: Root, path: &Path, ask: PathAsk) -> Self {
        Self::Path(root, Text::from(path), ask)
    }

    /// The question as one line of text: the key under which a recording keeps the answer,
    /// and close enough to a path to be read by a person.
    pub fn key(&self) -> String {
        let word = |root: &Root| match root {
            Root::Own => String::new(),
            Root::Of(pid) => format!("{pid}/root"),
        };
        match self {
            Self::Host => "host".into(),
            Self::Clock => "clock".into(),
            Self::Pids => "pids".into(),
            Self::Flocks => "locks".into(),
            Self::Text(pid, text) => format!("{pid}/{}", text.file(*pid)),
            Self::Link(pid, link) => format!("{pid}/{}", link.file()),
            Self::LinkStat(pid, link) => format!("stat {pid}/{}", link.file()),
            Self::Descriptors(pid) => format!("{pid}/fd"),
            Self::Threads(pid) => format!("{pid}/task comm"),
            Self::Opens(pid) => format!("{pid}/fdinfo"),
            Self::Stream(pid, descriptor, _) => format!("tail {pid}/fd/{descriptor}"),
            Self::CString(pid, address) => format!("{pid}/mem {address:x}"),
            Self::LiveEnviron(pid) => format!("{pid}/mem environ"),
            Self::StartContext(pid, _) => format!("{pid}/mem START_CTX"),
            Self::MemoryGroups(pid) => format!("{pid}/cgroup memory"),
            Self::Freezers(pid) => format!("{pid}/cgroup freezer"),
            Self::Sockets(None) => "sockets".into(),
            Self::Sockets(Some(pid)) => format!("{pid}/net"),
            Self::Path(root, path, ask) => {
                let verb = match ask {
                    PathAsk::Stat => "stat",
                    PathAsk::Lstat => "lstat",
                    PathAsk::ReadLink => "readlink",
                    PathAsk::Real => "realpath",
                    PathAsk::List => "ls",
                    PathAsk::Read(_) => "cat",
                    PathAsk::Head(_) => "head",
                    PathAsk::Tail(_) => "tail",
                    PathAsk::Shebang => "shebang",
                    PathAsk::Access => "access",
                };
                format!("{verb} {}{path}", word(root))
            }
        }
    }

    /// The process that the question is about, if any.
    pub fn pid(&self) -> Option<Pid> {
        match self {
            Self::Host | Self::Clock | Self::Pids | Self::Flocks | Self::Sockets(None) => None,
            Self::Text(pid, _)
            | Self::Link(pid, _)
            | Self::LinkStat(pid, _)
            | Self::Descriptors(pid)
            | Self::Threads(pid)
            | Self::Opens(pid)
            | Self::Stream(pid, ..)
            | Self::CString(pid, _)
            | Self::LiveEnviron(pid)
            | Self::StartContext(pid, _)
            | Self::MemoryGroups(pid)
            | Self::Freezers(pid)
            | Self::Sockets(Some(pid)) => Some(*pid),
            Self::Path(root, ..) => match root {
                Root::Own => None,
                Root::Of(pid) => Some(*pid),
            },
        }
    }
}
