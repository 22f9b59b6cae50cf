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
            if has(b"releases") && has(b"current") {
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
        how: "/run, /var/www/*/shared/pids, /srv/*/shared/pids".into(),
        found: pidfiles,
    });
    seen.searched.push(Searched {
        what: "releases",
        how: "a directory \"releases\" beside a link \"current\"".into(),
        found: seen.idle_roots.len(),
    });
    let services = SERVICES.iter().map(|place| services(once, place, seen)).sum();
    seen.searched.push(Searched {
        what: "services",
        how: "/etc/systemd, /etc/service, supervisor.d".into(),
        found: services,
    });
}

/// A directory of a supervisor's services: how the names of its files end, and what lies below each name.
struct Place {
    directory: &'static str,
    ends: &'static [&'static str],
    below: &'static str,
}

/// Where supervisors have their services by default (`systemd.unit(5)`, `runsvdir(8)`, supervisord's packages).
const SERVICES: &[Place] = &[
    Place { directory: "/etc/systemd/system", ends: &[".service"], below: "" },
    Place { directory: "/etc/service", ends: &[""], below: "run" },
    Place { directory: "/etc/supervisor/conf.d", ends: &[".conf"], below: "" },
    Place { directory: "/etc/supervisord.d", ends: &[".conf", ".ini"], below: "" },
    Place { directory: "/etc/supervisor.d", ends: &[".conf", ".ini"], below: "" },
];
/// So many services of a directory are read, and so much of each: a supervisor's own file is short.
const MOST: usize = 64;
const BOUND: u32 = 8 * 1024;

/// How many services of a place name a server.
fn services(once: &Once<'_>, place: &Place, seen: &mut Seen) -> usize {
    let directory = Path::new(place.directory);
    let ends = |name: &Text| place.ends.iter().any(|end| name.bytes().ends_with(end.as_bytes()));
    let names = names(once, directory, seen);
    let paths = names.iter().filter(|name| ends(name)).take(MOST).map(|name| {
        let path = directory.join(name.path());
        if place.below.is_empty() { path } else { path.join(place.below) }
    });
    let read: Vec<_> = paths.map(|path| once.head(Root::Own, &path, BOUND)).collect();
    read.iter().filter_map(|file| file.get()?.as_ref()).filter(|text| names_a_server(text)).count()
}

/// Whether a line that is no comment has the name of a server in it.
fn names_a_server(text: &Text) -> bool {
    let named = |line: &[u8]| {
        let mut words = line.split(|byte| !byte.is_ascii_alphanumeric());
        words.any(|word| SERVERS.iter().any(|server| server.kind.name().as_bytes() == word))
    };
    text.bytes()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii_start().starts_with(b"#"))
        .any(named)
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
