//! `libs-replaced`: a mapped interpreter library or native extension was deleted or replaced on disk.

use crate::contract::line::{Line, count, cut};
use crate::contract::{Look, Rule, Severity};
use crate::facts::files::{Fate, Linked};
use crate::facts::maps::is_memory;
use crate::model::{Master, Operation};
use crate::os::shown;
use crate::rules::advice;
use crate::rules::ruby::exe_replaced::stays;

/// The card.
pub const RULE: Rule = Rule {
    name: "libs-replaced",
    needs: &[],
    worst: Severity::Warning,
    stops_service: false,
    summary: "A mapped interpreter library or native extension was deleted or replaced on disk.",
    meaning: MEANING,
    offers: Some(Operation::Upgrade),
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

A master has mapped a library of its interpreter, or a native extension of a gem, that is no longer the file at
that path. A package upgrade, `bundle clean` or a deleted release took it away.

## Why it matters

What is mapped goes on working. What is loaded late comes from another build: `LoadError`, or a crash. Security
fixes of a library take effect only after a restart.

## How farrier decides

Device and inode of each mapped library and extension are compared with what stands at its path now. Shared
memory, `/dev/zero`, memfd and the like are deleted by nature and left out.

## When it stays silent

A superseded master beside a ready one is on its way out. Other mapped files (logs, caches, data) do not count.

## How to fix it

Upgrade at a quiet time: the new master maps what is on disk now. Where an extension is gone for good, run
`bundle install` for the live release first.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters().filter(|master| stays(app, master)) {
        let pid = master.process.pid;
        let Some(libraries) = look.of(pid, "libraries", &master.process.libraries) else {
            continue;
        };
        let mut gone = Vec::new();
        for library in libraries.iter().filter(|library| !is_memory(&library.path)) {
            let name = shown(&library.path);
            let open = look.at(format!("{name} as mapped by {pid}"), &library.open);
            let now = look.at(name, &library.now);
            if open.is_some() && now.is_some() && !matches!(library.fate(), Ok(Fate::Same)) {
                gone.push(library);
            }
        }
        if !gone.is_empty() {
            report(look, master, &gone);
        }
    }
}

fn report(look: &mut Look<'_>, master: &Master, gone: &[&Linked]) {
    let Some(first) = gone.first() else { return };
    let app = look.app();
    let pid = master.process.pid;
    let name = first.path.file_name().map(|n| shown(n.as_ref())).unwrap_or_default();
    let more = gone.len() - 1;
    let others = if more == 0 { String::new() } else { format!(" and {more} more") };
    let mut finding = look
        .finding(Severity::Warning, format!("{pid} has a replaced {}{others}", cut(&name, 24)))
        .about(pid)
        .at_path(&first.path)
        .told(
            Line::new(format!("{}: {pid} runs ", cut(&app.name, 16))).keep(if more == 0 {
                "a library that was replaced on disk".to_owned()
            } else {
                format!(
                    "{} replaced on disk",
                    count(gone.len(), "library").replace("librarys", "libraries")
                )
            }),
            Line::new(format!("{} is not what it has mapped", shown(&first.path))),
            Line::new(format!("{} at a quiet time", advice::renew(app)))
                .aside(", so that the new ones run"),
        )
        .leads_to("Late loads come from another build; fixes wait for a restart.");
    for library in gone.iter().take(5) {
        let word = match library.fate() {
            Ok(Fate::Deleted) => "deleted",
            _ => "replaced",
        };
        finding = finding.seen(format!("{} was {word}", shown(&library.path)), &library.now.place);
    }
    finding =
        finding.seen(format!("{pid} has {} mapped so", gone.len()), &master.process.maps.place);
    finding.fix = advice::new_code(app, master);
    look.found(finding.for_good("upgrade the servers after each upgrade of what they load"));
}
