//! What a pidfile tells that a process left behind, and which masterless app that makes one that is down.

use crate::os::Pid;

/// Why a pidfile is there although its process is gone and no master of the app lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Its server removes it at a clean stop and nothing says that a stop was meant: the process was ended from outside.
    Killed,
    /// It was written before the machine, or the container, started.
    BeforeStart,
    /// Its server leaves it at a clean stop too.
    Kept,
    /// A supervisor says that it was stopped on purpose: which, in words.
    Stopped(String),
    /// Nothing of the app has changed for so many days.
    Retired(u64),
    /// Something else serves from that directory.
    Served(Pid, String),
}

/// So long nothing of an app may change before it counts as retired.
pub const RETIRED_AFTER_DAYS: u64 = 30;

/// A path that was asked about and names no app: what stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The path as it was given, escaped.
    pub word: String,
    /// What it leads to.
    pub leads: Leads,
}

/// What a file that holds a number leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// A living process; its name.
    Process(Pid, String),
    /// A number that no process has.
    Gone(Pid),
    /// It was not seen; why, in words.
    Unknown(String),
}
