//! What names stand for in an expression: variables, methods of the file, `ENV`, `File`, `Dir`.

use super::expression::{Expression, within_bounds};
use super::paths::{basename, dirname, join};
use super::values::{Value, number};
use super::{Kind, Token};
use crate::servers::effort::spend;

/// What stands for the server's configured pidfile in a hook: bytes that no path holds.
pub const CONFIGURED_PID: &[u8] = b"\0pid\0";

impl Expression<'_, '_, '_> {
    pub(super) fn word(&mut self, token: &Token<'_>) -> Option<Value> {
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
            b"ENV" => self.environment(),
            name => match self.values.get(name) {
                Some(value) => spend(value.weight()).then(|| value.clone()),
                None if self.values.in_hook => self.server_pid().or_else(|| self.method(name)),
                None => self.method(name),
            },
        }
    }

    /// A method of the file, called without arguments.
    fn method(&mut self, name: &[u8]) -> Option<Value> {
        let body = self.values.methods.get(name)?;
        let takes_more = self.peek().is_some_and(|next| {
            !matches!(next.kind, Kind::Op) || (next.is_op("(") && !next.spaced)
        });
        if takes_more {
            return None;
        }
        let inner = Expression { values: self.values, tokens: body, at: 0, depth: self.depth };
        inner.whole()
    }

    /// `ENV["X"]`, `ENV.fetch("X", …)`, `ENV.fetch("X") { … }`, `ENV.key?("X")`.
    fn environment(&mut self) -> Option<Value> {
        if self.takes("[") {
            let Value::Text(name) = self.choice()? else { return None };
            return self.takes("]").then(|| self.values.variable(&name))?;
        }
        if !self.takes(".") {
            return None;
        }
        let method = self.peek()?;
        self.at += 1;
        let asks = matches!(method.text, b"key?" | b"has_key?" | b"include?" | b"member?");
        if !asks && method.text != b"fetch" {
            return None;
        }
        let bracketed = self.takes("(");
        let Value::Text(name) = self.choice()? else { return None };
        let value = self.values.variable(&name);
        if asks {
            let is_set = value.map(|value| Value::Truth(value != Value::Nil))?;
            return (!bracketed || self.takes(")")).then_some(is_set);
        }
        let is_missing = value? == Value::Nil;
        let found = self.values.variable(&name).filter(|_| !is_missing);
        let mut default = None;
        if self.takes(",") {
            default = self.default(is_missing, &[])?;
        }
        if bracketed && !self.takes(")") {
            return None;
        }
        if self.takes("{") {
            default = self.default(is_missing, &[])?;
            if !self.takes("}") {
                return None;
            }
        }
        found.or(default)
    }

    /// What stands for a variable that is not set; passed by where it is. `None` within: passed by.
    #[expect(clippy::option_option, reason = "not evaluated, and not asked for")]
    fn default(&mut self, is_asked: bool, ends: &[&str]) -> Option<Option<Value>> {
        if is_asked {
            return self.choice().map(Some);
        }
        self.skip_to(ends);
        Some(None)
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
            (b"basename", [path]) => basename(path, b""),
            (b"basename", [path, suffix]) => basename(path, suffix),
            (b"join", [first, rest @ ..]) => {
                rest.iter().fold(first.clone(), |all, part| join(&all, part))
            }
            (b"expand_path", [path]) => self.values.expand(path, None)?,
            (b"expand_path", [path, base]) => self.values.expand(path, Some(base))?,
            // It takes a tilde for a name.
            (b"absolute_path", [path]) if !path.starts_with(b"~") => {
                self.values.expand(path, None)?
            }
            _ => return None,
        };
        let value = Value::Text(path);
        within_bounds(&value)?;
        Some(value)
    }
}
