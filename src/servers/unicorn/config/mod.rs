//! Unicorn's configuration file, as far as it can be read without running it (`configurator.rb`, 6.0.0).

mod after_fork;
mod environment;
mod hooks;
mod removed;
mod written;

#[cfg(test)]
mod condition_tests;
#[cfg(test)]
mod hook_tests;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use crate::contract::Loading;
use crate::model::{Config, Hook, Setting};
use crate::os::Text;
use crate::servers::effort::spend;
use crate::servers::ruby::{
    Kind, Scope, Statement, Token, Value, Values, Where, decided, is_modified,
};
use written::Written;

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
    "stdout_path",
    "user",
    "logger",
    "listeners",
];

/// Steps that each call of a setting counts for: each listener is looked at later.
const SET: usize = 1_000;

/// Calls that run source from elsewhere as if it stood here, or set what stands in no plain word.
const FOREIGN: &[&str] =
    &["instance_eval", "instance_exec", "eval", "send", "__send__", "public_send", "DEFAULTS"];

/// The hook that a block is given to, if it is one.
fn hook_of(scope: &Scope<'_>) -> Option<Hook> {
    HOOKS.iter().find(|(name, _)| scope.is_block_of(name)).map(|(_, hook)| *hook)
}

/// Reads it. Where the file itself is, is for the caller to find out.
pub fn read(loading: &Loading<'_>) -> Config {
    let source = loading.text.bytes();
    let is_hook = |scope: &Scope<'_>| hook_of(scope).is_some();
    let place = Where::of(loading);
    let statements = decided(source, |all| Values::new(all, place.clone(), is_hook), is_hook);
    let mut reader = Reader {
        source,
        config: Config::empty(loading.path),
        values: Values::new(&statements, place, is_hook),
        called: called(&statements),
        foreign: None,
    };
    for statement in statements.iter().take_while(|_| spend(1)) {
        reader.statement(statement);
    }
    reader.hooks(&statements);
    let mut config = reader.config;
    config.reconnects = after_fork::reconnects(&statements);
    config.retires_old_master = hooks::retire(&statements);
    (config.hooks, config.obscure_hooks) = hooks::hooks(source, &statements, &reader.values);
    config.removed_calls = removed::removed_calls(source, &statements);
    if let Some((line, text)) = reader.foreign {
        obscure(&mut config, line, &text);
    }
    config
}

/// Settings that were not seen, or were seen before, may be set by the source that the file loads.
fn obscure(config: &mut Config, line: usize, text: &Text) {
    fn hide<T>(setting: &mut Setting<T>, line: usize, text: &Text) {
        if setting.line().is_none_or(|own| own <= line) {
            *setting = Setting::Unevaluable { line, text: text.clone() };
        }
    }
    hide(&mut config.working_directory, line, text);
    hide(&mut config.pid, line, text);
    hide(&mut config.worker_processes, line, text);
    hide(&mut config.preload_app, line, text);
    hide(&mut config.timeout, line, text);
    hide(&mut config.stderr_path, line, text);
    hide(&mut config.stdout_path, line, text);
    hide(&mut config.logger, line, text);
    hide(&mut config.user, line, text);
    hide(&mut config.program, line, text);
    hide(&mut config.reconnects, line, text);
    config.listen.push(Setting::Unevaluable { line, text: text.clone() });
}

/// Where the definitions of a file begin that something in it calls.
fn called(statements: &[Statement<'_>]) -> HashSet<usize> {
    let mut defined: HashMap<&[u8], Vec<(usize, usize)>> = HashMap::new();
    let mut seen = HashSet::new();
    for statement in statements {
        let Some(scope) = statement.outer.filter(|scope| scope.opener == b"def") else { continue };
        if let Some(name) = statement.tokens.first()
            && seen.insert(scope.start)
        {
            defined.entry(name.text).or_default().push((scope.start, name.start));
        }
    }
    let mut called = HashSet::new();
    for token in statements.iter().flat_map(|statement| &statement.tokens) {
        for (scope, own) in defined.get(token.text).into_iter().flatten().take_while(|_| spend(1)) {
            if *own != token.start {
                called.insert(*scope);
            }
        }
    }
    called
}

struct Reader<'a> {
    source: &'a [u8],
    config: Config,
    values: Values<'a>,
    /// Where definitions begin that are called.
    called: HashSet<usize>,
    /// The last statement that runs source from elsewhere.
    foreign: Option<(usize, Text)>,
}

impl<'a> Reader<'a> {
    fn statement(&mut self, statement: &Statement<'a>) {
        if statement.outer.is_some_and(|scope| hook_of(&scope).is_some()) {
            return;
        }
        // A definition sets nothing by itself.
        let uncalled =
            |scope: Scope<'_>| scope.opener == b"def" && !self.called.contains(&scope.start);
        if statement.outer.is_some_and(uncalled) {
            return;
        }
        let conditional = statement.depth > 0 || is_modified(&statement.tokens);
        if is_foreign(&statement.tokens) {
            let written = self.written(&statement.tokens, false, statement);
            self.foreign = Some((written.line, written.text));
        }
        let environment =
            environment::changes(self.source, statement, None, conditional, &self.values);
        environment.add(&mut self.config);
        self.start_context(statement, conditional);
        self.values.learn(statement);
        self.settings(statement, conditional);
        self.values.moved(&statement.tokens);
    }

    /// What hooks do to the environment, by what variables hold once the whole file is read.
    fn hooks(&mut self, statements: &[Statement<'a>]) {
        for (start, hook) in hooks::last(statements) {
            let own: Vec<&Statement<'a>> = statements
                .iter()
                .filter(|statement| statement.outer.is_some_and(|scope| scope.start == start))
                .collect();
            let values = self.values.within(&own);
            for statement in own {
                let conditional = statement.depth > 1 || is_modified(&statement.tokens);
                let changes =
                    environment::changes(self.source, statement, Some(hook), conditional, &values);
                changes.add(&mut self.config);
            }
        }
    }

    fn settings(&mut self, statement: &Statement<'a>, conditional: bool) {
        for (at, token) in statement.tokens.iter().enumerate() {
            let Some(name) = SETTINGS.iter().find(|name| token.is_word(name)) else { continue };
            let Some((before, rest)) = statement.tokens.split_at_checked(at) else { continue };
            let Some(rest) = rest.get(1..).filter(|rest| !rest.is_empty()) else { continue };
            let owned = is_own(before);
            let before = if owned { None } else { before.last() };
            if !is_call(before, token, rest) {
                continue;
            }
            // `ready and listen 80`, `x ? pid("a") : pid("b")`
            let begins = at == 0 || (at == 2 && owned);
            let conditional = conditional || !begins;
            if !spend(SET) {
                return;
            }
            let written = self.written(rest, conditional, statement);
            if *name == "logger" {
                let tokens = if conditional { &[][..] } else { rest };
                self.config.logger = written.logger(tokens, &self.values);
            } else {
                self.set(name, written);
            }
            if begins {
                return;
            }
        }
    }

    fn set(&mut self, name: &str, written: Written) {
        let config = &mut self.config;
        match name {
            "working_directory" => {
                let values = &self.values;
                config.working_directory = written.setting(|value| {
                    let path = value.text()?;
                    let whole = values.expand(path.bytes(), None)?;
                    Some(Text::new(whole).path().to_path_buf())
                });
            }
            "listeners" => {
                let Written { line, text, .. } = written;
                config.listen.push(Setting::Unevaluable { line, text });
            }
            "pid" => config.pid = written.path(),
            "stderr_path" => config.stderr_path = written.path(),
            "stdout_path" => config.stdout_path = written.path(),
            "worker_processes" => config.worker_processes = written.number(),
            "timeout" => config.timeout = written.number(),
            "preload_app" => config.preload_app = written.setting(Value::truth),
            "user" => config.user = written.setting(Value::text),
            _ => {
                let values = &self.values;
                config
                    .listen
                    .push(written.setting(|value| address(&value.text_or_number()?, values)));
            }
        }
    }

    fn written(
        &self,
        tokens: &[Token<'a>],
        conditional: bool,
        statement: &Statement<'a>,
    ) -> Written {
        Written::of(self.source, tokens, conditional, statement, &self.values)
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
}

/// What `listen` makes of its argument (`configurator.rb`, `expand_addr`), but that a path behind `unix:` stays as it is
/// written: it counts from the directory that the server ends up in.
fn address(written: &Text, values: &Values<'_>) -> Option<Text> {
    let bytes = written.bytes();
    let path = bytes.strip_prefix(b"unix:").unwrap_or(bytes);
    if path.starts_with(b"~") {
        return values.expand(path, None).map(Text::new);
    }
    Some(written.clone())
}

/// Whether tokens end with `self.`
fn is_own(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [.., own, dot] if own.is_word("self") && dot.is_op("."))
}

/// Whether a statement runs source from elsewhere, or may set what it does not name: `send(key, …)`, `f(self)`,
/// `x.each(&method(:listen))`, `set[:pid] = …`.
fn is_foreign(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        let (before, behind) = (tokens.get(..at).unwrap_or_default(), tokens.get(at + 1..));
        let next = behind.and_then(<[_]>::first);
        let is_next = |op: &str| next.is_some_and(|next| next.is_op(op));
        let is_sent = before.last().is_some_and(|dot| dot.is_op(".") || dot.is_op("&."));
        match token.text {
            _ if token.kind != Kind::Word => false,
            b"self" => !is_next(".") && !is_next("&."),
            b"set" | b"@set" => is_next("[") && !is_sent,
            b"method" => behind.into_iter().flatten().take(2).any(|name| {
                let name = name.text.strip_prefix(b":").unwrap_or_default();
                SETTINGS.iter().any(|setting| setting.as_bytes() == name)
            }),
            _ => {
                let foreign = FOREIGN.iter().any(|name| token.is_word(name));
                foreign && (!is_sent || is_own(before) || token.is_word("DEFAULTS"))
            }
        }
    })
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
            b"[" | b"*" | b"-" | b"!" | b"->" | b":" | b"::" | b"{" => {
                next.spaced && rest.get(1).is_none_or(|behind| !behind.spaced)
            }
            _ => false,
        },
        Kind::Break => false,
    });
    own && takes && name.kind == Kind::Word
}
