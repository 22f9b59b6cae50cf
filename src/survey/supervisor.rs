//! Who keeps a master up: its ancestors, its control group, and the file of its systemd service.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::adopt::stat;
use super::once::Once;
use crate::deploy::unit;
use crate::facts::{Fact, Lack, Place, cgroup};
use crate::model::{Process, Supervisor, Unit};
use crate::os::{Pid, Root, Text};

/// How far up the ancestors are looked at.
const ANCESTORS: usize = 8;

/// Supervisors of one service each (runit, daemontools, s6).
const SERVICE: &[&[u8]] = &[b"runsv", b"supervise", b"s6-supervise"];

/// Where systemd finds units, the first wins (`systemd.unit(5)`).
const DIRECTORIES: &[&str] = &[
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// How much of a unit file is read.
const UNIT_BOUND: u32 = 1 << 16;

/// Who keeps a master up. Other masters above it are its own earlier generations.
pub fn supervisor(once: &Once<'_>, process: &Process, masters: &BTreeSet<Pid>) -> Fact<Supervisor> {
    let place = process.stat.place.clone();
    if process.own_number().number() == 1 {
        return Fact::known(process.status.place.clone(), Supervisor::First);
    }
    if process.root != Root::Own {
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
        return unit_of(once, process, &name);
    }
    if let Some(session) = cgroup::session(group) {
        return Fact::known(process.cgroup.place.clone(), Supervisor::Session(session));
    }
    match ancestors.first() {
        Some((by, name)) => Fact::known(place, Supervisor::Parent { by: *by, name: name.clone() }),
        None => Fact::known(place, Supervisor::Nobody),
    }
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

fn unit_of(once: &Once<'_>, process: &Process, name: &Text) -> Fact<Supervisor> {
    let main = process
        .environ
        .get()
        .and_then(|environ| environ.value("SYSTEMD_EXEC_PID"))
        .and_then(|value| value.utf8()?.parse().ok());
    let mut found = Unit { name: name.clone(), main, ..Unit::default() };
    let names: Vec<Text> = std::iter::once(name.clone()).chain(unit::template(name)).collect();
    for file in names.iter().flat_map(places) {
        match once.file(Root::Own, &file, UNIT_BOUND).value {
            Ok(Some(text)) => {
                unit::read(&text, &mut found);
                found.file = Some(file);
                break;
            }
            Ok(None) => {}
            Err(lack) => return Fact::lacking(Place::path(&file), lack),
        }
    }
    for name in names.iter().rev() {
        for mut directory in places(name) {
            directory.as_mut_os_string().push(".d");
            let Ok(Some(names)) = once.list(Root::Own, &directory).value else { continue };
            let mut parts: Vec<&Text> =
                names.iter().filter(|name| name.bytes().ends_with(b".conf")).collect();
            parts.sort();
            for part in parts {
                if let Ok(Some(text)) =
                    once.file(Root::Own, &directory.join(part.path()), UNIT_BOUND).value
                {
                    unit::read(&text, &mut found);
                }
            }
        }
    }
    let place = found.file.as_deref().map_or_else(|| process.cgroup.place.clone(), Place::path);
    Fact::known(place, Supervisor::Unit(found))
}

fn places(name: &Text) -> impl Iterator<Item = PathBuf> + use<> {
    let name = name.path().to_path_buf();
    DIRECTORIES.iter().map(move |directory| Path::new(directory).join(&name))
}
