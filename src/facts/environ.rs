//! The environment as a process was started with it, and whether the process's title has overwritten it.

use super::process::{Stat, parse_stat};
use super::{Fact, Lack, bytes, fact};
use crate::os::{Ask, Pid, ProcText, Refusal, Source, Text};

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: Text,
    /// Its value. Secret unless `os::secrets::is_harmless` says otherwise.
    pub value: Text,
}

/// An environment block in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environ {
    /// The variables, repeated names included.
    pub variables: Vec<Variable>,
    /// Size of the block in bytes.
    pub size: usize,
}

impl Environ {
    /// The value that `getenv(3)` finds: the first of that name.
    pub fn value(&self, name: &str) -> Option<&Text> {
        self.variables.iter().find(|v| v.name.bytes() == name.as_bytes()).map(|v| &v.value)
    }
}

/// Parses `/proc/PID/environ`. [`Lack::Overwritten`] where the title was written over it: the command line is
/// longer than the argument area, or an entry is empty, lacks `=`, or starts with it (`algorithms.md` §2.1).
pub fn parse(
    bytes: &Text,
    stat: Option<&Stat>,
    command_line_length: usize,
) -> Result<Environ, Lack> {
    let arguments = stat.and_then(|stat| stat.block).map(|b| b.arg_end.saturating_sub(b.arg_start));
    if arguments.is_some_and(|size| command_line_length as u64 > size) {
        return Err(Lack::Overwritten);
    }
    let all = bytes.bytes();
    // Each entry ends with a NUL; what stands behind the last one would be the next entry.
    let entries = all.strip_suffix(b"\0").unwrap_or(all);
    let mut variables = Vec::new();
    if !all.is_empty() {
        for entry in entries.split(|b| *b == 0) {
            let equals = entry.iter().position(|b| *b == b'=').filter(|at| *at > 0);
            let (name, value) =
                equals.and_then(|at| entry.split_at_checked(at)).ok_or(Lack::Overwritten)?;
            variables.push(Variable {
                name: Text::new(name),
                value: Text::new(value.get(1..).unwrap_or_default()),
            });
        }
    }
    Ok(Environ { variables, size: all.len() })
}

/// Parses an environment read from memory. What is no variable there (no `=`, or nothing before it) `getenv(3)` does
/// not find either.
pub fn parse_live(bytes: &Text) -> Environ {
    let entries = bytes.bytes().split(|b| *b == 0);
    let variables = entries.filter_map(|entry| {
        let equals = entry.iter().position(|b| *b == b'=').filter(|at| *at > 0)?;
        let (name, value) = entry.split_at_checked(equals)?;
        Some(Variable { name: Text::new(name), value: Text::new(value.get(1..)?) })
    });
    Environ { variables: variables.collect(), size: bytes.len() }
}

/// Reads the environment of any process as it is now.
pub fn live(source: &dyn Source, pid: Pid) -> Fact<Environ> {
    let ask = Ask::LiveEnviron(pid);
    fact(&ask, source.ask_one(ask.clone()), bytes).map(|block| parse_live(&block))
}

/// Reads the environment that any process was started with.
pub fn of(source: &dyn Source, pid: Pid) -> Fact<Environ> {
    let asks =
        [ProcText::Stat, ProcText::Cmdline, ProcText::Environ].map(|text| Ask::Text(pid, text));
    let mut answers = source.ask(&asks).into_iter();
    let mut next = |ask| fact(ask, answers.next().unwrap_or(Err(Refusal::NotRecorded)), bytes);
    let [stat, command_line, environ] = &asks;
    let stat = next(stat).then(|text| parse_stat(&text));
    let command_line = next(command_line);
    let length = command_line.get().map_or(0, Text::len);
    next(environ).then(|text| parse(&text, stat.get(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(arguments: u64) -> Stat {
        let rest = ["1"; 44].join(" ");
        let text = format!("1 (x) S {rest} 1000 {} 2000 3000 0", 1000 + arguments);
        parse_stat(&Text::from(&*text)).unwrap()
    }

    #[test]
    fn variables_in_order() {
        let block = Text::from("A=1\0RAILS_ENV=production\0A=2\0E=\0X=a=b\nc\0");
        let environ = parse(&block, Some(&stat(20)), 20).unwrap();
        assert_eq!(environ.value("A"), Some(&Text::from("1")));
        assert_eq!(environ.value("E"), Some(&Text::from("")));
        assert_eq!(environ.value("X"), Some(&Text::from("a=b\nc")));
        assert_eq!(environ.value("B"), None);
        assert_eq!((environ.variables.len(), environ.size), (5, block.len()));
        assert_eq!(parse(&Text::from(""), None, 0), Ok(Environ::default()));
    }

    #[test]
    fn what_is_no_variable_in_memory_is_left_out() {
        let live = parse_live(&Text::from("A=1\0rubbish\0=x\0\0B=\0"));
        let names: Vec<String> = live.variables.iter().map(|v| v.name.to_string()).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(parse_live(&Text::default()).variables, []);
    }

    #[test]
    fn overwritten_by_the_title() {
        let fine = Text::from("A=1\0");
        assert_eq!(parse(&fine, Some(&stat(100)), 201), Err(Lack::Overwritten));
        for block in [
            "\0\0\0\0",
            "uster worker 1: 8 [app]\0\0\0",
            "A=1\0\0B=2\0",
            "A=1\0=x\0",
            "A=1\0no equals\0",
            "A=1\0\0\0",
        ] {
            assert_eq!(parse(&Text::from(block), None, 0), Err(Lack::Overwritten), "{block:?}");
        }
    }
}
