//! `master-duplicate`: two masters serve the same app side by side, and neither is the other's re-execution.

use std::path::{Path, PathBuf};

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Rule, Severity};
use crate::facts::sockets::SocketFile;
use crate::model::{Address, App, Listener, Master, Phase, Role, Setting};
use crate::os::shown;
use crate::rules::advice;

/// The card.
pub const RULE: Rule = Rule {
    name: "master-duplicate",
    needs: &[],
    worst: Severity::Critical,
    stops_service: false,
    summary: "Two masters serve the same app side by side, and neither is the other's re-execution.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

Two masters of one app live side by side. Neither was started by the other's USR2, and they do not share their
sockets: a start ran a second time, most often because the pidfile was not there.

## Why it matters

Two codes answer, the memory is held twice, and stop, reload and deploy reach only one of them.

## How farrier decides

Two living masters, not linked by re-execution, share no listening socket, and have the same pidfile, listen on
the same address, or were given the same configuration whose listeners are plain words. Paths that differ only
in the release count as the same.

## When it stays silent

A handover: old and new master share their sockets. The two units of one service on sockets that systemd holds
share them too. A master that has closed its sockets, or has not opened them yet, is leaving or booting. Several
apps of one user, or web and admin from one root with pidfiles and sockets of their own, are no duplicates.

## How to fix it

Find out which of them the proxy reaches (the one whose socket file is still its own), and send QUIT to the
other.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let masters: Vec<&Master> = app.living_masters().collect();
    for (at, second) in masters.iter().enumerate() {
        for first in masters.iter().take(at) {
            if related(app, first, second) {
                continue;
            }
            let Some(sockets) = look.of(first.process.pid, "listeners", &first.listens) else {
                continue;
            };
            let Some(others) = look.of(second.process.pid, "listeners", &second.listens) else {
                continue;
            };
            let apart = !sockets.is_empty()
                && !others.is_empty()
                && !sockets.iter().any(|inode| others.contains(inode));
            if !apart {
                continue;
            }
            match common(look, first, second) {
                Some(common) => report(look, first, second, &common),
                // Paths of two releases are known to be one and the same only with the releases.
                None => {
                    look.at("the releases", &app.layout);
                }
            }
        }
    }
}

/// One is the other's re-execution, over any number of generations, or is just being started.
fn related(app: &App, first: &Master, second: &Master) -> bool {
    let descends = |from: &Master, to: &Master| {
        let mut parent = from.parent.or_else(|| from.process.parent());
        for _ in 0..app.masters.len() {
            match parent {
                Some(pid) if pid == to.process.pid => return true,
                Some(pid) => {
                    let above = app.master(pid);
                    parent = above.and_then(|m| m.parent.or_else(|| m.process.parent()));
                }
                None => return false,
            }
        }
        false
    };
    let starting = |master: &Master| master.phase == Phase::Starting;
    starting(first) || starting(second) || descends(first, second) || descends(second, first)
}

/// What makes two masters serve the same, in words.
fn common(look: &mut Look<'_>, first: &Master, second: &Master) -> Option<String> {
    let app = look.app();
    if let Some(address) = common_address(app, first, second) {
        return Some(format!("both listen on {address}"));
    }
    let one = look.of(first.process.pid, "pidfile", &first.pidfile)?;
    let other = look.of(second.process.pid, "pidfile", &second.pidfile)?;
    if let (Some(one), Some(other)) = (one, other) {
        let same = any_release(app, one) == any_release(app, other);
        return same.then(|| format!("both were given {}", app.short(one)));
    }
    let one = look.of(first.process.pid, "configuration", &first.loaded)?;
    let other = look.of(second.process.pid, "configuration", &second.loaded)?;
    let plain = |listen: &[Setting<_>]| {
        !listen.is_empty() && listen.iter().all(|l| matches!(l, Setting::Set { .. }))
    };
    let same = any_release(app, &one.file.path) == any_release(app, &other.file.path);
    (same && plain(&one.listen) && plain(&other.listen))
        .then(|| format!("both were given {}", app.short(&one.file.path)))
}

fn held<'a>(app: &'a App, master: &'a Master) -> impl Iterator<Item = &'a Listener> {
    app.listeners.iter().filter(|listener| listener.masters.contains(&master.process.pid))
}

fn common_address(app: &App, first: &Master, second: &Master) -> Option<String> {
    let generic = |address: &Address| match address {
        Address::Unix(path) => Address::Unix(any_release(app, path)),
        other => other.clone(),
    };
    held(app, first)
        .find(|one| {
            held(app, second).any(|other| {
                other.inode != one.inode && generic(&other.address) == generic(&one.address)
            })
        })
        .map(|listener| match &listener.address {
            Address::Unix(path) => app.short(path),
            other => other.to_string(),
        })
}

/// A path with the release taken out: what two releases' own copies have in common.
fn any_release(app: &App, path: &Path) -> PathBuf {
    let Some(Some(layout)) = app.layout.get() else { return path.to_path_buf() };
    let Some(rest) = layout.below_release(path) else { return path.to_path_buf() };
    layout.current.path.join(rest)
}

/// Whether the path of one of its Unix sockets no longer leads to it.
fn is_cut_off(app: &App, master: &Master) -> bool {
    held(app, master)
        .filter_map(|listener| listener.file.as_ref())
        .any(|file| matches!(file.get(), Some(SocketFile::Missing | SocketFile::Replaced(_))))
}

fn report(look: &mut Look<'_>, first: &Master, second: &Master, common: &str) {
    let app = look.app();
    let (one, other) = (first.process.pid, second.process.pid);
    let spare = match (is_cut_off(app, first), is_cut_off(app, second)) {
        (true, false) => Some((first, second)),
        (false, true) => Some((second, first)),
        _ => None,
    };
    let subject = match spare {
        Some((spare, _)) => spare,
        None if first.role == Role::Duplicate => first,
        None => second,
    };
    let ended = |pid| advice::end_in_words(app, pid);
    let mut finding = look
        .finding(Severity::Critical, format!("{one} and {other} both serve, apart"))
        .about(subject.process.pid)
        .told(
            Line::new(format!("{}: two masters serve, {one} and {other}", cut(&app.name, 16))),
            Line::new(common).aside("; neither started the other"),
            match spare {
                Some((spare, _)) => {
                    Line::new(format!("retire {}, which its socket no longer", spare.process.pid))
                        .keep(" reaches")
                }
                None => Line::new("find the one that the proxy reaches, retire the other"),
            },
        )
        .seen(format!("{one} is a master"), &first.process.command_line.place)
        .seen(format!("{other} is a master"), &second.process.command_line.place)
        .seen(format!("they share no listening socket; {common}"), &second.listens.place)
        .leads_to("Two codes answer; a stop, a reload or a deploy reaches only one.");
    for master in [first, second] {
        for listener in held(app, master) {
            let place = listener.file.as_ref().map_or(&master.listens.place, |file| &file.place);
            let fact = format!("{} listens on {}", master.process.pid, listener.address);
            finding = finding.seen(fact, place);
        }
    }
    finding = match spare {
        Some((spare, keeps)) => finding
            .fix(format!("# {} keeps the socket's path", keeps.process.pid))
            .fix(advice::end(app, spare.process.pid)),
        None => finding
            .fix(format!("# look which the proxy reaches: {one} or {other}"))
            .fix(format!("# then end the other: {}, or {}", ended(one), ended(other))),
    };
    let named = app.pidfiles.iter().find(|file| file.pid == Some(one) || file.pid == Some(other));
    if let (Some(file), None) = (named, spare) {
        let words =
            format!("{} names {}", shown(&file.path), file.pid.map_or(0, crate::os::Pid::number));
        finding = finding.seen(words, &file.state.place);
    }
    look.found(finding.for_good("let the start refuse while a master of the app lives"));
}
