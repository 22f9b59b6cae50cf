//! Values that can be told without Ruby: literals, and variables that are assigned once, to such a value, at the top level.

use std::collections::HashMap;

use crate::os::Text;
use crate::servers::ruby::{Kind, Piece, Statement, Token};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Vec<u8>),
    Number(u64),
    Truth(bool),
    Nil,
}

impl Value {
    pub(super) fn text(self) -> Option<Text> {
        match self {
            Self::Text(bytes) => Some(Text::new(bytes)),
            _ => None,
        }
    }

    pub(super) fn text_or_number(self) -> Option<Text> {
        match self {
            Self::Number(number) => Some(Text::from(&*number.to_string())),
            other => other.text(),
        }
    }

    pub(super) fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn truth(self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(truth),
            _ => None,
        }
    }
}

/// Methods that change a string in place, besides those that end with `!`.
const MUTATORS: &[&[u8]] = &[b"replace", b"concat", b"prepend", b"insert", b"clear"];

/// Operators that assign.
const ASSIGNS: &[&[u8]] = &[b"=", b"||=", b"&&=", b"+=", b"-=", b"*=", b"<<", b"|="];

/// The longest string that is put together: variables may double it with every line.
const LONGEST: usize = 16_384;

/// What variables hold.
pub(super) struct Values<'a> {
    /// How often a name is assigned or changed, anywhere.
    changes: HashMap<&'a [u8], usize>,
    known: HashMap<&'a [u8], Value>,
}

impl<'a> Values<'a> {
    pub(super) fn new(statements: &[Statement<'a>]) -> Self {
        let mut changes: HashMap<&[u8], usize> = HashMap::new();
        for statement in statements {
            let tokens = &statement.tokens;
            // `a, b = 1, 2`: neither is assigned plainly.
            let is_several = matches!(tokens.as_slice(), [first, comma, ..]
                if first.kind == Kind::Word && comma.is_op(","));
            let equals = tokens.iter().position(|token| token.is_op("=")).filter(|_| is_several);
            for token in tokens.iter().take(equals.unwrap_or(0)) {
                *changes.entry(token.text).or_default() += 2;
            }
            for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
                let is_changed = match tokens.get(at + 1..) {
                    Some([op, ..]) if op.kind == Kind::Op && ASSIGNS.contains(&op.text) => true,
                    Some([dot, method, ..]) if dot.is_op(".") => {
                        method.text.ends_with(b"!") || MUTATORS.contains(&method.text)
                    }
                    // `name[0] = …`
                    Some([open, _, close, op, ..]) => {
                        open.is_op("[") && close.is_op("]") && op.is_op("=")
                    }
                    _ => false,
                };
                *changes.entry(token.text).or_default() += usize::from(is_changed);
            }
        }
        Self { changes, known: HashMap::new() }
    }

    /// Takes note of an assignment; `false`: the statement is none.
    pub(super) fn learn(&mut self, statement: &Statement<'a>, conditional: bool) -> bool {
        let [name, op, value @ ..] = statement.tokens.as_slice() else { return false };
        if name.kind != Kind::Word || op.kind != Kind::Op || !ASSIGNS.contains(&op.text) {
            return false;
        }
        let once = self.changes.get(name.text) == Some(&1);
        if once
            && !conditional
            && op.is_op("=")
            && let Some(value) = self.evaluate(value)
        {
            self.known.insert(name.text, value);
        }
        true
    }

    /// The value of an expression, if it is one that can be told.
    pub(super) fn evaluate(&self, tokens: &[Token<'_>]) -> Option<Value> {
        // `"…".freeze`
        let tokens = match tokens {
            [start @ .., dot, freeze] if dot.is_op(".") && freeze.is_word("freeze") => start,
            all => all,
        };
        if let [one] = tokens {
            return self.single(one);
        }
        // Strings put together by `+`, or simply side by side.
        let (mut joined, mut last_was_plus, mut last_was_literal) = (Vec::new(), true, false);
        for token in tokens {
            if token.is_op("+") && !last_was_plus {
                last_was_plus = true;
                continue;
            }
            let is_literal = matches!(token.kind, Kind::Text(_));
            let is_beside = is_literal && last_was_literal;
            if !last_was_plus && !is_beside {
                return None;
            }
            match self.single(token)? {
                Value::Text(bytes) => joined.extend(bytes),
                _ => return None,
            }
            (last_was_plus, last_was_literal) = (false, is_literal);
        }
        (!tokens.is_empty() && !last_was_plus && joined.len() <= LONGEST)
            .then_some(Value::Text(joined))
    }

    fn single(&self, token: &Token<'_>) -> Option<Value> {
        match &token.kind {
            Kind::Text(pieces) => self.joined(pieces).map(Value::Text),
            Kind::Number => number(token.text).map(Value::Number),
            Kind::Word => match token.text {
                b"true" => Some(Value::Truth(true)),
                b"false" => Some(Value::Truth(false)),
                b"nil" => Some(Value::Nil),
                name => self.known.get(name).cloned(),
            },
            _ => None,
        }
    }

    fn joined(&self, pieces: &[Piece<'_>]) -> Option<Vec<u8>> {
        let mut joined = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Plain(bytes) => joined.extend(bytes),
                Piece::Code(code) => match self.known.get(code.trim_ascii())? {
                    Value::Text(bytes) => joined.extend(bytes),
                    Value::Number(number) => joined.extend(number.to_string().into_bytes()),
                    Value::Truth(_) | Value::Nil => return None,
                },
            }
            if joined.len() > LONGEST {
                return None;
            }
        }
        Some(joined)
    }
}

/// The first argument of a call, brackets taken off; empty where the brackets are not the call's own.
pub(super) fn argument<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let inner = match tokens {
        [open, inner @ .., close] if open.is_op("(") && close.is_op(")") => inner,
        all => all,
    };
    let mut depth = 0_usize;
    for (at, token) in inner.iter().enumerate() {
        match token.text {
            _ if token.kind != Kind::Op => {}
            b"(" | b"[" | b"{" => depth += 1,
            b")" | b"]" | b"}" if depth == 0 => return &[],
            b")" | b"]" | b"}" => depth -= 1,
            b"," if depth == 0 => return inner.get(..at).unwrap_or_default(),
            _ => {}
        }
    }
    inner
}

/// A whole decimal number: `1_000`, but not `0755`, `1.5` or `1e3`.
fn number(text: &[u8]) -> Option<u64> {
    let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'_').collect();
    let is_octal = digits.len() > 1 && digits.first() == Some(&b'0');
    std::str::from_utf8(&digits).ok().filter(|_| !is_octal)?.parse().ok()
}
