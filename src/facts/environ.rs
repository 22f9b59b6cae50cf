//! The environment as a process was started with it, and whether the process's title has overwritten it.

use super::Lack;
use super::process::Stat;
use crate::os::Text;

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// Its value. Secret unless `os::secrets::is_harmless` says otherwise.
    pub value: Text,
}

/// An environment block in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environ {
    /// The variables, repeated names included.
    pub variables: Vec<Variable>,
    /// Size of the block in bytes.
    pub size: usize,
}

impl Environ {
    /// The value that `getenv(3)` finds: the first of that name.
    pub fn value(&self, name: &str) -> Option<&Text> {
        self.variables.iter().find(|v| v.name.bytes() == name.as_bytes()).map(|v| &v.value)
    }
}

/// Parses `/proc/PID/environ`. [`Lack::Overwritten`] where the title was written over it: the command line is
/// longer than the argument area, or an entry is empty, lacks `=`, or starts with it (`algorithms.md` §2.1).
pub fn parse(
    bytes: &Text,
    stat: Option<&Stat>,
    command_line_length: usize,
) -> Result<Environ, Lack> {
    let _ = (bytes, stat, command_line_length);
    Err(Lack::NotAsked)
}
