//! Who keeps a master up: its ancestors, its control group, and the file of its systemd service.

mod parent;
mod unit;

use std::collections::BTreeSet;
use std::path::PathBuf;

use self::parent::{Ancestor, ancestors, parent};
use super::once::Once;
use crate::contract::Server;
use crate::facts::{Fact, Lack, Place, cgroup};
use crate::model::{Follows, Main, Process, Supervisor};
use crate::os::{Pid, Root};

/// Supervisors of one service each (runit, daemontools, s6).
const SERVICE: &[&[u8]] = &[b"runsv", b"supervise", b"s6-supervise"];

/// What is known round a master when its supervisor is looked for.
pub struct Around<'a> {
    /// The look.
    pub once: &'a Once<'a>,
    /// The master.
    pub process: &'a Process,
    /// Its server.
    pub server: &'static Server,
    /// All masters: another one above it is its own earlier generation.
    pub masters: &'a BTreeSet<Pid>,
    /// The pidfile that it was given.
    pub pidfile: &'a Fact<Option<PathBuf>>,
}

/// Who keeps a master up.
pub fn supervisor(around: &Around<'_>) -> Fact<Supervisor> {
    let Around { process, .. } = around;
    let place = process.stat.place.clone();
    if let Err(lack) = &process.stat.value {
        return Fact::lacking(place, lack.clone());
    }
    if process.own_number().number() == 1 {
        return Fact::known(process.status.place.clone(), Supervisor::First);
    }
    // A service may have mounts of its own (`PrivateTmp=`); a container has processes of its own too.
    let inside = process.status.get().is_none_or(|status| status.ns_pids.len() > 1);
    let ancestors = ancestors(around);
    if process.root != Root::Own && inside && !ancestors.last().is_some_and(|last| last.is_first) {
        let what = "what stands outside its container".to_owned();
        return Fact::lacking(place, Lack::Depends(what));
    }
    let service = |above: &Ancestor| SERVICE.contains(&above.stat.comm.bytes());
    if let Some(at) = ancestors.iter().position(service)
        && let Some(above) = ancestors.get(at)
    {
        let (by, name) = (above.pid, above.stat.comm.clone());
        let script = at.checked_sub(1).and_then(|below| ancestors.get(below));
        let script = script.map(|script| script.pid);
        let place = Place::new(format!("/proc/{by}/stat"));
        return Fact::known(place, Supervisor::Service { by, name, script });
    }
    let parent = parent(around, &ancestors).map(|parent| Supervisor::Parent {
        by: parent.by,
        name: parent.name,
        does: parent.does,
    });
    if inside {
        // The control groups outside are the container's, not the master's.
        return Fact::known(place, parent.unwrap_or(Supervisor::Nobody));
    }
    let group = match &process.cgroup.value {
        Ok(group) => group,
        Err(lack) => return Fact::lacking(process.cgroup.place.clone(), lack.clone()),
    };
    if let Some(name) = cgroup::service(group) {
        let unit = unit::of(around, group, &name);
        return match parent {
            // A launcher within the service that systemd does not follow itself.
            Some(parent @ Supervisor::Parent { does: Follows::Acts(_), by, .. })
                if !follows(&unit, by) =>
            {
                Fact::known(place, parent)
            }
            _ => unit,
        };
    }
    if let Some(parent) = parent {
        return Fact::known(place, parent);
    }
    Fact::known(
        place,
        match cgroup::session(group) {
            Some(session) => Supervisor::Session(session),
            None => Supervisor::Nobody,
        },
    )
}

/// Whether systemd follows that process as the service's main one: then the unit tells what becomes of it.
fn follows(unit: &Fact<Supervisor>, by: Pid) -> bool {
    match unit.get() {
        Some(Supervisor::Unit(unit)) => matches!(&unit.main, Main::Is { pid, .. } if *pid == by),
        _ => false,
    }
}
