//! A pidfile's content: what it says, or why it says nothing.

use crate::os::{Pid, Text};

/// What a pidfile's bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A pid.
    Pid(Pid),
    /// Nothing that a process could have; the text says what it is instead ("empty", "0", "not a number", …).
    Garbled(&'static str),
}

/// Reads a pidfile's bytes: `^[ \t]*[1-9][0-9]{0,9}[ \t\r\n]*$`, between 2 and `pid_max` (`reliability.md` P13).
pub fn parse(bytes: &Text, pid_max: i32) -> Content {
    let _ = (bytes, pid_max);
    Content::Garbled("not read")
}
