//! `oldbin-foreign`: the number in an oldbin pidfile belongs to a process that is no master of this app.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::PidfileKind;
use crate::rules::pidfiles::{about_number, foreign, name, number, remove};

/// The card.
pub const RULE: Rule = Rule {
    name: "oldbin-foreign",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The number in an oldbin pidfile belongs to a process that is no master of this app.",
    meaning: MEANING,
    offers: None,
    causes: &["reexec-failed"],
    check,
};

const MEANING: &str = "\
## What it means

`PIDFILE.oldbin` was left behind, and the kernel has given its number to another process since.

## Why it matters

The server only asks whether a process of that number lives. It does, so every USR2 is refused. Hooks and
scripts that send QUIT to that number hit a stranger.

## How farrier decides

It reads the file, finds the living process of that number, and looks whether it is a master of this app: by
title, role and tree, never by the number alone. In a young handover it has to be so at two looks.

## When it stays silent

While the number belongs to a master of this app, to nobody, or to a zombie (`oldbin-stale`).

## How to fix it

Remove the file, after a look that it still names that number. Send nothing to the number.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for (file, who) in foreign(look, |kind| kind == PidfileKind::Oldbin) {
        let pid = number(file);
        let mut finding = about_number(look, Severity::Critical, file, "a stranger")
            .told(
                Line::new(format!("{}: USR2 is refused, {pid} lives", cut(&app.name, 16)))
                    .aside(" and is no master"),
                Line::new(format!("{} names {pid}", cut(&name(file), 24)))
                    .keep(format!(", {}", cut(who, 24))),
                Line::new(format!("remove {}", cut(&app.short(&file.path), 60))),
            )
            .seen(format!("{pid} is {who}"), &file.state.place)
            .leads_to(format!("Every USR2 is refused; a hook that reads it sends QUIT to {pid}."))
            .fix(remove(app, file))
            .for_good("retire masters with QUIT, never with KILL: then they remove their pidfile");
        finding.pid = file.pid;
        look.found(finding);
    }
}
