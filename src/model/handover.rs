//! The time between USR2 and the old master's exit, and whether it is young enough to be normal.

use super::{App, Census, Master, Phase, Role};

/// What goes on in an app. Only an old master that lingers beyond its grace silences nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// Nothing: one generation, and `current` was not switched lately.
    None,
    /// A handover, a switch of `current`, or a reload, younger than the grace: what it shows by itself is normal.
    /// The number is its age in seconds.
    Young(u64),
    /// A handover older than the grace, in seconds.
    Overdue(u64),
}

impl Handover {
    /// Whether findings that a healthy handover shows by itself are only information now.
    pub fn is_young(self) -> bool {
        matches!(self, Self::Young(_))
    }
}

/// The grace of an app in seconds: the setting, or the longest `timeout` of its masters' configurations where that is longer.
pub fn grace(app: &App, census: &Census) -> u64 {
    app.masters
        .iter()
        .filter_map(|master| master.loaded.get()?.timeout.value().copied())
        .map(u64::from)
        .chain(std::iter::once(census.limits.handover_grace))
        .max()
        .unwrap_or(census.limits.handover_grace)
}

/// What goes on in an app (`rules.md`, "In a young handover").
pub fn handover(app: &App, census: &Census) -> Handover {
    let grace = grace(app, census);
    let two_generations = app
        .masters
        .iter()
        .any(|m| m.role == Role::New || m.role == Role::Old || m.phase == Phase::Starting);
    let newest = app.living_masters().filter_map(|m| m.process.age.get()).min().copied();
    let switched = app
        .layout
        .get()
        .and_then(Option::as_ref)
        .and_then(|layout| layout.current.switched_at.get())
        // Without the machine's clock nothing is young.
        .filter(|_| census.taken_at != jiff::Timestamp::UNIX_EPOCH)
        .map(|at| u64::try_from(census.taken_at.duration_since(*at).as_secs()).unwrap_or(0));
    let reloading = app.living_masters().find_map(reload_age);
    // A master that stands alone has nobody to hand over from: its youth excuses nothing.
    let young = [newest.filter(|_| two_generations), switched, reloading]
        .into_iter()
        .flatten()
        .filter(|age| *age < grace)
        .min();
    match (young, two_generations) {
        (Some(age), _) => Handover::Young(age),
        (None, true) => Handover::Overdue(newest.unwrap_or(grace)),
        (None, false) => Handover::None,
    }
}

/// A reload replaces workers one by one or at once: the age of the youngest worker of a ready master
/// where older ones of the same master still live beside it; a crash loop is no reload.
fn reload_age(master: &Master) -> Option<u64> {
    let ages: Vec<u64> =
        master.workers_alive().filter_map(|w| w.process.age.get().copied()).collect();
    let (youngest, oldest) = (ages.iter().min()?, ages.iter().max()?);
    let numbers: Vec<u32> = master.workers_alive().filter_map(|w| w.number).collect();
    let twice = numbers.iter().any(|n| numbers.iter().filter(|m| *m == n).count() > 1);
    (twice && oldest > youngest).then_some(*youngest)
}
