//! Reload: HUP to the current master, which reads its configuration anew and replaces its workers.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{Master, Operation, Phase, Role, Setting};

use super::check::{blind, holds, warns};
use super::{Case, Expect, OperationCard, Plan, Refused, case, words};

/// The card.
pub const RELOAD: OperationCard = OperationCard {
    operation: Operation::Reload,
    summary: "reads the configuration anew and replaces the workers, the master stays",
    plan,
};

/// Rules whose findings speak against it.
const AGAINST: &[&str] = &["config-missing", "current-broken", "release-deleted"];

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Reload)?;
    let master = case.current_or_named()?;
    let pid = master.process.pid;
    if master.role == Role::Old {
        would_serve_new_code(case, master)?;
    }
    if let Some(None) = master.restart.config.get() {
        return Err(Refused::new(
            format!("{pid} was started without a configuration file: HUP would re-execute it"),
            farrier("plan upgrade", &case.app.id),
        ));
    }
    let mut plan = case.draft(Some(Operation::Reload), by.signal, master)?;
    let config = master
        .restart
        .config
        .get()
        .and_then(Option::as_ref)
        .map_or_else(|| "its configuration".into(), |spot| case.app.short(&spot.path));
    let alive = master.workers_alive().count();
    plan.title = format!("Reload {}", case.app.name);
    plan.does = format!(
        "{pid} reads {config} anew, {} end their requests and leave, new ones take their place; \
         the logs are reopened",
        if alive == 0 { "workers".into() } else { format!("its {}", words::workers(alive)) }
    );
    plan.after = format!("{pid} serves with new workers");
    let preloads = case::running_config(master).map(|config| &config.preload_app);
    if let Some(Setting::Set { value: true, .. }) = preloads {
        plan.brief = Some("new config, old code".into());
    }
    plan.way_back = format!("the old configuration put back, then HUP to {pid} again");
    match case::running_config(master).map(|config| &config.preload_app) {
        Some(Setting::Set { value: true, line }) => plan.checks.push(warns(
            "preload",
            format!("preload_app is on (line {line}): new configuration, old code; upgrade loads new code"),
        )),
        Some(Setting::Set { value: false, .. } | Setting::NotSet) => {
            plan.checks.push(holds("preload", "preload_app is off: the workers load the code anew"));
        }
        Some(Setting::Unevaluable { line, .. }) => plan.checks.push(blind(
            "preload",
            format!("whether new code is loaded is not known: preload_app is an expression (line {line})"),
        )),
        None => plan.checks.push(blind(
            "preload",
            "whether new code is loaded is not known: the configuration was not read",
        )),
    }
    if master.workers_wanted() == Some(0) {
        plan.checks.push(warns("workers", "the configuration asks for no workers"));
    }
    case.not_seen(master, &["directory", "config", "logs"], &mut plan);
    case.left_oldbin(master, &mut plan);
    case.findings(AGAINST, &mut plan);
    plan.expect = Expect::WorkersReplaced;
    plan.within = Duration::from_secs(case.timeout(master) + 30);
    Ok(plan.settled())
}

/// HUP to an old master re-reads the configuration through `current`, and so would serve the new code once more
/// (`failures.md` §3).
fn would_serve_new_code(case: &Case<'_>, master: &Master) -> Result<(), Refused> {
    let layout = case.app.layout.get().and_then(Option::as_ref);
    let live = layout.and_then(|layout| layout.current_release());
    let own = master.release.get().and_then(Option::as_deref);
    let successor = case
        .app
        .living_masters()
        .any(|other| other.process.pid != master.process.pid && other.phase != Phase::Zombie);
    if successor && (live.is_none() || live != own) {
        let pid = master.process.pid;
        return Err(Refused::new(
            format!(
                "{pid} is the old master: on HUP it reads its configuration through current \
                 and would serve the new code"
            ),
            farrier("signal TTIN", pid) + " brings a worker of the old code back",
        ));
    }
    Ok(())
}
