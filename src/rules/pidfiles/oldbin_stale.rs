//! `oldbin-stale`: an oldbin pidfile names a process that is gone, or a zombie.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{Pidfile, PidfileKind};
use crate::rules::pidfiles::{about_number, ended, name, number, remove};

/// The card.
pub const RULE: Rule = Rule {
    name: "oldbin-stale",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "An oldbin pidfile names a process that is gone, or a zombie.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

`PIDFILE.oldbin` is there, and the master whose number it holds is not: it ended without removing it, by KILL or
a crash. Or that process is a zombie: it ended, and its parent has not fetched its exit status.

## Why it matters

A number that nobody has is harmless to USR2, but a later process may get it, and then USR2 is refused and a
hook kills a stranger. A zombie still counts as living: USR2 is refused now.

## How farrier decides

It reads the file and looks for the process; a zombie's state is `Z`. In a young handover, and for a zombie
always, it has to be so at two looks.

## When it stays silent

While the old master lives, and where there is no oldbin.

## How to fix it

Remove the file, after a look that it still names that number. For a zombie too: the process does nothing any
more, the file alone stands in the way. A PID 1 that does not reap (a container without an init) leaves zombies
for ever.
";

fn check(look: &mut Look<'_>) {
    for (file, zombie) in ended(look, |kind| kind == PidfileKind::Oldbin) {
        report(look, file, zombie);
    }
}

fn report(look: &mut Look<'_>, file: &Pidfile, zombie: bool) {
    let app = look.app();
    let pid = number(file);
    let severity = if zombie { Severity::Critical } else { Severity::Warning };
    let is = if zombie { "a zombie" } else { "gone" };
    let mut finding = about_number(look, severity, file, &format!("which is {is}"))
        .told(
            Line::new(format!("{}: {} names {pid},", cut(&app.name, 16), cut(&name(file), 24)))
                .keep(format!(" which is {is}")),
            Line::new(if zombie {
                "kill -0 succeeds on a zombie, so USR2 is refused"
            } else {
                "the old master ended without removing it"
            }),
            Line::new(format!("remove {}", cut(&app.short(&file.path), 60))),
        )
        .seen(format!("{pid} is {is}"), &file.state.place)
        .leads_to(if zombie {
            "Every USR2 is refused, and hooks signal a process that does nothing."
        } else {
            "A process that gets this number later blocks USR2 and is killed by hooks."
        })
        .fix(remove(app, file))
        .for_good("retire masters with QUIT, never with KILL: then they remove their pidfile");
    finding.pid = file.pid.filter(|_| zombie);
    look.found(finding);
}
