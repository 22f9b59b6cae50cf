//! Paths that were asked about and that name no app: whose process the number in such a file is.

use std::path::{Path, PathBuf};

use super::place::{has_pidfile, is_at};
use super::read::Setting;
use crate::facts::mounts::{self, Mount};
use crate::facts::process::{parse_command_line, parse_stat};
use crate::facts::{Lack, bytes};
use crate::model::{App, Leads, Named};
use crate::os::{Ask, FileKind, Pid, ProcLink, ProcText, Refusal, Root, Text, shown};

/// So much of a file is read: its first line is the number.
const BOUND: u32 = 64;

/// What each path leads to that is neither an app's root nor one of its pidfiles.
pub fn look(setting: &Setting<'_>, apps: &[App], wishes: &[PathBuf]) -> Vec<Named> {
    let belongs = |wish: &Path| {
        apps.iter().any(|app| {
            is_at(setting.once, app, wish)
                || app.is_asked_as(wish)
                || has_pidfile(setting.once, app, wish)
        })
    };
    let others = wishes.iter().filter(|wish| wish.is_absolute() && !belongs(wish));
    others
        .filter_map(|wish| Some(Named { word: shown(wish), leads: leads(setting, wish)? }))
        .collect()
}

fn leads(setting: &Setting<'_>, path: &Path) -> Option<Leads> {
    let once = setting.once;
    let unknown = |lack: &Lack| Some(Leads::Unknown(lack.to_string()));
    match &once.stat(Root::Own, path).value {
        Ok(Some(stat)) if stat.kind == FileKind::Regular => {}
        Ok(_) => return None,
        Err(lack) => return unknown(lack),
    }
    let text = match once.file(Root::Own, path, BOUND).value {
        Ok(text) => text?,
        Err(lack) => return unknown(&lack),
    };
    // postmaster.pid has more lines behind its number.
    let first = text.bytes().split(|byte| *byte == b'\n').next()?.trim_ascii();
    let pid = std::str::from_utf8(first).ok()?.parse::<Pid>().ok()?;
    if let Some(lack) = counted_elsewhere(setting, path, None) {
        return unknown(&lack);
    }
    let stat = once.fact(&Ask::Text(pid, ProcText::Stat), |found| parse_stat(&bytes(found)?));
    match stat.value {
        Ok(stat) if stat.state.is_dead() => Some(Leads::Gone(pid)),
        Ok(stat) => Some(Leads::Process(pid, name(setting, pid, &stat.comm.to_string()))),
        Err(Lack::Refused(Refusal::Gone)) => Some(Leads::Gone(pid)),
        Err(lack) => unknown(&lack),
    }
}

/// What a process is called: the first word of its title without its directory, without what follows a colon.
pub fn name(setting: &Setting<'_>, pid: Pid, comm: &str) -> String {
    let ask = Ask::Text(pid, ProcText::Cmdline);
    let line = setting.once.fact(&ask, |found| Ok(parse_command_line(&bytes(found)?)));
    let title = line.get().and_then(|line| line.words.raw().first()).map(ToString::to_string);
    let Some(title) = title else { return comm.to_owned() };
    let word = title.split([' ', ':']).next().unwrap_or_default();
    let short = word.rsplit('/').next().unwrap_or_default();
    // A script goes by its own name, not by that of what runs it.
    if short.is_empty() || !title.contains(' ') { comm.to_owned() } else { short.to_owned() }
}

/// Why the number in a file may be one of another pid namespace: a container has its directory mounted. With a number: and
/// a process there may have it.
pub fn counted_elsewhere(setting: &Setting<'_>, path: &Path, number: Option<Pid>) -> Option<Lack> {
    let (once, host) = (setting.once, setting.host?);
    let real = once.real(Root::Own, path).value.ok().flatten()?;
    let of = |pid: Pid| -> Option<Vec<Mount>> {
        let ask = Ask::Text(pid, ProcText::Mountinfo);
        once.fact(&ask, |found| Ok(mounts::parse(&bytes(found)?))).value.ok()
    };
    let own = of(host.own_pid)?;
    let held = mounts::holding(&own, &real)?;
    let within = held.within(&real)?;
    let link = |pid: Pid, link| once.fact(&Ask::Link(pid, link), bytes).value.ok();
    let (ours, theirs) = (host.namespaces.first()?, host.namespaces.get(1)?);
    let pids = super::leftovers::pids(once);
    once.fetch(pids.iter().map(|pid| Ask::Link(*pid, ProcLink::NsPid)).collect());
    let counts = |space: &Text| {
        let Some(number) = number else { return true };
        pids.iter().filter(|pid| link(**pid, ProcLink::NsPid).as_ref() == Some(space)).any(|pid| {
            let status = super::adopt::status(once, *pid);
            status.is_none_or(|status| status.ns_pids.last() == Some(&number.number()))
        })
    };
    let spot = |root: Root, path: &Path| {
        let stat = once.stat(root, path).value.ok();
        stat.map(|stat| stat.map(|stat| (stat.device, stat.inode)))
    };
    let mut looked = Vec::new();
    for pid in pids.iter().copied() {
        let Some(space) = link(pid, ProcLink::NsPid).filter(|space| space != theirs) else {
            continue;
        };
        let Some(mount) = link(pid, ProcLink::NsMnt).filter(|mount| mount != ours) else {
            continue;
        };
        if looked.contains(&mount) {
            continue;
        }
        looked.push(mount);
        // Who sees the whole of the machine's first disk (a monitor) has no directory of its own there.
        let is_all = |mount: &Mount| mount.root == held.root && held.point == Path::new("/");
        // What is mounted over it there hides it.
        let sees = |mount: &Mount| {
            let Ok(rest) = within.strip_prefix(&mount.root) else { return false };
            let theirs = spot(Root::Of(pid), &mount.point.join(rest));
            theirs.is_none() || theirs == spot(Root::Own, &real)
        };
        let has = |mount: &Mount| mount.device == held.device && sees(mount);
        if !counts(&space) {
            continue;
        }
        if of(pid).unwrap_or_default().iter().any(|mount| has(mount) && !is_all(mount)) {
            let what =
                format!("the pid namespace {space}, whose processes have {} mounted", shown(path));
            return Some(Lack::Depends(what));
        }
    }
    None
}
