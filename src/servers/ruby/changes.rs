//! Which names a statement changes, and which methods a file defines.

use std::collections::HashMap;

use super::{Kind, Statement, Token};
use crate::servers::effort::spend;

/// Methods that change a string in place, besides those that end with `!`.
const MUTATORS: &[&[u8]] =
    &[b"replace", b"concat", b"prepend", b"insert", b"clear", b"append_as_bytes"];

/// Operators that assign.
pub(super) const ASSIGNS: &[&[u8]] =
    &[b"=", b"||=", b"&&=", b"+=", b"-=", b"*=", b"/=", b"**=", b"%=", b"|=", b"&=", b"<<", b"<<="];

/// How tokens change what a name stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It stands for something else.
    Other,
    /// What it stands for is changed itself.
    InPlace,
}

/// The names that a statement changes.
pub(super) fn changed<'a>(statement: &Statement<'a>) -> Vec<&'a [u8]> {
    let names = changes(&statement.tokens);
    names.iter().filter_map(|(at, _)| Some(statement.tokens.get(*at)?.text)).collect()
}

/// Where names stand that are changed, and how.
pub(super) fn changes(tokens: &[Token<'_>]) -> Vec<(usize, Change)> {
    let mut found = Vec::new();
    // `a, b = 1, 2`
    let is_several = matches!(tokens, [first, comma, ..]
        if first.kind == Kind::Word && comma.is_op(","));
    let equals = tokens.iter().position(|token| token.is_op("=")).filter(|_| is_several);
    spend(tokens.len());
    for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
        if equals.is_some_and(|equals| at < equals) {
            found.push((at, Change::Other));
            continue;
        }
        let change = match tokens.get(at + 1..) {
            Some([op, ..]) if op.is_op("<<") => Some(Change::InPlace),
            Some([op, ..]) if op.kind == Kind::Op && ASSIGNS.contains(&op.text) => {
                Some(Change::Other)
            }
            Some([dot, method, ..]) if dot.is_op(".") || dot.is_op("&.") => {
                let changes = method.text.ends_with(b"!") || MUTATORS.contains(&method.text);
                changes.then_some(Change::InPlace)
            }
            Some([open, rest @ ..]) if open.is_op("[") && !open.spaced => {
                let close = rest.iter().take_while(|_| spend(1)).position(|token| token.is_op("]"));
                let op = close.and_then(|close| rest.get(close + 1));
                let assigns = op.is_some_and(|op| ASSIGNS.contains(&op.text));
                (assigns && !token.is_word("ENV")).then_some(Change::InPlace)
            }
            _ => None,
        };
        found.extend(change.map(|change| (at, change)));
    }
    found
}

/// Methods without parameters whose body is one statement.
pub(super) fn methods<'a>(statements: &[Statement<'a>]) -> HashMap<&'a [u8], Vec<Token<'a>>> {
    let mut found: HashMap<&[u8], Vec<Token<'_>>> = HashMap::new();
    let mut rest = statements;
    while let [first, others @ ..] = rest {
        rest = others;
        let Some(scope) = first.outer.filter(|scope| scope.opener == b"def") else { continue };
        let is_same = |s: &Statement<'_>| s.outer.is_some_and(|outer| outer.start == scope.start);
        let body = others.iter().take_while(|statement| is_same(statement)).count();
        if let ([name], [only, ..], 1) = (first.tokens.as_slice(), others, body)
            && first.depth == 1
            && only.depth == 1
            && !found.contains_key(name.text)
        {
            found.insert(name.text, only.tokens.clone());
        } else if let Some(name) = first.tokens.first() {
            found.insert(name.text, Vec::new());
        }
        rest = others.get(body..).unwrap_or_default();
    }
    found
}
