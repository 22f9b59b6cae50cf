//! `farrier env`: the environment of one process, values hidden unless their names are harmless.

use clap::Args;

use super::inspect::{not_read, pid};
use super::{Options, Output, Status};
use crate::facts::Lack;
use crate::facts::environ::{self, Environ};
use crate::model::handed_on;
use crate::os::{Pid, Refusal, Source, Text, own, secrets};
use crate::show::json::env_diff::{Difference, Side};
use crate::show::json::{self, Layout};
use crate::show::text;
use crate::show::veil::Veil;
use crate::survey::{Wish, is_server, survey};

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
        let machines = options.machines()?;
        let also = options.settings_beside(&machines)?.show;
        let harmless = |name: &Text, value: &Text| {
            if self.show_secrets {
                return Some(value.clone());
            }
            secrets::shown_value(name, value, &also)
        };
        let mut status = Status::DONE;
        for machine in machines {
            let mut veil = Veil::new(&harmless);
            let source = machine.source.as_ref();
            let ended = match self.diff {
                None => self.one(source, &mut veil, options, output)?,
                Some(other) => self.two(other, source, &mut veil, options, output)?,
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
        let live = environ::live(machine, self.pid);
        if let Err(lack @ Lack::Refused(Refusal::Gone)) = &start.value {
            output.complain(&not_read(self.pid, lack));
            return Ok(Status::REFUSED);
        }
        let paint = options.paint();
        // The whole machine is looked at for a server's process only.
        let census = is_server(machine, self.pid).then(|| survey(machine, &Wish::default()));
        let master = census.as_ref().and_then(|census| census.master(self.pid));
        let next = master.and_then(|(_, master)| handed_on(master));
        if options.is_json() {
            let document = json::env::Env::new(self.pid, &start, &live, next.as_ref(), veil);
            output.print(&json::text(&document, Layout::Lines)?);
        }
        if let (Err(lack), Err(_)) = (&start.value, &live.value) {
            output.complain(&why(self.pid, lack));
            return Ok(Status::REFUSED);
        }
        if !options.is_json() {
            output.print(&paint.finish(&text::env::env(&start, &live, next.as_ref(), veil, paint)));
        }
        Ok(Status::DONE)
    }

    /// Two processes as they are now, as they were started where that is not known of both; or one and its start.
    fn two(
        &self,
        other: Other,
        machine: &dyn Source,
        veil: &mut Veil<'_>,
        options: &Options,
        output: &mut Output,
    ) -> anyhow::Result<Status> {
        let side = |pid, live| Side { pid, live };
        let known = match other {
            Other::Start => both(machine, side(self.pid, true), side(self.pid, false)),
            Other::Pid(other) => both(machine, side(self.pid, true), side(other, true))
                .or_else(|_| both(machine, side(self.pid, false), side(other, false))),
        };
        let [(first, here), (second, there)] = match known {
            Ok(known) => known,
            Err((side, lack)) => {
                let live = format!("the live environment of {} is not known: {lack}", side.pid);
                let gone = matches!(lack, Lack::Refused(Refusal::Gone));
                output.complain(&if side.live && !gone { live } else { why(side.pid, &lack) });
                return Ok(Status::REFUSED);
            }
        };
        let difference = Difference::new(&here, &there, veil);
        let paint = options.paint();
        output.print(&if options.is_json() {
            let document = json::env_diff::EnvDiff::new(first, second, difference);
            json::text(&document, Layout::Lines)?
        } else {
            paint.finish(&text::env::diff((first, second), &difference, paint))
        });
        Ok(Status::DONE)
    }
}

/// Two environments, or whose is not known and why.
fn both(
    machine: &dyn Source,
    first: Side,
    second: Side,
) -> Result<[(Side, Environ); 2], (Side, Lack)> {
    let read = |side: Side| {
        let fact = if side.live {
            environ::live(machine, side.pid)
        } else {
            environ::of(machine, side.pid)
        };
        fact.value.map(|environ| (side, environ)).map_err(|lack| (side, lack))
    };
    Ok([read(first)?, read(second)?])
}

/// Why an environment is not known, subject first.
fn why(pid: Pid, lack: &Lack) -> String {
    match lack {
        Lack::Refused(_) => not_read(pid, lack),
        other => format!("the environment that {pid} was started with is not known: {other}"),
    }
}
