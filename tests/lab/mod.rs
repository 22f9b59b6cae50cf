//! The lab: real servers in small machines of their own, staged whole and broken, and what farrier must say of them.
//!
//! `tests/lab/enter STAGE` stages one of them and opens a shell in it.

#[cfg(test)]
mod asked;
#[cfg(test)]
mod canaries;
#[cfg(test)]
mod capped;
#[cfg(test)]
mod bundled;
#[cfg(test)]
mod commands;
mod config;
#[cfg(test)]
mod contained;
#[cfg(test)]
mod dead;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod followed;
mod freezer;
#[cfg(test)]
mod filling;
#[cfg(test)]
mod given_up;
#[cfg(test)]
mod inspector;
#[cfg(test)]
mod left;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod predicted;
#[cfg(test)]
mod prevented;
#[cfg(test)]
mod probed;
mod program;
#[cfg(test)]
mod readings;
#[cfg(test)]
mod renewed;
#[cfg(test)]
mod reused;
#[cfg(test)]
mod roots;
#[cfg(test)]
mod sampled;
#[cfg(test)]
mod sent;
mod signals;
mod site;
mod staged;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod systemd;
#[cfg(test)]
mod targets;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod unjudged;
#[cfg(test)]
mod units;
#[cfg(test)]
mod upgraded;
#[cfg(test)]
mod watched;
pub mod world;

use program::Expect;
use world::Lab;

/// One staged box: how it is set up, and what `check` must say of it.
pub struct Stage {
    /// The rule that it is about, and the variant where a rule has several.
    pub name: &'static str,
    /// What a person sees who enters it.
    pub tells: &'static str,
    /// What `check` is asked about; nothing means the whole box.
    pub targets: &'static [&'static str],
    pub expect: Expect,
    /// Sets it up, and proves by `/proc` and the files that it is as told.
    pub set: fn(&Lab),
}

/// Stages that are recorded besides those that bear a rule's name: whole boxes of each kind, and moments of a handover.
const RECORDED: &[&str] = &[
    "current-missing",
    "gunicorn",
    "gunicorn-both",
    "gunicorn-titled",
    "healthy",
    "healthy-lazy",
    "healthy-named",
    "odd-empty",
    "odd-no-releases",
    "odd-two-apps",
    "oldbin-drained",
    "other-nginx-before-unicorn",
    "other-puma-single",
    "pidfile-text",
    "release-pinned-gone",
    "rolled-back",
    "trial-retiring",
    "upgrade-booting",
    "upgrade-both",
];

/// Whether `tests/recordings` holds it.
fn is_recorded(name: &str) -> bool {
    RECORDED.contains(&name) || farrier::rules::rule(name).is_some()
}

/// Every stage, in the order of `staged/`.
pub fn stages() -> impl Iterator<Item = &'static Stage> {
    staged::ALL.iter().flat_map(|stages| stages.iter())
}

/// The stage of that name.
pub fn stage(name: &str) -> Option<&'static Stage> {
    stages().find(|stage| stage.name == name)
}

/// Stages the box of that name for real and holds what farrier says of it against what it must say.
///
/// # Panics
/// When the box cannot be staged, or farrier says something else.
pub fn hold(name: &str) {
    let stage = stage(name).unwrap_or_else(|| panic!("no stage {name}"));
    let lab = Lab::new();
    (stage.set)(&lab);
    if is_recorded(name) {
        lab.record(name, stage.targets);
    }
    lab.judge(stage.tells, stage.targets, &stage.expect);
}

#[test]
fn every_stage_is_held_once() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/staged");
    let sources: String = std::fs::read_dir(directory)
        .expect("the stages are there")
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a source file"))
        .collect();
    for stage in stages() {
        let call = format!("hold(\"{}\")", stage.name);
        assert_eq!(sources.matches(&call).count(), 1, "{call}");
        assert_eq!(stages().filter(|other| other.name == stage.name).count(), 1, "{}", stage.name);
    }
}
