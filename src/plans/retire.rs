//! Retire: QUIT to the old master, once its successor is seen to serve.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{Master, Operation, Phase, Role};

use super::check::holds;
use super::{Case, CheckState, Expect, OperationCard, Plan, Refused, rollback, words};

/// The card.
pub const RETIRE: OperationCard = OperationCard {
    operation: Operation::Retire,
    summary: "ends the old master and its workers, the new one serves alone",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Retire)?;
    let old = old(case)?;
    let pid = old.process.pid;
    let successor = successor(case, old)?;
    let next = successor.process.pid;
    let mut plan = case.draft(Some(Operation::Retire), by.signal, old)?;
    let alive = old.workers_alive().count();
    plan.title = format!("Retire the old master of {}", case.app.name);
    plan.does = if alive == 0 {
        format!("{pid} removes {} and ends", case.pidfile_of(pid))
    } else {
        format!(
            "its {} end their requests, within {} s, and leave; {pid} removes {} and ends",
            words::workers(alive),
            case.timeout(old),
            case.pidfile_of(pid)
        )
    };
    let serving = words::workers(successor.workers_alive().count());
    plan.after = format!(
        "{next} serves alone: {serving}{}",
        successor
            .release
            .get()
            .and_then(Option::as_deref)
            .map_or_else(String::new, |release| format!(", {release}"))
    );
    plan.way_back = format!("none: {pid} cannot be brought back");
    let before = plan.checks.len();
    rollback::shares_listeners(case, successor, &mut plan);
    let shares = plan.checks.split_off(before);
    if shares.iter().all(|check| check.state == CheckState::Holds) {
        let words = format!("{next} is ready and holds the socket");
        plan.checks.insert(0, holds("successor", words));
    } else {
        plan.checks.insert(0, holds("successor", format!("{next} is ready with {serving}")));
        plan.checks.extend(shares);
    }
    plan.brief = Some(format!("{next} serves alone"));
    case.supervisor(old, &mut plan);
    plan.outlast = case.outlast(old);
    case.queues(&mut plan);
    plan.expect = Expect::Ended;
    plan.within = Duration::from_secs(case.timeout(old) + 10);
    Ok(plan.settled())
}

/// The old master: the one that was named, else the oldest, since a chain is ended from its oldest down
/// (`failures.md` F47).
fn old<'a>(case: &Case<'a>) -> Result<&'a Master, Refused> {
    let named = match case.named {
        Some(_) => Some(case.current_or_named()?),
        None => None,
    };
    let id = &case.app.id;
    if let Some(master) = named.filter(|master| master.role != Role::Old) {
        return Err(Refused::new(
            format!("{} is the {} master, not an old one", master.process.pid, master.role.name()),
            farrier("plan stop", id) + " ends the current one",
        ));
    }
    named.or_else(|| case.app.in_role(Role::Old).find(|old| !old.process.is_dead())).ok_or_else(
        || {
            Refused::new(
                format!("{} has no old master", case.app.name),
                "there is nothing to retire",
            )
        },
    )
}

/// The master that is seen to serve when the old one has left (`failures.md` F08: a pid in the pidfile proves nothing).
fn successor<'a>(case: &Case<'a>, old: &Master) -> Result<&'a Master, Refused> {
    let pid = old.process.pid;
    let others = || case.app.living_masters().filter(|other| other.process.pid != pid);
    if let Some(ready) = others().find(|other| {
        other.role != Role::Old
            && other.phase == Phase::Ready
            && !other.process.is_stopped()
            && !other.is_frozen()
            && other.workers_running().next().is_some()
    }) {
        return Ok(ready);
    }
    let newest = others().filter(|other| other.role != Role::Old).last();
    Err(match newest {
        Some(next) if next.phase != Phase::Ready => Refused::new(
            format!(
                "{} still loads: with {pid} gone nobody would answer until it is ready",
                next.process.pid
            ),
            "wait until it is ready",
        ),
        Some(next) => Refused::new(
            format!("{} has no worker that serves: only {pid} serves", next.process.pid),
            farrier("signal TTIN", next.process.pid) + " starts a worker",
        ),
        None => Refused::new(
            format!("{pid} is the only master of {}, though its title says old", case.app.name),
            "wait: it takes its name back when its successor is reaped",
        ),
    })
}
