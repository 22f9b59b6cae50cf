//! `app-frozen`: the control group of a master or of workers is frozen, and everything in it with it.

use std::path::Path;

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Rule, Severity, quote};
use crate::facts::cgroup::Frozen;
use crate::model::{Master, Phase, Signal};
use crate::os::{shown, text::escaped};

/// The card.
pub const RULE: Rule = Rule {
    name: "app-frozen",
    needs: &[],
    worst: Severity::Critical,
    stops_service: true,
    summary: "The control group of a master or of workers is frozen: nothing in it runs.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The master's control group, or one above it, is frozen: `docker pause`, `systemctl freeze`, a snapshot or a
backup that did not thaw it, or a hand on `cgroup.freeze`. Master and workers are there and run no instruction.
Workers may be in a group of their own, which is frozen without their master's.

## Why it matters

Nobody answers, unless only some workers are frozen: connections wait in the queue until the clients give up.
Every signal waits too, QUIT and USR2 among them, and all act at once at the thaw, when nobody expects them any
more. Send none.

## How farrier decides

The kernel says so: `frozen 1` in `cgroup.events` or 1 in `cgroup.freeze`, `FROZEN` or `FREEZING` in
`freezer.state`. The group with the switch is named, be it the master's own or one above it.

## When it stays silent

For a process that was stopped by a signal or is held by a tracer (`master-stopped`). A group that farrier shares
is not frozen, since farrier runs. It is a warning where another master of the app, or another worker, serves.

## How to fix it

Look first what waits for it: the evidence names the signals. Then thaw it by what froze it: `docker unpause`,
`systemctl thaw`, or the switch itself:

    echo 0 > /sys/fs/cgroup/GROUP/cgroup.freeze
";

fn check(look: &mut Look<'_>) {
    masters(look);
    let app = look.app();
    for master in app.living_masters() {
        workers(look, master);
    }
}

/// Workers in a frozen group, where their master is in none: it does not know, and nobody replaces them.
fn workers(look: &mut Look<'_>, master: &Master) {
    let (mut alive, mut held) = (0, Vec::new());
    for worker in master.workers_alive() {
        alive += 1;
        // What is not seen of the master either is told of it.
        if worker.frozen.lack().is_some() && worker.frozen.lack() == master.frozen.lack() {
            continue;
        }
        let pid = worker.process.pid;
        let fact = look.of(pid, "whether its control group is frozen", &worker.frozen);
        held.extend(fact.and_then(Option::as_ref).map(|frozen| (worker, frozen)));
    }
    let Some((first, group)) = held.first().copied() else { return };
    if master.is_frozen() {
        return;
    }
    let app = look.app();
    let all = held.len() == alive;
    let down = all && !app.living_masters().any(serves);
    let severity = if down { Severity::Critical } else { Severity::Warning };
    let (pid, name) = (master.process.pid, name(group));
    let pids: Vec<String> = held.iter().map(|(worker, _)| worker.process.pid.to_string()).collect();
    let are = if held.len() == 1 { "is" } else { "are" };
    let whom = match (all, alive) {
        (true, 1) => format!("the worker of {pid}"),
        (true, _) => format!("all {alive} workers of {pid}"),
        (false, _) => format!("{} of {alive} workers of {pid}", held.len()),
    };
    let mut finding = look
        .finding(severity, format!("{whom} {are} frozen with {}", cut(&name, 28)))
        .about(first.process.pid)
        .at_path(&group.group)
        .told(
            Line::new(format!("{}: {whom} {are} frozen", cut(&app.name, 16)))
                .aside(format!(": {}", pids.join(", "))),
            Line::new(format!("their control group {} is frozen", cut(&name, 36))),
            Line::new("thaw it, and send nothing before").aside(": what waits acts at the thaw"),
        )
        .leads_to(if down {
            "Connections wait: no worker takes them."
        } else {
            "Their requests hang, and what is sent to them acts at the thaw."
        });
    for (worker, frozen) in &held {
        let number = worker.number.map_or_else(String::new, |number| format!("w{number}, "));
        let words =
            format!("{number}{} is frozen with {}", worker.process.pid, shown(&frozen.group));
        finding = finding.seen(words, &worker.frozen.place);
    }
    for line in thaws(held.iter().map(|(_, frozen)| *frozen)) {
        finding = finding.fix(line);
    }
    look.found(
        finding.for_good("see what froze it: a pause, a backup, a snapshot that did not thaw it"),
    );
}

/// Whether a master answers: neither it nor all of its workers are held.
fn serves(master: &Master) -> bool {
    let free = master.frozen.get().is_some_and(Option::is_none);
    free && master.phase == Phase::Ready && master.workers_running().next().is_some()
}

fn masters(look: &mut Look<'_>) {
    let app = look.app();
    let frozen: Vec<(&Master, &Frozen)> = app
        .living_masters()
        .filter_map(|master| {
            let fact =
                look.of(master.process.pid, "whether its control group is frozen", &master.frozen);
            Some((master, fact?.as_ref()?))
        })
        .collect();
    let Some((first, group)) = frozen.first() else { return };
    let serves = app.living_masters().any(serves);
    let severity = if serves { Severity::Warning } else { Severity::Critical };
    let (pid, name) = (first.process.pid, name(group));
    let mut finding = look
        .finding(severity, format!("{pid}, a master, is frozen with {}", cut(&name, 28)))
        .about(pid)
        .at_path(&group.group)
        .told(
            Line::new(format!("{}: frozen, nothing of it runs", cut(&app.name, 16))),
            Line::new(format!("its control group {} is frozen", cut(&name, 40))),
            Line::new("thaw it, and send nothing before").aside(": what waits acts at the thaw"),
        )
        .leads_to("Connections wait; every signal waits and acts at the thaw.");
    for (master, group) in &frozen {
        let pid = master.process.pid;
        let group = shown(&group.group);
        finding = finding.seen(format!("{pid} is frozen with {group}"), &master.frozen.place);
        let waits = waiting(master);
        if !waits.is_empty() {
            let words = format!("{} waits for {pid} and acts at the thaw", waits.join(", "));
            finding = finding.seen(words, &master.process.status.place);
        }
    }
    for line in thaws(frozen.iter().map(|(_, group)| *group)) {
        finding = finding.fix(line);
    }
    look.found(
        finding.for_good("see what froze it: a pause, a backup, a snapshot that did not thaw it"),
    );
}

/// The signals that wait for a master.
fn waiting(master: &Master) -> Vec<&'static str> {
    let pending = |signal: &Signal| {
        master.process.status.get().is_some_and(|status| status.pending.has(*signal))
    };
    Signal::iterator().filter(pending).map(Signal::as_str).collect()
}

/// The group by its last name.
fn name(frozen: &Frozen) -> String {
    let last = frozen.group.file_name().map(|name| escaped(name.as_encoded_bytes()));
    last.unwrap_or_else(|| shown(&frozen.group))
}

/// The lines that thaw all of them, each once.
fn thaws<'a>(all: impl Iterator<Item = &'a Frozen>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in all.flat_map(thaw) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// The lines that thaw it: by what manages the group, by its name, and by the switch itself.
pub fn thaw(frozen: &Frozen) -> Vec<String> {
    let switches = frozen.thaw.iter().map(|thaw| {
        let write = format!("echo {} > {}", thaw.word, quote::quoted(&thaw.file));
        thaw.file.parent().and_then(managed).map_or(write.clone(), |by| format!("{by}{write}"))
    });
    let lines: Vec<String> = switches.collect();
    if lines.is_empty() {
        return vec![
            "# a group above it is frozen, which cannot be seen from here: thaw it there".into(),
        ];
    }
    lines
}

/// The command of the manager that a group is of, as its name tells, up to the switch: what was not frozen by it is thawed
/// by that.
fn managed(group: &Path) -> Option<String> {
    let name = group.file_name()?.to_str()?;
    let is_id = |id: &str| id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let bare = name.strip_suffix(".scope").unwrap_or(name);
    for (prefix, command) in [("docker-", "docker"), ("libpod-", "podman"), ("", "docker")] {
        if let Some(id) = bare.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some(format!("{command} unpause {} || ", id.get(..12)?));
        }
    }
    let is_unit = [".service", ".scope", ".slice"].iter().any(|end| name.ends_with(end));
    is_unit.then(|| format!("systemctl thaw {}; ", quote::quoted(Path::new(name))))
}
