//! Fast stop: TERM, which cuts the requests that are under way. No operation of its own: only `signal TERM` asks for it.

use std::time::Duration;

use crate::model::{Master, Operation, Role, Signal};

use super::check::warns;
use super::{Case, Expect, Plan, Refused, stop, words};

/// TERM to a ready master; its name has to be typed in any case.
pub(super) fn plan(case: &Case<'_>, master: &Master) -> Result<Plan, Refused> {
    let pid = master.process.pid;
    let listed = case
        .server()?
        .signals
        .iter()
        .any(|listed| listed.signal == Signal::SIGTERM && listed.to != Role::Worker);
    if !listed {
        return Err(case.never(&master.process, Signal::SIGTERM));
    }
    let mut plan = case.draft(None, Signal::SIGTERM, master)?;
    plan.title = format!("Stop {pid} of {} fast", case.app.name);
    plan.does = format!(
        "its {} end at once, requests under way are cut; {pid} removes its pidfile and ends",
        words::workers(master.workers_alive().count())
    );
    stop::ends_service(case, master, &mut plan);
    let gentle = case.by(Operation::Stop)?.signal;
    let words = format!("requests under way are cut; {} lets them end", words::name(gentle));
    plan.checks.push(warns("fast", words));
    case.queues(&mut plan);
    plan.confirm = case.ask_for_name();
    plan.expect = Expect::Ended;
    plan.within = Duration::from_secs(20);
    Ok(plan.settled())
}
