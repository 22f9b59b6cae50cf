//! The Gemfile that Bundler will load in the next re-execution.

use std::path::Path;

use super::Known;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Gemfile, Lock, Setting};

/// How much of a lock file is read.
const LOCK_BOUND: u32 = 1 << 20;

impl Known<'_> {
    /// B: an unconditional assignment of the configuration, else the start environment's value, else what
    /// Bundler computed in-process at the first start (`failures.md` O2).
    pub(super) fn gemfile(&self) -> Fact<Option<Gemfile>> {
        if let Ok(config) = &self.loaded.value {
            let set = config
                .environment
                .iter()
                .rev()
                .find(|assignment| assignment.name.bytes() == b"BUNDLE_GEMFILE");
            match set.map(|assignment| &assignment.value) {
                Some(Setting::Set { value, line }) => {
                    let place = Place::line(&config.file.path, *line);
                    return Fact::known(place, Some(self.gemfile_at(value.path(), true)));
                }
                Some(Setting::Unevaluable { line, text }) => {
                    return Fact::lacking(
                        Place::line(&config.file.path, *line),
                        Lack::Unevaluable(format!("BUNDLE_GEMFILE = {text}")),
                    );
                }
                Some(Setting::NotSet) | None => {}
            }
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
        let rescued = match (self.layout, &release) {
            (Some(layout), Some(name)) => {
                layout.release(name).is_some_and(|release| release.link_to.is_some())
            }
            _ => false,
        };
        let lock = self.lock_beside(path);
        Gemfile { file, release, rescued, lock, set_by_config }
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
