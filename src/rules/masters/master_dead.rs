//! `master-dead`: something wants the app up, and no master of it lives.

use crate::contract::line::{Line, cut};
use crate::contract::{Blind, Finding, Look, Rule, Severity};
use crate::facts::Place;
use crate::model::{App, Held, Leftover, Remains, Wanted};
use crate::os::shown;

/// So much of a line of its log is told.
const LONGEST: usize = 160;

/// The card.
pub const RULE: Rule = Rule {
    name: "master-dead",
    needs: &[],
    worst: Severity::Critical,
    stops_service: true,
    summary: "The app should run, and no master of it lives.",
    meaning: MEANING,
    offers: None,
    causes: &["upstream-unserved", "pidfile-stale", "runit-down"],
    check,
};

const MEANING: &str = "\
## What it means

Something says that the app should run, and no master of it lives: a supervisor has it up, a proxy passes requests to
a socket of it where nobody listens, or its pidfile names a process that is gone and that was not stopped.

## Why it matters

The app is down: the proxy answers 502.

## How farrier decides

A supervisor tells it by its own files; a proxy by its configuration: a Unix socket below a deploy root that has a
server's pidfile or configuration. Where another server of the proxy's group listens, or one that is reached over a
network, nobody is missed. A pidfile tells it where the server's configuration or its usual place names it, the server
removes it whenever it is stopped by a signal, it was written since the machine (in a container: its first process)
started, it lies on a file system of this machine, no supervisor has the app stopped, nothing else serves from that
directory, and something of the app has changed within 30 days. A zombie does not live, a master that still boots does.
Where processes are hidden from farrier, nothing is said.

## When it stays silent

Releases that nothing serves and nobody asks for may be stopped on purpose; that somebody names them to farrier says
nothing. A job host runs the app's workers and no web server. An app with any living master is up. While
workers that outlived their master hold the sockets, something still answers: `pidfile-stale` says it.

## How to fix it

Read the last lines of its log, then start it by what starts it at boot: its service.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let mut by = evidence(look);
    let asked = app.is_asked() && app.living_masters().next().is_some();
    let may_be = app.wanted.iter().any(|wanted| matches!(wanted, Wanted::Untold { .. }));
    if by.is_empty() && !asked && !may_be && app.pidfiles.iter().all(|file| file.leftover.is_none())
    {
        return look.not_here();
    }
    let mut unseen = false;
    for master in &app.masters {
        match look.of(master.process.pid, "state", &master.process.stat) {
            Some(stat) if !stat.state.is_dead() => return,
            Some(_) => {}
            None => unseen = true,
        }
    }
    if unseen || by.is_empty() || !look.sees_all_masters() || !places_all(look) {
        return;
    }
    // What a supervisor has up is between two starts for a moment.
    let supervised = |wanted: &Wanted| matches!(wanted, Wanted::Supervisor(_));
    if app.wanted.iter().any(supervised) && by.len() == 1 {
        let Some(before) = look.before() else { return };
        if before.living_masters().next().is_some() || !before.wanted.iter().any(supervised) {
            by.clear();
        }
    }
    if !by.is_empty() {
        report(look, app, &by);
    }
}

/// Who says that it should run, in words, and where. That it was asked about is a question.
fn evidence(look: &mut Look<'_>) -> Vec<(String, Place)> {
    let app = look.app();
    let mut all = Vec::new();
    for wanted in &app.wanted {
        match wanted {
            Wanted::Failed { how, place } => all.push((how.clone(), place.clone())),
            Wanted::Untold { what, place, why } => look.cannot_see(Blind {
                what: what.clone(),
                place: place.clone(),
                why: why.clone(),
                pid: None,
            }),
            other => all.extend(words(other).map(|words| (words.clone(), Place::new(words)))),
        }
    }
    for file in &*app.pidfiles {
        let Some(leftover) = &file.leftover else { continue };
        let what = format!("why {} is left", shown(&file.path));
        if let Some(Leftover::Killed) = look.at(what, leftover) {
            let pid = file.pid.map_or_else(|| "a process".to_owned(), |pid| pid.to_string());
            let words = format!("{} names {pid}, gone and not stopped", app.short(&file.path));
            all.push((words, leftover.place.clone()));
        }
    }
    all
}

/// Whether it is known of every master of that kind where it belongs; noted where it is not.
fn places_all(look: &mut Look<'_>) -> bool {
    let (app, census) = (look.app(), look.census());
    let mut all = true;
    for other in census.apps.iter().filter(|other| other.kind == app.kind && other.id != app.id) {
        for master in other.living_masters().filter(|_| other.is_placeless()) {
            all &= look.of(master.process.pid, "directory", &master.process.cwd).is_some();
        }
    }
    all
}

fn report(look: &mut Look<'_>, app: &App, by: &[(String, Place)]) {
    let first = by.first().map_or_else(String::new, |(words, _)| words.clone());
    let service = app.wanted.iter().find_map(|wanted| match wanted {
        Wanted::Supervisor(service) => Some(service.as_str()),
        _ => None,
    });
    let next = match (&app.starts, service) {
        (Some(starts), _) => format!("read its log, then: {}", cut(starts, 46)),
        (None, Some(service)) => format!("read its log, then start {}", cut(service, 40)),
        (None, None) => "read its log, then start it by its service".to_owned(),
    };
    let mut finding = look
        .finding(Severity::Critical, format!("no master of {} lives", cut(&app.name, 30)))
        .at_path(&app.root)
        .told(
            Line::new(format!("{}: no master lives", cut(&app.name, 40))),
            Line::new(cut(&first, 70)),
            next,
        )
        .seen(format!("no master serves {}", shown(&app.root)), Place::new("/proc"))
        .leads_to("Nothing answers until it is started.");
    for (wanted, place) in by {
        finding = finding.seen(wanted.clone(), place);
    }
    for zombie in &app.masters {
        let fact = format!("{} is a zombie", zombie.process.pid);
        finding = finding.seen(fact, &zombie.process.stat.place);
    }
    if let Some(remains) = &app.remains {
        finding = with_remains(finding, remains);
    }
    look.found(finding.fix(match (&app.starts, service) {
        (Some(starts), _) => starts.clone(),
        (None, Some(service)) => format!("# start it: {service}"),
        (None, None) => "# start it by what starts it at boot".to_owned(),
    }));
}

/// The end of its log, and who still holds its sockets.
fn with_remains(mut finding: Finding, remains: &Remains) -> Finding {
    if let Some(log) = &remains.log {
        match &log.value {
            Ok(lines) if lines.is_empty() => {
                finding = finding.seen("its log is empty", &log.place);
            }
            Ok(lines) => {
                for line in lines {
                    let text = cut(&line.text.to_string(), LONGEST);
                    finding = finding.seen(format!("its log ends: {text}"), &line.place);
                }
            }
            Err(lack) => {
                finding = finding.seen(format!("its log was not read: {lack}"), &log.place);
            }
        }
    }
    match remains.sockets.as_ref().map(|sockets| (&sockets.value, &sockets.place)) {
        Some((Ok(held), place)) if held.is_empty() => {
            finding = finding.seen("nobody holds its sockets", place);
        }
        Some((Ok(held), _)) => {
            for Held { address, pid, name } in held {
                let fact = format!("{} {pid} still holds {}", cut(name, 30), cut(address, 80));
                finding = finding.seen(fact, Place::new(format!("/proc/{pid}/fd")));
            }
        }
        Some((Err(lack), place)) => {
            finding = finding.seen(format!("who holds its sockets was not seen: {lack}"), place);
        }
        None => {}
    }
    finding
}

fn words(wanted: &Wanted) -> Option<String> {
    match wanted {
        Wanted::Target(_) | Wanted::Failed { .. } | Wanted::Untold { .. } => None,
        Wanted::Settings => Some("the settings name it".to_owned()),
        Wanted::Supervisor(service) => Some(format!("{service} has it up")),
        Wanted::Proxy { pid, name, socket } => {
            let socket = shown(socket);
            Some(format!("{name} {pid} passes requests to {socket}, where nobody listens"))
        }
    }
}
