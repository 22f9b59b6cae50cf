//! The Gemfile that Bundler will load in the next re-execution.

use std::path::{Path, PathBuf};

use super::Known;
use crate::contract::Part;
use crate::deploy::bundler;
use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Config, Gemfile, Hook, Lock, Setting};
use crate::os::text::contains;
use crate::os::{FileKind, Refusal, Text};

/// How much of a lock file is read.
const LOCK_BOUND: u32 = 1 << 20;

/// How much of a script is read.
const SOURCE_BOUND: u32 = 1 << 16;

/// Whether Bundler is in play in a process whose environment does not name a Gemfile.
enum Bundler {
    /// It is not.
    None,
    /// It is: what shows it, and the Gemfile where it is not the working directory's.
    By(Place, Option<PathBuf>),
    /// Nothing tells.
    Unknown(Lack),
}

impl Known<'_> {
    /// B: an unconditional assignment of the configuration, else the live environment's value; where that is not
    /// known the start environment's, else what Bundler computed in-process at the first start (`failures.md` O2),
    /// whoever set it up.
    pub(super) fn gemfile(&self, program: &Fact<Spot>) -> Fact<Option<Gemfile>> {
        match &self.loaded.value {
            Ok(config) => {
                if let Some(fact) = self.gemfile_of(config) {
                    return fact;
                }
            }
            // What could not be read may set it; a file that is not there sets nothing.
            Err(lack @ Lack::Refused(_)) => {
                return Fact::lacking(self.loaded.place.clone(), lack.clone());
            }
            Err(_) => {}
        }
        let handed_on = self.process.hands_on();
        let place = handed_on.place.clone();
        let environ = match &handed_on.value {
            Ok(environ) => environ,
            Err(lack) => return Fact::lacking(place, lack.clone()),
        };
        if let Some(path) = environ.value("BUNDLE_GEMFILE").filter(|value| !value.is_empty()) {
            return Fact::known(place, Some(self.gemfile_at(path.path(), false)));
        }
        let (by, gemfile) = match self.bundler(program) {
            Bundler::None => return Fact::known(place, None),
            Bundler::Unknown(lack) => return Fact::lacking(place, lack),
            Bundler::By(by, gemfile) => (by, gemfile),
        };
        if let Some(gemfile) = gemfile {
            return Fact::known(by, Some(self.gemfile_at(&gemfile, false)));
        }
        match &self.process.cwd.value {
            Ok(cwd) => Fact::known(by, Some(self.gemfile_at(&cwd.path.join("Gemfile"), false))),
            Err(lack) => Fact::lacking(self.process.cwd.place.clone(), lack.clone()),
        }
    }

    /// What the configuration sets; `None`: nothing.
    fn gemfile_of(&self, config: &Config) -> Option<Fact<Option<Gemfile>>> {
        // What a worker does to its own environment is not handed on.
        let early = |hook: Option<Hook>| matches!(hook, None | Some(Hook::BeforeExec));
        let mut newest = config.environment.iter().rev();
        let set = newest.find(|set| early(set.hook) && set.name.bytes() == b"BUNDLE_GEMFILE");
        let before = |line: usize| set.and_then(|set| set.value.line()).is_none_or(|at| at < line);
        let sweep = config
            .sweeps
            .iter()
            .rev()
            .find(|sweep| sweep.hook == Some(Hook::BeforeExec) && before(sweep.line));
        if let Some(sweep) = sweep {
            let place = Place::line(&config.file.path, sweep.line);
            return Some(Fact::lacking(place, Lack::Unevaluable(sweep.text.to_string())));
        }
        match &set?.value {
            Setting::Set { value, line } => {
                let place = Place::line(&config.file.path, *line);
                Some(Fact::known(place, Some(self.gemfile_at(value.path(), true))))
            }
            Setting::Unevaluable { line, text } => Some(Fact::lacking(
                Place::line(&config.file.path, *line),
                Lack::Unevaluable(format!("BUNDLE_GEMFILE = {text}")),
            )),
            Setting::NotSet => None,
        }
    }

    /// Who set Bundler up although no variable says so. `bundle exec` runs Ruby scripts in its own process
    /// (`bundler/cli/exec.rb`, `kernel_load`), which then keeps the name `bundle`; a binstub and a preloaded application
    /// require `bundler/setup` themselves.
    fn bundler(&self, program: &Fact<Spot>) -> Bundler {
        let pid = self.process.pid;
        let named =
            |name: &[u8]| self.process.stat.get().is_some_and(|stat| stat.comm.bytes() == name);
        let option = self
            .process
            .hands_on()
            .get()
            .and_then(|environ| environ.value("RUBYOPT"))
            .is_some_and(|value| contains(value.bytes(), b"bundler/setup"));
        // A server that is up has been through Bundler, and Bundler sets the variable in its own process: where the live
        // environment is known and lacks it, nothing else can have set Bundler up.
        let settled = self.process.live.get().is_some()
            && matches!(self.recognised.part, Part::Master { .. });
        if settled && !option {
            return Bundler::None;
        }
        if named(b"bundle") || option {
            let by = Place::new(format!("/proc/{pid}/cwd, where bundle exec started"));
            return Bundler::By(by, None);
        }
        for by in [self.binstub(program), self.booted()] {
            match by {
                Ok(Some(by)) => return by,
                Ok(None) => {}
                Err(lack) => return Bundler::Unknown(lack),
            }
        }
        // `#!/usr/bin/env ruby` leaves neither the name nor the path of what it runs.
        let has_gemfile = self.process.cwd.get().is_some_and(|cwd| {
            matches!(self.spot(&cwd.path.join("Gemfile")).stat.get(), Some(Some(_)))
        });
        if program.get().is_none() && has_gemfile && !named(self.recognised.program.bytes()) {
            return Bundler::Unknown(Lack::Depends("whether Bundler started it".into()));
        }
        Bundler::None
    }

    /// A program that is Ruby and sets Bundler up takes the Gemfile above its own real directory (`bundle binstubs`).
    fn binstub(&self, program: &Fact<Spot>) -> Result<Option<Bundler>, Lack> {
        let Some(spot) = program.get() else { return Ok(None) };
        let Some(source) = self.source(&spot.path)? else { return Ok(None) };
        let first = source.bytes().split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !contains(first, b"ruby") || !bundler::is_set_up_by(&source) {
            return Ok(None);
        }
        let own = self.layout.zip(self.process.cwd.get()).and_then(|(layout, cwd)| {
            layout.release_of(&cwd.path)?;
            // It ran as the release has it that the process runs, whatever `current` names by now.
            layout.below_current(&spot.path)?;
            Some(cwd.path.join("Gemfile"))
        });
        let real = || Some(spot.real.get()?.as_ref()?.parent()?.parent()?.join("Gemfile"));
        Ok(Some(Bundler::By(Place::path(&spot.path), own.or_else(real))))
    }

    /// An application that the master itself loaded.
    fn booted(&self) -> Result<Option<Bundler>, Lack> {
        const BOOT: &[&str] = &["config/boot.rb", "config/application.rb", "config/environment.rb"];
        let preload = match self.loaded.get().map(|config| &config.preload_app) {
            Some(Setting::Set { value, .. }) => Some(*value),
            Some(Setting::NotSet) | None => Some(false),
            Some(Setting::Unevaluable { .. }) => None,
        };
        let Some(cwd) = self.process.cwd.get().filter(|_| preload != Some(false)) else {
            return Ok(None);
        };
        let rackup = self.options.rackup.clone().unwrap_or_else(|| "config.ru".into());
        for file in std::iter::once(rackup).chain(BOOT.iter().map(PathBuf::from)) {
            let path = cwd.path.join(file);
            if !self.source(&path)?.is_some_and(|source| bundler::is_set_up_by(&source)) {
                continue;
            }
            return Ok(Some(match preload {
                Some(_) => Bundler::By(Place::path(&path), None),
                None => Bundler::Unknown(Lack::Unevaluable("preload_app".into())),
            }));
        }
        Ok(None)
    }

    fn source(&self, path: &Path) -> Result<Option<Text>, Lack> {
        match self.once.file(self.root(), path, SOURCE_BOUND).value {
            // A directory in the way of a file that is only looked for is no file.
            Err(Lack::Refused(Refusal::Unsupported(_))) => Ok(None),
            other => other,
        }
    }

    pub(super) fn gemfile_at(&self, path: &Path, set_by_config: bool) -> Gemfile {
        let file = self.spot(path);
        let release = self.layout.and_then(|layout| layout.release_of(path));
        let rescued = self.rescued(path);
        let lock = self.lock_beside(path);
        Gemfile { file, release, rescued, lock, set_by_config }
    }

    /// Whether the entry of `releases/` that a path goes through is a link that leads somewhere.
    fn rescued(&self, path: &Path) -> Fact<bool> {
        let entry = self.layout.and_then(|layout| layout.entry_of(path));
        let Some(entry) = entry else { return Fact::known(Place::path(path), false) };
        let real = self.once.real(self.root(), &entry);
        self.once.lstat(self.root(), &entry).then(|stat| match stat {
            Some(stat) if stat.kind == FileKind::Symlink => Ok(real.value?.is_some()),
            _ => Ok(false),
        })
    }

    fn lock_beside(&self, gemfile: &Path) -> Fact<Option<Lock>> {
        let name = gemfile.file_name().map(std::ffi::OsStr::to_os_string).unwrap_or_default();
        let path = if name == "gems.rb" {
            gemfile.with_file_name("gems.locked")
        } else {
            let mut lock = name;
            lock.push(".lock");
            gemfile.with_file_name(lock)
        };
        self.once
            .file(self.root(), &path, LOCK_BOUND)
            .then(|bytes| bytes.map(|bytes| bundler::read_lock(&path, &bytes)).transpose())
    }
}
