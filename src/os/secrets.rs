//! What may be shown unasked: an allowlist of harmless variable names. Everything else is hidden, since lists of
//! secret names always leak; and the masker for secrets inside texts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::Text;

/// Names whose values are shown (`reliability.md` P21): where code, gems, interpreters and listeners come from.
/// One that ends in `*` stands for all that begin so.
pub const HARMLESS: &[&str] = &[
    "APP_ENV",
    "ASDF_DIR",
    "ASDF_RUBY_VERSION",
    "BUNDLER_ORIG_BUNDLE_GEMFILE",
    "BUNDLER_VERSION",
    "BUNDLE_BIN_PATH",
    "BUNDLE_GEMFILE",
    "BUNDLE_PATH",
    "COLUMNS",
    "GEM_HOME",
    "GEM_PATH",
    "GUNICORN_FD",
    "GUNICORN_PID",
    "HOME",
    "INVOCATION_ID",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "LD_PRELOAD",
    "LINES",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LOGNAME",
    "MALLOC_ARENA_MAX",
    "MISE_RUBY_VERSION",
    "MY_RUBY_HOME",
    "NODE_ENV",
    "OLDPWD",
    "PATH",
    "PORT",
    "PWD",
    "RACK_ENV",
    "RAILS_ENV",
    "RAILS_MAX_THREADS",
    "RBENV_*",
    "RUBYLIB",
    "RUBYOPT",
    "RUBY_ROOT",
    "RUBY_VERSION",
    "SHELL",
    "SHLVL",
    "SYSTEMD_EXEC_PID",
    "TERM",
    "TZ",
    "UNICORN_FD",
    "USER",
    "WEB_CONCURRENCY",
    "_",
    "rvm_path",
    "rvm_prefix",
];

/// Whether a variable's value may be shown. `also` are names that the settings add.
pub fn is_harmless(name: &[u8], also: &[String]) -> bool {
    let fits = |known: &str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()),
        None => name == known.as_bytes(),
    };
    HARMLESS.iter().any(|known| fits(known)) || also.iter().any(|known| fits(known))
}

/// Secrets inside texts: the password in a URL, what follows a telling option or key, a query string.
/// In each, the group named `s` is what is masked.
static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r#"(?-u)://[^/\s:@"'\x00]*:(?P<s>[^@/\s"'\x00]+)@"#,
        r"(?i-u)--?[a-z0-9_-]*(?:password|passwd|secret|token|api-?key|credential)[a-z0-9_-]*[=\s\x00]+(?P<s>[^\s\x00]+)",
        r#"(?i-u)[a-z0-9_]*(?:password|passwd|secret|token|api_?key|credential)[a-z0-9_]*["']?\]?\s*(?:\|\|=|=>|=|:|\s)\s*["'](?P<s>[^"']+)["']"#,
        r#"(?-u)https?://[^\s?"'\x00]+\?(?P<s>[^\s"'\x00]+)"#,
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// An assignment to the environment in a Ruby file.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)ENV\[["'](?P<n>[^"']+)["']\]\s*(?:\|\|)?=\s*["'](?P<s>[^"'\n]*)["']"#).ok()
});

/// A text with its secrets replaced by as many asterisks, and how many there were.
pub fn mask_text(text: &Text) -> (Text, usize) {
    let mut bytes = text.bytes().to_vec();
    let mut count = 0;
    for pattern in SECRETS.iter() {
        bytes = starred(pattern, &bytes, &mut count, |_| true);
    }
    if let Some(assigned) = ASSIGNED.as_ref() {
        bytes = starred(assigned, &bytes, &mut count, |found| {
            found.name("n").is_some_and(|name| !is_harmless(name.as_bytes(), &[]))
        });
    }
    (Text::new(bytes), count)
}

fn starred(
    pattern: &Regex,
    bytes: &[u8],
    count: &mut usize,
    secret: impl Fn(&Captures<'_>) -> bool,
) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for found in pattern.captures_iter(bytes) {
        let Some(group) = found.name("s").filter(|_| secret(&found)) else { continue };
        if let Some(part) = out.get_mut(group.range()) {
            // The first pattern's stars are no secret of the second's.
            if part.iter().any(|byte| *byte != b'*') {
                *count += 1;
            }
            part.fill(b'*');
        }
    }
    out
}

/// Takes the values out of environments, so that lengths stay and equal values stay equal within one masker.
#[derive(Default)]
pub struct Masker {
    known: BTreeMap<Vec<u8>, usize>,
}

impl Masker {
    /// How many different values were taken out.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// An environment block with every value that is not harmless replaced by its own number, padded to the same length.
    pub fn environ(&mut self, block: &Text) -> Text {
        let mut out = Vec::with_capacity(block.len());
        for (index, entry) in block.bytes().split(|byte| *byte == 0).enumerate() {
            if index > 0 {
                out.push(0);
            }
            let at = entry.iter().position(|byte| *byte == b'=');
            match at.and_then(|at| entry.split_at_checked(at + 1)) {
                Some((name, value)) => {
                    out.extend(name);
                    let bare = name.strip_suffix(b"=").unwrap_or(name);
                    if is_harmless(bare, &[]) {
                        out.extend(mask_text(&Text::new(value)).0.bytes());
                    } else {
                        out.extend(self.stand_in(value));
                    }
                }
                // No name: a title that was written over the block, or rubbish. Its length is all that is kept.
                None => out.extend(self.stand_in(entry)),
            }
        }
        Text::new(out)
    }

    fn stand_in(&mut self, value: &[u8]) -> Vec<u8> {
        if value.is_empty() {
            return Vec::new();
        }
        let next = self.known.len() + 1;
        let number = *self.known.entry(value.to_vec()).or_insert(next);
        let mut out = number.to_string().into_bytes();
        out.resize(value.len().max(1), b'*');
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_texts_become_stars() {
        for (text, masked) in [
            ("redis://:hunter2@cache/0", "redis://:*******@cache/0"),
            ("postgres://shop:hunter2@db/shop", "postgres://shop:*******@db/shop"),
            ("puma --control-token hunter2 -p 80", "puma --control-token ******* -p 80"),
            ("ENV['STRIPE'] = 'hunter2'", "ENV['STRIPE'] = '*******'"),
            ("ENV['RAILS_ENV'] = 'production'", "ENV['RAILS_ENV'] = 'production'"),
            ("secret_key_base: \"hunter2\"", "secret_key_base: \"*******\""),
            ("GET https://x/y?key=hunter2", "GET https://x/y?***********"),
        ] {
            assert_eq!(mask_text(&Text::from(text)).0.to_string(), masked, "{text}");
        }
    }

    #[test]
    fn environments_keep_lengths_and_equality() {
        let mut masker = Masker::default();
        let block = Text::from("A=hunter2\0PATH=/bin\0B=hunter2\0C=hunter3\0");
        let hidden = masker.environ(&block);
        assert_eq!(hidden.utf8(), Some("A=1******\0PATH=/bin\0B=1******\0C=2******\0"));
        assert_eq!(masker.count(), 2);
    }

    #[test]
    fn only_listed_names_are_harmless() {
        assert!(is_harmless(b"LC_ALL", &[]) && is_harmless(b"PATH", &[]));
        for name in ["SECRET_KEY_BASE", "DATABASE_URL", "NOTIFY_WEBHOOK_URLS", "LC", "path", ""] {
            assert!(!is_harmless(name.as_bytes(), &[]), "{name}");
        }
        assert!(is_harmless(b"SHOP_REGION", &["SHOP_*".to_string()]));
    }
}
