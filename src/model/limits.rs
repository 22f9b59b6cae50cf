//! Thresholds that rules go by; `settings` fills them.

/// Thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a handover is young, seconds.
    pub handover_grace: u64,
    /// How many releases a deploy keeps.
    pub keep_releases: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { handover_grace: 120, keep_releases: 5 }
    }
}
