//! Add a worker: TTIN to a master.

use std::time::Duration;

use crate::model::{Operation, Role};

use super::check::{blind, holds, warns};
use super::{Case, Expect, OperationCard, Plan, Refused, words};

/// The card.
pub const ADD_WORKER: OperationCard =
    OperationCard { operation: Operation::AddWorker, summary: "starts one more worker", plan };

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::AddWorker)?;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    let alive = master.workers_alive().count();
    let mut plan = case.draft(Some(Operation::AddWorker), by.signal, master)?;
    plan.title = match master.role {
        Role::Old => format!("Add a worker to the old master of {}", case.app.name),
        _ => format!("Add a worker to {}", case.app.name),
    };
    plan.does = format!("{pid} forks one more worker");
    plan.after =
        format!("{pid} has {}; the next {} counts anew", words::workers(alive + 1), case.recount());
    plan.way_back = match case.by(Operation::RemoveWorker) {
        Ok(back) => format!("{} to {pid}", words::name(back.signal)),
        Err(_) => "none by a signal".into(),
    };
    case.left_oldbin(master, &mut plan);
    let largest = master
        .workers_alive()
        .filter_map(|worker| worker.process.pss.get().or_else(|| worker.process.rss.get()))
        .max();
    let free = case.census.host.get().map(|host| host.available);
    plan.checks.push(match (largest, free) {
        (Some(needed), Some(free)) => {
            let words = format!(
                "its largest worker holds {}, {} is free",
                words::bytes(*needed),
                words::bytes(free)
            );
            if *needed > free { warns("memory", words) } else { holds("memory", words) }
        }
        (_, Some(free)) => holds("memory", format!("{} of memory is free", words::bytes(free))),
        (_, None) => blind("memory", "how much memory is free was not read"),
    });
    let left = free.map(|free| format!(", {} free", words::bytes(free))).unwrap_or_default();
    plan.brief = Some(format!("{}{left}", words::workers(alive + 1)));
    plan.expect = Expect::Workers(u32::try_from(alive + 1).unwrap_or(u32::MAX));
    plan.within = Duration::from_secs(30);
    Ok(plan.settled())
}
