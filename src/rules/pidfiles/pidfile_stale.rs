//! `pidfile-stale`: a pidfile names a process that is gone, or a zombie.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::{Leftover, Pidfile, PidfileKind};
use crate::os::shown;
use crate::rules::pidfiles::{about_number, ended, name, number, put_right, written};

/// The card.
pub const RULE: Rule = Rule {
    name: "pidfile-stale",
    needs: &[Need::Pidfile],
    worst: Severity::Critical,
    stops_service: false,
    summary: "A pidfile names a process that is gone, or a zombie.",
    meaning: MEANING,
    offers: None,
    causes: &[],
    check,
};

const MEANING: &str = "\
## What it means

The pidfile holds a number, and no process has it, or a zombie has: a process that ended and was not fetched by
its parent. A KILL, a crash, a failed start or a failed upgrade leave such a file.

## Why it matters

Scripts signal nobody, or, once the number is given out again, a stranger. A zombie counts as living: a start is
refused with `Already running`. It is critical where a living master was given this very file: nothing can find
that master. Where no master lives and the server leaves its pidfile at a stop, the app was stopped on purpose, or
nothing of it has changed for 30 days, it is worth a note only.

## How farrier decides

It reads the file and looks for the process. In a young handover, and for a zombie always, it has to be so at
two looks, since pidfiles are renamed and written anew then.

## When it stays silent

While the number belongs to a master of the app. A number in another pid namespace is not decided, nor one on a file
system that other machines share: the process may live there.

## How to fix it

Where a living master was given the file, write its number into it. Else remove the file, after a look that it
still holds the number that was seen.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let mut ended = ended(look, |kind| kind != PidfileKind::Oldbin);
    // While a master lives, a file that nothing names may be anybody's.
    if app.living_masters().next().is_some() {
        let all = ended.len();
        ended.retain(|(file, _)| file.owner.is_some() || !file.named_by.is_empty());
        for master in app.living_masters().filter(|_| ended.len() < all) {
            look.of(master.process.pid, "pidfile", &master.pidfile);
        }
    }
    if !ended.is_empty() && !look.sees_all_numbers() {
        return;
    }
    for (file, zombie) in ended {
        let Some(leftover) = &file.leftover else {
            report(look, file, zombie, None);
            continue;
        };
        let what = format!("why {} is left", shown(&file.path));
        if let Some(leftover) = look.at(what, leftover) {
            report(look, file, zombie, Some(leftover));
        }
    }
}

/// Why it is left, in words, and how bad that is.
fn told(leftover: &Leftover) -> (Severity, String) {
    match leftover {
        Leftover::Killed => (Severity::Warning, "it was not stopped by a signal that asks".into()),
        Leftover::BeforeStart => (Severity::Warning, "it is older than the machine's start".into()),
        Leftover::Served(pid, name) => {
            (Severity::Warning, format!("{pid} ({name}) serves from that directory now"))
        }
        Leftover::Kept => (Severity::Info, "its server leaves it at every stop".into()),
        Leftover::Stopped(who) => (Severity::Info, format!("it was stopped on purpose: {who}")),
        Leftover::Retired(days) => {
            (Severity::Info, format!("nothing of the app has changed for {days} days"))
        }
    }
}

fn report(look: &mut Look<'_>, file: &Pidfile, zombie: bool, leftover: Option<&Leftover>) {
    let app = look.app();
    let pid = number(file);
    let why = leftover.map(told);
    let severity = match &why {
        _ if file.owner.is_some() => Severity::Critical,
        Some((severity, _)) => *severity,
        None => Severity::Warning,
    };
    let is = if zombie { "a zombie" } else { "gone" };
    let finding = about_number(look, severity, file, &format!("which is {is}"))
        .told(
            Line::new(format!("{}: {} names {pid},", cut(&app.name, 16), cut(&name(file), 24)))
                .keep(format!(" which is {is}")),
            match file.owner {
                Some(owner) => Line::new(format!("the master that was given it is {owner}")),
                None => match &why {
                    Some((_, why)) => Line::new(cut(why, 70)),
                    None => Line::new("it was left behind").aside(" by a process that ended"),
                },
            },
            match file.owner {
                Some(owner) => Line::new(format!("write {} into it", written(app, owner))),
                None => Line::new(format!("remove {}", cut(&app.short(&file.path), 60))),
            },
        )
        .seen(format!("{pid} is {is}"), &file.state.place)
        .leads_to(if zombie {
            "A start is refused: a zombie counts as running."
        } else {
            "Scripts signal nobody; later, whoever gets that number."
        });
    let finding = match why {
        Some((_, why)) => finding.seen(why, &file.state.place),
        None => finding,
    };
    let mut finding = put_right(app, file, finding);
    finding.pid = file.owner;
    look.found(finding);
}
