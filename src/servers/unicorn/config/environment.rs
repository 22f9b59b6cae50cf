//! What a configuration does to the environment: what it sets, sets by default, and what it changes in ways that only
//! Ruby can tell.

use super::written::Written;
use crate::model::config::{Assignment, Defaulted, Sweep};
use crate::model::{Config, Hook, Setting};
use crate::os::Text;
use crate::servers::effort::spend;
use crate::servers::ruby::{Kind, Piece, Statement, Token, Value, Values};

/// Methods of `ENV` that change it.
const CHANGES: &[&str] = &["delete", "store", "update", "merge!"];

/// Those that may change each variable.
const SWEEPS: &[&str] = &[
    "clear",
    "replace",
    "keep_if",
    "delete_if",
    "select!",
    "filter!",
    "reject!",
    "rehash",
    "update",
    "merge!",
    "delete",
    "store",
    "[]=",
];

/// What one statement does.
#[derive(Default)]
pub(super) struct Changes {
    sets: Vec<Assignment>,
    defaults: Vec<Defaulted>,
    sweeps: Vec<Sweep>,
}

impl Changes {
    pub(super) fn add(self, config: &mut Config) {
        config.environment.extend(self.sets);
        config.defaulted.extend(self.defaults);
        config.sweeps.extend(self.sweeps);
    }
}

/// What a statement does to `ENV`.
pub(super) fn changes<'a>(
    source: &[u8],
    statement: &Statement<'a>,
    hook: Option<Hook>,
    conditional: bool,
    values: &Values<'a>,
) -> Changes {
    let mut all = Changes::default();
    let tokens = &statement.tokens;
    let written = |tokens: &[Token<'a>], conditional| {
        Written::of(source, tokens, conditional, statement, values)
    };
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_word("ENV")) {
        if !spend(1) {
            break;
        }
        let rest = tokens.get(at + 1..).unwrap_or_default();
        let sweep = || {
            let written = written(tokens.get(at..).unwrap_or_default(), true);
            Sweep { line: written.line, text: written.text, hook }
        };
        match rest {
            [open, name, close, equals, value @ ..]
                if open.is_op("[") && close.is_op("]") && equals.is_op("=") =>
            {
                let Some(name) = named(name, values) else {
                    all.sweeps.push(sweep());
                    continue;
                };
                let written = written(value, conditional || at > 0);
                // An assigned nil deletes: what then holds is not said here.
                let value = match written.value {
                    Some(Value::Nil) => {
                        Setting::Unevaluable { line: written.line, text: written.text }
                    }
                    _ => written.setting(Value::text),
                };
                all.sets.push(Assignment { name, value, hook });
            }
            [open, name, close, op, ..]
                if open.is_op("[") && close.is_op("]") && op.is_op("||=") =>
            {
                let Some(name) = named(name, values) else { continue };
                all.defaults.push(Defaulted { name, line: open.line, hook });
            }
            [open, name, close, op, ..]
                if open.is_op("[")
                    && close.is_op("]")
                    && ["<<", "+=", "&&="].iter().any(|changes| op.is_op(changes)) =>
            {
                let Some(name) = named(name, values) else { continue };
                let written = written(rest, true);
                let value = Setting::Unevaluable { line: written.line, text: written.text };
                all.sets.push(Assignment { name, value, hook });
            }
            [dot, method, arguments @ ..] if dot.is_op(".") => {
                let mut named = Vec::new();
                if CHANGES.iter().any(|name| method.is_word(name)) {
                    named.extend(arguments.iter().take_while(|_| spend(1)).filter_map(plain));
                }
                if named.is_empty() && SWEEPS.iter().any(|name| method.is_word(name)) {
                    all.sweeps.push(sweep());
                }
                for name in named.into_iter().take_while(|_| spend(1)) {
                    let written = written(arguments, true);
                    let value = Setting::Unevaluable { line: written.line, text: written.text };
                    all.sets.push(Assignment { name, value, hook });
                }
            }
            _ => {}
        }
    }
    all
}

/// The name in brackets.
fn named<'a>(token: &Token<'a>, values: &Values<'a>) -> Option<Text> {
    values.evaluate(std::slice::from_ref(token)).and_then(Value::text)
}

/// A string without interpolation.
fn plain(token: &Token<'_>) -> Option<Text> {
    match &token.kind {
        Kind::Text(pieces) => match pieces.as_slice() {
            [Piece::Plain(bytes)] => Some(Text::new(bytes.clone())),
            _ => None,
        },
        _ => None,
    }
}
