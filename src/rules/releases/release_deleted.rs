//! `release-deleted`: a live process runs in a directory that no longer exists.

use crate::contract::line::{Line, count, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::files::Fate;
use crate::model::{App, Master, Operation, Process, Role};
use crate::os::shown;
use crate::rules::advice;

/// The card.
pub const RULE: Rule = Rule {
    name: "release-deleted",
    needs: &[Need::Code],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A live process runs in a directory that no longer exists.",
    meaning: MEANING,
    offers: Some(Operation::Upgrade),
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A master or its workers run in a directory that was removed under them, most often a release that the clean-up
of a later deploy deleted.

## Why it matters

What is loaded goes on working. What is opened late does not: templates, translations, `autoload`, files below
the release, and every `getcwd`. If the next restart needs the same directory, it fails.

## How farrier decides

The working directory's inode is compared with what stands at its path now. Nothing there, or another directory
while the open one has no link left, means deleted. It is critical when the directory, program, configuration or
Gemfile of the next re-execution is gone too; a restart that goes through `current` works, and then it is a
warning.

## When it stays silent

A directory that was renamed is not deleted: the kernel shows the new name. An old master without workers, or
one whose handover is young, is only information: it is on its way out.

## How to fix it

Where the next re-execution finds what it needs, upgrade. Where it does not, link the missing release to
`current`, then upgrade: that cures the directory, the Gemfile and a relative configuration in one step. Let the
clean-up run after the restart, not before.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters() {
        let workers = master.workers_alive().map(|worker| &worker.process);
        let gone: Vec<&Process> = std::iter::once(&master.process)
            .chain(workers)
            .filter(|process| is_deleted(look, process))
            .collect();
        if !gone.is_empty() {
            report(look, Some(master), &gone);
        }
    }
    let orphans: Vec<&Process> = app
        .orphans
        .iter()
        .map(|worker| &worker.process)
        .filter(|process| !process.is_dead() && is_deleted(look, process))
        .collect();
    if !orphans.is_empty() {
        report(look, None, &orphans);
    }
}

fn is_deleted(look: &mut Look<'_>, process: &Process) -> bool {
    let pid = process.pid;
    let Some(cwd) = look.of(pid, "directory", &process.cwd) else { return false };
    let open = look.of(pid, "directory's inode", &cwd.open);
    let now = look.of(pid, "directory's path", &cwd.now);
    let (Some(open), Some(_)) = (open, now) else { return false };
    match cwd.fate() {
        Ok(Fate::Deleted) => true,
        Ok(Fate::Replaced) => open.nlink == 0,
        Ok(Fate::Same) | Err(_) => false,
    }
}

fn report(look: &mut Look<'_>, master: Option<&Master>, gone: &[&Process]) {
    let Some((first, rest)) = gone.split_first() else { return };
    let app = look.app();
    let lost = master.filter(|m| m.role != Role::Old).and_then(|m| lost(look, m));
    let Some(severity) = severity(look, master, lost.is_some()) else { return };
    let directory = first.cwd.get().map(|cwd| cwd.path.clone()).unwrap_or_default();
    let who = match rest.len() {
        0 => format!("{}", first.pid),
        more => format!("{} and {}", first.pid, count(more, "worker")),
    };
    let verb = if rest.is_empty() { "runs" } else { "run" };
    let renew = advice::renew(app);
    let mut finding = look
        .finding(severity, format!("{who} {verb} in a deleted directory"))
        .about(first.pid)
        .at_path(&directory)
        .told(
            Line::new(format!("{}: {who} {verb} in a deleted directory", cut(&app.name, 16))),
            match &lost {
                Some(what) => {
                    Line::new(format!("the next restart needs {what}")).keep(", gone too")
                }
                None => Line::new(format!("{} was removed", app.short(&directory))),
            },
            match &lost {
                Some(_) => Line::new(format!("link the missing release to current, then {renew}")),
                None => Line::new(format!("{renew}, so that it runs in a directory that exists")),
            },
        )
        .leads_to("What is opened late fails: templates, autoload, files of the release.");
    for process in gone.iter().take(5) {
        let fact = format!("{} runs in {} (deleted)", process.pid, shown(&directory));
        finding = finding.seen(fact, &process.cwd.place);
    }
    if let (Some(what), Some(master)) = (&lost, master) {
        finding = finding.seen(format!("{what} is gone"), &master.restart.directory.place);
    }
    finding.fix = match master {
        Some(master) if master.role == Role::Old => leave(app, master),
        Some(master) => mend(app, master, lost.is_some(), &directory),
        None => vec!["# its master is gone: it ends by itself after its request".into()],
    };
    look.found(finding.for_good("let the deploy restart first and clean up releases afterwards"));
}

/// What the next re-execution needs and is gone with the directory.
fn lost(look: &mut Look<'_>, master: &Master) -> Option<String> {
    let pid = master.process.pid;
    let restart = &master.restart;
    let directory = look.of(pid, "restart directory", &restart.directory);
    let program = look.of(pid, "restart program", &restart.program);
    let config = look.of(pid, "restart configuration", &restart.config).and_then(Option::as_ref);
    let gemfile = look.of(pid, "restart Gemfile", &restart.gemfile).and_then(Option::as_ref);
    let spots = [directory, program, config, gemfile.map(|gemfile| &gemfile.file)];
    let mut first = None;
    for spot in spots.into_iter().flatten() {
        if look.absent("the file", spot) == Some(true) && first.is_none() {
            first = Some(shown(&spot.path));
        }
    }
    first
}

fn severity(look: &mut Look<'_>, master: Option<&Master>, lost: bool) -> Option<Severity> {
    if lost {
        return Some(Severity::Critical);
    }
    let old = master.filter(|master| master.role == Role::Old);
    if old.is_some_and(|old| old.workers_alive().next().is_none()) {
        return Some(Severity::Info);
    }
    look.young().map(|young| if young { Severity::Info } else { Severity::Warning })
}

fn leave(app: &App, old: &Master) -> Vec<String> {
    match app.current_master() {
        Some(ready) if ready.workers_alive().next().is_some() => {
            vec![advice::end(app, old.process.pid)]
        }
        _ => vec!["# wait until the newer master is ready, then retire this one".into()],
    }
}

fn mend(app: &App, master: &Master, lost: bool, directory: &std::path::Path) -> Vec<String> {
    let rescue = if lost { advice::rescue(app, master, directory) } else { None };
    rescue.unwrap_or_else(|| advice::new_code(app, master))
}
