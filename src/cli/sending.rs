//! What the commands that may send have in common: their options, the terminal, the hands.

use std::time::Duration;

use clap::Args;

use super::looker::Looker;
use super::operate::{Consent, Desk, Order, Reach, Said, Wanted, operate};
use super::{Options, Output, Status, targets};
use crate::os::own;
use crate::os::signal::LiveHands;
use crate::plans::course::Wishes;

/// Options of commands that send.
#[derive(Debug, Default, Args)]
pub struct Sending {
    /// Show what would be done and pass every gate, send nothing
    #[arg(long)]
    dry_run: bool,
    /// No question
    #[arg(long)]
    yes: bool,
    /// With --yes: go on although the preflight found something critical, or service ends
    #[arg(long)]
    force: bool,
    /// How long to wait for what should follow
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    timeout: Option<u32>,
}

/// What was asked for; without options of sending: to be shown only.
pub fn order(target: &str, sending: Option<&Sending>, options: &Options) -> anyhow::Result<Order> {
    let settings = options.settings()?;
    let reach = match sending {
        None => Reach::Look,
        Some(sending) if sending.dry_run => Reach::Rehearse,
        Some(_) if !options.from.is_empty() => {
            Reach::ReadOnly("this is a recording: no process is behind it")
        }
        Some(_) if settings.unread => {
            Reach::ReadOnly("a settings file gave no answer, and it may forbid to send")
        }
        Some(_) if settings.read_only => {
            Reach::ReadOnly("farrier is read-only, by --read-only or a setting")
        }
        Some(_) => Reach::Send,
    };
    Ok(Order {
        target: target.to_owned(),
        reach,
        consent: sending
            .map(|sending| Consent { yes: sending.yes, force: sending.force })
            .unwrap_or_default(),
        timeout: sending
            .and_then(|sending| sending.timeout)
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
        json: options.is_json(),
        wishes: Wishes::default(),
    })
}

/// Carries it out on this machine, or shows it of a recording.
pub fn with_desk(
    wanted: &Wanted,
    order: &Order,
    options: &Options,
    output: &mut Output,
) -> anyhow::Result<Status> {
    let machines = options.machines()?;
    let settings = options.settings_beside(&machines)?;
    let wish = targets::wish(std::slice::from_ref(&order.target), &settings);
    let paint = options.paint();
    let broken_off = own::BreakOff::listen();
    let mut hands = LiveHands::new(&options.proc).audited(settings.audit_file.clone());
    let mut worst = Status::DONE;
    for machine in &machines {
        let mut looker =
            Looker::new(machine.source.as_ref(), machine.wish(&wish), settings.ignore.clone());
        let mut ask = |question: &str| own::ask(question, &broken_off);
        let status = operate(
            wanted,
            order,
            &mut || looker.look(),
            &mut hands,
            &mut Desk {
                say: &mut |said| match said {
                    Said::Text(text) => {
                        output.print(text);
                        output.flush();
                    }
                    Said::Message(message) => output.complain(message),
                },
                ask: own::input_is_terminal().then_some(&mut ask),
                broken_off: &|| broken_off.is_raised(),
                left: &|| broken_off.how(),
                paint,
            },
        );
        worst = worst.graver(status);
    }
    Ok(worst)
}
