//! A reader process that runs: how it is started, asked ahead of its answers, and ended. Nothing here waits longer than
//! its deadline, neither to write nor to read.

use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::READER;
use super::serve::{BATCH, FRAME};
use crate::os::{Answer, Ask};

/// How long the reader may be silent.
const DEADLINE: Duration = Duration::from_millis(300);
/// How long a search in a whole memory may take; the reader gives up a little before.
const SEARCH: Duration = Duration::from_secs(1);
/// How long the program may take to start: it is farrier's own, on a machine that may be busy.
const START: Duration = Duration::from_secs(2);
/// Questions that may be under way: enough that the reader never waits for farrier.
const AHEAD: usize = 4 * BATCH;
/// Bytes that its answers may be ahead: as much as anybody may have (`pipe(7)`, `pipe-max-size`).
const ROOM: usize = 1 << 20;

/// Why the answers stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No reader can be started.
    NoReader,
    /// Too many readers hang already.
    TooMany,
    /// It was silent for too long.
    Late,
    /// It ended, or it does not speak as a reader does.
    Broken,
}

/// A reader and both ends of its pipes.
pub struct Running {
    child: Child,
    pidfd: Option<OwnedFd>,
    input: ChildStdin,
    output: ChildStdout,
    /// Its greeting came.
    has_started: bool,
    received: Vec<u8>,
}

impl Running {
    /// Starts a reader, with nothing of farrier's environment.
    #[expect(clippy::disallowed_methods, reason = "the one program that farrier starts is itself")]
    pub fn start(program: &Path, proc: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(program)
            .arg(READER)
            .arg(proc)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| Failure::NoReader)?;
        let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let pidfd = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let input = child.stdin.take().ok_or(Failure::NoReader)?;
        let output = child.stdout.take().ok_or(Failure::NoReader)?;
        // Only its own end: the reader may wait for questions.
        rustix::io::ioctl_fionbio(&input, true).map_err(|_| Failure::NoReader)?;
        // Whoever has too many pipes gets less: then the reader waits more often.
        let _ = rustix::pipe::fcntl_setpipe_size(&output, ROOM);
        Ok(Self { child, pidfd, input, output, has_started: false, received: Vec::new() })
    }

    /// Asks all and delivers each answer as it comes, in the order of the questions. While it has something to do and
    /// nothing to tell, `meanwhile` does a piece of work of farrier's own, and says whether there is more of it.
    pub fn ask(
        &mut self,
        asks: &[&Ask],
        meanwhile: &mut dyn FnMut() -> bool,
        deliver: &mut impl FnMut(Answer),
    ) -> Result<(), Failure> {
        let (mut asked, mut answered) = (0, 0);
        let mut outgoing: Vec<u8> = Vec::new();
        let mut has_work = true;
        let searches = asks.iter().any(|ask| matches!(ask, Ask::StartContext(..)));
        let patience = if searches { SEARCH } else { DEADLINE };
        let mut deadline = now() + if self.has_started { patience } else { START };
        while answered < asks.len() {
            if outgoing.is_empty() && asked < asks.len() && asked - answered <= AHEAD - BATCH {
                let batch = asks.get(asked..(asked + BATCH).min(asks.len())).unwrap_or_default();
                outgoing = frame(batch)?;
                asked += batch.len();
            }
            let left = deadline.saturating_duration_since(now());
            let left = if has_work { Duration::ZERO } else { left };
            let Some((can_read, can_write)) = self.wait(!outgoing.is_empty(), left)? else {
                if !has_work {
                    return Err(if self.has_started { Failure::Late } else { Failure::NoReader });
                }
                let before = now();
                has_work = meanwhile();
                // What farrier did itself is no silence of the reader's.
                deadline += now().saturating_duration_since(before);
                continue;
            };
            if can_write {
                match rustix::io::write(&self.input, &outgoing) {
                    Ok(written) => drop(outgoing.drain(..written)),
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(_) => return Err(self.ended()),
                }
            }
            if can_read {
                self.receive()?;
                while let Some(answers) = self.next_frame()? {
                    deadline = now() + patience;
                    self.has_started = true;
                    answered += answers.len();
                    if answered > asked {
                        return Err(Failure::Broken);
                    }
                    answers.into_iter().for_each(&mut *deliver);
                }
            }
        }
        Ok(())
    }

    /// Waits until there is something to read, or room to write; `None`: there was neither in that time.
    fn wait(&self, to_write: bool, time: Duration) -> Result<Option<(bool, bool)>, Failure> {
        let timeout = Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(0),
            tv_nsec: time.subsec_nanos().into(),
        };
        let input = if to_write { PollFlags::OUT } else { PollFlags::empty() };
        let mut ready = [
            PollFd::from_borrowed_fd(self.output.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.input.as_fd(), input),
        ];
        match poll(&mut ready, Some(&timeout)) {
            Ok(0) => Ok(None),
            Ok(_) => {
                let [output, input] = &ready;
                // The end of its output tells of its end, however its input looks.
                let is_told = !output.revents().is_empty();
                Ok(Some((is_told, to_write && !input.revents().is_empty())))
            }
            Err(Errno::INTR) => Ok(Some((false, false))),
            Err(_) => Err(Failure::Broken),
        }
    }

    /// What its end means: one that never began is no reader.
    fn ended(&self) -> Failure {
        if self.has_started { Failure::Broken } else { Failure::NoReader }
    }

    fn receive(&mut self) -> Result<(), Failure> {
        self.received.reserve(1 << 16);
        match rustix::io::read(&self.output, rustix::buffer::spare_capacity(&mut self.received)) {
            Ok(0) => Err(self.ended()),
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(_) => Err(Failure::Broken),
        }
    }

    /// The next whole frame of what was received.
    fn next_frame(&mut self) -> Result<Option<Vec<Answer>>, Failure> {
        let Some((length, rest)) = self.received.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > FRAME {
            return Err(Failure::Broken);
        }
        let Some(frame) = rest.get(..length) else { return Ok(None) };
        let answers = postcard::from_bytes(frame).map_err(|_| Failure::Broken)?;
        self.received.drain(..4 + length);
        Ok(Some(answers))
    }

    /// Ends it; the process itself where it did not end at once: nobody waits for it.
    #[expect(clippy::disallowed_methods, reason = "farrier ends its own reader, by its pidfd")]
    pub fn end(mut self) -> Option<Child> {
        match &self.pidfd {
            Some(pidfd) => drop(pidfd_send_signal(pidfd, Signal::KILL)),
            // It is farrier's own child and not yet waited for: its number is still its own.
            None => drop(self.child.kill()),
        }
        if has_ended(&mut self.child) { None } else { Some(self.child) }
    }
}

/// Whether a process of farrier's own has ended.
pub fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)))
}

fn frame(batch: &[&Ask]) -> Result<Vec<u8>, Failure> {
    let bytes = postcard::to_stdvec(batch).map_err(|_| Failure::Broken)?;
    let length = u32::try_from(bytes.len()).map_err(|_| Failure::Broken)?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend(bytes);
    Ok(frame)
}

#[expect(clippy::disallowed_methods, reason = "this is os: the deadline's own clock")]
fn now() -> Instant {
    Instant::now()
}
