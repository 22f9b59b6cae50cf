//! What the next re-execution would run, inferred from title, start environment and configuration (`failures.md` §5, A to D).

use std::path::{Path, PathBuf};

use super::once::Once;
use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Config, Gemfile, Layout, Lock, Origin, Process, Restart, Setting};
use crate::os::{Root, Text, shown};
use crate::servers::{Options, Recognised};

/// How much of a lock file is read.
const LOCK_BOUND: u32 = 1 << 20;

/// What inference stands on.
pub struct Known<'a> {
    /// The look.
    pub once: &'a Once<'a>,
    /// The master.
    pub process: &'a Process,
    /// Its title.
    pub recognised: &'a Recognised,
    /// Its arguments.
    pub options: &'a Options,
    /// The configuration that it loaded.
    pub loaded: &'a Fact<Config>,
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
        let directory = self.directory();
        let program = self.program(&directory);
        let interpreter = self.interpreter(&program);
        let known = directory.get().is_some() || program.get().is_some();
        Restart {
            origin: if known { Origin::Inferred } else { Origin::Unknown },
            config: self.config(&directory),
            gemfile: self.gemfile(),
            arguments: Fact::known(
                Place::new(format!("/proc/{}/cmdline", self.process.pid)),
                self.recognised.arguments.clone(),
            ),
            directory,
            program,
            interpreter,
        }
    }

    /// A: `working_directory`, else the start's `PWD` where it was the working directory, else the working directory.
    fn directory(&self) -> Fact<Spot> {
        let config = match &self.loaded.value {
            Ok(config) => config,
            Err(lack) => {
                return Fact::lacking(
                    self.loaded.place.clone(),
                    depends(lack, "its configuration"),
                );
            }
        };
        match &config.working_directory {
            Setting::Set { value, line } => {
                Fact::known(Place::line(&config.file.path, *line), self.spot(value))
            }
            Setting::Unevaluable { line, text } => Fact::lacking(
                Place::line(&config.file.path, *line),
                Lack::Unevaluable(format!("working_directory {text}")),
            ),
            Setting::NotSet => self.start_directory(),
        }
    }

    /// `START_CTX[:cwd]` as Unicorn computes it when it is loaded (`http_server.rb`, START_CTX): `PWD` if it is
    /// the working directory by another name, else the working directory with its links resolved.
    fn start_directory(&self) -> Fact<Spot> {
        let place = |file: &str| Place::new(format!("/proc/{}/{file}", self.process.pid));
        let environ = match &self.process.environ.value {
            Ok(environ) => environ,
            Err(lack) => return Fact::lacking(place("environ"), lack.clone()),
        };
        let cwd = match &self.process.cwd.value {
            Ok(cwd) => cwd,
            Err(lack) => return Fact::lacking(place("cwd"), lack.clone()),
        };
        if let Some(pwd) = environ.value("PWD").filter(|pwd| pwd.bytes().starts_with(b"/")) {
            let spot = self.spot(pwd.path());
            let same = spot.real.get().and_then(Option::as_ref) == Some(&cwd.path);
            // `current` may have been switched since the start: its text still is what was remembered.
            let through_current =
                self.layout.is_some_and(|layout| pwd.path().starts_with(&layout.current.path));
            let own_release = self.layout.is_some_and(|layout| {
                layout.release_of(pwd.path()).is_some()
                    && layout.release_of(pwd.path()) == layout.release_of(&cwd.path)
            });
            if same || through_current || own_release || pwd.path() == cwd.path {
                return Fact::known(place("environ"), spot);
            }
        }
        Fact::known(place("cwd"), self.spot(&cwd.path))
    }

    /// C: `START_CTX[0]` of the configuration, else the raw command line's script, else the shell's `_`,
    /// else the name in the title where `PATH` or the mapped gem leads to it.
    fn program(&self, directory: &Fact<Spot>) -> Fact<Spot> {
        if let Ok(config) = &self.loaded.value {
            match &config.program {
                Setting::Set { value, line } => {
                    return Fact::known(Place::line(&config.file.path, *line), self.spot(value));
                }
                Setting::Unevaluable { line, text } => {
                    return Fact::lacking(
                        Place::line(&config.file.path, *line),
                        Lack::Unevaluable(format!("START_CTX[0] = {text}")),
                    );
                }
                Setting::NotSet => {}
            }
        }
        let environ = match &self.process.environ.value {
            Ok(environ) => environ,
            Err(lack) => return Fact::lacking(self.process.environ.place.clone(), lack.clone()),
        };
        let place = self.process.environ.place.clone();
        let name = self.recognised.program.path().to_path_buf();
        let name = name.file_name().map_or_else(|| name.clone(), PathBuf::from);
        if self.recognised.program.bytes().starts_with(b"/") {
            let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
            return Fact::known(place, self.spot(self.recognised.program.path()));
        }
        if let Some(last) = environ.value("_").map(Text::path)
            && last.file_name() == Some(name.as_os_str())
        {
            let path = match directory.get() {
                Some(spot) if last.is_relative() => spot.path.join(last),
                _ => last.to_path_buf(),
            };
            return Fact::known(place, self.spot(&path));
        }
        let searched = self.gem_program(&name).or_else(|| {
            path_search(environ.value("PATH")?)
                .map(|dir| self.spot(&dir.join(&name)))
                .find(is_there)
        });
        match searched {
            Some(spot) => Fact::known(place, spot),
            None => {
                Fact::lacking(place, Lack::Depends(format!("the full path of {}", shown(&name))))
            }
        }
    }

    /// `GEM_HOME/bin/NAME`, from the path of the mapped extension `GEM_HOME/gems/unicorn-6.1.0/lib/unicorn_http.so`.
    fn gem_program(&self, name: &Path) -> Option<Spot> {
        let maps = self.process.maps.get()?;
        maps.iter()
            .filter_map(|mapped| {
                let file = mapped.path.file_name()?;
                if file != "unicorn_http.so" {
                    return None;
                }
                let mut above = mapped.path.ancestors();
                above
                    .find(|dir| dir.file_name().is_some_and(|n| n == "gems" || n == "extensions"))
                    .and_then(Path::parent)
                    .map(|home| self.spot(&home.join("bin").join(name)))
            })
            .find(is_there)
    }

    /// What stands behind the program's `#!`; by `PATH` of the start environment for `env NAME`.
    fn interpreter(&self, program: &Fact<Spot>) -> Fact<Option<Spot>> {
        let Some(spot) = program.get() else {
            return Fact {
                place: program.place.clone(),
                value: program.value.clone().map(|_| None),
            };
        };
        let first = self.once.shebang(self.root(), &spot.path);
        let place = first.place.clone();
        first.then(|line| {
            let Some(line) = line.as_ref().and_then(|text| text.bytes().strip_prefix(b"#!")) else {
                return Ok(None);
            };
            let line = Text::new(line);
            let mut words = line.utf8().unwrap_or_default().split_ascii_whitespace();
            let Some(first) = words.next() else { return Ok(None) };
            if Path::new(first).file_name().is_some_and(|name| name == "env") {
                let Some(name) = words.find(|word| !word.starts_with('-') && !word.contains('='))
                else {
                    return Ok(None);
                };
                return self.found_in_path(name, &place).map(Some);
            }
            Ok(Some(self.spot(Path::new(first))))
        })
    }

    fn found_in_path(&self, name: &str, place: &Place) -> Result<Spot, Lack> {
        let environ = self.process.environ.value.as_ref().map_err(Clone::clone)?;
        let Some(path) = environ.value("PATH") else {
            return Err(Lack::Depends(format!("PATH, for {name} in {place}")));
        };
        let mut last = None;
        for dir in path_search(path) {
            let spot = self.spot(&dir.join(name));
            if is_there(&spot) {
                return Ok(spot);
            }
            last = Some(spot);
        }
        last.ok_or_else(|| Lack::Depends(format!("an empty PATH, for {name}")))
    }

    /// D: where the `-c` file will be looked for.
    fn config(&self, directory: &Fact<Spot>) -> Fact<Option<Spot>> {
        let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
        let Some(path) = &self.options.config else { return Fact::known(place, None) };
        if path.is_absolute() {
            return Fact::known(place, Some(self.spot(path)));
        }
        match &directory.value {
            Ok(spot) => Fact::known(place, Some(self.spot(&spot.path.join(path)))),
            Err(lack) => Fact::lacking(directory.place.clone(), lack.clone()),
        }
    }

    /// B: an unconditional assignment of the configuration, else the start environment's value, else what
    /// Bundler computed in-process at the first start (`failures.md` O2).
    fn gemfile(&self) -> Fact<Option<Gemfile>> {
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

/// The directories of a `PATH` value.
fn path_search(value: &Text) -> impl Iterator<Item = PathBuf> {
    let all: Vec<PathBuf> = value
        .bytes()
        .split(|byte| *byte == b':')
        .filter(|part| part.starts_with(b"/"))
        .map(|part| Text::new(part).path().to_path_buf())
        .collect();
    all.into_iter()
}

fn is_there(spot: &Spot) -> bool {
    matches!(spot.stat.get(), Some(Some(_)))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The lack of what follows from something lacking: the same where a grant would decide it.
fn depends(lack: &Lack, on: &str) -> Lack {
    match lack {
        Lack::NotAsked => Lack::Depends(on.to_string()),
        other => other.clone(),
    }
}
