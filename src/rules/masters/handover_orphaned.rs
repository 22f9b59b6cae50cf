//! `handover-orphaned`: the old master is gone and the new one still boots.

use crate::contract::line::{Line, age, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::{App, Master, Phase};
use crate::rules::masters::{alive, earlier, handed_on};

/// The card.
pub const RULE: Rule = Rule {
    name: "handover-orphaned",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The old master is gone and the new one still boots: nothing answers.",
    meaning: MEANING,
    offers: None,
    causes: &["queue-filling", "workers-missing"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 started a new master, and the old one was ended before the new one had loaded the app. Scripts do that which
send USR2, sleep for some seconds and send QUIT.

## Why it matters

Connections wait in the queue and nobody answers until the new master has loaded. If it does not load, there is
nothing to fall back to: the app is down.

## How farrier decides

A master that was re-executed (`UNICORN_FD` in its environment) still loads and has no worker, and no other master
of the app takes connections: it is gone, it has closed its sockets, or it was drained. So it is at two looks at
least a second apart.

## When it stays silent

A first start has no old master. While an old master serves it is a handover (`handover-stuck`, if that takes too
long). A hook that retires the old master at the first fork leaves a gap of less than a second.

## How to fix it

Wait for the new master and read its log meanwhile; a signal would end it. If it ends, start the app by its service.
An old master that was only drained can serve again: TTIN, once for each worker.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters() {
        if !boots_alone(look, app, master) || !look.sees_all_masters() {
            continue;
        }
        let Some(before) = look.before() else { continue };
        let Some(then) = earlier(look, before, master) else { continue };
        if boots_alone(look, before, then) {
            report(look, app, master);
        }
    }
}

fn boots(master: &Master) -> bool {
    matches!(master.phase, Phase::Starting | Phase::Loading)
}

/// A re-executed master that loads while no other one of the app takes connections.
fn boots_alone(look: &mut Look<'_>, app: &App, master: &Master) -> bool {
    if !boots(master)
        || look.of(master.process.pid, "state", &master.process.stat).is_none()
        || handed_on(look, master).is_none_or(|sockets| sockets.is_empty())
        || alive(look, master) != Some(0)
    {
        return false;
    }
    let others = app.living_masters().filter(|other| other.process.pid != master.process.pid);
    others.into_iter().all(|other| boots(other) || takes_none(look, other))
}

/// Whether a ready master is seen to take no connections: it closed its sockets, or has no worker.
fn takes_none(look: &mut Look<'_>, master: &Master) -> bool {
    let listens = look.of(master.process.pid, "listeners", &master.listens);
    listens.is_some_and(Vec::is_empty) || alive(look, master) == Some(0)
}

fn report(look: &mut Look<'_>, app: &App, master: &Master) {
    let pid = master.process.pid;
    let old = app.living_masters().find(|other| other.phase == Phase::Ready);
    let drained = old.filter(|old| old.listens.get().is_some_and(|listens| !listens.is_empty()));
    let since = master.process.age.get().map(|seconds| format!(" for {}", age(*seconds)));
    let mut finding = look
        .finding(Severity::Critical, format!("{pid} still boots, and no other master serves"))
        .about(pid)
        .told(
            Line::new(format!("{}: nobody answers, {pid} still boots", cut(&app.name, 16))),
            match old {
                Some(old) if drained.is_some() => {
                    Line::new(format!("the old master {} has no worker", old.process.pid))
                }
                Some(old) => Line::new(format!("the old master {} is leaving", old.process.pid)),
                None => Line::new("the old master is gone"),
            }
            .aside(format!("; {pid} was started by its USR2"))
            .time(since.unwrap_or_default()),
            match drained {
                Some(old) => Line::new(format!("add workers: TTIN to {}", old.process.pid)),
                None => Line::new(format!("wait for {pid}")).aside(" and read its log"),
            },
        )
        .seen(format!("{pid} has not finished loading"), &master.process.command_line.place)
        .seen(format!("it was re-executed: {pid} has UNICORN_FD"), &master.process.environ.place)
        .leads_to("Connections wait until it has loaded; if it ends, nothing is left.");
    if let Some(old) = old {
        let (number, why) = (old.process.pid, if drained.is_some() { "worker" } else { "socket" });
        finding = finding.seen(format!("{number} has no {why}"), &old.listens.place);
    }
    if let Some(Some(log)) = master.log.get() {
        finding = finding.fix(format!("tail -n 40 {}", quote::of_app(app, &log.path)));
    }
    finding = match drained {
        Some(old) => finding.fix(format!("kill -TTIN {}", old.process.pid)),
        None => finding.fix(format!("# send {pid} nothing: a signal ends what still loads")),
    };
    look.found(finding.for_good(
        "retire the old master by a hook, or once the new one is titled as master and has its workers",
    ));
}
