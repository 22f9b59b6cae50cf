//! `handover-stuck`: a new master boots for longer than a handover may take.

use crate::contract::line::{Line, age, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::handover::grace;
use crate::model::{App, Master, Phase};
use crate::rules::masters::generation_before;

/// The card.
pub const RULE: Rule = Rule {
    name: "handover-stuck",
    needs: &[Need::SecondGeneration],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A new master boots for longer than a handover may take.",
    meaning: MEANING,
    offers: None,
    causes: &["release-stale"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 started a new master, and it still loads the app: it waits for something (a database, a lock, a name that
does not resolve), or the release is far slower to load than the one before.

## Why it matters

The old code is served although the deploy looks done. Every further USR2 is refused until the new master is ready
or gone.

## How farrier decides

A re-executed master whose title is still the raw command line is older than the grace, than the app's `timeout`
and the time together that its predecessor took from its start to its first worker.

## When it stays silent

Within that time it is a handover. A first start has nobody to hand over from. Where the old master is gone it is
`handover-orphaned`.

## How to fix it

Read the log, and what the new master waits for. To give up, end it with KILL (it queues gentler signals until it
has loaded): the old master takes its pidfile back and serves on.
";

/// A predecessor's first worker may have been replaced since: more than this is no boot.
const LONGEST_BOOT: u64 = 900;

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let boots = |new: &&Master| matches!(new.phase, Phase::Starting | Phase::Loading);
    for new in app.living_masters().filter(boots) {
        let Some(old) = generation_before(look, new) else { continue };
        let Some(boots) = look.of(new.process.pid, "age", &new.process.age) else { continue };
        if *boots >= patience(app, look, old) {
            report(look, app, old, new, *boots);
        }
    }
}

/// How long the boot may take.
fn patience(app: &App, look: &Look<'_>, old: &Master) -> u64 {
    let grace = grace(app, look.census());
    let timeout = old.loaded.get().and_then(|config| config.timeout.value().copied());
    let oldest = old.workers_alive().filter_map(|worker| worker.process.age.get()).max();
    let last = old.process.age.get().zip(oldest).map(|(own, first)| own.saturating_sub(*first));
    let last = last.filter(|boot| *boot <= LONGEST_BOOT).unwrap_or(0);
    grace.max(last + timeout.map_or(0, u64::from))
}

fn report(look: &mut Look<'_>, app: &App, old: &Master, new: &Master, boots: u64) {
    let (pid, serves) = (new.process.pid, old.process.pid);
    let mut finding = look
        .finding(Severity::Warning, format!("{pid} has been booting for {}", age(boots)))
        .about(pid)
        .told(
            Line::new(format!("{}: {pid} has been booting for {}", cut(&app.name, 16), age(boots))),
            Line::new(format!("{serves} serves the old code")).aside("; USR2 is refused meanwhile"),
            Line::new(format!("read what {pid} waits for")).aside(", end it by KILL to give up"),
        )
        .seen(format!("{pid} has not finished loading"), &new.process.command_line.place)
        .seen(format!("it was started {} ago by {serves}", age(boots)), &new.process.age.place)
        .leads_to("Deploys change nothing until it is ready or gone.");
    if let Some(Some(log)) = new.log.get() {
        finding = finding.fix(format!("tail -n 40 {}", quote::of_app(app, &log.path)));
    }
    look.found(
        finding
            .fix(format!("# to give up, so that {serves} takes its pidfile back:"))
            .fix(format!("kill -KILL {pid}"))
            .for_good("let the deploy wait for the new master and say when it takes too long"),
    );
}
