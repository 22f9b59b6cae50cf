//! `reexec-failed`: the last USR2 came to nothing, as the log says.

use crate::contract::line::{Line, cut, named};
use crate::contract::{Look, Need, Rule, Severity};
use crate::model::log::{Entry, Log, Said};
use crate::model::{App, Master};
use crate::os::shown;
use crate::rules::masters::{own_logs, serves_current};
use crate::rules::usr2;

/// The card.
pub const RULE: Rule = Rule {
    name: "reexec-failed",
    needs: &[Need::SecondGeneration],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The last USR2 came to nothing: the new master ended before it could serve.",
    meaning: MEANING,
    offers: None,
    causes: &["release-stale", "handover-stuck"],
    check,
};

const MEANING: &str = "\
## What it means

USR2 was sent, a new master was started, and it ended with an error. The old one took its pidfile and its title
back and serves on, as if nothing had been asked of it.

## Why it matters

The deploy looks green and the old code is served. The next USR2 ends the same way until its cause is mended.
Only the log tells.

## How farrier decides

It reads the last 64 KiB of the file that the master's standard error leads to, also where that was deleted, and of
the one that the next master opens where that is another by now. The master itself wrote that its
re-execution ended (`reaped … exec()-ed`), with a status other than 0; nothing was executed since; no newer
master lives. The error that stands between is quoted.

## When it stays silent

`exit 0` means that someone ended the new master on purpose. A failure of an earlier master with the same log
does not count. Where `current` has been switched back to the release that serves, it is only information. Where
the log goes to no file, the journal for one, there is no subject.

## How to fix it

Read the quoted lines, mend what they name, deploy that, and send USR2 again; or switch `current` back to what
serves. Until then the old master serves.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for (master, log, own) in own_logs(look) {
        let ended = own.iter().rposition(|entry| matches!(entry.said, Said::Ended { .. }));
        let Some((ended, after)) = ended.and_then(|at| Some((*own.get(at)?, own.get(at + 1..)?)))
        else {
            continue;
        };
        let again = after.iter().any(|entry| matches!(entry.said, Said::Executing { .. }));
        let Said::Ended { how, .. } = &ended.said else { continue };
        if how.bytes() != b"exit 0" && !again && master.child.is_none() {
            report(look, app, master, log, ended);
        }
    }
}

/// The attempt that ended: what was executed, and the first error between.
/// A new master opens the log anew: where it was moved away, what it had to say stands in the file that is there now.
fn attempt<'l>(log: &'l Log, ended: &Entry) -> (Option<&'l Entry>, Option<(&'l Log, &'l Entry)>) {
    let before: Vec<&Entry> =
        log.entries.iter().take_while(|entry| entry.line < ended.line).collect();
    let start = before.iter().rposition(|entry| matches!(entry.said, Said::Executing { .. }));
    let between = before.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
    // A line without a header is Ruby's own: an exception that nobody caught.
    let errors = || {
        let foreign = |entry: &&&Entry| entry.writer.is_none() || entry.writer != ended.writer;
        between.iter().filter(|entry| matches!(entry.said, Said::Error(_))).filter(foreign)
    };
    let error = errors().find(|entry| entry.writer.is_none()).or_else(|| errors().next_back());
    let beside = || {
        let aside = log.aside.as_deref()?;
        let since = aside.entries.iter().rposition(|entry| entry.said == Said::Ready);
        let since = aside.entries.get(since.map_or(0, |at| at + 1)..)?;
        let mut errors = since.iter().filter(|entry| matches!(entry.said, Said::Error(_)));
        let error = errors.clone().find(|entry| entry.writer.is_none()).or(errors.next_back())?;
        Some((aside, error))
    };
    let error = error.map(|error| (log, *error)).or_else(beside);
    (start.and_then(|at| before.get(at).copied()), error)
}

fn report(look: &mut Look<'_>, app: &App, master: &Master, log: &Log, ended: &Entry) {
    let pid = master.process.pid;
    let Said::Ended { pid: child, how } = &ended.said else { return };
    let (start, error) = attempt(log, ended);
    let tried = start.and_then(|entry| match &entry.said {
        Said::Executing { directory, .. } => Some(directory),
        _ => None,
    });
    let layout = app.layout.get().and_then(Option::as_ref);
    let release = layout.zip(tried).and_then(|(layout, path)| layout.release_of(path));
    // What was tried is not what `current` names any more, and that is what serves: somebody went back.
    let rolled_back = serves_current(look, master) == Some(true)
        && release
            .as_deref()
            .is_some_and(|tried| layout.and_then(|l| l.current_release()) != Some(tried));
    let severity = if rolled_back { Severity::Info } else { Severity::Critical };
    let to = release.map(|name| format!(" to {}", named(&name))).unwrap_or_default();
    let said = error.and_then(|(_, entry)| match &entry.said {
        Said::Error(text) => Some(text.to_string()),
        _ => None,
    });
    let mut finding = look
        .finding(severity, format!("the last USR2 came to nothing: {}", cut(&how.to_string(), 22)))
        .about(pid)
        .at_path(&log.path)
        .told(
            Line::new(format!("{}: the last USR2{to} came to nothing", cut(&app.name, 16))),
            match &said {
                Some(said) => Line::new(cut(said, 70)),
                None => Line::new(format!("{child} ended: {how}")).aside("; no line tells why"),
            },
            if rolled_back {
                Line::new("current was switched back: nothing is left to do")
            } else if usr2::given_up(app, master).is_some() {
                Line::new("fix what the log says and deploy, or switch current back")
            } else {
                Line::new("mend what the log says, then upgrade again")
            },
        );
    if let (Some(start), Some(tried)) = (start, tried) {
        finding =
            finding.seen(format!("a USR2 was carried out in {}", shown(tried)), log.place(start));
    }
    if let (Some((log, error)), Some(said)) = (error, said) {
        finding = finding.seen(format!("the log says: {said}"), log.place(error));
    }
    let time = ended.time.as_ref().map(|time| format!(" at {time} by the log")).unwrap_or_default();
    finding = finding
        .seen(format!("the new master {child} ended{time}: {how}"), log.place(ended))
        .leads_to(format!("{pid} serves the old code; the next USR2 ends the same way."));
    finding.fix = if rolled_back {
        vec!["# nothing: current names what is served".into()]
    } else {
        let (log, told) = error.unwrap_or((log, ended));
        let place = log.place(told);
        let mut lines = vec![match usr2::given_up(app, master) {
            Some(_) => format!("# {place} says why"),
            None => format!("# mend what {place} says first; then:"),
        }];
        lines.extend(usr2::lines(app, master));
        lines
    };
    look.found(
        finding.for_good("let the deploy wait for the new master and say when there is none"),
    );
}
