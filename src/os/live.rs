//! The live machine, every question answered in place.
#![expect(clippy::disallowed_methods, reason = "this is the door to the machine")]

use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::{
    Answer, Ask, Clock, Descriptor, FileKind, FileStat, Found, Host, Open, PathAsk, Pid, Refusal,
    Root, Source, Text, User,
};

/// The live machine.
pub struct Live {
    proc: PathBuf,
}

impl Live {
    /// The machine as `/proc` shows it.
    pub fn new() -> Self {
        Self { proc: PathBuf::from("/proc") }
    }

    fn of(&self, pid: Pid) -> PathBuf {
        self.proc.join(pid.to_string())
    }

    fn answer(&self, ask: &Ask) -> Answer {
        match ask {
            Ask::Host => self.host(),
            Ask::Clock => Ok(Found::Clock(clock())),
            Ask::Pids => self.pids(),
            Ask::Text(pid, text) => read(&self.of(*pid).join(text.file(*pid)), u64::MAX)
                .map(Found::Bytes)
                .map_err(|e| self.refusal(*pid, &e)),
            Ask::Link(pid, link) => std::fs::read_link(self.of(*pid).join(link.file()))
                .map(|path| Found::Bytes(Text::from(path.as_path())))
                .map_err(|e| self.refusal(*pid, &e)),
            Ask::LinkStat(pid, link) => std::fs::metadata(self.of(*pid).join(link.file()))
                .map(|m| Found::Stat(Some(stat(&m))))
                .map_err(|e| self.refusal(*pid, &e)),
            Ask::Descriptors(pid) => self.descriptors(*pid).map(Found::Descriptors),
            Ask::Opens(pid) => self.opens(*pid),
            Ask::Sockets(_) => super::sockdiag::dump().map(Found::Sockets),
            Ask::Path(root, path, ask) => self.path(*root, path.path(), *ask),
        }
    }

    fn refusal(&self, pid: Pid, error: &std::io::Error) -> Refusal {
        match error.raw_os_error() {
            Some(1 | 13) => Refusal::Denied,
            Some(2 | 3) => match read(&self.of(pid).join("stat"), 4096) {
                Ok(text) if text.bytes().windows(3).any(|w| w == b") Z") => Refusal::Zombie,
                _ => Refusal::Gone,
            },
            _ => Refusal::Failed(error.to_string()),
        }
    }

    fn pids(&self) -> Answer {
        let mut pids: Vec<Pid> = std::fs::read_dir(&self.proc)
            .map_err(|e| Refusal::Failed(e.to_string()))?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        pids.sort_unstable();
        Ok(Found::Pids(pids))
    }

    fn descriptors(&self, pid: Pid) -> Result<Vec<Descriptor>, Refusal> {
        let dir = self.of(pid).join("fd");
        let mut all: Vec<Descriptor> = std::fs::read_dir(&dir)
            .map_err(|e| self.refusal(pid, &e))?
            .flatten()
            .filter_map(|entry| {
                let fd = entry.file_name().to_str()?.parse().ok()?;
                let target = std::fs::read_link(entry.path()).ok()?;
                Some(Descriptor { fd, target: Text::from(target.as_path()) })
            })
            .collect();
        all.sort_by_key(|d| d.fd);
        Ok(all)
    }

    fn opens(&self, pid: Pid) -> Answer {
        let all = self.descriptors(pid)?;
        Ok(Found::Opens(
            all.into_iter()
                .map(|descriptor| {
                    let info = read(&self.of(pid).join(format!("fdinfo/{}", descriptor.fd)), 4096);
                    let field = |name: &str| -> Option<String> {
                        let text = info.as_ref().ok()?.utf8()?.to_string();
                        text.lines()
                            .find_map(|l| l.strip_prefix(name).map(|v| v.trim().to_string()))
                    };
                    Open {
                        flags: field("flags:")
                            .and_then(|v| u32::from_str_radix(&v, 8).ok())
                            .ok_or(Refusal::Gone),
                        offset: field("pos:").and_then(|v| v.parse().ok()).ok_or(Refusal::Gone),
                        stat: std::fs::metadata(self.of(pid).join(format!("fd/{}", descriptor.fd)))
                            .map(|m| Some(stat(&m)))
                            .map_err(|e| self.refusal(pid, &e)),
                        descriptor,
                    }
                })
                .collect(),
        ))
    }

    fn path(&self, root: Root, path: &Path, ask: PathAsk) -> Answer {
        let whole = match root {
            Root::Own => path.to_path_buf(),
            Root::Of(pid) => self.of(pid).join("root").join(path.strip_prefix("/").unwrap_or(path)),
        };
        let none = |error: std::io::Error, none: Found| match error.raw_os_error() {
            Some(2 | 20) => Ok(none),
            Some(1 | 13) => Err(Refusal::Denied),
            Some(40) => Err(Refusal::Failed("ELOOP".into())),
            _ => Err(Refusal::Failed(error.to_string())),
        };
        match ask {
            PathAsk::Stat => std::fs::metadata(&whole)
                .map(|m| Found::Stat(Some(stat(&m))))
                .or_else(|e| none(e, Found::Stat(None))),
            PathAsk::Lstat => std::fs::symlink_metadata(&whole)
                .map(|m| Found::Stat(Some(stat(&m))))
                .or_else(|e| none(e, Found::Stat(None))),
            PathAsk::ReadLink => match std::fs::read_link(&whole) {
                Ok(link) => Ok(Found::Link(Some(Text::from(link.as_path())))),
                Err(e) if e.raw_os_error() == Some(22) => Ok(Found::Link(None)),
                Err(e) => none(e, Found::Link(None)),
            },
            PathAsk::Real => std::fs::canonicalize(&whole)
                .map(|p| Found::Link(Some(Text::from(p.as_path()))))
                .or_else(|e| none(e, Found::Link(None))),
            PathAsk::List => match std::fs::read_dir(&whole) {
                Ok(entries) => {
                    let mut names: Vec<Text> = entries
                        .flatten()
                        .map(|e| Text::new(e.file_name().as_bytes().to_vec()))
                        .collect();
                    names.sort();
                    Ok(Found::Names(Some(names)))
                }
                Err(e) => none(e, Found::Names(None)),
            },
            PathAsk::Read(bound) | PathAsk::Tail(bound) => {
                match std::fs::metadata(&whole) {
                    Ok(m) if !m.is_file() => {
                        return Err(Refusal::Unsupported("not a regular file".into()));
                    }
                    Ok(_) => {}
                    Err(e) => return none(e, Found::File(None)),
                }
                read(&whole, u64::from(bound))
                    .map(|t| Found::File(Some(t)))
                    .or_else(|e| none(e, Found::File(None)))
            }
            PathAsk::Shebang => match read(&whole, 256) {
                Ok(text) => {
                    let line = text.bytes().split(|b| *b == b'\n').next().unwrap_or_default();
                    let line = if line.starts_with(b"#!") { line } else { b"" };
                    Ok(Found::File(Some(Text::new(line))))
                }
                Err(e) => none(e, Found::File(None)),
            },
        }
    }

    fn host(&self) -> Answer {
        let text = |path: &str| read(&self.proc.join(path), 1 << 20).unwrap_or_default();
        let trimmed = |path: &str| {
            let text = text(path);
            Text::new(text.bytes().trim_ascii_end().to_vec())
        };
        let number = |path: &str| trimmed(path).utf8().and_then(|t| t.parse::<u64>().ok());
        let meminfo = |key: &str| {
            let all = text("meminfo");
            all.utf8().and_then(|t| {
                t.lines().find_map(|l| {
                    l.strip_prefix(key)?.split_ascii_whitespace().next()?.parse::<u64>().ok()
                })
            })
        };
        let clock = clock();
        let own = i32::try_from(std::process::id()).ok().and_then(Pid::new);
        let Some(own_pid) = own else { return Err(Refusal::NotRecorded) };
        let namespace = |name: &str| {
            std::fs::read_link(self.proc.join("self/ns").join(name))
                .map(|p| Text::from(p.as_path()))
                .unwrap_or_default()
        };
        Ok(Found::Host(Box::new(Host {
            name: trimmed("sys/kernel/hostname"),
            kernel: trimmed("sys/kernel/osrelease"),
            boot_id: trimmed("sys/kernel/random/boot_id"),
            booted_at: clock.wall - clock.boot,
            ticks: 100,
            page: 4096,
            memory: meminfo("MemTotal:").unwrap_or_default() * 1024,
            available: meminfo("MemAvailable:").unwrap_or_default() * 1024,
            somaxconn: number("sys/net/core/somaxconn").ok_or(Refusal::Denied),
            euid: rustix::process::geteuid().as_raw(),
            own_pid,
            proc_is_own: true,
            hidepid: 0,
            capabilities: 0,
            namespaces: ["mnt", "pid", "net"].map(namespace).to_vec(),
            users: users(),
            ancestors: Vec::new(),
            pid_max: number("sys/kernel/pid_max")
                .and_then(|n| i32::try_from(n).ok())
                .unwrap_or(i32::MAX),
        })))
    }
}

impl Default for Live {
    fn default() -> Self {
        Self::new()
    }
}

impl Source for Live {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        asks.iter().map(|ask| self.answer(ask)).collect()
    }
}

fn users() -> Vec<User> {
    let text = read(Path::new("/etc/passwd"), 1 << 20).unwrap_or_default();
    text.bytes()
        .split(|b| *b == b'\n')
        .filter_map(|line| {
            let mut fields = line.split(|b| *b == b':');
            let name = fields.next()?;
            let uid = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
            Some(User { uid, name: Text::new(name) })
        })
        .collect()
}

fn clock() -> Clock {
    let nanoseconds = |id| {
        let t = rustix::time::clock_gettime(id);
        t.tv_sec * 1_000_000_000 + t.tv_nsec
    };
    Clock {
        wall: nanoseconds(rustix::time::ClockId::Realtime),
        boot: nanoseconds(rustix::time::ClockId::Boottime),
    }
}

fn read(path: &Path, bound: u64) -> std::io::Result<Text> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(bound).read_to_end(&mut bytes)?;
    Ok(Text::new(bytes))
}

fn device(number: u64) -> u64 {
    (u64::from(rustix::fs::major(number)) << 20) | u64::from(rustix::fs::minor(number))
}

fn stat(meta: &std::fs::Metadata) -> FileStat {
    let kind = meta.file_type();
    FileStat {
        kind: if kind.is_file() {
            FileKind::Regular
        } else if kind.is_dir() {
            FileKind::Directory
        } else if kind.is_symlink() {
            FileKind::Symlink
        } else if kind.is_socket() {
            FileKind::Socket
        } else if kind.is_fifo() {
            FileKind::Fifo
        } else if kind.is_char_device() {
            FileKind::CharDevice
        } else if kind.is_block_device() {
            FileKind::BlockDevice
        } else {
            FileKind::Anonymous
        },
        device: device(meta.dev()),
        inode: meta.ino(),
        mode: meta.mode() & 0o7777,
        uid: meta.uid(),
        gid: meta.gid(),
        nlink: meta.nlink(),
        size: meta.size(),
        mtime: meta.mtime() * 1_000_000_000 + meta.mtime_nsec(),
        ctime: meta.ctime() * 1_000_000_000 + meta.ctime_nsec(),
        rdev: device(meta.rdev()),
    }
}
