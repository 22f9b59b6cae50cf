//! `farrier plan --format json`: `farrier.plan/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use crate::plans::course::{Act, Course};
use crate::plans::{CheckState, Confirm, Plan, Refused};

/// The document's name.
pub const SCHEMA: &str = "farrier.plan/1";

/// What an operation would do, and what would stop it. Nothing was sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Planned {
    /// `farrier.plan/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The operation; null: a bare signal was asked for.
    pub operation: Option<&'static str>,
    /// Its steps in their order; empty where it is refused.
    pub steps: Vec<Step>,
    /// Of an operation of several steps: all of them, where `steps` has the first signal; else empty.
    pub course: Vec<CourseStep>,
    /// Why nothing would be sent; null: it would.
    pub refused: Option<Refusal>,
}

/// One step of an operation of several.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CourseStep {
    /// Its short name.
    pub name: String,
    /// The operation whose signal it sends, as that is planned when it comes to it; null: it sends nothing for certain.
    pub sends: Option<&'static str>,
    /// What must be seen.
    pub must_see: String,
    /// Within how many seconds; 0: at once, or as long as the operator takes.
    pub within_seconds: u64,
    /// The way back while it lasts.
    pub way_back: String,
}

/// One signal to one process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Step {
    /// The app's id.
    pub app: String,
    /// The signal, without `SIG`.
    pub signal: String,
    /// To whom.
    pub pid: i32,
    /// In words: what is sent.
    pub send: String,
    /// What the server does on it in this state.
    pub does: String,
    /// What stands after it.
    pub after: String,
    /// The way back.
    pub way_back: String,
    /// What a new generation starts from; empty where none is started.
    pub next: Vec<NextLine>,
    /// What was checked.
    pub checks: Vec<Checked>,
    /// The equivalent command.
    pub by_hand: String,
    /// The word that has to be typed first; null: none.
    pub word: Option<String>,
    /// Within how many seconds it must be seen to have come true.
    pub within_seconds: u64,
}

/// One thing that the next generation starts from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NextLine {
    /// `directory`, `program`, `interpreter`, `Ruby`, `Gemfile`, `gems`, `config`, `pidfile`, `oldbin`, `logs`,
    /// `listeners`, `retires`, `memory`, `limits`, `supervisor`.
    pub what: &'static str,
    /// `holds`, `warns`, `stops`, `unseen` (it could not be seen, and stops) or `unknown`.
    pub state: &'static str,
    /// The value, in words.
    pub value: String,
    /// How it is known: a place.
    pub source: String,
}

/// One thing that was checked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checked {
    /// `holds`, `warns`, `stops`, `unseen` (it could not be seen, and stops) or `unknown`.
    pub state: &'static str,
    /// In words.
    pub words: String,
}

/// Why nothing would be sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refusal {
    /// The reason.
    pub reason: String,
    /// What can be done instead.
    pub way_out: String,
}

impl Planned {
    /// The document about a plan.
    pub fn new(plan: &Plan) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            operation: plan.operation.map(crate::model::Operation::name),
            steps: vec![Step::from(plan)],
            course: Vec::new(),
            refused: None,
        }
    }

    /// The document about an operation of several steps.
    pub fn course(course: &Course) -> Self {
        let steps = course.steps.iter().map(|step| CourseStep {
            name: step.name.clone(),
            sends: match step.act {
                Act::Send(operation, _) => Some(operation.name()),
                _ => None,
            },
            must_see: step.must_see.clone(),
            within_seconds: step.within.as_secs(),
            way_back: step.way_back.clone(),
        });
        Self {
            operation: Some(course.operation.name()),
            course: steps.collect(),
            ..Self::new(&course.shown())
        }
    }

    /// The document about a refusal.
    pub fn refused(operation: Option<crate::model::Operation>, refused: &Refused) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            operation: operation.map(crate::model::Operation::name),
            steps: Vec::new(),
            course: Vec::new(),
            refused: Some(Refusal {
                reason: refused.reason.clone(),
                way_out: refused.way_out.clone(),
            }),
        }
    }
}

impl From<&Plan> for Step {
    fn from(plan: &Plan) -> Self {
        Self {
            app: plan.app.to_string(),
            signal: plan.signal.as_str().trim_start_matches("SIG").to_owned(),
            pid: plan.target.number(),
            send: plan.send.clone(),
            does: plan.does.clone(),
            after: plan.after.clone(),
            way_back: plan.way_back.clone(),
            next: plan
                .next
                .iter()
                .map(|next| NextLine {
                    what: next.what,
                    state: state(next.state),
                    value: next.value.clone(),
                    source: next.source.clone(),
                })
                .collect(),
            checks: plan
                .checks
                .iter()
                .map(|check| Checked { state: state(check.state), words: check.words.clone() })
                .collect(),
            by_hand: plan.by_hand.clone(),
            word: match &plan.confirm {
                Confirm::Word(word) => Some(word.clone()),
                Confirm::Button => None,
            },
            within_seconds: plan.within.as_secs(),
        }
    }
}

fn state(state: CheckState) -> &'static str {
    match state {
        CheckState::Holds => "holds",
        CheckState::Warns => "warns",
        CheckState::Stops => "stops",
        CheckState::Unseen => "unseen",
        CheckState::Blind => "unknown",
    }
}
