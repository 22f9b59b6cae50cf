//! Who keeps a master up: its ancestors, its control group, and the file of its systemd service.

mod unit;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::adopt::stat;
use super::once::Once;
use crate::facts::{Fact, Lack, Place, cgroup};
use crate::model::{Process, Supervisor};
use crate::os::{Pid, Root, Text};
use crate::servers::Server;

/// How far up the ancestors are looked at.
const ANCESTORS: usize = 8;

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
    let Around { once, process, masters, .. } = around;
    let place = process.stat.place.clone();
    if process.own_number().number() == 1 {
        return Fact::known(process.status.place.clone(), Supervisor::First);
    }
    // A service may have mounts of its own (`PrivateTmp=`); a container has processes of its own too.
    let inside = process.status.get().is_none_or(|status| status.ns_pids.len() > 1);
    if process.root != Root::Own && inside {
        let what = "what stands outside its container".to_owned();
        return Fact::lacking(place, Lack::Depends(what));
    }
    let parent = match &process.stat.value {
        Ok(stat) => stat.ppid,
        Err(lack) => return Fact::lacking(place, lack.clone()),
    };
    let mut ancestors = ancestors(once, parent);
    ancestors.retain(|(pid, _)| !masters.contains(pid));
    if let Some(at) = ancestors.iter().position(|(_, name)| SERVICE.contains(&name.bytes()))
        && let Some((by, name)) = ancestors.get(at)
    {
        let script = at.checked_sub(1).and_then(|below| ancestors.get(below));
        let script = script.map(|(pid, _)| *pid);
        let place = Place::new(format!("/proc/{by}/stat"));
        return Fact::known(place, Supervisor::Service { by: *by, name: name.clone(), script });
    }
    let group = match &process.cgroup.value {
        Ok(group) => group,
        Err(lack) => return Fact::lacking(process.cgroup.place.clone(), lack.clone()),
    };
    if let Some(name) = cgroup::service(group) {
        return unit::of(around, group, &name);
    }
    if let Some(session) = cgroup::session(group) {
        return Fact::known(process.cgroup.place.clone(), Supervisor::Session(session));
    }
    let parent = ancestors.into_iter().next().or_else(|| first(once, process));
    Fact::known(
        place,
        match parent {
            Some((by, name)) => Supervisor::Parent { by, name },
            None => Supervisor::Nobody,
        },
    )
}

/// The first process of its pid namespace, where it is that which started the master, as a container's does: a daemon that
/// it adopted has a session of its own.
fn first(once: &Once<'_>, process: &Process) -> Option<(Pid, Text)> {
    let own = process.stat.get().filter(|stat| stat.ppid == 1)?;
    let pid = Pid::new(1)?;
    let first = stat(once, pid)?;
    (first.session == own.session).then_some((pid, first.comm))
}

/// The ancestors below the first process, the nearest first, with their names.
fn ancestors(once: &Once<'_>, parent: i32) -> Vec<(Pid, Text)> {
    let mut all = Vec::new();
    let mut at = parent;
    while at > 1 && all.len() < ANCESTORS {
        let Some(pid) = Pid::new(at) else { break };
        let Some(stat) = stat(once, pid) else { break };
        all.push((pid, stat.comm));
        at = stat.ppid;
    }
    all
}
