//! A finding: what a rule saw of a subject, with its evidence and its fix.

use std::path::{Path, PathBuf};

use crate::facts::Place;
use crate::model::{AppId, Operation};
use crate::os::Pid;

use super::Severity;
use super::line::Line;

/// What was seen, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What was seen.
    pub fact: String,
    /// Where: a place that a person can go to.
    pub place: Place,
}

/// The three lines that tell the finding at the top of the screen: at most 70 columns each there, and in `check`; where
/// there is more room, more of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What is wrong.
    pub what: Line,
    /// Why.
    pub why: Line,
    /// What to do next.
    pub next: Line,
    /// The same in a word or two, where other steps have to follow: `retire 9120`.
    pub step: Option<String>,
}

/// A rule that fired on a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The app.
    pub app: AppId,
    /// The process, if it is about one.
    pub pid: Option<Pid>,
    /// The path, if it is about one.
    pub path: Option<PathBuf>,
    /// One sentence, subject first; for lists, at most 54 columns where that is possible.
    pub summary: String,
    /// The same for a narrower list.
    pub brief: Option<String>,
    /// The same with what it is about, where there is room for a whole sentence.
    pub sentence: Option<String>,
    /// What else is to be known of its subject, one sentence.
    pub remark: Option<String>,
    /// The headline's three lines.
    pub told: Told,
    /// What was seen, and where.
    pub evidence: Vec<Evidence>,
    /// What it will lead to.
    pub leads_to: String,
    /// What the fix does, one sentence, where its lines do not say it.
    pub mends: Option<String>,
    /// The fix, lines that can be pasted or done, with the real paths and pids; safe as things stand now.
    pub fix: Vec<String>,
    /// What keeps it from coming back, if that is something else.
    pub for_good: Vec<String>,
    /// The operation that mends it, where a signal can.
    pub offers: Option<Operation>,
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
        what: impl Into<Line>,
        why: impl Into<Line>,
        next: impl Into<Line>,
    ) -> Self {
        self.told = Told { what: what.into(), why: why.into(), next: next.into(), ..self.told };
        self
    }

    /// What is to be done in a word or two, where other steps have to follow.
    #[must_use]
    pub fn step(mut self, words: impl Into<String>) -> Self {
        self.told.step = Some(words.into());
        self
    }

    /// The summary for a narrower list.
    #[must_use]
    pub fn brief(mut self, words: impl Into<String>) -> Self {
        self.brief = Some(words.into());
        self
    }

    /// The summary as a whole sentence.
    #[must_use]
    pub fn sentence(mut self, words: impl Into<String>) -> Self {
        self.sentence = Some(words.into());
        self
    }

    /// What else is to be known of its subject.
    #[must_use]
    pub fn remark(mut self, words: impl Into<String>) -> Self {
        self.remark = Some(words.into());
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

    /// What the fix does, where its lines do not say it.
    #[must_use]
    pub fn mends(mut self, words: impl Into<String>) -> Self {
        self.mends = Some(words.into());
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
