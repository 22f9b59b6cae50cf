//! `farrier env --format json`: `farrier.env/1`. No secret value ever stands in it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outside, VERSION};

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
    /// Why something is null.
    pub unknowns: Vec<super::census::Unknown>,
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
    /// An empty document about a process, to be filled.
    pub fn of(pid: i32) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            pid,
            start: None,
            live: None,
            live_source: "unavailable",
            start_state: "denied",
            unknowns: Vec::new(),
        }
    }
}
