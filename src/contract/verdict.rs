//! What rules answer, and what that comes to.

use crate::facts::{Lack, Place};
use crate::model::AppId;
use crate::os::Pid;

use super::{Finding, Severity};

/// A fact that a rule lacked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blind {
    /// What it would have said, in words: `directory of 14740`.
    pub what: String,
    /// Where it was looked for.
    pub place: Place,
    /// Why it is lacking.
    pub why: Lack,
    /// The process, if it is about one.
    pub pid: Option<Pid>,
}

/// What a rule answers about one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has no subject here: another server, no releases, no Bundler.
    NotHere,
    /// Looked at, nothing found.
    Fine,
    /// Nothing was found, but something could not be seen.
    Blind(Vec<Blind>),
    /// Found; what could not be seen besides is kept.
    Found(Vec<Finding>, Vec<Blind>),
}

/// One rule's answer about one app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The rule.
    pub rule: &'static str,
    /// The gravest severity that the rule can give.
    pub worst: Severity,
    /// The app.
    pub app: AppId,
    /// The answer.
    pub verdict: Verdict,
    /// It saw cause and has to look again to decide (`Look::before` was asked for and there was none).
    pub wants_second_look: bool,
}

/// What a verdict is measured by: the word at the top, the exit status and the counts of the JSON ask the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The least severity that counts.
    pub threshold: Severity,
    /// What only the server itself can evaluate counts as undecided too.
    pub strict: bool,
}

impl Default for Bar {
    fn default() -> Self {
        Self { threshold: Severity::Warning, strict: false }
    }
}

impl Answered {
    /// What was lacking, where no finding at the threshold has decided the rule.
    pub fn lacked(&self, threshold: Severity) -> &[Blind] {
        match &self.verdict {
            Verdict::Blind(blind) => blind,
            Verdict::Found(findings, blind)
                if findings.iter().all(|finding| finding.severity > threshold) =>
            {
                blind
            }
            Verdict::Found(..) | Verdict::Fine | Verdict::NotHere => &[],
        }
    }

    /// Whether it could have found something at the threshold, found nothing there, and lacked what counts.
    pub fn is_open(&self, bar: Bar) -> bool {
        self.worst <= bar.threshold
            && self.lacked(bar.threshold).iter().any(|b| bar.strict || b.why.is_unreadable())
    }

    /// The settings that only the server itself can evaluate, where nothing else kept the rule from an answer.
    pub fn unevaluated(&self) -> &[Blind] {
        let lacked = self.lacked(Severity::Warning);
        if lacked.iter().any(|blind| blind.why.is_unreadable()) { &[] } else { lacked }
    }
}

/// Every rule's answer about every app, in the order of apps, then of [`RULES`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(pub Vec<Answered>);

impl Verdicts {
    /// All findings, the gravest first, then in the order of the rules.
    pub fn findings(&self) -> Vec<&Finding> {
        let mut all: Vec<&Finding> = self
            .0
            .iter()
            .filter_map(|a| match &a.verdict {
                Verdict::Found(findings, _) => Some(findings),
                _ => None,
            })
            .flatten()
            .collect();
        all.sort_by_key(|finding| finding.severity);
        all
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings().iter().filter(|finding| finding.severity == severity).count()
    }

    /// The answers that could not be decided.
    pub fn undecided(&self) -> impl Iterator<Item = (&Answered, &[Blind])> {
        self.0.iter().filter_map(|answered| match &answered.verdict {
            Verdict::Blind(blind) => Some((answered, blind.as_slice())),
            _ => None,
        })
    }

    /// The rules that are open for at least one app, each once.
    pub fn open(&self, bar: Bar) -> Vec<&'static str> {
        let mut rules: Vec<_> = self.0.iter().filter(|a| a.is_open(bar)).map(|a| a.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// What only the servers themselves can evaluate, each once.
    pub fn unevaluated(&self) -> Vec<&Blind> {
        let mut all: Vec<&Blind> = self.0.iter().flat_map(Answered::unevaluated).collect();
        all.sort();
        all.dedup_by(|a, b| (&a.place, &a.why) == (&b.place, &b.why));
        all
    }

    /// Whether some rule has to look a second time.
    pub fn want_second_look(&self) -> bool {
        self.0.iter().any(|answered| answered.wants_second_look)
    }
}
