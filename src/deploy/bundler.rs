//! Bundler: `Gemfile.lock`, and source that sets it up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::facts::Lack;
use crate::model::Lock;
use crate::os::Text;
use crate::os::text::contains;
use crate::servers::effort;

/// Reads a lock file.
///
/// # Errors
/// It is too large to be read.
pub fn read_lock(path: &Path, bytes: &Text) -> Result<Lock, Lack> {
    effort::text(|| {
        effort::spend(bytes.len());
        parse_lock(path, bytes)
    })
}

/// What a lock file says: gem versions of the `specs:` sections, `RUBY VERSION`, and a digest of the bytes.
/// A gem that is locked for several platforms keeps its version without the platform.
pub fn parse_lock(path: &Path, bytes: &Text) -> Lock {
    let mut gems = BTreeMap::new();
    let mut checked_out = BTreeSet::new();
    let mut ruby = None;
    let (mut section, mut in_specs) = (&b""[..], false);
    for line in bytes.bytes().split(|b| *b == b'\n') {
        let line = line.trim_ascii_end();
        let indent = line.iter().take_while(|b| **b == b' ').count();
        let words = line.trim_ascii();
        match indent {
            _ if words.is_empty() => {}
            0 => (section, in_specs) = (words, false),
            2 => in_specs = words == b"specs:",
            4 if in_specs => {
                if let Some((name, version)) = locked(words) {
                    if section != b"GEM" {
                        checked_out.insert(name.clone());
                    }
                    gems.insert(name, version);
                }
            }
            _ => {}
        }
        // `RUBY VERSION` indents its one line by two or three blanks, by Bundler's version.
        if section == b"RUBY VERSION" && indent > 0 && ruby.is_none() {
            ruby = Some(Text::new(words).to_string());
        }
    }
    Lock { path: path.to_path_buf(), gems, checked_out, ruby, digest: digest(bytes.bytes()) }
}

/// Whether Ruby source sets Bundler up: from then on `BUNDLE_GEMFILE` is in the environment of the process that runs it.
pub fn is_set_up_by(source: &Text) -> bool {
    const WORDS: &[&[u8]] =
        &[b"bundler/setup", b"BUNDLE_GEMFILE", b"Bundler.setup", b"Bundler.require"];
    let code = |line: &&[u8]| !line.trim_ascii_start().starts_with(b"#");
    source
        .bytes()
        .split(|byte| *byte == b'\n')
        .filter(code)
        .any(|line| WORDS.iter().any(|word| contains(line, word)))
}

/// `rack (2.2.8)`, `nokogiri (1.16.0-x86_64-linux)`.
fn locked(words: &[u8]) -> Option<(String, String)> {
    let (name, version) = std::str::from_utf8(words).ok()?.split_once(" (")?;
    let version = version.strip_suffix(')')?;
    let number = version.split_once('-').map_or(version, |(number, _platform)| number);
    Some((Text::from(name).to_string(), Text::from(number).to_string()))
}

/// Where Bundler's own configuration puts gems: `BUNDLE_PATH` of a `.bundle/config`, or what a deployment without one
/// means (`bundle-config(1)`). The file is flat YAML.
pub fn configured_path(config: &Text) -> Option<Text> {
    let value = |key: &[u8]| {
        config.bytes().split(|byte| *byte == b'\n').find_map(|line| {
            let rest =
                line.trim_ascii().strip_prefix(key)?.trim_ascii_start().strip_prefix(b":")?;
            let quoted = rest.trim_ascii();
            let bare = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
            Some(Text::new(bare.unwrap_or(quoted)))
        })
    };
    value(b"BUNDLE_PATH").filter(|path| !path.is_empty()).or_else(|| {
        value(b"BUNDLE_DEPLOYMENT")
            .filter(|word| word.bytes() == b"true")
            .map(|_| Text::from("vendor/bundle"))
    })
}

/// FNV-1a: equal files have equal digests in every build of farrier, so that recordings can be compared.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "GIT\n  remote: https://example.org/x.git\n  revision: abc\n  specs:\n    x (0.1)\n\n\
        GEM\n  remote: https://example.org/\n  specs:\n    kgio (2.11.4)\n    nokogiri (1.16.0-x86_64-linux)\n\
        \x20     racc (~> 1.4)\n    rack (2.2.8)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  rack (~> 2.2)\n\n\
        RUBY VERSION\n   ruby 3.1.2p20\n\nBUNDLED WITH\n   2.3.15\n";

    #[test]
    fn versions_and_ruby() {
        let lock = parse_lock(Path::new("/x/Gemfile.lock"), &Text::from(LOCK));
        let gems: Vec<_> = lock.gems.iter().map(|(n, v)| format!("{n} {v}")).collect();
        assert_eq!(gems, ["kgio 2.11.4", "nokogiri 1.16.0", "rack 2.2.8", "x 0.1"]);
        assert_eq!(lock.checked_out.iter().collect::<Vec<_>>(), ["x"]);
        assert_eq!(lock.ruby.as_deref(), Some("ruby 3.1.2p20"));
    }

    #[test]
    fn where_gems_are_put() {
        let of = |text: &str| configured_path(&Text::from(text)).map(|path| path.to_string());
        let text =
            "---\nBUNDLE_WITHOUT: \"development:test\"\nBUNDLE_PATH: \"/srv/shared/bundle\"\n";
        assert_eq!(of(text).as_deref(), Some("/srv/shared/bundle"));
        assert_eq!(of("---\nBUNDLE_DEPLOYMENT: \"true\"\n").as_deref(), Some("vendor/bundle"));
        assert_eq!(of("---\nBUNDLE_PATH__SYSTEM: \"true\"\n"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn digests_tell_files_apart() {
        let digest = |text: &str| parse_lock(Path::new("/x"), &Text::from(text)).digest;
        assert_eq!(digest(LOCK), digest(LOCK));
        assert_ne!(digest(LOCK), digest(&LOCK.replace("2.2.8", "2.2.9")));
        assert_eq!(digest(""), 0xcbf2_9ce4_8422_2325);
    }

    #[test]
    fn a_merge_conflict_or_junk_has_no_gems_of_its_own() {
        let lock = parse_lock(Path::new("/x"), &Text::from("<<<<<<< HEAD\n    rack (1)\nspecs:\n"));
        assert!(lock.gems.is_empty() && lock.ruby.is_none());
    }
}
