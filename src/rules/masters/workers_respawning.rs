//! `workers-respawning`: every worker of a ready master dies at its boot and is started again, for ever.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::config::LogTo;
use crate::model::{Master, Phase, Role, Setting};
use crate::os::{Pid, shown};
use crate::rules::masters::{earlier, is_ending};
use crate::servers::server;

/// The card.
pub const RULE: Rule = Rule {
    name: "workers-respawning",
    needs: &[Need::Workers],
    worst: Severity::Critical,
    stops_service: false,
    summary: "Every worker of a ready master dies while it boots, and is started again.",
    meaning: MEANING,
    offers: None,
    causes: &["queue-filling", "workers-missing"],
    check,
};

const MEANING: &str = "\
## What it means

The master is ready, and each worker that it forks ends within seconds: the app does not load, or a hook raises.
Unicorn starts the next one at once, without a delay and without a limit.

## Why it matters

Connections are accepted by the kernel and nobody answers. The processor and the log fill up with the same error.
Title, pidfile and socket look as always.

## How farrier decides

At two looks at least a second apart every living worker of a ready master is under 3 s old, and none is the same.
Of a server that never goes down to no worker, a look that sees none counts too, where children were reaped meanwhile.

## When it stays silent

A boot or a reload starts workers once: at the second look they are the same. A worker that was killed or replaced
alone leaves older ones beside it. A worker that takes longer than 3 s to die is not seen by this rule.

## How to fix it

Read the error at the end of the log. With `preload_app false`, mend the release that `current` names and the next
worker loads it; or go back to the release before, and HUP. An upgrade while this lasts starts a second loop.
";

/// A worker that is younger than this may still be booting.
const YOUNG: u64 = 3;

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters() {
        if !serves(master) || is_ending(look, master) != Some(false) {
            continue;
        }
        if let Some((then, now)) = come_and_go(look, master) {
            report(look, master, &then, &now);
        }
    }
}

/// The workers of a master at two looks, where every one of them is young and none is the same. A server that keeps a
/// worker whatever it is told has none at a look only while it replaces them: there the time of those that it reaped in
/// between tells.
pub(super) fn come_and_go(look: &mut Look<'_>, master: &Master) -> Option<(Vec<Pid>, Vec<Pid>)> {
    let keeps = server(master.kind).filter(|server| server.fewest_workers > 0);
    let status = master.process.status.get();
    let keeps = keeps.zip(status).is_some_and(|(server, status)| (server.forks_workers)(status));
    let now = all_young(look, master).filter(|now| keeps || !now.is_empty())?;
    let before = look.before()?;
    let earlier = earlier(look, before, master).filter(|earlier| serves(earlier))?;
    let then = all_young(look, earlier).filter(|then| keeps || !then.is_empty())?;
    if now.iter().any(|pid| then.contains(pid)) {
        return None;
    }
    let seen = !now.is_empty() && !then.is_empty();
    let long = earlier.process.age.get().is_some_and(|age| *age >= YOUNG);
    (seen || (long && has_reaped(earlier, master))).then_some((then, now))
}

/// Whether children of a master ended between two looks.
fn has_reaped(earlier: &Master, master: &Master) -> bool {
    let spent = |master: &Master| master.process.stat.get().map(|stat| stat.children_cpu);
    spent(earlier).zip(spent(master)).is_some_and(|(then, now)| now > then)
}

fn serves(master: &Master) -> bool {
    master.phase == Phase::Ready && matches!(master.role, Role::Current | Role::Duplicate)
}

/// The living workers, where each is young.
fn all_young(look: &mut Look<'_>, master: &Master) -> Option<Vec<Pid>> {
    let mut pids = Vec::new();
    for worker in master.workers_alive() {
        let pid = worker.process.pid;
        let age = look.of(pid, "age", &worker.process.age)?;
        if *age >= YOUNG {
            return None;
        }
        pids.push(pid);
    }
    Some(pids)
}

fn report(look: &mut Look<'_>, master: &Master, then: &[Pid], now: &[Pid]) {
    let app = look.app();
    let pid = master.process.pid;
    let words = |pids: &[Pid]| match pids {
        [] => "none".to_owned(),
        pids => pids.iter().map(Pid::to_string).collect::<Vec<_>>().join(" "),
    };
    let log = match master.loaded.get().map(|config| (&config.logger, &config.stderr_path)) {
        Some((Setting::Set { value: LogTo::File(log), .. }, _)) => Some(log),
        Some((_, Setting::Set { value, .. })) => Some(value),
        _ => None,
    };
    let read = match log {
        Some(log) => format!("tail -n 40 {}", crate::contract::quote::of_app(app, log)),
        None => format!("# read what {pid} writes to its standard error"),
    };
    let finding = look
        .finding(Severity::Critical, format!("the workers of {pid} die as fast as they start"))
        .about(pid)
        .told(
            Line::new(format!("{}: nobody answers, ", cut(&app.name, 16)))
                .keep(format!("the workers of {pid} die at boot")),
            Line::new("each is replaced within 3 s").aside(" of its start, for ever"),
            match log {
                Some(log) => Line::new(format!("read the end of {}", cut(&app.short(log), 48))),
                None => Line::new(format!("read the error that {pid} writes")),
            },
        )
        .seen(format!("workers at one look: {}", words(then)), &master.process.stat.place)
        .seen(format!("a second later: {}", words(now)), &master.process.stat.place)
        .leads_to("Clients connect and wait until their own time-out; the log grows without end.")
        .fix(read)
        .for_good(
            "see that a release loads before it is let to serve: boot it once beside the old one",
        );
    look.found(match log {
        Some(log) => finding.seen(format!("it logs to {}", shown(log)), &master.loaded.place),
        None => finding,
    });
}
