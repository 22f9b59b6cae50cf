//! `pidfile-unwritable`: the master may not rename its pidfile to the oldbin, so that USR2 is refused.

use std::path::Path;

use crate::contract::line::{Line, cut};
use crate::contract::{Blind, Finding, Look, Need, Rule, Severity, quote};
use crate::facts::permission::{Actor, CHANGE, SEARCH};
use crate::facts::{Lack, Place};
use crate::model::{Directory, Master, Pidfile, PidfileKind};
use crate::os::{Pid, shown};

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-unwritable",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The master may not rename its pidfile to the oldbin: the next USR2 is refused.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed", "reexec-refused"],
    check,
};

const MEANING: &str = "\
## What it means

At USR2 the master first renames its pidfile to `PIDFILE.oldbin`. It may not: the directory is not its user's to
write, one above it may not be searched, it is mounted read-only, or it is gone.

## Why it matters

The master writes one line to its log, `error writing pid=…`, and serves on as if nothing had been asked of it.
Every upgrade ends there until the directory is put right.

## How farrier decides

It takes the effective user, the groups and the capabilities of the master itself (`user` in the configuration is
for the workers), and owner, group and mode of every directory that leads to the pidfile; whether that is
mounted read-only or marked immutable; and, in a sticky directory, who owns the files there. A directory that is
gone below `current` has to be so at two looks.

## When it stays silent

A master with the capability that root has may write everywhere it is mounted for writing. Where an access
control list could decide either way, and where capabilities count in another user namespace, it says that it
cannot see. What SELinux or AppArmor forbid besides is not seen. Without a pidfile there is no subject; where
nothing shows that USR2 is used here it is only information.

## How to fix it

Give the directory to the master's user, or to a group of it with write and search permission; or mount it for
writing. Then USR2 works again, without a restart.
";

/// Why it may not.
enum Obstacle<'a> {
    Gone(&'a Directory),
    ReadOnly(&'a Directory),
    Fixed(&'a Directory),
    Closed(&'a Directory),
    Unsearchable(&'a Directory),
    Anothers(&'a Pidfile),
}

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let mut given = false;
    for master in app.upgradable() {
        let pid = master.process.pid;
        let known = look.of(pid, "pidfile", &master.pidfile);
        given |= known.is_none_or(Option::is_some);
        let Some(Some(path)) = known else { continue };
        let mine = |file: &&Pidfile| {
            file.kind == PidfileKind::Current && (file.owner == Some(pid) || &file.path == path)
        };
        let Some(file) = app.pidfiles.iter().find(mine) else { continue };
        if let Some(obstacle) = obstacle(look, master, file) {
            report(look, master, file, &obstacle);
        }
    }
    if !given && app.living_masters().next().is_some() {
        look.not_here();
    }
}

fn obstacle<'a>(
    look: &mut Look<'a>,
    master: &'a Master,
    file: &'a Pidfile,
) -> Option<Obstacle<'a>> {
    let Some((holder, others)) = file.directories.split_first() else {
        look.cannot_see(unknown(master.process.pid, &file.path, &file.real.place));
        return None;
    };
    let what = format!("directory {}", shown(&holder.path));
    let Some(stat) = look.at(&what, &holder.stat)? else {
        return is_gone(look, file).then_some(Obstacle::Gone(holder));
    };
    let access = (*look.at(format!("how {} is mounted", shown(&holder.path)), &holder.access)?)?;
    if access.read_only {
        return Some(Obstacle::ReadOnly(holder));
    }
    if access.fixed {
        return Some(Obstacle::Fixed(holder));
    }
    let process = &master.process;
    let pid = process.pid;
    let status = look.of(pid, "status", &process.status)?;
    let actor = Actor { status, shares_users: process.shares_users.get().copied() };
    if !decided(look, pid, holder, actor.may(CHANGE, stat, access))? {
        return Some(Obstacle::Closed(holder));
    }
    // A relative path starts at the working directory, which the master holds: nothing above it is searched.
    let from = starts_at(look, master)?;
    for above in others.iter().filter(|d| d.path.starts_with(from)) {
        let what = format!("directory {}", shown(&above.path));
        let Some(Some(stat)) = look.at(&what, &above.stat) else { continue };
        let Some(Some(access)) = look.at(what, &above.access) else { continue };
        if decided(look, pid, above, actor.may(SEARCH, stat, *access)) == Some(false) {
            return Some(Obstacle::Unsearchable(above));
        }
    }
    let oldbin = look.app().pidfiles.iter().filter(|other| {
        other.kind == PidfileKind::Oldbin && other.path.parent() == file.path.parent()
    });
    for there in std::iter::once(file).chain(oldbin) {
        // A link's own owner is not known: only a file that stands in the directory itself counts.
        let at = look.at(format!("where {} leads", shown(&there.path)), &there.real)?;
        if at.as_deref().and_then(Path::parent) != Some(&holder.path) {
            continue;
        }
        let Some(found) = look.at(format!("file {}", shown(&there.path)), &there.stat)? else {
            continue;
        };
        if !decided(look, pid, holder, actor.may_replace(stat, found.uid))? {
            return Some(Obstacle::Anothers(there));
        }
    }
    None
}

/// Whether the directory is missing for good: a switch of `current` may leave a short gap.
fn is_gone(look: &mut Look<'_>, file: &Pidfile) -> bool {
    let Some(parent) = file.path.parent() else { return false };
    if !look.through_current(parent) {
        return true;
    }
    let Some(before) = look.before() else { return false };
    let earlier = before.pidfiles.iter().find(|other| other.path == file.path);
    let holder = earlier.and_then(|file| file.directories.first());
    let stat = holder.and_then(|holder| look.at("the directory at the look before", &holder.stat));
    stat.is_some_and(Option::is_none)
}

/// Where the way to the pidfile starts: at the root, or for a relative path at the working directory.
fn starts_at<'a>(look: &mut Look<'a>, master: &'a Master) -> Option<&'a Path> {
    let set = master.loaded.get().and_then(|config| config.pid.value());
    if set.is_none_or(|path| path.is_absolute()) {
        return Some(Path::new("/"));
    }
    let cwd = look.of(master.process.pid, "directory", &master.process.cwd)?;
    Some(&cwd.path)
}

/// An answer, or the note that permissions alone do not give one.
fn decided(
    look: &mut Look<'_>,
    pid: Pid,
    directory: &Directory,
    answer: Option<bool>,
) -> Option<bool> {
    if answer.is_none() {
        look.cannot_see(unknown(pid, &directory.path, &directory.access.place));
    }
    answer
}

fn unknown(pid: Pid, path: &Path, place: &Place) -> Blind {
    Blind {
        what: format!("whether {pid} may write at {}", shown(path)),
        place: place.clone(),
        why: Lack::Ambiguous("an access control list or another user namespace decides it".into()),
        pid: Some(pid),
    }
}

fn report(look: &mut Look<'_>, master: &Master, file: &Pidfile, obstacle: &Obstacle<'_>) {
    let app = look.app();
    let pid = master.process.pid;
    let user = master.process.user.get().map_or_else(|| "its user".into(), ToString::to_string);
    let severity = if app.uses_reexec() { Severity::Critical } else { Severity::Info };
    let (at, why) = in_words(obstacle, &user);
    let finding = look
        .finding(severity, format!("{pid} may not rename its pidfile: USR2 is refused"))
        .about(pid)
        .at_path(&file.path)
        .told(
            Line::new(format!("{}: USR2 to {pid} is refused", cut(&app.name, 16)))
                .aside(", its pidfile cannot be renamed"),
            Line::new(format!("{} {why}", cut(&app.short(at), 34))),
            match obstacle {
                Obstacle::Gone(_) => Line::new("make the directory again").aside(", as its user"),
                Obstacle::ReadOnly(_) => Line::new("mount it for writing"),
                Obstacle::Fixed(_) => Line::new("take the mark off").aside(": chattr -i"),
                _ => Line::new(format!("give it to {}", cut(&user, 24))),
            },
        )
        .leads_to(format!("Every USR2 is refused with one line in the log; {pid} serves on."));
    let finding = seen(finding, obstacle, master, at, &why);
    look.found(
        mended(finding, obstacle, &quote::seen_by(&master.process, at), &user)
            .for_good("keep pidfiles in a directory of the master's user, outside the releases"),
    );
}

/// Where it is, and what is the matter there.
fn in_words<'a>(obstacle: &Obstacle<'a>, user: &str) -> (&'a Path, String) {
    let user = cut(user, 14);
    match obstacle {
        Obstacle::Gone(at) => (&at.path, "is gone".into()),
        Obstacle::ReadOnly(at) => (&at.path, "is mounted read-only".into()),
        Obstacle::Fixed(at) => (&at.path, "is immutable or append-only".into()),
        Obstacle::Closed(at) => (&at.path, format!("is not {user}'s to write")),
        Obstacle::Unsearchable(at) => (&at.path, format!("is not {user}'s to search")),
        Obstacle::Anothers(file) => (&file.path, "is another's in a sticky directory".into()),
    }
}

fn seen(
    finding: Finding,
    obstacle: &Obstacle<'_>,
    master: &Master,
    at: &Path,
    why: &str,
) -> Finding {
    let (place, stat) = match obstacle {
        Obstacle::Gone(at) | Obstacle::Closed(at) | Obstacle::Unsearchable(at) => {
            (&at.stat.place, at.stat.get())
        }
        Obstacle::ReadOnly(at) | Obstacle::Fixed(at) => (&at.access.place, None),
        Obstacle::Anothers(file) => (&file.stat.place, file.stat.get()),
    };
    let finding = finding.seen(format!("{} {why}", shown(at)), place);
    let status = &master.process.status;
    match (stat.and_then(Option::as_ref), status.get()) {
        (Some(stat), Some(held)) => {
            let [.., user] = held.uids;
            let [.., group] = held.gids;
            finding
                .seen(
                    format!("mode {:04o}, of user {} and group {}", stat.mode, stat.uid, stat.gid),
                    place,
                )
                .seen(
                    format!("{} is of user {user} and group {group}", master.process.pid),
                    &status.place,
                )
        }
        _ => finding,
    }
}

fn mended(finding: Finding, obstacle: &Obstacle<'_>, path: &str, user: &str) -> Finding {
    match obstacle {
        Obstacle::Gone(_) => finding.fix(format!("# as {user}: mkdir -p {path}")),
        Obstacle::ReadOnly(_) => finding.fix(format!("# as root: mount -o remount,rw {path}")),
        Obstacle::Fixed(_) => finding.fix(format!("# as root: chattr -ia {path}")),
        Obstacle::Closed(_) | Obstacle::Anothers(_) => {
            finding.fix(format!("# as root: chown {} {path}", quote::word(user)))
        }
        Obstacle::Unsearchable(_) => finding
            .fix(format!("# as root, if nothing in it is secret: chmod o+x {path}"))
            .fix("# else move the pidfile to a directory of the master's user"),
    }
}
