//! Releases: `releases/`, `current`, and what lock files say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::facts::Fact;

/// A deploy root's layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The deploy root.
    pub root: PathBuf,
    /// The directory of the releases, usually `ROOT/releases`.
    pub releases_directory: PathBuf,
    /// The releases, oldest first.
    pub releases: Fact<Vec<Release>>,
    /// The link that names the live one.
    pub current: Current,
    /// `ROOT/shared`, if it is there.
    pub shared: Option<PathBuf>,
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
    pub fn through_current(&self, path: &std::path::Path) -> bool {
        path.starts_with(&self.current.path)
    }

    /// The name of the release that a path lies in (its entry below the releases directory), links not resolved.
    /// Where the deploy root is itself reached through a link, a resolved path lies below the real directory.
    pub fn release_of(&self, path: &std::path::Path) -> Option<String> {
        self.entry_of(path)?.file_name().map(|name| crate::os::shown(name.as_ref()))
    }

    /// The entry of the releases directory that a path goes through, whether or not anything stands there.
    pub fn entry_of(&self, path: &std::path::Path) -> Option<PathBuf> {
        let real = || self.current_release().and(self.current.real.get()?.as_ref()?.parent());
        let rest = path
            .strip_prefix(&self.releases_directory)
            .or_else(|unrelated| real().map_or(Err(unrelated), |real| path.strip_prefix(real)))
            .ok()?;
        let first = rest.components().next()?;
        match first {
            std::path::Component::Normal(name) => Some(self.releases_directory.join(name)),
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
    /// `RUBY VERSION`, as written.
    pub ruby: Option<String>,
    /// A hash of the file's bytes: equal locks are equal files.
    pub digest: u64,
}
