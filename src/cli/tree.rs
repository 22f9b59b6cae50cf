//! `farrier tree`: apps, masters and workers.

use clap::Args;

use super::check::titled;
use super::machine::{Looks, Seen};
use super::targets::{self, Chosen};
use super::{Options, Output, Status};
use crate::show::json::{self, Layout};
use crate::show::text;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Tree {
    /// Apps by id, name or deploy root, pidfiles by path, masters by PID; none: every app found
    #[arg(value_name = "TARGET", value_parser = targets::word)]
    targets: Vec<String>,
}

impl Tree {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let machines = options.machines()?;
        let settings = options.settings_beside(&machines)?;
        let several = machines.len() > 1;
        let mut status = Status::DONE;
        for machine in &machines {
            let mut wish = targets::wish(&self.targets, &settings);
            wish.memory = true;
            let seen = machine.look(&wish, &settings.ignore, Looks::One);
            let Seen { census, verdicts } = match targets::choose(seen, &self.targets) {
                Chosen::Apps(seen) => *seen,
                Chosen::Refused(words) => {
                    output.complain(&words);
                    status = Status::REFUSED;
                    continue;
                }
            };
            if census.seen.is_partial() {
                output.complain("processes are hidden here: farrier check says why");
            }
            let paint = options.paint();
            output.print(&if options.is_json() {
                let layout = if several { Layout::OneLine } else { Layout::Lines };
                json::text(&json::tree::Tree::new(&census), layout)?
            } else {
                let tree = text::tree::tree(&census, &verdicts, paint);
                paint.finish(&if several { titled(&census, &tree, paint) } else { tree })
            });
        }
        Ok(status)
    }
}
