//! The live machine: what cannot block is read in place, relative to each process's directory; the rest by a reader.

mod files;
mod groups;
pub(super) mod host;
mod locks;
mod peek;
mod process;
mod reader;
mod running;
mod serve;
mod silence;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::porter::{Porter, Work};
use super::{Answer, Ask, Found, PathAsk, Pid, Refusal, Root, Source, Text};

pub(super) use serve::close_inherited;
pub use serve::serve;

use locks::Locks;
use process::Base;
pub(crate) use process::read_whole;
use reader::Reader;

/// The first argument that makes the program a reader.
pub const READER: &str = "reader";

/// Directories that are held at once; a process beyond them is read by its number. A program may open 1,024 files
/// by default (`getrlimit(2)`).
const HELD: usize = 512;

/// Questions that are answered in place before the reader is listened to again.
const PIECE: usize = 64;

/// How a live machine is looked at.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The mounted proc file system.
    pub proc: PathBuf,
    /// The program that is started as the reader: farrier itself.
    pub reader: PathBuf,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { proc: PathBuf::from("/proc"), reader: PathBuf::from("/proc/self/exe") }
    }
}

/// The live machine.
pub struct Live {
    options: LiveOptions,
    proc: Result<OwnedFd, Refusal>,
    held: RefCell<BTreeMap<Pid, OwnedFd>>,
    reader: RefCell<Reader>,
    locks: RefCell<Locks>,
}

impl Live {
    /// This machine, or the one whose proc file system is mounted at another place.
    pub fn new(options: LiveOptions) -> Self {
        let proc = proc(&options);
        let reader = Reader::new(options.reader.clone(), options.proc.clone());
        let (held, reader) = (RefCell::default(), RefCell::new(reader));
        Self { proc, held, reader, locks: RefCell::default(), options }
    }

    /// Asks again, from now on, what was refused by silence: a mount or a process that did not answer in time.
    pub fn forget_refusals(&self) {
        self.reader.borrow_mut().forget_silence();
    }

    fn host(&self) -> Answer {
        const PASSWD: u32 = 1 << 20;
        self.proc.as_ref().map_err(Clone::clone)?;
        let ask = Ask::path(Root::Own, "/etc/passwd".as_ref(), PathAsk::Read(PASSWD));
        let read = self.reader.borrow_mut().ask(&[&ask], &host::mounts, &mut || false).pop();
        let passwd = match read {
            Some(Ok(Found::File(Some(text)))) => text,
            _ => Text::default(),
        };
        host::host(&self.options.proc, &passwd).map(|host| Found::Host(Box::new(host)))
    }

    /// Opens a process's directory, to be kept: all that is read through it is of this one process for ever.
    fn hold(&self, pid: Pid) -> Result<(), Refusal> {
        let mut held = self.held.borrow_mut();
        if let Some(directory) = held.get(&pid) {
            // A reused number has a new directory: the old one says so.
            match process::still_there(directory.as_fd()) {
                Ok(()) => return Ok(()),
                Err(_) => held.remove(&pid),
            };
        }
        if held.len() >= HELD {
            return Ok(());
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let proc = self.proc.as_ref().map_err(Clone::clone)?;
        let directory = rustix::fs::openat(proc, pid.to_string(), flags, Mode::empty())
            .map_err(|errno| if errno == Errno::NOENT { Refusal::Gone } else { refusal(errno) })?;
        held.insert(pid, directory);
        Ok(())
    }

    fn in_place(&self, ask: &Ask) -> Answer {
        match ask {
            Ask::Host => self.host(),
            Ask::Clock => Ok(Found::Clock(host::clock())),
            Ask::Pids => process::pids(self.proc.as_ref().map_err(Clone::clone)?.as_fd()),
            Ask::Flocks => {
                let proc = self.proc.as_ref().map_err(Clone::clone)?;
                self.locks.borrow_mut().held(proc).map(Found::Flocks)
            }
            Ask::Sockets(of) => {
                self.proc.as_ref().map_err(Clone::clone)?;
                super::sockets::sockets(&self.options.proc, *of)
            }
            Ask::Text(pid, _) | Ask::Link(pid, _) | Ask::Descriptors(pid) | Ask::Threads(pid) => {
                let held = self.held.borrow();
                let base = match held.get(pid) {
                    Some(directory) => Base::held(directory.as_fd()),
                    None => Base::numbered(self.proc.as_ref().map_err(Clone::clone)?.as_fd(), *pid),
                };
                process::answer(&base, ask)
            }
            Ask::LinkStat(..)
            | Ask::Opens(_)
            | Ask::Stream(..)
            | Ask::CString(..)
            | Ask::LiveEnviron(_)
            | Ask::StartContext(..)
            | Ask::MemoryGroups(_)
            | Ask::Freezers(_)
            | Ask::Path(..) => Err(Refusal::NotRecorded),
        }
    }
}

/// The proc file system. Another place than the usual one may be anything: it is looked at by a porter first, and what
/// lies on a file system that may not answer is not read here, where nothing could end it.
fn proc(options: &LiveOptions) -> Result<OwnedFd, Refusal> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    if options.proc != LiveOptions::default().proc {
        Porter::of(&options.reader, Work::Near, &options.proc).map_err(|error| {
            match (error.kind(), error.raw_os_error()) {
                (ErrorKind::TimedOut, _) => Refusal::TimedOut,
                (_, Some(errno)) => self::refusal(Errno::from_raw_os_error(errno)),
                (_, None) => Refusal::Unsupported(error.to_string()),
            }
        })?;
    }
    rustix::fs::open(&options.proc, flags, Mode::empty()).map_err(refusal)
}

/// Whether a reader has to answer: whatever can wait for somebody else's memory or file system.
fn needs_reader(ask: &Ask) -> bool {
    match ask {
        Ask::Text(_, text) => text.can_hang(),
        Ask::LinkStat(..)
        | Ask::Opens(_)
        | Ask::Stream(..)
        | Ask::CString(..)
        | Ask::LiveEnviron(_)
        | Ask::StartContext(..)
        | Ask::MemoryGroups(_)
        | Ask::Freezers(_)
        | Ask::Path(..) => true,
        Ask::Host
        | Ask::Clock
        | Ask::Pids
        | Ask::Flocks
        | Ask::Link(..)
        | Ask::Descriptors(_)
        | Ask::Threads(_)
        | Ask::Sockets(_) => false,
    }
}

impl Source for Live {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        if let (Err(refusal), true) = (&self.proc, self.options.proc != LiveOptions::default().proc)
        {
            // Neither here nor by a reader, which would look at the same place.
            return asks.iter().map(|_| Err(refusal.clone())).collect();
        }
        let mut gone: BTreeMap<Pid, Refusal> = BTreeMap::new();
        let in_place: BTreeSet<Pid> =
            asks.iter().filter(|ask| !needs_reader(ask)).filter_map(Ask::pid).collect();
        for pid in in_place {
            if let Err(refusal) = self.hold(pid) {
                gone.insert(pid, refusal);
            }
        }
        let to_read: Vec<usize> = asks
            .iter()
            .enumerate()
            .filter(|(_, ask)| needs_reader(ask))
            .map(|(index, _)| index)
            .collect();
        let answer = |ask: &Ask| {
            if needs_reader(ask) {
                return Err(Refusal::NotRecorded);
            }
            match ask.pid().and_then(|pid| gone.get(&pid)) {
                Some(refusal) => Err(refusal.clone()),
                None => self.in_place(ask),
            }
        };
        // A machine's facts have a question of their own for the reader: they cannot be asked for while it reads.
        let alone = to_read.is_empty() || asks.contains(&Ask::Host);
        let mut answers: Vec<Answer> =
            asks.iter().take(if alone { asks.len() } else { 0 }).map(answer).collect();
        if to_read.is_empty() {
            return answers;
        }
        let questions: Vec<&Ask> = to_read.iter().filter_map(|index| asks.get(*index)).collect();
        let mut meanwhile = || {
            let done = answers.len();
            answers.extend(asks.iter().skip(done).take(PIECE).map(answer));
            answers.len() < asks.len()
        };
        let read = self.reader.borrow_mut().ask(&questions, &host::mounts, &mut meanwhile);
        while meanwhile() {}
        for (index, answer) in to_read.into_iter().zip(read) {
            if let Some(slot) = answers.get_mut(index) {
                *slot = answer;
            }
        }
        self.disown_reused(asks, &mut answers);
        answers
    }

    fn begin(&self, ask: &Ask) {
        let proc = self.proc.as_ref().ok().and_then(|proc| proc.try_clone().ok());
        if let (Ask::Flocks, Some(proc)) = (ask, proc) {
            self.locks.borrow_mut().begin(proc);
        }
    }

    fn keep_only(&self, members: &[Pid]) {
        let members: BTreeSet<&Pid> = members.iter().collect();
        self.held.borrow_mut().retain(|pid, _| members.contains(pid));
    }

    fn next_look(&self) {}
}

impl Live {
    /// A number is only given to another process after its directory has died: a held directory that lives
    /// proves that the reader, which goes by number, read the same process.
    fn disown_reused(&self, asks: &[Ask], answers: &mut [Answer]) {
        let held = self.held.borrow();
        let mut dead: BTreeMap<Pid, bool> = BTreeMap::new();
        for (ask, answer) in asks.iter().zip(answers) {
            let Some(pid) = ask.pid().filter(|_| needs_reader(ask) && answer.is_ok()) else {
                continue;
            };
            let Some(directory) = held.get(&pid) else { continue };
            let is_dead = *dead
                .entry(pid)
                .or_insert_with(|| process::still_there(directory.as_fd()).is_err());
            if is_dead {
                *answer = Err(Refusal::Gone);
            }
        }
    }
}

/// An errno in the words of a refusal.
fn refusal(errno: Errno) -> Refusal {
    match errno {
        Errno::ACCESS | Errno::PERM => Refusal::Denied,
        Errno::SRCH => Refusal::Gone,
        other => Refusal::Failed(name(other)),
    }
}

/// An errno's name, as the manual pages have it.
fn name(errno: Errno) -> String {
    format!("{:?}", nix::errno::Errno::from_raw(errno.raw_os_error()))
}
