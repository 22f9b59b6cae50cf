//! `masters-chain`: three or more generations of one app live.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{App, Master, Phase};
use crate::rules::masters::is_ending;

/// The card.
pub const RULE: Rule = Rule {
    name: "masters-chain",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "Three or more generations of one app live, each started by the one before.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A master that had been started by USR2 was sent USR2 itself while the one before it still lived. Usually the
oldbin pidfile, which prevents that, was removed by hand, or no pidfile is configured at all.

## Why it matters

Three releases answer requests in turn, and the memory is held three times. Scripts that know one old master
retire the wrong one.

## How farrier decides

It follows the re-executions from master to master. Three that live in one line are a chain.

## When it stays silent

Two generations are a handover. Masters that were started beside each other are no chain (`master-duplicate`). An
old master that has closed its sockets was told to end and leaves with its last request: it does not count.

## How to fix it

See that the newest master has its workers. Then send QUIT to the others, the oldest first.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    if app.living_masters().count() >= 3 {
        for master in app.living_masters() {
            look.of(master.process.pid, "parent", &master.process.stat);
        }
    }
    let longest = app.living_masters().map(|m| line_to(app, m)).max_by_key(Vec::len);
    let Some(line) = longest.filter(|line| is_chain(line)) else { return };
    let Some((newest, older)) = line.split_last() else { return };
    let mut chain = Vec::new();
    for master in older {
        match is_ending(look, master) {
            Some(true) => {}
            Some(false) => chain.push(*master),
            None => return,
        }
    }
    chain.push(newest);
    if is_chain(&chain) {
        report(look, &chain);
    }
}

fn is_chain(line: &[&Master]) -> bool {
    line.len() >= 3
}

/// The living masters from the first to this one.
fn line_to<'a>(app: &'a App, master: &'a Master) -> Vec<&'a Master> {
    let mut line = vec![master];
    let mut at = master;
    while let Some(above) = at.parent.and_then(|pid| app.master(pid)) {
        if above.process.is_dead() || line.iter().any(|m| m.process.pid == above.process.pid) {
            break;
        }
        line.push(above);
        at = above;
    }
    line.reverse();
    line
}

fn report(look: &mut Look<'_>, chain: &[&Master]) {
    let app = look.app();
    let Some((newest, older)) = chain.split_last() else { return };
    let Some(oldest) = older.first().map(|master| master.process.pid) else { return };
    let pid = newest.process.pid;
    let ready = newest.phase == Phase::Ready && newest.workers_alive().next().is_some();
    let names: Vec<String> = chain.iter().map(|m| m.process.pid.to_string()).collect();
    let mut finding = look
        .finding(
            Severity::Critical,
            format!("{} generations live, the oldest is {oldest}", chain.len()),
        )
        .about(oldest)
        .told(
            Line::new(format!("{}: {} generations live", cut(&app.name, 16), chain.len()))
                .aside(format!(" ({})", cut(&names.join(", "), 30))),
            Line::new("each was started by the one before, and none was retired"),
            if ready {
                Line::new(format!("retire all but {pid}, {oldest} first"))
            } else {
                Line::new(format!("retire none yet: {pid} has no worker that serves"))
            },
        )
        .leads_to("Requests get the code of several releases; the memory is held as often.");
    for two in chain.windows(2) {
        if let [above, below] = two {
            let (above, below) = (above.process.pid, &below.process);
            finding = finding.seen(format!("{above} started {}", below.pid), &below.stat.place);
        }
    }
    finding = if ready {
        older
            .iter()
            .fold(finding, |finding, old| finding.fix(format!("kill -QUIT {}", old.process.pid)))
    } else {
        finding.fix(format!("# wait until {pid} has its workers"))
    };
    look.found(finding.for_good("configure a pidfile, and never remove its oldbin by hand"));
}
