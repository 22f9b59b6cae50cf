//! What may be shown unasked: an allowlist of harmless variable names. Everything else is hidden, since lists of
//! secret names always leak; and the masker for secrets inside texts.

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

/// A command line, its words ended by NUL, without its secrets: what [`mask_text`] finds, the word after
/// `--password` and its kin, and `NAME=value` where the name is not harmless. Its length stays. And how many there were.
pub fn mask_arguments(line: &Text) -> (Text, usize) {
    let line = line.bytes();
    let mut masked = Vec::with_capacity(line.len());
    let mut after_option = false;
    for word in line.split_inclusive(|byte| *byte == 0) {
        let (bare, end) = match word.strip_suffix(&[0]) {
            Some(bare) => (bare, &[0][..]),
            None => (word, &[][..]),
        };
        let hides_next = asks_for_secret(bare);
        if after_option && !bare.starts_with(b"-") {
            masked.extend(std::iter::repeat_n(FILLER, bare.len()));
        } else {
            masked.extend(mask_word(bare));
        }
        masked.extend(end);
        after_option = hides_next;
    }
    let count = count(line, &masked);
    (Text::new(masked), count)
}

static OPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(&format!(r"(?i-u)^--?[a-z0-9_-]*{SECRET}[a-z0-9_-]*(?P<v>=.*)?$")).ok()
});

/// Whether a word is an option whose value, a secret, follows.
fn asks_for_secret(word: &[u8]) -> bool {
    OPTION
        .as_ref()
        .and_then(|option| option.captures(word))
        .is_some_and(|found| found.name("v").is_none())
}

fn mask_word(word: &[u8]) -> Vec<u8> {
    let mut masked = masked(word);
    let Some(equals) = word.iter().position(|byte| *byte == b'=') else { return masked };
    let name = word.get(..equals).unwrap_or_default();
    let is_variable = name.first().is_some_and(u8::is_ascii_uppercase)
        && name
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_');
    let is_option = OPTION.as_ref().is_some_and(|option| option.is_match(word));
    let is_secret = is_option || (is_variable && !is_harmless(name, &[]));
    if let Some(value) = masked.get_mut(equals + 1..).filter(|_| is_secret) {
        value.fill(FILLER);
    }
    masked
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
        assert!(ASSIGNED.is_some() && OPTION.is_some());
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
            ("mysql\0--password\0can ary\0-h\0x\0", "mysql\0--password\0*******\0-h\0x\0"),
            ("x\0--api-key=can ary\0y\0", "x\0--api-key=*******\0y\0"),
            ("env\0FOO=canary\0PORT=80\0cmd\0", "env\0FOO=******\0PORT=80\0cmd\0"),
            ("psql\0--password\0-h\0host\0", "psql\0--password\0-h\0host\0"),
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
