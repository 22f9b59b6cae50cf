//! `pidfile-garbled`: a pidfile holds no pid.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::model::{PidfileKind, PidfileState};
use crate::os::shown;
use crate::rules::pidfiles::{name, settled, written};

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-garbled",
    needs: &[Need::Pidfile],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A pidfile holds nothing that a process could have as its number.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The pidfile is empty, holds no number, or one that no master has: 0, 1, a negative one, one above the kernel's
bound. Or it is no regular file.

## Why it matters

An empty file read as a number is 0, and a signal to 0 reaches every process of the sender's own group: the
deploy, or the new master that runs a hook. A negative number reaches a group, 1 the machine's init.

## How farrier decides

It reads the file as bytes: digits, blanks round them, a number from 2 to the kernel's bound. In a young
handover it has to be so at two looks, since some scripts write the file in two steps.

## When it stays silent

For every file that holds a plausible number, whoever has it, and for a file that could not be read.

## How to fix it

Write the number of the living master into it, or remove it. Write pidfiles by a new file and a rename.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for file in &app.pidfiles {
        let garbled = |state: &PidfileState| matches!(state, PidfileState::Garbled(_));
        let Some(PidfileState::Garbled(what)) = settled(look, file, garbled) else { continue };
        let path = quote::of_app(app, &file.path);
        let owner = file.owner.filter(|_| file.kind == PidfileKind::Current);
        let mut finding = look
            .finding(
                Severity::Critical,
                format!("{} holds no pid: {}", cut(&name(file), 24), cut(what, 15)),
            )
            .at_path(&file.path)
            .told(
                Line::new(format!("{}: {}", cut(&app.name, 16), cut(&name(file), 24)))
                    .keep(format!(" holds no pid: {}", cut(what, 12))),
                Line::new("whatever signals by it finds no master").aside(", or its own group"),
                match owner {
                    Some(owner) => Line::new(format!("write {} into it", written(app, owner))),
                    None => Line::new(format!("remove {}", cut(&app.short(&file.path), 60))),
                },
            )
            .seen(format!("{} holds: {what}", shown(&file.path)), &file.state.place)
            .leads_to("A signal by this file reaches nobody, or the sender's own group.");
        for by in &file.named_by {
            finding = finding.seen("names this file", crate::facts::Place::new(by.clone()));
        }
        let regular = file
            .stat
            .get()
            .and_then(Option::as_ref)
            .is_none_or(|stat| stat.kind == crate::os::FileKind::Regular);
        finding = match owner {
            Some(owner) if regular => finding.fix(format!("echo {} > {path}", written(app, owner))),
            _ if regular => finding.fix(format!("rm {path}")),
            Some(owner) => finding.fix(format!(
                "mv -T {path} {path}.was-no-file && echo {} > {path}",
                written(app, owner)
            )),
            None => finding.fix(format!("mv -T {path} {path}.was-no-file")),
        };
        finding.pid = owner;
        look.found(finding.for_good("write pidfiles by a new file and a rename"));
    }
}
