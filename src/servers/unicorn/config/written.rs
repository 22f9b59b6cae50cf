//! Values as a configuration writes them.

use std::path::PathBuf;

use crate::model::Setting;
use crate::model::config::LogTo;
use crate::os::Text;
use crate::servers::effort::spend;
use crate::servers::ruby::excerpt::of_source;
use crate::servers::ruby::{Statement, Token, Value, Values, argument};

/// Steps that each value counts for besides its length: it is kept, and asked about later.
const WRITTEN: usize = 200;

/// A value as it is written, and what became of it.
pub(super) struct Written {
    pub(super) value: Option<Value>,
    pub(super) line: usize,
    pub(super) text: Text,
}

impl Written {
    /// The value that tokens begin with; the text for people goes on to the end of the statement.
    pub(super) fn of<'a>(
        source: &[u8],
        tokens: &[Token<'a>],
        conditional: bool,
        statement: &Statement<'a>,
        values: &Values<'a>,
    ) -> Self {
        spend(WRITTEN + tokens.len());
        let first = tokens.first().or(statement.tokens.first());
        let last = statement.tokens.last();
        let span = first
            .zip(last)
            .and_then(|(first, last)| source.get(first.start..last.start + last.text.len()));
        let line = first.map_or(1, |token| token.line);
        let span = span.unwrap_or_default().trim_ascii();
        let mut text = of_source(span).bytes().to_vec();
        if let Some(scope) = statement.outer.filter(|_| conditional && statement.depth > 0) {
            text.extend(b" (inside ");
            text.extend(if scope.opener == b"{" { &b"a block"[..] } else { scope.opener });
            text.extend(b")");
        }
        let value = if conditional { None } else { values.evaluate(argument(tokens)) };
        Self { value, line, text: Text::new(text) }
    }

    /// What `logger` is given: `Logger.new` of a stream or a file, in the form that the server's own has.
    pub(super) fn logger<'a>(self, tokens: &[Token<'a>], values: &Values<'a>) -> Setting<LogTo> {
        let Self { line, text, .. } = self;
        let to = match argument(tokens) {
            [class, dot, new, open, rest @ .., close]
                if class.is_word("Logger")
                    && dot.is_op(".")
                    && new.is_word("new")
                    && open.is_op("(")
                    && close.is_op(")") =>
            {
                match rest {
                    [stream] if stream.is_word("$stderr") || stream.is_word("STDERR") => {
                        Some(LogTo::Stderr)
                    }
                    [stream] if stream.is_word("$stdout") || stream.is_word("STDOUT") => {
                        Some(LogTo::Stdout)
                    }
                    path => values
                        .evaluate(argument(path))
                        .and_then(Value::text)
                        .map(|path| LogTo::File(path.path().to_path_buf())),
                }
            }
            _ => None,
        };
        match to {
            Some(value) => Setting::Set { value, line },
            None => Setting::Unevaluable { line, text },
        }
    }

    pub(super) fn setting<T>(self, take: impl FnOnce(Value) -> Option<T>) -> Setting<T> {
        let Self { value, line, text } = self;
        // `pid nil` is the same as none.
        if matches!(value, Some(Value::Nil)) {
            return Setting::NotSet;
        }
        match value.and_then(take) {
            Some(value) => Setting::Set { value, line },
            None => Setting::Unevaluable { line, text },
        }
    }

    pub(super) fn path(self) -> Setting<PathBuf> {
        self.setting(|value| value.text().map(|text| text.path().to_path_buf()))
    }

    pub(super) fn number(self) -> Setting<u32> {
        self.setting(|value| value.number().and_then(|number| u32::try_from(number).ok()))
    }
}
