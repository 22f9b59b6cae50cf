//! The three lines at the top, and findings in the order of their causes.

use super::state::Look;
use super::theme::Tone;
use crate::rules::{Finding, rule};
use crate::show::words::Mark;

/// The three lines at the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// `WRONG`, `FINE`, …
    pub word: &'static str,
    /// Its mark.
    pub mark: char,
    /// Its tone.
    pub tone: Tone,
    /// What is so.
    pub what: String,
    /// `WHY` or `LAST`.
    pub second: &'static str,
    /// Why.
    pub why: String,
    /// What to do next.
    pub next: String,
    /// Enter leads to the finding that it speaks of.
    pub leads: bool,
}

/// The headline of a look.
pub fn headline(look: &Look) -> Headline {
    let first = grouped(look).into_iter().next();
    let (asked, fine, not_here, blind) = look.tally();
    let tally = format!("{asked} rules asked: {fine} fine, {not_here} not here, {blind} blind");
    let (word, tone, what, why, next) = match first {
        Some((finding, _)) => (
            "WRONG",
            Tone::from(finding.severity),
            if finding.told.what.is_empty() {
                finding.summary.clone()
            } else {
                finding.told.what.clone()
            },
            finding.told.why.clone(),
            finding.told.next.clone(),
        ),
        None if look.census.apps.is_empty() => (
            "NONE",
            Tone::Blind,
            "no application server was found".to_owned(),
            format!("{} processes looked at", look.census.seen.processes),
            "choose below".to_owned(),
        ),
        None if blind > 0 => {
            ("UNSURE", Tone::Blind, tally, String::new(), "0 shows why".to_owned())
        }
        None => ("FINE", Tone::Fine, tally, String::new(), "nothing to do".to_owned()),
    };
    let mark = match (word, first) {
        ("WRONG", Some((finding, _))) => Mark::from(finding.severity),
        ("FINE", _) => Mark::Fine,
        _ => Mark::Unknown,
    };
    let second = if word == "FINE" { "LAST" } else { "WHY" };
    Headline { word, mark: mark.sign(), tone, what, second, why, next, leads: first.is_some() }
}

/// All findings, each with whether it follows from the one above it.
pub fn grouped(look: &Look) -> Vec<(&Finding, bool)> {
    let all = look.findings();
    let caused_by = |finding: &Finding| {
        all.iter().find(|head| {
            head.app == finding.app
                && head.rule != finding.rule
                && rule(head.rule).is_some_and(|card| card.causes.contains(&finding.rule))
        })
    };
    let mut rows = Vec::new();
    for head in all.iter().filter(|finding| caused_by(finding).is_none()) {
        rows.push((*head, false));
        let follow = all.iter().filter(|f| caused_by(f).is_some_and(|by| by.rule == head.rule));
        rows.extend(follow.map(|finding| (*finding, true)));
    }
    rows
}
