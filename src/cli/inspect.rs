//! `farrier inspect`: everything that one process has open or mapped.

use clap::Args;

use super::{Options, Output, Status};
use crate::facts::Lack;
use crate::facts::opens::opens;
use crate::os::{Pid, Refusal};
use crate::show::json::{self, Layout};
use crate::show::text;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The process: any, not only a server's
    #[arg(value_parser = pid)]
    pid: Pid,
}

/// A pid of the command line.
pub fn pid(text: &str) -> Result<Pid, String> {
    text.parse().map_err(|_| "a process id is a whole number above 0".to_owned())
}

/// Why nothing is said about a process.
pub fn not_read(pid: Pid, lack: &Lack) -> String {
    match lack {
        Lack::Refused(Refusal::Gone) => format!("there is no process {pid}"),
        other => format!("{pid} was not read: {other}"),
    }
}

impl Inspect {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let mut status = Status::DONE;
        for machine in options.machines()? {
            let opens = match opens(machine.source.as_ref(), self.pid) {
                Ok(opens) => opens,
                Err(lack) => {
                    output.complain(&not_read(self.pid, &lack));
                    status = Status::REFUSED;
                    continue;
                }
            };
            if !opens.lacking.is_empty() {
                status = Status::REFUSED;
            }
            let paint = options.paint();
            output.print(&if options.is_json() {
                json::text(&json::inspect::Inspect::new(self.pid, &opens), Layout::Lines)?
            } else {
                paint.finish(&text::inspect::inspect(&opens, paint))
            });
        }
        Ok(status)
    }
}
