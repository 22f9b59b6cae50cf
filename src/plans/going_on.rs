//! An upgrade that was left half done: both masters live and the new one is ready. What is left of it is to see that the
//! new one serves, and to retire the old one.

use crate::contract::quote::farrier;
use std::time::Duration;

use crate::model::{Master, Operation, Phase, Role};

use super::course::{Act, Course, Step, Whom, Wishes, checked, ending, proofs, step, verified};
use super::follow::Stage;
use super::{Case, Refused};

/// The old master and the new one, where an upgrade to what `current` names needs nothing more than the old one's end.
pub(super) fn half_done<'a>(case: &Case<'a>) -> Option<(&'a Master, &'a Master)> {
    let living: Vec<&Master> = case.app.living_masters().collect();
    let [old, new] = living.as_slice() else { return None };
    let handed = old.role == Role::Old && new.role == Role::Current && new.phase == Phase::Ready;
    let named = case.named.is_none_or(|named| living.iter().any(|m| m.process.pid == named));
    let current = case.app.layout.get()?.as_ref().map(|layout| layout.current_release());
    let runs = new.release.get()?.as_deref();
    // Without releases there is nothing that it could be behind of.
    let is_current = current.is_none_or(|current| current.is_some() && current == runs);
    (handed && named && is_current).then_some((old, new))
}

/// Plans what is left of it.
pub(super) fn plan(
    case: &Case<'_>,
    wishes: &Wishes,
    (old, new): (&Master, &Master),
) -> Result<Course, Refused> {
    let (app, name) = (&case.app.id, &case.app.name);
    let named = Some(old.process.pid);
    let first = super::plan(case.census, case.verdicts, case.app, named, Operation::Retire)?;
    let (stays, leaves) = (new.process.pid, old.process.pid);
    let quit = format!("{}: {leaves} stays, {stays} leaves", farrier("rollback", app));
    let load = Duration::from_secs(120.max(case.timeout(new)));
    let serves = format!("{stays} keeps its workers in two looks and holds every listener");
    let mut steps: Vec<Step> =
        vec![checked(&first), step("ready", serves, load, &quit, Act::Await(Stage::Serves))];
    proofs(case, wishes, leaves, load, &quit, &mut steps)?;
    steps.push(step(
        format!("retire {leaves}"),
        format!("{leaves} takes QUIT and ends"),
        ending(case, leaves),
        "none once it has QUIT",
        Act::Send(Operation::Retire, Whom::Old),
    ));
    steps.push(verified());
    Ok(Course {
        operation: Operation::Upgrade,
        app: app.clone(),
        app_name: name.clone(),
        title: format!("Finish the upgrade of {name}"),
        probe: wishes.probe.clone(),
        new: Some(stays),
        first,
        steps,
        left: None,
    })
}
