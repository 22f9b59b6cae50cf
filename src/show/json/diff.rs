//! `farrier diff BEFORE AFTER --format json`: `farrier.diff/1`. No secret value ever stands in it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outside, VERSION, moment};
use crate::os::Pid;
use crate::show::compare::{self, Comparison, Fate, Found};

/// The document's name.
pub const SCHEMA: &str = "farrier.diff/1";

/// Two looks compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diff {
    /// `farrier.diff/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The earlier look.
    pub before: Moment,
    /// The later one.
    pub after: Moment,
    /// The machine was booted between them, or they are of two machines: no process can be the same.
    pub other_boot: bool,
    /// The apps of both looks.
    pub apps: Vec<App>,
    /// What could not be compared, since one look does not show it.
    pub unknowns: Vec<Unknown>,
}

/// When and where a look was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moment {
    /// The machine's name; null where it was not read.
    pub host: Option<Outside>,
    /// When the look began.
    pub taken_at: String,
}

/// An app of either look.
#[derive(Debug, Serialize, JsonSchema)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub name: String,
    /// `same`: both looks have it; `new` or `gone`.
    pub state: &'static str,
    /// What differs round its processes: `current`, releases, pidfiles, listeners.
    pub changes: Vec<Change>,
    /// Its masters.
    pub masters: Vec<Master>,
    /// The findings of both looks.
    pub findings: Vec<Finding>,
}

/// A master of either look.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Master {
    /// Its pid.
    pub pid: i32,
    /// `current`, `old`, `new` or `duplicate`; of a gone one as it was.
    pub role: &'static str,
    /// `same`: one process in both looks; `new` or `gone`.
    pub state: &'static str,
    /// The earlier look's master that a new one is compared with.
    pub compared_with: Option<i32>,
    /// What differs.
    pub changes: Vec<Change>,
    /// What differs in the environment that it hands on.
    pub environment: Vec<Change>,
    /// Hidden variables whose values have the same length in both: whether they are equal cannot be told.
    pub hidden_alike: usize,
    /// What differs in its mapped libraries: gems by version, others by path.
    pub libraries: Vec<Change>,
    /// Workers that only the later look has.
    pub new_workers: Vec<i32>,
    /// Workers that only the earlier look has.
    pub gone_workers: Vec<i32>,
}

/// Something that differs; null: there is none.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Change {
    /// What.
    pub what: Outside,
    /// As it was.
    pub before: Option<Value>,
    /// As it is.
    pub after: Option<Value>,
}

/// A value on one side.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Shown.
    Shown(Outside),
    /// Hidden.
    Hidden {
        /// Always true.
        hidden: bool,
        /// How many bytes.
        length: usize,
    },
}

/// A finding of either look.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// `critical`, `warning` or `info`.
    pub severity: &'static str,
    /// `same`, `new`, `gone`, or `undecided`: the later look could not tell.
    pub state: &'static str,
    /// One sentence.
    pub summary: String,
}

/// Something that one look does not show.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unknown {
    /// What.
    pub what: String,
    /// The process; null: it is about none.
    pub pid: Option<i32>,
    /// The look that lacks it: `before` or `after`.
    pub look: &'static str,
    /// Why.
    pub why: String,
    /// Where it was looked for.
    pub place: String,
}

impl Diff {
    /// The document of a comparison.
    pub fn new(comparison: &Comparison) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            before: (&comparison.before).into(),
            after: (&comparison.after).into(),
            other_boot: comparison.other_boot,
            apps: comparison.apps.iter().map(App::from).collect(),
            unknowns: comparison.uncompared.iter().map(Unknown::from).collect(),
        }
    }
}

impl From<&compare::Moment> for Moment {
    fn from(at: &compare::Moment) -> Self {
        Self { host: at.host.as_ref().map(Outside::from), taken_at: moment(at.taken_at) }
    }
}

impl From<&compare::App> for App {
    fn from(app: &compare::App) -> Self {
        Self {
            id: app.id.to_string(),
            name: app.name.clone(),
            state: Fate::name(app.fate),
            changes: changes(&app.changes),
            masters: app.masters.iter().map(Master::from).collect(),
            findings: app.findings.iter().map(Finding::from).collect(),
        }
    }
}

impl From<&compare::Compared> for Master {
    fn from(master: &compare::Compared) -> Self {
        let numbers = |pids: &[Pid]| pids.iter().map(|pid| pid.number()).collect();
        Self {
            pid: master.pid.number(),
            role: master.role.name(),
            state: master.fate.name(),
            compared_with: master.instead_of.map(Pid::number),
            changes: changes(&master.changes),
            environment: changes(&master.environment),
            hidden_alike: master.hidden_alike,
            libraries: changes(&master.libraries),
            new_workers: numbers(&master.workers_came),
            gone_workers: numbers(&master.workers_went),
        }
    }
}

fn changes(all: &[compare::Change]) -> Vec<Change> {
    let value = |value: &compare::Value| match value {
        compare::Value::Shown(text) => Some(Value::Shown(text.into())),
        compare::Value::Hidden(length) => Some(Value::Hidden { hidden: true, length: *length }),
        compare::Value::Nothing => None,
    };
    all.iter()
        .map(|change| Change {
            what: (&change.what).into(),
            before: value(&change.before),
            after: value(&change.after),
        })
        .collect()
}

impl From<&Found> for Finding {
    fn from(found: &Found) -> Self {
        Self {
            rule: found.rule,
            severity: found.severity.name(),
            state: found.known.name(),
            summary: found.summary.clone(),
        }
    }
}

impl From<&compare::Uncompared> for Unknown {
    fn from(unknown: &compare::Uncompared) -> Self {
        Self {
            what: unknown.what.clone(),
            pid: unknown.pid.map(Pid::number),
            look: if unknown.after { "after" } else { "before" },
            why: unknown.why.to_string(),
            place: unknown.place.clone(),
        }
    }
}
