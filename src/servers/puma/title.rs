//! How a Puma process is recognised: by its title, which it sets before it loads the app, or by its raw command line.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::contract::{Candidate, Part, Recognised};
use crate::os::{Arguments, Text};
use crate::servers::ruby::command::{base, is_ruby, loaded, script};

/// `puma VERSION (BIND,BIND) [TAG]` (`launcher.rb`, `title`). A title that was cut off has no closing bracket.
static PARENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s-u)^puma [0-9]+(?:\.[0-9A-Za-z]+)+ \(([^)]*)").ok());

/// `puma: cluster worker INDEX: PARENT [TAG]` (`cluster/worker.rb`).
static WORKER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s-u)^puma: cluster worker(?: ([0-9]+))?: [0-9]+(?: |$)").ok());

/// Recognises a process.
pub fn recognise(candidate: &Candidate<'_>) -> Option<Recognised> {
    match candidate.words {
        // A title is written over the arguments as one word.
        [title] => parent(title).or_else(|| worker(title)).or_else(|| {
            let (program, arguments) = loaded(title)?;
            from_script(&program, &arguments)
        }),
        [first, rest @ ..] => from_command_line(first, rest),
        [] => None,
    }
}

/// The binds stand in place of the arguments, which the title has overwritten.
fn parent(title: &Text) -> Option<Recognised> {
    let found = PARENT.as_ref()?.captures(title.bytes())?;
    let binds = found.get(1)?.as_bytes().split(|byte| *byte == b',');
    Some(Recognised {
        part: Part::Master { old: false },
        arguments: binds.filter(|bind| !bind.is_empty()).map(Text::new).collect(),
        program: Text::from("puma"),
        tag: None,
        certain: true,
    })
}

fn worker(title: &Text) -> Option<Recognised> {
    let found = WORKER.as_ref()?.captures(title.bytes())?;
    let number = found.get(1).and_then(|index| std::str::from_utf8(index.as_bytes()).ok());
    Some(Recognised {
        part: Part::Worker(number.and_then(|number| number.parse().ok())),
        arguments: Arguments::default(),
        program: Text::from("puma"),
        tag: None,
        certain: true,
    })
}

fn from_command_line(first: &Text, rest: &[Text]) -> Option<Recognised> {
    let (program, arguments) = if is_ruby(base(first)) { script(rest)? } else { (first, rest) };
    from_script(program, arguments)
}

fn from_script(program: &Text, arguments: &[Text]) -> Option<Recognised> {
    let only_tells = |word: &Text| matches!(word.bytes(), b"-V" | b"--version" | b"-h" | b"--help");
    if !is_puma(base(program)) || arguments.iter().any(only_tells) {
        return None;
    }
    Some(Recognised {
        part: Part::Raw,
        arguments: arguments.into(),
        program: program.clone(),
        tag: None,
        certain: true,
    })
}

/// `puma`, `puma-wild` (what `prune_bundler` executes), and both with a version (`puma3.1`, `puma.ruby3.1`).
fn is_puma(name: &[u8]) -> bool {
    name.strip_prefix(b"puma").is_some_and(|rest| {
        let rest = rest.strip_prefix(b"-wild").unwrap_or(rest);
        let rest = rest.strip_prefix(b".ruby").unwrap_or(rest);
        rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Option<Recognised> {
        crate::servers::recognised(recognise, words)
    }

    #[test]
    fn titles() {
        for (title, binds) in [
            ("puma 5.6.5 (unix:///srv/api/puma.sock) [api]", &["unix:///srv/api/puma.sock"][..]),
            (
                "puma 6.4.0.pre1 (tcp://0.0.0.0:80,unix:///a.sock)",
                &["tcp://0.0.0.0:80", "unix:///a.sock"],
            ),
            ("puma 4.3.12 (tcp://127.0.0.1:9292) [a [b] c]", &["tcp://127.0.0.1:9292"]),
            ("puma 5.6.5 (unix:///srv/a/name/that/was/cut", &["unix:///srv/a/name/that/was/cut"]),
        ] {
            let found = of(&[title]).unwrap();
            let binds: Vec<Text> = binds.iter().map(|bind| Text::from(*bind)).collect();
            assert_eq!(
                (found.part, found.arguments),
                (Part::Master { old: false }, Arguments::new(binds)),
                "{title}"
            );
        }
        for (title, number) in [
            ("puma: cluster worker 0: 3301 [api]", Some(0)),
            ("puma: cluster worker 12: 3301", Some(12)),
            ("puma: cluster worker: 3301", None),
        ] {
            assert_eq!(of(&[title]).unwrap().part, Part::Worker(number), "{title}");
        }
    }

    #[test]
    fn raw_command_lines() {
        for words in [
            &["ruby", "/usr/bin/puma", "-C", "config/puma.rb"][..],
            &["/usr/bin/ruby3.1", "/srv/a/bin/bundle", "exec", "puma"],
            &["ruby", "/gems/puma-5.6.5/bin/puma-wild", "-I", "/gems/a/lib:/gems/b/lib", "-w", "2"],
            &["/srv/a/bin/puma", "-p", "80"],
            &["/srv/a/bin/puma -C config/puma.rb -e production"],
            &["/usr/local/bin/puma"],
            &["bin/puma -C config/puma.rb"],
        ] {
            assert_eq!(of(words).unwrap().part, Part::Raw, "{words:?}");
        }
    }

    #[test]
    fn strangers() {
        for words in [
            &["unicorn master -c u.rb"][..],
            &["puma"],
            &["puma master -c x.rb"],
            &["puma-dev: cluster worker 0: 3301"],
            &["puma: reaper"],
            &["pumactl", "-P", "puma.pid", "restart"],
            &["ruby", "/usr/bin/pumactl", "restart"],
            &["ruby", "/usr/bin/puma", "--version"],
            &["vim", "config/puma.rb"],
            &["tail", "-f", "log/puma.log"],
            &["sh", "-c", "puma -C config/puma.rb"],
            &["ruby", "-e", "load 'puma'", "puma"],
            &["puma_worker_killer", "x"],
            &["/srv/my app/bin/puma -C config/puma.rb"],
            &["/usr/bin/pumactl restart"],
            &[""],
            &[],
        ] {
            assert_eq!(of(words), None, "{words:?}");
        }
    }
}
