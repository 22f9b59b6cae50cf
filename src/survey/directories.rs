//! The directories that lead to a file: all that the kernel searches on the way, by the path and through its links.

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::facts::{Fact, Lack};
use crate::model::Directory;
use crate::os::{Access, Ask, Found, PathAsk, Root};

/// The directories on the way to a file, the one that holds its name first. The last name itself may be a link: where
/// that leads is on the way of who reads the file.
pub fn directories(once: &Once<'_>, root: Root, file: &Path) -> Vec<Directory> {
    let Some(holder) = file.parent().filter(|parent| parent.is_absolute()) else {
        return Vec::new();
    };
    let on_the_way: Vec<&Path> = holder.ancestors().collect();
    once.fetch(on_the_way.iter().map(|path| Ask::path(root, path, PathAsk::Real)).collect());
    let real = |path: &Path| {
        once.real(root, path).value.ok().flatten().unwrap_or_else(|| path.to_path_buf())
    };
    let mut paths = vec![real(holder)];
    let target = once.real(root, file).value.ok().flatten();
    let target = target.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    for place in on_the_way.into_iter().map(real).chain(target) {
        for above in place.ancestors() {
            if !paths.iter().any(|path| path == above) {
                paths.push(above.to_path_buf());
            }
        }
    }
    once.fetch(
        paths
            .iter()
            .flat_map(|path| [PathAsk::Stat, PathAsk::Access].map(|ask| Ask::path(root, path, ask)))
            .collect(),
    );
    paths.into_iter().map(|path| directory(once, root, path)).collect()
}

fn directory(once: &Once<'_>, root: Root, path: PathBuf) -> Directory {
    Directory { stat: once.stat(root, &path), access: access(once, root, &path), path }
}

/// What decides besides the mode of a file who may use it.
pub fn access(once: &Once<'_>, root: Root, path: &Path) -> Fact<Option<Access>> {
    once.fact(&Ask::path(root, path, PathAsk::Access), |found| match found {
        Found::Access(access) => Ok(access),
        _ => Err(Lack::Malformed("another kind of answer")),
    })
}
