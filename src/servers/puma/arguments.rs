//! What Puma's arguments say (`cli.rb`, 5.6.5); once it has its title, only the binds are left of them.

use crate::contract::Options;
use crate::os::{Arguments, Text};

/// Options with a value.
const VALUED: &[&str] = &[
    "-b",
    "--bind",
    "-C",
    "--config",
    "-e",
    "--environment",
    "-p",
    "--port",
    "--pidfile",
    "-I",
    "--include",
    "-t",
    "--threads",
    "-w",
    "--workers",
    "-S",
    "--state",
    "--tag",
    "--dir",
    "--control",
    "--control-url",
    "--control-token",
    "--redirect-stdout",
    "--redirect-stderr",
    "--extra-runtime-dependencies",
    "--fork-worker",
];

/// Reads them.
pub fn options(arguments: &Arguments) -> Options {
    let mut options = Options::default();
    let mut words = arguments.raw().iter().map(Text::bytes);
    while let Some(word) = words.next() {
        if !word.starts_with(b"-") {
            if word.windows(3).any(|part| part == b"://") {
                options.listen.push(Text::new(word));
            } else if options.rackup.is_none() {
                options.rackup = Some(Text::new(word).path().to_path_buf());
            }
            continue;
        }
        let Some((name, value)) = split(word) else { continue };
        let Some(value) = value.or_else(|| words.next()) else { break };
        let path = || Some(Text::new(value).path().to_path_buf());
        match name {
            // `-C -` says that no file is to be read.
            "-C" | "--config" if value != b"-" => options.config = path(),
            "-b" | "--bind" => options.listen.push(Text::new(value)),
            "-p" | "--port" => {
                options.listen.push(Text::new([b"tcp://0.0.0.0:", value].concat()));
            }
            "--pidfile" => options.pid = path(),
            "-e" | "--environment" => options.environment = Some(Text::new(value)),
            _ => {}
        }
    }
    options
}

/// An option that takes a value, and the value that stands in the same word: `--bind=URI`, `-bURI`.
fn split(word: &[u8]) -> Option<(&'static str, Option<&[u8]>)> {
    let named = |name: &[u8]| VALUED.iter().copied().find(|option| option.as_bytes() == name);
    if let Some(name) = named(word) {
        return Some((name, None));
    }
    if word.starts_with(b"--") {
        let at = word.iter().position(|byte| *byte == b'=')?;
        return named(word.get(..at)?).zip(Some(word.get(at + 1..)));
    }
    named(word.get(..2)?).zip(Some(word.get(2..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Options {
        options(&words.iter().map(|word| Text::from(*word)).collect())
    }

    #[test]
    fn what_they_name() {
        let found = of(&["-C", "config/puma.rb", "-b", "unix:///a.sock", "--pidfile=a.pid", "-w2"]);
        assert_eq!(found.config.as_deref(), Some("config/puma.rb".as_ref()));
        assert_eq!(found.listen, [Text::from("unix:///a.sock")]);
        assert_eq!(found.pid.as_deref(), Some("a.pid".as_ref()));
        assert_eq!(found.rackup, None);
        let found = of(&["-p", "3000", "-C", "-", "other.ru"]);
        assert_eq!(found.listen, [Text::from("tcp://0.0.0.0:3000")]);
        assert_eq!((found.config, found.rackup), (None, Some("other.ru".into())));
    }

    #[test]
    fn what_a_title_leaves_of_them() {
        assert_eq!(of(&["tcp://0.0.0.0:80", "unix:///a.sock"]).listen.len(), 2);
        assert_eq!(of(&["-q", "-C"]), Options::default());
    }
}
