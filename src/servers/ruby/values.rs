//! Values that can be told without Ruby: literals, and variables that are assigned once, to such a value, at the top level.

use std::collections::HashMap;

use super::expression::Expression;
use super::{Kind, Scope, Statement, Token};
use crate::os::Text;
use crate::servers::Loading;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the kinds of Ruby's values")]
pub enum Value {
    Text(Vec<u8>),
    Number(u64),
    Truth(bool),
    Nil,
}

impl Value {
    /// The text, if it is one.
    pub fn text(self) -> Option<Text> {
        match self {
            Self::Text(bytes) => Some(Text::new(bytes)),
            _ => None,
        }
    }

    /// The text, or a number as one.
    pub fn text_or_number(self) -> Option<Text> {
        match self {
            Self::Number(number) => Some(Text::from(&*number.to_string())),
            other => other.text(),
        }
    }

    /// The number, if it is one.
    pub fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// `true` or `false`, if it is one of them.
    pub fn truth(self) -> Option<bool> {
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
pub(super) const LONGEST: usize = 16_384;

/// Where a configuration is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// `__FILE__`: the path as the server was given it.
    pub file: Vec<u8>,
    /// The working directory, links resolved, as `getcwd(2)` gives it; `None`: not known.
    pub cwd: Option<Vec<u8>>,
}

impl Where {
    /// Where a file is evaluated that is about to be read.
    pub fn of(loading: &Loading<'_>) -> Self {
        Self {
            file: Text::from(loading.given).bytes().to_vec(),
            cwd: loading.cwd.map(|cwd| Text::from(cwd).bytes().to_vec()),
        }
    }
}

/// What variables hold.
pub struct Values<'a> {
    /// How often a name is assigned or changed, anywhere.
    changes: HashMap<&'a [u8], usize>,
    /// What each variable holds that can be told.
    pub known: HashMap<&'a [u8], Value>,
    /// Where the file is evaluated.
    pub place: Where,
    /// A hook is evaluated: it may ask the server for its pidfile.
    pub in_hook: bool,
}

impl<'a> Values<'a> {
    /// Those of a file; the blocks of hooks, which run later, have their own.
    pub fn new(
        statements: &[Statement<'a>],
        place: Where,
        is_hook: impl Fn(&Scope<'a>) -> bool,
    ) -> Self {
        let at_top = |s: &&Statement<'a>| s.outer.is_none_or(|scope| !is_hook(&scope));
        Self { place, ..Self::of(statements.iter().filter(at_top)) }
    }

    fn of<'s>(statements: impl Iterator<Item = &'s Statement<'a>>) -> Self
    where
        'a: 's,
    {
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
        Self { changes, known: HashMap::new(), place: Where::default(), in_hook: false }
    }

    /// Takes note of an assignment; `false`: the statement is none.
    pub fn learn(&mut self, statement: &Statement<'a>, conditional: bool) -> bool {
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
    pub fn evaluate(&self, tokens: &[Token<'_>]) -> Option<Value> {
        Expression::new(self, tokens).whole()
    }

    /// What a hook's statements know: what stands above it at the top level, and its own variables.
    #[must_use]
    pub fn within(&self, statements: &[&Statement<'a>]) -> Self {
        let mut own = Self::of(statements.iter().copied());
        own.place = self.place.clone();
        own.in_hook = true;
        let untouched = self
            .known
            .iter()
            .filter(|(name, _)| own.changes.get(*name).is_none_or(|times| *times == 0));
        own.known = untouched.map(|(name, value)| (*name, value.clone())).collect();
        for statement in statements {
            own.learn(statement, false);
        }
        own
    }
}

/// The first argument of a call, brackets taken off; empty where the brackets are not the call's own.
pub fn argument<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let inner = match tokens {
        [open, inner @ .., close] if open.is_op("(") && close.is_op(")") => inner,
        all => all,
    };
    // `File.expand_path "..", __FILE__`: the commas are those of the call within.
    if let [receiver, dot, method, first, ..] = inner
        && receiver.kind == Kind::Word
        && dot.is_op(".")
        && method.kind == Kind::Word
        && first.kind != Kind::Op
    {
        return inner;
    }
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
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let digits: Vec<u8> = text.iter().copied().filter(|b| *b != b'_').collect();
    let is_octal = digits.len() > 1 && digits.first() == Some(&b'0');
    std::str::from_utf8(&digits).ok().filter(|_| !is_octal)?.parse().ok()
}
