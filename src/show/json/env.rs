//! `farrier env --format json`: `farrier.env/1`. No secret value ever stands in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::census::{Unknown, Unknowns};
use super::{Outside, VERSION};
use crate::facts::environ::Environ;
use crate::facts::{Fact, Lack};
use crate::model::{Changes, Handed};
use crate::os::{Pid, Text};
use crate::show::veil::{Veil, Veiled};

/// The document's name.
pub const SCHEMA: &str = "farrier.env/1";

/// The environment of one process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Env {
    /// `farrier.env/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The process.
    pub pid: i32,
    /// As it was started, from name to value; null where that could not be read.
    pub start: Option<BTreeMap<String, Value>>,
    /// As it is now; null where that could not be read.
    pub live: Option<BTreeMap<String, Value>>,
    /// Where `live` is from: `memory` or `unavailable`.
    pub live_source: &'static str,
    /// `intact`, `overwritten` by the process's title, or `denied`.
    pub start_state: &'static str,
    /// Of a master: what its next re-execution hands on with another value than `live` has; null of any other process,
    /// and where that is not known.
    pub next: Option<BTreeMap<String, Next>>,
    /// Why something is null.
    pub unknowns: Vec<Unknown>,
}

/// What the next re-execution hands on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Next {
    /// The value; null: only the server's own language can evaluate it.
    pub value: Option<Value>,
    /// The place that says so.
    pub source: String,
}

/// A variable's value.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Shown: its name is on the list of harmless ones.
    Shown(Outside),
    /// Hidden.
    Hidden {
        /// Always true.
        hidden: bool,
        /// How many bytes.
        length: usize,
        /// Equal for equal values, within this output alone.
        same_as: usize,
    },
}

impl Env {
    /// The document about a process.
    pub fn new(
        pid: Pid,
        start: &Fact<Environ>,
        live: &Fact<Environ>,
        next: Option<&Fact<Changes>>,
        veil: &mut Veil<'_>,
    ) -> Self {
        let mut unknowns = Unknowns::default();
        let known = unknowns.at(format!("environment of {pid}"), None, Some(pid), start);
        let start_state = state(start);
        let start = known.map(|environ| values(veil.all(environ)));
        let now = unknowns.at(format!("live environment of {pid}"), None, Some(pid), live);
        let now = now.map(|environ| values(veil.all(environ)));
        let what = format!("what the next USR2 to {pid} hands on");
        let next = next.and_then(|next| unknowns.at(what, None, Some(pid), next));
        let next = next.map(|changes| {
            let handed = changes.iter().map(|(name, (handed, place))| {
                let value = match handed {
                    Handed::Set(value) => Some(veil.value(name, value).into()),
                    Handed::Unknown(_) => None,
                };
                (name.to_string(), Next { value, source: place.to_string() })
            });
            handed.collect()
        });
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            pid: pid.number(),
            start,
            live_source: if now.is_some() { "memory" } else { "unavailable" },
            live: now,
            next,
            start_state,
            unknowns: unknowns.list(),
        }
    }
}

/// `intact`, `overwritten` or `denied`.
pub fn state(start: &Fact<Environ>) -> &'static str {
    match &start.value {
        Ok(_) => "intact",
        Err(Lack::Overwritten) => "overwritten",
        Err(_) => "denied",
    }
}

/// Values by their escaped names.
pub fn values(all: BTreeMap<Text, Veiled>) -> BTreeMap<String, Value> {
    all.into_iter().map(|(name, value)| (name.to_string(), value.into())).collect()
}

impl From<Veiled> for Value {
    fn from(value: Veiled) -> Self {
        match value {
            Veiled::Shown(text) => Self::Shown((&text).into()),
            Veiled::Hidden { length, same_as } => Self::Hidden { hidden: true, length, same_as },
        }
    }
}
