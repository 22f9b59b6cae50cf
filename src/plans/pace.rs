//! How often it is looked while something is waited for, and how long that has been waited.

use std::time::Duration;

use crate::model::Census;

/// How often it looks while it waits.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(250);
/// And at first, when what ends soon could be missed.
const LOOK_AT_FIRST: Duration = Duration::from_millis(50);
/// How long "at first" is.
const AT_FIRST: Duration = Duration::from_secs(2);

/// The pause before the next look.
pub(super) fn pause(waited: Duration) -> Duration {
    if waited < AT_FIRST { LOOK_AT_FIRST } else { LOOK_EVERY }
}

/// How long it has waited, with this pause, since a moment by the clock of the looks. That clock counts where looks are
/// slow; the pauses count where it stands still.
pub(super) fn so_far(waited: Duration, pause: Duration, begun: i64, census: &Census) -> Duration {
    let passed = census.boot_time.saturating_sub(begun);
    (waited + pause).max(Duration::from_nanos(u64::try_from(passed).unwrap_or(0)))
}
