//! `master-hollow`: a ready master has no worker.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::{Master, Operation, Phase, Role};
use crate::rules::advice;
use crate::rules::masters::lacking::{Lacking, lacking};
use crate::rules::masters::workers_respawning::come_and_go;
use crate::rules::masters::{alive, earlier, forks, is_ending};

/// The card.
pub const RULE: Rule = Rule {
    name: "master-hollow",
    needs: &[Need::Workers],
    worst: Severity::Critical,
    stops_service: false,
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
reaps nobody reloads an app that it preloads: that is only information, and so is a reload that its log has begun
and not ended, or a worker that ended in the last 10 s where `before_fork` sleeps. One that has closed its listeners
is ending.

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
            || forks(look, master) != Some(true)
            || alive(look, master) != Some(0)
            || is_ending(look, master) != Some(false)
            || come_and_go(look, master).is_some()
        {
            continue;
        }
        let Some(before) = look.before() else { continue };
        let earlier = earlier(look, before, master).filter(|earlier| serves(earlier));
        let Some(earlier) = earlier else { continue };
        if alive(look, earlier) == Some(0) {
            let why = lacking(look, earlier, master, wanted(master));
            report(look, master, why);
        }
    }
}

fn serves(master: &Master) -> bool {
    master.phase == Phase::Ready && matches!(master.role, Role::Current | Role::Duplicate)
}

/// How many it should have: one, where that is not known or beyond belief.
fn wanted(master: &Master) -> usize {
    let wanted = master.workers_wanted().filter(|wanted| *wanted <= 64).unwrap_or(1);
    usize::try_from(wanted).unwrap_or(1)
}

fn report(look: &mut Look<'_>, master: &Master, why: Lacking) {
    let loading = why == Lacking::Filling;
    let app = look.app();
    let pid = master.process.pid;
    let severity = if loading { Severity::Info } else { Severity::Critical };
    let mut finding = look
        .finding(severity, format!("{pid} listens and has no worker"))
        .about(pid)
        .told(
            Line::new(format!("{}: nobody answers, {pid} has no worker", cut(&app.name, 16))),
            Line::new("connections wait in the queue").aside(match why {
                Lacking::Filling => "; it is busy, as in a reload",
                Lacking::Lowered => ": a signal took the workers away",
                Lacking::Lost | Lacking::Unclear => "",
            }),
            match why {
                Lacking::Filling => Line::new(format!("wait until {pid} starts its workers")),
                Lacking::Lowered => {
                    Line::new(advice::add_workers_in_short(app, master, "workers"))
                        .keep(", once for each")
                }
                Lacking::Lost => Line::new(format!("read in the log of {pid} why they end")),
                Lacking::Unclear => Line::new("look again in 10 s: a fork may be on its way"),
            },
        )
        .seen(format!("{pid} is a ready master"), &master.process.command_line.place)
        .seen("no worker of it at two looks", &master.process.stat.place)
        .leads_to("Clients connect and wait until their own time-out.")
        .fix(match (why, &master.log.value) {
            (Lacking::Filling, _) => {
                format!("# {pid} is busy, as in a reload: wait until it starts its workers")
            }
            (Lacking::Lowered, _) => {
                advice::add_workers(app, master, u32::try_from(wanted(master)).unwrap_or(1))
            }
            (Lacking::Lost, Ok(Some(log))) => {
                format!("tail -n 40 {}", quote::of_app(app, &log.path))
            }
            (Lacking::Lost, _) => format!("# read what {pid} writes to its standard error"),
            (Lacking::Unclear, _) => {
                format!("# look again in 10 s: before_fork sleeps, and {pid} starts lost workers by itself")
            }
        });
    if let Some(reload) = advice::harmless_reload(app, master).filter(|_| !loading) {
        finding = finding.fix(format!("# or, with the configured number: {reload}"));
    }
    look.found(finding.for_good("drain a master only when its successor serves"));
}
