//! Ruby: which version a process runs, from the name of its mapped library or its executable's path.

use std::path::{Component, Path};

use crate::facts::maps::Mapped;

/// The version in the name of the mapped `libruby` (`libruby-3.1.so.3.1.2`), or in a version manager's path.
pub fn version(maps: &[Mapped]) -> Option<String> {
    let library = maps.iter().find_map(|mapped| {
        let name = mapped.path.file_name()?.to_str()?;
        let (start, number) = name.split_once(".so.")?;
        (start.starts_with("libruby") && is_version(number)).then(|| number.to_owned())
    });
    library.or_else(|| {
        let program = maps.iter().filter(|mapped| mapped.executable);
        program.filter(|mapped| is_interpreter(&mapped.path)).find_map(|m| managed(&m.path))
    })
}

/// The version in the path of an interpreter: `versions/3.3.0/bin/ruby`, or `ruby3.3` as distributions name it.
pub fn version_of_path(path: &Path) -> Option<String> {
    let numbered = || {
        let number = path.file_name()?.to_str()?.strip_prefix("ruby")?;
        (number.contains('.') && is_version(number)).then(|| number.to_owned())
    };
    numbered().or_else(|| is_interpreter(path).then(|| managed(path)).flatten())
}

/// The version of a gem in the path of one of its mapped files (`…/gems/unicorn-6.1.0/…`,
/// `…/extensions/PLATFORM/ABI/unicorn-6.1.0/…`).
pub fn gem_version(maps: &[Mapped], gem: &str) -> Option<String> {
    let of = |mapped: &Mapped| {
        mapped.path.components().find_map(|part| {
            let rest = named(part)?.strip_prefix(gem)?.strip_prefix('-')?;
            // `nokogiri-1.16.0-x86_64-linux`
            let number = rest.split_once('-').map_or(rest, |(number, _platform)| number);
            is_version(number).then(|| number.to_owned())
        })
    };
    maps.iter().find_map(of)
}

/// The version in the name of a gem's specification: `unicorn-6.0.0.gemspec`.
pub fn specified(name: &str, gem: &str) -> Option<String> {
    let number = name.strip_prefix(gem)?.strip_prefix('-')?.strip_suffix(".gemspec")?;
    is_version(number).then(|| number.to_owned())
}

/// The gem that a file belongs to, `NAME-VERSION`: the directory below `gems`, or below `extensions/PLATFORM/ABI`.
pub fn gem_of(path: &Path) -> Option<&str> {
    let parts: Vec<&str> = path.components().filter_map(named).collect();
    let below = |name: &str, depth: usize| {
        let at = parts.iter().rposition(|part| *part == name)?;
        let gem = *parts.get(at + depth)?;
        let (_, version) = gem.split_once('-')?;
        let versioned = version.split('-').any(is_version);
        (versioned && at + depth + 1 < parts.len()).then_some(gem)
    };
    below("gems", 1).or_else(|| below("extensions", 3))
}

/// A path that holds for one version of Ruby.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The version in it.
    pub version: String,
    /// It is the version of the ABI, `3.1.0` for all of 3.1, as RubyGems and Bundler name their directories.
    pub abi: bool,
}

impl Pinned {
    /// Whether a Ruby of this version would have the same path.
    pub fn serves(&self, version: &str) -> bool {
        let parts = |text: &str| -> Vec<String> {
            let number = text.split_once("-p").map_or(text, |(number, _patch)| number);
            number.split('.').map(str::to_owned).collect()
        };
        let (own, asked) = (parts(&self.version), parts(version));
        let compared = if self.abi { 2 } else { 3 };
        own.iter().zip(&asked).take(compared).all(|(own, asked)| own == asked)
    }
}

/// The version of Ruby in a path: `versions/3.1.2` (rbenv), `rubies/ruby-3.1.2`, `gems/ruby-3.1.2@shop` (RVM, chruby),
/// `installs/ruby/3.1.2` (asdf, mise), `ruby-3.1` (by hand), `bundle/ruby/3.1.0`, `gems/3.1.0` (the ABI's).
pub fn pinned(path: &Path) -> Option<Pinned> {
    let parts: Vec<&str> = path.parent()?.components().filter_map(named).collect();
    let number = |text: &str| -> Option<String> {
        let plain = text.split_once('@').map_or(text, |(version, _gemset)| version);
        let number = plain.split_once("-p").map_or(plain, |(number, _patch)| number);
        let is_one = number.contains('.')
            && number
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        is_one.then(|| plain.to_owned())
    };
    let mut above = None;
    let mut grand = None;
    let mut found = None;
    for part in parts {
        let whole = part.strip_prefix("ruby-").and_then(number);
        let below =
            number(part).filter(|_| matches!(above, Some("versions" | "rubies" | "ruby" | "gems")));
        let abi = below.is_some()
            && (above == Some("gems") || (above == Some("ruby") && grand != Some("installs")));
        if let Some(version) = whole.or(below) {
            // Below one version's own directory that of the ABI says less.
            let known = found.take().filter(|known: &Pinned| abi && !known.abi);
            found = known.or(Some(Pinned { version, abi }));
        }
        (grand, above) = (above, Some(part));
    }
    found
}

/// The version that a lock file's `RUBY VERSION` asks for: `ruby 3.1.2p20`. Of another engine than Ruby's own the
/// number is another one.
pub fn asked_for(line: &str) -> Option<&str> {
    let version = line.strip_prefix("ruby ").filter(|version| !version.contains('('))?;
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    version.get(..end).map(|number| number.trim_end_matches('.')).filter(|n| !n.is_empty())
}

/// Whether a file is Ruby by its name, the program or its library: `ruby`, `ruby3.1`, `libruby-3.1.so.3.1`.
pub fn is_interpreter(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        let rest = name.strip_prefix("ruby").or_else(|| name.strip_prefix("libruby"));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
    })
}

/// `…/versions/3.1.2/bin/ruby` (rbenv), `…/rubies/ruby-3.1.2/bin/ruby` (RVM, chruby), `…/installs/ruby/3.1.2/…` (asdf, mise).
fn managed(path: &Path) -> Option<String> {
    path.components().rev().find_map(|part| {
        let name = named(part)?;
        let number = name.strip_prefix("ruby-").unwrap_or(name);
        is_release(number).then(|| number.to_owned())
    })
}

fn named(part: Component<'_>) -> Option<&str> {
    match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}

fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

/// Three numbers, and Ruby's patch level where it is there: `3.1.2`, `2.0.0-p648`.
fn is_release(text: &str) -> bool {
    let number = text.split_once("-p").map_or(text, |(number, _patch)| number);
    is_version(number) && number.split('.').count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps(paths: &[&str]) -> Vec<Mapped> {
        let mapped = |path: &&str| Mapped {
            path: (*path).into(),
            marked_deleted: false,
            device: 1,
            inode: 1,
            executable: true,
            start: 0,
            size: 4096,
        };
        paths.iter().map(mapped).collect()
    }

    #[test]
    fn rubies() {
        for (path, wanted) in [
            ("/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1.2", Some("3.1.2")),
            ("/opt/rubies/ruby-2.7.4/lib/libruby.so.2.7.4", Some("2.7.4")),
            ("/home/d/.rbenv/versions/3.2.2/bin/ruby", Some("3.2.2")),
            ("/home/d/.rvm/rubies/ruby-2.0.0-p648/bin/ruby", Some("2.0.0-p648")),
            ("/home/d/.asdf/installs/ruby/3.3.0/bin/ruby", Some("3.3.0")),
            ("/usr/bin/ruby3.1", None),
            ("/opt/app-1.2.3/bin/rubyfmt", None),
            ("/usr/lib/x86_64-linux-gnu/libgmp.so.10.4.1", None),
        ] {
            assert_eq!(version(&maps(&[path])).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn interpreters() {
        for (path, wanted) in [
            ("/usr/bin/ruby3.1", Some("3.1")),
            ("/opt/rubies/ruby-3.3.0/bin/ruby", Some("3.3.0")),
            ("/home/d/.rbenv/versions/3.2.2/bin/ruby", Some("3.2.2")),
            ("/home/d/.rbenv/shims/ruby", None),
            ("/usr/local/bin/ruby", None),
            ("/srv/app-1.2.3/bin/wrapper", None),
            ("/usr/bin/ruby3", None),
        ] {
            assert_eq!(version_of_path(Path::new(path)).as_deref(), wanted, "{path}");
        }
    }

    #[test]
    fn gems() {
        let maps = maps(&[
            "/b/ruby/3.1.0/gems/unicorn-worker-killer-0.4.5/lib/x.so",
            "/b/ruby/3.1.0/extensions/x86_64-linux/3.1.0/unicorn-6.1.0/unicorn_http.so",
            "/b/ruby/3.1.0/gems/nokogiri-1.16.0-x86_64-linux/lib/nokogiri.so",
            "/b/ruby/3.1.0/gems/rails-7.1.0.rc1/x.so",
        ]);
        assert_eq!(gem_version(&maps, "unicorn").as_deref(), Some("6.1.0"));
        assert_eq!(gem_version(&maps, "nokogiri").as_deref(), Some("1.16.0"));
        assert_eq!(gem_version(&maps, "rails").as_deref(), Some("7.1.0.rc1"));
        assert_eq!(gem_version(&maps, "puma"), None);
        assert_eq!(specified("unicorn-6.0.0.gemspec", "unicorn").as_deref(), Some("6.0.0"));
        assert_eq!(specified("unicorn-worker-killer-0.4.5.gemspec", "unicorn"), None);
    }

    #[test]
    fn paths_of_one_version() {
        for (path, wanted) in [
            ("/home/d/.rbenv/versions/3.1.2/bin/unicorn", Some(("3.1.2", false))),
            ("/home/d/.rvm/gems/ruby-2.7.4@shop/bin/unicorn", Some(("2.7.4", false))),
            ("/opt/rubies/ruby-2.0.0-p648/bin/unicorn", Some(("2.0.0-p648", false))),
            ("/opt/ruby-3.1/bin/unicorn", Some(("3.1", false))),
            ("/home/d/.asdf/installs/ruby/3.3.0/bin/unicorn", Some(("3.3.0", false))),
            ("/var/www/shop/shared/bundle/ruby/3.1.0/bin/unicorn", Some(("3.1.0", true))),
            ("/usr/lib/ruby/gems/3.1.0/gems/unicorn-6.1.0/bin/unicorn", Some(("3.1.0", true))),
            (
                "/home/d/.rbenv/versions/3.1.2/lib/ruby/gems/3.1.0/bin/unicorn",
                Some(("3.1.2", false)),
            ),
            ("/home/d/.rbenv/shims/unicorn", None),
            ("/var/www/shop/releases/3.1.0/bin/unicorn", None),
            ("/usr/local/bin/unicorn3.1", None),
            ("/opt/ruby-wrapper/bin/unicorn", None),
        ] {
            let found = pinned(Path::new(path));
            let found = found.as_ref().map(|p| (p.version.as_str(), p.abi));
            assert_eq!(found, wanted, "{path}");
        }
    }

    #[test]
    fn which_version_a_path_serves() {
        let at = |version: &str, abi| Pinned { version: version.into(), abi };
        assert!(at("3.1.0", true).serves("3.1.2") && !at("3.1.0", true).serves("3.2.0"));
        assert!(at("3.1.2", false).serves("3.1.2") && !at("3.1.2", false).serves("3.1.4"));
        assert!(at("3.1.2", false).serves("3.1") && at("3.1", false).serves("3.1.4"));
        assert!(at("2.0.0-p648", false).serves("2.0.0"));
        assert_eq!(asked_for("ruby 3.1.2p20"), Some("3.1.2"));
        assert_eq!(asked_for("ruby 3.4.0.preview1"), Some("3.4.0"));
        assert_eq!(asked_for("ruby 2.5.7p0 (jruby 9.2.11.1)"), None);
    }
}
