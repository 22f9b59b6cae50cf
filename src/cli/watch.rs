//! `farrier watch TARGET`: follows a handover that somebody else started, a line an event, to its verdict.

use std::time::Duration;

use clap::Args;

use super::looker::Looker;
use super::{Options, Output, Status, targets};
use crate::model::Census;
use crate::model::history::Event;
use crate::os::own;
use crate::plans::Outcome;
use crate::plans::attend::{Patience, Seat, attend};
use crate::plans::follow::Follow;
use crate::show::json::{self, watch::Line};
use crate::show::text::watch as text;
use crate::survey::target::resolve;

/// Seconds between two looks when nothing says otherwise: what a handover shows for less may be missed.
const EVERY: f64 = 0.25;

/// Its arguments.
#[derive(Debug, Args)]
pub struct Watch {
    /// An app by id, name or deploy root, a pidfile by path, or a master by PID
    #[arg(value_parser = targets::word)]
    target: String,
    /// How long to follow it
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: u32,
}

impl Watch {
    /// Runs it.
    pub fn run(&self, options: &Options, output: &mut Output) -> anyhow::Result<Status> {
        let machines = options.machines()?;
        let settings = options.settings_beside(&machines)?;
        let wish = targets::wish(std::slice::from_ref(&self.target), &settings);
        let broken_off = own::BreakOff::listen();
        let recorded = !options.from.is_empty();
        let mut worst = Status::DONE;
        for machine in &machines {
            let mut looker =
                Looker::new(machine.source.as_ref(), machine.wish(&wish), settings.ignore.clone());
            let status = self.follow(
                options,
                recorded,
                &mut || looker.look().0,
                &|| broken_off.is_raised(),
                output,
            );
            worst = worst.graver(status);
        }
        Ok(worst)
    }

    fn follow(
        &self,
        options: &Options,
        recorded: bool,
        look: &mut dyn FnMut() -> Census,
        broken_off: &dyn Fn() -> bool,
        output: &mut Output,
    ) -> Status {
        let first = look();
        let app = match resolve(&first, &self.target) {
            Ok(target) => first.app(&target.app),
            Err(refused) => {
                output.complain(&targets::words(&refused));
                return Status::REFUSED;
            }
        };
        let Some(app) = app else { return Status::REFUSED };
        let patience = Patience {
            within: Duration::from_secs(u64::from(self.timeout)),
            every: Duration::from_secs_f64(options.refresh.unwrap_or(EVERY)),
            recorded,
        };
        let (mut at, json) = (first.taken_at, options.is_json());
        let position = Follow::new(&first, app).position(&first);
        output.print(&if json {
            let line = Line::watching(&app.id, at, &position);
            json::text(&line, json::Layout::OneLine).unwrap_or_default()
        } else {
            text::line(at, &position)
        });
        output.flush();
        let outcome = attend(
            &first,
            app,
            patience,
            &mut Seat {
                look: &mut || {
                    let census = look();
                    at = census.taken_at;
                    census
                },
                pause: &mut |time| {
                    if !recorded {
                        own::pause(time);
                    }
                },
                tell: &mut |event: &Event| {
                    let line = if json {
                        json::text(&Line::event(event), json::Layout::OneLine).unwrap_or_default()
                    } else {
                        text::event(event)
                    };
                    output.print(&line);
                    output.flush();
                },
                broken_off,
            },
        );
        let (words, status) = judged(outcome);
        output.print(&if json {
            let line = Line::verdict(&app.id, at, &words, status.0);
            json::text(&line, json::Layout::OneLine).unwrap_or_default()
        } else {
            text::line(at, &words)
        });
        status
    }
}

/// The last words, and the status of `docs/cli.md`.
fn judged(outcome: Outcome) -> (String, Status) {
    let status = Status(outcome.status());
    match outcome {
        Outcome::Refused(refused) | Outcome::Unaudited(refused) => (refused.to_string(), status),
        other => (other.words(), status),
    }
}
