//! A lock on a directory, so that two operators do not work on one app at once; and who holds it.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::live::read_whole;
use super::porter::{Opened, PORTER, Porter, Work};
use super::{Flock, Locked, Pid, Refusal};

/// The most that is read of the kernel's list of locks, in bytes.
const LIST_BOUND: usize = 1 << 20;

/// Takes the lock where it is free: the porter holds it until it is let go.
pub fn take(program: &Path, directory: &Path) -> Result<(Locked, Option<Porter>), Refusal> {
    match Porter::open(program, Work::Lock, directory) {
        Ok(Opened::Open(porter)) => Ok((Locked::Mine, Some(porter))),
        Ok(Opened::Busy(holder)) => Ok((Locked::Theirs(holder), None)),
        Err(error) => Err(match (error.kind(), error.raw_os_error()) {
            (ErrorKind::TimedOut, _) => Refusal::TimedOut,
            (ErrorKind::PermissionDenied, _) => Refusal::Denied,
            (_, Some(errno)) => Refusal::Failed(Errno::from_raw_os_error(errno).to_string()),
            (_, None) => Refusal::Unsupported(error.to_string()),
        }),
    }
}

/// Who holds the lock, by the kernel's list: a porter holds it for the farrier that started it.
pub(super) fn holder(descriptor: &OwnedFd) -> Option<Pid> {
    let inode = rustix::fs::fstat(descriptor).ok()?.st_ino;
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let proc = rustix::fs::open("/proc", flags, Mode::empty()).ok()?;
    let holder = held(&proc).ok()?.into_iter().find(|lock| lock.inode == inode)?.pid;
    let read = |file: &str| {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&proc, format!("{holder}/{file}"), flags, Mode::empty());
        read_whole(&file.ok()?, LIST_BOUND).ok().map(|(bytes, _)| bytes)
    };
    let words = read("cmdline").unwrap_or_default();
    let is_porter = words.split(|byte| *byte == 0).nth(1) == Some(PORTER.as_bytes());
    if !is_porter {
        return Some(holder);
    }
    let status = String::from_utf8(read("status")?).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok())
}

/// The locks that exclude others, from the kernel's list (`proc_locks(5)`).
pub fn held(proc: &OwnedFd) -> Result<Vec<Flock>, Refusal> {
    let refused = |errno: Errno| match errno {
        Errno::ACCESS | Errno::PERM => Refusal::Denied,
        other => Refusal::Failed(other.to_string()),
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let list = rustix::fs::openat(proc, "locks", flags, Mode::empty()).map_err(refused)?;
    let (bytes, cut) = read_whole(&list, LIST_BOUND).map_err(refused)?;
    if cut {
        return Err(Refusal::TooLarge(LIST_BOUND as u64));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter_map(lock).collect())
}

/// The lock in a line such as `1: FLOCK  ADVISORY  WRITE 4242 08:01:131 0 EOF`, its device in hexadecimal digits.
fn lock(line: &str) -> Option<Flock> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", pid, file, ..] = words.as_slice() else { return None };
    let mut parts = file.split(':');
    let mut number = |radix| u64::from_str_radix(parts.next()?, radix).ok();
    let (major, minor, inode) = (number(16)?, number(16)?, number(10)?);
    let pid = pid.parse().ok().and_then(Pid::new)?;
    Some(Flock { pid, device: major << 20 | minor, inode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_the_list() {
        let line = "1: FLOCK  ADVISORY  WRITE 4242 fd:0a:131 0 EOF";
        let pid = Pid::new(4242).unwrap();
        assert_eq!(lock(line), Some(Flock { pid, device: 0xfd << 20 | 0x0a, inode: 131 }));
        for other in [
            "2: -> FLOCK  ADVISORY  WRITE 7 08:01:131 0 EOF",
            "3: POSIX  ADVISORY  WRITE 7 08:01:131 0 EOF",
            "4: FLOCK  ADVISORY  READ 7 08:01:131 0 EOF",
            "5: FLOCK  ADVISORY  WRITE 0 08:01:131 0 EOF",
            "6: FLOCK  ADVISORY  WRITE 7 <none>:0 0 EOF",
        ] {
            assert_eq!(lock(other), None, "{other}");
        }
    }
}
