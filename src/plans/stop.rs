//! Stop: QUIT to the current master, which ends service of the app.

use std::time::Duration;

use crate::model::{Master, Operation, Phase, Role};

use super::check::{holds, stops};
use super::{Case, Expect, OperationCard, Plan, Refused, rollback, words};

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
    if master.role == Role::Old {
        return Err(Refused::new(
            format!("{pid} is the old master: {} does not end with it", case.app.name),
            format!("farrier plan retire {id}"),
        ));
    }
    if let Some(old) = rollback::way_back(case.app, master) {
        return Err(Refused::new(
            format!(
                "old master {} lives and would serve on: QUIT to {pid} is a rollback",
                old.process.pid
            ),
            format!("farrier plan rollback {id}, or farrier plan retire {id} first"),
        ));
    }
    let mut plan = case.draft(Some(Operation::Stop), by.signal, master)?;
    plan.title = match master.role {
        Role::Duplicate => format!("End the duplicate master {pid} of {}", case.app.name),
        _ => format!("Stop {}", case.app.name),
    };
    plan.does = format!(
        "its {} end their requests, within {} s, and leave; {pid} removes its pidfile and ends",
        words::workers(master.workers_alive().count()),
        case.timeout(master)
    );
    ends_service(case, master, &mut plan);
    case.queues(&mut plan);
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
        .filter(|other| other.workers_alive().count() > 0)
        .map(|other| other.process.pid)
        .collect();
    if others.is_empty() {
        plan.after =
            format!("{name} is down: no master that serves is left; {}", case.restarted_by());
        plan.way_back = format!("none by a signal: {name} has to be started anew");
        plan.checks.push(stops("only", format!("{pid} is the only master of {name} that serves")));
    } else {
        let left = words::list(&others);
        plan.after = format!("{left} stays; {}", case.restarted_by());
        plan.way_back = format!("none: {pid} cannot be brought back");
        plan.checks.push(holds("only", format!("{left} serves too")));
    }
}
