//! The control groups that bound a process's memory or can freeze it, as far as they are mounted here. Only the reader comes here: what is
//! mounted in their place may be anything.

use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use procfs::process::MountInfo;
use procfs::{FromRead as _, ProcessCGroup, ProcessCGroups};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::process::read_whole;
use super::{host, refusal};
use crate::os::{Answer, ControlGroup, Found, Pid, Refusal, Text};

/// How many groups above one another are looked at.
const DEPTH: usize = 32;
/// The most that is read of one file.
const BOUND: usize = 1 << 14;
/// The kernel's own number of the outermost namespace (`PROC_CGROUP_INIT_INO`): there `/` is the root of all groups.
const OUTERMOST: &str = "cgroup:[4026531835]";

/// What tells limit and use: of the unified hierarchy, then of the one before it (`cgroups(7)`).
const FILES: [&str; 6] = [
    "memory.max",
    "memory.high",
    "memory.current",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "memory.stat",
];

/// What tells whether a group is frozen, and by its own switch: of the unified hierarchy, then of the one before it.
const FREEZER: [&str; 4] =
    ["cgroup.events", "cgroup.freeze", "freezer.state", "freezer.self_freezing"];

/// The groups that account for the memory of one process.
pub fn memory(proc: BorrowedFd<'_>, pid: Pid) -> Answer {
    let text = lines(proc, &pid.to_string())?;
    let Some(group) = accounting(&text) else { return Ok(Found::Groups(Vec::new())) };
    let is_old = group.hierarchy != 0;
    let path = Path::new(&group.pathname);
    let controller = is_old.then_some("memory");
    let Some(mounted) = mounted(&host::mounts(), controller) else {
        let namespace = rustix::fs::readlinkat(proc, "self/ns/cgroup", Vec::new());
        let outermost = namespace.is_ok_and(|link| link.as_bytes() == OUTERMOST.as_bytes());
        return if outermost && path == Path::new("/") {
            Ok(Found::Groups(Vec::new()))
        } else {
            Err(Refusal::Unsupported("memory control groups, which are not mounted here".into()))
        };
    };
    match mounted.above(path, &FILES) {
        Some(all) => all.map(Found::Groups).map_err(refusal),
        None => Err(Refusal::Unsupported("a control group that is not mounted here".into())),
    }
}

/// The groups that can freeze one process. A group that it shares with farrier is not frozen: farrier runs.
pub fn freezers(proc: BorrowedFd<'_>, pid: Pid) -> Answer {
    let (text, own) = (lines(proc, &pid.to_string())?, lines(proc, "self").unwrap_or_default());
    let mounts = host::mounts();
    let mut found = Vec::new();
    for group in groups(&text) {
        let old = group.controllers.iter().any(|name| name == "freezer");
        if !old && group.hierarchy != 0 {
            continue;
        }
        let path = Path::new(&group.pathname);
        let mounted = mounted(&mounts, old.then_some("freezer"));
        match mounted.and_then(|mounted| mounted.above(path, &FREEZER)) {
            Some(Ok(all)) => found.extend(all.into_iter().filter(|at| !at.files.is_empty())),
            Some(Err(errno)) => return Err(refusal(errno)),
            None if groups(&own).any(|own| same(&own, &group)) => {}
            None => {
                let what = "a control group that can freeze it, which is not mounted here";
                return Err(Refusal::Unsupported(what.into()));
            }
        }
    }
    Ok(Found::Groups(found))
}

/// `/proc/PID/cgroup`.
fn lines(proc: BorrowedFd<'_>, pid: &str) -> Result<Vec<u8>, Refusal> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    let text = rustix::fs::openat(proc, format!("{pid}/cgroup"), flags, Mode::empty())
        .and_then(|file| read_whole(&file, BOUND));
    match text {
        Ok((bytes, _)) => Ok(bytes),
        Err(Errno::NOENT | Errno::SRCH) => Err(Refusal::Gone),
        Err(errno) => Err(refusal(errno)),
    }
}

fn groups(text: &[u8]) -> impl Iterator<Item = ProcessCGroup> {
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| ProcessCGroups::from_read(line).ok())
        .flatten()
}

fn same(one: &ProcessCGroup, other: &ProcessCGroup) -> bool {
    (one.hierarchy, &one.pathname) == (other.hierarchy, &other.pathname)
}

/// The group that accounts for its memory: of the old hierarchy where that has the controller, else the unified one's.
fn accounting(text: &[u8]) -> Option<ProcessCGroup> {
    groups(text)
        .find(|group| group.controllers.iter().any(|name| name == "memory"))
        .or_else(|| groups(text).find(|group| group.hierarchy == 0))
}

/// Where a hierarchy is mounted, and from which of its groups on; the last mount hides those before.
struct Mounted {
    mount_point: PathBuf,
    root: String,
}

impl Mounted {
    /// A group with all above it that are mounted here; `None`: it lies outside.
    fn above(&self, path: &Path, names: &[&str]) -> Option<Result<Vec<ControlGroup>, Errno>> {
        let below = path.strip_prefix(&self.root).ok().filter(|below| {
            // `..`: outside of farrier's own namespace, or mounted from outside of it: names are missing.
            !below.components().any(|part| part == std::path::Component::ParentDir)
        })?;
        let innermost = self.mount_point.join(below);
        let above = innermost.ancestors();
        let all = above.take_while(|path| path.starts_with(&self.mount_point)).take(DEPTH);
        Some(all.map(|path| group_at(path, names)).collect())
    }
}

/// The old hierarchy with that controller, or the unified one.
fn mounted(mounts: &[u8], controller: Option<&str>) -> Option<Mounted> {
    let text = std::str::from_utf8(mounts).ok()?;
    let mounts = text.lines().rev().filter_map(|line| MountInfo::from_line(line).ok());
    let mut ours = mounts.filter(|mount| match mount.fs_type.as_str() {
        "cgroup" => controller.is_some_and(|name| mount.super_options.contains_key(name)),
        "cgroup2" => controller.is_none(),
        _ => false,
    });
    ours.next().map(|mount| Mounted { mount_point: mount.mount_point, root: mount.root })
}

/// A group with those of its files that there are; one that is not there has none.
fn group_at(path: &Path, names: &[&str]) -> Result<ControlGroup, Errno> {
    let mut files = Vec::new();
    for name in names {
        match read(&path.join(name)) {
            Ok(text) => files.push((Text::from(*name), Text::new(text))),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(ControlGroup { path: Text::from(path), files })
}

/// Reads a file, if it is one of the kernel's control groups and nothing that was put there.
fn read(path: &Path) -> Result<Vec<u8>, Errno> {
    const GROUPS: [i64; 2] = [0x0027_e0eb, 0x6367_7270];
    let looked = rustix::fs::open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    if !GROUPS.contains(&rustix::fs::fstatfs(&looked)?.f_type) {
        return Err(Errno::NOENT);
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    read_whole(&file, BOUND).map(|(bytes, _)| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hierarchy_that_has_the_controller_accounts() {
        let of = |text: &str| {
            accounting(text.as_bytes()).map(|group| (group.hierarchy != 0, group.pathname))
        };
        assert_eq!(of("0::/a.slice/b\n"), Some((false, "/a.slice/b".into())));
        assert_eq!(of("4:memory:/x\n1:name=systemd:/y\n0::/z\n"), Some((true, "/x".into())));
        assert_eq!(of("5:cpu,memory:/x\n"), Some((true, "/x".into())));
        assert_eq!(of("1:name=systemd:/y\n"), None);
    }

    #[test]
    fn the_last_mount_counts_and_says_what_it_shows() {
        let mounts = b"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
            35 31 0:32 /../.. /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
            36 31 0:33 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n\
            52 35 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup lab rw,memory\n";
        let old = mounted(mounts, Some("memory")).unwrap();
        assert_eq!(
            (old.root.as_str(), old.mount_point.to_str()),
            ("/", Some("/sys/fs/cgroup/memory"))
        );
        let new = mounted(mounts, None).unwrap();
        assert_eq!(new.mount_point.to_str(), Some("/sys/fs/cgroup/unified"));
        assert!(mounted(b"1 1 0:1 / / rw - ext4 /dev/x rw\n", None).is_none());
    }
}
