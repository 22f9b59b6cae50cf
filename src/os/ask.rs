//! The questions that can be put to a machine, and what it may find: one vocabulary for live, recorded and replayed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Refusal, Text};

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
    /// A regular file's first bytes, at most the given number, opened as `reliability.md` P13 says
    /// (no FIFO, no device, no `/proc`): [`Found::File`], `None` when missing.
    Read(u32),
    /// A regular file's last bytes, at most the given number: [`Found::File`].
    Tail(u32),
    /// Whether it may be executed by anyone (a mode bit and not a directory): [`Found::Stat`] has the mode;
    /// this asks for the file's first line when it is a `#!` script: [`Found::File`].
    Shebang,
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
    /// A text file of a process: [`Found::Bytes`].
    Text(Pid, ProcText),
    /// The text of a magic link, with the kernel's ` (deleted)` if it is there: [`Found::Bytes`].
    Link(Pid, ProcLink),
    /// `stat(2)` through a magic link, by a reader: [`Found::Stat`]. A deleted target has `nlink` 0.
    LinkStat(Pid, ProcLink),
    /// The descriptor table, numbers and link texts only: [`Found::Descriptors`]. Read in place.
    Descriptors(Pid),
    /// The descriptor table with mode, flags and the `stat` of each target: [`Found::Opens`]. By a reader.
    Opens(Pid),
    /// All sockets of the network namespace that the process lives in: [`Found::Sockets`].
    Sockets(Option<Pid>),
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
            Self::Text(pid, text) => format!("{pid}/{}", text.file(*pid)),
            Self::Link(pid, link) => format!("{pid}/{}", link.file()),
            Self::LinkStat(pid, link) => format!("stat {pid}/{}", link.file()),
            Self::Descriptors(pid) => format!("{pid}/fd"),
            Self::Opens(pid) => format!("{pid}/fdinfo"),
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
                    PathAsk::Tail(_) => "tail",
                    PathAsk::Shebang => "shebang",
                };
                format!("{verb} {}{path}", word(root))
            }
        }
    }

    /// The process that the question is about, if any.
    pub fn pid(&self) -> Option<Pid> {
        match self {
            Self::Host | Self::Clock | Self::Pids | Self::Sockets(None) => None,
            Self::Text(pid, _)
            | Self::Link(pid, _)
            | Self::LinkStat(pid, _)
            | Self::Descriptors(pid)
            | Self::Opens(pid)
            | Self::Sockets(Some(pid)) => Some(*pid),
            Self::Path(root, ..) => match root {
                Root::Own => None,
                Root::Of(pid) => Some(*pid),
            },
        }
    }
}

/// What was found. Each [`Ask`] names the variant that answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// The machine.
    Host(Box<Host>),
    /// The time.
    Clock(Clock),
    /// Process ids, ascending.
    Pids(Vec<Pid>),
    /// Bytes of a file or a link below `/proc`.
    Bytes(Text),
    /// A file's metadata; `None`: there is no such file.
    Stat(Option<FileStat>),
    /// A link's text or a resolved path; `None`: there is none.
    Link(Option<Text>),
    /// Names in a directory; `None`: there is no such directory.
    Names(Option<Vec<Text>>),
    /// A file's bytes; `None`: there is no such file.
    File(Option<Text>),
    /// Descriptors.
    Descriptors(Vec<Descriptor>),
    /// Descriptors in detail.
    Opens(Vec<Open>),
    /// Sockets.
    Sockets(Vec<Socket>),
}

/// One descriptor: its number and the text of its link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// The descriptor's number.
    pub fd: u32,
    /// What the link says: a path, `socket:[INODE]`, `pipe:[INODE]`, `anon_inode:[…]`.
    pub target: Text,
}

/// One descriptor in detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Number and link text.
    pub descriptor: Descriptor,
    /// Open flags, octal in `fdinfo` (`proc_pid_fdinfo(5)`); the two low bits are the access mode.
    pub flags: Result<u32, Refusal>,
    /// File offset in bytes.
    pub offset: Result<u64, Refusal>,
    /// `stat(2)` through the link.
    pub stat: Result<Option<FileStat>, Refusal>,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of inode(7)")]
pub enum FileKind {
    Regular,
    Directory,
    Symlink,
    Socket,
    Fifo,
    CharDevice,
    BlockDevice,
    /// No type bits at all, as `anon_inode` files have them.
    Anonymous,
}

/// A file's metadata, as `stat(2)` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// The kind of file.
    pub kind: FileKind,
    /// Device, as `(major << 20) | minor`: the form in which `sock_diag` gives it too.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Permission bits, the low twelve.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links; 0 for a file that is deleted and still open.
    pub nlink: u64,
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub mtime: i64,
    /// Last change of the inode, in nanoseconds since 1970.
    pub ctime: i64,
    /// For a device file: its own number, `(major << 20) | minor`.
    pub rdev: u64,
}

/// A user, from `/etc/passwd` of farrier's own root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Numeric id.
    pub uid: u32,
    /// Login name.
    pub name: Text,
}

/// What the machine is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Its name (`uname(2)` nodename).
    pub name: Text,
    /// Kernel release.
    pub kernel: Text,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: Text,
    /// When it booted, nanoseconds since 1970 (wall clock minus `CLOCK_BOOTTIME`).
    pub booted_at: i64,
    /// Clock ticks a second (`_SC_CLK_TCK`).
    pub ticks: u64,
    /// Page size in bytes.
    pub page: u64,
    /// Physical memory in bytes.
    pub memory: u64,
    /// Memory available without swapping, bytes.
    pub available: u64,
    /// `net.core.somaxconn` of farrier's network namespace.
    pub somaxconn: Result<u64, Refusal>,
    /// The effective user id that farrier runs as.
    pub euid: u32,
    /// farrier's own pid, and whether `/proc/self` agrees with it (else: another pid namespace's proc).
    pub own_pid: Pid,
    /// `/proc` shows farrier's own pid namespace.
    pub proc_is_own: bool,
    /// The `hidepid` mount option of `/proc`: 0 none, 1 noaccess, 2 invisible, 4 ptraceable.
    pub hidepid: u32,
    /// farrier's own effective capabilities (`proc_pid_status(5)`, CapEff).
    pub capabilities: u64,
    /// farrier's own namespaces: mount, pid, network, as link texts.
    pub namespaces: Vec<Text>,
    /// Users by number.
    pub users: Vec<User>,
    /// Pids of farrier's own ancestors: shell, sudo, sshd. They are never signalled.
    pub ancestors: Vec<Pid>,
    /// The highest pid (`kernel.pid_max`).
    pub pid_max: i32,
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Wall clock, nanoseconds since 1970.
    pub wall: i64,
    /// `CLOCK_BOOTTIME`, nanoseconds: durations are taken from it.
    pub boot: i64,
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Protocol {
    Unix,
    Tcp4,
    Tcp6,
    Udp4,
    Udp6,
    Netlink,
}

/// The other end of a socket, or the peer address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SocketPeer {
    /// Not connected.
    None,
    /// A Unix socket's peer, by its socket inode.
    Inode(u64),
    /// An internet peer.
    Address(std::net::SocketAddr),
}

/// One socket of a network namespace, from `sock_diag(7)`; `/proc/net` is the fallback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// Its sockfs inode: the number in `socket:[INODE]`.
    pub inode: u64,
    /// Transport.
    pub protocol: Protocol,
    /// It listens (TCP LISTEN, or a Unix socket after `listen(2)`).
    pub listening: bool,
    /// TCP state by number (`tcp_states.h`), or the Unix socket type (1 stream, 2 datagram, 5 seqpacket).
    pub state: u8,
    /// The Unix path as given to `bind(2)` (a NUL first: abstract); empty if unnamed or not Unix.
    pub path: Text,
    /// The local internet address.
    pub local: Option<std::net::SocketAddr>,
    /// The peer.
    pub peer: SocketPeer,
    /// Of a listener: connections that wait; else bytes to be read.
    pub queued: Result<u32, Refusal>,
    /// Of a listener: its backlog as the kernel keeps it.
    pub backlog: Result<u32, Refusal>,
    /// Of a bound Unix socket: (inode, device) of its file (`UNIX_DIAG_VFS`), device as `(major << 20) | minor`.
    pub file: Option<(u64, u64)>,
}
