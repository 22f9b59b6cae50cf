//! The program that the next re-execution runs, and the interpreter behind it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::Known;
use crate::deploy::ruby::is_interpreter;
use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::Setting;
use crate::os::{Text, shown};

impl Known<'_> {
    /// C: `START_CTX[0]` of the configuration, else the path that was executed where it bears the title's name, else
    /// the shell's `_`, else, under Bundler, what Bundler found: beside the mapped gem or by `PATH`. The title itself
    /// holds only the name.
    pub(super) fn program(&self, directory: &Fact<Spot>) -> Fact<Spot> {
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
        let title = self.recognised.program.path();
        if title.is_absolute() {
            let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
            return Fact::known(place, self.spot(title));
        }
        let name = PathBuf::from(title.file_name().unwrap_or(title.as_os_str()));
        let executed = self.executed();
        let path = match executed.value {
            Ok(path) => path,
            Err(lack) => return Fact::lacking(executed.place, lack),
        };
        if path.file_name() == Some(name.as_os_str()) {
            return Fact::known(executed.place, self.spot(&absolute(&path, directory)));
        }
        self.program_by_environment(&name, &path, directory)
    }

    /// Where the executed path does not tell the script: it is the interpreter (`#!/usr/bin/env ruby`) or Bundler.
    fn program_by_environment(
        &self,
        name: &Path,
        executed: &Path,
        directory: &Fact<Spot>,
    ) -> Fact<Spot> {
        let place = self.process.environ.place.clone();
        let environ = match &self.process.environ.value {
            Ok(environ) => environ,
            Err(lack) => return Fact::lacking(place, lack.clone()),
        };
        if let Some(last) = environ.value("_").map(Text::path)
            && last.file_name() == Some(name.as_os_str())
        {
            return Fact::known(place, self.spot(&absolute(last, directory)));
        }
        let by_bundler = executed.file_name().is_some_and(|file| file == "bundle");
        let found = (by_bundler || self.executed_itself(name, executed, directory)).then(|| {
            self.gem_program(name).or_else(|| {
                path_search(environ.value("PATH")?)
                    .map(|dir| self.spot(&dir.join(name)))
                    .find(is_there)
            })
        });
        match found.flatten() {
            Some(spot) => Fact::known(place, spot),
            None => {
                Fact::lacking(place, Lack::Depends(format!("the full path of {}", shown(name))))
            }
        }
    }

    /// Whether the interpreter was executed with a program that no argument tells any more, and no binstub of the
    /// release could be that program.
    fn executed_itself(&self, name: &Path, executed: &Path, directory: &Fact<Spot>) -> bool {
        let binstub = |spot: &Spot| is_there(&self.spot(&spot.path.join("bin").join(name)));
        self.server.names_interpreter
            && is_interpreter(executed)
            && directory.get().is_some_and(|spot| !binstub(spot))
    }

    /// `GEM_HOME/bin/NAME`, from the path of the mapped extension `GEM_HOME/gems/unicorn-6.1.0/lib/unicorn_http.so`.
    fn gem_program(&self, name: &Path) -> Option<Spot> {
        let maps = self.process.maps.get()?;
        let library = self.server.library.map(OsStr::new);
        maps.iter()
            .filter(|mapped| mapped.path.file_name().is_some_and(|file| Some(file) == library))
            .filter_map(|mapped| {
                let mut above = mapped.path.ancestors();
                above
                    .find(|dir| dir.file_name().is_some_and(|n| n == "gems" || n == "extensions"))
                    .and_then(Path::parent)
                    .map(|home| self.spot(&home.join("bin").join(name)))
            })
            .find(is_there)
    }

    /// What stands behind the program's `#!`; by the `PATH` that it hands on for `env NAME`.
    pub(super) fn interpreter(&self, program: &Fact<Spot>) -> Fact<Option<Spot>> {
        if self.server.names_interpreter {
            let exe = self.process.exe.clone();
            return exe.map(|exe| Some(self.spot(&exe.path)));
        }
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

    pub(super) fn found_in_path(&self, name: &str, place: &Place) -> Result<Spot, Lack> {
        let environ = self.process.hands_on().value.as_ref().map_err(Clone::clone)?;
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
}

/// A relative program is looked for from the directory of the restart.
pub(super) fn absolute(path: &Path, directory: &Fact<Spot>) -> PathBuf {
    match directory.get() {
        Some(spot) if path.is_relative() => spot.path.join(path),
        _ => path.to_path_buf(),
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
