//! Deploy roots: a directory of releases beside a link that names the live one, as Capistrano, Mina, Chef and OpsWorks lay them.

mod current;
mod one;

#[cfg(test)]
mod tests;

use std::path::{Component, Path, PathBuf};

use crate::deploy::capistrano;
use crate::facts::{Fact, Lack, Place, fact};
use crate::model::{CurrentState, Layout, Release, Setting};
use crate::os::{Ask, FileKind, FileStat, Found, PathAsk, Refusal, Root, Source, Text, shown};
use crate::servers::effort;

/// More entries than this are no releases directory that a tool keeps.
const MOST_RELEASES: usize = 2_000;
/// How much of a `config/deploy.rb` is read.
const DEPLOY_BOUND: u32 = 64 << 10;

/// The deploy root that a path points into: the directory above the last `releases/NAME` or `current` component
/// that has both a `releases` directory and room for a `current` link beside it. A guess by names only;
/// [`read`] proves it.
pub fn candidate_root(path: &Path) -> Option<PathBuf> {
    let mut child: Option<&Path> = None;
    for above in path.ancestors() {
        let is_called = |name: &str| above.file_name().is_some_and(|own| own == name);
        if is_called("current") || (is_called("releases") && child.is_some()) {
            return above.parent().filter(|root| root.is_absolute()).map(Path::to_path_buf);
        }
        child = Some(above);
    }
    None
}

/// The release of a deploy root that a path lies in, by names only (escaped, as [`Release::name`]).
pub fn entry(deploy_root: &Path, path: &Path) -> Option<String> {
    match path.strip_prefix(deploy_root.join("releases")).ok()?.components().next()? {
        Component::Normal(name) => Some(shown(name.as_ref())),
        _ => None,
    }
}

/// Reads the layout of a deploy root, as the process sees it; `None`: it is none.
/// `in_use` are releases that processes run in or are pinned to: their lock files are read besides the current
/// one's, and they prove a deploy root whose `current` is missing.
pub fn read(
    source: &dyn Source,
    root: Root,
    deploy_root: &Path,
    in_use: &[String],
) -> Fact<Option<Layout>> {
    let look = Look { source, root };
    let place = Place::path(deploy_root);
    let directory = deploy_root.join("releases");
    look.ahead(&[
        (&directory, PathAsk::List),
        (&directory, PathAsk::Real),
        (&deploy_root.join("current"), PathAsk::Lstat),
        (&deploy_root.join("shared"), PathAsk::Stat),
    ]);
    let current = current::read(&look, deploy_root, &directory);
    let there =
        |state: &Fact<CurrentState>| !matches!(state.value, Ok(CurrentState::Missing) | Err(_));
    let names = match look.names(&directory).value {
        Ok(None) => return Fact::known(place, None),
        // A file of that name is no directory of releases.
        Err(Lack::Refused(Refusal::Failed(errno))) if errno.contains("ENOTDIR") => {
            return Fact::known(place, None);
        }
        Ok(Some(names)) => Ok(names),
        Err(lack) if in_use.is_empty() && !there(&current.state) => {
            return Fact::lacking(place, lack);
        }
        Err(lack) => Err(lack),
    };
    // A directory that merely happens to be called so is no deploy root.
    let proved = there(&current.state)
        || !in_use.is_empty()
        || names.as_ref().is_ok_and(|names| names.iter().any(is_timestamp));
    if !proved {
        return Fact::known(place, None);
    }
    let live = match current.state.get() {
        Some(CurrentState::Release(name)) => Some(name.as_str()),
        _ => None,
    };
    let wanted = |name: &str| live == Some(name) || in_use.iter().any(|used| used == name);
    let releases = names.and_then(|names| {
        if names.len() > MOST_RELEASES {
            return Err(Lack::Refused(Refusal::TooMany(MOST_RELEASES as u64)));
        }
        Ok(one::read_all(&look, &directory, &names, &wanted))
    });
    let keeps = keeps(&look, live.map(|name| directory.join(name)).as_deref(), &current.path);
    let shared = deploy_root.join("shared");
    let has_shared = look
        .stat(&shared, PathAsk::Stat)
        .get()
        .is_some_and(|stat| stat.as_ref().is_some_and(|s| s.kind == FileKind::Directory));
    let layout = Layout {
        root: deploy_root.to_path_buf(),
        also: Vec::new(),
        releases: Fact { place: Place::path(&directory), value: releases.map(in_order) },
        releases_directory: directory,
        current,
        shared: has_shared.then_some(shared),
        keeps,
    };
    Fact::known(place, Some(layout))
}

/// What the live release's `config/deploy.rb` says of how many releases stay.
fn keeps(look: &Look<'_>, live: Option<&Path>, current: &Path) -> Fact<Setting<usize>> {
    let Some(live) = live else {
        let lack = Lack::Depends("current, which names no release".into());
        return Fact::lacking(Place::path(current), lack);
    };
    look.file(&live.join(capistrano::DEPLOY), DEPLOY_BOUND).then(|text| match text {
        Some(text) => effort::text(|| capistrano::keep_releases(&text)),
        None => Ok(Setting::NotSet),
    })
}

/// Capistrano's: `20240131120000`.
fn is_timestamp(name: &Text) -> bool {
    name.len() == 14 && name.bytes().iter().all(u8::is_ascii_digit)
}

/// Oldest first: by number where every name is one (timestamps, Mina's counters), else by arrival.
fn in_order(mut releases: Vec<Release>) -> Vec<Release> {
    let number = |release: &Release| release.name.parse::<u128>().ok();
    if releases.iter().all(|release| number(release).is_some()) {
        releases.sort_by_key(|release| number(release));
    } else {
        releases.sort_by_key(|release| {
            let arrived = release.arrived.get().copied();
            (arrived.is_none(), arrived, release.name.clone())
        });
    }
    releases
}

/// Questions about paths in one root directory.
struct Look<'a> {
    source: &'a dyn Source,
    root: Root,
}

impl Look<'_> {
    /// Asks many at once, so that a source that remembers answers them one by one without asking again.
    fn ahead(&self, asks: &[(&Path, PathAsk)]) {
        let asks: Vec<Ask> = asks.iter().map(|(path, ask)| self.question(path, *ask)).collect();
        self.source.ask(&asks);
    }

    fn question(&self, path: &Path, ask: PathAsk) -> Ask {
        Ask::path(self.root, path, ask)
    }

    fn fact<T>(
        &self,
        path: &Path,
        ask: PathAsk,
        take: impl FnOnce(Found) -> Result<T, Lack>,
    ) -> Fact<T> {
        let ask = self.question(path, ask);
        let answer = self.source.ask_one(ask.clone());
        fact(&ask, answer, take)
    }

    fn stat(&self, path: &Path, ask: PathAsk) -> Fact<Option<FileStat>> {
        self.fact(path, ask, |found| match found {
            Found::Stat(stat) => Ok(stat),
            _ => Err(OTHER_KIND),
        })
    }

    fn link(&self, path: &Path, ask: PathAsk) -> Fact<Option<PathBuf>> {
        self.fact(path, ask, |found| match found {
            Found::Link(link) => Ok(link.map(|text| text.path().to_path_buf())),
            _ => Err(OTHER_KIND),
        })
    }

    fn names(&self, path: &Path) -> Fact<Option<Vec<Text>>> {
        self.fact(path, PathAsk::List, |found| match found {
            Found::Names(names) => Ok(names),
            _ => Err(OTHER_KIND),
        })
    }

    fn file(&self, path: &Path, bound: u32) -> Fact<Option<Text>> {
        self.fact(path, PathAsk::Read(bound), |found| match found {
            Found::File(bytes) => Ok(bytes),
            _ => Err(OTHER_KIND),
        })
    }
}

const OTHER_KIND: Lack = Lack::Malformed("another kind of answer");
