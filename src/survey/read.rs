//! The second pass: everything that is read of one member of a recognised tree.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::extensions::is_extension;
use super::once::Once;
use crate::contract::Part;
use crate::facts::environ::{self, Environ};
use crate::facts::files::Linked;
use crate::facts::maps::Mapped;
use crate::facts::process::{
    CommandLine, Stat, Status, parse_command_line, parse_stat, parse_status,
};
use crate::facts::{Fact, Lack, Place, bytes, cgroup, fact, limits, maps, memory};
use crate::model::{Process, ProcessFacts};
use crate::os::{
    Ask, Clock, Descriptor, FileKind, FileStat, Found, Host, PathAsk, Pid, ProcLink, ProcText,
    Refusal, Root, Text,
};

/// Nanoseconds in a second.
const SECOND: i64 = 1_000_000_000;

/// How often a process that ended or changed under the look is read again.
const RETRIES: usize = 2;

/// The machine and the moment, as every process needs them.
pub struct Setting<'a> {
    /// The look.
    pub once: &'a Once<'a>,
    /// The machine.
    pub host: Option<&'a Host>,
    /// The moment.
    pub clock: Option<Clock>,
    /// Whether proportional set sizes are to be read.
    pub memory: bool,
    /// Whether the live environments of workers are to be read.
    pub live: bool,
}

/// The questions that are put about every process.
fn asks(pid: Pid, memory: bool) -> Vec<Ask> {
    let mut all: Vec<Ask> = [
        ProcText::Stat,
        ProcText::Status,
        ProcText::Cmdline,
        ProcText::Environ,
        ProcText::Maps,
        ProcText::Limits,
        ProcText::Cgroup,
        ProcText::Children,
    ]
    .into_iter()
    .map(|text| Ask::Text(pid, text))
    .collect();
    all.extend(
        [
            ProcLink::Cwd,
            ProcLink::Exe,
            ProcLink::Root,
            ProcLink::NsMnt,
            ProcLink::NsNet,
            ProcLink::NsUser,
        ]
        .map(|link| Ask::Link(pid, link)),
    );
    all.extend([ProcLink::Cwd, ProcLink::Exe].map(|link| Ask::LinkStat(pid, link)));
    all.push(Ask::Descriptors(pid));
    if memory {
        all.push(Ask::Text(pid, ProcText::SmapsRollup));
    }
    all
}

impl Setting<'_> {
    /// The questions that [`Self::process`] puts, to be fetched for all members at once.
    pub fn asks(&self, pid: Pid, part: Part) -> Vec<Ask> {
        let mut all = asks(pid, self.memory);
        all.extend(self.reads_live(part).then_some(Ask::LiveEnviron(pid)));
        all
    }

    /// A master hands its live environment on.
    fn reads_live(&self, part: Part) -> bool {
        self.live || !matches!(part, Part::Worker(_))
    }

    /// A process with all its facts; `None`: it is gone. One that ended or executed another program while it was read
    /// is read again, so that what is told of it is of one moment.
    pub fn process(&self, pid: Pid, part: Part) -> Option<Process> {
        let mut process = self.read(pid, part)?;
        for _ in 0..RETRIES {
            if !is_torn(&process) {
                break;
            }
            self.once.forget(pid);
            self.once.fetch(self.asks(pid, part));
            process = self.read(pid, part)?;
        }
        Some(process)
    }

    fn read(&self, pid: Pid, part: Part) -> Option<Process> {
        let stat = self.text(pid, ProcText::Stat, |text| parse_stat(&text));
        if matches!(stat.lack(), Some(Lack::Refused(Refusal::Gone))) {
            return None;
        }
        let status: Fact<Status> = self.text(pid, ProcText::Status, |text| parse_status(&text));
        let command_line = self.text(pid, ProcText::Cmdline, |text| Ok(parse_command_line(&text)));
        let (root, root_path) = self.root(pid);
        let inside = root_path.as_deref();
        let maps = self.maps(pid, &stat, inside);
        let ticks = stat.get().map(|stat| stat.started);
        let page = self.host.map_or(4096, |host| host.page);
        let since_boot = ticks.map(|ticks| self.since_boot(ticks));
        let stat_place = stat.place.clone();
        let timed = |value: Option<i64>| match value {
            Some(value) => Ok(value),
            None => {
                Err(stat.lack().cloned().unwrap_or(Lack::Depends("the machine's clock".into())))
            }
        };
        let age = timed(
            since_boot.zip(self.clock).and_then(|(start, clock)| clock.boot.checked_sub(start)),
        );
        let started = timed(
            since_boot.zip(self.host).and_then(|(start, host)| host.booted_at.checked_add(start)),
        );
        let facts = ProcessFacts {
            environ: self.environ(pid, &stat, &command_line).into(),
            live: self.live_environ(pid, part).into(),
            cwd: self.linked(pid, ProcLink::Cwd, root, inside),
            exe: self.linked(pid, ProcLink::Exe, root, inside),
            libraries: self.libraries(root, &maps).into(),
            descriptors: self.descriptors(pid).into(),
            cgroup: self.text(pid, ProcText::Cgroup, |text| cgroup::parse(&text)),
            shares_users: self.shares_users(pid),
            limits: self.text(pid, ProcText::Limits, |text| limits::parse(&text)).into(),
            user: Fact {
                place: status.place.clone(),
                value: status.value.as_ref().map_err(Clone::clone).map(|s| self.user(s)),
            },
            pss: if self.memory {
                self.text(pid, ProcText::SmapsRollup, |text| memory::parse_pss(&text))
            } else {
                Fact::lacking(Place::new(format!("/proc/{pid}/smaps_rollup")), Lack::NotAsked)
            },
            rss: Fact {
                place: stat_place.clone(),
                value: stat.value.as_ref().map_err(Clone::clone).and_then(|stat| {
                    let size = stat.resident.checked_mul(page);
                    size.ok_or(Lack::Malformed("more memory than there can be"))
                }),
            },
            started_at: Fact {
                place: stat_place.clone(),
                value: started.and_then(|nanoseconds| {
                    Timestamp::from_nanosecond(i128::from(nanoseconds))
                        .map_err(|_| Lack::Malformed("a start outside of time"))
                }),
            },
            stat,
            status,
            command_line,
            root,
            root_path,
            maps: maps.into(),
        };
        let age = age.map(|ns| u64::try_from(ns / SECOND).unwrap_or(0));
        Some(Process { pid, age: Fact { place: stat_place, value: age }, facts: facts.into() })
    }

    pub(super) fn text<T>(
        &self,
        pid: Pid,
        text: ProcText,
        take: impl FnOnce(Text) -> Result<T, Lack>,
    ) -> Fact<T> {
        self.once.fact(&Ask::Text(pid, text), |found| bytes(found).and_then(take))
    }

    fn descriptors(&self, pid: Pid) -> Fact<Vec<Descriptor>> {
        self.once.fact(&Ask::Descriptors(pid), |found| match found {
            Found::Descriptors(all) => Ok(all),
            _ => Err(Lack::Malformed("another kind of answer")),
        })
    }

    pub(super) fn since_boot(&self, ticks: u64) -> i64 {
        let hertz = self.host.map_or(100, |host| host.ticks.max(1));
        i64::try_from(u128::from(ticks) * 1_000_000_000 / u128::from(hertz)).unwrap_or(i64::MAX)
    }

    fn user(&self, status: &Status) -> Text {
        self.login(status.uids.first().copied().unwrap_or_default())
    }

    /// The name of a user, or the number in words.
    pub(super) fn login(&self, uid: u32) -> Text {
        self.host
            .and_then(|host| host.users.iter().find(|user| user.uid == uid))
            .map_or_else(|| Text::from(uid.to_string().as_str()), |user| user.name.clone())
    }

    /// Where its paths start. Its own root where its mount namespace or root directory is not farrier's, or may be
    /// another: what farrier's own root holds says nothing about a process that may live in a container.
    fn root(&self, pid: Pid) -> (Root, Option<PathBuf>) {
        let mut denied = false;
        let mut link = |link| match self.once.one(&Ask::Link(pid, link)) {
            Ok(Found::Bytes(text)) => Some(text),
            Err(Refusal::Denied) => {
                denied = true;
                None
            }
            _ => None,
        };
        let other_mounts =
            match (link(ProcLink::NsMnt), self.host.and_then(|h| h.namespaces.first())) {
                (Some(theirs), Some(ours)) => &theirs != ours,
                _ => false,
            };
        let path = link(ProcLink::Root).filter(|text| text.bytes() != b"/");
        match (other_mounts || denied, path) {
            (false, None) => (Root::Own, None),
            (_, path) => (Root::Of(pid), path.map(|text| text.path().to_path_buf())),
        }
    }

    fn shares_users(&self, pid: Pid) -> Fact<bool> {
        let ours = self.host.and_then(|host| host.namespaces.get(3));
        self.once.fact(&Ask::Link(pid, ProcLink::NsUser), |found| {
            let theirs = bytes(found)?;
            ours.map(|ours| *ours == theirs)
                .ok_or_else(|| Lack::Depends("farrier's own user namespace".into()))
        })
    }

    fn environ(
        &self,
        pid: Pid,
        stat: &Fact<Stat>,
        command_line: &Fact<CommandLine>,
    ) -> Fact<Environ> {
        let length = command_line.get().map_or(0, |line| line.length);
        self.text(pid, ProcText::Environ, |text| environ::parse(&text, stat.get(), length))
    }

    fn live_environ(&self, pid: Pid, part: Part) -> Fact<Environ> {
        let ask = Ask::LiveEnviron(pid);
        if self.reads_live(part) {
            self.once.fact(&ask, bytes).map(|block| environ::parse_live(&block))
        } else {
            Fact::lacking(Place::of(&ask), Lack::NotAsked)
        }
    }

    /// A magic link, its open target, and what stands at its path now.
    fn linked(&self, pid: Pid, link: ProcLink, root: Root, inside: Option<&Path>) -> Fact<Linked> {
        const MARK: &[u8] = b" (deleted)";
        let open = self.once.fact(&Ask::LinkStat(pid, link), |found| match found {
            Found::Stat(Some(stat)) => Ok(stat),
            Found::Stat(None) => Err(Lack::Refused(Refusal::Gone)),
            _ => Err(Lack::Malformed("another kind of answer")),
        });
        self.once.fact(&Ask::Link(pid, link), |found| {
            let text = bytes(found)?;
            // A directory can really be named so: only a target without links is deleted.
            let deleted = open.get().is_none_or(|stat| stat.nlink == 0);
            let path = match text.bytes().strip_suffix(MARK) {
                Some(rest) if deleted => Text::new(rest).path().to_path_buf(),
                _ => text.path().to_path_buf(),
            };
            let path = as_seen_inside(&path, inside);
            let now = self.once.stat(root, &path);
            Ok(Linked { path, open, now })
        })
    }

    fn maps(&self, pid: Pid, stat: &Fact<Stat>, inside: Option<&Path>) -> Fact<Vec<Mapped>> {
        let dead = stat.get().is_some_and(|stat| stat.state.is_dead());
        let ask = Ask::Text(pid, ProcText::Maps);
        fact(&ask, self.once.last(&ask), |found| {
            let text = bytes(found)?;
            // An empty map of a living process means that it is being torn down or replaced, never "no files".
            if text.is_empty() {
                return Err(Lack::Refused(if dead { Refusal::Zombie } else { Refusal::Gone }));
            }
            let mut all = maps::parse(&text)?;
            for mapped in &mut all {
                mapped.path = as_seen_inside(&mapped.path, inside);
            }
            Ok(all)
        })
    }

    /// The interpreter's libraries and native extensions, with what stands at their paths now.
    fn libraries(&self, root: Root, maps: &Fact<Vec<Mapped>>) -> Fact<Vec<Linked>> {
        let place = maps.place.clone();
        let value = maps.value.as_ref().map_err(Clone::clone).map(|all| {
            let wanted: Vec<&Mapped> = all.iter().filter(|m| is_extension(m)).collect();
            self.once
                .fetch(wanted.iter().map(|m| Ask::path(root, &m.path, PathAsk::Stat)).collect());
            wanted
                .into_iter()
                .map(|mapped| Linked {
                    path: mapped.path.clone(),
                    open: Fact::known(place.clone(), mapped_stat(mapped)),
                    now: self.once.stat(root, &mapped.path),
                })
                .collect()
        });
        Fact { place: maps.place.clone(), value }
    }
}

/// The kernel tells links and maps from farrier's root: of a process with a root directory of its own, the path as
/// that process sees it is what lies below.
pub(super) fn as_seen_inside(path: &Path, inside: Option<&Path>) -> PathBuf {
    match inside.and_then(|root| path.strip_prefix(root).ok()) {
        Some(rest) => Path::new("/").join(rest),
        None => path.to_path_buf(),
    }
}

/// Whether a process lived when its `stat` was read and was gone, or between two programs, when the rest was.
fn is_torn(process: &Process) -> bool {
    fn ended<T>(fact: &Fact<T>) -> bool {
        matches!(fact.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie)))
    }
    let open = |linked: &Fact<Linked>| linked.get().is_some_and(|linked| ended(&linked.open));
    !process.is_dead()
        && (ended(&process.status)
            || ended(&process.command_line)
            || ended(&process.environ)
            || ended(&process.live)
            || ended(&process.maps)
            || ended(&process.descriptors)
            || [&process.cwd, &process.exe].into_iter().any(|link| ended(link) || open(link)))
}

/// What a map line says of its file. The owner, the mode and the times are not in it and are never read from here.
fn mapped_stat(mapped: &Mapped) -> FileStat {
    FileStat {
        kind: FileKind::Regular,
        device: mapped.device,
        inode: mapped.inode,
        mode: 0,
        uid: 0,
        gid: 0,
        nlink: u64::from(!mapped.marked_deleted),
        size: mapped.size,
        mtime: 0,
        ctime: 0,
        rdev: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::os::{Answer, Source};

    /// A process that ends when its `stat` has been read for the first time.
    struct Ending {
        stats: Cell<u32>,
    }

    impl Source for Ending {
        fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
            let one = |ask: &Ask| match ask {
                Ask::Text(_, ProcText::Stat) => {
                    let before = self.stats.replace(self.stats.get() + 1);
                    let state = if before == 0 { "S" } else { "Z" };
                    let zeros = "0 ".repeat(49);
                    Ok(Found::Bytes(Text::from(&*format!("7 (ruby) {state} 1 {zeros}"))))
                }
                _ => Err(Refusal::Zombie),
            };
            asks.iter().map(one).collect()
        }
    }

    #[test]
    fn what_ends_under_the_look_is_dead_and_not_unreadable() {
        let source = Ending { stats: Cell::new(0) };
        let once = Once::new(&source);
        let setting = Setting { once: &once, host: None, clock: None, memory: false, live: false };
        let pid: Pid = "7".parse().unwrap();
        assert!(setting.process(pid, Part::Raw).unwrap().is_dead());
    }
}
