//! Upgrade, its first signal: the current master starts a second generation beside itself, or comes to new code in
//! another shape (`procedures`).

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::contract::{Verdicts, Way};
use crate::model::{App, Census, Master, Operation, Phase, Role, Signal};
use crate::os::{Pid, shown};
use crate::rules::usr2;

use super::check::warns;
use super::procedures::{in_place, rolling};
use super::{Case, Expect, Next, OperationCard, Plan, Refused, next};

/// The card.
pub const UPGRADE: OperationCard = OperationCard {
    operation: Operation::Upgrade,
    summary: "brings the code that current names: by a second generation beside the one that serves, or by the same \
              master anew",
    plan,
};

/// Rules whose findings tell how the last attempt ended: what made it fail may have been mended since.
pub const BEFORE: &[&str] = &["reexec-failed"];

fn plan(case: &Case<'_>) -> Result<Plan, Refused> {
    let by = case.by(Operation::Upgrade)?;
    no_handover_under_way(case)?;
    let master = case.current_or_named()?;
    let restart = case.restart(master)?;
    match restart.way() {
        Way::Beside => {}
        Way::InPlace => return in_place::plan(case, master, restart),
        Way::Rolling => return rolling::plan(case, master, restart),
    }
    let pid = master.process.pid;
    let mut plan = case.draft(Some(Operation::Upgrade), by.signal, master)?;
    plan.title = format!("Upgrade {}", case.app.name);
    plan.does = format!(
        "{pid} renames its pidfile to .oldbin and starts {} in {}; the new master loads the app \
         while {pid} serves on",
        program(master),
        directory(case, master)
    );
    plan.after = match master.hook_retires() {
        Some(true) => format!(
            "two generations serve until the new one is ready; then a hook of the configuration \
             seems to end {pid}; {} if it does not",
            farrier("plan retire", &case.app.id)
        ),
        Some(false) => format!(
            "two generations serve; once the new one is ready with its workers, {pid} has to be \
             retired: {}",
            farrier("do retire", &case.app.id)
        ),
        None => format!(
            "two generations serve, unless a hook ends {pid}; else {} once the new one is ready",
            farrier("do retire", &case.app.id)
        ),
    };
    plan.way_back = format!("QUIT to the new master once it is ready; {pid} stays as it is");
    plan.next = next::lines(case, master);
    case.pidfile(master, &mut plan);
    case.findings(usr2::AGAINST, &mut plan);
    case.reminders(BEFORE, &mut plan);
    if let Some(given_up) = usr2::given_up(case.app, master) {
        let words = format!("{}: the same USR2 brings it back", given_up.words());
        plan.checks.push(warns("given-up", words));
    }
    case.queues(&mut plan);
    plan.expect = Expect::NewMaster;
    plan.outlast = case.outlast(master);
    plan.within = Duration::from_secs(120.max(case.timeout(master)));
    Ok(plan.settled())
}

/// What the next re-execution of an app's master starts from, whether or not one is refused now.
pub struct Upcoming {
    /// The master that would get the signal.
    pub master: Pid,
    /// The signal.
    pub signal: Signal,
    /// Who stands in its way, and why it is refused while he lives.
    pub refused: Option<(Pid, Refused)>,
    /// The lines of NEXT.
    pub lines: Vec<Next>,
}

/// Follows the next re-execution of the app's current master.
///
/// # Errors
/// The server knows no such signal, or no master could get it.
pub fn upcoming(census: &Census, verdicts: &Verdicts, app: &App) -> Result<Upcoming, Refused> {
    let case = Case { census, verdicts, app, named: None, way: None };
    let by = case.by(Operation::Upgrade)?;
    // While none is the current one, USR2 goes to the one that serves, or is about to.
    let master = match case.current_or_named() {
        Ok(master) => master,
        Err(refused) => app.upgradable().into_iter().next().ok_or(refused)?,
    };
    Ok(Upcoming {
        master: master.process.pid,
        signal: by.signal,
        refused: in_the_way(&case),
        lines: next::lines(&case, master),
    })
}

fn no_handover_under_way(case: &Case<'_>) -> Result<(), Refused> {
    in_the_way(case).map_or(Ok(()), |(_, refused)| Err(refused))
}

/// Unicorn refuses USR2 while the old generation lives, or its own child does (`failures.md` F13, F76).
fn in_the_way(case: &Case<'_>) -> Option<(Pid, Refused)> {
    let id = &case.app.id;
    let booting = case.app.living_masters().find(|master| {
        master.role == Role::New || (master.parent.is_some() && master.phase != Phase::Ready)
    });
    if let Some(booting) = booting {
        let pid = booting.process.pid;
        let refused = Refused::new(
            format!("{pid} is a new master that still loads: one upgrade is under way"),
            "wait until it is ready or ends",
        );
        return Some((pid, refused));
    }
    let old = case.app.living_masters().find(|master| master.role == Role::Old)?;
    let pid = old.process.pid;
    let refused = Refused::new(
        format!("old master {pid} still lives, and USR2 is refused until it ends"),
        farrier("do retire", id) + " ends it first",
    )
    .briefly(format!("{pid} still lives"));
    Some((pid, refused))
}

fn program(master: &Master) -> String {
    master.restart.program.get().map_or_else(|| "the same program".into(), |spot| shown(&spot.path))
}

fn directory(case: &Case<'_>, master: &Master) -> String {
    let Some(spot) = master.restart.directory.get() else { return "its directory".into() };
    let layout = case.app.layout.get().and_then(Option::as_ref);
    let real = spot.real.get().and_then(Option::as_deref);
    let release = layout.zip(real).and_then(|(layout, real)| layout.release_of(real));
    match release {
        Some(release) => format!("{} (release {release})", shown(&spot.path)),
        None => shown(&spot.path),
    }
}
