//! A lock on a directory, so that two operators do not work on one app at once; and who holds it.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::live::read_whole;
use super::{Locked, Pid, Refusal};

/// The most that is read of the kernel's list of locks, in bytes.
const LIST_BOUND: usize = 1 << 20;

/// Takes the lock where it is free: the descriptor holds it until it is closed.
pub fn take(directory: &Path) -> Result<(Locked, Option<OwnedFd>), Refusal> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let descriptor =
        rustix::fs::open(directory, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::ACCESS | Errno::PERM => Refusal::Denied,
            other => Refusal::Failed(other.to_string()),
        })?;
    match rustix::fs::flock(&descriptor, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok((Locked::Mine, Some(descriptor))),
        Err(Errno::AGAIN) => Ok((Locked::Theirs(holder(&descriptor)), None)),
        Err(other) => Err(Refusal::Unsupported(format!("a lock on a directory ({other})"))),
    }
}

/// Who holds the lock, by the kernel's list (`proc_locks(5)`).
fn holder(descriptor: &OwnedFd) -> Option<Pid> {
    let inode = rustix::fs::fstat(descriptor).ok()?.st_ino.to_string();
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let list = rustix::fs::open("/proc/locks", flags, Mode::empty()).ok()?;
    let (bytes, _) = read_whole(&list, LIST_BOUND).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.lines().find_map(|line| held_by(line, &inode))
}

/// The holder in a line such as `1: FLOCK  ADVISORY  WRITE 4242 08:01:131 0 EOF`, if it is about that inode.
fn held_by(line: &str, inode: &str) -> Option<Pid> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words.as_slice() {
        [_, "FLOCK", _, _, pid, file, ..] if file.rsplit(':').next() == Some(inode) => {
            pid.parse().ok().and_then(Pid::new)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_read_from_the_list() {
        let line = "1: FLOCK  ADVISORY  WRITE 4242 08:01:131 0 EOF";
        assert_eq!(held_by(line, "131"), Pid::new(4242));
        assert_eq!(held_by(line, "31"), None);
        assert_eq!(held_by("2: -> FLOCK  ADVISORY  WRITE 7 08:01:131 0 EOF", "131"), None);
        assert_eq!(held_by("3: POSIX  ADVISORY  WRITE 7 08:01:131 0 EOF", "131"), None);
    }

    #[test]
    fn a_lock_is_held_until_it_is_let_go() {
        let place = tempfile::tempdir().unwrap();
        let (mine, held) = take(place.path()).unwrap();
        assert_eq!(mine, Locked::Mine);
        // Another descriptor of the same directory is another owner, in the same process too.
        let (theirs, none) = take(place.path()).unwrap();
        assert_eq!(theirs, Locked::Theirs(Pid::new(std::process::id().cast_signed())));
        assert!(none.is_none());
        drop(held);
        assert_eq!(take(place.path()).unwrap().0, Locked::Mine);
        assert!(matches!(take(Path::new("/nowhere")), Err(Refusal::Failed(_))));
    }
}
