//! Values that can be told without Ruby, and what variables hold of them, statement by statement.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use super::changes::{ASSIGNS, Change, changed, changes, methods};
use super::expression::Expression;
use super::methods::call;
use super::paths::expanded;
use super::variables::{Changed, Env};
use super::{Kind, Scope, Statement, Token};
use crate::contract::{Loading, Variable, Variables};
use crate::os::Text;
use crate::servers::effort::spend;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the kinds of Ruby's values")]
pub enum Value {
    Text(Vec<u8>),
    Number(u64),
    Truth(bool),
    List(Vec<Value>),
    Nil,
}

impl Value {
    /// Whether a condition holds with it.
    pub fn holds(&self) -> bool {
        !matches!(self, Self::Nil | Self::Truth(false))
    }

    /// How much it takes to copy it or to compare it.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Text(bytes) => 1 + bytes.len() / 4,
            Self::List(all) => all.iter().map(Self::weight).sum::<usize>() + 1,
            Self::Number(_) | Self::Truth(_) | Self::Nil => 1,
        }
    }

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

    /// What `to_i` makes of it.
    pub fn leading_number(self) -> Option<u64> {
        call(self, b"to_i", &[]).and_then(Self::number)
    }

    /// `true` or `false`, if it is one of them.
    pub fn truth(self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(truth),
            _ => None,
        }
    }
}

/// The longest string that is put together: variables may double it with every line.
pub(super) const LONGEST: usize = 16_384;

/// Where a configuration is evaluated.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// `__FILE__`: the path as the server was given it.
    pub file: Vec<u8>,
    /// The working directory, links resolved, as `getcwd(2)` gives it; `None`: not known.
    pub cwd: Option<Vec<u8>>,
    /// The environment; `None`: not known.
    pub variables: Option<Variables>,
}

impl Where {
    /// Where a file is evaluated that is about to be read.
    pub fn of(loading: &Loading<'_>) -> Self {
        Self {
            file: Text::from(loading.given).bytes().to_vec(),
            cwd: loading.cwd.map(|cwd| Text::from(cwd).bytes().to_vec()),
            variables: loading.variables.cloned(),
        }
    }
}

/// What variables hold.
#[derive(Clone)]
pub struct Values<'a> {
    /// Names that hooks or definitions change, whenever they are called.
    elsewhere: HashSet<&'a [u8]>,
    /// Names that were assigned so far.
    assigned: HashSet<&'a [u8]>,
    /// What each variable holds that can be told.
    known: HashMap<&'a [u8], Value>,
    /// Methods without parameters that return one expression.
    pub(super) methods: HashMap<&'a [u8], Vec<Token<'a>>>,
    /// What the file did to the environment so far.
    pub(super) env: Env,
    /// Where the file is evaluated.
    pub place: Where,
    /// A hook is evaluated: it may ask the server for its pidfile.
    pub(super) in_hook: bool,
    /// How many steps the expression that is being evaluated may yet take: methods may call each other.
    patience: Cell<u32>,
}

impl<'a> Values<'a> {
    /// Those of a file before its first statement.
    pub fn new(
        statements: &[Statement<'a>],
        place: Where,
        is_hook: impl Fn(&Scope<'a>) -> bool,
    ) -> Self {
        let later = |s: &&Statement<'a>| {
            s.outer.is_some_and(|scope| is_hook(&scope) || scope.opener == b"def")
        };
        let elsewhere = statements.iter().filter(later).flat_map(changed).collect();
        Self {
            elsewhere,
            assigned: HashSet::new(),
            known: HashMap::new(),
            methods: methods(statements),
            env: Env::default(),
            place,
            in_hook: false,
            patience: Cell::new(0),
        }
    }

    /// What a name holds, if that is known.
    pub(super) fn get(&self, name: &[u8]) -> Option<&Value> {
        self.known.get(name)
    }

    /// Takes note of what a statement does to variables and to the environment; `false`: it is no assignment to a
    /// variable.
    pub fn learn(&mut self, statement: &Statement<'a>) -> bool {
        if statement.outer.is_some_and(|scope| scope.opener == b"def") {
            return false;
        }
        let tokens = statement.tokens.as_slice();
        let sure = statement.depth == 0 && !is_modified(tokens);
        let value = match tokens {
            [name, op, value @ ..]
                if name.kind == Kind::Word
                    && op.kind == Kind::Op
                    && ASSIGNS.contains(&op.text)
                    && op.text != b"<<" =>
            {
                Some((name.text, self.assigned_value(name.text, op.text, value).filter(|_| sure)))
            }
            _ => None,
        };
        let in_environment = self.assignment_to_environment(tokens).filter(|_| sure);
        self.disturb(tokens);
        if let Some((name, value)) = in_environment {
            self.env.set(name, value);
        }
        let Some((name, value)) = value else { return false };
        // What a definition or another hook changes holds at no certain time.
        let is_shared = name.first().is_some_and(|b| matches!(b, b'$' | b'@' | b'A'..=b'Z'))
            && self.elsewhere.contains(name);
        if let Some(value) = value.filter(|_| !is_shared) {
            self.known.insert(name, value);
        }
        true
    }

    /// What `NAME OP TOKENS` leaves in a variable.
    fn assigned_value(&self, name: &'a [u8], op: &[u8], tokens: &[Token<'a>]) -> Option<Value> {
        let old = self.known.get(name);
        match op {
            b"=" => self.evaluate(tokens),
            b"||=" => match old {
                Some(value) if value.holds() => Some(value.clone()),
                None if self.assigned.contains(name) || self.elsewhere.contains(name) => None,
                Some(_) | None => self.evaluate(tokens),
            },
            b"+=" => match (old?.clone(), self.evaluate(tokens)?) {
                (Value::Text(mut left), Value::Text(right)) => {
                    left.extend(right);
                    Some(Value::Text(left))
                }
                (Value::Number(left), Value::Number(right)) => {
                    left.checked_add(right).map(Value::Number)
                }
                _ => None,
            },
            _ => None,
        }
        .filter(|value| !matches!(value, Value::Text(text) if text.len() > LONGEST))
    }

    /// `ENV["X"] = …` and `ENV["X"] ||= …`: the name, and what it then holds.
    fn assignment_to_environment(&self, tokens: &[Token<'a>]) -> Option<(Vec<u8>, Value)> {
        let [env, open, name, close, op, value @ ..] = tokens else { return None };
        if !env.is_word("ENV") || !open.is_op("[") || !close.is_op("]") {
            return None;
        }
        let name = self.evaluate(std::slice::from_ref(name))?.text()?.bytes().to_vec();
        let value = match op.text {
            b"=" => self.evaluate(value)?,
            b"||=" => match self.variable(&name)? {
                Value::Nil => self.evaluate(value)?,
                set => set,
            },
            _ => return None,
        };
        matches!(value, Value::Text(_) | Value::Nil).then_some((name, value))
    }

    /// What `ENV` answers; `None`: not known.
    pub(super) fn variable(&self, name: &[u8]) -> Option<Value> {
        match self.env.changed(name) {
            Changed::To(value) => return Some(value.clone()).filter(|_| !self.in_hook),
            Changed::Unknown => return None,
            Changed::No => {}
        }
        match self.place.variables.as_ref()?.get(name) {
            Variable::Set(text) => Some(Value::Text(text.bytes().to_vec())),
            Variable::Unset => Some(Value::Nil),
            Variable::Unknown => None,
        }
    }

    /// Forgets what tokens change or may change, wherever in a statement they stand.
    pub(super) fn disturb(&mut self, tokens: &[Token<'a>]) {
        self.env.disturb(tokens, &self.assigned);
        for (at, change) in changes(tokens) {
            let Some(name) = tokens.get(at).map(|token| token.text) else { continue };
            let before = self.known.remove(name);
            if change == Change::InPlace {
                // Whatever else the same string is known by changes with it.
                match before {
                    Some(value) if spend(self.known.len() * value.weight()) => {
                        self.known.retain(|_, other| *other != value);
                    }
                    Some(_) => self.known.clear(),
                    None if self.assigned.contains(name) => self.known.clear(),
                    None => {}
                }
            }
            self.assigned.insert(name);
        }
    }

    /// `File.expand_path`: text only, no link is resolved but those of the working directory.
    pub fn expand(&self, path: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
        if let Some(rest) = path.strip_prefix(b"~") {
            let Some(Value::Text(home)) = self.variable(b"HOME") else { return None };
            let is_own = rest.is_empty() || rest.starts_with(b"/");
            return (is_own && home.starts_with(b"/"))
                .then(|| expanded(&home, rest.strip_prefix(b"/").unwrap_or(rest)));
        }
        let from = match (path.starts_with(b"/"), base) {
            (true, _) => Vec::new(),
            (false, Some(base)) => self.expand(base, None)?,
            (false, None) => self.place.cwd.clone()?,
        };
        Some(expanded(&from, path))
    }

    /// The value of an expression, if it is one that can be told.
    pub fn evaluate(&self, tokens: &[Token<'_>]) -> Option<Value> {
        if !spend(tokens.len() + 1) {
            return None;
        }
        self.patience.set(10_000);
        Expression::new(self, tokens).whole()
    }

    /// Whether an evaluation may go on; it takes one step.
    pub(super) fn has_patience(&self) -> bool {
        let left = self.patience.get();
        self.patience.set(left.saturating_sub(1));
        left > 0 && spend(1)
    }

    /// A statement may have changed the directory: where a relative path starts from now on is not known.
    pub fn moved(&mut self, tokens: &[Token<'a>]) {
        if tokens.iter().any(|token| token.is_word("working_directory") || token.is_word("chdir")) {
            self.place.cwd = None;
            self.env.forget(b"PWD");
        }
    }

    /// What a hook's statements know: what the file left at its end, and variables of its own that are assigned once.
    #[must_use]
    pub fn within(&self, statements: &[&Statement<'a>]) -> Self {
        let mut times: HashMap<&[u8], usize> = HashMap::new();
        for name in statements.iter().flat_map(|statement| changed(statement)) {
            *times.entry(name).or_default() += 1;
        }
        // Few of the values are long: what all of them weigh was counted when they were taken in.
        spend(self.known.len() + self.assigned.len());
        let mut own = Self { in_hook: true, ..self.clone() };
        own.known.retain(|name, _| !self.elsewhere.contains(name));
        for statement in statements {
            own.env.disturb(&statement.tokens, &self.assigned);
        }
        for statement in statements {
            if let [name, op, value @ ..] = statement.tokens.as_slice()
                && op.is_op("=")
                && times.get(name.text) == Some(&1)
                && !is_modified(&statement.tokens)
                && let Some(value) = own.evaluate(value)
            {
                own.known.insert(name.text, value);
            }
        }
        own
    }
}

/// `… if x`, `… rescue y`, `x and …`
pub fn is_modified(tokens: &[Token<'_>]) -> bool {
    const MODIFIERS: &[&[u8]] = &[b"if", b"unless", b"while", b"until", b"rescue", b"and", b"or"];
    tokens.iter().any(|token| token.kind == Kind::Word && MODIFIERS.contains(&token.text))
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
