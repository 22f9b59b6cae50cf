//! Whether a master or a worker is frozen with its control group.

use super::once::Once;
use crate::facts::cgroup::{self, Frozen};
use crate::facts::{Fact, Lack, bytes};
use crate::os::{Ask, Found, Pid, ProcText, Refusal};

/// The same of a worker. Nearly all are in the groups of their masters: then what was seen of the master is so of it too,
/// and nothing more is asked.
pub fn frozen_beside(
    once: &Once<'_>,
    pid: Pid,
    master: Pid,
    known: &Fact<Option<Frozen>>,
) -> Fact<Option<Frozen>> {
    let groups = |pid| once.fact(&Ask::Text(pid, ProcText::Cgroup), bytes);
    let (own, theirs) = (groups(pid), groups(master));
    match own.value {
        Ok(text) if theirs.get() == Some(&text) => known.clone(),
        Ok(_) => frozen(once, pid),
        Err(Lack::Refused(Refusal::Gone)) => Fact::known(own.place, None),
        Err(lack) => Fact::lacking(own.place, lack),
    }
}

/// The group that is frozen, and the process with it.
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
