//! Which machines a command reads: this one, or recorded ones; and how it looks at them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Options;
use crate::contract::Verdicts;
use crate::model::{Census, Limits};
use crate::os::live::{Live, LiveOptions};
use crate::os::replay::Replay;
use crate::os::{Source, own, shown};
use crate::rules::judge;
use crate::settings::Settings;
use crate::survey::{Surveyor, Wish};
use crate::tui::history::Played;

/// How long the second look waits for what the first saw cause for.
pub const SECOND_LOOK: Duration = Duration::from_secs(1);

/// What was seen of one machine, and what the rules say to it.
pub struct Seen {
    /// The look that counts.
    pub census: Census,
    /// The rules' answers.
    pub verdicts: Verdicts,
}

/// How often a command may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looks {
    /// Once: rules that need two answer by one.
    One,
    /// A second time where a rule saw cause.
    AsNeeded,
}

/// A machine that a command reads.
pub struct Machine {
    /// Its answers.
    pub source: Box<dyn Source + Send>,
    /// What a recording of it says besides; `None`: it is live.
    recorded: Option<Recorded>,
}

/// What a recording says besides its answers.
struct Recorded {
    /// How many looks it holds.
    looks: usize,
    /// What was named when it was taken, and the thresholds that were in force.
    roots: Vec<PathBuf>,
    limits: Limits,
    /// The audit log's file that was read then.
    audit: Option<PathBuf>,
}

impl Options {
    /// The machines that were asked for.
    pub fn machines(&self) -> anyhow::Result<Vec<Machine>> {
        if self.from.is_empty() {
            return Ok(vec![Machine { source: self.this_machine(), recorded: None }]);
        }
        self.from.iter().map(|file| recorded(file)).collect()
    }

    /// This machine, or the one whose proc file system `--proc` names.
    pub fn this_machine(&self) -> Box<dyn Source + Send> {
        Box::new(self.live())
    }

    /// The same, to be recorded.
    pub fn live(&self) -> Live {
        Live::new(LiveOptions { proc: self.proc.clone(), ..LiveOptions::default() })
    }
}

/// A recorded machine.
pub fn recorded(file: &Path) -> anyhow::Result<Machine> {
    of_text(file, own::read_named(file))
}

/// A recorded machine, for the inspector: it reads the file again when it comes back to it, and waits for none.
pub fn recorded_in_file(file: &Path) -> anyhow::Result<Machine> {
    of_text(file, own::read_regular(file))
}

fn of_text(file: &Path, text: std::io::Result<String>) -> anyhow::Result<Machine> {
    let told = |why: String| anyhow::anyhow!("{} was not read: {why}", shown(file));
    replayed(&text.map_err(|error| told(error.to_string()))?).map_err(told)
}

/// A machine from a recording's text. The error says what is wrong with it.
pub fn replayed(text: &str) -> Result<Machine, String> {
    let replay = Replay::read(text)?;
    let mut settings = Settings::default();
    settings
        .read(&replay.asked().settings)
        .map_err(|refused| format!("its settings, line {refused}"))?;
    let recorded = Recorded {
        looks: replay.looks(),
        roots: replay.asked().targets.iter().map(PathBuf::from).collect(),
        limits: settings.limits,
        audit: settings.audit_file,
    };
    Ok(Machine { source: Box::new(replay), recorded: Some(recorded) })
}

/// The machine that farrier itself runs on: settings are read from it.
pub fn own_machine() -> Box<dyn Source> {
    Box::new(Live::new(LiveOptions::default()))
}

impl Machine {
    /// Whether it is this machine and no recording.
    pub fn is_live(&self) -> bool {
        self.recorded.is_none()
    }

    /// What to look for on it: a recording is judged as the machine was when it was taken.
    pub fn wish(&self, wish: &Wish) -> Wish {
        let mut wish = wish.clone();
        if let Some(recorded) = &self.recorded {
            wish.limits = recorded.limits;
            wish.audit.clone_from(&recorded.audit);
            wish.roots.extend(recorded.roots.iter().cloned());
            wish.roots.sort();
            wish.roots.dedup();
        }
        wish
    }

    /// A recording as the inspector plays it; `None`: it is live.
    pub fn played(&self) -> Option<Played> {
        self.recorded.as_ref().map(|recorded| {
            let unseen = usize::from(recorded.looks == 2);
            Played { looks: recorded.looks - unseen, unseen, rehearsal: false }
        })
    }

    /// The last look of a recording; rules that compare two have the one before it.
    pub fn last_look(&self, wish: &Wish, ignore: &[String]) -> Seen {
        let looks = self.recorded.as_ref().map_or(1, |recorded| recorded.looks);
        let (wish, mut surveyor) = (self.wish(wish), Surveyor::default());
        let mut census = surveyor.look(self.source.as_ref(), &wish);
        let mut before = None;
        for _ in 1..looks {
            self.source.next_look();
            before = Some(census);
            census = surveyor.look(self.source.as_ref(), &wish);
        }
        let verdicts = asked(&census, before.as_ref(), ignore);
        Seen { census, verdicts }
    }

    /// Looks at it and asks the rules.
    pub fn look(&self, wish: &Wish, ignore: &[String], looks: Looks) -> Seen {
        let wish = self.wish(wish);
        let Some(recorded) = &self.recorded else {
            return look(self.source.as_ref(), &wish, ignore, looks, SECOND_LOOK);
        };
        // What a recording of one look does not hold cannot be asked for.
        let looks = if recorded.looks == 1 { Looks::One } else { looks };
        look(self.source.as_ref(), &wish, ignore, looks, Duration::ZERO)
    }
}

/// Looks at a machine and asks the rules; a second time after a while where one saw cause.
pub fn look(
    source: &dyn Source,
    wish: &Wish,
    ignore: &[String],
    looks: Looks,
    between: Duration,
) -> Seen {
    let mut surveyor = Surveyor::default();
    let first = surveyor.look(source, wish);
    let verdicts = asked(&first, None, ignore);
    if looks == Looks::One || !verdicts.want_second_look() {
        return Seen { census: first, verdicts };
    }
    own::pause(between);
    source.next_look();
    let census = surveyor.look(source, wish);
    let verdicts = asked(&census, Some(&first), ignore);
    Seen { census, verdicts }
}

/// What the rules say, but those that are ignored.
fn asked(census: &Census, before: Option<&Census>, ignore: &[String]) -> Verdicts {
    let mut verdicts = judge(census, before);
    verdicts.0.retain(|answered| !ignore.iter().any(|name| name == answered.rule));
    let (processes, apps) = (census.seen.processes, census.apps.len());
    tracing::info!(processes, apps, findings = verdicts.findings().len(), "looked");
    verdicts
}
