//! Which world a process lives in: processes of two containers share no path, no pid and no app, whatever their paths are
//! called. A service may have mounts of its own (`PrivateTmp=`) and still share its root directory, its numbers and the
//! app's files with the machine: then it is in the machine's world.

use std::path::{Path, PathBuf};

use super::once::Once;
use super::read::Setting;
use crate::facts::{Fact, cgroup};
use crate::model::Process;
use crate::os::{Ask, FileStat, Found, ProcLink, Root, Text, shown};

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
/// else the root directory, else the namespace. `None`: it lives in farrier's own world, or was not seen to live elsewhere.
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
    let rooted = || process.root_path.as_deref().map(|path| format!("root:{}", shown(path)));
    let pids =
        || numbered(theirs.pids.as_ref().filter(|pids| own.pids.as_ref() != Some(pids))?, "pid");
    let mounts = || numbered(theirs.mounts.as_ref()?, "mnt");
    named.map(|name| format!("container:{name}")).or_else(pids).or_else(rooted).or_else(mounts)
}

/// `pid:[4026532705]` as `pid:4026532705`.
fn numbered(link: &Text, kind: &str) -> Option<String> {
    let number = link.utf8()?.rsplit_once('[')?.1.strip_suffix(']')?;
    Some(format!("{kind}:{number}"))
}
