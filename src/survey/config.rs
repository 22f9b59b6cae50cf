//! A master's configuration file: the copy that it loaded, and the one that the next re-execution will load.

use std::path::{Path, PathBuf};

use super::cores;
use super::once::Once;
use super::pidfiles::with_suffix;
use crate::contract::{Loading, Options, Server, Variables};
use crate::facts::pidfile::{Content, parse};
use crate::facts::{Fact, Lack, Place};
use crate::model::config::OldPath;
use crate::model::config::oldbin;
use crate::model::{Config, Layout, Process, Setting};
use crate::os::{Root, Text};
use crate::servers::effort;

/// How much of a configuration file is read.
const CONFIG_BOUND: u32 = 1 << 20;

/// How the server would see the file itself.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The path as it is given to the server.
    pub given: &'a Path,
    /// The working directory of the process that loads it, links resolved, if that is known.
    pub cwd: Option<&'a Path>,
    /// It is read from there on: no `working_directory` has changed it since the process started somewhere else.
    pub from_there: bool,
    /// The environment that it is loaded with, if that is known.
    pub variables: Option<&'a Variables>,
}

/// Reads a configuration at a path. A file that is not there is lacking as such.
pub fn read(
    once: &Once<'_>,
    server: &Server,
    root: Root,
    path: &Path,
    seen: Seen<'_>,
) -> Fact<Config> {
    once.file(root, path, CONFIG_BOUND).then(|bytes| match bytes {
        Some(text) => {
            let Seen { given, cwd, variables, from_there } = seen;
            let begun = cwd.filter(|_| from_there);
            let loading = Loading { text: &text, path, given, cwd: begun, variables };
            let mut config = effort::text(|| (server.read_config)(&loading))?;
            config.file = once.spot(root, path);
            if server.is_proxy() {
                cores::counted(once, &mut config);
            }
            resolve(once, root, &mut config, cwd);
            Ok(config)
        }
        None => Err(Lack::Depends("a configuration file that is not there".into())),
    })
}

/// Finds out where the oldbin pidfiles of hooks really are, where they are not plainly those of `pid`.
fn resolve(once: &Once<'_>, root: Root, config: &mut Config, cwd: Option<&Path>) {
    let real = |path: &Path| {
        let absolute = match cwd {
            _ if path.is_absolute() => path.to_path_buf(),
            Some(cwd) => cwd.join(path),
            None => {
                let lack = Lack::Depends("the directory of the next re-execution".into());
                return Fact::lacking(Place::path(path), lack);
            }
        };
        let (Some(directory), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Fact::known(Place::path(path), Some(absolute.clone()));
        };
        once.real(root, directory).map(|directory| directory.map(|there| there.join(name)))
    };
    let plain = config.pid.value().map(|pid| oldbin(pid));
    let mut asked = false;
    for one in config.hooks.iter_mut().flat_map(|hook| &mut hook.old_paths) {
        if let Setting::Set { value: OldPath::Path { path, real: there }, .. } = one
            && plain.as_ref() != Some(&*path)
        {
            *there = real(path);
            asked = true;
        }
    }
    if let (true, Some(pid)) = (asked, config.pid.value()) {
        config.pid_real = real(pid);
    }
}

/// The configuration of a server that was given none: every setting has its default.
pub fn none(server: &Server, process: &Process) -> Fact<Config> {
    let place = Place::new(format!("/proc/{}/cmdline", process.pid));
    let nothing = Path::new("");
    let loading = Loading {
        text: &Text::default(),
        path: nothing,
        given: nothing,
        cwd: None,
        variables: None,
    };
    Fact::known(place, (server.read_config)(&loading))
}

/// The one in a usual place, of a server whose title does not name it. It has to agree with what the title says, or its
/// pidfile has to name the process: else it may be that of another.
fn usual(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    options: &Options,
    variables: Option<&Variables>,
    layout: Option<&Layout>,
) -> Fact<Config> {
    let cwd = match &process.cwd.value {
        Ok(cwd) => cwd.path.as_path(),
        Err(lack) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
    };
    // A program that was built by hand has its configuration beside itself: `PREFIX/sbin/nginx`.
    let prefix = process.exe.get().and_then(|exe| exe.path.parent()?.parent());
    let beside = prefix.filter(|_| server.is_proxy()).unwrap_or(cwd);
    let bases = [Some(beside), layout.map(|layout| layout.root.as_path())];
    let every = |base: &Path| server.usual_configs.iter().map(|path| base.join(path)).collect();
    let paths: Vec<PathBuf> = bases.into_iter().flatten().flat_map::<Vec<_>, _>(every).collect();
    for path in paths {
        let seen = Seen { given: &path, cwd: Some(cwd), from_there: true, variables };
        let config = read(once, server, process.root, &path, seen);
        match &config.value {
            Ok(found)
                if (server.agrees)(found, options) || names(once, server, process, cwd, found) =>
            {
                return config;
            }
            Ok(_) | Err(Lack::Depends(_)) => {}
            Err(_) => return config,
        }
    }
    let place = Place::new(format!("/proc/{}/cmdline", process.pid));
    Fact::lacking(place, Lack::Untold("arguments that its title does not show".into()))
}

/// The one that lies in the working directory, of a server that was seen to be given no other: it reads that one, or none.
fn in_directory(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    variables: Option<&Variables>,
) -> Fact<Config> {
    let cwd = match &process.cwd.value {
        Ok(cwd) => cwd.path.as_path(),
        Err(lack) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
    };
    for path in server.usual_configs.iter().map(|path| cwd.join(path)) {
        let seen = Seen { given: &path, cwd: Some(cwd), from_there: true, variables };
        let config = read(once, server, process.root, &path, seen);
        if !matches!(config.lack(), Some(Lack::Depends(_))) {
            return config;
        }
    }
    none(server, process)
}

/// Whether the pidfile that a configuration sets names this process.
fn names(once: &Once<'_>, server: &Server, process: &Process, cwd: &Path, config: &Config) -> bool {
    let Some(path) = config.pid.value().map(|path| cwd.join(path)) else { return false };
    // While two generations live, the new one has a file of its own.
    let new = server.new_suffix.map(|suffix| with_suffix(&path, suffix));
    std::iter::once(path).chain(new).any(|path| {
        let file = once.head(process.root, &path, 65);
        let content = file.get().and_then(Option::as_ref).map(|bytes| parse(bytes, i32::MAX));
        match content {
            Some(Content::Pid(pid)) => pid == process.own_number(),
            Some(Content::First) => process.own_number().number() == 1,
            Some(Content::Garbled(_)) | None => false,
        }
    })
}

/// The copy that a master loaded. A path through `current` led, when it was loaded, into the release that the
/// master runs; where that copy is gone, the one that stands at the path now has to do.
pub fn loaded(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    options: &Options,
    variables: Option<&Variables>,
    layout: &Fact<Option<Layout>>,
) -> Fact<Config> {
    let Some(given) = &options.config else {
        return if server.usual_configs.is_empty() {
            none(server, process)
        } else if options.whole {
            in_directory(once, server, process, variables)
        } else {
            let layout = layout.get().and_then(Option::as_ref);
            usual(once, server, process, options, variables, layout)
        };
    };
    let cwd = process.cwd.get().map(|cwd| cwd.path.as_path());
    let seen = Seen { given, cwd, from_there: true, variables };
    let config = copy(once, server, process, layout, seen);
    let moves = config.get().is_some_and(|config| config.working_directory.line().is_some());
    if moves && !started_there(once, process, layout) {
        return copy(once, server, process, layout, Seen { from_there: false, ..seen });
    }
    config
}

/// Whether a process was started in the directory that it works in now, as the shell told it: what a configuration makes
/// of the working directory before it changes that counts from there.
fn started_there(once: &Once<'_>, process: &Process, layout: &Fact<Option<Layout>>) -> bool {
    let pwd = process.environ.get().and_then(|environ| environ.value("PWD")).map(Text::path);
    let (Some(pwd), Some(cwd)) = (pwd, process.cwd.get()) else { return false };
    let layout = layout.get().and_then(Option::as_ref);
    let through_current = || layout.is_some_and(|layout| layout.through_current(pwd));
    let leads_there = || {
        let real = once.real(process.root, pwd);
        real.get().and_then(Option::as_ref) == Some(&cwd.path)
    };
    pwd == cwd.path || through_current() || leads_there()
}

/// The copy that it loaded, as far as that can be told.
fn copy(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    layout: &Fact<Option<Layout>>,
    seen: Seen<'_>,
) -> Fact<Config> {
    let (given, cwd) = (seen.given, seen.cwd);
    if server.is_proxy() && given.is_relative() {
        // It counts from the prefix that was compiled in, or given as a relative one itself.
        let place = Place::new(format!("/proc/{}/cmdline", process.pid));
        return Fact::lacking(
            place,
            Lack::Untold("the prefix that it counts its paths from".into()),
        );
    }
    let path = if given.is_absolute() {
        given.to_path_buf()
    } else {
        match (cwd, &process.cwd.value) {
            (Some(cwd), _) => cwd.join(given),
            (None, Err(lack)) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
            (None, Ok(_)) => return Fact::lacking(process.cwd.place.clone(), Lack::NotAsked),
        }
    };
    let layout = match &layout.value {
        Ok(layout) => layout.as_ref(),
        // Which copy it loaded depends on the releases.
        Err(lack) => return Fact::lacking(layout.place.clone(), lack.clone()),
    };
    if let Some(layout) = layout
        && let Some(rest) = layout.below_current(&path)
    {
        let cwd = match &process.cwd.value {
            Ok(cwd) => &cwd.path,
            Err(lack) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
        };
        if let Some(release) = layout.entry_of(cwd) {
            let config = read(once, server, process.root, &release.join(rest), seen);
            // Its own copy, or why that was not seen: only where it is gone does the other one have to do.
            if !matches!(config.lack(), Some(Lack::Depends(_))) {
                return config;
            }
        }
    }
    read(once, server, process.root, &path, seen)
}
