//! The directory that the next re-execution changes to.

use super::Known;
use crate::contract::Runtime;
use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::Setting;

impl Known<'_> {
    /// A: `working_directory`, else the start's `PWD` where it was the working directory, else the working directory.
    pub(super) fn directory(&self) -> Fact<Spot> {
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
            Setting::Set { value, line } => Fact::known(config.at(*line), self.spot(value)),
            Setting::Unevaluable { line, text } => Fact::lacking(
                config.at(*line),
                Lack::Unevaluable(format!("working_directory {text}")),
            ),
            Setting::NotSet => self.start_directory(),
        }
    }

    /// `START_CTX[:cwd]` as Unicorn computes it when it is loaded (`http_server.rb`, START_CTX): `PWD` if it is
    /// the working directory by another name, else the working directory with its links resolved.
    pub(super) fn start_directory(&self) -> Fact<Spot> {
        let place = |file: &str| Place::new(format!("/proc/{}/{file}", self.process.pid));
        // A title may stand where the environment of the start stood. What Python keeps of it is as good: nothing there
        // follows the working directory.
        let live = self.process.live.get().filter(|_| self.server.runtime == Runtime::Python);
        let environ = match (&self.process.environ.value, live) {
            (Ok(environ), _) | (Err(_), Some(environ)) => environ,
            (Err(lack), None) => return Fact::lacking(place("environ"), lack.clone()),
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
                self.layout.is_some_and(|layout| layout.through_current(pwd.path()));
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
}

/// The lack of what follows from something lacking: the same where a grant would decide it.
fn depends(lack: &Lack, on: &str) -> Lack {
    match lack {
        Lack::NotAsked => Lack::Depends(on.to_string()),
        other => other.clone(),
    }
}
