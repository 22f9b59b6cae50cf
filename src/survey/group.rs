//! Masters into apps: by re-execution, pidfile, listener, or one deploy root with one configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::realm::Realm;
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
    /// The world that it lives in.
    pub realm: Realm,
}

/// The root of an app whose masters may have several: a deploy root wins over a plain directory.
pub fn best_root(group: &[Placed]) -> PathBuf {
    group
        .iter()
        .find(|placed| placed.layout.is_some())
        .or_else(|| group.first())
        .map(|placed| placed.root.clone())
        .unwrap_or_default()
}

/// Groups masters: each inner list is one app, in the order of its first master.
pub fn group(masters: Vec<Placed>) -> Vec<Vec<Placed>> {
    let keys: Vec<Keys> = masters.iter().map(Keys::of).collect();
    let mut parent: Vec<usize> = (0..masters.len()).collect();
    let all = || masters.iter().zip(&keys).enumerate();
    for (i, one) in all() {
        for (j, other) in all().skip(i + 1) {
            if one.0.master.kind == other.0.master.kind && belong_together(one, other) {
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

/// What masters are compared by, each with each: made once for each of them.
struct Keys {
    pidfile: Option<PathBuf>,
    /// The pidfile, whichever release it is named through.
    unreleased: Option<PathBuf>,
    config: Option<PathBuf>,
    arguments: Vec<PathBuf>,
}

impl Keys {
    fn of(placed: &Placed) -> Self {
        let pidfile = placed.master.pidfile.get().cloned().flatten();
        let arguments = placed.master.arguments.raw().iter();
        Self {
            unreleased: pidfile.as_deref().map(|path| unreleased(path, placed)),
            pidfile,
            config: config_key(placed),
            arguments: arguments.map(|word: &Text| unreleased(word.path(), placed)).collect(),
        }
    }
}

fn find(parent: &[usize], mut at: usize) -> usize {
    while let Some(up) = parent.get(at).copied().filter(|up| *up != at) {
        at = up;
    }
    at
}

fn belong_together((one, own): (&Placed, &Keys), (other, theirs): (&Placed, &Keys)) -> bool {
    let (a, b) = (&one.master, &other.master);
    let generations = a.parent == Some(b.process.pid) || b.parent == Some(a.process.pid);
    if !generations && !one.realm.is_same(&other.realm) {
        return false;
    }
    let shared_socket = match (a.listens.get(), b.listens.get()) {
        (Some(a), Some(b)) => a.iter().any(|inode| b.contains(inode)),
        _ => false,
    };
    let same_pidfile = own.pidfile.is_some() && own.pidfile == theirs.pidfile;
    if generations || shared_socket || same_pidfile {
        return true;
    }
    // One configuration with a pidfile or arguments of its own for each is a recipe for several apps.
    let told_apart = matches!((&own.unreleased, &theirs.unreleased), (Some(a), Some(b)) if a != b);
    if told_apart || one.root != other.root {
        return false;
    }
    let same_address = one.addresses.iter().any(|address| other.addresses.contains(address));
    let same_config =
        one.config.is_some() && own.config == theirs.config && own.arguments == theirs.arguments;
    same_config || same_address
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

/// A path with `current` and `releases/ID` made equal: the same place in whichever release.
fn unreleased(path: &Path, placed: &Placed) -> PathBuf {
    let Some(layout) = &placed.layout else { return path.to_path_buf() };
    match layout.below_release(path) {
        Some(rest) => layout.root.join("@").join(rest),
        None => path.to_path_buf(),
    }
}
