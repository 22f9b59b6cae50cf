//! Hands that send nothing: what would have been sent is written down, and who is held is what the script says.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::{App, Census, Signal};
use crate::os::{AuditLine, Hands, Hold, Locked, Pid, Probe, Probed, Refusal, Text, Token};

/// What ends a master, at once or when its workers are done.
const ENDING: [Signal; 4] = [Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGINT, Signal::SIGKILL];

/// A rehearsal. Each process answers with its tokens in turn and stays at the last one.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// What each pid is, look after look: the first answer is given to `hold`, the next ones to `verify`.
    pub tokens: BTreeMap<Pid, Vec<Result<Token, Refusal>>>,
    /// What the kernel answers to a send; empty: it takes it.
    pub refuses: Option<Refusal>,
    /// What the audit log answers; empty: it takes every line.
    pub mute: Option<Refusal>,
    /// What would have been sent, in order.
    pub sent: Vec<(Pid, Signal)>,
    /// Who holds the lock already.
    pub busy: Option<Pid>,
    /// What was locked.
    pub locked: Vec<PathBuf>,
    /// The requests that were made.
    pub probes: Vec<Probe>,
    /// What they are answered, in turn; then another process takes each.
    pub answers: VecDeque<Result<Probed, Refusal>>,
    /// The audit lines.
    pub notes: Vec<AuditLine>,
    /// The time that was not waited.
    pub waited: Duration,
    /// Processes that are held now.
    pub held: BTreeMap<u32, Pid>,
    next: u32,
}

impl Rehearsal {
    /// Hands for which every process is who the census says.
    pub fn of(census: &Census) -> Self {
        let mut hands = Self::default();
        for process in census.apps.iter().flat_map(App::processes) {
            if let (Some(stat), Some(status)) = (process.stat.get(), process.status.get()) {
                let token = Token {
                    pid: process.pid,
                    started: stat.started,
                    pidfd_inode: None,
                    exe: None,
                    uid: status.uids[0],
                    cgroup: process.cgroup.get().cloned().unwrap_or_else(|| Text::from("")),
                };
                hands.tokens.insert(process.pid, vec![Ok(token)]);
            }
        }
        hands
    }

    fn answer(&mut self, pid: Pid) -> Result<Token, Refusal> {
        let answers = self.tokens.get_mut(&pid).ok_or(Refusal::Gone)?;
        if answers.len() > 1 {
            answers.remove(0)
        } else {
            answers.first().cloned().unwrap_or(Err(Refusal::Gone))
        }
    }
}

impl Hands for Rehearsal {
    fn hold(&mut self, pid: Pid) -> Result<(Hold, Token), Refusal> {
        let token = self.answer(pid)?;
        self.next += 1;
        self.held.insert(self.next, pid);
        Ok((Hold(self.next), token))
    }

    fn verify(&mut self, hold: Hold) -> Result<Token, Refusal> {
        let pid = self.held.get(&hold.0).copied().ok_or(Refusal::Gone)?;
        self.answer(pid)
    }

    fn send(&mut self, hold: Hold, signal: Signal) -> Result<(), Refusal> {
        let pid = self.held.get(&hold.0).copied().ok_or(Refusal::Gone)?;
        if let Some(refusal) = &self.refuses {
            return Err(refusal.clone());
        }
        self.sent.push((pid, signal));
        // A script with more answers tells itself what becomes of it.
        if ENDING.contains(&signal)
            && let Some(answers) = self.tokens.get_mut(&pid).filter(|answers| answers.len() == 1)
        {
            *answers = vec![Err(Refusal::Gone)];
        }
        Ok(())
    }

    fn release(&mut self, hold: Hold) {
        self.held.remove(&hold.0);
    }

    fn note(&mut self, line: &AuditLine) -> Result<(), Refusal> {
        if let Some(refusal) = &self.mute {
            return Err(refusal.clone());
        }
        self.notes.push(line.clone());
        Ok(())
    }

    fn lock(&mut self, directory: &Path) -> Result<Locked, Refusal> {
        self.locked.push(directory.to_owned());
        Ok(self.busy.map_or(Locked::Mine, |holder| Locked::Theirs(Some(holder))))
    }

    fn unlock(&mut self) {
        self.locked.clear();
    }

    fn probe(&mut self, request: &Probe, _: Duration) -> Result<Probed, Refusal> {
        self.probes.push(request.clone());
        match self.answers.pop_front() {
            Some(answer) => answer,
            None => Ok(Probed::Elsewhere),
        }
    }

    fn pause(&mut self, time: Duration) {
        self.waited += time;
    }
}
