//! Command lines of Python's programs: the script or module behind the interpreter.

use std::path::Path;

use crate::model::Process;
use crate::os::Text;

/// What an interpreter runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run<'a> {
    /// A script, by its path.
    Script(&'a Text),
    /// A module, `-m`.
    Module(&'a Text),
}

/// Whether a process runs Python: by what it maps, else by its program. `None`: neither was seen.
pub fn runs_python(process: &Process) -> Option<bool> {
    let is_python = |path: &Path| {
        path.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.contains("python") || name.contains("pypy")
        })
    };
    let runs = process.maps.get().map(|maps| maps.iter().any(|mapped| is_python(&mapped.path)));
    runs.or_else(|| process.exe.get().map(|exe| is_python(&exe.path)))
}

/// What an interpreter runs, and the arguments behind it. `-c` and standard input leave none.
pub fn run(mut words: &[Text]) -> Option<(Run<'_>, &[Text])> {
    while let [word, rest @ ..] = words {
        match word.bytes() {
            b"-m" => return rest.split_first().map(|(module, rest)| (Run::Module(module), rest)),
            b"-W" | b"-X" | b"--check-hash-based-pycs" => words = rest.get(1..)?,
            b"-" | b"--" => return None,
            [b'-', letters @ ..] if letters.contains(&b'c') && letters.first() != Some(&b'-') => {
                return None;
            }
            [b'-', ..] => words = rest,
            _ => return Some((Run::Script(word), rest)),
        }
    }
    None
}

/// The last part of a path.
pub fn base(path: &Text) -> &[u8] {
    path.bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// `python`, `python3`, `python3.11`, `pypy3`, and builds with letters behind the number (`python3.13t`).
pub fn is_python(name: &[u8]) -> bool {
    [&b"python"[..], b"pypy"].iter().any(|start| {
        name.strip_prefix(*start).is_some_and(|rest| {
            rest.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b't' | b'd'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<Text> {
        words.iter().map(|word| Text::from(*word)).collect()
    }

    #[test]
    fn what_an_interpreter_runs() {
        let words = texts(&["-u", "-X", "dev", "/srv/venv/bin/gunicorn", "-w", "2"]);
        let (found, rest) = run(&words).unwrap();
        assert_eq!(found, Run::Script(&Text::from("/srv/venv/bin/gunicorn")));
        assert_eq!(rest.len(), 2);
        let words = texts(&["-m", "gunicorn", "app:app"]);
        assert_eq!(run(&words).unwrap().0, Run::Module(&Text::from("gunicorn")));
        assert!(run(&texts(&["-c", "import gunicorn", "gunicorn"])).is_none());
        assert!(run(&texts(&["-"])).is_none());
    }

    #[test]
    fn interpreters_by_name() {
        for name in ["python", "python3", "python3.11", "pypy3", "python3.13t"] {
            assert!(is_python(name.as_bytes()), "{name}");
        }
        for name in ["pythonic", "ipython", "python3-config", "bash"] {
            assert!(!is_python(name.as_bytes()), "{name}");
        }
    }
}
