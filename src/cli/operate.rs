//! From a TARGET to a plan, and from a plan to what came of it: what `plan`, `do` and `signal` have in common.

use crate::contract::quote;
use std::ops::ControlFlow;
use std::str::FromStr as _;
use std::time::Duration;

use super::Status;
use super::conduct::conduct;
pub use super::consent::Consent;
pub use super::desk::{Desk, Said};
use super::looker::settled;
use super::targets;
use crate::contract::Verdicts;
use crate::model::{App, Census, Operation, Role, Signal};
use crate::os::{Hands, Pid};
use crate::plans::course::{Wishes, is_course};
use crate::plans::{self, Confirm, Event, Given, Guard, Outcome, Plan, Refused, Terms, again};
use crate::show::json;
use crate::show::text::plan as text;
use crate::survey::target::{Target, Unresolved, resolve};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An operation, by whatever signal carries it out.
    Operation(Operation),
    /// One signal.
    Signal(Signal),
}

/// How it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The TARGET.
    pub target: String,
    /// What may be done.
    pub reach: Reach,
    /// What is confirmed beforehand.
    pub consent: Consent,
    /// How long to wait for what should follow; `None`: as long as the plan says.
    pub timeout: Option<Duration>,
    /// JSON instead of text, where nothing is sent.
    pub json: bool,
    /// What is wanted of an operation of several steps besides.
    pub wishes: Wishes,
}

/// What may be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Show the plan only.
    #[default]
    Look,
    /// Show it, hold the process and pass the gate, send nothing.
    Rehearse,
    /// Send it.
    Send,
    /// It was to be sent, and nothing may be sent here; why.
    ReadOnly(&'static str),
}

/// Takes a fresh look.
pub type Look<'a> = &'a mut dyn FnMut() -> (Census, Verdicts);

/// A signal by its name, with or without `SIG`, in either case.
pub fn signal(word: &str) -> Result<Signal, String> {
    let upper = word.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    Signal::from_str(&format!("SIG{bare}"))
        .map_err(|_| format!("there is no signal {}", crate::os::text::escaped(word.as_bytes())))
}

/// An operation by its name.
pub fn operation(word: &str) -> Result<Operation, String> {
    Operation::ALL.iter().copied().find(|operation| operation.name() == word).ok_or_else(|| {
        let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        format!("the operations are {}", names.join(", "))
    })
}

/// Carries out what was asked for, as far as its reach goes.
pub fn operate(
    wanted: &Wanted,
    order: &Order,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Status {
    if let Wanted::Operation(operation) = wanted
        && is_course(*operation)
    {
        return conduct(*operation, order, look, hands, desk);
    }
    let (census, verdicts) = settled(look, hands);
    let planned = match planned(wanted, &order.target, &census, &verdicts) {
        Ok(planned) => planned,
        Err(words) => {
            desk.complain(&words);
            return Status::REFUSED;
        }
    };
    show(wanted, &planned, order, desk);
    let Ok(plan) = planned else { return Status::REFUSED };
    let stops = if plan.stops() { Status::REFUSED } else { Status::DONE };
    match order.reach {
        Reach::Look => stops,
        Reach::Rehearse => match Guard::open(plan, &census, hands) {
            Ok(guard) => {
                let (census, verdicts) = look();
                let stands = guard.stands(&census, &verdicts, hands);
                guard.close(hands);
                stands.map_or_else(|refused| told(&refused, desk), |()| stops)
            }
            Err(refused) => told(&refused, desk),
        },
        Reach::ReadOnly(why) => {
            told(&Refused::new(why, "farrier plan shows what it would do"), desk)
        }
        Reach::Send => send(&plan, &census, order, look, hands, desk),
    }
}

/// Keeps a second operator out; that it could not is said. What is confirmed beforehand and does not suffice is told
/// first: nothing is locked for it.
pub(super) fn locked(
    plan: &Plan,
    consent: Consent,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Result<(), Refused> {
    if consent.yes {
        plan.satisfied(&consent.given())?;
    }
    if let Some(words) = plans::lock::take(plan, hands, || look().0)? {
        desk.complain(&words);
    }
    Ok(())
}

pub(super) fn told(refused: &Refused, desk: &mut Desk<'_>) -> Status {
    desk.complain(&text::refused(refused));
    Status::REFUSED
}

/// Prints the plan, or why there is none.
fn show(wanted: &Wanted, planned: &Result<Plan, Refused>, order: &Order, desk: &mut Desk<'_>) {
    let looks = matches!(order.reach, Reach::Look | Reach::Rehearse);
    if order.json && looks {
        let operation = match wanted {
            Wanted::Operation(operation) => Some(*operation),
            Wanted::Signal(_) => None,
        };
        let document = match planned {
            Ok(plan) => json::plan::Planned::new(plan),
            Err(refused) => json::plan::Planned::refused(operation, refused),
        };
        match json::text(&document, json::Layout::Lines) {
            Ok(text) => desk.print(&text),
            Err(error) => desk.complain(&error.to_string()),
        }
        return;
    }
    match planned {
        Ok(plan) => {
            let text = desk.paint.finish(&text::plan(plan, desk.paint));
            desk.print(&text);
        }
        Err(refused) => {
            told(refused, desk);
        }
    }
}

/// The plan for a TARGET; the outer error is about the TARGET itself.
fn planned(
    wanted: &Wanted,
    word: &str,
    census: &Census,
    verdicts: &Verdicts,
) -> Result<Result<Plan, Refused>, String> {
    let target = match resolve(census, word) {
        Ok(target) => target,
        // A worker is named: what comes of it there is the plan's to say, since CONT may go to one.
        Err(Unresolved::Worker { pid, .. }) => match wanted {
            Wanted::Signal(signal) => return Ok(plans::signal(census, verdicts, pid, *signal)),
            Wanted::Operation(_) => return Err(unresolved(census, word)),
        },
        Err(_) => return Err(unresolved(census, word)),
    };
    if let Some(refused) = targets::leads_nowhere(&target) {
        return Ok(Err(refused));
    }
    let Some(app) = census.app(&target.app) else { return Err(unresolved(census, word)) };
    Ok(match wanted {
        Wanted::Operation(operation) => {
            plans::plan(census, verdicts, app, target.master, *operation)
        }
        // While somebody works on it, that is the reason, whomever the signal would be for.
        Wanted::Signal(signal) => plans::is_free(census, app)
            .and_then(|()| receiver(census, &target, *signal))
            .and_then(|pid| plans::signal(census, verdicts, pid, *signal)),
    })
}

fn unresolved(census: &Census, word: &str) -> String {
    resolve(census, word).map_or_else(|refused| targets::words(&refused), |target| target.app.0)
}

/// Whom a signal is for when an app was named: its only living master, else the current one where the signal leaves
/// service standing. Where QUIT or TERM could mean one or the other generation, the pid has to be named.
fn receiver(census: &Census, target: &Target, signal: Signal) -> Result<Pid, Refused> {
    if let Some(pid) = target.master {
        return Ok(pid);
    }
    let living: Vec<(Pid, Role)> = census
        .app(&target.app)
        .into_iter()
        .flat_map(App::living_masters)
        .map(|master| (master.process.pid, master.role))
        .collect();
    match living.as_slice() {
        [] => Err(Refused::new(
            format!("no master of {} lives", target.app),
            "it has to be started; a signal cannot do that",
        )),
        [(only, _)] => Ok(*only),
        several => {
            let list: Vec<String> =
                several.iter().map(|(pid, role)| format!("{pid} ({})", role.name())).collect();
            let name = signal.as_str().trim_start_matches("SIG");
            Err(Refused::new(
                format!("{} has several masters: {}", target.app, list.join(", ")),
                format!("name one: {} PID", quote::farrier("signal", name)),
            ))
        }
    }
}

/// Holds the process, takes the confirmation, sends and watches.
fn send(
    plan: &Plan,
    census: &Census,
    order: &Order,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Status {
    if !order.consent.yes && desk.ask.is_none() {
        let refused = Refused::new("there is no terminal to confirm it", "--yes confirms it");
        return told(&refused, desk);
    }
    if let Err(refused) = locked(plan, order.consent, look, hands, desk) {
        return told(&refused, desk);
    }
    let opened = match Guard::open(plan.clone(), census, hands) {
        Ok(guard) => guard,
        Err(refused) => return told(&refused, desk),
    };
    let given = match confirmed(plan, order.consent, desk) {
        Ok(given) => given,
        Err(outcome) => {
            opened.close(hands);
            return reported(outcome, desk);
        }
    };
    let terms = Terms { given, within: order.timeout, unaudited: order.consent.yes };
    let outcome = carried(opened, &terms, look, hands, desk);
    match outcome {
        Outcome::Unaudited(refused) => unaudited(plan, &terms, &refused, look, hands, desk),
        outcome => reported(outcome, desk),
    }
}

/// The audit log took no line: asks whether to go on without one.
fn unaudited(
    plan: &Plan,
    terms: &Terms,
    refused: &Refused,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Status {
    told(refused, desk);
    let answer = desk.answer("Send it without an audit line? [send/cancel] ");
    match answer {
        Err(outcome) => return reported(outcome, desk),
        Ok(typed) if typed.trim() != "send" => return Status::REFUSED,
        Ok(_) => {}
    }
    let (census, verdicts) = look();
    let guard = again(&census, &verdicts, plan).and_then(|plan| Guard::open(plan, &census, hands));
    match guard {
        Ok(guard) => {
            let terms = Terms { unaudited: true, ..terms.clone() };
            let outcome = carried(guard, &terms, look, hands, desk);
            reported(outcome, desk)
        }
        Err(refused) => told(&refused, desk),
    }
}

fn carried(
    guard: Guard,
    terms: &Terms,
    look: Look<'_>,
    hands: &mut dyn Hands,
    desk: &mut Desk<'_>,
) -> Outcome {
    plans::run(guard, terms, hands, look, &mut |event| {
        match event {
            Event::Sent(words) | Event::Seen(words) | Event::Step { words, .. } => {
                desk.print(&format!("{words}\n"));
            }
            Event::Happened(event) => desk.print(&format!("{}\n", event.words())),
            Event::Warning(words) => desk.complain(&words),
            Event::Waiting(..) => {}
        }
        if (desk.broken_off)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// What the operator gives: asked for on a terminal, else what the options say.
fn confirmed(plan: &Plan, consent: Consent, desk: &mut Desk<'_>) -> Result<Given, Outcome> {
    if consent.yes {
        return Ok(consent.given());
    }
    let name = plan.signal.as_str().trim_start_matches("SIG");
    match &plan.confirm {
        Confirm::Word(word) => {
            let typed = desk.answer(&format!(
                "This ends service, or may. To send {name} to {}, type the name of the app, {word}: ",
                plan.target
            ))?;
            Ok(Given::Word(typed.trim_end_matches(['\r', '\n']).to_owned()))
        }
        Confirm::Button => {
            let typed = desk.answer(&format!("Send {name} to {}? [send/cancel] ", plan.target))?;
            if typed.trim() == "send" {
                Ok(Given::Button)
            } else {
                Err(Outcome::Refused(Refused::new("it was cancelled", "type send to confirm it")))
            }
        }
    }
}

/// The last line, and the status of `docs/cli.md`.
pub(super) fn reported(outcome: Outcome, desk: &mut Desk<'_>) -> Status {
    let status = Status(outcome.status());
    match outcome {
        Outcome::Done(words) => desk.print(&format!("{words}\n")),
        Outcome::NotSeen(words) | Outcome::NothingServes(words) | Outcome::Interrupted(words) => {
            desk.complain(&words);
        }
        Outcome::Refused(refused) | Outcome::Unaudited(refused) => return told(&refused, desk),
    }
    status
}
