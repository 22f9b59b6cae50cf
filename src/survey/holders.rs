//! Who works on an app: who has locked the directory of its pidfile.

use jiff::Timestamp;

use super::read::Setting;
use crate::facts::process::{parse_command_line, parse_stat, parse_status};
use crate::facts::{Fact, Lack, Place};
use crate::model::holder::{Holder, terminal};
use crate::model::{App, Master};
use crate::os::porter::PORTER;
use crate::os::{Ask, Flock, Found, Pid, ProcText, Root};

/// The name of farrier's own program, as the kernel cuts it to 15 bytes; a file may carry its version behind it.
const PROGRAM: &[u8] = b"farrier";
/// The login of who never logged in (`proc_pid_loginuid(5)`).
const NOBODY: &str = "4294967295";

/// Nobody has looked yet.
pub fn not_asked() -> Fact<Option<Holder>> {
    Fact::lacking(Place::new("/proc/locks"), Lack::NotAsked)
}

/// Says of each app who works on it.
pub fn look(setting: &Setting<'_>, apps: &mut [App]) {
    if apps.is_empty() {
        return;
    }
    let locks: Fact<Vec<Flock>> = setting.once.fact(&Ask::Flocks, |found| match found {
        Found::Flocks(locks) => Ok(locks),
        _ => Err(Lack::Malformed("another kind of answer")),
    });
    for app in apps {
        app.holder = Fact {
            place: locks.place.clone(),
            value: locks.value.as_ref().map_err(Clone::clone).map(|locks| {
                let held = |master: &Master| {
                    master.lock_place().and_then(|place| of(setting, master, &place, locks))
                };
                app.living_masters().find_map(held)
            }),
        };
    }
}

/// Who holds the lock on a directory, farrier itself left out.
fn of(
    setting: &Setting<'_>,
    master: &Master,
    place: &std::path::Path,
    locks: &[Flock],
) -> Option<Holder> {
    let stat = setting.once.stat(Root::Own, place).value.ok().flatten()?;
    let mine = |lock: &&Flock| {
        lock.inode == stat.inode
            // A file system with several volumes has one device, and tells stat(2) another one for each.
            && (lock.device == stat.device || has_open(setting, lock.pid, place))
    };
    let holders = locks.iter().filter(mine).filter_map(|lock| holder(setting, master, lock.pid));
    holders.max_by_key(|holder| holder.counts)
}

fn has_open(setting: &Setting<'_>, pid: Pid, place: &std::path::Path) -> bool {
    match setting.once.one(&Ask::Descriptors(pid)) {
        Ok(Found::Descriptors(all)) => all.iter().any(|open| open.target == place.into()),
        _ => false,
    }
}

/// The farrier for which a porter holds a lock; anybody else holds it for himself.
fn behind(setting: &Setting<'_>, pid: Pid) -> Pid {
    let line = setting.text(pid, ProcText::Cmdline, |text| Ok(parse_command_line(&text)));
    let is_porter = line.get().is_some_and(|line| {
        line.words.raw().get(1).is_some_and(|word| word.bytes() == PORTER.as_bytes())
    });
    let parent = || {
        let stat = setting.text(pid, ProcText::Stat, |text| parse_stat(&text));
        Pid::new(stat.get()?.ppid)
    };
    if is_porter { parent().unwrap_or(pid) } else { pid }
}

fn holder(setting: &Setting<'_>, master: &Master, pid: Pid) -> Option<Holder> {
    let pid = behind(setting, pid);
    if setting.host.is_some_and(|host| host.own_pid == pid) {
        return None;
    }
    let entry = setting.text(pid, ProcText::Stat, |text| parse_stat(&text)).value.ok()?;
    let status = setting.text(pid, ProcText::Status, |text| parse_status(&text)).value.ok()?;
    let line = setting.text(pid, ProcText::Cmdline, |text| Ok(parse_command_line(&text)));
    let login = setting.text(pid, ProcText::Loginuid, Ok).value.ok();
    let login = login.and_then(|login| {
        let number = login.utf8()?.trim().to_owned();
        (number != NOBODY).then(|| number.parse().ok()).flatten()
    });
    let [real, effective, ..] = status.uids;
    let runs = master.process.status.get().map(|status| status.uids);
    let is_farrier = entry.comm.bytes().starts_with(PROGRAM);
    let since_boot = setting.since_boot(entry.started);
    let start = setting.host.and_then(|host| host.booted_at.checked_add(since_boot));
    Some(Holder {
        pid,
        user: setting.login(login.unwrap_or(real)),
        terminal: terminal(entry.tty),
        started: start.and_then(|at| Timestamp::from_nanosecond(i128::from(at)).ok()),
        arguments: line.value.map(|line| line.words).unwrap_or_default(),
        counts: is_farrier
            && (effective == 0 || runs.is_some_and(|runs| runs.contains(&effective))),
        program: entry.comm,
    })
}
