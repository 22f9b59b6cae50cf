//! Stop: the current master ends once its requests are done, and service of the app with it.

use crate::contract::quote::{self, farrier};
use std::time::Duration;

use crate::model::takeover::takeover;
use crate::model::{Master, Operation, Phase, Role, Supervisor, Unit};

use super::check::{holds, stops};
use super::{Case, CheckState, Expect, OperationCard, Plan, Refused, rollback, words};

/// The card.
pub const STOP: OperationCard = OperationCard {
    operation: Operation::Stop,
    summary: "ends the current master and its workers once their requests are done",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Stop)?;
    let id = &case.app.id;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    let signal = words::name(by.signal);
    if master.role == Role::Old {
        return Err(Refused::new(
            format!("{pid} is the old master: {} does not end with it", case.app.name),
            match case.by(Operation::Retire) {
                Ok(_) => farrier("plan retire", id),
                Err(_) => format!("kill -{signal} {pid} retires it"),
            },
        ));
    }
    if let Some(old) = rollback::way_back(case.app, master) {
        let way_out = match case.by(Operation::Rollback) {
            Ok(_) => {
                format!("{}, or {} first", farrier("plan rollback", id), farrier("plan retire", id))
            }
            Err(_) => format!("end that one first: kill -{signal} {}", old.process.pid),
        };
        return Err(Refused::new(
            format!(
                "old master {} lives and would serve on: {signal} to {pid} is a rollback",
                old.process.pid
            ),
            way_out,
        )
        .briefly(format!("{} would serve on", old.process.pid)));
    }
    let mut plan = case.draft(Some(Operation::Stop), by.signal, master)?;
    plan.title = match master.role {
        Role::Duplicate => format!("End the duplicate master {pid} of {}", case.app.name),
        _ => format!("Stop {}", case.app.name),
    };
    plan.does = match master.workers_alive().count() {
        0 if master.serves_alone == Some(true) => {
            format!("it ends its requests, within {} s, and leaves", case.timeout(master))
        }
        count => format!(
            "its {} end their requests, within {} s, and leave",
            words::workers(count),
            case.timeout(master)
        ),
    };
    ends_service(case, master, &mut plan);
    case.queues(&mut plan);
    // An empty queue is nothing that stopping rests on.
    plan.checks.retain(|check| check.what != "queue" || check.state != CheckState::Holds);
    plan.confirm = case.ask_for_name();
    plan.expect = Expect::Ended;
    plan.within = Duration::from_secs(case.timeout(master) + 10);
    Ok(plan.settled())
}

/// AFTER IT, WAY BACK and the check that tells whether anybody is left.
pub(super) fn ends_service(case: &Case<'_>, master: &Master, plan: &mut Plan) {
    let (pid, name) = (master.process.pid, &case.app.name);
    let others: Vec<_> = case
        .app
        .living_masters()
        .filter(|other| other.process.pid != pid && other.phase == Phase::Ready)
        .filter(|other| other.serves_alone == Some(true) || other.workers_alive().count() > 0)
        .map(|other| other.process.pid)
        .collect();
    if others.is_empty() {
        let answers =
            case.proxy().map(|proxy| format!(", {proxy} answers 502")).unwrap_or_default();
        plan.after = match unit(master) {
            Some(unit) if never(unit) => format!(
                "{name} is down: no master is left{answers}, and {} (Restart=no) starts none",
                unit.name
            ),
            _ => {
                format!("{name} is down: no master is left{answers}; {}", case.restarted_by(master))
            }
        };
        plan.way_back = match unit(master) {
            Some(unit) => start_anew(case, master, unit),
            None => format!("none by a signal: {name} has to be started anew"),
        };
        plan.checks.insert(0, stops("only", format!("{pid} is the only master of {name}")));
    } else {
        let left = words::list(&others);
        plan.after = format!("{left} stays; {}", case.restarted_by(master));
        plan.way_back = format!("none: {pid} cannot be brought back");
        plan.checks.push(holds("only", format!("{left} serves too")));
    }
}

/// The systemd service that a master runs in.
fn unit(master: &Master) -> Option<&Unit> {
    match master.supervisor.get() {
        Some(Supervisor::Unit(unit)) => Some(unit),
        _ => None,
    }
}

/// Whether the service is started again by nobody: `Restart=` is `no` where it is not set (`systemd.service(5)`).
fn never(unit: &Unit) -> bool {
    unit.file.is_some() && unit.restart.as_ref().is_none_or(|restart| restart.bytes() == b"no")
}

/// How it is started again, and how long that took the last time.
fn start_anew(case: &Case<'_>, master: &Master, unit: &Unit) -> String {
    let name = quote::unit(&unit.name);
    let took = takeover(case.app, case.census)
        .filter(|told| told.master.process.pid == master.process.pid);
    let took = took.and_then(|told| Some(told.ready?.duration_since(told.began).as_secs()));
    let dark = if case.proxy().is_some() { "of 502" } else { "without an answer" };
    match took {
        Some(seconds) => {
            format!("systemctl start {name}: about {seconds} s {dark}, as it last loaded")
        }
        None => format!("systemctl start {name}"),
    }
}
