//! Literals of Python, and nothing else: what has to be evaluated is no literal.

use super::lines::Token;

/// A value that stands in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A string; several in a row are one.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `True` or `False`.
    Truth(bool),
    /// `None`.
    Nothing,
    /// A list or a tuple in brackets.
    List(Vec<Literal>),
}

impl Literal {
    /// The value of these tokens, all of them.
    pub fn of(tokens: &[Token<'_>]) -> Option<Self> {
        match tokens {
            [Token::Word("True")] => Some(Self::Truth(true)),
            [Token::Word("False")] => Some(Self::Truth(false)),
            [Token::Word("None")] => Some(Self::Nothing),
            [Token::Number(number)] => whole(number).map(Self::Number),
            [Token::Op("-"), Token::Number(number)] => whole(number).map(|n| Self::Number(-n)),
            [Token::Op(open), inner @ .., Token::Op(close)] if is_pair(open, close) => {
                list(inner, *open == "(")
            }
            [Token::Text(_), ..] => {
                let each = tokens.iter().map(|token| match token {
                    Token::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                each.collect::<Option<String>>().map(Self::Text)
            }
            _ => None,
        }
    }
}

fn is_pair(open: &str, close: &str) -> bool {
    matches!((open, close), ("[", "]") | ("(", ")"))
}

/// The members of a list. What stands in round brackets without a comma is itself alone.
fn list(inner: &[Token<'_>], round: bool) -> Option<Literal> {
    let mut depth = 0_usize;
    for token in inner {
        match token {
            Token::Op("[" | "(" | "{") => depth += 1,
            // These brackets close before the end: the outer ones are no pair.
            Token::Op("]" | ")" | "}") => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    let mut depth = 0_usize;
    let mut parts = inner.split(|token| {
        match token {
            Token::Op("[" | "(" | "{") => depth += 1,
            Token::Op("]" | ")" | "}") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Op(",")
    });
    let mut all: Vec<&[Token<'_>]> = parts.by_ref().collect();
    if let ([only], true) = (all.as_slice(), round) {
        return if only.is_empty() { Some(Literal::List(Vec::new())) } else { Literal::of(only) };
    }
    if all.last().is_some_and(|last| last.is_empty()) {
        all.pop();
    }
    all.into_iter().map(Literal::of).collect::<Option<_>>().map(Literal::List)
}

fn whole(number: &str) -> Option<i64> {
    let plain = number.replace('_', "");
    if plain.len() > 1 && plain.starts_with('0') {
        return None;
    }
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::python::lines::lines;

    fn of(source: &str) -> Option<Literal> {
        Literal::of(&lines(source)?.first()?.tokens)
    }

    #[test]
    fn literals_and_what_is_none() {
        assert_eq!(of("'a' \"b\""), Some(Literal::Text("ab".into())));
        assert_eq!(of("1_000"), Some(Literal::Number(1000)));
        assert_eq!(of("-1"), Some(Literal::Number(-1)));
        assert_eq!(of("(3)"), Some(Literal::Number(3)));
        let two = || vec![Literal::Text("a".into()), Literal::Text("b".into())];
        assert_eq!(of("['a', 'b',]"), Some(Literal::List(two())));
        assert_eq!(of("('a', 'b')"), Some(Literal::List(two())));
        assert_eq!(of("[]"), Some(Literal::List(Vec::new())));
        for source in ["1 + 2", "'a' + 'b'", "f()", "[f()]", "'a'.strip()", "[1] + [2]", "2.5", "x"]
        {
            assert_eq!(of(source), None, "{source}");
        }
    }
}
