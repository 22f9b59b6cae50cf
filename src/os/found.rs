//! What a machine may find when it is asked: files, descriptors, sockets, the host and its clock.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Pid, Refusal, StartContext, Text};

/// What was found. Each [`super::Ask`] names the variant that answers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// The machine.
    Host(Box<Host>),
    /// The time.
    Clock(Clock),
    /// Process ids, ascending.
    Pids(Vec<Pid>),
    /// Locks that exclude others.
    Flocks(Vec<Flock>),
    /// Bytes of a file or a link below `/proc`.
    Bytes(Text),
    /// A file's metadata; `None`: there is no such file.
    Stat(Option<FileStat>),
    /// What decides besides a file's mode; `None`: there is no such file.
    Access(Option<Access>),
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
    /// Control groups, the innermost first.
    Groups(Vec<ControlGroup>),
    /// What a server will start again.
    StartContext(Box<StartContext>),
}

/// A file that a process has locked for itself (`flock(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flock {
    /// Who locked it.
    pub pid: Pid,
    /// The file system's device, in the form of [`FileStat::device`]; some file systems tell another to `stat(2)`.
    pub device: u64,
    /// The file's inode.
    pub inode: u64,
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

/// What decides besides a file's owner and mode whether it may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// It is mounted read-only, there or as a whole.
    pub read_only: bool,
    /// It is marked immutable or append-only (`chattr(1)`): not even root may change the names in it.
    pub fixed: bool,
    /// It has an access control list besides its mode (`acl(5)`), which then is not the whole truth.
    pub listed: bool,
    /// Its file system has no block or no inode left for an ordinary user; `None`: that
    /// was not asked when it was recorded. One that counts neither is never full.
    #[serde(default)]
    pub full: Option<bool>,
}

/// A control group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlGroup {
    /// Its directory.
    pub path: Text,
    /// The name and the text of each of its files that was asked for and is there.
    pub files: Vec<(Text, Text)>,
}

/// A user, from `/etc/passwd` of farrier's own root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Numeric id.
    pub uid: u32,
    /// Login name.
    pub name: Text,
    /// Home directory; empty where it was not recorded.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub home: Text,
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
    /// Swap in bytes, all and what is free of it; `None`: not recorded.
    #[serde(default)]
    pub swap: Option<[u64; 2]>,
    /// Load over 1, 5 and 15 minutes, in hundredths (`proc_loadavg(5)`); `None`: not recorded.
    #[serde(default)]
    pub load: Option<[u32; 3]>,
    /// Processors online (`/sys/devices/system/cpu/online`), as `_SC_NPROCESSORS_ONLN` counts them.
    #[serde(default = "not_recorded")]
    pub processors: Result<u32, Refusal>,
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
    /// farrier's own namespaces: mount, pid, network, user, as link texts.
    pub namespaces: Vec<Text>,
    /// Users by number.
    pub users: Arc<[User]>,
    /// Pids of farrier's own ancestors: shell, sudo, sshd. They are never signalled.
    pub ancestors: Vec<Pid>,
    /// The highest pid (`kernel.pid_max`).
    pub pid_max: i32,
}

fn not_recorded() -> Result<u32, Refusal> {
    Err(Refusal::NotRecorded)
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
