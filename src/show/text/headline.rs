//! The first three lines: what is wrong, why, and what comes next.

use super::{Paint, check::processes};
use crate::model::Census;
use crate::os::text::escaped;
use crate::rules::{Finding, RULES, Severity, Verdict, Verdicts};
use crate::show::causes;
use crate::show::words::{Mark, counted, left};

/// Columns of the first word.
const WORD: usize = 7;

/// The headline of one machine.
pub fn lines(census: &Census, verdicts: &Verdicts, paint: Paint) -> String {
    match causes::in_order(verdicts).first() {
        Some(head) => of_finding(head.finding, paint),
        None if census.apps.is_empty() => none(census, paint),
        None => quiet(census, verdicts, paint),
    }
}

fn three(mark: Mark, word: &str, lines: [(&str, &str); 3], paint: Paint) -> String {
    let [(_, first), (why, second), (next, third)] = lines;
    format!(
        "{} {}{first}\n  {}{second}\n  {}{third}\n",
        paint.mark(mark),
        paint.strong(&left(word, WORD)),
        paint.quiet(&left(why, WORD)),
        paint.quiet(&left(next, WORD)),
    )
}

fn of_finding(finding: &Finding, paint: Paint) -> String {
    let word = if finding.severity == Severity::Info { "NOTE" } else { "WRONG" };
    let what = if finding.told.what.is_empty() { &finding.summary } else { &finding.told.what };
    let why = if finding.told.why.is_empty() { &finding.leads_to } else { &finding.told.why };
    let first_fix = finding.fix.first().cloned().unwrap_or_default();
    let next = if finding.told.next.is_empty() { &first_fix } else { &finding.told.next };
    three(finding.severity.into(), word, [("", what), ("WHY", why), ("NEXT", next)], paint)
}

fn none(census: &Census, paint: Paint) -> String {
    let host = census.host.get();
    let name = host.map_or("this machine".into(), |host| host.name.to_string());
    let who = host.map_or("this user".into(), |host| {
        let known = host.users.iter().find(|user| user.uid == host.euid);
        known.map_or(format!("user {}", host.euid), |user| escaped(user.name.bytes()))
    });
    three(
        Mark::Unknown,
        "NONE",
        [
            ("", &format!("No application server was found among what {who} may see on {name}")),
            (
                "WHY",
                &format!(
                    "{} looked at, {} fully; none is a server farrier knows",
                    processes(census.seen.processes),
                    census.seen.members
                ),
            ),
            ("NEXT", "if a server should be here, see below what could not be read"),
        ],
        paint,
    )
}

/// Nothing was found: fine, or not sure.
fn quiet(census: &Census, verdicts: &Verdicts, paint: Paint) -> String {
    let here = |rule: &str, fits: fn(&Verdict) -> bool| {
        verdicts.0.iter().any(|answered| answered.rule == rule && fits(&answered.verdict))
    };
    let blind = RULES.iter().filter(|rule| here(rule.name, |v| matches!(v, Verdict::Blind(_))));
    let blind = blind.count();
    let fine = RULES
        .iter()
        .filter(|rule| {
            here(rule.name, |v| matches!(v, Verdict::Fine))
                && !here(rule.name, |v| matches!(v, Verdict::Blind(_)))
        })
        .count();
    let asked = format!(
        "{} asked about {}: {fine} fine, {} not here, {blind} blind",
        counted(RULES.len(), "rule"),
        counted(census.apps.len(), "app"),
        RULES.len() - fine - blind,
    );
    if blind == 0 && census.seen.hidden.is_none() {
        let last = "nothing was found";
        return three(
            Mark::Fine,
            "FINE",
            [("", &asked), ("LAST", last), ("NEXT", "nothing to do")],
            paint,
        );
    }
    let first = format!(
        "Nothing wrong was found, but {blind} of {} could not be decided",
        counted(RULES.len(), "rule")
    );
    three(
        Mark::Unknown,
        "UNSURE",
        [("", &first), ("WHY", &asked), ("NEXT", "see below what would decide them")],
        paint,
    )
}
