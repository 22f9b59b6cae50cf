//! The Gemfile of a server that takes back what Bundler made of its environment before it executes itself again.

use super::Known;
use crate::facts::Fact;
use crate::facts::files::Spot;
use crate::model::Gemfile;

/// What Bundler writes for a variable that was not set before it came (`bundler/environment_preserver.rb`).
const WAS_NOT_SET: &[u8] = b"BUNDLER_ENVIRONMENT_PRESERVER_INTENTIONALLY_NIL";

impl Known<'_> {
    /// The Gemfile that was named before Bundler came, else the one of the directory; `None`: Bundler did not come that
    /// way, or the server takes nothing back.
    pub(super) fn restored(&self, directory: &Fact<Spot>) -> Option<Fact<Option<Gemfile>>> {
        if !self.server.restores_bundle {
            return None;
        }
        let environ = self.process.hands_on();
        let before = environ.get()?.value("BUNDLER_ORIG_BUNDLE_GEMFILE")?;
        if before.bytes() != WAS_NOT_SET && !before.is_empty() {
            let gemfile = self.gemfile_at(before.path(), false);
            return Some(Fact::known(environ.place.clone(), Some(gemfile)));
        }
        Some(match &directory.value {
            Ok(spot) => {
                let gemfile = self.gemfile_at(&spot.path.join("Gemfile"), false);
                Fact::known(directory.place.clone(), Some(gemfile))
            }
            Err(lack) => Fact::lacking(directory.place.clone(), lack.clone()),
        })
    }
}
