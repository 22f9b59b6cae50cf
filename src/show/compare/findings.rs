//! Two looks' findings compared: come, gone, as before; and what neither came nor went, but cannot be told any more.

use super::Fate;
use crate::contract::{Finding, Severity, Verdict, Verdicts};
use crate::model::AppId;

/// What is known of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Both looks have it.
    Stayed,
    /// Only the later one has it.
    Came,
    /// Only the earlier one has it, and the later one looked.
    Went,
    /// The earlier one has it, and the later one could not decide: it may be there.
    Undecided,
}

impl Known {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stayed => "same",
            Self::Came => "new",
            Self::Went => "gone",
            Self::Undecided => "undecided",
        }
    }
}

/// A finding of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad; as the later side has it where both do.
    pub severity: Severity,
    /// Its sentence.
    pub summary: String,
    /// What is known of it.
    pub known: Known,
}

impl Found {
    fn of(finding: &Finding, known: Known) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            summary: finding.summary.clone(),
            known,
        }
    }
}

/// The findings about one app on both sides: the new ones first, then the gone ones, then the rest.
pub(super) fn compare(app: &AppId, before: &Verdicts, after: &Verdicts, fate: Fate) -> Vec<Found> {
    let of = |verdicts: &Verdicts| -> Vec<Finding> {
        verdicts.findings().into_iter().filter(|finding| &finding.app == app).cloned().collect()
    };
    let (mut was, mut is) = (of(before), of(after));
    let mut stayed = Vec::new();
    // The very subject first; then the same rule, since a deploy gives the app new processes and paths.
    let exact = |a: &Finding, b: &Finding| a.rule == b.rule && a.pid == b.pid && a.path == b.path;
    let alike = |a: &Finding, b: &Finding| a.rule == b.rule;
    for same in [exact, alike as fn(&Finding, &Finding) -> bool] {
        is.retain(|finding| match was.iter().position(|old| same(old, finding)) {
            Some(at) => {
                was.remove(at);
                stayed.push(Found::of(finding, Known::Stayed));
                false
            }
            None => true,
        });
    }
    let blind = |rule: &str| {
        after.0.iter().any(|answered| {
            &answered.app == app
                && answered.rule == rule
                && matches!(answered.verdict, Verdict::Blind(_))
        })
    };
    let went = was.iter().map(|finding| {
        let undecided = fate == Fate::Stayed && blind(finding.rule);
        Found::of(finding, if undecided { Known::Undecided } else { Known::Went })
    });
    let came = is.iter().map(|finding| Found::of(finding, Known::Came));
    came.chain(went).chain(stayed).collect()
}
