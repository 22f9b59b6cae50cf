//! `farrier do OPERATION TARGET`: carries an operation out as `plan` shows it.

use clap::Args;

use super::operate::{self, Wanted};
use super::sending::{Sending, order, with_desk};
use super::{Options, Output, Status, targets};
use crate::model::Operation;

/// Its arguments.
#[derive(Debug, Args)]
pub struct DoCommand {
    /// upgrade, rollback, reload, retire, stop, reopen-logs, drain, add-worker, remove-worker or continue
    #[arg(value_parser = operate::operation)]
    operation: Operation,
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
    #[command(flatten)]
    sending: Sending,
}

impl DoCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let order = order(&self.target, Some(&self.sending), options)?;
        with_desk(&Wanted::Operation(self.operation), &order, options, output)
    }
}
