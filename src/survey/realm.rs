//! Which world a process lives in: processes of two containers share no path, no pid and no app, whatever their paths are
//! called. A service may have mounts of its own (`PrivateTmp=`) and still share its root directory, its numbers and the
//! app's files with the machine: then it is in the machine's world.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::once::Once;
use super::read::Setting;
use super::{adopt, leftovers};
use crate::facts::{Fact, bytes, cgroup};
use crate::model::{App, Process};
use crate::os::{Ask, FileStat, Found, Pid, ProcLink, ProcText, Root, Text, shown};

/// A directory's device and inode.
type Spot = (u64, u64);

/// The world of a process, as far as it was seen: what is `None` tells nothing apart.
#[derive(Clone, Debug)]
pub struct Realm {
    mounts: Option<Text>,
    pids: Option<Text>,
    /// Its root directory, and the path of that below farrier's own.
    root: Option<Spot>,
    root_path: Option<PathBuf>,
    /// The app's directory, as it sees it; `None`: it is not there.
    directory: Fact<Option<Spot>>,
}

impl Realm {
    /// That of a process, for an app in `directory`.
    pub fn of(once: &Once<'_>, process: &Process, directory: &Path) -> Self {
        let link = |link| match once.one(&Ask::Link(process.pid, link)) {
            Ok(Found::Bytes(text)) => Some(text),
            _ => None,
        };
        let root = match process.root {
            Root::Own => at(once, Root::Own, Path::new("/")).value.ok().flatten(),
            Root::Of(pid) => match once.one(&Ask::LinkStat(pid, ProcLink::Root)) {
                Ok(Found::Stat(stat)) => stat.map(|stat| spot(&stat)),
                _ => None,
            },
        };
        Self {
            mounts: link(ProcLink::NsMnt),
            pids: link(ProcLink::NsPid),
            root,
            root_path: process.root_path.clone(),
            directory: at(once, process.root, directory),
        }
    }

    /// farrier's own.
    fn own(setting: &Setting<'_>, directory: &Path) -> Self {
        let namespace = |at: usize| setting.host.and_then(|host| host.namespaces.get(at)).cloned();
        Self {
            mounts: namespace(0),
            pids: namespace(1),
            root: at(setting.once, Root::Own, Path::new("/")).value.ok().flatten(),
            root_path: None,
            directory: at(setting.once, Root::Own, directory),
        }
    }

    /// Whether nothing that was seen tells the two apart.
    pub fn is_same(&self, other: &Self) -> bool {
        if differ(self.pids.as_ref(), other.pids.as_ref())
            || differ(self.root.as_ref(), other.root.as_ref())
        {
            return false;
        }
        let same_path = self.root_path == other.root_path;
        if self.mounts.is_some() && self.mounts == other.mounts && same_path {
            return true;
        }
        match (self.directory.get(), other.directory.get()) {
            (Some(Some(own)), Some(Some(theirs))) => own == theirs,
            (Some(Some(_)), Some(None)) | (Some(None), Some(Some(_))) => false,
            _ => same_path && !differ(self.mounts.as_ref(), other.mounts.as_ref()),
        }
    }
}

/// Whether a process is not seen to live in another world than farrier's own, whatever its mounts: its root directory and
/// its numbers are farrier's.
pub fn is_ours(setting: &Setting<'_>, pid: Pid) -> bool {
    let once = setting.once;
    let pids = once.fact(&Ask::Link(pid, ProcLink::NsPid), bytes).value.ok();
    let own = setting.host.and_then(|host| host.namespaces.get(1));
    let root = match once.one(&Ask::LinkStat(pid, ProcLink::Root)) {
        Ok(Found::Stat(Some(stat))) => Some(spot(&stat)),
        _ => None,
    };
    let here = at(once, Root::Own, Path::new("/")).value.ok().flatten();
    !differ(pids.as_ref(), own) && !differ(root.as_ref(), here.as_ref())
}

fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

fn spot(stat: &FileStat) -> Spot {
    (stat.device, stat.inode)
}

fn at(once: &Once<'_>, root: Root, path: &Path) -> Fact<Option<Spot>> {
    once.stat(root, path).map(|stat| stat.map(|stat| spot(&stat)))
}

/// What tells the world of a process from farrier's own, for ids and names: the container by its runtime's number or name,
/// else its root directory where it counts processes as farrier does, else the first process that lives there, as farrier
/// numbers it: an inode of a namespace says nothing to anybody, and is given out again. `None`: it lives in farrier's own
/// world, or was not seen to live elsewhere.
pub fn container(setting: &Setting<'_>, process: &Process, directory: &Path) -> Option<String> {
    let (theirs, own) =
        (Realm::of(setting.once, process, directory), Realm::own(setting, directory));
    // Where farrier may not look, another mount namespace alone is no other world.
    let elsewhere = differ(theirs.pids.as_ref(), own.pids.as_ref())
        || differ(theirs.root.as_ref(), own.root.as_ref())
        || matches!(theirs.directory.get(), Some(Some(_))) && !theirs.is_same(&own);
    if !elsewhere {
        return None;
    }
    let named = process.cgroup.get().and_then(cgroup::container);
    let counts_alike = !differ(theirs.pids.as_ref(), own.pids.as_ref());
    let rooted = || process.root_path.as_deref().filter(|_| counts_alike).map(shown);
    named.or_else(rooted).or_else(|| first(setting.once, process))
}

/// The first process of the pid namespace that a process lives in, as farrier numbers it; where that is farrier's own, of
/// the mount namespace.
fn first(once: &Once<'_>, process: &Process) -> Option<String> {
    let of = |pid: Pid, link| once.fact(&Ask::Link(pid, link), bytes).value.ok();
    let kind = match process.status.get() {
        Some(status) if status.ns_pids.len() > 1 => ProcLink::NsPid,
        _ => ProcLink::NsMnt,
    };
    let there = of(process.pid, kind);
    let pids = leftovers::pids(once);
    once.fetch(pids.iter().map(|pid| Ask::Link(*pid, kind)).collect());
    let lives_there = |pid: &Pid| there.is_some() && of(*pid, kind) == there;
    let all: Vec<Pid> = pids.into_iter().filter(lives_there).collect();
    once.fetch(all.iter().map(|pid| Ask::Text(*pid, ProcText::Stat)).collect());
    let started = |pid: &Pid| adopt::stat(once, *pid).map(|stat| (stat.started, *pid));
    let (_, first) = all.iter().filter_map(started).min()?;
    Some(first.to_string())
}

/// Cuts the numbers of containers as their own tools do, where that tells them apart. Where a runtime's name is that of two
/// worlds, the first process of each is told instead.
pub fn tell_apart(setting: &Setting<'_>, apps: &mut [App]) {
    let all: BTreeSet<String> = apps.iter().filter_map(|app| app.container.clone()).collect();
    for app in apps.iter_mut() {
        let Some(whole) = &app.container else { continue };
        let short = cgroup::short(whole);
        let is_one = all.iter().filter(|other| cgroup::short(other) == short).count() == 1;
        if is_one {
            app.container = Some(short.to_owned());
        }
    }
    let worlds: Vec<Option<(PathBuf, String, Option<Text>)>> = apps
        .iter()
        .map(|app| {
            let process = app.processes().next()?;
            let pids = Ask::Link(process.pid, ProcLink::NsPid);
            let pids = setting.once.fact(&pids, bytes).value.ok();
            Some((app.root.clone(), app.container.clone()?, pids))
        })
        .collect();
    for (app, world) in apps.iter_mut().zip(&worlds) {
        let Some((root, name, pids)) = world else { continue };
        let shared = worlds.iter().flatten().any(|(other, called, theirs)| {
            (other, called) == (root, name) && differ(pids.as_ref(), theirs.as_ref())
        });
        let first = app.processes().next().filter(|_| shared);
        if let Some(first) = first.and_then(|process| self::first(setting.once, process)) {
            app.container = Some(first);
        }
    }
}
