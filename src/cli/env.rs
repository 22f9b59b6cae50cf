//! `farrier env`: the environment of one process, values hidden unless their names are harmless.

use clap::Args;

use super::inspect::{not_read, pid};
use super::{Options, Output, Status};
use crate::facts::Lack;
use crate::facts::environ::{self, Environ};
use crate::os::{Pid, Source, Text, own, secrets};
use crate::show::json::{self, Layout, env_diff::Difference};
use crate::show::text;
use crate::show::veil::Veil;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Env {
    /// The process: any, not only a server's
    #[arg(value_parser = pid)]
    pid: Pid,
    /// Compare with another process, or with `start`: what the process itself was started with
    #[arg(long, value_name = "OTHER", value_parser = other)]
    diff: Option<Other>,
    /// Show every value, to a terminal only
    #[arg(long)]
    show_secrets: bool,
}

/// What to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    Start,
    Pid(Pid),
}

fn other(text: &str) -> Result<Other, String> {
    if text == "start" { Ok(Other::Start) } else { pid(text).map(Other::Pid) }
}

impl Env {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        if let Some(refused) = self.refused(options) {
            output.complain(refused);
            return Ok(Status::REFUSED);
        }
        let also = options.settings()?.show;
        let harmless = |name: &Text, value: &Text| {
            if self.show_secrets {
                return Some(value.clone());
            }
            let harmless = secrets::is_harmless(name.bytes(), &also);
            harmless.then(|| secrets::mask_text(value).0)
        };
        let mut status = Status::DONE;
        for machine in options.machines()? {
            let mut veil = Veil::new(&harmless);
            let ended = match self.diff {
                None => self.one(machine.source.as_ref(), &mut veil, options, output)?,
                Some(Other::Pid(other)) => {
                    self.two(other, machine.source.as_ref(), &mut veil, options, output)?
                }
                Some(Other::Start) => {
                    output.complain(&format!(
                        "the live environment of {} is not read by this version; \
                         farrier env {} shows what it was started with",
                        self.pid, self.pid
                    ));
                    Status::REFUSED
                }
            };
            status = status.graver(ended);
        }
        Ok(status)
    }

    /// Why values are not shown.
    fn refused(&self, options: &Options) -> Option<&'static str> {
        if !self.show_secrets {
            None
        } else if options.is_json() {
            Some("values are shown to a terminal only: --show-secrets does not go with JSON")
        } else if !options.from.is_empty() {
            Some("a recording holds no secrets: --show-secrets does not go with --from")
        } else if !own::own().output_is_terminal {
            Some("values are shown to a terminal only, not into a pipe or a file")
        } else {
            None
        }
    }

    fn one(
        &self,
        machine: &dyn Source,
        veil: &mut Veil<'_>,
        options: &Options,
        output: &mut Output,
    ) -> anyhow::Result<Status> {
        let start = environ::of(machine, self.pid);
        if let Err(lack @ Lack::Refused(crate::os::Refusal::Gone)) = &start.value {
            output.complain(&not_read(self.pid, lack));
            return Ok(Status::REFUSED);
        }
        let paint = options.paint();
        if options.is_json() {
            let document = json::env::Env::new(self.pid, &start, veil);
            output.print(&json::text(&document, Layout::Lines)?);
        }
        match &start.value {
            Ok(environ) => {
                if !options.is_json() {
                    output.print(&paint.finish(&text::env::env(&veil.all(environ), paint)));
                }
                Ok(Status::DONE)
            }
            Err(lack) => {
                output.complain(&why(self.pid, lack));
                Ok(Status::REFUSED)
            }
        }
    }

    fn two(
        &self,
        other: Pid,
        machine: &dyn Source,
        veil: &mut Veil<'_>,
        options: &Options,
        output: &mut Output,
    ) -> anyhow::Result<Status> {
        let mut known: Vec<Environ> = Vec::new();
        for pid in [self.pid, other] {
            match environ::of(machine, pid).value {
                Ok(environ) => known.push(environ),
                Err(lack) => {
                    output.complain(&why(pid, &lack));
                    return Ok(Status::REFUSED);
                }
            }
        }
        let [first, second] = known.as_slice() else { return Ok(Status::REFUSED) };
        let difference = Difference::new(first, second, veil);
        let paint = options.paint();
        output.print(&if options.is_json() {
            let document = json::env_diff::EnvDiff::new(self.pid, other, difference);
            json::text(&document, Layout::Lines)?
        } else {
            paint.finish(&text::env::diff((self.pid, other), &difference, paint))
        });
        Ok(Status::DONE)
    }
}

/// Why an environment is not known, subject first.
fn why(pid: Pid, lack: &Lack) -> String {
    match lack {
        Lack::Refused(_) => not_read(pid, lack),
        other => format!("the environment that {pid} was started with is not known: {other}"),
    }
}
