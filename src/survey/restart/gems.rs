//! Whether the gems that the next re-execution needs are installed: the lock file's names against the specifications in
//! the directories where Bundler looks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Known;
use crate::deploy::bundler;
use crate::facts::files::Spot;
use crate::facts::{Fact, Lack};
use crate::model::{Gemfile, Gems, Lock};
use crate::os::Text;
use crate::os::secrets::shown_value;

/// How much of Bundler's own configuration is read.
const CONFIG_BOUND: u32 = 1 << 14;

/// Where Debian's Ruby has its gems besides its own prefix (`ruby -e 'puts Gem.default_path'`).
const DEBIAN: &[&str] = &["/var/lib/gems", "/usr/local/lib/ruby/gems"];

/// Debian's packaged gems: by ABI, and those for every Ruby.
const INTEGRATION: &str = "/usr/share/rubygems-integration";

impl Known<'_> {
    /// H: every gem of the lock file, looked for. Needs to know the Ruby, since each has directories of its own.
    pub(super) fn gems(
        &self,
        gemfile: &Fact<Option<Gemfile>>,
        interpreter: &Fact<Option<Spot>>,
    ) -> Fact<Option<Gems>> {
        let gemfile = match &gemfile.value {
            Ok(Some(gemfile)) => gemfile,
            Ok(None) => return Fact::known(gemfile.place.clone(), None),
            Err(lack) => return Fact::lacking(gemfile.place.clone(), lack.clone()),
        };
        let place = gemfile.lock.place.clone();
        let lock = match &gemfile.lock.value {
            Ok(Some(lock)) => lock,
            Ok(None) => return Fact::known(place, None),
            Err(lack) => return Fact::lacking(place, lack.clone()),
        };
        let found = self
            .same_ruby(interpreter)
            .ok_or_else(|| Lack::Depends("which Ruby will run".into()))
            .and_then(|abi| self.homes(gemfile, &abi))
            .and_then(|homes| self.looked_for(lock, homes));
        Fact { place, value: found.map(Some) }
    }

    /// The ABI of the Ruby that will run, `3.1.0`, where it is the one that runs now.
    fn same_ruby(&self, interpreter: &Fact<Option<Spot>>) -> Option<String> {
        let next = interpreter.get()?.as_ref()?.real.get()?.as_ref()?;
        if *next != self.process.exe.get()?.path {
            return None;
        }
        let version = crate::deploy::ruby::version(self.process.maps.get()?)?;
        let mut parts = version.split('.');
        Some(format!("{}.{}.0", parts.next()?, parts.next()?))
    }

    /// The gem directories that Bundler looks at.
    fn homes(&self, gemfile: &Gemfile, abi: &str) -> Result<Vec<PathBuf>, Lack> {
        let environ = self.process.hands_on().value.as_ref().map_err(Clone::clone)?;
        // What must not be shown is no directory either: the question about it would be written down.
        let free = |name: &str, value: &&Text| shown_value(&Text::from(name), value, &[]).is_some();
        let value =
            |name: &str| environ.value(name).filter(|value| !value.is_empty() && free(name, value));
        let own = gemfile.file.path.parent().unwrap_or(Path::new("/"));
        let home = value("HOME").map(|home| home.path().to_path_buf());
        let defaults = self.defaults(abi);
        if let Some(path) = self.bundle_path(own, home.as_deref())? {
            let below = own.join(path.path()).join("ruby").join(abi);
            // Ruby's own gems are there whatever the path.
            return Ok(std::iter::once(below).chain(defaults).collect());
        }
        let listed = ["GEM_HOME", "GEM_PATH"].iter().filter_map(|name| value(name));
        let listed = listed.flat_map(|list| {
            let parts = list.bytes().split(|byte| *byte == b':').filter(|part| !part.is_empty());
            parts.map(|part| Text::new(part).path().to_path_buf()).collect::<Vec<_>>()
        });
        let users = home.into_iter().flat_map(|home| {
            [".gem/ruby", ".local/share/gem/ruby"].map(|below| home.join(below).join(abi))
        });
        Ok(listed.chain(users).chain(defaults).collect())
    }

    /// `BUNDLE_PATH`, from the environment, the app's own configuration, or the user's.
    fn bundle_path(&self, own: &Path, home: Option<&Path>) -> Result<Option<Text>, Lack> {
        let environ = self.process.hands_on().value.as_ref().map_err(Clone::clone)?;
        if let Some(path) = environ.value("BUNDLE_PATH").filter(|path| !path.is_empty()) {
            return Ok(Some(path.clone()));
        }
        let app = environ.value("BUNDLE_APP_CONFIG").map(Text::path);
        let app = app.map_or_else(|| own.join(".bundle"), |path| own.join(path));
        for directory in std::iter::once(app).chain(home.map(|home| home.join(".bundle"))) {
            let file = self.once.file(self.root(), &directory.join("config"), CONFIG_BOUND);
            if let Some(path) = file.value?.as_ref().and_then(bundler::configured_path) {
                return Ok(Some(path));
            }
        }
        let deployment = environ.value("BUNDLE_DEPLOYMENT");
        Ok(deployment.filter(|word| word.bytes() == b"true").map(|_| Text::from("vendor/bundle")))
    }

    /// Where a Ruby has gems by itself: below its prefix, beside its library, and Debian's places.
    fn defaults(&self, abi: &str) -> Vec<PathBuf> {
        let exe = self.process.exe.get().map(|exe| exe.path.clone());
        let prefix = exe.as_deref().and_then(Path::parent).and_then(Path::parent);
        let prefix = prefix.map(|prefix| prefix.join("lib/ruby/gems").join(abi));
        let maps = self.process.maps.get();
        let library = maps.and_then(|maps| {
            maps.iter().find(|mapped| {
                let name = mapped.path.file_name().and_then(|name| name.to_str());
                name.is_some_and(|name| name.starts_with("libruby"))
            })
        });
        let beside = library.and_then(|library| library.path.parent()).into_iter();
        let beside = beside.flat_map(|directory| {
            ["ruby/gems", "rubygems-integration"].map(|below| directory.join(below).join(abi))
        });
        let debian = DEBIAN.iter().map(|home| Path::new(home).join(abi));
        let packaged = [abi, "all"].map(|part| Path::new(INTEGRATION).join(part));
        prefix.into_iter().chain(beside).chain(debian).chain(packaged).collect()
    }

    fn looked_for(&self, lock: &Lock, homes: Vec<PathBuf>) -> Result<Gems, Lack> {
        let mut installed = BTreeSet::new();
        let mut places = Vec::new();
        for home in homes {
            if places.contains(&home) {
                continue;
            }
            for below in ["specifications", "specifications/default"] {
                let names = self.once.list(self.root(), &home.join(below)).value?;
                installed.extend(
                    names
                        .into_iter()
                        .flatten()
                        .filter_map(|name| Some(name.utf8()?.strip_suffix(".gemspec")?.to_owned())),
                );
            }
            places.push(home);
        }
        let is_there = |gem: &str, version: &str| {
            let name = format!("{gem}-{version}");
            let platforms = format!("{name}-");
            installed.contains(&name)
                || installed
                    .range(platforms.clone()..)
                    .next()
                    .is_some_and(|found| found.starts_with(&platforms))
        };
        let wanted: Vec<_> = lock
            .gems
            .iter()
            .filter(|(gem, _)| !lock.checked_out.contains(*gem) && *gem != "bundler")
            .collect();
        let lacking = || wanted.iter().filter(|(gem, version)| !is_there(gem, version));
        let missing = lacking().map(|(gem, version)| format!("{gem} {version}")).collect();
        let other_versions = |gem: &String| {
            let start = format!("{gem}-");
            let versions =
                installed.range(start.clone()..).take_while(|name| name.starts_with(&*start));
            let versions = versions.filter_map(|name| name.strip_prefix(&*start));
            let versions =
                versions.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
            versions.map(|version| format!("{gem} {version}")).collect::<Vec<_>>()
        };
        let others = lacking().flat_map(|(gem, _)| other_versions(gem)).collect();
        Ok(Gems { wanted: wanted.len(), missing, others, places })
    }
}
