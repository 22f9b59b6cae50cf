//! Rollback in its simple form: QUIT to the new generation's master while the old one still has workers.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{App, Master, Operation, Phase, Role};

use super::check::{blind, holds, stops, warns};
use super::{Case, Expect, OperationCard, Plan, Refused, words};

/// The card.
pub const ROLLBACK: OperationCard = OperationCard {
    operation: Operation::Rollback,
    summary: "ends the new generation while the old one still serves",
    plan,
};

/// The older ready master that would serve on if this one left.
pub(super) fn way_back<'a>(app: &'a App, leaving: &Master) -> Option<&'a Master> {
    app.in_role(Role::Old).find(|old| {
        old.process.pid != leaving.process.pid
            && old.phase == Phase::Ready
            && !old.process.is_dead()
            && !old.process.is_stopped()
            && !old.is_frozen()
    })
}

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Rollback)?;
    let id = &case.app.id;
    let leaving = case.current_or_named()?;
    let pid = leaving.process.pid;
    if leaving.role == Role::Old {
        return Err(Refused::new(
            format!("{pid} is the old master: QUIT to it goes forward, not back"),
            farrier("plan retire", id),
        ));
    }
    let Some(old) = way_back(case.app, leaving) else {
        return Err(Refused::new(
            format!("no old master of {} lives: there is nothing to go back to", case.app.name),
            "switch current to the older release, then farrier plan upgrade",
        ));
    };
    let back = old.process.pid;
    let alive = old.workers_alive().count();
    if alive == 0 {
        return Err(Refused::new(
            format!("old master {back} has no workers, so nobody would serve"),
            farrier("signal TTIN", back) + " once for each worker, then roll back",
        ));
    }
    let mut plan = case.draft(Some(Operation::Rollback), by.signal, leaving)?;
    plan.title = format!("Roll {} back to {back}", case.app.name);
    plan.does = format!(
        "{} of {pid} end their requests, within {} s, and leave; {pid} ends, and {back} takes its \
         pidfile back",
        words::workers(leaving.workers_alive().count()),
        case.timeout(leaving)
    );
    let release = old.release.get().and_then(Option::as_deref);
    plan.after = format!(
        "{back} serves alone: {}{}",
        words::workers(alive),
        release.map_or_else(String::new, |release| format!(", {release}"))
    );
    plan.way_back =
        format!("{}: {back} starts the next generation again", farrier("plan upgrade", id));
    plan.checks.push(holds("other", format!("{back} is ready with {}", words::workers(alive))));
    shares_listeners(case, old, &mut plan);
    let wanted = leaving.workers_alive().count();
    if alive < wanted {
        let words = format!("{back} has {alive} workers, {pid} has {wanted}");
        plan.checks.push(warns("workers", words));
    }
    let steps = case.app.layout.get().and_then(Option::as_ref).and_then(|layout| {
        let of = |master: &Master| layout.offset(master.release.get()?.as_deref()?);
        Some(of(leaving)? - of(old)?)
    });
    plan.brief = Some(match steps {
        Some(1) => "one release older".into(),
        Some(more @ 2..) => format!("{more} releases older"),
        _ => format!("{back} serves alone"),
    });
    let live = case.app.layout.get().and_then(Option::as_ref).and_then(|l| l.current_release());
    if let Some(live) = live.filter(|live| Some(*live) != release) {
        let words = format!("current keeps naming {live}: the next restart goes forward again");
        plan.checks.push(warns("current", words));
    }
    case.queues(&mut plan);
    plan.expect = Expect::Ended;
    plan.within = Duration::from_secs(case.timeout(leaving) + 10);
    Ok(plan.settled())
}

/// Whether the master that stays holds every listener of the app.
pub(super) fn shares_listeners(case: &Case<'_>, stays: &Master, plan: &mut Plan) {
    let pid = stays.process.pid;
    let Some(held) = stays.listens.get() else {
        plan.checks.push(blind("listeners", format!("which sockets {pid} holds was not read")));
        return;
    };
    let mut lost =
        case.app.listeners.iter().filter(|listener| !held.contains(&listener.inode)).peekable();
    if held.is_empty() {
        plan.checks.push(stops("listeners", format!("{pid} holds no socket")));
    } else if lost.peek().is_none() {
        plan.checks.push(holds("listeners", format!("{pid} holds the socket")));
    }
    for listener in lost {
        plan.checks.push(stops("listeners", format!("{pid} does not hold {}", listener.address)));
    }
}
