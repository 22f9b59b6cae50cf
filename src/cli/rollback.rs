//! `farrier rollback TARGET`: the way back while both masters live.

use clap::Args;

use super::operate::Wanted;
use super::sending::{Sending, order, with_desk};
use super::{Options, Output, Status, targets};
use crate::model::Operation;

/// Its arguments.
#[derive(Debug, Args)]
pub struct RollbackCommand {
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
    #[command(flatten)]
    sending: Sending,
}

impl RollbackCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let order = order(&self.target, Some(&self.sending), options)?;
        with_desk(&Wanted::Operation(Operation::Rollback), &order, options, output)
    }
}
