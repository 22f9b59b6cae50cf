//! Files that a person named, and what is written or locked: farrier itself, started again, has them open. Whatever their
//! file system does, it does to that child; farrier talks to a pipe, waits so long and no longer, and leaves a child behind
//! that not even SIGKILL ends.

mod serve;

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::Pid;

pub use serve::serve;

/// The first argument that makes the program a porter.
pub const PORTER: &str = "porter";

/// How long the program may take to start, on a machine that may be busy.
const START: Duration = Duration::from_secs(2);
/// How long a file may be silent.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what is written may take to be on a disk: one that is slow is none that hangs.
const DISK: Duration = Duration::from_secs(30);
/// How long the end of a child is waited for that was told to end.
const FAREWELL: Duration = Duration::from_millis(300);
/// The most that a porter tells at once, in bytes.
const PIECE: usize = 1 << 16;
/// The most that is read of a file: a recording is read whole.
const MOST: usize = 256 << 20;

/// What a porter does with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Reads it to its end; a pipe as long as somebody writes to it.
    Read,
    /// The same of a regular file alone: who waits for a pipe answers no key.
    ReadRegular,
    /// Makes it, for its owner alone, and writes it. One that is there already is left as it is, and a link at the end of
    /// the path is not followed.
    New,
    /// Appends to it, line by line; a new one is for its owner alone, a link is not followed.
    Append,
    /// The same to a regular file alone.
    AppendRegular,
    /// Locks the directory for as long as the porter lives.
    Lock,
    /// Says whether what is there can be used without a wait that nothing ends: it lies on no file system of another.
    Near,
}

impl Work {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Read, "read"),
        (Self::ReadRegular, "read-regular"),
        (Self::New, "new"),
        (Self::Append, "append"),
        (Self::AppendRegular, "append-regular"),
        (Self::Lock, "lock"),
        (Self::Near, "near"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(work, _)| *work == self).map_or("", |(_, word)| word)
    }

    fn named(word: &OsStr) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| word == *name).map(|(work, _)| *work)
    }
}

/// What a porter tells.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
enum Told {
    /// It runs.
    Here,
    /// It has the file; whether what is read of it comes from a disk, and so at once.
    Open { at_once: bool },
    /// The next bytes.
    Bytes(Vec<u8>),
    /// That was all, or what was given is written.
    Done,
    /// The kernel's errno.
    Refused(i32),
    /// What is there is not what was asked for.
    Unfit(String),
    /// Another process holds the lock; which, where the kernel tells.
    Busy(Option<Pid>),
}

/// What came of asking for a file.
#[derive(Debug)]
pub enum Opened {
    /// The porter has it.
    Open(Porter),
    /// Another process holds the lock.
    Busy(Option<Pid>),
}

/// A child that has a file open.
#[derive(Debug)]
pub struct Porter {
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    received: Vec<u8>,
    at_once: bool,
    /// How long it may take to write.
    writes_within: Duration,
}

/// The program that is started: farrier itself.
pub fn own_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

impl Porter {
    /// Starts one for a path, which may be a relative one. A silent file system is [`ErrorKind::TimedOut`].
    #[expect(clippy::disallowed_methods, reason = "the one program that farrier starts is itself")]
    pub fn open(program: &Path, work: Work, path: &Path) -> io::Result<Opened> {
        let reads = matches!(work, Work::Read | Work::ReadRegular);
        let input = match (reads, inherited(path)) {
            // It is farrier's own input that is to be read.
            (true, Some(0)) => Stdio::inherit(),
            (true, _) => Stdio::null(),
            (false, _) => Stdio::piped(),
        };
        let mut child = Command::new(program)
            .arg(PORTER)
            .arg(work.word())
            .arg(path)
            .env_clear()
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let input = child.stdin.take();
        if let Some(input) = &input {
            rustix::io::ioctl_fionbio(input, true)?;
        }
        let output = child.stdout.take().ok_or_else(broken)?;
        let writes_within = if work == Work::New { DISK } else { PATIENCE };
        let received = Vec::new();
        let mut porter = Self { child, input, output, received, at_once: true, writes_within };
        match porter.told(Some(START))? {
            Told::Here => {}
            _ => return Err(broken()),
        }
        match porter.told(Some(PATIENCE))? {
            Told::Open { at_once } => {
                porter.at_once = at_once;
                Ok(Opened::Open(porter))
            }
            Told::Busy(holder) => Ok(Opened::Busy(holder)),
            other => Err(error(other)),
        }
    }

    /// The same where there can be no lock.
    pub fn of(program: &Path, work: Work, path: &Path) -> io::Result<Self> {
        match Self::open(program, work, path)? {
            Opened::Open(porter) => Ok(porter),
            Opened::Busy(_) => Err(broken()),
        }
    }

    /// All that is in the file, as text.
    pub fn read(mut self) -> io::Result<String> {
        let mut all = Vec::new();
        let patience = Some(PATIENCE).filter(|_| self.at_once);
        loop {
            match self.told(patience)? {
                Told::Bytes(bytes) => all.extend(bytes),
                Told::Done => break,
                other => return Err(error(other)),
            }
        }
        String::from_utf8(all)
            .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
    }

    /// Writes bytes, and knows that the file has them.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| broken())?;
        self.give(&length.to_le_bytes())?;
        self.give(bytes)?;
        match self.told(Some(self.writes_within))? {
            Told::Done => Ok(()),
            other => Err(error(other)),
        }
    }

    fn give(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let Some(input) = &self.input else { return Err(broken()) };
            match rustix::io::write(input, bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let input = PollFd::from_borrowed_fd(input.as_fd(), PollFlags::OUT);
                    wait(&mut [input], Some(self.writes_within))?;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// The next that it tells; without a bound it is waited for as long as it takes.
    fn told(&mut self, patience: Option<Duration>) -> io::Result<Told> {
        let until = patience.map(|patience| now() + patience);
        loop {
            if let Some(told) = self.next_frame()? {
                return Ok(told);
            }
            let left = until.map(|until| until.saturating_duration_since(now()));
            wait(&mut [PollFd::from_borrowed_fd(self.output.as_fd(), PollFlags::IN)], left)?;
            self.received.reserve(PIECE);
            let spare = rustix::buffer::spare_capacity(&mut self.received);
            match rustix::io::read(&self.output, spare) {
                Ok(0) => return Err(broken()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    fn next_frame(&mut self) -> io::Result<Option<Told>> {
        let Some((length, rest)) = self.received.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > 2 * PIECE {
            return Err(broken());
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let told = postcard::from_bytes(frame).map_err(|_| broken())?;
        self.received.drain(..4 + length);
        Ok(Some(told))
    }
}

impl Drop for Porter {
    /// It ends when its input does. One that does not is killed, and not waited for: it may hang where nothing ends it.
    fn drop(&mut self) {
        let holds = self.input.take().is_some();
        let until = now() + if holds { FAREWELL } else { Duration::ZERO };
        while matches!(self.child.try_wait(), Ok(None)) && now() < until {
            super::own::pause(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.try_wait();
    }
}

/// Waits until something can be read or written.
fn wait(ready: &mut [PollFd<'_>], time: Option<Duration>) -> io::Result<()> {
    let timeout = time.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    match poll(ready, timeout.as_ref()) {
        Ok(0) => Err(io::Error::new(ErrorKind::TimedOut, "no answer in time")),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// The number of farrier's own descriptor that a path means: `/dev/stdin`, `/dev/fd/63`, `/proc/self/fd/63`.
fn inherited(path: &Path) -> Option<i32> {
    let text = path.to_str()?;
    if text == "/dev/stdin" {
        return Some(0);
    }
    text.strip_prefix("/dev/fd/").or_else(|| text.strip_prefix("/proc/self/fd/"))?.parse().ok()
}

fn broken() -> io::Error {
    io::Error::other("the process that was to open it ended")
}

fn error(told: Told) -> io::Error {
    match told {
        Told::Refused(errno) => io::Error::from_raw_os_error(errno),
        Told::Unfit(words) => io::Error::other(words),
        _ => broken(),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is os: the deadline's own clock")]
fn now() -> Instant {
    Instant::now()
}
