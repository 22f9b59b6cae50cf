//! `farrier check --format json`: `farrier.check/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::census::{App, Unknown, Unknowns};
use super::{Outside, VERSION, moment};
use crate::contract;
use crate::contract::{Bar, Severity, Verdict, Verdicts};
use crate::model::Census;
use crate::os::{Host, Pid};

/// The document's name.
pub const SCHEMA: &str = "farrier.check/1";

/// What the diagnosis found on one machine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Check {
    /// `farrier.check/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The machine's name.
    pub host: Option<Outside>,
    /// What the machine has; null: it was not read.
    pub machine: Option<Machine>,
    /// When the look began.
    pub taken_at: String,
    /// The apps, by name.
    pub apps: Vec<App>,
    /// The findings, the gravest first.
    pub findings: Vec<Finding>,
    /// What could not be read, or not be evaluated.
    pub unknowns: Vec<Unknown>,
    /// How many of each.
    pub summary: Summary,
}

/// What the machine has of memory and processors, and how busy it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Machine {
    /// The kernel's release.
    pub kernel: Outside,
    /// Processors online; null: not known.
    pub processors: Option<u32>,
    /// Physical memory.
    pub memory_bytes: u64,
    /// What is available without swapping.
    pub available_bytes: u64,
    /// Swap; null: not known.
    pub swap_bytes: Option<u64>,
    /// What is free of it; null: not known.
    pub swap_free_bytes: Option<u64>,
    /// Load over 1, 5 and 15 minutes; null: not known.
    pub load: Option<Vec<f64>>,
}

impl From<&Host> for Machine {
    fn from(host: &Host) -> Self {
        Self {
            kernel: (&host.kernel).into(),
            processors: host.processors.as_ref().ok().copied(),
            memory_bytes: host.memory,
            available_bytes: host.available,
            swap_bytes: host.swap.map(|[all, _]| all),
            swap_free_bytes: host.swap.map(|[_, free]| free),
            load: host
                .load
                .map(|load| load.iter().map(|hundredths| f64::from(*hundredths) / 100.0).collect()),
        }
    }
}

/// A rule that fired on a subject.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// `critical`, `warning` or `info`.
    pub severity: &'static str,
    /// The app's id; null: it is about none.
    pub app: Option<String>,
    /// The process; null: it is about none.
    pub pid: Option<i32>,
    /// The path; null: it is about none.
    pub path: Option<Outside>,
    /// One sentence.
    pub summary: String,
    /// What was seen, and where.
    pub evidence: Vec<Evidence>,
    /// What it leads to.
    pub leads_to: String,
    /// What mends it, lines that can be done as they stand.
    pub fix: Vec<String>,
    /// What keeps it from coming back.
    pub for_good: Vec<String>,
}

/// What was seen, and where.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// What was seen.
    pub fact: String,
    /// Where: a place that a person can go to.
    pub source: String,
}

/// How many findings of each severity, and how many rules could not be decided.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Critical findings.
    pub critical: usize,
    /// Warnings.
    pub warning: usize,
    /// Infos.
    pub info: usize,
    /// Rules that could not be decided, since something was not read.
    pub unknown: usize,
    /// Settings that only the server itself can evaluate.
    pub unevaluated: usize,
}

impl Check {
    /// The document of one look.
    pub fn new(census: &Census, verdicts: &Verdicts) -> Self {
        let mut unknowns = unknowns(census, verdicts);
        let host = unknowns.at("host", None, None, &census.host).map(|host| (&host.name).into());
        let apps = census.apps.iter().map(|app| App::new(app, &mut unknowns)).collect();
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            host,
            machine: census.host.get().map(Machine::from),
            taken_at: moment(census.taken_at),
            apps,
            findings: verdicts.findings().into_iter().map(Finding::from).collect(),
            unknowns: unknowns.list(),
            summary: Summary {
                critical: verdicts.count(Severity::Critical),
                warning: verdicts.count(Severity::Warning),
                info: verdicts.count(Severity::Info),
                unknown: verdicts.open(Bar::default()).len(),
                unevaluated: verdicts.unevaluated().len(),
            },
        }
    }
}

/// What the rules lacked, and processes that are hidden.
pub fn unknowns(census: &Census, verdicts: &Verdicts) -> Unknowns {
    let mut unknowns = Unknowns::default();
    if let Some((place, lack)) = &census.seen.hidden {
        unknowns.note(Unknown {
            kind: lack.into(),
            what: "processes".into(),
            why: lack.to_string(),
            place: place.to_string(),
            app: None,
            pid: None,
            rules: Vec::new(),
        });
    }
    if census.seen.denied > 0 {
        unknowns.note(Unknown {
            kind: super::census::UnknownKind::Unreadable,
            what: format!("command line of {}", crate::show::words::processes(census.seen.denied)),
            why: "not read".into(),
            place: "/proc".into(),
            app: None,
            pid: None,
            rules: Vec::new(),
        });
    }
    for answered in &verdicts.0 {
        let (Verdict::Blind(blind) | Verdict::Found(_, blind)) = &answered.verdict else {
            continue;
        };
        for lacking in blind {
            unknowns.note(Unknown {
                kind: (&lacking.why).into(),
                what: lacking.what.clone(),
                why: lacking.why.to_string(),
                place: lacking.place.to_string(),
                app: Some(answered.app.to_string()),
                pid: lacking.pid.map(Pid::number),
                rules: vec![answered.rule.to_owned()],
            });
        }
    }
    unknowns
}

impl From<&contract::Finding> for Finding {
    fn from(finding: &contract::Finding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity.name(),
            app: Some(finding.app.to_string()),
            pid: finding.pid.map(Pid::number),
            path: finding.path.as_deref().map(Outside::from),
            summary: finding.summary.clone(),
            evidence: finding
                .evidence
                .iter()
                .map(|seen| Evidence { fact: seen.fact.clone(), source: seen.place.to_string() })
                .collect(),
            leads_to: finding.leads_to.clone(),
            fix: finding.fix.clone(),
            for_good: finding.for_good.clone(),
        }
    }
}
