//! `farrier env PID --diff OTHER --format json`: `farrier.env-diff/1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use super::env::{Value, values};
use crate::facts::environ::Environ;
use crate::os::{Pid, Text};
use crate::show::veil::{Veil, Veiled};

/// The document's name.
pub const SCHEMA: &str = "farrier.env-diff/1";

/// How the environments of two processes differ, or that of one process from its own start.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EnvDiff {
    /// `farrier.env-diff/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The one process.
    pub pid: i32,
    /// Which of its environments: `live`, or `start` where a live one is not known.
    pub pid_as: &'static str,
    /// The other; the same, where it is compared with its own start.
    pub other: i32,
    /// Which of the other's environments: `live` or `start`.
    pub other_as: &'static str,
    /// Variables that only the one has.
    pub only_pid: BTreeMap<String, Value>,
    /// Variables that only the other has.
    pub only_other: BTreeMap<String, Value>,
    /// Variables that both have, with different values.
    pub differ: BTreeMap<String, Pair>,
    /// How many variables are the same in both.
    pub same: usize,
}

/// An environment that is compared: whose, and of which moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The process.
    pub pid: Pid,
    /// As it is now, else as it was started.
    pub live: bool,
}

impl Side {
    /// `live` or `start`.
    pub fn moment(self) -> &'static str {
        if self.live { "live" } else { "start" }
    }
}

/// Two values of one name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pair {
    /// That of the one process.
    pub pid: Value,
    /// That of the other.
    pub other: Value,
}

/// What differs, before it is put into words.
pub struct Difference {
    /// Only in the first.
    pub only_first: BTreeMap<Text, Veiled>,
    /// Only in the second.
    pub only_second: BTreeMap<Text, Veiled>,
    /// In both, with different values.
    pub differ: BTreeMap<Text, (Veiled, Veiled)>,
    /// How many are the same.
    pub same: usize,
}

impl Difference {
    /// Compares; whole values, hidden ones too.
    pub fn new(first: &Environ, second: &Environ, veil: &mut Veil<'_>) -> Self {
        let (mut only_first, mut second) = (BTreeMap::new(), veil.all(second));
        let (mut differ, mut same) = (BTreeMap::new(), 0);
        for (name, here) in veil.all(first) {
            match second.remove(&name) {
                None => drop(only_first.insert(name, here)),
                Some(there) if there == here => same += 1,
                Some(there) => drop(differ.insert(name, (here, there))),
            }
        }
        Self { only_first, only_second: second, differ, same }
    }
}

impl EnvDiff {
    /// The document about two environments.
    pub fn new(side: Side, other: Side, difference: Difference) -> Self {
        let pair = |(name, (here, there)): (Text, (Veiled, Veiled))| {
            (name.to_string(), Pair { pid: here.into(), other: there.into() })
        };
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            pid: side.pid.number(),
            pid_as: side.moment(),
            other: other.pid.number(),
            other_as: other.moment(),
            only_pid: values(difference.only_first),
            only_other: values(difference.only_second),
            differ: difference.differ.into_iter().map(pair).collect(),
            same: difference.same,
        }
    }
}
