//! Deploy roots: which one a master's paths lead into, and by which other names they call it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::adopt::Member;
use super::config;
use super::masters::paths;
use super::once::Once;
use super::variables::Asked;
use crate::deploy::releases;
use crate::facts::Fact;
use crate::model::{CurrentState, Layout, Process, Setting};

/// The deploy root that a master's paths lead into. That there is none is known only where its working directory
/// could be read.
pub fn layout(once: &Once<'_>, member: &Member, workers: &[&Process]) -> Fact<Option<Layout>> {
    let root = member.process.root;
    let paths = every_path(once, member);
    let mut candidates: Vec<PathBuf> = Vec::new();
    for candidate in paths.iter().filter_map(|path| releases::candidate_root(path)) {
        if !candidates.contains(&candidate) {
            candidates.push(candidate);
        }
    }
    let (mut lack, mut found): (_, Vec<Layout>) = (None, Vec::new());
    for candidate in &candidates {
        let used: BTreeSet<String> = std::iter::once(&member.process)
            .chain(workers.iter().copied())
            .filter_map(|process| releases::entry(candidate, &process.cwd.get()?.path))
            .chain(paths.iter().filter_map(|path| releases::entry(candidate, path)))
            .collect();
        let used: Vec<String> = used.into_iter().collect();
        let layout = releases::read(once, root, candidate, &used);
        match layout.value {
            Ok(Some(layout)) => found.push(layout),
            Err(_) if found.is_empty() => lack = lack.or(Some(layout)),
            Ok(None) | Err(_) => {}
        }
    }
    let place = member.process.cwd.place.clone();
    if let Some(layout) = one_of(once, member, found) {
        return Fact::known(place, Some(layout));
    }
    match (lack, &member.process.cwd.value) {
        (Some(lack), _) => lack,
        (None, Ok(_)) => Fact::known(place, None),
        (None, Err(why)) => Fact::lacking(place, why.clone()),
    }
}

/// What its arguments and its environment name, and what its configuration does.
fn every_path(once: &Once<'_>, member: &Member) -> Vec<PathBuf> {
    let mut paths = paths(member);
    let options = (member.server.options)(&member.recognised.arguments);
    // Which copy of it counts is not asked here: its paths only tell where to look.
    let none = Fact::known(member.process.cwd.place.clone(), None);
    let Member { process, server, recognised } = member;
    let asked = Asked { server, process, recognised, options: &options };
    let variables = asked.loaded();
    let loaded = config::loaded(once, server, process, &options, variables.as_ref(), &none);
    if let Some(config) = loaded.get() {
        for setting in [&config.working_directory, &config.pid] {
            if let Setting::Set { value, .. } = setting
                && value.is_absolute()
            {
                paths.push(value.clone());
            }
        }
    }
    paths
}

/// The root of the most telling path, and the others that have the same releases. `releases` may be a link to another
/// disk: then the directory above the real one has no `current`, and the one with the link has.
fn one_of(once: &Once<'_>, member: &Member, mut found: Vec<Layout>) -> Option<Layout> {
    let real = |path: &Path| once.real(member.process.root, path).value.ok().flatten();
    let first = real(&found.first()?.releases_directory);
    let mut same: Vec<Layout> = found
        .drain(..)
        .enumerate()
        .filter(|(at, layout)| {
            *at == 0 || (first.is_some() && real(&layout.releases_directory) == first)
        })
        .map(|(_, layout)| layout)
        .collect();
    let is_missing = |layout: &Layout| layout.current.state.get() == Some(&CurrentState::Missing);
    let best = same.iter().position(|layout| !is_missing(layout)).unwrap_or(0);
    let mut layout = same.remove(best);
    layout.also = same.into_iter().map(|other| other.root).collect();
    Some(layout)
}
