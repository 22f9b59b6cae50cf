//! `farrier plan OPERATION TARGET`: what an operation would do, and what would stop it. Sends nothing.

use clap::Args;

use super::operate::{self, Wanted};
use super::sending::{order, with_desk};
use super::{Options, Output, Status, targets};
use crate::model::Operation;

/// Its arguments.
#[derive(Debug, Args)]
pub struct PlanCommand {
    /// upgrade, rollback, reload, retire, stop, reopen-logs, drain, add-worker, remove-worker or continue
    #[arg(value_parser = operate::operation)]
    operation: Operation,
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
}

impl PlanCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let order = order(&self.target, None, options)?;
        with_desk(&Wanted::Operation(self.operation), &order, options, output)
    }
}
