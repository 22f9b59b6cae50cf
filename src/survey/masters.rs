//! A tree into a master of the model: its release, configuration, pidfile, restart context and versions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::adopt::{Member, Tree};
use super::config;
use super::connections;
use super::freezer;
use super::listeners;
use super::log;
use super::outputs;
use super::proxied;
use super::python;
use super::restart::Known;
use super::sizes;
use super::supervisor::{Around, supervisor};
use super::threads;
use super::variables::Asked;
use crate::contract::{Options, Part, Runtime, Server, Variables};
use crate::facts::cgroup::Frozen;
use crate::facts::environ::Environ;
use crate::facts::sockets::SocketTable;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Config, Layout, Master, Process, Restart, Role, Setting, Worker};
use crate::os::{Arguments, Pid, StartContext, Text};

use super::once::Once;

/// What is known round a tree when it becomes a master.
pub struct Round<'a> {
    /// The look.
    pub once: &'a Once<'a>,
    /// The releases, or why they could not be read.
    pub layout: &'a Fact<Option<Layout>>,
    /// The sockets of its network namespace.
    pub sockets: &'a Fact<SocketTable>,
    /// All masters of the machine: none of them is another's supervisor.
    pub masters: &'a BTreeSet<Pid>,
}

/// The paths of a master that may lead into a deploy root, the most telling first.
pub fn paths(member: &Member) -> Vec<PathBuf> {
    let process = &member.process;
    let options = (member.server.options)(&member.recognised.arguments);
    let environ = process.hands_on().get();
    let variable =
        |name| environ.and_then(|e: &Environ| e.value(name)).map(|v| v.path().to_path_buf());
    let cwd = process.cwd.get().map(|cwd| cwd.path.clone());
    let config = options.config.filter(|path| path.is_absolute());
    [cwd, config, variable("PWD"), variable("BUNDLE_GEMFILE")]
        .into_iter()
        .flatten()
        .filter(|path| path.is_absolute())
        .collect()
}

impl Round<'_> {
    /// A master.
    pub fn master(&self, tree: Tree, context: &Fact<StartContext>) -> Master {
        let Tree { master, phase, parent, child, workers, unread } = tree;
        let Member { process, server, recognised } = master;
        let layout = self.layout.get().and_then(Option::as_ref);
        let options = (server.options)(&recognised.arguments);
        let asked = Asked { server, process: &process, recognised: &recognised, options: &options };
        let variables = asked.loaded();
        let variables = variables.as_ref();
        let loaded = config::loaded(self.once, server, &process, &options, variables, self.layout);
        let loaded = overruled(server, &process, &recognised.arguments, variables, loaded);
        let log = log::read(self.once, server, &process, &loaded);
        let known = Known {
            once: self.once,
            server,
            process: &process,
            recognised: &recognised,
            options: &options,
            context,
            loaded: &loaded,
            log: &log,
            layout,
        };
        let restart = match server.runtime {
            _ if !server.reexecutes => Restart::not_followed(process.pid, server.name),
            Runtime::Python => known.by_interpreter(),
            Runtime::Ruby | Runtime::Native => known.restart(),
        };
        let config = match &restart.config.value {
            _ if !server.keeps_start_context => loaded.clone(),
            Ok(Some(spot)) => {
                let directory = restart.directory.get().and_then(|spot| spot.real.get());
                let given = options.config.as_deref().unwrap_or(&spot.path);
                let cwd = directory.and_then(Option::as_deref);
                let variables = asked.next(&loaded, &restart);
                let variables = variables.as_ref();
                let seen = config::Seen { given, cwd, from_there: true, variables };
                config::read(self.once, server, process.root, &spot.path, seen)
            }
            Ok(None) => config::none(server, &process),
            Err(lack) => Fact::lacking(restart.config.place.clone(), lack.clone()),
        };
        let (upstreams, elsewhere) = proxied::upstreams(self.once, server, &process, &loaded);
        let release = self.release(&process);
        let given = pidfile(server, &process, &loaded, &options);
        let maps = process.maps.get();
        let version = match server.runtime {
            Runtime::Python => python::version(self.once, &process, &restart, server.kind.name()),
            Runtime::Ruby | Runtime::Native => maps
                .and_then(|maps| crate::deploy::ruby::gem_version(maps, server.kind.name()))
                .or_else(|| packaged(self.once, &process, server.kind.name())),
        };
        let frozen = freezer::frozen(self.once, process.pid);
        Master {
            kind: server.kind,
            beside: server.beside,
            role: match recognised.part {
                Part::Master { old: true } => Role::Old,
                _ => Role::Current,
            },
            workers: self.workers(server, workers, process.pid, &frozen),
            supervisor: supervisor(&Around {
                once: self.once,
                process: &process,
                server,
                masters: self.masters,
                pidfile: &given,
            })
            .into(),
            pidfile: given,
            unread,
            log: log.into(),
            room: sizes::room(self.once, process.pid),
            frozen,
            listens: listeners::listens(&process, server, self.sockets),
            server_version: version,
            ruby_version: maps.and_then(|maps| crate::deploy::ruby::version(maps)),
            revision: revision(recognised.tag.as_ref(), layout, &release),
            databases: connections::databases(&process, self.sockets).into(),
            upstreams: upstreams.into(),
            elsewhere,
            serves_alone: serves_alone(server, &process),
            outputs: if server.keeps_start_context {
                outputs::outputs(self.once, process.root, &config, &restart)
            } else {
                Vec::new()
            },
            arguments: recognised.arguments,
            phase,
            parent,
            child,
            release,
            config: config.into(),
            loaded: loaded.into(),
            restart: restart.into(),
            process,
        }
    }

    fn workers(
        &self,
        server: &Server,
        workers: Vec<(Process, Option<u32>)>,
        of: Pid,
        frozen: &Fact<Option<Frozen>>,
    ) -> Vec<Worker> {
        let worker = |(process, number): (Process, Option<u32>)| Worker {
            release: self.release(&process),
            frozen: freezer::frozen_beside(self.once, process.pid, of, frozen),
            serves: threads::serves(self.once, server, process.pid),
            number,
            process,
        };
        workers.into_iter().map(worker).collect()
    }

    /// The release whose directory a process runs in.
    pub fn release(&self, process: &Process) -> Fact<Option<String>> {
        let cwd = match &process.cwd.value {
            Ok(cwd) => cwd,
            Err(lack) => return Fact::lacking(process.cwd.place.clone(), lack.clone()),
        };
        match &self.layout.value {
            Ok(layout) => Fact::known(
                process.cwd.place.clone(),
                layout.as_ref().and_then(|layout| layout.release_of(&cwd.path)),
            ),
            Err(lack) => Fact::lacking(self.layout.place.clone(), lack.clone()),
        }
    }
}

/// Where Debian keeps what it knows of its gems: their extensions lie in a directory without a version.
const INTEGRATION: &str = "/usr/share/rubygems-integration";

/// The version of a gem whose extension lies in `vendor_ruby`, from the name of its specification. Several versions in
/// one place tell nothing.
fn packaged(once: &Once<'_>, process: &Process, gem: &str) -> Option<String> {
    let vendored = process.maps.get()?.iter().find_map(|mapped| {
        let mut above = mapped.path.ancestors().skip(1);
        let name = mapped.path.file_name()?.to_str()?;
        let abi = above.next()?;
        let is_vendored = above.next()?.file_name()? == "vendor_ruby";
        (is_vendored && name.starts_with(gem)).then(|| abi.file_name())?
    })?;
    let home = process.environ.get().and_then(|environ| environ.value("GEM_HOME"));
    let home = home.map(|home| home.path().to_path_buf()).filter(|home| home.is_absolute());
    let integration = Path::new(INTEGRATION);
    [Some(integration.join(vendored)), Some(integration.join("all")), home]
        .into_iter()
        .flatten()
        .find_map(|home| {
            let names = once.list(process.root, &home.join("specifications"));
            let names = names.value.ok().flatten()?;
            let mut versions =
                names.iter().filter_map(|name| crate::deploy::ruby::specified(name.utf8()?, gem));
            versions.next().filter(|_| versions.next().is_none())
        })
}

/// The pidfile that a master was given. A relative one follows the working directory: Unicorn never expands it
/// (`configurator.rb`, `set_path`).
fn pidfile(
    server: &Server,
    process: &Process,
    loaded: &Fact<Config>,
    options: &Options,
) -> Fact<Option<PathBuf>> {
    let config = match &loaded.value {
        Ok(config) => config,
        Err(lack) => return Fact::lacking(loaded.place.clone(), lack.clone()),
    };
    let (place, path): (Place, &Path) = match (&config.pid, &options.pid) {
        (Setting::Set { value, line }, _) => (config.at(*line), value),
        (Setting::Unevaluable { line, text }, _) => {
            return Fact::lacking(config.at(*line), Lack::Unevaluable(format!("pid {text}")));
        }
        (Setting::NotSet, Some(path)) => {
            (Place::new(format!("/proc/{}/cmdline", process.pid)), path)
        }
        (Setting::NotSet, None) if !server.usual_configs.is_empty() && !options.whole => {
            // It has one that was compiled in, or an argument gave it that no title shows.
            let what = Lack::Untold("arguments that its title does not show".into());
            return Fact::lacking(loaded.place.clone(), what);
        }
        (Setting::NotSet, None) => return Fact::known(loaded.place.clone(), None),
    };
    if super::pidfiles::is_none(path) {
        return Fact::known(place, None);
    }
    if path.is_absolute() {
        return Fact::known(place, Some(path.to_path_buf()));
    }
    match &process.cwd.value {
        Ok(cwd) => Fact::known(place, Some(cwd.path.join(path))),
        Err(lack) => Fact::lacking(process.cwd.place.clone(), lack.clone()),
    }
}

/// A configuration with what overrules it.
fn overruled(
    server: &Server,
    process: &Process,
    arguments: &Arguments,
    variables: Option<&Variables>,
    loaded: Fact<Config>,
) -> Fact<Config> {
    let Some(overrule) = server.overrule else { return loaded };
    loaded.map(|mut config| {
        config.over = Some(Place::new(format!("/proc/{}/cmdline", process.pid)));
        overrule(&mut config, arguments, variables);
        config
    })
}

/// Whether a ready master serves by itself: it is of a server that may, and forks no workers.
fn serves_alone(server: &Server, process: &Process) -> Option<bool> {
    process.status.get().map(|status| !(server.forks_workers)(status))
}

fn revision(
    tag: Option<&(Text, String)>,
    layout: Option<&Layout>,
    release: &Fact<Option<String>>,
) -> Option<String> {
    tag.map(|(_, revision)| revision.clone()).or_else(|| {
        let name = release.get()?.as_deref()?;
        layout?.release(name)?.revision.clone()
    })
}
