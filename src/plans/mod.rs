//! Operation to plan: what will be sent to whom, what it does, what must be seen, and the way back. A plan is data:
//! what the screen shows, what `--dry-run` prints and what the runner carries out are one value.

pub mod add_worker;
pub mod at_work;
pub mod attend;
pub mod carry;
mod brief;
mod case;
mod check;
pub mod r#continue;
pub mod course;
pub mod drain;
pub mod fast_stop;
pub mod follow;
mod going_on;
pub mod guard;
pub mod lock;
mod meaning;
pub mod next;
mod outlast;
mod pace;
mod receiver;
mod renamed;
pub mod procedures;
pub mod rehearsal;
pub mod reload;
pub mod remove_worker;
pub mod reopen_logs;
pub mod retire;
pub mod rollback;
pub mod runner;
mod stands;
pub mod stop;
pub mod upgrade;
mod watch;
mod words;

pub use case::Case;
pub use guard::{Given, Guard};
pub use lock::is_free;
pub use next::Next;
pub use rehearsal::Rehearsal;
pub use runner::{Event, Terms, run};

use crate::contract::quote::farrier;
use std::path::PathBuf;
use std::time::Duration;

use crate::contract::{Verdicts, Way};
use crate::model::{App, AppId, Census, Operation, Role, Signal};
use crate::os::Pid;
use meaning::Meaning;

/// An operation's card.
pub struct OperationCard {
    /// The operation.
    pub operation: Operation,
    /// What it is for, one sentence, the server left open.
    pub summary: &'static str,
    /// Makes the plan, or says why none can be made.
    pub plan: fn(&Case<'_>) -> Result<Plan, Refused>,
}

/// All operations, in the order in which they are shown.
pub const OPERATIONS: &[&OperationCard] = &[
    &retire::RETIRE,
    &upgrade::UPGRADE,
    &rollback::ROLLBACK,
    &reload::RELOAD,
    &reopen_logs::REOPEN_LOGS,
    &add_worker::ADD_WORKER,
    &remove_worker::REMOVE_WORKER,
    &drain::DRAIN,
    &r#continue::CONTINUE,
    &stop::STOP,
];

/// Plans an operation on an app; on one of its processes where `named` says which.
pub fn plan(
    census: &Census,
    verdicts: &Verdicts,
    app: &App,
    named: Option<Pid>,
    operation: Operation,
) -> Result<Plan, Refused> {
    planned(&Case { census, verdicts, app, named, way: None }, operation)
}

/// The same, with the shape of a restart that is wanted.
fn planned(case: &Case<'_>, operation: Operation) -> Result<Plan, Refused> {
    case.server()?;
    case.is_free()?;
    match OPERATIONS.iter().find(|card| card.operation == operation) {
        Some(card) => (card.plan)(case).map(|plan| case.holders(plan)),
        None => Err(Refused::new(
            format!("farrier has no plan for {}", operation.name()),
            "farrier signal sends one signal",
        )),
    }
}

/// Plans one signal to one process: as the operation that it is for this receiver in its present state.
pub fn signal(
    census: &Census,
    verdicts: &Verdicts,
    pid: Pid,
    signal: Signal,
) -> Result<Plan, Refused> {
    let Some((app, process)) = census.member(pid) else {
        return Err(Refused::new(
            format!("{pid} is no process of a server that farrier knows"),
            "farrier tree shows the masters of this machine",
        ));
    };
    let case = Case { census, verdicts, app, named: Some(pid), way: None };
    case.server()?;
    case.is_free()?;
    let Some(master) = app.master(pid) else {
        return case.worker_gets(process, signal).map(|plan| case.holders(plan));
    };
    let (operation, way) = match case.meaning(master, signal)? {
        Meaning::Operation(operation, way) => (operation, way),
        Meaning::Fast => return fast_stop::plan(&case, master).map(|plan| case.holders(plan)),
        Meaning::None => return Err(case.never(process, signal)),
    };
    let plan = planned(&Case { way, ..case }, operation)?;
    if plan.signal == signal {
        Ok(plan)
    } else {
        Err(Refused::new(
            format!(
                "{} carries out {} with {}, not {}",
                case.server()?.name,
                operation.name(),
                words::name(plan.signal),
                words::name(signal)
            ),
            farrier(&format!("plan {}", operation.name()), &app.id),
        ))
    }
}

/// The same plan from a fresh look, to see whether it still stands.
pub fn again(census: &Census, verdicts: &Verdicts, plan: &Plan) -> Result<Plan, Refused> {
    match (plan.operation, census.member(plan.target)) {
        (Some(operation), Some((app, _))) => {
            let named = Some(plan.target);
            planned(&Case { census, verdicts, app, named, way: plan.way }, operation)
        }
        _ => signal(census, verdicts, plan.target, plan.signal),
    }
}

/// Whether one thing that was checked stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckState {
    /// It holds.
    Holds,
    /// It does not, and the operation may go on with that said.
    Warns,
    /// It does not, and the operation needs `--force` or the app's name typed.
    Stops,
    /// It could not be seen, and the operation rests on it: it stops as well.
    Unseen,
    /// It could not be seen.
    Blind,
}

impl CheckState {
    /// Whether it stands in the way.
    pub fn stops(self) -> bool {
        matches!(self, Self::Stops | Self::Unseen)
    }

    /// Whether it was seen, for better or worse.
    pub fn is_seen(self) -> bool {
        !matches!(self, Self::Unseen | Self::Blind)
    }
}

/// One thing that was checked before a signal is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was checked: the same word in every look, while the words below may carry moving numbers.
    pub what: &'static str,
    /// What came of it.
    pub state: CheckState,
    /// In words, subject first.
    pub words: String,
}

/// What has to be given before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// The button.
    Button,
    /// This word typed (the app's name), on the command line `--yes --force`: it ends service or may.
    Word(String),
}

/// What must be seen after the signal for the step to have come true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The process ends.
    Ended,
    /// A re-executed master appears as its child and is ready, with workers.
    NewMaster,
    /// Its workers are replaced while it stays.
    WorkersReplaced,
    /// It executes its program anew and serves again.
    Renewed,
    /// It has this many workers.
    Workers(u32),
    /// It is no longer stopped.
    Running,
    /// The log files of the master are reopened: it is seen only that the signal is not pending any more.
    Taken,
}

/// A plan for one signal to one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The operation; `None`: a bare signal was asked for.
    pub operation: Option<Operation>,
    /// The shape of the restart that it begins, where one was asked for.
    pub way: Option<Way>,
    /// The app.
    pub app: AppId,
    /// Its name.
    pub app_name: String,
    /// What is sent.
    pub signal: Signal,
    /// To whom.
    pub target: Pid,
    /// The role in which it gets it; [`Role::Worker`] only for CONT.
    pub role: Role,
    /// Its start tick, as the look saw it: the process that is held has to have the same.
    pub started: Option<u64>,
    /// The dialog's title: `Retire the old master of shop`.
    pub title: String,
    /// The release that it starts, or takes back, where that is known: the audit log keeps it.
    pub tries: Option<String>,
    /// SEND: the signal, the process by pid, title, user and start.
    pub send: String,
    /// DOES: what this server does on it in this state.
    pub does: String,
    /// AFTER IT: what stands then.
    pub after: String,
    /// WAY BACK.
    pub way_back: String,
    /// NEXT: what a new generation starts from; empty where none is started.
    pub next: Vec<Next>,
    /// The directory that is locked while it goes on, so that two operators do not both: the pidfile's.
    pub lock: Option<PathBuf>,
    /// CHECKED.
    pub checks: Vec<Check>,
    /// BY HAND: the equivalent command.
    pub by_hand: String,
    /// What comes of it in a few words, for a list of operations.
    pub brief: Option<String>,
    /// What has to be given first.
    pub confirm: Confirm,
    /// What must be seen.
    pub expect: Expect,
    /// Within how long.
    pub within: Duration,
    /// How long to look on once it has come true, so that whoever follows the receiver has had his turn.
    pub outlast: Duration,
}

/// Why nothing is sent, and the way out. Printed after `Not sent: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The reason, subject first.
    pub reason: String,
    /// What can be done instead.
    pub way_out: String,
    /// The reason in a few words, for a list of operations.
    pub brief: Option<String>,
}

impl Refused {
    /// A reason and a way out.
    pub fn new(reason: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { reason: reason.into(), way_out: way_out.into(), brief: None }
    }

    /// The reason in a few words.
    #[must_use]
    pub fn briefly(mut self, words: impl Into<String>) -> Self {
        self.brief = Some(words.into());
        self
    }
}

/// What came of it, as it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was expected was seen; in words.
    Done(String),
    /// It was sent, what should follow was not seen, and the app still has a master that serves.
    NotSeen(String),
    /// It was sent, and nothing serves now though something should.
    NothingServes(String),
    /// Nothing was sent.
    Refused(Refused),
    /// Nothing was sent, since the audit log took no line of it; why. It can be confirmed once more without one.
    Unaudited(Refused),
    /// Interrupted, or not observable any more; where it stands.
    Interrupted(String),
}

impl Outcome {
    /// What came of it, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Done(words)
            | Self::NotSeen(words)
            | Self::NothingServes(words)
            | Self::Interrupted(words) => words.clone(),
            Self::Refused(refused) | Self::Unaudited(refused) => {
                format!("Not sent: {}. {}", refused.reason, refused.way_out)
            }
        }
    }

    /// The status that a command ends with on it (`docs/cli.md`, "Exit status").
    pub fn status(&self) -> u8 {
        match self {
            Self::Done(_) => 0,
            Self::NotSeen(_) => 1,
            Self::NothingServes(_) => 2,
            Self::Refused(_) | Self::Unaudited(_) => 3,
            Self::Interrupted(_) => 4,
        }
    }
}
