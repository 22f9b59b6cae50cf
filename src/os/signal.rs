//! The one place that sends signals: to a process that is held by its directory and its pidfd, and to nobody else.

use std::collections::BTreeMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open, pidfd_send_signal};

use super::live::{host, read_whole};
use super::porter::{Porter, Work, own_program};
use super::{
    AuditLine, Door, Hands, Hold, Locked, Pid, Probe, Probed, Refusal, Text, Token, audit, lock,
    probe,
};

/// The magic of pidfs, whose inodes are unique until reboot (Linux 6.9, `linux/magic.h`).
const PIDFS: i64 = 0x5049_4446;
/// The magic of proc.
const PROC: i64 = 0x9fa0;

/// Hands on the live machine.
pub struct LiveHands {
    reach: Result<(), Refusal>,
    held: BTreeMap<Hold, Held>,
    locks: Vec<Porter>,
    program: PathBuf,
    next: u32,
    audit: Option<PathBuf>,
}

struct Held {
    pid: Pid,
    directory: OwnedFd,
    pidfd: OwnedFd,
}

impl LiveHands {
    /// Hands that hold nothing yet. Where signals could go astray they will hold nothing at all: the pids that are
    /// looked at are those of another proc mount, or `/proc` belongs to another pid namespace.
    pub fn new(proc: &Path) -> Self {
        let (held, locks) = (BTreeMap::new(), Vec::new());
        let program = own_program();
        Self { reach: reach(proc), held, locks, program, next: 0, audit: None }
    }

    /// The same, with a file that takes each audit line besides the system's log.
    #[must_use]
    pub fn audited(mut self, file: Option<PathBuf>) -> Self {
        self.audit = file;
        self
    }

    /// The same, where another program than the running one is farrier: a test's.
    #[must_use]
    pub fn helped_by(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    fn held(&self, hold: Hold) -> Result<&Held, Refusal> {
        self.held.get(&hold).ok_or(Refusal::Gone)
    }
}

/// Whether a number below this proc mount means the same process to this program's own signals.
fn reach(proc: &Path) -> Result<(), Refusal> {
    let own = Path::new("/proc");
    if proc != own {
        let why = "signals: farrier looks at another proc mount than this machine's /proc";
        return Err(Refusal::Unsupported(why.into()));
    }
    let shown = host::host(own, &Text::default())?;
    let system = rustix::fs::statfs(own).map_err(refusal)?;
    if system.f_type == PROC && shown.proc_is_own {
        Ok(())
    } else {
        Err(Refusal::Unsupported("signals: /proc belongs to another pid namespace".into()))
    }
}

impl Hands for LiveHands {
    fn hold(&mut self, pid: Pid) -> Result<(Hold, Token), Refusal> {
        self.reach.clone()?;
        let shown = host::host(Path::new("/proc"), &Text::default())?;
        if pid.number() == 1 || pid == shown.own_pid || shown.ancestors.contains(&pid) {
            let who = "a signal to init, to farrier itself, or to a shell above it";
            return Err(Refusal::Unsupported(who.into()));
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let directory = rustix::fs::open(format!("/proc/{pid}"), flags, Mode::empty())
            .map_err(|errno| if errno == Errno::NOENT { Refusal::Gone } else { refusal(errno) })?;
        let raw = rustix::process::Pid::from_raw(pid.number()).ok_or(Refusal::Gone)?;
        let pidfd = pidfd_open(raw, PidfdFlags::empty()).map_err(|errno| match errno {
            // A container's seccomp filter says PERM where an old kernel says NOSYS.
            Errno::NOSYS | Errno::PERM => Refusal::Unsupported("race-free signals (pidfd)".into()),
            Errno::INVAL | Errno::NOENT => Refusal::Unsupported("a signal to a thread".into()),
            other => refusal(other),
        })?;
        let process = Held { pid, directory, pidfd };
        // The directory was opened first: that it lives now proves that both mean the same process.
        let token = process.token()?;
        if process.ended() {
            return Err(Refusal::Gone);
        }
        let number = Hold(self.next);
        self.next = self.next.wrapping_add(1);
        self.held.insert(number, process);
        Ok((number, token))
    }

    fn verify(&mut self, hold: Hold) -> Result<Token, Refusal> {
        let process = self.held(hold)?;
        if process.ended() {
            return Err(Refusal::Gone);
        }
        process.token()
    }

    #[expect(clippy::disallowed_methods, reason = "the one function that sends")]
    fn send(&mut self, hold: Hold, signal: nix::sys::signal::Signal) -> Result<(), Refusal> {
        let process = self.held(hold)?;
        let signal = rustix::process::Signal::from_named_raw(signal as i32)
            .ok_or_else(|| Refusal::Unsupported(signal.as_str().into()))?;
        pidfd_send_signal(&process.pidfd, signal).map_err(refusal)
    }

    fn release(&mut self, hold: Hold) {
        self.held.remove(&hold);
    }

    fn note(&mut self, line: &AuditLine) -> Result<(), Refusal> {
        audit::write(line, &self.program, self.audit.as_deref())
    }

    fn lock(&mut self, directory: &Path) -> Result<Locked, Refusal> {
        let (locked, porter) = lock::take(&self.program, directory)?;
        self.locks.extend(porter);
        Ok(locked)
    }

    fn unlock(&mut self) {
        self.locks.clear();
    }

    fn probe(&mut self, request: &Probe, patience: Duration) -> Result<Probed, Refusal> {
        self.reach.clone()?;
        if let Door::Unix(path) = &request.door {
            Porter::of(&self.program, Work::Near, path)
                .map_err(|why| Refusal::Unsupported(format!("a request to its socket: {why}")))?;
        }
        probe::probe(request, patience)
    }

    fn pause(&mut self, time: Duration) {
        super::own::pause(time);
    }
}

impl Held {
    fn read(&self, file: &str) -> Result<Text, Refusal> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.directory, file, flags, Mode::empty())
            .and_then(|descriptor| read_whole(&descriptor, 1 << 20))
            .map(|(bytes, _)| Text::new(bytes))
            .map_err(|errno| if errno == Errno::NOENT { Refusal::Gone } else { refusal(errno) })
    }

    /// Whether it ended: a zombie's pidfd is readable while signals to it still succeed.
    fn ended(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut ready = [PollFd::from_borrowed_fd(self.pidfd.as_fd(), PollFlags::IN)];
        !matches!(poll(&mut ready, Some(&now)), Ok(0))
    }

    fn token(&self) -> Result<Token, Refusal> {
        let stat = self.read("stat")?;
        let fields = after_name(stat.bytes());
        let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse().ok());
        let (Some(flags), Some(started)) = (field(9), field(22)) else {
            return Err(Refusal::Unsupported("a process without a start time".into()));
        };
        if flags & 0x0020_0000 != 0 {
            return Err(Refusal::Unsupported("a signal to a kernel thread".into()));
        }
        let status = self.read("status")?;
        let line = |name: &str| {
            let text = status.bytes().split(|byte| *byte == b'\n');
            text.filter_map(|line| std::str::from_utf8(line).ok())
                .find_map(|line| line.strip_prefix(name).map(str::trim))
        };
        if line("Tgid:") != Some(self.pid.to_string().as_str()) {
            return Err(Refusal::Unsupported("a signal to a thread".into()));
        }
        let uid = line("Uid:").and_then(|uids| uids.split_ascii_whitespace().next()?.parse().ok());
        // What is known of the program's file already is enough: a file system that does not answer is not asked.
        let (known, wanted) = (AtFlags::STATX_DONT_SYNC, StatxFlags::INO);
        let exe = rustix::fs::statx(&self.directory, "exe", known, wanted).ok();
        Ok(Token {
            pid: self.pid,
            started,
            pidfd_inode: self.pidfd_inode(),
            exe: exe.map(|exe| {
                let (major, minor) = (u64::from(exe.stx_dev_major), u64::from(exe.stx_dev_minor));
                (major << 20 | minor, exe.stx_ino)
            }),
            uid: uid.ok_or(Refusal::Gone)?,
            cgroup: self.read("cgroup").unwrap_or_default(),
        })
    }

    fn pidfd_inode(&self) -> Option<u64> {
        let system = rustix::fs::fstatfs(&self.pidfd).ok()?;
        let unique = system.f_type == PIDFS;
        rustix::fs::fstat(&self.pidfd).ok().filter(|_| unique).map(|stat| stat.st_ino)
    }
}

/// The fields of `stat` behind the name, which may itself hold blanks and parentheses; the first is field 3.
fn after_name(stat: &[u8]) -> Vec<&str> {
    let end = stat.iter().rposition(|byte| *byte == b')').unwrap_or(stat.len());
    let rest = stat.get(end + 1..).unwrap_or_default();
    std::str::from_utf8(rest).unwrap_or_default().split_ascii_whitespace().collect()
}

/// The nearest refusal to an errno of a signal: EPERM is the kernel's no, ESRCH an ended process.
fn refusal(errno: Errno) -> Refusal {
    match errno {
        Errno::ACCESS | Errno::PERM => Refusal::Denied,
        Errno::SRCH => Refusal::Gone,
        other => {
            Refusal::Failed(format!("{:?}", nix::errno::Errno::from_raw(other.raw_os_error())))
        }
    }
}
