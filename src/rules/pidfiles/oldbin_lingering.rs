//! `oldbin-lingering`: an old master lives on although its successor has long been ready.

use crate::model::handover::grace;
use crate::model::{App, Kind, Master, Operation, Phase, PidfileKind, Role};
use crate::os::shown;
use crate::rules::line::{Line, age, count, cut, named};
use crate::rules::{Look, Rule, Severity};

/// The card.
pub const RULE: Rule = Rule {
    name: "oldbin-lingering",
    kinds: &[Kind::Unicorn, Kind::Rainbows],
    worst: Severity::Warning,
    summary: "An old master lives on although its successor has long been ready.",
    meaning: MEANING,
    offers: Some(Operation::Retire),
    causes: &["release-stale", "release-mixed", "masters-chain", "memory-headroom"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 started a new master, the new one is ready, and the old one was never retired. Two generations serve from
the same sockets.

## Why it matters

Requests are answered by either release. The memory is held twice. Every further USR2 is refused while the old
master lives, so that deploys change nothing.

## How farrier decides

A superseded master (its title says so, or it holds the oldbin pidfile) lives, the master that replaced it is
ready, and that one is older than the grace: the setting, or the app's `timeout` where that is longer.

## When it stays silent

Within the grace, and while the new master still loads. An old master without workers, kept on purpose for a way
back, or one that has closed its sockets and waits for its last requests, is only information.

## How to fix it

Look that the new master has its workers, then send QUIT to the old one: its workers end their requests and
leave. Let a hook (`after_worker_ready` of the last worker, or `before_fork`) or the deploy do that each time;
it has to read the pidfile with `.oldbin` appended.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for old in app.in_role(Role::Old).filter(|old| !old.process.is_dead()) {
        let Some(ready) = successor(app, old) else { continue };
        let pid = ready.process.pid;
        let Some(since) = look.of(pid, "age", &ready.process.age) else { continue };
        if *since >= grace(app, look.census()) {
            report(look, old, ready, *since);
        }
    }
}

/// The ready master that replaced it.
fn successor<'a>(app: &'a App, old: &Master) -> Option<&'a Master> {
    let ready = |master: &&Master| {
        master.phase == Phase::Ready
            && !master.process.is_dead()
            && matches!(master.role, Role::Current | Role::Duplicate)
    };
    let child = old.child.and_then(|pid| app.master(pid)).filter(ready);
    child.or_else(|| app.current_master().filter(ready))
}

fn report(look: &mut Look<'_>, old: &Master, ready: &Master, since: u64) {
    let app = look.app();
    let (pid, new) = (old.process.pid, ready.process.pid);
    let workers = old.workers_alive().count();
    let leaving = old.listens.get().is_some_and(Vec::is_empty);
    let severity = if workers == 0 || leaving { Severity::Info } else { Severity::Warning };
    let release = old.release.get().and_then(Option::as_deref);
    let what = release.map(|name| format!(" {}", named(name))).unwrap_or_default();
    let staffed = ready.workers_alive().next().is_some();
    let its_workers = count(workers, "worker");
    let mut finding = look
        .finding(
            severity,
            match (workers, leaving) {
                (0, _) => format!("{pid}, an old master, is kept without workers"),
                (_, true) => format!("{pid}, an old master, waits for its last requests"),
                _ => format!("{pid} and its {its_workers} still serve{}", cut(&what, 15)),
            },
        )
        .about(pid)
        .told(
            Line::new(format!("{}: old master {pid}", cut(&app.name, 16)))
                .keep(if workers == 0 { " is kept, without workers" } else { " still serves" })
                .aside(what.clone())
                .aside(format!(" beside {new}")),
            Line::new(format!("{new} replaced it"))
                .time(format!(" {} ago", age(since)))
                .keep("; USR2 is refused while it lives"),
            if staffed {
                Line::new(format!("retire {pid}: QUIT to it"))
                    .aside(format!("; {new} serves alone"))
            } else {
                Line::new(format!("do not retire {pid} yet: {new} has no worker"))
            },
        )
        .seen(format!("{pid} is an old master with {its_workers}"), &old.process.command_line.place)
        .seen(
            format!("{new}, which replaced it, is ready and started {} ago", age(since)),
            &ready.process.age.place,
        )
        .leads_to(match release {
            Some(name) if workers > 0 => {
                format!(
                    "Requests get the code of {name} too; every USR2 is refused while {pid} lives."
                )
            }
            _ => format!("Every USR2 is refused while {pid} lives."),
        });
    let oldbin =
        app.pidfiles.iter().find(|file| file.kind == PidfileKind::Oldbin && file.pid == Some(pid));
    if let Some(file) = oldbin {
        finding = finding.seen(format!("{} names {pid}", shown(&file.path)), &file.state.place);
    }
    if staffed && !leaving {
        finding = finding.fix(format!("kill -QUIT {pid}"));
    } else if staffed {
        finding = finding.fix(format!("# {pid} has closed its sockets and ends by itself"));
    } else {
        finding =
            finding.fix(format!("# {pid} serves alone: first mend {new}, which has no worker"));
    }
    let hook = ready.config.get().is_some_and(|config| config.retires_old_master);
    look.found(finding.for_good(if hook {
        "a hook is there and did not retire it: see which oldbin path it reads"
    } else {
        "let a hook or the deploy send QUIT to the pid in PIDFILE.oldbin once the new one is ready"
    }));
}
