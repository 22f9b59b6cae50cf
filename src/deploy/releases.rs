//! Deploy roots: a directory of releases beside a link that names the live one, as Capistrano, Mina, Chef and OpsWorks lay them.

use std::path::{Path, PathBuf};

use crate::facts::Fact;
use crate::model::Layout;
use crate::os::{Root, Source};

/// The deploy root that a path points into: the directory above the last `releases/NAME` or `current` component
/// that has both a `releases` directory and room for a `current` link beside it. A guess by names only;
/// [`read`] proves it.
pub fn candidate_root(path: &Path) -> Option<PathBuf> {
    let _ = path;
    None
}

/// Reads the layout of a deploy root, as the process sees it; `None`: it is none.
/// `in_use` are releases whose lock files are to be read besides the one that `current` names.
pub fn read(
    source: &dyn Source,
    root: Root,
    deploy_root: &Path,
    in_use: &[String],
) -> Fact<Option<Layout>> {
    let _ = (source, root, in_use);
    Fact::lacking(crate::facts::Place::path(deploy_root), crate::facts::Lack::NotAsked)
}
