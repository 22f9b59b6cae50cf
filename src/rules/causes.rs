//! Findings by cause: what follows from another on the same app stands under it (`screens.md`, Causes).

use super::{Finding, RULES, Severity, Verdicts, rule};

/// A finding and how deep it stands under its cause; 0: it is the head of its group.
#[derive(Clone, Copy, Debug)]
pub struct Caused<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// How many causes stand above it.
    pub depth: usize,
}

/// A head and what follows from it.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The head first, then each effect under its cause.
    pub members: Vec<Caused<'a>>,
    /// The gravest of them.
    pub severity: Severity,
}

impl<'a> Group<'a> {
    /// The finding that the others follow from.
    pub fn head(&self) -> Option<&'a Finding> {
        self.members.first().map(|caused| caused.finding)
    }
}

/// All findings by cause: the groups by their gravest member, then by the one that stands first in the catalogue: what
/// visitors get now comes before what the next restart would do.
pub fn groups(verdicts: &Verdicts) -> Vec<Group<'_>> {
    let all = verdicts.findings();
    let mut told: Vec<&Finding> = Vec::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    let heads = all.iter().filter(|finding| cause(finding, &all).is_none());
    // What follows from itself by a circle of cards has no head: it comes last and stands alone, so that nothing is lost.
    for head in heads.chain(&all) {
        if told.iter().any(|finding| std::ptr::eq(*finding, *head)) {
            continue;
        }
        let mut members = Vec::new();
        // Nothing follows from what is found about another app.
        let near: Vec<&Finding> = all.iter().copied().filter(|f| f.app == head.app).collect();
        follow(head, 0, &near, &mut told, &mut members);
        let severity = members.iter().map(|caused| caused.finding.severity).min();
        groups.push(Group { members, severity: severity.unwrap_or(head.severity) });
    }
    groups.sort_by_key(|group| {
        let first = group.members.iter().map(|caused| position(caused.finding)).min();
        (group.severity, first, group.head().map(position))
    });
    groups
}

/// All findings in the order in which they are listed.
pub fn in_order(verdicts: &Verdicts) -> Vec<Caused<'_>> {
    groups(verdicts).into_iter().flat_map(|group| group.members).collect()
}

fn position(finding: &Finding) -> usize {
    RULES.iter().position(|rule| rule.name == finding.rule).unwrap_or(RULES.len())
}

/// The finding that this one follows from: on the same app, the first of the catalogue, about the same process if
/// there is one.
fn cause<'a>(finding: &Finding, all: &[&'a Finding]) -> Option<&'a Finding> {
    all.iter()
        .copied()
        .filter(|other| {
            other.app == finding.app
                && other.rule != finding.rule
                && rule(other.rule).is_some_and(|card| card.causes.contains(&finding.rule))
        })
        .min_by_key(|other| (position(other), other.pid != finding.pid))
}

fn follow<'a>(
    finding: &'a Finding,
    depth: usize,
    all: &[&'a Finding],
    told: &mut Vec<&'a Finding>,
    members: &mut Vec<Caused<'a>>,
) {
    if told.iter().any(|other| std::ptr::eq(*other, finding)) {
        return;
    }
    told.push(finding);
    members.push(Caused { finding, depth });
    for effect in all {
        if cause(effect, all).is_some_and(|cause| std::ptr::eq(cause, finding)) {
            follow(effect, depth + 1, all, told, members);
        }
    }
}
