//! `farrier explain --format json`: `farrier.explain/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use crate::contract;
use crate::rules::judged_by;

/// The document's name.
pub const SCHEMA: &str = "farrier.explain/1";

/// Rules.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Explain {
    /// `farrier.explain/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The one that was asked for, or all, in the order of the catalogue.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The servers that it is about; empty: all.
    pub servers: Vec<&'static str>,
    /// What it looks for, one sentence.
    pub summary: &'static str,
    /// Its page, Markdown.
    pub meaning: &'static str,
    /// The operation that mends it; null: no signal can.
    pub offers: Option<&'static str>,
    /// The rules that follow from it.
    pub effects: Vec<&'static str>,
}

impl Explain {
    /// The document about some rules.
    pub fn new(rules: &[&contract::Rule]) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            rules: rules.iter().map(|rule| Rule::from(*rule)).collect(),
        }
    }
}

impl From<&contract::Rule> for Rule {
    fn from(rule: &contract::Rule) -> Self {
        Self {
            name: rule.name,
            servers: judged_by(rule).map(|server| server.kind.name()).collect(),
            summary: rule.summary,
            meaning: rule.meaning,
            offers: rule.offers.map(crate::model::Operation::name),
            effects: crate::rules::effects(rule).map(|effect| effect.name).collect(),
        }
    }
}
