//! Remove a worker: TTOU to a master. Unicorn goes down to none.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{Operation, Role};

use crate::servers::server;

use super::{Case, Expect, OperationCard, Plan, Refused, stop, words};

/// The card.
pub const REMOVE_WORKER: OperationCard = OperationCard {
    operation: Operation::RemoveWorker,
    summary: "ends one worker once its request is done",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::RemoveWorker)?;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    let alive = master.workers_alive().count();
    let mut plan = case.draft(Some(Operation::RemoveWorker), by.signal, master)?;
    let Some(left) = alive.checked_sub(1) else {
        return Err(Refused::new(
            format!("{pid} has no workers"),
            farrier("signal TTIN", pid) + " starts one",
        ));
    };
    let server = server(case.app.kind);
    let fewest = server.map_or(0, |server| server.fewest_workers as usize);
    if alive > 0 && left < fewest {
        return Err(Refused::new(
            format!(
                "{pid} keeps its last worker, and does nothing with {}",
                words::name(by.signal)
            ),
            "stop ends the master with it",
        ));
    }
    plan.title = match master.role {
        Role::Old => format!("Remove a worker of the old master of {}", case.app.name),
        _ => format!("Remove a worker of {}", case.app.name),
    };
    plan.does = format!(
        "its {} ends its request, within {} s, and leaves",
        server.map_or("worker", |server| server.takes_away),
        case.timeout(master)
    );
    if left == 0 {
        stop::ends_service(case, master, &mut plan);
    }
    plan.after = if plan.stops() {
        format!("nobody of {} answers: connections wait in its queue", case.app.name)
    } else {
        format!("{pid} has {}; the next HUP or restart counts anew", words::workers(left))
    };
    plan.brief = Some(words::workers(left));
    plan.way_back = format!("TTIN to {pid}");
    case.queues(&mut plan);
    plan.expect = Expect::Workers(u32::try_from(left).unwrap_or(u32::MAX));
    plan.within = Duration::from_secs(case.timeout(master) + 10);
    Ok(plan.settled())
}
