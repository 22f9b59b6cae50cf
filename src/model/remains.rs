//! What is left of an app of which nothing lives: the end of its log, and who still holds its sockets.

use crate::facts::{Fact, Place};
use crate::os::{Pid, Text};

/// So many lines of a log are told.
pub const LINES: usize = 3;

/// What is left of an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Remains {
    /// The last lines of the log that its configuration names, with their places; `None`: it names none.
    pub log: Option<Fact<Vec<Last>>>,
    /// Who holds sockets that its configuration names; `None`: it names none.
    pub sockets: Option<Fact<Vec<Held>>>,
}

/// A line of a log, without what may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// The line.
    pub text: Text,
    /// Where it stands.
    pub place: Place,
}

/// A process that holds a listening socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its address, as the configuration has it.
    pub address: String,
    /// Who holds it.
    pub pid: Pid,
    /// The process's name.
    pub name: String,
}
