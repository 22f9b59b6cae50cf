//! `farrier plan OPERATION TARGET`: what an operation would do, and what would stop it. Sends nothing.

use clap::Args;

use super::how::How;
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
    /// How an upgrade goes: a second master beside the first, the same master anew, worker by worker, or a reload
    #[arg(long, value_name = "WAY")]
    way: Option<How>,
}

impl PlanCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let mut order = order(&self.target, None, options)?;
        let operation = match self.operation {
            Operation::Upgrade => {
                let (operation, way) = How::asked(self.way);
                order.wishes.way = way;
                operation
            }
            other => other,
        };
        with_desk(&Wanted::Operation(operation), &order, options, output)
    }
}
