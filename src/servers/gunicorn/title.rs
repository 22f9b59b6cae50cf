//! How a gunicorn process is recognised: by the title that it sets where `setproctitle` is installed, else by its command
//! line, which the master and its workers then share.

use crate::contract::{Candidate, Part, Recognised};
use crate::os::{Arguments, Text};
use crate::servers::python::command::{Run, base, is_python, run};

/// Recognises a process.
pub fn recognise(candidate: &Candidate<'_>) -> Option<Recognised> {
    match candidate.words {
        [title] if title.bytes().starts_with(b"gunicorn: ") => titled(title),
        [first, rest @ ..] => from_command_line(first, rest),
        [] => None,
    }
}

/// `gunicorn: master [NAME]`, `gunicorn: worker [NAME]` (`arbiter.py`, `run` and `spawn_worker`; `util.py`,
/// `_setproctitle`). The name stands in place of the arguments.
fn titled(title: &Text) -> Option<Recognised> {
    let rest = title.bytes().strip_prefix(b"gunicorn: ")?;
    let (part, name) = match rest.strip_prefix(b"master ") {
        Some(name) => (Part::Master { old: false }, name),
        None => (Part::Worker(None), rest.strip_prefix(b"worker ")?),
    };
    // A title that was cut off has no closing bracket, and one in a recording may be masked.
    let name = match name {
        [] => return None,
        [b'[', ..] => Text::new(name),
        masked => Text::new([b"[", masked, b"]"].concat()),
    };
    Some(Recognised {
        part,
        arguments: std::iter::once(name).collect(),
        program: Text::from("gunicorn"),
        tag: None,
        certain: true,
    })
}

fn from_command_line(first: &Text, rest: &[Text]) -> Option<Recognised> {
    let (program, arguments) = if is_python(base(first)) {
        match run(rest)? {
            (Run::Script(script), arguments) if is_gunicorn(base(script)) || is_main(script) => {
                (script, arguments)
            }
            (Run::Module(module), arguments) if is_module(module) => (first, arguments),
            _ => return None,
        }
    } else if is_gunicorn(base(first)) {
        (first, rest)
    } else {
        return None;
    };
    if arguments.is_empty() || arguments.iter().any(only_tells) {
        return None;
    }
    Some(Recognised {
        part: Part::Raw,
        arguments: Arguments::from(arguments),
        program: program.clone(),
        tag: None,
        certain: true,
    })
}

/// The script that `pip` and Debian install, with the number of Python's version that some have.
fn is_gunicorn(name: &[u8]) -> bool {
    let rest = name.strip_prefix(b"gunicorn").or_else(|| name.strip_prefix(b"gunicorn_paster"));
    rest.is_some_and(|rest| {
        rest.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
    })
}

fn is_module(module: &Text) -> bool {
    matches!(module.bytes(), b"gunicorn" | b"gunicorn.__main__" | b"gunicorn.app.wsgiapp")
}

/// What `-m` leaves in `sys.argv`, which is what a master executes again.
fn is_main(script: &Text) -> bool {
    [&b"/gunicorn/__main__.py"[..], b"/gunicorn/app/wsgiapp.py"]
        .iter()
        .any(|end| script.bytes().ends_with(end))
}

/// It prints something and ends.
fn only_tells(word: &Text) -> bool {
    matches!(
        word.bytes(),
        b"-v" | b"--version" | b"-h" | b"--help" | b"--check-config" | b"--print-config"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::recognised;

    fn of(words: &[&str]) -> Option<Recognised> {
        recognised(recognise, words)
    }

    #[test]
    fn titles() {
        let master = of(&["gunicorn: master [shop.wsgi:application.2]"]).unwrap();
        assert_eq!(master.part, Part::Master { old: false });
        assert_eq!(master.arguments.to_string(), "[shop.wsgi:application.2]");
        assert_eq!(of(&["gunicorn: worker [shop]"]).unwrap().part, Part::Worker(None));
        assert!(of(&["gunicorn: dirty-arbiter [shop]"]).is_none());
        assert!(of(&["gunicorn: master"]).is_none());
    }

    #[test]
    fn command_lines() {
        for words in [
            &["/srv/shop/venv/bin/python3", "/srv/shop/venv/bin/gunicorn", "app:app"][..],
            &["/usr/bin/python3", "-m", "gunicorn", "app:app"],
            &["python", "-u", "-m", "gunicorn.app.wsgiapp", "app:app"],
            &["/v/bin/python", "/v/lib/python3.11/site-packages/gunicorn/__main__.py", "app:app"],
            &["/usr/bin/python3.11", "/usr/bin/gunicorn3", "-w", "2", "app:app"],
        ] {
            assert_eq!(of(words).unwrap().part, Part::Raw, "{words:?}");
        }
    }

    #[test]
    fn strangers() {
        for words in [
            &["bash", "-c", "gunicorn app:app"][..],
            &["vim", "gunicorn.conf.py"],
            &["/usr/bin/python3", "/usr/bin/gunicorn", "--version"],
            &["/usr/bin/python3", "/usr/bin/gunicorn", "--check-config", "app:app"],
            &["/usr/bin/python3", "/usr/bin/celery", "-A", "gunicorn", "worker"],
            &["python3", "-c", "import gunicorn", "gunicorn"],
            &["python3", "gunicorn.conf.py", "x"],
            &["/usr/bin/python3", "-m", "gunicorn_exporter", "x"],
            &["tail", "-f", "/var/log/gunicorn"],
        ] {
            assert!(of(words).is_none(), "{words:?}");
        }
    }
}
