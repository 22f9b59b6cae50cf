//! `farrier signal SIGNAL TARGET`: one signal, guided.

use clap::Args;

use super::operate::{self, Wanted};
use super::sending::{Sending, order, with_desk};
use super::{Options, Output, Status, targets};
use crate::model::Signal;

/// Its arguments.
#[derive(Debug, Args)]
pub struct SignalCommand {
    /// HUP, USR2, QUIT, USR1, WINCH, TTIN, TTOU, TERM or CONT
    #[arg(value_parser = operate::signal)]
    signal: Signal,
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
    #[command(flatten)]
    sending: Sending,
}

impl SignalCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let order = order(&self.target, Some(&self.sending), options)?;
        with_desk(&Wanted::Signal(self.signal), &order, options, output)
    }
}
