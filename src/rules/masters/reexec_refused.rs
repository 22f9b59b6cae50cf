//! `reexec-refused`: the last USR2 was refused, as the log says.

use crate::contract::line::{Line, cut};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::log::{Entry, Log, Said};
use crate::model::{App, Master, Operation, Role};
use crate::rules::masters::{own_logs, serves_current};
use crate::rules::usr2;

/// The card.
pub const RULE: Rule = Rule {
    name: "reexec-refused",
    needs: &[Need::SecondGeneration],
    worst: Severity::Warning,
    stops_service: false,
    summary: "The last USR2 was refused by the master, which says why in its log only.",
    meaning: MEANING,
    offers: Some(Operation::Upgrade),
    causes: &["release-stale"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 was sent and the master did not even try: another generation of it lives, the number in its oldbin pidfile
is in use, or the oldbin could not be written.

## Why it matters

The sender of a signal gets no answer. The deploy looks green and the old code is served.

## How farrier decides

It reads the last 64 KiB of the file that the master's standard error leads to. The master itself wrote that it
refused, and nothing was executed since.

## When it stays silent

Where a later USR2 was carried out, and where an earlier master with the same log refused. While a handover is
young, where the serving release is the one that `current` names, and where the old master that it was refused for
still serves (`oldbin-lingering` says that), it is only information. Where the log goes to no file there is no
subject.

## How to fix it

Remove what the log names: retire the old master with QUIT, or remove an oldbin that names a stranger. Then send
USR2 again.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for (master, log, own) in own_logs(look) {
        let last = own
            .iter()
            .rfind(|entry| matches!(entry.said, Said::Refused(_) | Said::Executing { .. }));
        if let Some(entry) = last
            && let Said::Refused(why) = &entry.said
        {
            let why = why.to_string();
            report(look, app, master, log, entry, &why);
        }
    }
}

/// Whether an old master serves on: its own finding says so, and that USR2 is refused.
fn serves_on(old: &Master) -> bool {
    let closed = old.listens.get().is_some_and(Vec::is_empty);
    !old.process.is_dead() && !closed && old.workers_alive().next().is_some()
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, log: &Log, entry: &Entry, why: &str) {
    let pid = master.process.pid;
    // What cannot be told calls for no alarm.
    let settled = serves_current(look, master) != Some(false)
        || look.young() == Some(true)
        || app.in_role(Role::Old).any(serves_on);
    let severity = if settled { Severity::Info } else { Severity::Warning };
    let time = entry.time.as_ref().map(|time| format!(" at {time} by the log")).unwrap_or_default();
    let mut finding = look
        .finding(severity, format!("{pid} refused the last USR2"))
        .about(pid)
        .at_path(&log.path)
        .told(
            Line::new(format!("{}: {pid} refused the last USR2", cut(&app.name, 16))),
            Line::new(cut(why, 70)),
            match usr2::obstacle(app, master) {
                Some(obstacle) => Line::new(cut(&obstacle, 70)),
                None => Line::new("nothing is in its way now: upgrade again"),
            },
        )
        .seen(format!("{pid} wrote{time}: {why}"), log.place(entry))
        .leads_to("The deploy that sent it changed nothing.");
    finding.fix = usr2::lines(app, master);
    look.found(
        finding.for_good("let the deploy wait for the new master and say when there is none"),
    );
}
