//! A rehearsal: a recording that waits where something was done while it was taken, and goes on when the same is done
//! again. It has eyes and hands like a machine, and no process behind them: nothing here can reach one.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::facts::bytes;
use crate::facts::process::{parse_stat, parse_status};
use crate::model::Signal;
use crate::os::replay::Replay;
use crate::os::{
    Answer, Ask, AuditLine, Hands, Hold, Locked, Mark, Pid, Probe, Probed, ProcText, Refusal,
    Source, Text, Token, own,
};

/// How often the hands look whether the recording has gone on.
const HEED: Duration = Duration::from_millis(20);

/// Where a recording stands, and what it waits for: shared by those who play it, look at it, and act in it.
#[derive(Debug, Default)]
pub struct Script {
    marks: Vec<Mark>,
    looks: usize,
    at: AtomicUsize,
    passed: AtomicUsize,
}

impl Script {
    /// The script of a recording, at its first look.
    pub fn of(replay: &Replay) -> Arc<Self> {
        let (marks, looks) = (replay.marks().to_vec(), replay.looks());
        Arc::new(Self { marks, looks, ..Self::default() })
    }

    /// The look that it stands at, from 0.
    fn at(&self) -> usize {
        self.at.load(Ordering::SeqCst)
    }

    /// What comes next of all that was done.
    pub fn next(&self) -> Option<&Mark> {
        self.marks.get(self.passed.load(Ordering::SeqCst))
    }

    /// What has to be done before it goes on; `None`: it plays, or has ended.
    pub fn waits_for(&self) -> Option<&Mark> {
        self.next().filter(|mark| self.at() >= mark.look)
    }

    /// One look further, if nothing has to be done before. The looks behind the last are the last.
    pub fn step(&self) {
        if self.goes_on() {
            self.at.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn goes_on(&self) -> bool {
        self.waits_for().is_none() && self.at() + 1 < self.looks
    }

    /// Goes on although what was done is not done again.
    pub fn pass(&self) {
        if self.waits_for().is_some() {
            self.passed.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Whether this is the signal that was sent next.
    pub fn answers(&self, signal: Signal, pid: Pid) -> bool {
        let name = signal.as_str().trim_start_matches("SIG");
        self.next().is_some_and(|mark| mark.signal == name && mark.pid == Some(pid))
    }

    /// The eyes of a rehearsal.
    pub fn eyes(self: &Arc<Self>, replay: &Replay) -> Eyes {
        Eyes { script: Arc::clone(self), replay: replay.clone(), open: Cell::new(false) }
    }

    /// The hands of a rehearsal.
    pub fn hands(self: &Arc<Self>, replay: &Replay) -> Actor {
        Actor { eyes: self.eyes(replay), held: BTreeMap::new(), next: 0 }
    }
}

/// Eyes that see the look at which the script stands.
pub struct Eyes {
    script: Arc<Script>,
    replay: Replay,
    open: Cell<bool>,
}

impl Source for Eyes {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        if !self.open.replace(true) {
            self.next_look();
        }
        self.replay.ask(asks)
    }

    fn next_look(&self) {
        self.replay.go_to(self.script.at());
    }
}

/// Hands that hold what the recording shows. A signal turns the page where the script has it, and reaches nobody.
pub struct Actor {
    eyes: Eyes,
    held: BTreeMap<u32, Pid>,
    next: u32,
}

impl Actor {
    fn token(&self, pid: Pid) -> Result<Token, Refusal> {
        self.eyes.next_look();
        let read = |text| match self.eyes.ask_one(Ask::Text(pid, text)) {
            Ok(found) => bytes(found).map_err(|_| Refusal::Gone),
            Err(Refusal::NotRecorded) => Err(Refusal::Gone),
            Err(refusal) => Err(refusal),
        };
        let stat = parse_stat(&read(ProcText::Stat)?).map_err(|_| Refusal::Gone)?;
        let status = parse_status(&read(ProcText::Status)?).map_err(|_| Refusal::Gone)?;
        if stat.state.is_dead() {
            return Err(Refusal::Zombie);
        }
        let [uid, ..] = status.uids;
        let cgroup = read(ProcText::Cgroup).unwrap_or_else(|_| Text::from(""));
        Ok(Token { pid, started: stat.started, pidfd_inode: None, exe: None, uid, cgroup })
    }
}

impl Hands for Actor {
    fn hold(&mut self, pid: Pid) -> Result<(Hold, Token), Refusal> {
        let token = self.token(pid)?;
        self.next += 1;
        self.held.insert(self.next, pid);
        Ok((Hold(self.next), token))
    }

    fn verify(&mut self, hold: Hold) -> Result<Token, Refusal> {
        let pid = self.held.get(&hold.0).copied().ok_or(Refusal::Gone)?;
        self.token(pid)
    }

    fn send(&mut self, hold: Hold, signal: Signal) -> Result<(), Refusal> {
        let pid = self.held.get(&hold.0).copied().ok_or(Refusal::Gone)?;
        let script = &self.eyes.script;
        if !script.answers(signal, pid) {
            return Err(Refusal::NotRecorded);
        }
        // It may be done before the recording has come to where it was done.
        while script.waits_for().is_none() && script.goes_on() {
            own::pause(HEED);
        }
        script.pass();
        Ok(())
    }

    fn release(&mut self, hold: Hold) {
        self.held.remove(&hold.0);
    }

    fn note(&mut self, _: &AuditLine) -> Result<(), Refusal> {
        Ok(())
    }

    fn lock(&mut self, _: &Path) -> Result<Locked, Refusal> {
        Ok(Locked::Mine)
    }

    fn unlock(&mut self) {}

    fn probe(&mut self, _: &Probe, _: Duration) -> Result<Probed, Refusal> {
        Err(Refusal::NotRecorded)
    }

    /// Until the recording has gone on; where it stands, for that time.
    fn pause(&mut self, time: Duration) {
        let script = &self.eyes.script;
        let (at, mut waited) = (script.at(), Duration::ZERO);
        while script.at() == at && (script.goes_on() || waited < time) {
            own::pause(HEED);
            waited += HEED;
        }
    }
}
