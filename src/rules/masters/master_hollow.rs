//! `master-hollow`: a ready master has no worker.

use crate::model::{Kind, Master, Operation, Phase, Role};
use crate::rules::line::{Line, cut};
use crate::rules::masters::{add_workers, alive, earlier, is_ending, loads};
use crate::rules::{Look, Rule, Severity, usr2};

/// The card.
pub const RULE: Rule = Rule {
    name: "master-hollow",
    kinds: &[Kind::Unicorn, Kind::Rainbows],
    worst: Severity::Critical,
    summary: "A ready master has no worker: connections wait and nobody answers.",
    meaning: MEANING,
    offers: Some(Operation::AddWorker),
    causes: &["queue-filling", "workers-missing"],
    check,
};

const MEANING: &str = "\
## What it means

The master is ready and listens, and it has no worker. WINCH was sent and the new master ended before it served,
or TTOU was sent once too often.

## Why it matters

Connections are accepted by the kernel and never answered. Title and pidfile look as always.

## How farrier decides

A ready master that nothing superseded has no living worker at two looks at least a second apart.

## When it stays silent

An old master that was drained beside a ready one is kept on purpose. A master that still boots has no worker
yet. A configuration with 0 workers as a plain number wants it so. A master that is busy between the looks and
reaps nobody reloads an app that it preloads: that is only information. One that has closed its listeners is
ending.

## How to fix it

Send TTIN once for each worker, a second apart. HUP brings the configured number back as well, but re-reads
configuration and code through `current`: only where the running release is the current one.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters() {
        let pid = master.process.pid;
        if !serves(master)
            || master.workers_wanted() == Some(0)
            || look.of(pid, "state", &master.process.stat).is_none()
            || alive(look, master) != Some(0)
            || is_ending(look, master) != Some(false)
        {
            continue;
        }
        let Some(before) = look.before() else { continue };
        let earlier = earlier(look, before, master).filter(|earlier| serves(earlier));
        let Some(earlier) = earlier else { continue };
        if alive(look, earlier) == Some(0) {
            report(look, master, loads(earlier, master));
        }
    }
}

fn serves(master: &Master) -> bool {
    master.phase == Phase::Ready && matches!(master.role, Role::Current | Role::Duplicate)
}

fn report(look: &mut Look<'_>, master: &Master, loading: bool) {
    let app = look.app();
    let pid = master.process.pid;
    let severity = if loading { Severity::Info } else { Severity::Critical };
    let wanted = master.workers_wanted().filter(|wanted| *wanted <= 64).unwrap_or(1);
    let mut finding = look
        .finding(severity, format!("{pid} listens and has no worker"))
        .about(pid)
        .told(
            Line::new(format!("{}: nobody answers, {pid} has no worker", cut(&app.name, 16))),
            Line::new("connections wait in the queue").aside(if loading {
                "; it is busy, as in a reload"
            } else {
                ": WINCH or TTOU took the workers away"
            }),
            if loading {
                Line::new(format!("wait until {pid} starts its workers"))
            } else {
                Line::new(format!("add workers: TTIN to {pid}, once for each"))
            },
        )
        .seen(format!("{pid} is a ready master"), &master.process.command_line.place)
        .seen("no worker of it at two looks", &master.process.stat.place)
        .leads_to("Clients connect and wait until their own time-out.")
        .fix(if loading {
            format!("# {pid} is busy, as in a reload: wait until it starts its workers")
        } else {
            add_workers(master, wanted)
        });
    if !loading && usr2::reload_is_harmless(app, master) {
        finding = finding.fix(format!("# or, with the configured number: kill -HUP {pid}"));
    }
    look.found(finding.for_good("drain a master only when its successor serves"));
}
