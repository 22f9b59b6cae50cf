//! farrier's side of the readers: who is asked, what is done about silence, and nobody waited for.

use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use super::running::{Failure, Running, has_ended};
use super::serve::CHUNK;
use super::silence::Silence;
use crate::os::{Answer, Ask, Refusal};

/// Readers that were left behind in a wait that even SIGKILL does not end; after these no more are started.
const ABANDONED: usize = 4;
/// Silences that one call bears; what it has not asked by then it does not ask.
const PATIENCE: usize = 4;

/// The reader process, when there is one, and what is known of those before it.
pub struct Reader {
    program: PathBuf,
    proc: PathBuf,
    running: Option<Running>,
    abandoned: Vec<Child>,
    silence: Silence,
}

impl Reader {
    /// Nothing is started yet.
    pub fn new(program: PathBuf, proc: PathBuf) -> Self {
        let silence = Silence::default();
        Self { program, proc, running: None, abandoned: Vec::new(), silence }
    }

    /// Forgets which questions were met with silence.
    pub fn forget_silence(&mut self) {
        self.silence.clear();
    }

    /// Answers in the order of the questions. `mounts` reads `/proc/self/mountinfo`, when it is needed; `meanwhile` does
    /// a piece of work while the reader reads, and says whether there is more of it.
    pub fn ask(
        &mut self,
        asks: &[&Ask],
        mounts: &dyn Fn() -> Vec<u8>,
        meanwhile: &mut dyn FnMut() -> bool,
    ) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = vec![None; asks.len()];
        let mut silences = 0;
        loop {
            for (answer, ask) in answers.iter_mut().zip(asks) {
                if answer.is_none() && (silences >= PATIENCE || self.silence.covers(ask)) {
                    *answer = Some(Err(Refusal::TimedOut));
                }
            }
            let open = unanswered(&answers, asks.len());
            if open.is_empty() {
                break;
            }
            let Err(failure) = self.run(asks, &open, meanwhile, &mut answers) else { continue };
            if let Some(refusal) = refusal(failure) {
                answers.iter_mut().filter(|answer| answer.is_none()).for_each(|answer| {
                    *answer = Some(Err(refusal.clone()));
                });
                break;
            }
            // Answers come some at a time: one of the next few is the one that hangs. Each is asked for itself.
            for suspect in unanswered(&answers, CHUNK) {
                let Err(failure) = self.run(asks, &[suspect], &mut || false, &mut answers) else {
                    continue;
                };
                silences += 1;
                let refusal = match (failure, asks.get(suspect)) {
                    (Failure::Late, Some(ask)) => {
                        self.silence.note(ask, &mounts());
                        Refusal::TimedOut
                    }
                    (other, _) => refusal(other).unwrap_or_else(ended),
                };
                if let Some(slot) = answers.get_mut(suspect) {
                    *slot = Some(Err(refusal));
                }
                // The others may be silent for the same reason.
                break;
            }
        }
        answers.into_iter().map(|answer| answer.unwrap_or(Err(Refusal::TimedOut))).collect()
    }

    /// Asks some of the questions; the answers that come find their places.
    fn run(
        &mut self,
        asks: &[&Ask],
        open: &[usize],
        meanwhile: &mut dyn FnMut() -> bool,
        answers: &mut [Option<Answer>],
    ) -> Result<(), Failure> {
        let questions: Vec<&Ask> =
            open.iter().filter_map(|index| asks.get(*index).copied()).collect();
        let mut places = open.iter();
        let result = self.running()?.ask(&questions, meanwhile, &mut |answer| {
            if let Some(slot) = places.next().and_then(|index| answers.get_mut(*index)) {
                *slot = Some(answer);
            }
        });
        if result.is_err() {
            self.give_up();
        }
        result
    }

    /// The running reader, or a new one.
    fn running(&mut self) -> Result<&mut Running, Failure> {
        self.abandoned.retain_mut(|child| !has_ended(child));
        let running = match self.running.take() {
            Some(running) => running,
            None if self.abandoned.len() >= ABANDONED => return Err(Failure::TooMany),
            None => Running::start(&self.program, &self.proc)?,
        };
        Ok(self.running.insert(running))
    }

    /// Ends the reader, and leaves it behind where even that does not end it.
    fn give_up(&mut self) {
        self.abandoned.extend(self.running.take().and_then(Running::end));
    }
}

/// What a failure means for every question; `None`: it may be the fault of one.
fn refusal(failure: Failure) -> Option<Refusal> {
    match failure {
        Failure::NoReader => {
            Some(Refusal::Unsupported("no reader process could be started".into()))
        }
        Failure::TooMany => Some(Refusal::TimedOut),
        Failure::Late | Failure::Broken => None,
    }
}

fn ended() -> Refusal {
    Refusal::Unsupported("the reader process ended while it read this".into())
}

/// The first questions that have no answer yet.
fn unanswered(answers: &[Option<Answer>], most: usize) -> Vec<usize> {
    let open = answers.iter().enumerate().filter(|(_, answer)| answer.is_none());
    open.map(|(index, _)| index).take(most).collect()
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.give_up();
        // A killed reader is gone within a moment; one that hangs in the kernel is left to init.
        for _ in 0..10 {
            self.abandoned.retain_mut(|child| !has_ended(child));
            if self.abandoned.is_empty() {
                break;
            }
            crate::os::own::pause(Duration::from_millis(1));
        }
    }
}
