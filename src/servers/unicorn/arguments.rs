//! What Unicorn's arguments say, read as its option parser reads them (`bin/unicorn`, 6.0.0).

use std::path::PathBuf;

use crate::contract::Options;
use crate::os::{Arguments, Text};

/// Options with a value, short and long; those of `unicorn_rails` too.
const VALUED: &[(u8, &str)] = &[
    (b'e', "eval"),
    (b'I', "include"),
    (b'r', "require"),
    (b'o', "host"),
    (b'p', "port"),
    (b'E', "env"),
    (b'P', "pid"),
    (b's', "server"),
    (b'l', "listen"),
    (b'c', "config-file"),
    (0, "path"),
];

/// Options without one.
const FLAGS: &[(u8, &str)] = &[
    (b'd', "debug"),
    (b'w', "warn"),
    (b'N', "no-default-middleware"),
    (b'D', "daemonize"),
    (b'h', "help"),
    (b'v', "version"),
];

/// One thing that the arguments say.
enum Said<'a> {
    Flag(&'static str),
    Value(&'static str, &'a [u8]),
    Plain(&'a [u8]),
}

/// Reads them.
pub fn options(arguments: &Arguments) -> Options {
    let mut options = Options::default();
    let path = |value: &[u8]| Some(Text::new(value).path().to_path_buf());
    let (mut host, mut port) = (None, None);
    for said in read(arguments.raw()) {
        match said {
            Said::Flag("daemonize") => options.daemonize = true,
            Said::Value("config-file", value) => options.config = path(value),
            Said::Value("listen", value) => options.listen.push(Text::new(value)),
            Said::Value("env", value) => options.environment = Some(Text::new(value)),
            Said::Value("host", value) => host = Some(value),
            Said::Value("port", value) => port = Some(value),
            // unicorn_rails means a URL path by -P: only what is called a pidfile is one.
            Said::Value("pid", value) if value.ends_with(b".pid") => options.pid = path(value),
            Said::Plain(value) => options.rackup = options.rackup.or_else(|| path(value)),
            Said::Flag(_) | Said::Value(..) => {}
        }
    }
    if host.is_some() || port.is_some() {
        let (host, port) = (host.unwrap_or(b"0.0.0.0"), port.unwrap_or(b"8080"));
        options.listen.push(Text::new([host, b":", port].concat()));
    }
    options
}

/// Whether arguments are such as only this server gets: a configuration in Ruby, or a rackup file.
pub(super) fn look_like_ours(arguments: &[Text]) -> bool {
    let ends = |path: Option<PathBuf>, suffix: &[u8]| {
        path.is_some_and(|path| Text::from(&*path).bytes().ends_with(suffix))
    };
    let options = options(&arguments.into());
    ends(options.config, b".rb") || ends(options.rackup, b".ru")
}

fn read(arguments: &[Text]) -> Vec<Said<'_>> {
    let mut said = Vec::new();
    let mut words = arguments.iter().map(Text::bytes);
    while let Some(word) = words.next() {
        if word == b"--" {
            said.extend(words.by_ref().map(Said::Plain));
        } else if let Some(long) = word.strip_prefix(b"--") {
            let mut halves = long.splitn(2, |b| *b == b'=');
            let name = halves.next().unwrap_or_default();
            if let Some(name) = named(FLAGS, name) {
                said.push(Said::Flag(name));
            } else if let Some(name) = named(VALUED, name) {
                said.extend(halves.next().or_else(|| words.next()).map(|v| Said::Value(name, v)));
            }
        } else if let Some(mut cluster) = word.strip_prefix(b"-").filter(|rest| !rest.is_empty()) {
            while let [letter, rest @ ..] = cluster {
                cluster = rest;
                if let Some(name) = lettered(FLAGS, *letter) {
                    said.push(Said::Flag(name));
                } else if let Some(name) = lettered(VALUED, *letter) {
                    let value = if rest.is_empty() { words.next() } else { Some(rest) };
                    said.extend(value.map(|value| Said::Value(name, value)));
                    break;
                }
            }
        } else {
            said.push(Said::Plain(word));
        }
    }
    said
}

/// A long option may be cut short as long as it stays the only one.
fn named(options: &[(u8, &'static str)], name: &[u8]) -> Option<&'static str> {
    let all = || FLAGS.iter().chain(VALUED).map(|(_, long)| *long);
    let exact = all().find(|long| long.as_bytes() == name);
    let mut begun = all().filter(|long| long.as_bytes().starts_with(name));
    let meant = exact.or_else(|| begun.next().filter(|_| begun.next().is_none()))?;
    options.iter().map(|(_, long)| *long).find(|long| *long == meant)
}

fn lettered(options: &[(u8, &'static str)], letter: u8) -> Option<&'static str> {
    options.iter().find(|(short, _)| *short == letter).map(|(_, long)| *long)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Options {
        options(&words.iter().map(|word| Text::from(*word)).collect())
    }

    #[test]
    fn the_configuration_in_every_spelling() {
        for words in [
            &["-c", "u.rb"][..],
            &["-cu.rb"],
            &["-Dcu.rb"],
            &["-Dc", "u.rb", "config.ru"],
            &["--config-file", "u.rb"],
            &["--config-file=u.rb"],
            &["--conf", "u.rb"],
            &["-r", "-x", "config.ru", "-c", "u.rb"],
            &["-c", "old.rb", "-c", "u.rb"],
        ] {
            assert_eq!(of(words).config, Some("u.rb".into()), "{words:?}");
        }
        for words in [&["-E", "-c"][..], &["--", "-c", "u.rb"], &["-c"], &["-I", "-c"], &["u.rb"]] {
            assert_eq!(of(words).config, None, "{words:?}");
        }
    }

    #[test]
    fn everything_else() {
        let all = of(&[
            "-D",
            "-E",
            "production",
            "-l",
            "/run/a.sock",
            "-l0.0.0.0:8080",
            "-P",
            "x.pid",
            "app.ru",
            "more",
        ]);
        assert!(all.daemonize);
        assert_eq!(all.environment, Some(Text::from("production")));
        assert_eq!(all.listen, [Text::from("/run/a.sock"), Text::from("0.0.0.0:8080")]);
        assert_eq!((all.pid, all.rackup), (Some("x.pid".into()), Some("app.ru".into())));
        assert_eq!(of(&["-p", "9000"]).listen, [Text::from("0.0.0.0:9000")]);
        assert_eq!(of(&["-o::1", "-p9000"]).listen, [Text::from("::1:9000")]);
        assert_eq!(of(&["-P", "/shop"]).pid, None);
    }
}
