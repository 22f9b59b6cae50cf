//! Operation to plan: what will be sent to whom, what it does, what must be seen, and the way back. A plan is data:
//! what the screen shows, what `--dry-run` prints and what the runner carries out are one value.

use std::time::Duration;

use crate::model::{AppId, Operation, Signal};
use crate::os::Pid;

/// Whether one thing that was checked stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckState {
    /// It holds.
    Holds,
    /// It does not, and the operation may go on with that said.
    Warns,
    /// It does not, and the operation needs `--force` or the app's name typed.
    Stops,
    /// It could not be seen.
    Blind,
}

/// One thing that was checked before a signal is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
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
    /// The app.
    pub app: AppId,
    /// Its name.
    pub app_name: String,
    /// What is sent.
    pub signal: Signal,
    /// To whom.
    pub target: Pid,
    /// The dialog's title: `Retire the old master of shop`.
    pub title: String,
    /// SEND: the signal, the process by pid, title, user and start.
    pub send: String,
    /// DOES: what this server does on it in this state.
    pub does: String,
    /// AFTER IT: what stands then.
    pub after: String,
    /// WAY BACK.
    pub way_back: String,
    /// CHECKED.
    pub checks: Vec<Check>,
    /// BY HAND: the equivalent command.
    pub by_hand: String,
    /// What has to be given first.
    pub confirm: Confirm,
    /// What must be seen.
    pub expect: Expect,
    /// Within how long.
    pub within: Duration,
}

/// Why nothing is sent, and the way out. Printed after `Not sent: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The reason, subject first.
    pub reason: String,
    /// What can be done instead.
    pub way_out: String,
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
    /// Interrupted, or not observable any more; where it stands.
    Interrupted(String),
}
