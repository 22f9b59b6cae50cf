//! `exe-replaced`: the executable that a master runs was deleted or replaced on disk.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Rule, Severity};
use crate::facts::files::Fate;
use crate::model::{App, Master, Operation, Role};
use crate::os::shown;
use crate::rules::advice;

/// The card.
pub const RULE: Rule = Rule {
    name: "exe-replaced",
    needs: &[],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The executable that a master runs was deleted or replaced on disk.",
    meaning: MEANING,
    offers: Some(Operation::Upgrade),
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The interpreter that a master runs is no longer the file that stands at its path: a package upgrade or a version
manager replaced or removed it.

## Why it matters

The running process has the old interpreter, with its old faults. What it loads late, and what the next USR2
starts, comes from the new one: extensions that were built for the old one may not load.

## How farrier decides

Device and inode of `/proc/PID/exe` are compared with what stands at its path now.

## When it stays silent

A superseded master beside a ready one is on its way out. A file that was renamed goes on under its new name.
Nothing can be said where the path could not be looked at.

## How to fix it

Upgrade at a quiet time: USR2 starts the interpreter that is on disk now. Where none is there any more, install
it first.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for master in app.living_masters().filter(|master| stays(app, master)) {
        let pid = master.process.pid;
        let Some(exe) = look.of(pid, "executable", &master.process.exe) else { continue };
        let open = look.of(pid, "executable's inode", &exe.open);
        let now = look.of(pid, "executable's path", &exe.now);
        if open.is_none() || now.is_none() {
            continue;
        }
        let word = match exe.fate() {
            Ok(Fate::Deleted) => "deleted",
            Ok(Fate::Replaced) => "replaced",
            Ok(Fate::Same) | Err(_) => continue,
        };
        let mut finding = look
            .finding(
                Severity::Warning,
                format!("{pid} runs a {word} {}", tail(&shown(&exe.path), 28)),
            )
            .about(pid)
            .at_path(&exe.path)
            .told(
                Line::new(format!("{}: {pid} runs a {word} interpreter", cut(&app.name, 16))),
                Line::new(format!("{} was {word} on disk", shown(&exe.path))),
                if word == "deleted" {
                    Line::new(format!("install it again, then {}", advice::renew(app)))
                } else {
                    Line::new(format!("{} at a quiet time", advice::renew(app)))
                        .aside(", so that the new one runs")
                },
            )
            .seen(format!("{pid} runs {}, {word}", shown(&exe.path)), &master.process.exe.place)
            .seen(format!("its path: {word}"), &exe.now.place)
            .leads_to("Late loads mix two builds; the next restart runs what is on disk now.");
        finding.fix = if word == "deleted" {
            let path = shown(&exe.path);
            let first = vec![format!("# put {path} back first; then:")];
            first.into_iter().chain(advice::new_code(app, master)).collect()
        } else {
            advice::new_code(app, master)
        };
        look.found(finding.for_good("upgrade the servers after each upgrade of their interpreter"));
    }
}

/// Whether a master goes on: a superseded one beside a ready one is on its way out.
pub fn stays(app: &App, master: &Master) -> bool {
    master.role != Role::Old || app.current_master().is_none()
}
