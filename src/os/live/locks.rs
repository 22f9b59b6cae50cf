//! The kernel's list of locks, read seldom: while it is read, the kernel lets nobody on the machine take or release a lock
//! (`file_rwsem` in `fs/locks.c`), which waits some milliseconds for all processors.

use std::os::fd::OwnedFd;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::os::lock::held;
use crate::os::terminal::Watch;
use crate::os::{Flock, Refusal};

/// How long an answer stands. A lock itself is taken or refused at the moment when it is asked for.
const STANDS: Duration = Duration::from_secs(5);

type Answer = Result<Vec<Flock>, Refusal>;

/// The list as it was read last, and one that is on its way.
#[derive(Default)]
pub(super) struct Locks {
    read: Option<(Watch, Answer)>,
    reading: Option<JoinHandle<Answer>>,
}

impl Locks {
    /// Begins to read the list where none stands: its milliseconds are spent on other questions.
    pub(super) fn begin(&mut self, proc: OwnedFd) {
        if self.standing().is_none() {
            let read = thread::Builder::new().name("locks".into());
            self.reading = read.spawn(move || held(&proc)).ok();
        }
    }

    /// The list.
    pub(super) fn held(&mut self, proc: &OwnedFd) -> Answer {
        if let Some(standing) = self.standing() {
            return standing.clone();
        }
        let begun = self.reading.take().and_then(|reading| reading.join().ok());
        let answer = begun.unwrap_or_else(|| held(proc));
        self.read = Some((Watch::start(), answer.clone()));
        answer
    }

    fn standing(&self) -> Option<&Answer> {
        self.read.as_ref().filter(|(since, _)| since.elapsed() < STANDS).map(|(_, answer)| answer)
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::{Mode, OFlags};

    use super::*;
    use crate::os::Pid;

    #[test]
    fn an_answer_stands_for_a_while() {
        let place = tempfile::tempdir().unwrap();
        let proc = || rustix::fs::open("/proc", OFlags::DIRECTORY, Mode::empty()).unwrap();
        let own = Pid::new(std::process::id().cast_signed());
        let inode = rustix::fs::stat(place.path()).unwrap().st_ino;
        let sees = |locks: &mut Locks| {
            let held = locks.held(&proc()).unwrap();
            held.iter().any(|lock| lock.inode == inode && Some(lock.pid) == own)
        };
        let mut locks = Locks::default();
        assert!(!sees(&mut locks));
        let held = rustix::fs::open(place.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
        assert!(!sees(&mut locks), "it stands");
        locks.begin(proc());
        assert!(locks.reading.is_none(), "nothing is read meanwhile");
        let mut later = Locks::default();
        later.begin(proc());
        assert!(sees(&mut later));
    }
}
