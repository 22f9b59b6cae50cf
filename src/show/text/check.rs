//! `farrier check` as text: the headline, the findings by cause, what could not be decided, what was looked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Paint, headline};
use crate::contract::{Bar, Blind, Finding, Verdict, Verdicts};
use crate::facts::Lack;
use crate::model::Census;
use crate::os::Refusal;
use crate::rules::causes;
use crate::show::words::{Mark, closed, counted, left, processes};

/// The whole report of one machine.
pub fn report(census: &Census, verdicts: &Verdicts, bar: Bar, paint: Paint) -> String {
    let mut out = headline::lines(census, verdicts, bar, paint);
    for caused in causes::in_order(verdicts) {
        out.push('\n');
        out += &finding(census, caused.finding, caused.depth, paint);
    }
    out += &undecided(verdicts, paint);
    if census.apps.is_empty() {
        out += &looked_for(census, paint);
    }
    out += &hidden(census, paint);
    out
}

/// One finding with its evidence and its fix.
fn finding(census: &Census, finding: &Finding, depth: usize, paint: Paint) -> String {
    let indent = "  ".repeat(depth);
    let follows = if depth == 0 { String::new() } else { format!("{} ", Mark::Follows.sign()) };
    let app = census.app(&finding.app).map_or(finding.app.0.as_str(), |app| app.name.as_str());
    let mut out = format!(
        "{indent}{follows}{} {}  {app}  {}\n",
        paint.mark(finding.severity.into()),
        paint.strong(finding.rule),
        paint.severity(finding.severity, finding.severity.name()),
    );
    let inner = format!("{indent}{}", " ".repeat(4));
    let _ = writeln!(out, "{inner}{}", finding.summary);
    for (at, seen) in finding.evidence.iter().enumerate() {
        let label = if at == 0 { "SEEN" } else { "" };
        let _ = writeln!(
            out,
            "{inner}{}{}  {}",
            paint.quiet(&left(label, LABEL)),
            seen.fact,
            paint.quiet(&format!("({})", seen.place))
        );
    }
    let parts = [
        ("LEADS TO", std::slice::from_ref(&finding.leads_to)),
        ("FIX", finding.fix.as_slice()),
        ("FOR GOOD", finding.for_good.as_slice()),
    ];
    for (label, lines) in parts {
        let lines = lines.iter().filter(|line| !line.is_empty());
        for (at, line) in lines.enumerate() {
            let label = if at == 0 { label } else { "" };
            let _ = writeln!(out, "{inner}{}{line}", paint.quiet(&left(label, LABEL)));
        }
    }
    out
}

/// Columns of a label.
const LABEL: usize = 10;

/// What the rules could not decide, by the reason, with what would decide it.
fn undecided(verdicts: &Verdicts, paint: Paint) -> String {
    let mut causes: BTreeMap<String, (Vec<&Blind>, Vec<&'static str>)> = BTreeMap::new();
    for answered in &verdicts.0 {
        if let Verdict::Blind(blind) = &answered.verdict {
            for lacking in blind {
                let cause = causes.entry(cause(&lacking.why)).or_default();
                cause.0.push(lacking);
                cause.1.push(answered.rule);
            }
        }
    }
    let mut out = String::new();
    for (cause, (mut blind, mut rules)) in causes {
        blind.sort();
        blind.dedup();
        rules.sort_unstable();
        rules.dedup();
        let grants = blind.iter().map(|lacking| grant(&lacking.why));
        let why = grants.into_iter().find(|why| !why.is_empty()).unwrap_or_default();
        let _ = writeln!(
            out,
            "\n{} {cause}: {} undecided: {}",
            paint.mark(Mark::Unknown),
            counted(rules.len(), "rule"),
            rules.join(", ")
        );
        for lacking in blind.iter().take(SHOWN) {
            let _ = writeln!(
                out,
                "    {}{}  {}",
                paint.quiet(&left("LACKED", LABEL)),
                lacking.what,
                paint.quiet(&format!("({})", lacking.place))
            );
        }
        if let Some(more) = blind.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(out, "    {}and {more} more", " ".repeat(LABEL));
        }
        if !why.is_empty() {
            let _ = writeln!(out, "    {}{why}", paint.quiet(&left("DECIDED", LABEL)));
        }
    }
    out
}

/// How many lacking facts are shown of one cause: the rest is in the JSON.
const SHOWN: usize = 5;

fn cause(why: &Lack) -> String {
    match why {
        Lack::Unevaluable(_) => "only the server itself can evaluate it".into(),
        Lack::Depends(_) | Lack::Settled { .. } => "it depends on what is not known".into(),
        Lack::Untold(_) => "nothing outside the server tells it".into(),
        other => other.to_string(),
    }
}

/// What would decide it.
fn grant(why: &Lack) -> String {
    match why {
        Lack::Refused(Refusal::Denied) => {
            "as the same user, or by sudo farrier check (CAP_SYS_PTRACE)".into()
        }
        Lack::Refused(Refusal::TimedOut) => "when the file system or the process answers".into(),
        Lack::Refused(Refusal::Gone) => "by another look".into(),
        Lack::Settled { by, .. } => by.clone(),
        Lack::Overwritten => "by the live environment, where it can be read".into(),
        _ => String::new(),
    }
}

/// What a look without any server looked for.
fn looked_for(census: &Census, paint: Paint) -> String {
    let mut out = format!("\n{}\n", paint.strong("What was looked for"));
    for searched in &census.seen.searched {
        let _ = writeln!(out, "  {}{}  {}", left(searched.what, 12), searched.how, searched.found);
    }
    for root in &census.seen.idle_roots {
        let _ = writeln!(
            out,
            "{}  {} has releases and nothing serves it; one may be stopped",
            paint.mark(Mark::Unknown),
            crate::os::shown(root)
        );
    }
    if let Some(words) = closed(census) {
        let _ = writeln!(out, "{}  {words}", paint.mark(Mark::Unknown));
    }
    out
}

/// Processes that could not be seen at all.
fn hidden(census: &Census, paint: Paint) -> String {
    let mut out = String::new();
    if let Some((place, lack)) = &census.seen.hidden {
        let _ = writeln!(
            out,
            "\n{} processes are hidden: {lack}  {}",
            paint.mark(Mark::Unknown),
            paint.quiet(&format!("({place})"))
        );
    }
    if census.seen.denied > 0 {
        let _ = writeln!(
            out,
            "\n{} {} of other users: program and directory denied. sudo farrier check reads them",
            paint.mark(Mark::Unknown),
            processes(census.seen.denied)
        );
    }
    out
}
