//! A rule's look at one app: every fact is taken through it, so that what is lacking is noted by itself.

use std::path::Path;

use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::{App, Census, CurrentState, Layout, Master, handover::handover};
use crate::os::{Pid, shown};

use super::{Answered, Blind, Finding, Rule, Severity, Told, Verdict};

/// A rule at work on one app.
pub struct Look<'a> {
    rule: &'static Rule,
    census: &'a Census,
    app: &'a App,
    before: Option<&'a App>,
    here: bool,
    again: bool,
    blind: Vec<Blind>,
    /// What lacks and could only hide an info.
    minor: Vec<Blind>,
    findings: Vec<Finding>,
}

impl<'a> Look<'a> {
    /// The look of a rule at an app; `before`: the same app at the look before.
    pub fn new(
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
            again: false,
            blind: Vec::new(),
            minor: Vec::new(),
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

    /// The app's releases. An app that is not deployed by releases is not this rule's subject.
    pub fn layout(&mut self) -> Option<&'a Layout> {
        let layout = self.at("the releases", &self.app.layout)?.as_ref();
        self.here &= layout.is_some();
        layout
    }

    /// Whether a young handover goes on: what it shows by itself is normal. `None`, and noted, where nothing shows
    /// one and an age is lacking that could.
    pub fn young(&mut self) -> Option<bool> {
        if handover(self.app, self.census).is_young() {
            return Some(true);
        }
        let before = self.blind.len();
        for master in self.app.living_masters() {
            self.of(master.process.pid, "age", &master.process.age);
            self.knows_children(master);
        }
        if let Some(Some(layout)) = self.app.layout.get() {
            let current = &layout.current;
            if let Some(CurrentState::Release(_) | CurrentState::Elsewhere(_)) = current.state.get()
            {
                self.at("the time when current was switched", &current.switched_at);
            }
        }
        (self.blind.len() == before).then_some(false)
    }

    /// Whether every child of a master showed what it is; noted where one did not.
    pub fn knows_children(&mut self, master: &Master) -> bool {
        for (pid, why) in &master.unread {
            self.blind.push(Blind {
                what: format!("what {pid} is, a child of {}", master.process.pid),
                place: Place::new(format!("/proc/{pid}/cmdline")),
                why: why.clone(),
                pid: Some(*pid),
            });
        }
        master.unread.is_empty()
    }

    /// Whether every process showed what it is, so that a master that was not seen does not live; noted where one did
    /// not.
    pub fn sees_all_masters(&mut self) -> bool {
        let seen = &self.census.seen;
        let unread = (seen.denied > 0).then(|| {
            (Place::new("/proc"), Lack::Depends(format!("{} unread processes", seen.denied)))
        });
        let hidden = seen.hidden.clone().or(unread);
        self.sees_all("whether another master lives", hidden)
    }

    /// Whether a number that no process has is really nobody's, and not that of a process that is hidden; noted where
    /// it may be.
    pub fn sees_all_numbers(&mut self) -> bool {
        let hidden = self.census.seen.hidden.clone();
        self.sees_all("whether a process is gone", hidden)
    }

    fn sees_all(&mut self, what: &str, hidden: Option<(Place, Lack)>) -> bool {
        let Some((place, why)) = hidden else { return true };
        self.cannot_see(Blind { what: what.into(), place, why, pid: None });
        false
    }

    /// The same app at the look before, for what has to last to count. `None`: there was none; that is noted and a
    /// second look is asked for, so that the rule is blind until it has looked again.
    pub fn before(&mut self) -> Option<&'a App> {
        if self.before.is_none() {
            self.again = true;
            self.blind.push(Blind {
                what: "whether it lasts".into(),
                place: Place::new("a second look"),
                why: Lack::NotAsked,
                pid: None,
            });
        }
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

    /// Whether a path goes through the app's link `current`: what is missing there has to be missing at two looks, since
    /// a switch of the link may leave a short gap.
    pub fn through_current(&self, path: &Path) -> bool {
        matches!(self.app.layout.get(), Some(Some(layout)) if layout.through_current(path))
    }

    /// Whether nothing stands at a place that was looked at; `None`, and noted, where that was not seen.
    pub fn absent(&mut self, what: &str, spot: &Spot) -> Option<bool> {
        self.at(format!("{what} {}", shown(&spot.path)), &spot.stat).map(Option::is_none)
    }

    /// The same for what the next re-execution runs: where nothing shows that one is used here, what lacks could only
    /// hide an info.
    pub fn of_restart<'f, T>(&mut self, pid: Pid, what: &str, fact: &'f Fact<T>) -> Option<&'f T> {
        let before = self.blind.len();
        let value = self.of(pid, what, fact);
        if !self.app.uses_reexec() {
            self.minor.extend(self.blind.drain(before..));
        }
        value
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
            brief: None,
            sentence: None,
            remark: None,
            told: Told::default(),
            evidence: Vec::new(),
            leads_to: String::new(),
            mends: None,
            fix: Vec::new(),
            for_good: Vec::new(),
            offers: self.rule.offers,
        }
    }

    /// What came of it.
    pub fn answer(mut self) -> Answered {
        // Where nothing graver lacks, no more than an info can be hidden.
        let worst = if self.blind.is_empty() && !self.minor.is_empty() {
            Severity::Info
        } else {
            self.rule.worst
        };
        self.blind.append(&mut self.minor);
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
            worst,
            app: self.app.id.clone(),
            verdict,
            wants_second_look: self.again,
        }
    }
}
