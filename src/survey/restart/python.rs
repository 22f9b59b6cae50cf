//! What a master that runs by Python's interpreter executes again: the interpreter by the name that it was started with,
//! which is a virtual environment's own, and the script behind it (`arbiter.py`, `START_CTX`).

use std::path::Path;

use super::Known;
use super::program::absolute;
use crate::facts::files::Spot;
use crate::facts::{Fact, Place};
use crate::model::{Origin, Restart, Setting};
use crate::os::Text;
use crate::servers::python::command::{base, is_python};

/// A script, or the interpreter where only that is known, and the interpreter of a script.
type Executed = (Fact<Spot>, Fact<Option<Spot>>);

impl Known<'_> {
    /// What the next re-execution would run.
    pub fn by_interpreter(&self) -> Restart {
        let set = self.loaded.get().map(|config| &config.working_directory);
        let begins = match set {
            Some(Setting::Set { .. }) => Some(self.start_directory()),
            Some(_) | None => None,
        };
        let directory = self.ends_up(begins.as_ref());
        let from = begins.as_ref().unwrap_or(&directory);
        let (program, interpreter) = self.executes(from);
        let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
        let known = directory.get().is_some() || program.get().is_some();
        Restart {
            origin: if known { Origin::Inferred } else { Origin::Unknown },
            config: self.config(from),
            gems: Fact::known(place.clone(), None),
            gemfile: Fact::known(place.clone(), None),
            arguments: Fact::known(place, self.recognised.arguments.clone()),
            program,
            interpreter,
            directory,
            begins,
        }
    }

    /// The directory of the setting; a relative one counts from where it begins.
    fn ends_up(&self, begins: Option<&Fact<Spot>>) -> Fact<Spot> {
        let directory = self.directory();
        let (Some(spot), Some(begins)) = (directory.get(), begins) else { return directory };
        if spot.path.is_absolute() {
            return directory;
        }
        match &begins.value {
            Ok(first) => {
                Fact::known(directory.place.clone(), self.spot(&first.path.join(&spot.path)))
            }
            Err(lack) => Fact::lacking(begins.place.clone(), lack.clone()),
        }
    }

    /// The kernel keeps the path that was executed: the script, whose first line names the interpreter, or the
    /// interpreter itself, which a re-execution names.
    fn executes(&self, from: &Fact<Spot>) -> Executed {
        let written = self.recognised.program.path();
        let named = |path: &Path| is_python(base(&Text::from(path)));
        let place = Place::new(format!("/proc/{}/cmdline", self.process.pid));
        let script = (written.components().count() > 1 && !named(written))
            .then(|| Fact::known(place.clone(), self.spot(&absolute(written, from))));
        // A command line without a title names the interpreter first, as the kernel was given it.
        let first = self.process.command_line.get().and_then(|line| line.words.raw().first());
        let first =
            first.map(Text::path).filter(|path| named(path) && path.components().count() > 1);
        if let (Some(first), Some(script)) = (first, &script) {
            let interpreter = Some(self.spot(&absolute(first, from)));
            return (script.clone(), Fact::known(place, interpreter));
        }
        let executed = self.executed();
        let path = match &executed.value {
            Ok(path) => absolute(path, from),
            Err(lack) => {
                let unseen = Fact::lacking(executed.place.clone(), lack.clone());
                let interpreter = Fact::lacking(executed.place.clone(), lack.clone());
                return (script.unwrap_or(unseen), interpreter);
            }
        };
        let spot = Fact::known(executed.place.clone(), self.spot(&path));
        if named(&path) {
            return match script {
                Some(script) => (script, spot.map(Some)),
                None => (spot, Fact::known(executed.place, None)),
            };
        }
        let interpreter = self.interpreter(&spot);
        (script.unwrap_or(spot), interpreter)
    }
}
