//! Operations: what can be done to an app, by the words of `cli.md`.

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by `does`")]
pub enum Operation {
    Upgrade,
    Rollback,
    Reload,
    Retire,
    Stop,
    ReopenLogs,
    Drain,
    AddWorker,
    RemoveWorker,
    Continue,
}

impl Operation {
    /// All of them, in the order in which they are shown.
    pub const ALL: &[Self] = &[
        Self::Retire,
        Self::Upgrade,
        Self::Rollback,
        Self::Reload,
        Self::ReopenLogs,
        Self::AddWorker,
        Self::RemoveWorker,
        Self::Drain,
        Self::Continue,
        Self::Stop,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
            Self::Reload => "reload",
            Self::Retire => "retire",
            Self::Stop => "stop",
            Self::ReopenLogs => "reopen-logs",
            Self::Drain => "drain",
            Self::AddWorker => "add-worker",
            Self::RemoveWorker => "remove-worker",
            Self::Continue => "continue",
        }
    }
}
