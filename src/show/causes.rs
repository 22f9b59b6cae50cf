//! Findings in the order of their causes: what follows from another stands under it (`screens.md` §2.0, Causes).

use crate::rules::{Finding, Verdicts, rule};

/// A finding and how deep it stands under its cause; 0: it is a cause itself.
#[derive(Clone, Copy, Debug)]
pub struct Caused<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// How many causes stand above it.
    pub depth: usize,
}

/// All findings: the groups by their gravest member, causes before effects.
pub fn in_order(verdicts: &Verdicts) -> Vec<Caused<'_>> {
    let all = verdicts.findings();
    let mut groups: Vec<Vec<Caused<'_>>> = all
        .iter()
        .filter(|finding| cause(finding, &all).is_none())
        .map(|head| {
            let mut group = Vec::new();
            follow(head, 0, &all, &mut group);
            group
        })
        .collect();
    // What follows from itself by a circle of cards has no head: it stands alone, so that nothing is lost.
    for finding in &all {
        let told = groups.iter().flatten().any(|caused| std::ptr::eq(caused.finding, *finding));
        if !told {
            groups.push(vec![Caused { finding, depth: 0 }]);
        }
    }
    groups.sort_by_key(|group| group.iter().map(|caused| caused.finding.severity).min());
    groups.into_iter().flatten().collect()
}

/// The finding that this one follows from: on the same app, the first in their order.
fn cause<'a>(finding: &Finding, all: &[&'a Finding]) -> Option<&'a Finding> {
    all.iter().copied().find(|other| {
        other.app == finding.app
            && other.rule != finding.rule
            && rule(other.rule).is_some_and(|card| card.causes.contains(&finding.rule))
    })
}

fn follow<'a>(
    finding: &'a Finding,
    depth: usize,
    all: &[&'a Finding],
    group: &mut Vec<Caused<'a>>,
) {
    if group.iter().any(|caused| std::ptr::eq(caused.finding, finding)) {
        return;
    }
    group.push(Caused { finding, depth });
    for effect in all {
        if cause(effect, all).is_some_and(|cause| std::ptr::eq(cause, finding)) {
            follow(effect, depth + 1, all, group);
        }
    }
}
