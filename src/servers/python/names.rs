//! What a Python file binds at its top level, as far as that can be told without running it.

use std::collections::BTreeMap;

use super::Literal;
use super::lines::{Line, Token, lines};
use crate::os::Text;
use crate::servers::effort::spend;

/// What a name is bound to when the file has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A literal, at this line.
    To(Literal, usize),
    /// Something that only Python can tell: the line, and what stands there.
    Unknown(usize, Text),
}

/// The names that a file binds; `Err`: what makes any name unknown, with its line.
///
/// # Errors
/// It is no Python that can be cut, imports names that it does not name, or runs code that may bind any.
pub fn bindings(source: &str) -> Result<BTreeMap<String, Bound>, (usize, Text)> {
    let Some(all) = lines(source) else { return Err((1, Text::from("what is not understood"))) };
    let mut bound = BTreeMap::new();
    // The indentation of the block of a definition that is being passed.
    let mut defined: Option<usize> = None;
    for line in all.iter().take_while(|line| spend(line.tokens.len())) {
        if let Some(outer) = defined {
            if line.indent > outer {
                if line.tokens.first() == Some(&Token::Word("global")) {
                    unknown(&mut bound, line, words(&line.tokens));
                }
                continue;
            }
            defined = None;
        }
        if is_sweeping(&line.tokens) {
            return Err((line.number, Text::from(line.text.trim())));
        }
        learn(&mut bound, line);
        let mut heads = words(&line.tokens);
        if matches!(heads.next(), Some("def" | "class"))
            || line.tokens.starts_with(&[Token::Word("async"), Token::Word("def")])
        {
            defined = Some(line.indent);
        }
    }
    Ok(bound)
}

/// Code that may bind any name.
const ANY: &[&str] = &[
    "exec",
    "eval",
    "execfile",
    "globals",
    "locals",
    "vars",
    "setattr",
    "__dict__",
    "__builtins__",
    "import_module",
    "__import__",
];

fn is_sweeping(tokens: &[Token<'_>]) -> bool {
    let star =
        tokens.first() == Some(&Token::Word("from")) && tokens.last() == Some(&Token::Op("*"));
    star || words(tokens).any(|word| ANY.contains(&word))
}

fn words<'a, 'b>(tokens: &'b [Token<'a>]) -> impl Iterator<Item = &'a str> + use<'a, 'b> {
    tokens.iter().filter_map(|token| match token {
        Token::Word(word) => Some(*word),
        _ => None,
    })
}

fn unknown<'a>(
    bound: &mut BTreeMap<String, Bound>,
    line: &Line<'_>,
    names: impl Iterator<Item = &'a str>,
) {
    for name in names {
        let text = Text::from(line.text.trim());
        bound.insert(name.to_owned(), Bound::Unknown(line.number, text));
    }
}

/// What one line binds. A line in a block, or behind the colon of one, may be run or not, or often.
fn learn(bound: &mut BTreeMap<String, Bound>, line: &Line<'_>) {
    const BLOCKS: &[&str] = &[
        "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "async", "match",
        "case", "import", "from", "del", "global",
    ];
    let tokens = line.tokens.as_slice();
    let first = words(tokens).next().filter(|_| matches!(tokens.first(), Some(Token::Word(_))));
    if first.is_some_and(|first| BLOCKS.contains(&first)) {
        return unknown(bound, line, words(tokens));
    }
    if matches!(first, Some("def" | "class")) {
        return unknown(bound, line, words(tokens).skip(1).take(1));
    }
    let walrus = tokens.windows(2).filter_map(|pair| match pair {
        [Token::Word(name), Token::Op(":=")] => Some(*name),
        _ => None,
    });
    unknown(bound, line, walrus);
    let parts = assigned(tokens);
    let Some((value, targets)) = parts.split_last().filter(|(_, targets)| !targets.is_empty())
    else {
        // `workers += 1`, and calls that may change what a name holds: `bind.append(…)`.
        if let [Token::Word(name), Token::Op(_), ..] = tokens {
            unknown(bound, line, std::iter::once(*name));
        }
        return;
    };
    for target in targets {
        match *target {
            [Token::Word(name)] | [Token::Word(name), Token::Op(":"), ..] => {
                let known = Literal::of(value).filter(|_| line.indent == 0);
                let text = || Text::from(line.text.trim());
                let now = known.map_or_else(
                    || Bound::Unknown(line.number, text()),
                    |literal| Bound::To(literal, line.number),
                );
                bound.insert((*name).to_owned(), now);
            }
            other => unknown(bound, line, words(other)),
        }
    }
}

/// A line cut at the `=` that stand in no bracket: the targets, and the value last.
fn assigned<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token {
            Token::Op("(" | "[" | "{") => depth += 1,
            Token::Op(")" | "]" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Op("=")
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str, name: &str) -> Option<Bound> {
        bindings(source).unwrap().get(name).cloned()
    }

    fn number(value: i64, line: usize) -> Bound {
        Bound::To(Literal::Number(value), line)
    }

    fn is_unknown(source: &str) -> bool {
        matches!(of(source, "workers"), Some(Bound::Unknown(..)))
    }

    #[test]
    fn literals_count_and_the_last_one_wins() {
        assert_eq!(of("workers = 2\nworkers = 3\n", "workers"), Some(number(3, 2)));
        assert_eq!(of("a = workers = 4", "workers"), Some(number(4, 1)));
        assert_eq!(of("workers: int = 5", "workers"), Some(number(5, 1)));
        assert_eq!(of("import os\nx = workers", "workers"), None);
    }

    #[test]
    fn what_only_python_can_tell() {
        for source in [
            "workers = f()",
            "workers = 2 * 2 + 1",
            "if x:\n    workers = 2",
            "workers = 2\nif x: workers = 3",
            "for workers in (1, 2): pass",
            "from other import workers",
            "import multiprocessing as workers",
            "workers, threads = 2, 4",
            "workers = 2\nworkers += 1",
            "workers = []\nworkers.append(1)",
            "x = (workers := 3)",
            "def f():\n    global workers\n    workers = 2\nf()",
            "with open('x') as workers: pass",
            "def workers(): pass",
            "workers = 2\ndel workers",
        ] {
            assert!(is_unknown(source), "{source}");
        }
        // A definition's own names are its own.
        assert_eq!(
            of("workers = 2\ndef f():\n    workers = 3\nx = 1", "workers"),
            Some(number(2, 1))
        );
    }

    #[test]
    fn what_may_bind_any_name() {
        for source in
            ["from base import *", "exec(open('x').read())", "globals()['workers'] = 2", "x = ("]
        {
            assert!(bindings(source).is_err(), "{source}");
        }
    }
}
