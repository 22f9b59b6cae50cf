//! The rows of a card's tables of signals and operations, and how they are written.

use crate::model::{Operation, Role, Signal};

use super::Condition;

/// What one signal does to one receiver, and where that is written.
#[derive(Clone, Copy, Debug)]
pub struct SignalUse {
    /// The signal.
    pub signal: Signal,
    /// The receiver: a master (any role but worker) or a worker.
    pub to: Role,
    /// What it does, as an operator would say it.
    pub does: &'static str,
    /// What has to hold for that; `None`: it does so always.
    pub when: Option<Condition>,
    /// Where that is written: the server's own manual or source file, with its version.
    pub source: &'static str,
}

/// How an operation is carried out by one signal.
#[derive(Clone, Copy, Debug)]
pub struct OperationUse {
    /// The operation.
    pub operation: Operation,
    /// The signal that it sends.
    pub signal: Signal,
    /// The role of the master that gets it.
    pub to: Role,
    /// What has to hold for the signal to carry it out; `None`: nothing.
    pub needs: Option<Condition>,
}

/// A row of what signals do to a master.
pub const fn master(signal: Signal, does: &'static str, source: &'static str) -> SignalUse {
    SignalUse { signal, to: Role::Current, does, when: None, source }
}

/// A row of what signals do to a worker.
pub const fn worker(signal: Signal, does: &'static str, source: &'static str) -> SignalUse {
    SignalUse { signal, to: Role::Worker, does, when: None, source }
}

/// A row of operations: the current master gets the signal.
pub const fn by(operation: Operation, signal: Signal) -> OperationUse {
    OperationUse { operation, signal, to: Role::Current, needs: None }
}
