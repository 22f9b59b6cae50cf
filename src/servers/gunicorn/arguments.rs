//! What gunicorn's arguments say (`config.py`, 20.1 to 27.0); once it has its title, only its name is left of them.

use crate::contract::Options;
use crate::os::{Arguments, Text};

/// Options with a value.
const VALUED: &[&str] = &[
    "config",
    "bind",
    "backlog",
    "workers",
    "worker-class",
    "threads",
    "worker-connections",
    "max-requests",
    "max-requests-jitter",
    "timeout",
    "graceful-timeout",
    "keep-alive",
    "limit-request-line",
    "limit-request-fields",
    "limit-request-field_size",
    "reload-engine",
    "reload-extra-file",
    "chdir",
    "env",
    "pid",
    "worker-tmp-dir",
    "user",
    "group",
    "umask",
    "forwarded-allow-ips",
    "access-logfile",
    "access-logformat",
    "error-logfile",
    "log-file",
    "log-level",
    "logger-class",
    "log-config",
    "log-config-json",
    "log-syslog-to",
    "log-syslog-prefix",
    "log-syslog-facility",
    "statsd-host",
    "dogstatsd-tags",
    "statsd-prefix",
    "name",
    "pythonpath",
    "paste",
    "paster",
    "proxy-allow-from",
    "keyfile",
    "certfile",
    "ssl-version",
    "cert-reqs",
    "ca-certs",
    "ciphers",
    "paste-global",
    "forwarder-headers",
    "header-map",
    "control-socket",
    "control-socket-mode",
];

/// Options without one that change what farrier asks for; all others without one are not listed.
const FLAGS: &[&str] = &["daemon", "preload", "reload", "reuse-port"];

/// The letters of options with a value, and what each is in full.
const LETTERS: &[(u8, &str)] = &[
    (b'c', "config"),
    (b'b', "bind"),
    (b'w', "workers"),
    (b'k', "worker-class"),
    (b't', "timeout"),
    (b'e', "env"),
    (b'p', "pid"),
    (b'u', "user"),
    (b'g', "group"),
    (b'm', "umask"),
    (b'n', "name"),
];

/// One option as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its long name.
    pub name: &'static str,
    /// Its value; empty where it takes none.
    pub value: Text,
}

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct All {
    /// In their order.
    pub each: Vec<Given>,
    /// The title hides them.
    pub hidden: bool,
}

impl All {
    /// The last of that name: it wins.
    pub fn last(&self, name: &str) -> Option<&Text> {
        self.each.iter().rev().find(|given| given.name == name).map(|given| &given.value)
    }
}

/// Reads them, as `argparse` does.
pub fn all(arguments: &Arguments) -> All {
    let mut all = All::default();
    let mut words = arguments.raw().iter();
    while let Some(word) = words.next() {
        let bytes = word.bytes();
        // `[NAME]`, what the title leaves of them.
        all.hidden |= bytes.starts_with(b"[");
        if bytes == b"--" {
            break;
        }
        let (name, attached) = if let Some(long) = bytes.strip_prefix(b"--") {
            let at = long.iter().position(|byte| *byte == b'=');
            let (name, value) = match at {
                Some(at) => (long.get(..at), long.get(at + 1..)),
                None => (Some(long), None),
            };
            let Some(name) = name.and_then(full) else { continue };
            (name, value)
        } else if let Some([letter, rest @ ..]) = bytes.strip_prefix(b"-") {
            // Letters without a value may stand before one with a value: `-Dw2`.
            let mut run = std::iter::once(letter).chain(rest).enumerate();
            let valued = |letter: u8| LETTERS.iter().find(|(own, _)| *own == letter);
            if std::iter::once(letter)
                .chain(rest)
                .take_while(|l| valued(**l).is_none())
                .any(|l| *l == b'D')
            {
                all.each.push(Given { name: "daemon", value: Text::default() });
            }
            let Some((at, (_, name))) = run.find_map(|(at, l)| Some((at, valued(*l)?))) else {
                continue;
            };
            let value = rest.get(at..).filter(|value| !value.is_empty());
            (*name, value.map(|value| value.strip_prefix(b"=").unwrap_or(value)))
        } else {
            continue;
        };
        if FLAGS.contains(&name) {
            all.each.push(Given { name, value: Text::default() });
            continue;
        }
        let Some(value) = attached.map(Text::new).or_else(|| words.next().cloned()) else { break };
        all.each.push(Given { name, value });
    }
    all
}

/// The option of that name, or the only one that begins so.
fn full(name: &[u8]) -> Option<&'static str> {
    let every = || VALUED.iter().chain(FLAGS).copied();
    every().find(|one| one.as_bytes() == name).or_else(|| {
        let mut begun = every().filter(|one| one.as_bytes().starts_with(name));
        begun.next().filter(|_| begun.next().is_none())
    })
}

/// Reads them, as far as every server has them.
pub fn options(arguments: &Arguments) -> Options {
    let all = all(arguments);
    let listen = all.each.iter().filter(|given| given.name == "bind");
    let config = all.last("config").map(|config| {
        let bytes = config.bytes();
        Text::new(bytes.strip_prefix(b"file:").unwrap_or(bytes))
    });
    let module = config.as_ref().is_some_and(|config| config.bytes().starts_with(b"python:"));
    Options {
        config: config.filter(|_| !module).map(|config| config.path().to_path_buf()),
        listen: listen.map(|given| given.value.clone()).collect(),
        pid: all.last("pid").map(|path| path.path().to_path_buf()),
        daemonize: all.last("daemon").is_some(),
        whole: !all.hidden && !module,
        ..Options::default()
    }
}

/// The words of a variable, split as a shell would split plain words (`shlex.split`). `None`: a quote or a backslash
/// stands in it that is not followed here.
pub fn split(text: &Text) -> Option<Arguments> {
    let text = text.utf8()?;
    let plain = !text.contains(['\'', '"', '\\']);
    plain.then(|| text.split_ascii_whitespace().map(Text::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Arguments {
        words.iter().map(|word| Text::from(*word)).collect()
    }

    #[test]
    fn of_a_command_line() {
        let words = of(&[
            "-c",
            "file:conf.py",
            "--bind=unix:/a.sock",
            "-b",
            ":80",
            "-Dw4",
            "-p",
            "a.pid",
            "app:app",
        ]);
        let found = options(&words);
        assert_eq!(found.config.as_deref(), Some("conf.py".as_ref()));
        assert_eq!(found.listen, [Text::from("unix:/a.sock"), Text::from(":80")]);
        assert_eq!(found.pid.as_deref(), Some("a.pid".as_ref()));
        assert!(found.daemonize && found.whole);
        assert_eq!(all(&words).last("workers"), Some(&Text::from("4")));
        assert_eq!(
            all(&of(&["--graceful", "5", "--preload"])).last("graceful-timeout"),
            Some(&Text::from("5"))
        );
        assert!(all(&of(&["-w", "4", "--worker-class", "-D"])).last("daemon").is_none());
    }

    #[test]
    fn what_a_title_leaves_of_them() {
        let found = options(&of(&["[shop.2]"]));
        assert_eq!((found.whole, found.config, found.pid), (false, None, None));
        assert!(!options(&of(&["-c", "python:shop.conf"])).whole);
    }
}
