//! `pidfile-foreign`: the number in a pidfile belongs to a process that is no master of this app.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::PidfileKind;
use crate::rules::pidfiles::{about_number, foreign, name, number, put_right, written};

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-foreign",
    needs: &[Need::Pidfile],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The number in a pidfile belongs to a process that is no master of this app.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The pidfile holds a number that a living process has, and that process is not a master of this app: a stranger
that got the number of a master that ended, a worker, or a wrapper.

## Why it matters

Whoever signals by this file hits the wrong process: a deploy reloads a stranger or ends it. A start is refused,
since the number lives.

## How farrier decides

It reads the file, finds the process, and looks whether it is a master of this app: by title, role and tree,
never by the number alone. A master that still boots is one. In a young handover it has to be so at two looks.

## When it stays silent

While the number belongs to a master of this app, to nobody, or to a zombie (`pidfile-stale`). Of a file that no
configuration and no argument names nothing is said, nor of one that another pid namespace may have counted, or that is
not older than the process while the app has no master: that process may be what it was written for.

## How to fix it

Send nothing by this file. Write the living master's number into it where one was given it, else remove it.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for (file, who) in foreign(look, |kind| kind != PidfileKind::Oldbin) {
        // One that no configuration and no argument names is nobody's: what signals by it is not known.
        if file.named_by.is_empty() {
            for master in app.living_masters() {
                look.of(master.process.pid, "pidfile", &master.pidfile);
            }
            continue;
        }
        if let Some(leftover) = &file.leftover
            && look.at(format!("whether {} is of this app", number(file)), leftover).is_none()
        {
            continue;
        }
        let pid = number(file);
        let finding = about_number(look, Severity::Critical, file, "a stranger")
            .told(
                Line::new(format!("{}: {}", cut(&app.name, 16), cut(&name(file), 24)))
                    .keep(format!(" names {pid}, no master of it")),
                Line::new(format!("{pid} is {}", cut(who, 56))),
                match file.owner {
                    Some(owner) => Line::new(format!(
                        "signal nothing by it; write {} into it",
                        written(app, owner)
                    )),
                    None => Line::new("signal nothing by it; remove it"),
                },
            )
            .seen(format!("{pid} is {who}"), &file.state.place)
            .leads_to(format!("Whatever signals by this file reaches {pid}."));
        let mut finding = put_right(app, file, finding);
        finding.pid = file.pid;
        look.found(finding);
    }
}
