//! A machine without servers: what was looked for besides processes, so that the screen can say it.

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::facts::Lack;
use crate::model::{Searched, Seen};
use crate::os::{Refusal, Root, Text};
use crate::servers::SERVERS;

/// Directories whose entries are usually deploy roots.
const PARENTS: &[&str] =
    &["/var/www", "/srv", "/srv/www", "/opt", "/home/deploy", "/u/apps", "/data/www"];

/// Looks for deploy roots and pidfiles that nothing serves.
pub fn look(once: &Once<'_>, seen: &mut Seen) {
    let mut pidfiles = 0;
    for parent in PARENTS {
        let parent = Path::new(parent);
        for name in names(once, parent, seen) {
            let root = parent.join(name.path());
            let inside = names(once, &root, seen);
            let has = |wanted: &[u8]| inside.iter().any(|name| name.bytes() == wanted);
            if has(b"releases") {
                seen.idle_roots.push(root.clone());
            }
            if has(b"shared") {
                pidfiles += count_pidfiles(once, &root.join("shared/pids"), seen);
                pidfiles += count_pidfiles(once, &root.join("shared/tmp/pids"), seen);
            }
        }
    }
    pidfiles += count_pidfiles(once, Path::new("/run"), seen);
    seen.searched.push(Searched {
        what: "pidfiles",
        how: format!(
            "{} in /run and in the shared/pids of deploy roots",
            stems().map(|stem| format!("{stem}*.pid")).collect::<Vec<_>>().join(", ")
        ),
        found: pidfiles,
    });
    seen.searched.push(Searched {
        what: "releases",
        how: format!("a directory \"releases\" below {}", PARENTS.join(", ")),
        found: seen.idle_roots.len(),
    });
}

/// What lies in a directory. One that is there and was not read is noted: a server's root may lie in it.
fn names(once: &Once<'_>, directory: &Path, seen: &mut Seen) -> Vec<Text> {
    match once.list(Root::Own, directory).value {
        Ok(names) => names.unwrap_or_default(),
        Err(lack) => {
            if matches!(lack, Lack::Refused(Refusal::Denied | Refusal::TimedOut)) {
                seen.closed.push((directory.to_owned(), lack));
            }
            Vec::new()
        }
    }
}

fn count_pidfiles(once: &Once<'_>, directory: &Path, seen: &mut Seen) -> usize {
    names(once, directory, seen)
        .iter()
        .map(|name| PathBuf::from(name.path()))
        .filter(|name| {
            let text = Text::from(name.as_path());
            let begins = |stem: &str| text.bytes().starts_with(stem.as_bytes());
            stems().any(begins) && text.bytes().ends_with(b".pid")
        })
        .count()
}

/// What the names of pidfiles usually begin with, a server each.
fn stems() -> impl Iterator<Item = &'static str> {
    SERVERS
        .iter()
        .filter_map(|server| Path::new(server.usual_pidfiles.first()?).file_stem()?.to_str())
}
