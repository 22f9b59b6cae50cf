//! Reopen the logs: a signal to a master, which passes it on to its workers.

use std::time::Duration;

use crate::model::Operation;

use super::check::{holds, warns};
use super::{Case, Expect, OperationCard, Plan, Refused, case, words};

/// The card.
pub const REOPEN_LOGS: OperationCard = OperationCard {
    operation: Operation::ReopenLogs,
    summary: "opens the log files anew after they were rotated",
    plan,
};

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::ReopenLogs)?;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    let mut plan = case.draft(Some(Operation::ReopenLogs), by.signal, master)?;
    let timeout = case.timeout(master);
    plan.title = format!("Reopen the logs of {}", case.app.name);
    plan.does = match master.workers_alive().count() {
        0 => format!("{pid} opens its log files anew"),
        count => format!(
            "{pid} opens its log files anew and tells its {} to do so",
            words::workers(count)
        ),
    };
    plan.after = if case.server()?.idle_workers_lag {
        format!("new lines go to the new files; an idle worker follows within {} s", timeout / 2)
    } else {
        "new lines go to the new files".into()
    };
    let mut files: Vec<_> = master.process.descriptors.get().map_or_else(Vec::new, |all| {
        all.iter().map(|open| &open.target).filter(|to| to.bytes().ends_with(b".log")).collect()
    });
    files.sort_unstable();
    files.dedup();
    plan.brief = Some(match files.len() {
        0 => "new lines go to the new files".into(),
        1 => "1 log file".into(),
        many => format!("{many} log files"),
    });
    plan.way_back = "none is needed: nothing but open files changes".into();
    // A worker that may not open a log any more ends with status 77 and is replaced (`failures.md` F45).
    let switches = case::running_config(master).is_some_and(|config| config.user.line().is_some());
    plan.checks.push(if switches {
        warns("user", "workers run as another user: one that may not open its log ends")
    } else {
        holds("user", "the configuration switches no user")
    });
    case.not_seen(master, &["logs"], &mut plan);
    plan.expect = Expect::Taken;
    plan.within = Duration::from_secs(10);
    Ok(plan.settled())
}
