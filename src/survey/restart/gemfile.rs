//! The Gemfile that Bundler will load in the next re-execution.

use std::path::Path;

use super::Known;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Config, Gemfile, Lock, Setting};
use crate::os::FileKind;

/// How much of a lock file is read.
const LOCK_BOUND: u32 = 1 << 20;

impl Known<'_> {
    /// B: an unconditional assignment of the configuration, else the start environment's value, else what
    /// Bundler computed in-process at the first start (`failures.md` O2).
    pub(super) fn gemfile(&self) -> Fact<Option<Gemfile>> {
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
        let place = self.process.environ.place.clone();
        let environ = match &self.process.environ.value {
            Ok(environ) => environ,
            Err(lack) => return Fact::lacking(place, lack.clone()),
        };
        if let Some(path) = environ.value("BUNDLE_GEMFILE").filter(|value| !value.is_empty()) {
            return Fact::known(place, Some(self.gemfile_at(path.path(), false)));
        }
        if !self.runs_bundler() {
            return Fact::known(place, None);
        }
        match &self.process.cwd.value {
            Ok(cwd) => {
                let place = Place::new(format!(
                    "/proc/{}/cwd, where bundle exec started",
                    self.process.pid
                ));
                Fact::known(place, Some(self.gemfile_at(&cwd.path.join("Gemfile"), false)))
            }
            Err(lack) => Fact::lacking(self.process.cwd.place.clone(), lack.clone()),
        }
    }

    /// What the configuration sets; `None`: nothing.
    fn gemfile_of(&self, config: &Config) -> Option<Fact<Option<Gemfile>>> {
        let mut newest = config.environment.iter().rev();
        let set = newest.find(|assignment| assignment.name.bytes() == b"BUNDLE_GEMFILE")?;
        match &set.value {
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

    /// Whether Bundler is in play although no variable says so: `bundle exec` runs Ruby scripts in its own process
    /// (`bundler/cli/exec.rb`, `kernel_load`), which then keeps the name `bundle`.
    fn runs_bundler(&self) -> bool {
        let named = self.process.stat.get().is_some_and(|s| s.comm.bytes() == b"bundle");
        let option = self
            .process
            .environ
            .get()
            .and_then(|environ| environ.value("RUBYOPT"))
            .is_some_and(|value| contains(value.bytes(), b"bundler/setup"));
        named || option
    }

    fn gemfile_at(&self, path: &Path, set_by_config: bool) -> Gemfile {
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
            .map(|bytes| bytes.map(|bytes| crate::deploy::bundler::parse_lock(&path, &bytes)))
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
