//! The link `current`: what it is, where it leads, when it was switched.

use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;

use super::Look;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Current, CurrentState};
use crate::os::{FileKind, FileStat, PathAsk, shown};

/// Reads `ROOT/current`.
pub(super) fn read(look: &Look<'_>, deploy_root: &Path, releases: &Path) -> Current {
    let path = deploy_root.join("current");
    look.ahead(&[
        (&path, PathAsk::Lstat),
        (&path, PathAsk::ReadLink),
        (&path, PathAsk::Real),
        (releases, PathAsk::Real),
    ]);
    let entry = look.stat(&path, PathAsk::Lstat);
    let real = look.link(&path, PathAsk::Real);
    let place = Place::path(&path);
    let state = entry.value.as_ref().map_err(Clone::clone).and_then(|entry| match entry {
        None => Ok(CurrentState::Missing),
        Some(stat) if stat.kind == FileKind::Directory => Ok(CurrentState::Directory),
        Some(stat) if stat.kind == FileKind::Symlink => leads_to(look, &path, releases, &real),
        Some(_) => Ok(CurrentState::Elsewhere(path.clone())),
    });
    let switched_at = entry.clone().then(|entry| match entry {
        Some(stat) if stat.kind == FileKind::Symlink => modified(&stat),
        _ => Err(Lack::Depends("current, which is no link".into())),
    });
    Current { state: Fact { place, value: state }, real, switched_at, path }
}

fn leads_to(
    look: &Look<'_>,
    path: &Path,
    releases: &Path,
    real: &Fact<Option<PathBuf>>,
) -> Result<CurrentState, Lack> {
    let text = look.link(path, PathAsk::ReadLink).value?.unwrap_or_default();
    let Some(real) = real.value.clone()? else { return Ok(CurrentState::Dangling(text)) };
    // By where it really leads: an old release may itself be a link to the live one.
    let real_releases = look.link(releases, PathAsk::Real).value?;
    let rest = real_releases.and_then(|above| real.strip_prefix(above).ok().map(Path::to_path_buf));
    let name = rest.and_then(|rest| match rest.components().next() {
        Some(Component::Normal(name)) => Some(shown(name.as_ref())),
        _ => None,
    });
    Ok(name.map_or(CurrentState::Elsewhere(real), CurrentState::Release))
}

fn modified(stat: &FileStat) -> Result<Timestamp, Lack> {
    moment(stat.mtime)
}

/// A moment from nanoseconds since 1970.
pub(super) fn moment(nanoseconds: i64) -> Result<Timestamp, Lack> {
    Timestamp::from_nanosecond(i128::from(nanoseconds))
        .map_err(|_| Lack::Malformed("a time outside the calendar"))
}
