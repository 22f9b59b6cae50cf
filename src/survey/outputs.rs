//! The files that the next re-execution opens for its output, and the way to them.

use std::path::{Path, PathBuf};

use super::directories::{access, directories};
use super::once::Once;
use crate::facts::Fact;
use crate::model::{Config, Output, Restart, Setting};
use crate::os::{Ask, PathAsk, Root};

/// Those that the next configuration names in so many words. A relative one starts where `working_directory` leads, or
/// where the new master starts.
pub fn outputs(
    once: &Once<'_>,
    root: Root,
    config: &Fact<Config>,
    restart: &Restart,
) -> Vec<Output> {
    let Some(config) = config.get() else { return Vec::new() };
    let start = match &config.working_directory {
        Setting::Set { value, .. } => Some(value.as_path()),
        Setting::Unevaluable { .. } => None,
        Setting::NotSet => restart.directory.get().map(|spot| spot.path.as_path()),
    };
    [("stderr_path", &config.stderr_path), ("stdout_path", &config.stdout_path)]
        .into_iter()
        .filter_map(|(setting, path)| match path {
            Setting::Set { value, line } => {
                Some(output(once, root, (setting, *line), &from(start, value)))
            }
            _ => None,
        })
        .collect()
}

/// Of a path that starts elsewhere, or at a home directory, what it says.
fn from(start: Option<&Path>, path: &Path) -> PathBuf {
    let home = path.as_os_str().as_encoded_bytes().starts_with(b"~");
    match start {
        Some(start) if !home => start.join(path),
        _ => path.to_path_buf(),
    }
}

fn output(
    once: &Once<'_>,
    root: Root,
    (setting, line): (&'static str, usize),
    path: &Path,
) -> Output {
    let asks = [PathAsk::Stat, PathAsk::Lstat, PathAsk::Real, PathAsk::Access];
    once.fetch(asks.map(|ask| Ask::path(root, path, ask)).to_vec());
    Output {
        setting,
        line,
        name: once.lstat(root, path),
        access: access(once, root, path),
        directories: directories(once, root, path),
        file: once.spot(root, path),
    }
}
