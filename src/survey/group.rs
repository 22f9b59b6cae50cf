//! Masters into apps: by re-execution, pidfile, listener, or one deploy root with one configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{Layout, Master};
use crate::os::Text;

/// A master with the directory that it is deployed to.
pub struct Placed {
    /// The master.
    pub master: Master,
    /// Its deploy root, else its working directory.
    pub root: PathBuf,
    /// Its releases, if it has any.
    pub layout: Option<Layout>,
    /// The configuration file that it was given, as in its arguments.
    pub config: Option<PathBuf>,
    /// Addresses that it listens on, as text.
    pub addresses: Vec<String>,
}

/// Groups masters: each inner list is one app, in the order of its first master.
pub fn group(masters: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut parent: Vec<usize> = (0..masters.len()).collect();
    for (i, one) in masters.iter().enumerate() {
        for (j, other) in masters.iter().enumerate().skip(i + 1) {
            if one.master.kind == other.master.kind && belong_together(one, other) {
                let (a, b) = (find(&parent, i), find(&parent, j));
                if let Some(slot) = parent.get_mut(a.max(b)) {
                    *slot = a.min(b);
                }
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<Placed>> = BTreeMap::new();
    for (i, placed) in masters.into_iter().enumerate() {
        groups.entry(find(&parent, i)).or_default().push(placed);
    }
    groups.into_values().collect()
}

fn find(parent: &[usize], mut at: usize) -> usize {
    while let Some(up) = parent.get(at).copied().filter(|up| *up != at) {
        at = up;
    }
    at
}

fn belong_together(one: &Placed, other: &Placed) -> bool {
    let (a, b) = (&one.master, &other.master);
    let generations = a.parent == Some(b.process.pid) || b.parent == Some(a.process.pid);
    let shared_socket = match (a.listens.get(), b.listens.get()) {
        (Some(a), Some(b)) => a.iter().any(|inode| b.contains(inode)),
        _ => false,
    };
    let same_address = one.addresses.iter().any(|address| other.addresses.contains(address));
    let pidfiles = (pidfile(a), pidfile(b));
    let same_pidfile = matches!(&pidfiles, (Some(a), Some(b)) if a == b);
    if generations || shared_socket || same_pidfile {
        return true;
    }
    // One configuration with a pidfile or arguments of its own for each is a recipe for several apps.
    let told_apart =
        matches!(&pidfiles, (Some(a), Some(b)) if unreleased(a, one) != unreleased(b, other));
    let same_config = one.root == other.root
        && one.config.is_some()
        && config_key(one) == config_key(other)
        && arguments_key(one) == arguments_key(other);
    !told_apart && (same_config || (same_address && one.root == other.root))
}

fn pidfile(master: &Master) -> Option<PathBuf> {
    master.pidfile.get().cloned().flatten()
}

fn config_key(placed: &Placed) -> Option<PathBuf> {
    let path = placed.config.as_deref()?;
    let path = if path.is_absolute() {
        path.to_path_buf()
    } else {
        placed.master.process.cwd.get().map(|cwd| cwd.path.join(path))?
    };
    Some(unreleased(&path, placed))
}

fn arguments_key(placed: &Placed) -> Vec<PathBuf> {
    placed.master.arguments.iter().map(|word: &Text| unreleased(word.path(), placed)).collect()
}

/// A path with `current` and `releases/ID` made equal: the same place in whichever release.
fn unreleased(path: &Path, placed: &Placed) -> PathBuf {
    let Some(layout) = &placed.layout else { return path.to_path_buf() };
    match layout.below_release(path) {
        Some(rest) => layout.root.join("@").join(rest),
        None => path.to_path_buf(),
    }
}
