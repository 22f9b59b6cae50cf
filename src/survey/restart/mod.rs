//! What the next re-execution would run: from the master's memory, else from its log, else inferred from title,
//! environment and configuration (`failures.md` §5, A to D).

mod directory;
mod gemfile;
mod gems;
mod memory;
mod program;
mod python;
mod restored;

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::contract::{Options, Recognised, Server};
use crate::facts::files::Spot;
use crate::facts::process::exec_path_address;
use crate::facts::{Fact, Place, bytes};
use crate::model::log::Said;
use crate::model::{Config, Layout, Log, Origin, Process, Restart};
use crate::os::{Arguments, Ask, ProcText, Root, StartContext};

/// Directory, program and arguments.
type Start = (Fact<Spot>, Fact<Spot>, Fact<Arguments>);

/// What is known of a master.
pub struct Known<'a> {
    /// The look.
    pub once: &'a Once<'a>,
    /// The server.
    pub server: &'a Server,
    /// The master.
    pub process: &'a Process,
    /// Its title.
    pub recognised: &'a Recognised,
    /// Its arguments.
    pub options: &'a Options,
    /// What its memory says, or why that is not known.
    pub context: &'a Fact<StartContext>,
    /// The configuration that it loaded.
    pub loaded: &'a Fact<Config>,
    /// The end of its log.
    pub log: &'a Fact<Option<Log>>,
    /// The releases round it.
    pub layout: Option<&'a Layout>,
}

impl Known<'_> {
    fn root(&self) -> Root {
        self.process.root
    }

    fn spot(&self, path: &Path) -> Spot {
        self.once.spot(self.root(), path)
    }

    /// What the next re-execution would run.
    pub fn restart(&self) -> Restart {
        let in_memory = self.context.get().map(|context| self.remembered(context));
        let origin = in_memory.as_ref().map(|_| Origin::Memory);
        let logged = if in_memory.is_none() { self.logged() } else { None };
        let origin = origin.or(logged.as_ref().map(|_| Origin::Log));
        let (directory, program, arguments) =
            in_memory.or(logged).unwrap_or_else(|| self.inferred());
        let interpreter = self.interpreter(&program);
        let gemfile = self.restored(&directory).unwrap_or_else(|| self.gemfile(&program));
        let known = directory.get().is_some() || program.get().is_some();
        Restart {
            origin: origin.unwrap_or(if known { Origin::Inferred } else { Origin::Unknown }),
            config: self.config(&directory),
            gems: self.gems(&gemfile, &interpreter),
            gemfile,
            arguments,
            directory,
            program,
            interpreter,
            begins: None,
        }
    }

    /// The program in the last `executing` line about it, where memory does not tell it. The forked child writes that
    /// line (`http_server.rb`, `reexec`): it became this master, or this master reaped it. The directory in it is of no
    /// use: it stands there with its links resolved, whatever `START_CTX` says.
    fn logged(&self) -> Option<Start> {
        let log = self.log.get()?.as_ref()?;
        let own = self.process.own_number().number();
        let reaped = |child: i32| {
            log.entries.iter().any(|entry| {
                let ended = matches!(entry.said, Said::Ended { pid, .. } if pid == child);
                ended && entry.writer == Some(own)
            })
        };
        let (entry, program) = log.entries.iter().rev().find_map(|entry| {
            let Said::Executing { program, .. } = &entry.said else { return None };
            let writer = entry.writer?;
            (writer == own || reaped(writer)).then_some((entry, program))
        })?;
        let (directory, _, arguments) = self.inferred();
        let program = match directory.get() {
            Some(spot) => self.spot(&spot.path.join(program)),
            None if program.is_absolute() => self.spot(program),
            None => return None,
        };
        Some((directory, Fact::known(log.place(entry), program), arguments))
    }

    /// Directory, program and arguments as title, environment and configuration tell them.
    fn inferred(&self) -> Start {
        let directory = self.directory();
        let program = self.program(&directory);
        let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
        (directory, program, Fact::known(place, self.recognised.arguments.clone()))
    }

    /// D: where the `-c` file will be looked for.
    fn config(&self, directory: &Fact<Spot>) -> Fact<Option<Spot>> {
        let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
        let Some(path) = &self.options.config else { return self.found(directory, place) };
        if path.is_absolute() {
            return Fact::known(place, Some(self.spot(path)));
        }
        match &directory.value {
            Ok(spot) => Fact::known(place, Some(self.spot(&spot.path.join(path)))),
            Err(lack) => Fact::lacking(directory.place.clone(), lack.clone()),
        }
    }

    /// The one of a server that looks in usual places, or whose title does not name it: the same as it was found now,
    /// below the directory where that is the release.
    fn found(&self, directory: &Fact<Spot>, place: Place) -> Fact<Option<Spot>> {
        if self.server.usual_configs.is_empty() {
            return Fact::known(place, None);
        }
        let config = match &self.loaded.value {
            Ok(config) => config,
            Err(lack) => return Fact::lacking(self.loaded.place.clone(), lack.clone()),
        };
        // It runs without one.
        if config.file.path.as_os_str().is_empty() {
            return Fact::known(place, None);
        }
        let cwd = self.process.cwd.get().map(|cwd| cwd.path.as_path());
        let below = cwd.and_then(|cwd| config.file.path.strip_prefix(cwd).ok());
        let place = Place::path(&config.file.path);
        match (below, &directory.value) {
            (None, _) => Fact::known(place, Some(config.file.clone())),
            (Some(below), Ok(spot)) => Fact::known(place, Some(self.spot(&spot.path.join(below)))),
            (Some(_), Err(lack)) => Fact::lacking(directory.place.clone(), lack.clone()),
        }
    }

    /// The path that was executed: what the kernel put behind the start environment (`getauxval(3)`, AT_EXECFN).
    fn executed(&self) -> Fact<PathBuf> {
        let pid = self.process.pid;
        let address = self.once.fact(&Ask::Text(pid, ProcText::Auxv), |found| {
            bytes(found).and_then(|vector| exec_path_address(&vector))
        });
        match address.value {
            Ok(at) => self.once.fact(&Ask::CString(pid, at), |found| {
                bytes(found).map(|text| text.path().to_path_buf())
            }),
            Err(lack) => Fact::lacking(address.place, lack),
        }
    }
}
