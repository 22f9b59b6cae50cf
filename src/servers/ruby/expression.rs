//! Expressions that can be evaluated without Ruby: literals, operators, and what names stand for.

use super::methods::{call, words};
use super::values::{LONGEST, Value, Values, number};
use super::{Kind, Piece, Token, tokens};
use crate::servers::effort::spend;

/// Longer than this no list is followed.
pub(super) const LONGEST_LIST: usize = 1_000;

/// Deeper than this no expression of a configuration is nested.
const DEEPEST: usize = 20;

/// An expression that is being evaluated, from left to right.
pub(super) struct Expression<'e, 'v, 't> {
    pub(super) values: &'e Values<'v>,
    pub(super) tokens: &'e [Token<'t>],
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl<'e, 'v, 't> Expression<'e, 'v, 't> {
    pub(super) fn new(values: &'e Values<'v>, tokens: &'e [Token<'t>]) -> Self {
        Self { values, tokens, at: 0, depth: 0 }
    }

    /// The value, if all tokens belong to it.
    pub(super) fn whole(mut self) -> Option<Value> {
        let value = self.choice()?;
        (self.at == self.tokens.len()).then_some(value)
    }

    pub(super) fn peek(&self) -> Option<&'e Token<'t>> {
        self.tokens.get(self.at)
    }

    pub(super) fn takes(&mut self, op: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| token.is_op(op));
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes by what is not evaluated, up to one of these or to what closes a bracket that was opened before.
    pub(super) fn skip_to(&mut self, ends: &[&str]) {
        let (mut depth, mut questions) = (0_usize, 0_usize);
        while let Some(token) = self.peek().filter(|_| spend(1)) {
            if token.kind == Kind::Op {
                match token.text {
                    b"(" | b"[" | b"{" => depth += 1,
                    b")" | b"]" | b"}" if depth == 0 => return,
                    b")" | b"]" | b"}" => depth -= 1,
                    _ if depth > 0 => {}
                    b":" if questions > 0 => questions -= 1,
                    _ if ends.iter().any(|end| token.is_op(end)) => return,
                    b"?" => questions += 1,
                    _ => {}
                }
            }
            self.at += 1;
        }
    }

    /// `x ? y : z`, of which only what is chosen has to be known.
    pub(super) fn choice(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST || !self.values.has_patience() {
            return None;
        }
        let mut value = self.any()?;
        if self.takes("?") {
            if value.holds() {
                value = self.choice()?;
                if !self.takes(":") {
                    return None;
                }
                self.skip_to(&[","]);
            } else {
                self.skip_to(&[":", ","]);
                if !self.takes(":") {
                    return None;
                }
                value = self.choice()?;
            }
        }
        self.depth -= 1;
        Some(value)
    }

    /// Values joined by `||`.
    fn any(&mut self) -> Option<Value> {
        let mut value = self.all()?;
        while self.takes("||") {
            if value.holds() {
                self.skip_to(&["?", ":", ","]);
            } else {
                value = self.all()?;
            }
        }
        Some(value)
    }

    /// Values joined by `&&`.
    fn all(&mut self) -> Option<Value> {
        let mut value = self.equal()?;
        while self.takes("&&") {
            if value.holds() {
                value = self.equal()?;
            } else {
                self.skip_to(&["||", "?", ":", ","]);
            }
        }
        Some(value)
    }

    fn equal(&mut self) -> Option<Value> {
        if self.takes("!") {
            return Some(Value::Truth(!self.called()?.holds()));
        }
        let left = self.sum()?;
        let op = self.peek().filter(|token| token.kind == Kind::Op).map(|token| token.text);
        let compare: fn(u64, u64) -> bool = match op {
            Some(b"==" | b"!=") => {
                self.at += 1;
                let same = left == self.sum()?;
                return Some(Value::Truth(same == (op == Some(b"=="))));
            }
            Some(b"<") => |a, b| a < b,
            Some(b">") => |a, b| a > b,
            Some(b"<=") => |a, b| a <= b,
            Some(b">=") => |a, b| a >= b,
            _ => return Some(left),
        };
        self.at += 1;
        match (left, self.sum()?) {
            (Value::Number(left), Value::Number(right)) => Some(Value::Truth(compare(left, right))),
            _ => None,
        }
    }

    /// Values joined by `+` and `-`.
    fn sum(&mut self) -> Option<Value> {
        let mut sum = self.product()?;
        loop {
            let adds = self.takes("+");
            if !adds && !self.takes("-") {
                return Some(sum);
            }
            sum = match (sum, self.product()?) {
                (Value::Text(mut left), Value::Text(right)) if adds => {
                    left.extend(right);
                    Value::Text(left)
                }
                (Value::Number(left), Value::Number(right)) if adds => {
                    Value::Number(left.checked_add(right)?)
                }
                (Value::Number(left), Value::Number(right)) => {
                    Value::Number(left.checked_sub(right)?)
                }
                _ => return None,
            };
            within_bounds(&sum)?;
        }
    }

    /// Numbers joined by `*` and `/`.
    fn product(&mut self) -> Option<Value> {
        let mut product = self.called()?;
        loop {
            let multiplies = self.takes("*");
            if !multiplies && !self.takes("/") {
                return Some(product);
            }
            let (Value::Number(left), Value::Number(right)) = (product, self.called()?) else {
                return None;
            };
            let value = if multiplies { left.checked_mul(right) } else { left.checked_div(right) };
            product = Value::Number(value?);
        }
    }

    /// A value and the methods that are called on it.
    fn called(&mut self) -> Option<Value> {
        let mut value = self.primary()?;
        while self.takes(".") {
            let method = self.peek()?;
            self.at += 1;
            let bracketed = self.peek().is_some_and(|open| open.is_op("(") && !open.spaced);
            let arguments = if bracketed && self.tokens.get(self.at + 1)?.is_op(")") {
                self.at += 2;
                Vec::new()
            } else if bracketed {
                self.arguments()?
            } else {
                Vec::new()
            };
            value = call(value, method.text, &arguments)?;
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
                let value = self.choice()?;
                self.takes(")").then_some(value)
            }
            Kind::Op if token.text == b"[" => self.list(),
            Kind::Opaque => words(token.text).map(Value::List),
            Kind::Word => self.word(token),
            _ => None,
        }
    }

    /// `[a, b]`
    fn list(&mut self) -> Option<Value> {
        let (mut all, mut weight) = (Vec::new(), 0);
        while !self.takes("]") {
            if all.len() >= LONGEST_LIST {
                return None;
            }
            all.push(self.choice()?);
            weight += all.last().map_or(0, Value::weight);
            if weight > LONGEST {
                return None;
            }
            if !self.takes(",") {
                return self.takes("]").then_some(Value::List(all));
            }
        }
        Some(Value::List(all))
    }

    /// The arguments of a call, in brackets or up to the end.
    pub(super) fn arguments(&mut self) -> Option<Vec<Value>> {
        let bracketed = self.takes("(");
        let mut all = Vec::new();
        loop {
            all.push(self.choice()?);
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
                        Value::Nil => {}
                        Value::Truth(_) | Value::List(_) => return None,
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

pub(super) fn within_bounds(value: &Value) -> Option<()> {
    match value {
        Value::Text(text) if text.len() > LONGEST => None,
        _ => Some(()),
    }
}
