//! Continue: CONT to a stopped process. What was sent to it meanwhile is handled then.

use std::time::Duration;

use crate::model::{Operation, Process, Role, Signal};
use crate::os::Pid;

use super::check::{holds, warns};
use super::{Case, Expect, OperationCard, Plan, Refused, words};

/// The card.
pub const CONTINUE: OperationCard = OperationCard {
    operation: Operation::Continue,
    summary: "lets a stopped master or worker go on",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    case.by(Operation::Continue)?;
    let stopped: Vec<&Process> = case
        .app
        .processes()
        .filter(|process| process.is_stopped())
        .filter(|process| case.named.is_none_or(|named| named == process.pid))
        .collect();
    match (stopped.as_slice(), case.named) {
        ([one], _) => {
            let role = case.app.master(one.pid).map_or(Role::Worker, |master| master.role);
            plan_for(case, one, role)
        }
        ([], Some(pid)) => {
            Err(Refused::new(format!("{pid} is not stopped"), "there is nothing to continue"))
        }
        ([], None) => Err(Refused::new(
            format!("no process of {} is stopped", case.app.name),
            "there is nothing to continue",
        )),
        (several, _) => {
            let pids: Vec<Pid> = several.iter().map(|process| process.pid).collect();
            Err(Refused::new(
                format!("{} of {} are stopped", words::list(&pids), case.app.name),
                "name one: farrier signal CONT PID",
            ))
        }
    }
}

/// CONT to one process, be it a master or a worker.
pub(super) fn plan_for(case: &Case<'_>, process: &Process, role: Role) -> Result<Plan, Refused> {
    let pid = process.pid;
    case.may_be_signalled(process, Signal::SIGCONT)?;
    if !process.is_stopped() {
        return Err(Refused::new(format!("{pid} is not stopped"), "there is nothing to continue"));
    }
    let mut plan = case.blank(Some(Operation::Continue), Signal::SIGCONT, process, role);
    plan.title = format!("Continue {pid} of {}", case.app.name);
    plan.does = format!("{pid} goes on where it was stopped");
    plan.after = format!("{pid} runs and handles what was sent to it meanwhile");
    plan.way_back = "none is needed".into();
    let status = process.status.get();
    if let Some(tracer) = status.map(|status| status.tracer).filter(|tracer| *tracer != 0) {
        plan.checks.push(warns("traced", format!("{tracer} traces {pid} and decides about it")));
    }
    let waiting: Vec<&str> = Signal::iterator()
        .filter(|signal| status.is_some_and(|status| status.pending.has(*signal)))
        .map(words::name)
        .collect();
    plan.checks.push(if waiting.is_empty() {
        holds("pending", "no signal waits for it")
    } else {
        warns("pending", format!("{} waits for it and is handled at once", waiting.join(", ")))
    });
    plan.expect = Expect::Running;
    plan.within = Duration::from_secs(5);
    Ok(plan.settled())
}
