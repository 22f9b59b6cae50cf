//! One release: its directory, when it arrived, its revision and lock file, and links that were laid into it by mistake.

use std::path::{Path, PathBuf};

use super::Look;
use super::current::moment;
use crate::deploy::bundler;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Lock, Release};
use crate::os::{FileKind, PathAsk, Text, shown};

/// A revision is a hash or a tag.
const REVISION_BOUND: u32 = 256;
/// The largest lock file that is read.
const LOCK_BOUND: u32 = 4 << 20;

/// Reads all releases; lock files and directories only of those that are `wanted`.
pub(super) fn read_all(
    look: &Look<'_>,
    directory: &Path,
    names: &[Text],
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<Release> {
    let paths: Vec<PathBuf> = names
        .iter()
        .filter(|name| !name.bytes().starts_with(b"."))
        .map(|name| directory.join(name.path()))
        .collect();
    let revisions: Vec<PathBuf> = paths.iter().map(|path| path.join("REVISION")).collect();
    let entries = paths.iter().map(|path| (path.as_path(), PathAsk::Lstat));
    let contents = revisions.iter().map(|path| (path.as_path(), PathAsk::Read(REVISION_BOUND)));
    look.ahead(&entries.chain(contents).collect::<Vec<_>>());
    let mut releases = Vec::new();
    for (path, revision) in paths.iter().zip(&revisions) {
        let entry = look.stat(path, PathAsk::Lstat);
        let kind = entry.get().and_then(Option::as_ref).map(|stat| stat.kind);
        // Files beside the releases are none; what cannot be looked at may be one.
        if entry.get().is_some() && !matches!(kind, Some(FileKind::Directory | FileKind::Symlink)) {
            continue;
        }
        let name = path.file_name().map(|name| shown(name.as_ref())).unwrap_or_default();
        let is_wanted = wanted(&name);
        let is_link = kind == Some(FileKind::Symlink);
        let link_to =
            is_link.then(|| look.link(path, PathAsk::Real).value.ok().flatten()).flatten();
        releases.push(Release {
            arrived: entry.then(|entry| match entry {
                Some(stat) => moment(stat.ctime),
                None => Err(Lack::Depends("a directory that is gone".into())),
            }),
            revision: look
                .file(revision, REVISION_BOUND)
                .get()
                .cloned()
                .flatten()
                .map(|bytes| Text::new(bytes.bytes().trim_ascii()).to_string()),
            nested_link: Fact {
                place: Place::path(path),
                value: if is_wanted && !is_link {
                    nested(look, directory, path, names)
                } else {
                    Ok(None)
                },
            },
            lock: if is_wanted { lock(look, path) } else { not_asked(path) },
            link_to,
            path: path.clone(),
            name,
        });
    }
    releases
}

fn not_asked(release: &Path) -> Fact<Option<Lock>> {
    Fact::lacking(Place::path(&release.join("Gemfile.lock")), Lack::NotAsked)
}

fn lock(look: &Look<'_>, release: &Path) -> Fact<Option<Lock>> {
    let usual = release.join("Gemfile.lock");
    let found = look.file(&usual, LOCK_BOUND);
    if matches!(found.get(), Some(None)) {
        // Bundler's other pair of names: gems.rb and gems.locked.
        let other = release.join("gems.locked");
        let text = look.file(&other, LOCK_BOUND);
        if matches!(text.get(), Some(Some(_))) {
            let read = |bytes: Text| bundler::read_lock(&other, &bytes);
            return text.then(|bytes| bytes.map(read).transpose());
        }
    }
    found.then(|bytes| bytes.map(|bytes| bundler::read_lock(&usual, &bytes)).transpose())
}

/// `ln -s releases/NEW current` onto a link that is there puts NEW into the directory it leads to,
/// and `mv` of a prepared link does the same under the link's own name.
fn nested(
    look: &Look<'_>,
    directory: &Path,
    release: &Path,
    siblings: &[Text],
) -> Result<Option<PathBuf>, Lack> {
    let Some(inside) = look.names(release).value? else { return Ok(None) };
    let telling = |name: &&Text| siblings.contains(name) || name.bytes() == b"current";
    for name in inside.iter().filter(telling) {
        let path = release.join(name.path());
        let entry = look.stat(&path, PathAsk::Lstat).value?;
        if entry.is_none_or(|stat| stat.kind != FileKind::Symlink) {
            continue;
        }
        let above = look.link(directory, PathAsk::Real).value?;
        let real = look.link(&path, PathAsk::Real).value?;
        if let (Some(above), Some(real)) = (above, real)
            && real.starts_with(&above)
            && real != above
        {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
