//! An operation of several steps as it is carried out: which step it is at, what was seen and sent, and how it ended.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::history::{self, What};
use crate::model::{Census, Master, Operation, Phase};
use crate::os::Pid;
use crate::plans::course::{Act, Course, Step};
use crate::plans::follow::Stage;
use crate::plans::{Outcome, runner};

/// So much of what was seen is kept; the first goes first.
const KEPT: usize = 200;

/// One operation under way, or what came of it.
#[derive(Clone, Debug)]
pub struct Passage {
    /// What is carried out.
    pub course: Course,
    /// How far each step is.
    pub steps: Vec<Progress>,
    /// The step that it is at.
    pub at: usize,
    /// When it began, on farrier's own clock.
    pub begun: Duration,
    /// The master that it brought.
    pub new: Option<Pid>,
    /// What was seen and sent, the first one first.
    pub seen: Vec<Sight>,
    /// What was sent.
    pub sent: Vec<String>,
    /// It was told to stop.
    pub stopping: bool,
    /// How long the app took to load the last time, in seconds, as its log tells it.
    pub last: Option<u64>,
    /// What the new master runs: `ruby 3.1.2 in 20261121224103, socket 48113`.
    pub program: Option<String>,
    /// The most connections that were seen to wait.
    pub most: Option<u32>,
    /// How it ended; `None`: it goes on.
    pub ended: Option<Ended>,
}

/// How far a step is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Since when it goes on, on farrier's own clock.
    pub since: Option<Duration>,
    /// When it came true.
    pub done: Option<Timestamp>,
    /// What showed it.
    pub seen: Option<String>,
}

/// Something that was seen or sent.
#[derive(Clone, Debug)]
pub struct Sight {
    /// When.
    pub at: Timestamp,
    /// What.
    pub words: String,
    /// How it is known.
    pub source: &'static str,
}

/// How it ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What came of it.
    pub outcome: Outcome,
    /// When that was seen.
    pub at: Timestamp,
    /// After how long.
    pub after: Duration,
    /// Who lived at the end.
    pub living: Vec<Pid>,
    /// A look of after the end was taken.
    pub settled: bool,
}

/// The ways in which it can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All came true.
    Done,
    /// The one that served before serves on alone.
    OldServes,
    /// The new one is alone, and something is not as it should be.
    NewServes,
    /// Both live.
    Stuck,
    /// Nobody serves.
    NothingServes,
    /// The operator stopped it.
    Stopped,
    /// It was not seen to its end.
    Unknown,
    /// Nothing was sent.
    NotSent,
}

impl Passage {
    /// One that begins: what was checked before it is its first step.
    pub fn new(course: Course, now: Duration, at: Timestamp) -> Self {
        let mut steps = vec![Progress::default(); course.steps.len()];
        if let Some(first) = steps.first_mut() {
            *first = Progress { since: Some(now), done: Some(at), seen: None };
        }
        Self {
            steps,
            at: 1,
            begun: now,
            new: course.new,
            course,
            seen: Vec::new(),
            sent: Vec::new(),
            stopping: false,
            last: None,
            program: None,
            most: None,
            ended: None,
        }
    }

    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.ended.is_none()
    }

    /// The step that it is at.
    pub fn step(&self) -> Option<&Step> {
        self.course.steps.get(self.at)
    }

    /// `5 of 8`.
    pub fn position(&self) -> String {
        format!("{} of {}", self.at + 1, self.course.steps.len())
    }

    /// Takes in what is told of it.
    pub fn told(&mut self, now: Duration, at: Timestamp, event: &runner::Event) {
        match event {
            runner::Event::Step { at: step, .. } => {
                self.at = *step;
                for before in self.steps.iter_mut().take(*step) {
                    before.done.get_or_insert(at);
                }
                if let Some(progress) = self.steps.get_mut(*step) {
                    progress.since = Some(now);
                }
            }
            runner::Event::Sent(words) => {
                self.sent.push(words.clone());
                self.saw(at, words.clone(), "farrier");
            }
            runner::Event::Happened(event) => self.happened(event),
            runner::Event::Seen(words) => {
                if let Some(progress) = self.steps.get_mut(self.at) {
                    progress.seen = Some(words.clone());
                }
                self.saw(at, words.clone(), "processes");
            }
            runner::Event::Warning(words) => self.saw(at, words.clone(), "farrier"),
            runner::Event::Waiting(..) => {}
        }
    }

    fn happened(&mut self, event: &history::Event) {
        let words = event.words();
        if let What::Appeared { parent } = event.what
            && parent == Some(self.course.first.target)
        {
            self.new = event.pid;
        }
        let shows = |act: Act| match event.what {
            What::Renamed { .. } => matches!(act, Act::Send(Operation::Upgrade, _)),
            What::Appeared { .. } => act == Act::Await(Stage::Forked),
            What::Executed(_) | What::Loads => act == Act::Await(Stage::Loads),
            What::Ready { .. } => act == Act::Await(Stage::Ready),
            What::WorkersStarted { .. } => act == Act::Await(Stage::Serves),
            What::Ended => {
                matches!(act, Act::Retire { .. }) && event.pid == Some(self.course.first.target)
            }
            _ => false,
        };
        // The list of steps names the process already.
        let brief = match (&event.what, event.pid) {
            (What::Renamed { from, to }, _) => format!("{from} became {to}"),
            (What::Appeared { parent: Some(parent) }, Some(pid)) => {
                format!("{pid}, child of {parent}")
            }
            _ => words.clone(),
        };
        if let Some(step) = self.course.steps.iter().position(|step| shows(step.act)) {
            self.show(step, &brief);
        }
        self.saw(event.at, words, event.what.source());
    }

    /// What showed a step: of an executed program more than what came after it.
    fn show(&mut self, step: usize, words: &str) {
        if let Some(progress) = self.steps.get_mut(step) {
            progress.seen.get_or_insert_with(|| words.to_owned());
        }
    }

    fn saw(&mut self, at: Timestamp, words: String, source: &'static str) {
        self.seen.push(Sight { at, words, source });
        let over = self.seen.len().saturating_sub(KEPT);
        self.seen.drain(..over);
    }

    /// Takes in how it ended.
    pub fn came(&mut self, now: Duration, at: Timestamp, outcome: &Outcome) {
        if matches!(outcome, Outcome::Done(_)) {
            for step in &mut self.steps {
                step.done.get_or_insert(at);
            }
        }
        self.ended = Some(Ended {
            outcome: outcome.clone(),
            at,
            after: now.saturating_sub(self.begun),
            living: Vec::new(),
            settled: false,
        });
    }

    /// A look: what the new master runs, and how many waited. The first one after the end says who lived then; one that
    /// was under way at that time may have seen less.
    pub fn look(&mut self, census: &Census) {
        if let Some(app) = census.app(&self.course.app) {
            let waits = app.listeners.iter().filter_map(|listener| listener.queued.get()).max();
            self.most = self.most.into_iter().chain(waits.copied()).max();
            let program = self.new.and_then(|new| app.master(new)).and_then(program);
            self.program = program.or_else(|| self.program.take());
        }
        if let Some(ended) = self.ended.as_mut().filter(|ended| !ended.settled) {
            ended.settled = census.taken_at >= ended.at;
            ended.living = census.app(&self.course.app).map_or_else(Vec::new, |app| {
                app.living_masters().map(|master| master.process.pid).collect()
            });
        }
    }

    /// The way in which it ended.
    pub fn ending(&self) -> Option<Ending> {
        let ended = self.ended.as_ref()?;
        Some(match &ended.outcome {
            Outcome::Done(_) => Ending::Done,
            Outcome::NothingServes(_) => Ending::NothingServes,
            Outcome::Refused(_) | Outcome::Unaudited(_) => Ending::NotSent,
            Outcome::Interrupted(_) if self.stopping => Ending::Stopped,
            Outcome::Interrupted(_) => Ending::Unknown,
            Outcome::NotSeen(_) => match ended.living.as_slice() {
                [_, _, ..] => Ending::Stuck,
                [only] if Some(*only) == self.new => Ending::NewServes,
                _ => Ending::OldServes,
            },
        })
    }
}

/// What a new master runs, once it is another program than the one that forked it.
fn program(new: &Master) -> Option<String> {
    if matches!(new.phase, Phase::Starting | Phase::Zombie) {
        return None;
    }
    let ruby = format!("ruby {}", new.ruby_version.as_ref()?);
    let release =
        new.release.get()?.as_ref().map_or_else(String::new, |name| format!(" in {name}"));
    let holds = match new.listens.get().map(Vec::as_slice) {
        Some([only]) => format!(", socket {only}"),
        Some([_, _, ..]) => format!(", {} sockets", new.listens.get()?.len()),
        Some([]) | None => String::new(),
    };
    Some(format!("{ruby}{release}{holds}"))
}
