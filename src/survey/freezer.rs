//! Whether a master is frozen with its control group.

use super::once::Once;
use crate::facts::cgroup::{self, Frozen};
use crate::facts::{Fact, Lack};
use crate::os::{Ask, Found, Pid, Refusal};

/// The group that is frozen, and the master with it.
pub fn frozen(once: &Once<'_>, pid: Pid) -> Fact<Option<Frozen>> {
    let frozen = once.fact(&Ask::Freezers(pid), |found| match found {
        Found::Groups(groups) => Ok(cgroup::frozen(&groups)),
        _ => Err(Lack::Malformed("another kind of answer")),
    });
    match frozen.value {
        // It ended in the middle of the look.
        Err(Lack::Refused(Refusal::Gone)) => Fact::known(frozen.place, None),
        // In a container or a chroot they may not be mounted: no grant and no second try would show them.
        Err(Lack::Refused(Refusal::Unsupported(what))) => {
            Fact::lacking(frozen.place, Lack::Depends(what))
        }
        _ => frozen,
    }
}
