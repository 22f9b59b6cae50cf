//! Resource limits: `/proc/PID/limits`.

use super::Lack;
use crate::os::Text;

/// One limit; `None`: unlimited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The kernel's name, `Max open files`.
    pub name: Text,
    /// Soft bound.
    pub soft: Option<u64>,
    /// Hard bound.
    pub hard: Option<u64>,
    /// Its unit, as the kernel names it; empty where it names none.
    pub unit: Text,
}

/// Parses `/proc/PID/limits`.
pub fn parse(bytes: &Text) -> Result<Vec<Limit>, Lack> {
    let _ = bytes;
    Err(Lack::NotAsked)
}
