//! `master-stopped`: a master or a worker is stopped or traced.

use crate::contract::line::{Line, count, cut};
use crate::contract::{Finding, Look, Rule, Severity};
use crate::facts::process::State;
use crate::model::{Master, Operation, Process};

/// The card.
pub const RULE: Rule = Rule {
    name: "master-stopped",
    needs: &[],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A master or a worker is stopped or traced.",
    meaning: MEANING,
    offers: Some(Operation::Continue),
    causes: &["queue-filling", "workers-missing"],
    check,
};

const MEANING: &str = "\
## What it means

A process of the app is stopped, by STOP, TSTP, TTIN or TTOU to a process that had no handler for it, or a
tracer holds it.

## Why it matters

A stopped master starts no worker, reaps none and takes no signal: they wait until it goes on. A stopped worker
keeps its request for ever, and the master kills it at its time-out once both go on.

## How farrier decides

The kernel's state letter is `T` (stopped) or `t` (held by a tracer). A tracer has to hold it at two looks,
since a short look with a debugger is not a fault.

## When it stays silent

For a process that sleeps or waits for the disk: these have other letters. One that is frozen with its whole
control group is told by `app-frozen`.

## How to fix it

Send CONT. Where a tracer holds it, end the tracer. What was sent meanwhile takes effect then: look first what
waits.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in &app.masters {
        if is_stopped(look, &master.process) {
            master_stopped(look, master);
        }
        let workers: Vec<&Process> = master
            .workers
            .iter()
            .map(|worker| &worker.process)
            .filter(|process| is_stopped(look, process))
            .collect();
        if !workers.is_empty() {
            workers_stopped(look, master, &workers);
        }
    }
}

fn is_stopped(look: &mut Look<'_>, process: &Process) -> bool {
    let pid = process.pid;
    let Some(stat) = look.of(pid, "state", &process.stat) else { return false };
    match stat.state {
        State('T') => true,
        state if state.is_stopped() => {
            let Some(before) = look.before() else { return false };
            let Some(earlier) = before.processes().find(|earlier| earlier.pid == pid) else {
                return false;
            };
            look.of(pid, "state before", &earlier.stat).is_some()
                && earlier.identity() == process.identity()
                && earlier.is_stopped()
        }
        _ => false,
    }
}

fn tracer(process: &Process) -> Option<i32> {
    process.status.get().map(|status| status.tracer).filter(|tracer| *tracer != 0)
}

fn master_stopped(look: &mut Look<'_>, master: &Master) {
    let app = look.app();
    let pid = master.process.pid;
    let finding = look
        .finding(Severity::Critical, format!("{pid}, a master, is stopped"))
        .about(pid)
        .told(
            Line::new(format!("{}: master {pid} is stopped", cut(&app.name, 16))),
            match tracer(&master.process) {
                Some(tracer) => Line::new(format!("{tracer} traces it and holds it")),
                None => Line::new("it starts no worker, reaps none and takes no signal"),
            },
            match tracer(&master.process) {
                Some(tracer) => Line::new(format!("end the tracer {tracer}, then CONT to {pid}")),
                None => Line::new(format!("let it go on: CONT to {pid}")),
            },
        )
        .leads_to("Workers that end are not replaced; every signal waits.");
    let finding = go_on(finding, &master.process);
    look.found(finding);
}

fn workers_stopped(look: &mut Look<'_>, master: &Master, workers: &[&Process]) {
    let Some(first) = workers.first() else { return };
    let app = look.app();
    let verb = if workers.len() == 1 { "is" } else { "are" };
    let who = format!("{} of {}", count(workers.len(), "worker"), master.process.pid);
    let mut finding = look
        .finding(Severity::Warning, format!("{who} {verb} stopped"))
        .about(first.pid)
        .told(
            Line::new(format!("{}: {who} {verb} stopped", cut(&app.name, 16))),
            Line::new("a stopped worker keeps its request and takes no other"),
            Line::new(format!("let it go on: CONT to {}", first.pid)),
        )
        .leads_to("Their requests hang; the master kills them at its time-out.");
    for worker in workers {
        finding = go_on(finding, worker);
    }
    look.found(finding);
}

fn go_on(finding: Finding, process: &Process) -> Finding {
    let pid = process.pid;
    let state = process.stat.get().map_or('?', |stat| stat.state.0);
    let finding = finding.seen(format!("{pid} has state {state}"), &process.stat.place);
    match tracer(process) {
        Some(tracer) => finding
            .seen(format!("{tracer} traces {pid}"), &process.status.place)
            .fix(format!("# end {tracer}, which traces {pid}"))
            .fix(format!("kill -CONT {pid}")),
        None => finding.fix(format!("kill -CONT {pid}")),
    }
}
