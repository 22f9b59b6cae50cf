//! `farrier upgrade TARGET`: the whole zero-downtime restart, step by step.

use clap::Args;

use super::how::How;
use super::operate::Wanted;
use super::sending::{Sending, order, with_desk};
use super::{Options, Output, Status, targets};
use crate::plans::course::Wishes;

/// Its arguments.
#[derive(Debug, Args)]
pub struct UpgradeCommand {
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
    /// Drain the old master by WINCH first, and ask before it is retired
    #[arg(long)]
    canary: bool,
    /// A path that a worker of the new master has to answer below 500 before the old one is retired
    #[arg(long, value_name = "PATH", value_parser = path)]
    probe: Option<String>,
    /// How: a second master beside the first, the same master anew, worker by worker, or a reload; else the best that
    /// loads the new code
    #[arg(long, value_name = "WAY")]
    way: Option<How>,
    #[command(flatten)]
    sending: Sending,
}

impl UpgradeCommand {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let mut order = order(&self.target, Some(&self.sending), options)?;
        let (operation, way) = How::asked(self.way);
        order.wishes = Wishes { canary: self.canary, probe: self.probe.clone(), way };
        with_desk(&Wanted::Operation(operation), &order, options, output)
    }
}

/// A path as it stands in a request: what else a line of HTTP could hold is kept out.
fn path(word: &str) -> Result<String, String> {
    let plain = word.starts_with('/') && word.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(word.to_owned()) } else { Err("a path begins with / and has no blanks".into()) }
}
