//! A rule's look at one app: every fact is taken through it, so that what is lacking is noted by itself.

use std::path::Path;

use crate::facts::{Fact, Place};
use crate::model::{App, Census, Handover, handover::handover};
use crate::os::Pid;

use super::{Answered, Blind, Evidence, Finding, Rule, Severity, Told, Verdict};

/// A rule at work on one app.
pub struct Look<'a> {
    rule: &'static Rule,
    census: &'a Census,
    app: &'a App,
    before: Option<&'a App>,
    here: bool,
    wants_second_look: bool,
    blind: Vec<Blind>,
    findings: Vec<Finding>,
}

impl<'a> Look<'a> {
    pub(super) fn new(
        rule: &'static Rule,
        census: &'a Census,
        app: &'a App,
        before: Option<&'a App>,
    ) -> Self {
        Self {
            rule,
            census,
            app,
            before,
            here: true,
            wants_second_look: false,
            blind: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The app that is looked at.
    pub fn app(&self) -> &'a App {
        self.app
    }

    /// The whole census, for what goes across apps.
    pub fn census(&self) -> &'a Census {
        self.census
    }

    /// What goes on in the app: a young handover is normal.
    pub fn handover(&self) -> Handover {
        handover(self.app, self.census)
    }

    /// The same app at the look before. `None`: there was none; then a second look is asked for
    /// and the rule's answer counts only after it.
    pub fn before(&mut self) -> Option<&'a App> {
        self.wants_second_look |= self.before.is_none();
        self.before
    }

    /// A fact's value. What is lacking is noted: a rule that finds nothing is then blind.
    pub fn at<'f, T>(&mut self, what: impl Into<String>, fact: &'f Fact<T>) -> Option<&'f T> {
        self.at_of(what, None, fact)
    }

    /// The same for a fact about a process.
    pub fn of<'f, T>(&mut self, pid: Pid, what: &str, fact: &'f Fact<T>) -> Option<&'f T> {
        self.at_of(format!("{what} of {pid}"), Some(pid), fact)
    }

    fn at_of<'f, T>(
        &mut self,
        what: impl Into<String>,
        pid: Option<Pid>,
        fact: &'f Fact<T>,
    ) -> Option<&'f T> {
        match &fact.value {
            Ok(value) => Some(value),
            Err(why) => {
                self.blind.push(Blind {
                    what: what.into(),
                    place: fact.place.clone(),
                    why: why.clone(),
                    pid,
                });
                None
            }
        }
    }

    /// Notes something that cannot be decided and is no single fact.
    pub fn cannot_see(&mut self, blind: Blind) {
        self.blind.push(blind);
    }

    /// The rule has no subject in this app.
    pub fn not_here(&mut self) {
        self.here = false;
    }

    /// Notes a finding.
    pub fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// A finding of this rule about this app, to be filled by its builder methods.
    pub fn finding(&self, severity: Severity, summary: impl Into<String>) -> Finding {
        Finding {
            rule: self.rule.name,
            severity,
            app: self.app.id.clone(),
            pid: None,
            path: None,
            summary: summary.into(),
            told: Told::default(),
            evidence: Vec::new(),
            leads_to: String::new(),
            fix: Vec::new(),
            for_good: Vec::new(),
        }
    }

    pub(super) fn answer(mut self) -> Answered {
        self.blind.sort();
        self.blind.dedup();
        let verdict = if !self.findings.is_empty() {
            Verdict::Found(self.findings, self.blind)
        } else if !self.here {
            Verdict::NotHere
        } else if self.blind.is_empty() {
            Verdict::Fine
        } else {
            Verdict::Blind(self.blind)
        };
        Answered {
            rule: self.rule.name,
            app: self.app.id.clone(),
            verdict,
            wants_second_look: self.wants_second_look,
        }
    }
}

impl Finding {
    /// About this process.
    #[must_use]
    pub fn about(mut self, pid: Pid) -> Self {
        self.pid = Some(pid);
        self
    }

    /// About this path.
    #[must_use]
    pub fn at_path(mut self, path: &Path) -> Self {
        self.path = Some(path.to_path_buf());
        self
    }

    /// The headline's three lines.
    #[must_use]
    pub fn told(
        mut self,
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        self.told = Told { what: what.into(), why: why.into(), next: next.into() };
        self
    }

    /// One piece of evidence.
    #[must_use]
    pub fn seen(mut self, fact: impl Into<String>, place: impl Into<Place>) -> Self {
        self.evidence.push(Evidence { fact: fact.into(), place: place.into() });
        self
    }

    /// What it leads to.
    #[must_use]
    pub fn leads_to(mut self, words: impl Into<String>) -> Self {
        self.leads_to = words.into();
        self
    }

    /// One line of the fix.
    #[must_use]
    pub fn fix(mut self, line: impl Into<String>) -> Self {
        self.fix.push(line.into());
        self
    }

    /// One line of what keeps it from coming back.
    #[must_use]
    pub fn for_good(mut self, line: impl Into<String>) -> Self {
        self.for_good.push(line.into());
        self
    }
}
