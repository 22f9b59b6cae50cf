//! Findings by cause: what follows from another on the same app stands under it (`screens.md`, Causes).

use super::{RULES, rule};
use crate::contract::{Finding, Severity, Verdicts};

/// Rules about the configuration that let another thing happen, and that thing: each stands last, on its own, as "makes …
/// come back".
pub const COME_BACK: &[(&str, &str)] = &[
    ("config-hook-wrong-path", "oldbin-lingering"),
    ("config-gemfile-hook", "gemfile-pinned"),
    ("config-working-directory", "release-pinned"),
    ("config-quit-too-early", "handover-stuck"),
];

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
    groups.sort_by_key(|group| (group.severity, rank(group), group.head().map(position)));
    // What makes something come back stands below the rest, in the order of what it brings back.
    let heads: Vec<&str> = groups.iter().filter_map(|group| Some(group.head()?.rule)).collect();
    let brings = |group: &Group<'_>| {
        let rule = group.head()?.rule;
        let at = COME_BACK.iter().position(|(name, _)| *name == rule)?;
        let (_, what) = COME_BACK.get(at)?;
        Some((heads.iter().position(|head| head == what).unwrap_or(usize::MAX), at))
    };
    groups.sort_by_key(|group| (group.severity, brings(group)));
    groups
}

/// The place in the catalogue of the first of its members.
fn rank(group: &Group<'_>) -> Option<usize> {
    group.members.iter().map(|caused| position(caused.finding)).min()
}

/// All findings in the order in which they are listed.
pub fn in_order(verdicts: &Verdicts) -> Vec<Caused<'_>> {
    groups(verdicts).into_iter().flat_map(|group| group.members).collect()
}

fn position(finding: &Finding) -> usize {
    RULES.iter().position(|rule| rule.name == finding.rule).unwrap_or(RULES.len())
}

/// The finding that this one follows from: on the same app, one that follows from nothing itself before others, the
/// first of the catalogue, about the same process if there is one.
fn cause<'a>(finding: &Finding, all: &[&'a Finding]) -> Option<&'a Finding> {
    all.iter()
        .copied()
        .filter(|other| {
            other.app == finding.app
                && other.rule != finding.rule
                && rule(other.rule).is_some_and(|card| card.causes.contains(&finding.rule))
        })
        .min_by_key(|other| (follows(other, all), position(other), other.pid != finding.pid))
}

/// Whether another finding of the app may be its cause.
fn follows(finding: &Finding, all: &[&Finding]) -> bool {
    let causes = |other: &&&Finding| {
        rule(other.rule).is_some_and(|card| card.causes.contains(&finding.rule))
    };
    all.iter().filter(|other| other.app == finding.app).any(|other| causes(&other))
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
    // In the order of the card: what visitors get before what comes of it later.
    let place = |effect: &Finding| {
        let card = rule(finding.rule).map(|card| card.causes).unwrap_or_default();
        card.iter().position(|name| *name == effect.rule)
    };
    let mut effects = all.to_vec();
    effects.sort_by_key(|effect| place(effect));
    for effect in effects {
        if cause(effect, all).is_some_and(|cause| std::ptr::eq(cause, finding)) {
            follow(effect, depth + 1, all, told, members);
        }
    }
}
