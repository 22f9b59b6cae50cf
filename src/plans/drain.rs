//! Drain: WINCH to a master, whose workers leave while it keeps its sockets.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{Master, Operation, Role};
use crate::os::Text;

use super::check::{blind, holds};
use super::{Case, Expect, OperationCard, Plan, Refused, stop, words};

/// The card.
pub const DRAIN: OperationCard = OperationCard {
    operation: Operation::Drain,
    summary: "ends a master's workers, the master stays and can start them again",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Drain)?;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    let alive = master.workers_alive().count();
    let mut plan = case.draft(Some(Operation::Drain), by.signal, master)?;
    if alive == 0 {
        return Err(Refused::new(
            format!("{pid} has no workers: it is drained"),
            farrier("signal TTIN", pid) + " starts one",
        ));
    }
    input_is_no_terminal(master, &mut plan)?;
    plan.title = match master.role {
        Role::Old => format!("Drain the old master of {}", case.app.name),
        _ => format!("Drain {}", case.app.name),
    };
    plan.does = format!(
        "its {} end their requests, within {} s, and leave; {pid} stays and starts no others",
        words::workers(alive),
        case.timeout(master)
    );
    stop::ends_service(case, master, &mut plan);
    if plan.stops() {
        plan.after = format!("nobody of {} answers: connections wait in its queue", case.app.name);
    } else {
        plan.after = format!("{pid} has no workers; {}", plan.after);
    }
    plan.way_back = format!("TTIN to {pid}, once for each worker: they run the code it has loaded");
    case.queues(&mut plan);
    if master.role != Role::Old {
        plan.confirm = case.ask_for_name();
    }
    plan.expect = Expect::Workers(0);
    plan.within = Duration::from_secs(case.timeout(master) + 10);
    Ok(plan.settled())
}

/// Unicorn ignores WINCH while its standard input is a terminal: there the signal comes from a resized window
/// (`failures.md` §2.1).
fn input_is_no_terminal(master: &Master, plan: &mut Plan) -> Result<(), Refused> {
    let pid = master.process.pid;
    let Some(descriptors) = master.process.descriptors.get() else {
        let words = format!("whether {pid} reads from a terminal, and so ignores WINCH");
        plan.checks.push(blind("terminal", words));
        return Ok(());
    };
    match descriptors.iter().find(|descriptor| descriptor.fd == 0) {
        Some(input) if is_terminal(&input.target) => Err(Refused::new(
            format!("{pid} ignores WINCH: its standard input is {}", input.target),
            farrier("signal TTOU", pid) + " ends one worker at a time",
        )),
        _ => {
            plan.checks.push(holds("terminal", "its standard input is no terminal"));
            Ok(())
        }
    }
}

fn is_terminal(target: &Text) -> bool {
    let bytes = target.bytes();
    bytes.starts_with(b"/dev/pts/") || bytes.starts_with(b"/dev/tty") || bytes == b"/dev/console"
}
