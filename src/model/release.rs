//! Releases: `releases/`, `current`, and what lock files say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use crate::facts::Fact;

use super::Setting;

/// A deploy root's layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The deploy root.
    pub root: PathBuf,
    /// Other paths of the same releases' root: links that lead to it, or to which its `releases` is a link.
    pub also: Vec<PathBuf>,
    /// The directory of the releases, usually `ROOT/releases`.
    pub releases_directory: PathBuf,
    /// The releases, oldest first.
    pub releases: Fact<Vec<Release>>,
    /// The link that names the live one.
    pub current: Current,
    /// `ROOT/shared`, if it is there.
    pub shared: Option<PathBuf>,
    /// How many releases a clean-up leaves, where the live release's `config/deploy.rb` says so.
    pub keeps: Fact<Setting<usize>>,
}

impl Layout {
    /// The name of the release that `current` names, where it names one.
    pub fn current_release(&self) -> Option<&str> {
        match self.current.state.get() {
            Some(CurrentState::Release(name)) => Some(name),
            _ => None,
        }
    }

    /// The release with this name.
    pub fn release(&self, name: &str) -> Option<&Release> {
        self.releases.get().and_then(|all| all.iter().find(|release| release.name == name))
    }

    /// How far a release is from the one that `current` names: negative behind, positive ahead;
    /// `None` where either is not on disk.
    pub fn offset(&self, name: &str) -> Option<i64> {
        let all = self.releases.get()?;
        let at = |wanted: &str| all.iter().position(|release| release.name == wanted);
        let (here, current) = (at(name)?, at(self.current_release()?)?);
        Some(i64::try_from(here).ok()? - i64::try_from(current).ok()?)
    }

    /// Whether a path goes through the link `current`.
    pub fn through_current(&self, path: &Path) -> bool {
        self.below_current(path).is_some()
    }

    /// What follows `current` in a path that goes through it, by whichever name of the root.
    pub fn below_current<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let others = self.also.iter().map(|root| root.join("current"));
        std::iter::once(self.current.path.clone())
            .chain(others)
            .find_map(|current| path.strip_prefix(current).ok())
    }

    /// What follows the releases directory in a path below it, by whichever name of the root, or by the directory's own
    /// where the deploy root or `releases` itself is a link.
    fn below_releases<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let others = self.also.iter().map(|root| root.join("releases"));
        let real = || self.current_release().and(self.current.real.get()?.as_ref()?.parent());
        std::iter::once(self.releases_directory.clone())
            .chain(others)
            .chain(real().map(Path::to_path_buf))
            .find_map(|directory| path.strip_prefix(directory).ok())
    }

    /// A path without the release in it: what follows `current` or `releases/ID`.
    pub fn below_release<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        self.below_current(path).or_else(|| {
            let mut rest = self.below_releases(path)?.components();
            rest.next()?;
            Some(rest.as_path())
        })
    }

    /// The name of the release that a path lies in (its entry below the releases directory), links not resolved.
    /// Where the deploy root is itself reached through a link, a resolved path lies below the real directory.
    pub fn release_of(&self, path: &Path) -> Option<String> {
        self.entry_of(path)?.file_name().map(|name| crate::os::shown(name.as_ref()))
    }

    /// The entry of the releases directory that a path goes through, whether or not anything stands there.
    pub fn entry_of(&self, path: &Path) -> Option<PathBuf> {
        match self.below_releases(path)?.components().next()? {
            Component::Normal(name) => Some(self.releases_directory.join(name)),
            _ => None,
        }
    }
}

/// One release.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its directory's name, escaped.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// Where it really is, when the entry itself is a link (a rescue: an old release linked to the live one).
    pub link_to: Option<PathBuf>,
    /// When its directory arrived: the inode's change time.
    pub arrived: Fact<Timestamp>,
    /// The revision in its `REVISION` file, if any.
    pub revision: Option<String>,
    /// It holds a link `current/…` or `NAME` of another release: `ln -s` without `-n` made it.
    pub nested_link: Fact<Option<PathBuf>>,
    /// Its `Gemfile.lock`, read only for releases that are in use, pinned or current; `None`: there is none.
    pub lock: Fact<Option<Lock>>,
}

/// What `current` is.
#[derive(Clone, Debug, PartialEq)]
pub struct Current {
    /// Its path.
    pub path: PathBuf,
    /// What it is and leads to.
    pub state: Fact<CurrentState>,
    /// Where it leads, all links resolved.
    pub real: Fact<Option<PathBuf>>,
    /// When it was switched: the link's own modification time (`lstat`).
    pub switched_at: Fact<Timestamp>,
}

/// What `current` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurrentState {
    /// A link to a release, by its name.
    Release(String),
    /// A link to a directory that is no release.
    Elsewhere(PathBuf),
    /// A link that leads nowhere; its text.
    Dangling(PathBuf),
    /// A plain directory.
    Directory,
    /// Not there.
    Missing,
}

/// A `Gemfile.lock`, in as much as farrier compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The file.
    pub path: PathBuf,
    /// Gem versions by name.
    pub gems: BTreeMap<String, String>,
    /// Of these, the ones that come from a GIT or PATH section: they lie elsewhere than installed gems.
    pub checked_out: BTreeSet<String>,
    /// `RUBY VERSION`, as written.
    pub ruby: Option<String>,
    /// A hash of the file's bytes: equal locks are equal files.
    pub digest: u64,
}
