//! What stands on the disk besides processes: directories that apps are usually deployed to, and, on a machine without
//! servers, what else was looked for, so that the screen can say it.

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::facts::Lack;
use crate::model::{Searched, Seen};
use crate::os::{Ask, PathAsk, Refusal, Root, Text};
use crate::servers::SERVERS;

/// Directories whose entries are usually deploy roots.
const PARENTS: &[&str] = &[
    "/var/www",
    "/srv",
    "/srv/www",
    "/opt",
    "/home",
    "/u/apps",
    "/data/www",
    "/data",
    "/apps",
    "/app",
    "/usr/share/nginx",
];
/// So many entries of a directory are looked into, and so many directories in all: a look has to stay cheap.
const ENTRIES: usize = 64;
const DIRECTORIES: usize = 256;
/// What shows that an app lies in a directory.
const TELLING: &[&[u8]] = &[b"current", b"releases", b"shared", b"config", b"config.ru", b"tmp"];

/// What was found on the disk.
#[derive(Default)]
pub struct Idle {
    /// Directories in which an app lies.
    pub roots: Vec<PathBuf>,
    /// Of these, the ones with releases and a link to one.
    deployed: Vec<PathBuf>,
    /// Those that were not read, and why.
    closed: Vec<(PathBuf, Lack)>,
    /// How many files look like pidfiles of servers.
    pidfiles: usize,
}

/// Looks for directories of apps in the usual places, and one level below where none lies.
pub fn roots(once: &Once<'_>) -> Idle {
    let mut idle = Idle::default();
    let parents: Vec<PathBuf> = PARENTS.iter().map(PathBuf::from).collect();
    let first = idle.entries(once, &parents);
    let above = idle.sort(once, first);
    let second = idle.entries(once, &above);
    idle.sort(once, second);
    idle
}

impl Idle {
    /// The entries of these directories, as many as a look may look into.
    fn entries(&mut self, once: &Once<'_>, parents: &[PathBuf]) -> Vec<PathBuf> {
        ahead(once, parents);
        let mut all = Vec::new();
        for parent in parents {
            let names = self.names(once, parent);
            let plain = names.iter().filter(|name| !name.bytes().starts_with(b"."));
            all.extend(plain.take(ENTRIES).map(|name| parent.join(name.path())));
        }
        all.truncate(DIRECTORIES);
        all
    }

    /// Keeps those in which an app lies, and gives those in which one may lie deeper.
    fn sort(&mut self, once: &Once<'_>, directories: Vec<PathBuf>) -> Vec<PathBuf> {
        ahead(once, &directories);
        let mut deeper = Vec::new();
        for root in directories {
            let inside = self.names(once, &root);
            let has = |wanted: &[u8]| inside.iter().any(|name| name.bytes() == wanted);
            if !TELLING.iter().any(|telling| has(telling)) && !inside.iter().any(is_pidfile) {
                if !inside.is_empty() && !PARENTS.iter().any(|parent| root == Path::new(parent)) {
                    deeper.push(root);
                }
                continue;
            }
            if has(b"releases") && has(b"current") {
                self.deployed.push(root.clone());
            }
            if has(b"shared") {
                for below in ["shared/pids", "shared/tmp/pids"] {
                    self.pidfiles += self.count_pidfiles(once, &root.join(below));
                }
            }
            self.roots.push(root);
        }
        deeper
    }

    /// What lies in a directory. One that is there and was not read is noted: a server's root may lie in it.
    fn names(&mut self, once: &Once<'_>, directory: &Path) -> Vec<Text> {
        match once.list(Root::Own, directory).value {
            Ok(names) => names.unwrap_or_default(),
            Err(lack) => {
                if matches!(lack, Lack::Refused(Refusal::Denied | Refusal::TimedOut)) {
                    self.closed.push((directory.to_owned(), lack));
                }
                Vec::new()
            }
        }
    }

    fn count_pidfiles(&mut self, once: &Once<'_>, directory: &Path) -> usize {
        self.names(once, directory).iter().filter(|name| is_pidfile(name)).count()
    }

    /// Tells what was looked for.
    pub fn tell(mut self, once: &Once<'_>, seen: &mut Seen) {
        self.pidfiles += self.count_pidfiles(once, Path::new("/run"));
        seen.searched.push(Searched {
            what: "pidfiles",
            how: "/run, /var/www/*/shared/pids, /srv/*/shared/pids".into(),
            found: self.pidfiles,
        });
        seen.searched.push(Searched {
            what: "releases",
            how: "a directory \"releases\" beside a link \"current\"".into(),
            found: self.deployed.len(),
        });
        let services = SERVICES.iter().map(|place| services(once, place, &mut self)).sum();
        seen.searched.push(Searched {
            what: "services",
            how: "/etc/systemd, /etc/service, supervisor.d".into(),
            found: services,
        });
        seen.idle_roots = self.deployed;
        seen.closed = self.closed;
    }
}

/// Asks for the names in all of these at once.
fn ahead(once: &Once<'_>, directories: &[PathBuf]) {
    let list = |path: &PathBuf| Ask::path(Root::Own, path, PathAsk::List);
    once.fetch(directories.iter().map(list).collect());
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
fn services(once: &Once<'_>, place: &Place, idle: &mut Idle) -> usize {
    let directory = Path::new(place.directory);
    let ends = |name: &Text| place.ends.iter().any(|end| name.bytes().ends_with(end.as_bytes()));
    let names = idle.names(once, directory);
    let paths = names.iter().filter(|name| ends(name)).take(MOST).map(|name| {
        let path = directory.join(name.path());
        if place.below.is_empty() { path } else { path.join(place.below) }
    });
    let read: Vec<_> = paths.map(|path| once.head(Root::Own, &path, BOUND)).collect();
    read.iter().filter_map(|file| file.get()?.as_ref()).filter(|text| names_a_server(text)).count()
}

/// Whether a line that is no comment has the name of a server in it.
pub fn names_a_server(text: &Text) -> bool {
    let named = |line: &[u8]| {
        let mut words = line.split(|byte| !byte.is_ascii_alphanumeric());
        words.any(|word| SERVERS.iter().any(|server| server.kind.name().as_bytes() == word))
    };
    text.bytes()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii_start().starts_with(b"#"))
        .any(named)
}

/// Whether a file's name is that of a server's pidfile.
fn is_pidfile(name: &Text) -> bool {
    let begins = |stem: &str| name.bytes().starts_with(stem.as_bytes());
    stems().any(begins) && name.bytes().ends_with(b".pid")
}

/// What the names of pidfiles usually begin with, a server each.
fn stems() -> impl Iterator<Item = &'static str> {
    SERVERS
        .iter()
        .filter_map(|server| Path::new(server.usual_pidfiles.first()?).file_stem()?.to_str())
}
