//! Whether a second generation fits into memory beside the one that serves.

use std::path::Path;

use crate::facts::Fact;
use crate::os::Pid;

use super::{App, Census, Master, Process, Role};

/// What a second generation takes and what there is, as far as both are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom<'a> {
    /// What it takes at least: the proportional sizes that are known.
    pub least: u64,
    /// What it takes at most: where a proportional size is not known, the resident one, which counts shared pages once
    /// for each process. `None`: a process shows neither.
    pub most: Option<u64>,
    /// What is left at most: the least that the machine and the control groups are known to leave.
    pub left: Option<u64>,
    /// The control group that leaves so little; `None`: it is the machine.
    pub group: Option<&'a Path>,
    /// Both the machine's memory and the control groups' limits are known.
    pub bounds_known: bool,
}

impl Headroom<'_> {
    /// Whether it fits; `None`: what is known does not decide it.
    pub fn fits(&self) -> Option<bool> {
        let left = self.left?;
        if self.least > left {
            return Some(false);
        }
        let surely = self.bounds_known && self.most.is_some_and(|most| most <= left);
        surely.then_some(true)
    }
}

/// Whether the generation that the next USR2 to a master starts fits in. What an old generation holds is counted as
/// free: that has to end first.
pub fn headroom<'a>(census: &'a Census, app: &App, master: &'a Master) -> Headroom<'a> {
    let mut least = 0_u64;
    let mut most = Some(0_u64);
    for process in generation(master) {
        let exact = process.pss.get();
        least = least.saturating_add(exact.copied().unwrap_or(0));
        most = most.zip(exact.or(process.rss.get())).map(|(sum, size)| sum.saturating_add(*size));
    }
    let machine = census.host.get().map(|host| host.available);
    let group = master.room.get().and_then(Option::as_ref);
    let is_group = group.is_some_and(|room| machine.is_none_or(|machine| room.left < machine));
    let left = if is_group { group.map(|room| room.left) } else { machine };
    Headroom {
        least,
        most,
        left: left.map(|left| left.saturating_add(freed(app, master))),
        group: group.filter(|_| is_group).map(|room| room.group.as_path()),
        bounds_known: machine.is_some() && master.room.get().is_some(),
    }
}

/// A master and its workers.
pub fn generation(master: &Master) -> impl Iterator<Item = &Process> {
    std::iter::once(&master.process).chain(master.workers_alive().map(|worker| &worker.process))
}

/// What the generations hold that have to end before the next USR2.
fn freed(app: &App, master: &Master) -> u64 {
    let own: Pid = master.process.pid;
    let size = |fact: &Fact<u64>| fact.get().copied();
    app.living_masters()
        .filter(|other| other.role == Role::Old && other.process.pid != own)
        .flat_map(generation)
        .filter_map(|process| size(&process.pss).or_else(|| size(&process.rss)))
        .fold(0, u64::saturating_add)
}
