//! Memory of a process: the proportional set size from `smaps_rollup`.

use super::Lack;
use crate::os::Text;

/// The proportional set size in bytes (`proc_pid_smaps(5)`, `Pss`).
pub fn parse_pss(bytes: &Text) -> Result<u64, Lack> {
    let _ = bytes;
    Err(Lack::NotAsked)
}
