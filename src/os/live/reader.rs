//! farrier's side of the reader: questions in batches, a deadline for each, and nobody waited for.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::READER;
use super::serve::FRAME;
use crate::os::{Answer, Ask, Refusal};

/// How long one question may take.
const DEADLINE: Duration = Duration::from_millis(300);
/// Questions in one batch.
const BATCH: usize = 64;
/// Readers that were left behind in a wait that even SIGKILL does not end; after these no more are started.
const ABANDONED: usize = 4;

/// The reader process, when there is one, and what is known of those before it.
pub struct Reader {
    program: PathBuf,
    proc: PathBuf,
    running: Option<Running>,
    abandoned: Vec<Child>,
    silent: BTreeSet<Ask>,
}

struct Running {
    child: Child,
    pidfd: Option<OwnedFd>,
    output: ChildStdout,
}

/// Why a batch has no answers.
enum Failure {
    Late,
    Broken,
}

impl Reader {
    /// Nothing is started yet.
    pub fn new(program: PathBuf, proc: PathBuf) -> Self {
        Self { program, proc, running: None, abandoned: Vec::new(), silent: BTreeSet::new() }
    }

    /// Forgets which questions were met with silence.
    pub fn forget_silent(&mut self) {
        self.silent.clear();
    }

    /// Answers in the order of the questions.
    pub fn ask(&mut self, asks: &[&Ask]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(asks.len());
        for batch in asks.chunks(BATCH) {
            if batch.iter().any(|ask| self.silent.contains(ask)) {
                answers.extend(batch.iter().map(|ask| self.alone(ask)));
                continue;
            }
            match self.exchange(batch) {
                Ok(found) => answers.extend(found),
                // One of them hangs: each for itself, so that only that one stays unanswered.
                Err(Failure::Late) if batch.len() > 1 => {
                    answers.extend(batch.iter().map(|ask| self.alone(ask)));
                }
                Err(failure) => {
                    answers.extend(batch.iter().map(|ask| self.unanswered(ask, &failure)));
                }
            }
        }
        answers
    }

    fn alone(&mut self, ask: &Ask) -> Answer {
        if self.silent.contains(ask) {
            return Err(Refusal::TimedOut);
        }
        match self.exchange(&[ask]) {
            Ok(mut found) => found.pop().unwrap_or(Err(Refusal::NotRecorded)),
            Err(failure) => self.unanswered(ask, &failure),
        }
    }

    fn unanswered(&mut self, ask: &Ask, failure: &Failure) -> Answer {
        match failure {
            Failure::Late => {
                self.silent.insert(ask.clone());
                Err(Refusal::TimedOut)
            }
            Failure::Broken => {
                Err(Refusal::Unsupported("no reader process could be started".into()))
            }
        }
    }

    fn exchange(&mut self, batch: &[&Ask]) -> Result<Vec<Answer>, Failure> {
        let result = self.try_exchange(batch);
        if result.is_err() {
            self.give_up();
        }
        result
    }

    fn try_exchange(&mut self, batch: &[&Ask]) -> Result<Vec<Answer>, Failure> {
        let deadline = now() + DEADLINE;
        let running = self.running()?;
        let question = postcard::to_stdvec(batch).map_err(|_| Failure::Broken)?;
        let length = u32::try_from(question.len()).map_err(|_| Failure::Broken)?;
        let input = running.child.stdin.as_mut().ok_or(Failure::Broken)?;
        input
            .write_all(&length.to_le_bytes())
            .and_then(|()| input.write_all(&question))
            .map_err(|_| Failure::Broken)?;
        let length = running.receive(4, deadline)?;
        let length: [u8; 4] = length.try_into().map_err(|_| Failure::Broken)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > FRAME {
            return Err(Failure::Broken);
        }
        let bytes = running.receive(length, deadline)?;
        let answers: Vec<Answer> = postcard::from_bytes(&bytes).map_err(|_| Failure::Broken)?;
        if answers.len() == batch.len() { Ok(answers) } else { Err(Failure::Broken) }
    }

    /// The running reader, or a new one.
    #[expect(clippy::disallowed_methods, reason = "the one program that farrier starts is itself")]
    fn running(&mut self) -> Result<&mut Running, Failure> {
        self.abandoned.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
        if self.running.is_none() {
            if self.abandoned.len() >= ABANDONED {
                return Err(Failure::Late);
            }
            let mut child = Command::new(&self.program)
                .arg(READER)
                .arg(&self.proc)
                .env_clear()
                .current_dir("/")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|_| Failure::Broken)?;
            let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
            let pidfd = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            let output = child.stdout.take().ok_or(Failure::Broken)?;
            self.running = Some(Running { child, pidfd, output });
        }
        self.running.as_mut().ok_or(Failure::Broken)
    }

    /// Ends the reader, and leaves it behind where even that does not end it.
    #[expect(clippy::disallowed_methods, reason = "farrier ends its own reader, by its pidfd")]
    fn give_up(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        drop(running.child.stdin.take());
        if let Some(pidfd) = &running.pidfd {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
        }
        if !matches!(running.child.try_wait(), Ok(Some(_))) {
            self.abandoned.push(running.child);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.give_up();
        // A killed reader is gone within a moment; one that hangs in the kernel is left to init.
        let mut wait = 0;
        while wait < 10 && !self.abandoned.is_empty() {
            self.abandoned.retain_mut(|child| !matches!(child.try_wait(), Ok(Some(_))));
            wait += 1;
            if !self.abandoned.is_empty() {
                crate::os::own::pause(Duration::from_millis(1));
            }
        }
    }
}

impl Running {
    /// Exactly so many bytes before the deadline.
    fn receive(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::with_capacity(length.min(1 << 20));
        while bytes.len() < length {
            let left = deadline.saturating_duration_since(now());
            let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos()) };
            let mut ready = [PollFd::from_borrowed_fd(self.output.as_fd(), PollFlags::IN)];
            match poll(&mut ready, Some(&timeout)) {
                Ok(0) => return Err(Failure::Late),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Err(Failure::Broken),
            }
            let before = bytes.len();
            bytes.reserve((length - before).min(1 << 20));
            let mut chunk = vec![0; (length - before).min(1 << 16)];
            match rustix::io::read(&self.output, &mut chunk[..]) {
                Ok(0) | Err(_) => return Err(Failure::Broken),
                Ok(read) => bytes.extend(chunk.into_iter().take(read)),
            }
        }
        Ok(bytes)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is os: the deadline's own clock")]
fn now() -> Instant {
    Instant::now()
}
