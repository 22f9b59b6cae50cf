//! Expressions that can be evaluated without Ruby: literals, known variables, and what `File` does to paths as text.

use super::values::{LONGEST, Value, Values, number};
use super::{Kind, Piece, Token, tokens};

/// What stands for the server's configured pidfile in a hook: bytes that no path holds.
pub const CONFIGURED_PID: &[u8] = b"\0pid\0";

/// Deeper than this no expression of a configuration is nested.
const DEEPEST: usize = 20;

/// An expression that is being evaluated, from left to right.
pub(super) struct Expression<'e, 'v, 't> {
    values: &'e Values<'v>,
    tokens: &'e [Token<'t>],
    at: usize,
    depth: usize,
}

impl<'e, 'v, 't> Expression<'e, 'v, 't> {
    pub(super) fn new(values: &'e Values<'v>, tokens: &'e [Token<'t>]) -> Self {
        Self { values, tokens, at: 0, depth: 0 }
    }

    /// The value, if all tokens belong to it.
    pub(super) fn whole(mut self) -> Option<Value> {
        let value = self.sum()?;
        (self.at == self.tokens.len()).then_some(value)
    }

    fn peek(&self) -> Option<&'e Token<'t>> {
        self.tokens.get(self.at)
    }

    fn takes(&mut self, op: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| token.is_op(op));
        self.at += usize::from(is_next);
        is_next
    }

    /// Values joined by `+`.
    fn sum(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut sum = self.called()?;
        while self.takes("+") {
            sum = match (sum, self.called()?) {
                (Value::Text(mut left), Value::Text(right)) => {
                    left.extend(right);
                    Value::Text(left)
                }
                (Value::Number(left), Value::Number(right)) => {
                    Value::Number(left.checked_add(right)?)
                }
                _ => return None,
            };
            within_bounds(&sum)?;
        }
        self.depth -= 1;
        Some(sum)
    }

    /// A value and the methods that are called on it.
    fn called(&mut self) -> Option<Value> {
        let mut value = self.primary()?;
        while self.takes(".") {
            let method = self.peek()?;
            self.at += 1;
            if self.takes("(") && !self.takes(")") {
                return None;
            }
            value = match (method.text, value) {
                (b"freeze" | b"dup" | b"itself", value) => value,
                (b"to_s", Value::Number(number)) => Value::Text(number.to_string().into_bytes()),
                (b"to_s" | b"to_str", Value::Text(text)) => Value::Text(text),
                (b"to_i", Value::Number(number)) => Value::Number(number),
                (b"to_i", Value::Text(text)) => Value::Number(leading_number(&text)?),
                (b"strip", Value::Text(text)) => Value::Text(text.trim_ascii().to_vec()),
                _ => return None,
            };
        }
        Some(value)
    }

    fn primary(&mut self) -> Option<Value> {
        let token = self.peek()?;
        self.at += 1;
        match &token.kind {
            Kind::Text(pieces) => {
                let mut text = self.interpolated(pieces)?;
                // Strings side by side are one.
                while let Some(Kind::Text(more)) = self.peek().map(|next| &next.kind) {
                    self.at += 1;
                    text.extend(self.interpolated(more)?);
                }
                within_bounds(&Value::Text(text.clone()))?;
                Some(Value::Text(text))
            }
            Kind::Number => number(token.text).map(Value::Number),
            Kind::Op if token.text == b"(" => {
                let value = self.sum()?;
                self.takes(")").then_some(value)
            }
            Kind::Word => self.word(token),
            _ => None,
        }
    }

    fn word(&mut self, token: &Token<'_>) -> Option<Value> {
        let place = &self.values.place;
        match token.text {
            b"true" => Some(Value::Truth(true)),
            b"false" => Some(Value::Truth(false)),
            b"nil" => Some(Value::Nil),
            b"__FILE__" => Some(Value::Text(place.file.clone())),
            // Of source that is given to `instance_eval` with a path, Ruby takes the path as it is.
            b"__dir__" => Some(Value::Text(dirname(&place.file))),
            b"Dir" => {
                let dot = self.takes(".");
                let method = self.peek()?;
                self.at += 1;
                let asks = dot && matches!(method.text, b"pwd" | b"getwd");
                asks.then(|| place.cwd.clone())?.map(Value::Text)
            }
            b"File" => self.file(),
            b"Integer" => match self.arguments()?.as_slice() {
                [Value::Number(number)] => Some(Value::Number(*number)),
                [Value::Text(text)] => number(text.trim_ascii()).map(Value::Number),
                _ => None,
            },
            name => match self.values.known.get(name) {
                Some(value) => Some(value.clone()),
                None if self.values.in_hook => self.server_pid(),
                None => None,
            },
        }
    }

    /// `server.config[:pid]`, `server.pid`: behind the server's name.
    fn server_pid(&mut self) -> Option<Value> {
        let rest = self.tokens.get(self.at..)?;
        let length = match rest {
            [dot, config, open, key, close, ..]
                if dot.is_op(".")
                    && config.is_word("config")
                    && open.is_op("[")
                    && key.text == b":pid"
                    && close.is_op("]") =>
            {
                5
            }
            [dot, pid, ..] if dot.is_op(".") && pid.is_word("pid") => 2,
            _ => return None,
        };
        self.at += length;
        Some(Value::Text(CONFIGURED_PID.to_vec()))
    }

    /// What `File` does to paths without a look at any file.
    fn file(&mut self) -> Option<Value> {
        let dot = self.takes(".") || self.takes("::");
        let method = self.peek().filter(|_| dot)?;
        self.at += 1;
        let arguments: Option<Vec<Vec<u8>>> = self
            .arguments()?
            .into_iter()
            .map(|value| match value {
                Value::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        let path = match (method.text, arguments?.as_slice()) {
            (b"dirname", [path]) => dirname(path),
            (b"join", [first, rest @ ..]) => {
                rest.iter().fold(first.clone(), |all, part| join(&all, part))
            }
            (b"expand_path", [path]) => self.expand(path, None)?,
            (b"expand_path", [path, base]) => self.expand(path, Some(base))?,
            _ => return None,
        };
        let value = Value::Text(path);
        within_bounds(&value)?;
        Some(value)
    }

    /// `File.expand_path`: text only, no link is resolved but those of the working directory.
    fn expand(&self, path: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
        if path.starts_with(b"~") {
            return None;
        }
        let from = match (path.starts_with(b"/"), base) {
            (true, _) => Vec::new(),
            (false, Some(base)) => self.expand(base, None)?,
            (false, None) => self.values.place.cwd.clone()?,
        };
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in from.split(|b| *b == b'/').chain(path.split(|b| *b == b'/')) {
            match part {
                b"" | b"." => {}
                b".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        let mut whole = b"/".to_vec();
        whole.extend(parts.join(&b'/'));
        Some(whole)
    }

    /// The arguments of a call, in brackets or up to the end.
    fn arguments(&mut self) -> Option<Vec<Value>> {
        let bracketed = self.takes("(");
        let mut all = Vec::new();
        loop {
            all.push(self.sum()?);
            if !self.takes(",") {
                break;
            }
        }
        (!bracketed || self.takes(")")).then_some(all)
    }

    fn interpolated(&self, pieces: &[Piece<'_>]) -> Option<Vec<u8>> {
        let mut joined = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Plain(bytes) => joined.extend(bytes),
                Piece::Code(code) => {
                    let tokens = tokens(code);
                    let inner = Expression {
                        values: self.values,
                        tokens: &tokens,
                        at: 0,
                        depth: self.depth,
                    };
                    match inner.whole()? {
                        Value::Text(bytes) => joined.extend(bytes),
                        Value::Number(number) => joined.extend(number.to_string().into_bytes()),
                        Value::Truth(_) | Value::Nil => return None,
                    }
                }
            }
            if joined.len() > LONGEST {
                return None;
            }
        }
        Some(joined)
    }
}

fn within_bounds(value: &Value) -> Option<()> {
    match value {
        Value::Text(text) if text.len() > LONGEST => None,
        _ => Some(()),
    }
}

/// `File.dirname`.
fn dirname(path: &[u8]) -> Vec<u8> {
    let trimmed = without_slashes(path);
    match trimmed.iter().rposition(|b| *b == b'/') {
        None if trimmed.is_empty() && !path.is_empty() => b"/".to_vec(),
        None => b".".to_vec(),
        Some(at) => match without_slashes(trimmed.get(..at).unwrap_or_default()) {
            [] => b"/".to_vec(),
            parent => parent.to_vec(),
        },
    }
}

/// `File.join` of two: one slash between them.
fn join(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut joined = if right.starts_with(b"/") { without_slashes(left) } else { left }.to_vec();
    if !right.starts_with(b"/") && !left.ends_with(b"/") {
        joined.push(b'/');
    }
    joined.extend(right);
    joined
}

fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b != b'/').map_or(0, |at| at + 1);
    path.get(..end).unwrap_or_default()
}

/// `"12 apes".to_i` is 12, that of any other text 0; signs are not evaluated.
fn leading_number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    match text.first() {
        Some(b'-' | b'+') => None,
        _ if text.get(digits) == Some(&b'_') => None,
        _ if digits == 0 => Some(0),
        _ => std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok(),
    }
}
