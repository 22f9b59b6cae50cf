//! What may be shown unasked: an allowlist of harmless variable names. Everything else is hidden, since lists of
//! secret names always leak; and the masker for secrets inside texts.

mod address;
mod arguments;
mod file;
mod lines;
mod log;
mod ruby;
mod shape;
mod strings;

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::Text;

/// Names whose values are shown (`reliability.md` P21): where code, gems, interpreters and listeners come from.
/// Whole names: `LC_*` would show what `sshd` accepts from anybody as `LC_TOKEN`.
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
    "LC_ADDRESS",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_IDENTIFICATION",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
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
    "RBENV_DIR",
    "RBENV_HOOK_PATH",
    "RBENV_ORIG_PATH",
    "RBENV_ROOT",
    "RBENV_SHELL",
    "RBENV_VERSION",
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

/// Whether a variable's value may be shown. `also` are names that the settings add; one that ends in `*` stands for all
/// that begin so, but for those that say that they are secret: these have to be named.
pub fn is_harmless(name: &[u8], also: &[String]) -> bool {
    let fits = |added: &String| match added.strip_suffix('*') {
        Some(start) => name.starts_with(start.as_bytes()) && !names_secret(name),
        None => name == added.as_bytes(),
    };
    HARMLESS.iter().any(|known| name == known.as_bytes()) || also.iter().any(fits)
}

/// A variable's value where it may be shown: its name is harmless, and it holds no address with a password in it nor
/// anything else that looks like a secret.
pub fn shown_value(name: &Text, value: &Text, also: &[String]) -> Option<Text> {
    let harmless = is_harmless(name.bytes(), also) || holds_only_shown_arguments(name, value);
    (harmless && mask_text(value).1 == 0).then(|| value.clone())
}

/// Variables that hold a server's arguments, with its name: they may be shown where a command line may.
const ARGUMENTS: &[(&str, &str)] = &[("GUNICORN_CMD_ARGS", "gunicorn")];

fn holds_only_shown_arguments(name: &Text, value: &Text) -> bool {
    let held = ARGUMENTS.iter().find(|(held, _)| held.as_bytes() == name.bytes());
    held.is_some_and(|(_, server)| {
        let words = value.bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let line: Vec<&[u8]> = std::iter::once(server.as_bytes()).chain(words).collect();
        arguments::hidden(&line.join(&0)).is_empty()
    })
}

/// Words that name a secret, as they stand in names of variables and options.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i-u)pass(?:w|phrase|code|$|[^a-z])|pwd$|[^a-z]pw$|^pw$|secret|token|credential|private|bearer|cookie|salt|nonce",
        r"|(?:^|[^a-z])(?:auth|key|keys|pin|otp|sid|dsn|psk|hmac|signature)(?:$|[^a-z])|api_?key|authorization|authtok",
    ))
    .ok()
});

/// Whether the name of a variable, an option or a key says that its value is secret.
pub fn names_secret(name: &[u8]) -> bool {
    NAMES.as_ref().is_some_and(|names| names.is_match(name))
}

/// What takes the place of a secret's bytes: as many of this, so that lengths and places stay.
const FILLER: u8 = b'*';

/// A word that names a secret.
const SECRET: &str = r"(?:passw(?:or)?d|passphrase|pass|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth|bearer)";

static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // What is a secret stands in the groups named `s` and `t`.
    [
        // https://user:SECRET@host, whatever stands in SECRET; and https://TOKEN@host.
        r#"(?i-u)[a-z][a-z0-9+.-]*://[^\s/@:"'\x00]*:(?P<s>[^\s"'\x00]*)@"#.to_owned(),
        r#"(?i-u)https?://(?P<s>[^\s/@:"'\x00]+)@"#.to_owned(),
        // The values of a query string.
        r#"(?i-u)[?&;][a-z0-9_.%\[\]-]+=(?P<s>[^\s"'&;\x00]+)"#.to_owned(),
        // password: "SECRET", TOKEN=SECRET, 'secret' => 'SECRET', api_key ||= "SECRET".
        format!(
            r#"(?i-u){SECRET}[a-z0-9_-]*["']?[ \t]*(?:=>|\|\|=|=|:)[ \t]*(?:"(?P<s>[^"\n\x00]*)"|'(?P<t>[^'\n\x00]*)'|(?P<u>[^\s"',;(){{}}\[\]<>\x00:]+))"#
        ),
        // --password SECRET, in a title, where words are parted by blanks.
        format!(
            r"(?i-u)--?[a-z0-9-]*{SECRET}[a-z0-9-]*[ \t]+(?P<s>[^\s\x00-][^\s\x00]*)"
        ),
        // Authorization: Basic SECRET
        r"(?i-u)\b(?:basic|bearer)[ \t]+(?P<s>[a-z0-9+/=._~-]{8,})".to_owned(),
        r"(?s-u)-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<s>.*?)(?:-----END|\z)".to_owned(),
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// `ENV["NAME"] = "value"` and its kin in Ruby, `export NAME=value` in a shell.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"(?-u)(?:ENV(?:\[|\.fetch\(|\.store\()["'](?P<n>[^"'\n]+)["']\]?[ \t]*(?:=|\|\|=|,)[ \t]*["'](?P<s>[^"'\n]*)["'])"#,
        r#"|(?:\bexport[ \t]+(?P<m>[A-Za-z_][A-Za-z0-9_]*)=["']?(?P<t>[^"'\n\x00]*))"#,
    ))
    .ok()
});

/// Text without what looks like a secret: passwords in addresses, values of query strings, what follows `--password`,
/// what is assigned to a secret's name, literal variables that are not harmless, private keys.
/// Each secret byte becomes an asterisk. And how many secrets there were.
pub fn mask_text(text: &Text) -> (Text, usize) {
    let masked = masked(text.bytes());
    let count = count(text.bytes(), &masked);
    (Text::new(masked), count)
}

/// How many runs of bytes differ.
fn count(before: &[u8], after: &[u8]) -> usize {
    let mut inside = false;
    let mut count = 0;
    for (one, other) in before.iter().zip(after) {
        // A secret may hold asterisks of its own: they end no run.
        let differs = one != other || (inside && *one == FILLER);
        count += usize::from(differs && !inside);
        inside = differs;
    }
    count
}

fn masked(text: &[u8]) -> Vec<u8> {
    let mut masked = text.to_vec();
    for found in PATTERNS.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        for group in ["s", "t", "u"] {
            fill(&mut masked, &found, group);
        }
    }
    for found in ASSIGNED.iter().flat_map(|pattern| pattern.captures_iter(text)) {
        let name = found.name("n").or_else(|| found.name("m"));
        if !name.is_some_and(|name| is_harmless(name.as_bytes(), &[])) {
            fill(&mut masked, &found, "s");
            fill(&mut masked, &found, "t");
        }
    }
    masked
}

fn fill(masked: &mut [u8], found: &Captures<'_>, group: &str) {
    if let Some(bytes) = found.name(group).and_then(|secret| masked.get_mut(secret.range())) {
        bytes.fill(FILLER);
    }
}

/// A command line, its words ended by NUL, without what may be a secret: all but the options and the values that
/// servers are known to have. Its length stays. And how many places there were.
pub fn mask_arguments(line: &Text) -> (Text, usize) {
    filled(line, &arguments::hidden(line.bytes()))
}

/// The places in a command line that [`mask_arguments`] hides.
pub(super) fn places_in_arguments(line: &Text) -> Vec<Range<usize>> {
    arguments::hidden(line.bytes())
}

/// A log without what may be a secret: what servers write of themselves stays, and plain words.
pub fn mask_log(text: &Text) -> (Text, usize) {
    mask_log_lines(text, &|_| true)
}

/// The same of those lines, counted from 1, that are asked for; the others stay as they are.
pub fn mask_log_lines(text: &Text, asked: &dyn Fn(usize) -> bool) -> (Text, usize) {
    filled(text, &log::hidden(text.bytes(), asked))
}

/// A configuration, or another file that is read whole, without what may be a secret: what says where things are and
/// what a server is told stays, so that the same is read in it as before.
pub fn mask_file(path: &Text, text: &Text) -> (Text, usize) {
    filled(text, &file::hidden(path.bytes(), text.bytes()))
}

/// Ruby code without what may be a secret: a part of a configuration is shown where it cannot be evaluated.
pub fn mask_ruby(text: &Text) -> Text {
    filled(text, &ruby::hidden(text.bytes())).0
}

/// A text with these places in asterisks. Ends of lines stay where they are.
fn filled(text: &Text, places: &[Range<usize>]) -> (Text, usize) {
    if places.is_empty() {
        return (text.clone(), 0);
    }
    let mut masked = text.bytes().to_vec();
    for place in places {
        let bytes = masked.get_mut(place.clone()).unwrap_or_default();
        bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = FILLER);
    }
    (Text::new(masked), places.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str) -> String {
        mask_text(&Text::from(text)).0.utf8().unwrap().to_owned()
    }

    #[test]
    fn only_listed_names_are_harmless() {
        assert!(is_harmless(b"LC_ALL", &[]) && is_harmless(b"PATH", &[]));
        for name in ["SECRET_KEY_BASE", "DATABASE_URL", "NOTIFY_WEBHOOK_URLS", "LC", "path", ""] {
            assert!(!is_harmless(name.as_bytes(), &[]), "{name}");
        }
        assert!(is_harmless(b"SHOP_REGION", &["SHOP_*".to_string()]));
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 7);
        assert!(ASSIGNED.is_some() && NAMES.is_some());
    }

    #[test]
    fn secrets_in_text() {
        for (text, expected) in [
            ("redis://u:canary@h:1/0", "redis://u:******@h:1/0"),
            ("redis://:ca/n@ry@h", "redis://:*******@h"),
            ("remote: https://canary@gems.example/", "remote: https://******@gems.example/"),
            ("http://h/p?key=canary&b=1 200", "http://h/p?key=******&b=* 200"),
            ("GET /p?t=canary HTTP/1.1", "GET /p?t=****** HTTP/1.1"),
            ("secret_key_base: canary", "secret_key_base: ******"),
            ("password: \"can ary\"", "password: \"*******\""),
            ("ENV['FOO'] ||= 'canary'", "ENV['FOO'] ||= '******'"),
            ("ENV[\"RAILS_ENV\"] = \"production\"", "ENV[\"RAILS_ENV\"] = \"production\""),
            ("export AWS_KEY=canary", "export AWS_KEY=******"),
            ("unicorn --db-password canary -c x.rb", "unicorn --db-password ****** -c x.rb"),
            ("Authorization: Bearer canarycanary", "Authorization: ****** ************"),
            ("listen \"127.0.0.1:8080\"", "listen \"127.0.0.1:8080\""),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("http://host:8080/path", "http://host:8080/path"),
            (
                "unicorn master -c config/unicorn.rb -E production",
                "unicorn master -c config/unicorn.rb -E production",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
        let key = "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----";
        assert!(!masked(key).contains("canary"));
    }

    #[test]
    fn secrets_in_arguments() {
        for (line, expected) in [
            ("mysql\0--password\0can ary\0-h\0", "mysql\0--password\0*** ***\0-h\0"),
            ("x\0--api-key=can ary\0", "x\0--api-key=*** ***\0"),
            ("env\0FOO=canary\0PORT=80\0sh\0", "env\0FOO=******\0PORT=80\0sh\0"),
            ("psql\0--password\0-h\0h.x:1\0", "psql\0--password\0-h\0h.x:1\0"),
            ("ruby\0config.ru\0", "ruby\0config.ru\0"),
        ] {
            assert_eq!(mask_arguments(&Text::from(line)).0, Text::from(expected));
        }
    }

    #[test]
    fn secrets_are_counted() {
        let (text, count) = mask_text(&Text::from("redis://:a*b@h password=c d"));
        assert_eq!((text.utf8(), count), (Some("redis://:***@h password=* d"), 2));
    }

    proptest! {
        #[test]
        fn masking_keeps_lengths(bytes: Vec<u8>, text in "[a-z:/@?=&\" '-]{0,60}") {
            for text in [Text::new(bytes), Text::from(&*text)] {
                prop_assert_eq!(mask_text(&text).0.len(), text.len());
                prop_assert_eq!(mask_arguments(&text).0.len(), text.len());
            }
        }

        #[test]
        fn no_password_survives_in_an_address(user in "[a-z]{0,5}", password in "[A-Z0-9/?#@:]{8,20}") {
            let text = format!("postgres://{user}:{password}@db/x");
            prop_assert!(!masked(&text).contains(&password));
        }
    }
}
