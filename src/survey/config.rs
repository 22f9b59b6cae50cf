//! A master's configuration file: the copy that it loaded, and the one that the next re-execution will load.

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Config, Layout, Process};
use crate::os::{Root, Text};
use crate::servers::{Options, Server};

/// How much of a configuration file is read.
const CONFIG_BOUND: u32 = 1 << 20;

/// Reads a configuration at a path. A file that is not there is lacking as such.
pub fn read(once: &Once<'_>, server: &Server, root: Root, path: &Path) -> Fact<Config> {
    once.file(root, path, CONFIG_BOUND).then(|bytes| match bytes {
        Some(bytes) => {
            let mut config = (server.read_config)(&bytes, path);
            config.file = once.spot(root, path);
            Ok(config)
        }
        None => Err(Lack::Depends("a configuration file that is not there".into())),
    })
}

/// The configuration of a server that was given none: every setting has its default.
pub fn none(server: &Server, process: &Process) -> Fact<Config> {
    let place = Place::new(format!("/proc/{}/cmdline", process.pid));
    Fact::known(place, (server.read_config)(&Text::default(), Path::new("")))
}

/// The copy that a master loaded. A path through `current` led, when it was loaded, into the release that the
/// master runs; where that copy is gone, the one that stands at the path now has to do.
pub fn loaded(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    options: &Options,
    layout: Option<&Layout>,
) -> Fact<Config> {
    let Some(given) = &options.config else { return none(server, process) };
    let cwd = process.cwd.get().map(|cwd| cwd.path.clone());
    let given = if given.is_absolute() {
        given.clone()
    } else {
        match (&cwd, &process.cwd.value) {
            (Some(cwd), _) => cwd.join(given),
            (None, Err(lack)) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
            (None, Ok(_)) => return Fact::lacking(process.cwd.place.clone(), Lack::NotAsked),
        }
    };
    if let Some(own) = own_copy(&given, cwd.as_deref(), layout) {
        let config = read(once, server, process.root, &own);
        if config.get().is_some() {
            return config;
        }
    }
    read(once, server, process.root, &given)
}

/// `ROOT/current/REST` as it was in the release that the process runs: `ROOT/releases/ID/REST`.
fn own_copy(given: &Path, cwd: Option<&Path>, layout: Option<&Layout>) -> Option<PathBuf> {
    let layout = layout?;
    let rest = given.strip_prefix(&layout.current.path).ok()?;
    let release = layout.release_of(cwd?)?;
    let release = layout.release(&release)?;
    Some(release.path.join(rest))
}
