//! `farrier plan --format json`: `farrier.plan/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
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
    /// Why nothing would be sent; null: it would.
    pub refused: Option<Refusal>,
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
    /// What was checked.
    pub checks: Vec<Checked>,
    /// The equivalent command.
    pub by_hand: String,
    /// The word that has to be typed first; null: none.
    pub word: Option<String>,
    /// Within how many seconds it must be seen to have come true.
    pub within_seconds: u64,
}

/// One thing that was checked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checked {
    /// `holds`, `warns`, `stops` or `unknown`.
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
            refused: None,
        }
    }

    /// The document about a refusal.
    pub fn refused(operation: Option<crate::model::Operation>, refused: &Refused) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            operation: operation.map(crate::model::Operation::name),
            steps: Vec::new(),
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
        CheckState::Blind => "unknown",
    }
}
