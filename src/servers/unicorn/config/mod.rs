//! Unicorn's configuration file, as far as it can be read without running it (`configurator.rb`, 6.0.0).

mod after_fork;
mod hooks;
mod removed;

#[cfg(test)]
mod hook_tests;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::model::config::{Assignment, Defaulted};
use crate::model::{Config, Hook, Setting};
use crate::os::Text;
use crate::os::text::contains;
use crate::servers::Loading;
use crate::servers::ruby::{
    Kind, Piece, Scope, Statement, Token, Value, Values, Where, argument, statements,
};

/// Its hooks.
const HOOKS: &[(&str, Hook)] = &[
    ("before_exec", Hook::BeforeExec),
    ("before_fork", Hook::BeforeFork),
    ("after_fork", Hook::AfterFork),
    ("after_worker_ready", Hook::AfterWorkerReady),
];

/// The settings that are read.
const SETTINGS: &[&str] = &[
    "working_directory",
    "pid",
    "listen",
    "worker_processes",
    "preload_app",
    "timeout",
    "stderr_path",
    "user",
];

/// Calls that run source from elsewhere as if it stood here.
const FOREIGN: &[&str] = &["instance_eval", "eval"];

/// Methods of `ENV` that change it.
const ENV_CHANGES: &[&str] = &["delete", "store", "update", "merge!", "replace"];

/// The hook that a block is given to, if it is one.
fn hook_of(scope: &Scope<'_>) -> Option<Hook> {
    HOOKS.iter().find(|(name, _)| scope.is_block_of(name)).map(|(_, hook)| *hook)
}

/// Reads it. Where the file itself is, is for the caller to find out.
pub fn read(loading: &Loading<'_>) -> Config {
    let source = loading.text.bytes();
    let statements = statements(source);
    let mut reader = Reader {
        source,
        config: Config::empty(loading.path),
        values: Values::new(&statements, Where::of(loading), |scope| hook_of(scope).is_some()),
        foreign: None,
    };
    for statement in &statements {
        reader.statement(statement);
    }
    let retires = retires_old_master(&statements);
    let mut config = reader.config;
    config.reconnects = after_fork::reconnects(&statements);
    config.retires_old_master = retires;
    (config.hooks, config.obscure_hooks) = hooks::hooks(source, &statements, &reader.values);
    config.removed_calls = removed::removed_calls(source, &statements);
    if let Some((line, text)) = reader.foreign {
        obscure(&mut config, line, &text);
    }
    config
}

/// Settings that were not seen may stand in the source that the file loads.
fn obscure(config: &mut Config, line: usize, text: &Text) {
    fn hide<T>(setting: &mut Setting<T>, line: usize, text: &Text) {
        if matches!(setting, Setting::NotSet) {
            *setting = Setting::Unevaluable { line, text: text.clone() };
        }
    }
    hide(&mut config.working_directory, line, text);
    hide(&mut config.pid, line, text);
    hide(&mut config.worker_processes, line, text);
    hide(&mut config.preload_app, line, text);
    hide(&mut config.timeout, line, text);
    hide(&mut config.stderr_path, line, text);
    hide(&mut config.user, line, text);
    hide(&mut config.program, line, text);
    hide(&mut config.reconnects, line, text);
}

/// Whether some hook ends the old master: it kills by a signal that ends, in a file that speaks of its pidfile.
fn retires_old_master(statements: &[Statement<'_>]) -> bool {
    let mentions = |statement: &Statement<'_>, words: &[&str]| {
        statement.tokens.iter().any(|token| {
            let is_code = !matches!(token.kind, Kind::Break);
            is_code && words.iter().any(|word| contains(token.text, word.as_bytes()))
        })
    };
    let in_hook = |statement: &Statement<'_>| {
        let scope = statement.outer.filter(|_| statement.depth > 0);
        scope.is_some_and(|scope| hook_of(&scope).is_some())
    };
    let kills =
        statements.iter().filter(|s| in_hook(s)).any(|statement| mentions(statement, &["kill"]));
    let ends = statements
        .iter()
        .filter(|s| in_hook(s))
        .any(|statement| mentions(statement, &["QUIT", "TTOU", "TERM"]));
    kills && ends && statements.iter().any(|statement| mentions(statement, &["oldbin"]))
}

struct Reader<'a> {
    source: &'a [u8],
    config: Config,
    values: Values<'a>,
    /// The first statement that runs source from elsewhere.
    foreign: Option<(usize, Text)>,
}

/// A value as it is written, and what became of it.
struct Written {
    value: Option<Value>,
    line: usize,
    text: Text,
}

impl Written {
    fn setting<T>(self, take: impl FnOnce(Value) -> Option<T>) -> Setting<T> {
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

    fn path(self) -> Setting<PathBuf> {
        self.setting(|value| value.text().map(|text| text.path().to_path_buf()))
    }

    fn number(self) -> Setting<u32> {
        self.setting(|value| value.number().and_then(|number| u32::try_from(number).ok()))
    }
}

impl<'a> Reader<'a> {
    fn statement(&mut self, statement: &Statement<'a>) {
        let Some(first) = statement.tokens.first() else { return };
        let hook = statement.outer.and_then(|scope| hook_of(&scope));
        let within = usize::from(hook.is_some());
        let conditional = statement.depth > within || is_modified(&statement.tokens);
        self.environment(statement, hook, conditional);
        if hook.is_some() {
            return;
        }
        if statement.outer.is_some_and(|scope| scope.opener == b"def") {
            // A definition sets nothing by itself.
            return;
        }
        if FOREIGN.iter().any(|name| first.is_word(name)) {
            let written = self.written(&statement.tokens, false, statement);
            self.foreign.get_or_insert((written.line, written.text));
        }
        self.start_context(statement, conditional);
        if !self.values.learn(statement, conditional) {
            self.settings(statement, conditional);
        }
    }

    fn settings(&mut self, statement: &Statement<'a>, conditional: bool) {
        for (at, token) in statement.tokens.iter().enumerate() {
            let Some(name) = SETTINGS.iter().find(|name| token.is_word(name)) else { continue };
            let Some((before, rest)) = statement.tokens.split_at_checked(at) else { continue };
            let Some(rest) = rest.get(1..).filter(|rest| !rest.is_empty()) else { continue };
            if !is_call(before.last(), token, rest) {
                continue;
            }
            // `ready and listen 80`, `x ? pid("a") : pid("b")`
            let written = self.written(rest, conditional || at > 0, statement);
            self.set(name, written);
            if *name == "working_directory" {
                // It changes the directory at once: where a relative path starts from now on is not known.
                self.values.place.cwd = None;
            }
            if at == 0 {
                return;
            }
        }
    }

    fn set(&mut self, name: &str, written: Written) {
        let config = &mut self.config;
        match name {
            "working_directory" => config.working_directory = written.path(),
            "pid" => config.pid = written.path(),
            "stderr_path" => config.stderr_path = written.path(),
            "worker_processes" => config.worker_processes = written.number(),
            "timeout" => config.timeout = written.number(),
            "preload_app" => config.preload_app = written.setting(Value::truth),
            "user" => config.user = written.setting(Value::text),
            _ => config.listen.push(written.setting(Value::text_or_number)),
        }
    }

    /// The value that tokens begin with; the text for people goes on to the end of the statement.
    fn written(
        &self,
        tokens: &[Token<'a>],
        conditional: bool,
        statement: &Statement<'a>,
    ) -> Written {
        let first = tokens.first().or(statement.tokens.first());
        let last = statement.tokens.last();
        let span = first
            .zip(last)
            .and_then(|(first, last)| self.source.get(first.start..last.start + last.text.len()));
        let line = first.map_or(1, |token| token.line);
        let mut text = span.unwrap_or_default().trim_ascii().to_vec();
        if text.len() > 200 {
            text.truncate(200);
            text.extend("…".as_bytes());
        }
        if let Some(scope) = statement.outer.filter(|_| conditional && statement.depth > 0) {
            text.extend(b" (inside ");
            text.extend(if scope.opener == b"{" { &b"a block"[..] } else { scope.opener });
            text.extend(b")");
        }
        let value = if conditional { None } else { self.values.evaluate(argument(tokens)) };
        Written { value, line, text: Text::new(text) }
    }

    /// `Unicorn::HttpServer::START_CTX[0] = …` and `START_CTX[:cwd] = …`.
    fn start_context(&mut self, statement: &Statement<'a>, conditional: bool) {
        let tokens = &statement.tokens;
        let Some(at) = tokens.iter().position(|token| token.is_word("START_CTX")) else { return };
        let Some([open, key, close, equals, rest @ ..]) = tokens.get(at + 1..) else { return };
        if !open.is_op("[") || !close.is_op("]") {
            return;
        }
        // Anything else that is done to the entry changes it in a way that is not evaluated.
        let written = self.written(rest, conditional || !equals.is_op("="), statement);
        match key.text {
            b"0" => self.config.program = written.path(),
            b":cwd" => self.config.working_directory = written.path(),
            _ => {}
        }
    }

    fn environment(&mut self, statement: &Statement<'a>, hook: Option<Hook>, conditional: bool) {
        for (at, _) in statement.tokens.iter().enumerate().filter(|(_, token)| token.is_word("ENV"))
        {
            let rest = statement.tokens.get(at + 1..).unwrap_or_default();
            match rest {
                [open, name, close, equals, value @ ..]
                    if open.is_op("[") && close.is_op("]") && equals.is_op("=") =>
                {
                    let Some(name) = plain(name) else { continue };
                    let written = self.written(value, conditional || at > 0, statement);
                    // An assigned nil deletes: what then holds is not said here.
                    let value = match written.value {
                        Some(Value::Nil) => {
                            Setting::Unevaluable { line: written.line, text: written.text }
                        }
                        _ => written.setting(Value::text),
                    };
                    self.config.environment.push(Assignment { name, value, hook });
                }
                [open, name, close, op, ..]
                    if open.is_op("[") && close.is_op("]") && op.is_op("||=") =>
                {
                    let Some(name) = plain(name) else { continue };
                    self.config.defaulted.push(Defaulted { name, line: open.line, hook });
                }
                [dot, method, arguments @ ..]
                    if dot.is_op(".") && ENV_CHANGES.iter().any(|name| method.is_word(name)) =>
                {
                    for name in arguments.iter().filter_map(plain) {
                        let written = self.written(arguments, true, statement);
                        let value = Setting::Unevaluable { line: written.line, text: written.text };
                        self.config.environment.push(Assignment { name, value, hook });
                    }
                }
                _ => {}
            }
        }
    }
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

/// `… if x`, `… rescue y`, `x and …`
fn is_modified(tokens: &[Token<'_>]) -> bool {
    const MODIFIERS: &[&[u8]] = &[b"if", b"unless", b"while", b"until", b"rescue", b"and", b"or"];
    tokens.iter().any(|token| token.kind == Kind::Word && MODIFIERS.contains(&token.text))
}

/// Whether a word is a call of a setting with an argument, and no variable, label or other receiver's method.
fn is_call(before: Option<&Token<'_>>, name: &Token<'_>, rest: &[Token<'_>]) -> bool {
    let own = before.is_none_or(|before| {
        // `self.pid "x"` is not Ruby's way of writing it, but it works.
        let has_receiver = before.is_op(".") || before.is_op("&.") || before.is_op("::");
        !has_receiver && !before.is_word("def") && !before.is_op("|")
    });
    let takes = rest.first().is_some_and(|next| match next.kind {
        Kind::Text(_) | Kind::Number | Kind::Opaque | Kind::Symbol => true,
        Kind::Word => {
            !matches!(next.text, b"if" | b"unless" | b"and" | b"or" | b"while" | b"until")
        }
        // `listen -1` and `listen *all` are calls, `pid - 1` is not.
        Kind::Op => match next.text {
            b"(" => true,
            b"[" | b"*" | b"-" | b"->" | b":" | b"::" | b"{" => {
                next.spaced && rest.get(1).is_none_or(|behind| !behind.spaced)
            }
            _ => false,
        },
        Kind::Break => false,
    });
    own && takes && name.kind == Kind::Word
}
