//! The catalogue: each rule looks at a census and answers fine, found, not here, or blind. Pure.

pub mod causes;
pub mod config;
pub mod dates;
pub mod headline;
pub mod line;
mod look;
pub mod masters;
pub mod pidfiles;
pub mod quote;
pub mod releases;
pub mod ruby;
pub mod sockets;
pub mod usr2;

pub use look::Look;

use line::Line;

use std::path::PathBuf;

use crate::facts::{Lack, Place};
use crate::model::{AppId, Census, Kind, Operation};
use crate::os::Pid;

/// How bad a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Broken now, or the next restart fails or takes the site down.
    Critical,
    /// It will bite later, or old code is served.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A rule's card.
pub struct Rule {
    /// Its name: fixed, since people write it into their settings.
    pub name: &'static str,
    /// The servers that it is about; empty: all.
    pub kinds: &'static [Kind],
    /// The gravest severity that it can give: what a blind spot of it may hide.
    pub worst: Severity,
    /// Nothing of the app can answer while it is found critical.
    pub stops_service: bool,
    /// What it looks for, one sentence.
    pub summary: &'static str,
    /// Its page: what it means, why it matters, how to fix it, when it does not fire. Markdown.
    pub meaning: &'static str,
    /// The operation that mends it, where a signal can.
    pub offers: Option<Operation>,
    /// The rules that follow from it when they fire on the same app (`screens.md`, Causes).
    pub causes: &'static [&'static str],
    /// Looks.
    pub check: fn(&mut Look<'_>),
}

impl Rule {
    /// The rules that follow from it, as far as the catalogue has them.
    pub fn effects(&self) -> impl Iterator<Item = &'static Self> {
        self.causes.iter().filter_map(|name| rule(name))
    }
}

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
    /// What its rule offers would bring back what was given up: it is not offered.
    pub withheld: bool,
}

impl Finding {
    /// The operation that mends it, where there is one.
    pub fn offers(&self) -> Option<Operation> {
        rule(self.rule).filter(|_| !self.withheld)?.offers
    }
}

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
    fn lacked(&self, threshold: Severity) -> &[Blind] {
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
        rule(self.rule).is_some_and(|rule| rule.worst <= bar.threshold)
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

/// The catalogue, in the order of `docs/rules`.
pub const RULES: &[&Rule] = &[
    &releases::release_stale::RULE,
    &releases::release_deleted::RULE,
    &releases::release_pinned::RULE,
    &releases::release_prune_risk::RULE,
    &releases::release_mixed::RULE,
    &releases::current_broken::RULE,
    &ruby::gemfile_pinned::RULE,
    &ruby::gemfile_mismatch::RULE,
    &ruby::gemfile_missing::RULE,
    &ruby::env_overgrown::RULE,
    &ruby::exe_replaced::RULE,
    &ruby::libs_replaced::RULE,
    &ruby::reexec_missing::RULE,
    &ruby::reexec_versioned::RULE,
    &ruby::config_missing::RULE,
    &pidfiles::oldbin_lingering::RULE,
    &pidfiles::oldbin_stale::RULE,
    &pidfiles::oldbin_foreign::RULE,
    &masters::masters_chain::RULE,
    &pidfiles::pidfile_missing::RULE,
    &pidfiles::pidfile_stale::RULE,
    &pidfiles::pidfile_foreign::RULE,
    &pidfiles::pidfile_garbled::RULE,
    &pidfiles::pidfile_in_release::RULE,
    &pidfiles::pidfile_unwritable::RULE,
    &pidfiles::pidfile_world_writable::RULE,
    &masters::master_duplicate::RULE,
    &masters::master_hollow::RULE,
    &masters::app_frozen::RULE,
    &masters::master_stopped::RULE,
    &masters::master_dead::RULE,
    &masters::handover_orphaned::RULE,
    &masters::handover_stuck::RULE,
    &masters::workers_respawning::RULE,
    &masters::workers_missing::RULE,
    &masters::reexec_failed::RULE,
    &masters::reexec_refused::RULE,
    &masters::memory_headroom::RULE,
    &sockets::socket_missing::RULE,
    &sockets::socket_replaced::RULE,
    &sockets::listener_in_release::RULE,
    &sockets::listener_lost::RULE,
    &config::config_working_directory::RULE,
    &config::config_gemfile_hook::RULE,
    &config::config_quit_too_early::RULE,
    &config::config_hook_removed_api::RULE,
    &config::config_old_master::RULE,
    &config::config_hook_wrong_path::RULE,
    &config::config_after_fork::RULE,
    &config::config_pid_none::RULE,
    &config::config_pid_relative::RULE,
    &config::config_reload_preload::RULE,
    &config::config_unloaded::RULE,
];

/// The rule with this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// Asks every rule about every app. `before` is the look before this one, at least a second older, if there was one.
pub fn judge(census: &Census, before: Option<&Census>) -> Verdicts {
    let mut all = Vec::new();
    for app in &census.apps {
        for rule in RULES {
            let mut look = Look::new(rule, census, app, before.and_then(|b| b.app(&app.id)));
            if rule.kinds.is_empty() || rule.kinds.contains(&app.kind) {
                (rule.check)(&mut look);
            } else {
                look.not_here();
            }
            all.push(look.answer());
        }
    }
    Verdicts(all)
}
