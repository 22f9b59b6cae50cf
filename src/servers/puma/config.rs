//! Puma's configuration file, as far as it can be read without running it (`dsl.rb`, 5.6.5).

use std::path::{Path, PathBuf};

use crate::contract::{Loading, Options, Variable, Variables};
use crate::model::{Config, Setting};
use crate::os::Text;
use crate::servers::effort::spend;
use crate::servers::ruby::{
    Scope, Statement, Token, Value, Values, Where, argument, decided, excerpt, is_modified,
};

/// Reads it.
pub fn read(loading: &Loading<'_>) -> Config {
    let source = loading.text.bytes();
    let place = Where::of(loading);
    let statements = decided(source, |all| Values::new(all, place.clone(), is_later), is_later);
    let mut values = Values::new(&statements, place, is_later);
    let mut config = Config::empty(loading.path);
    for statement in statements.iter().take_while(|_| spend(1)) {
        let Some(first) = statement.tokens.first() else { continue };
        if statement.outer.is_some_and(|scope| is_later(&scope)) {
            continue;
        }
        let conditional = statement.depth > 0 || is_modified(&statement.tokens);
        if ELSEWHERE.iter().any(|name| first.is_word(name)) {
            elsewhere(&mut config, first.line, &excerpt(&statement.tokens));
        }
        if !values.learn(statement) {
            set(&mut config, statement, &values, conditional);
        }
        values.moved(&statement.tokens);
    }
    by_default(&mut config, loading.variables);
    config
}

/// Where the file is silent Puma takes the number of workers from `WEB_CONCURRENCY`, and preloads with more than one
/// (`configuration.rb`, `puma_default_options`).
fn by_default(config: &mut Config, variables: Option<&Variables>) {
    if variables.is_some_and(|all| all.get(b"WEB_CONCURRENCY") == Variable::Unset) {
        return;
    }
    let text = || Text::from("what WEB_CONCURRENCY says");
    if matches!(config.worker_processes, Setting::NotSet) {
        config.worker_processes = Setting::Unevaluable { line: 1, text: text() };
    }
    if matches!(config.preload_app, Setting::NotSet) {
        config.preload_app = Setting::Unevaluable { line: 1, text: text() };
    }
}

/// Steps that each listener counts for: it is looked at later.
const BIND: usize = 1_000;

/// Calls that load settings from elsewhere.
const ELSEWHERE: &[&str] = &["load", "instance_eval", "eval", "send", "public_send", "__send__"];

/// What stands in a hook or a definition sets nothing when the file is read. Other blocks, as that of `each`, may.
fn is_later(scope: &Scope<'_>) -> bool {
    const HOOKS: &[&[u8]] = &[
        b"on_",
        b"before_",
        b"after_",
        b"lowlevel_error_handler",
        b"out_of_band",
        b"log_formatter",
        b"app",
    ];
    let is_block = matches!(scope.opener, b"do" | b"{");
    scope.opener == b"def" || (is_block && HOOKS.iter().any(|start| scope.head.starts_with(start)))
}

/// Whatever was set, or was not, may be set by what is loaded.
fn elsewhere(config: &mut Config, line: usize, text: &Text) {
    config.pid = Setting::Unevaluable { line, text: text.clone() };
    config.working_directory = Setting::Unevaluable { line, text: text.clone() };
    config.worker_processes = Setting::Unevaluable { line, text: text.clone() };
    config.preload_app = Setting::Unevaluable { line, text: text.clone() };
    config.own_bundle = Setting::Unevaluable { line, text: text.clone() };
    config.forks_from_worker = Setting::Unevaluable { line, text: text.clone() };
    config.stdout_path = Setting::Unevaluable { line, text: text.clone() };
    config.stderr_path = Setting::Unevaluable { line, text: text.clone() };
    config.listen.push(Setting::Unevaluable { line, text: text.clone() });
}

fn set(config: &mut Config, statement: &Statement<'_>, values: &Values<'_>, conditional: bool) {
    let Some((name, rest)) = statement.tokens.split_first() else { return };
    let line = name.line;
    spend(statement.tokens.len());
    let text = excerpt(rest);
    let value = || if conditional { None } else { values.evaluate(argument(rest)) };
    match name.text {
        b"pidfile" => config.pid = setting(line, text, value().and_then(path)),
        b"directory" => config.working_directory = setting(line, text, value().and_then(path)),
        b"workers" => {
            // It takes `to_i` of it (`dsl.rb`, `workers`).
            let number = value().and_then(Value::leading_number);
            let number = number.and_then(|number| u32::try_from(number).ok());
            config.worker_processes = setting(line, text, number);
        }
        b"clear_binds!" if !conditional => config.listen.clear(),
        b"preload_app!" => {
            let answer = flag(rest, value).filter(|_| !conditional);
            config.preload_app = setting(line, text, answer);
        }
        b"prune_bundler" => {
            let answer = flag(rest, value).filter(|_| !conditional);
            config.own_bundle = setting(line, text, answer);
        }
        b"fork_worker" => {
            // Its argument is how many requests the first worker serves before the others are forked anew.
            let always = (!conditional).then_some(true);
            config.forks_from_worker = setting(line, text, always);
        }
        b"worker_shutdown_timeout" => config.timeout = setting(line, text, seconds(value())),
        b"worker_boot_timeout" => config.boot_timeout = setting(line, text, seconds(value())),
        b"stdout_redirect" => redirect(config, rest, values, conditional),
        b"bind" if !spend(BIND) => {}
        b"bind" => config.listen.push(setting(line, text, value().and_then(Value::text))),
        b"clear_binds!" | b"ssl_bind" => config.listen.push(setting(line, text, None)),
        b"port" => {
            let port = value().and_then(Value::text_or_number);
            // A host may follow the port; without one it is every address.
            let brackets = usize::from(rest.first().is_some_and(|token| token.is_op("("))) * 2;
            let port = port.filter(|_| argument(rest).len() + brackets == rest.len());
            let bind = port.map(|port| Text::new([b"tcp://0.0.0.0:", port.bytes()].concat()));
            config.listen.push(setting(line, text, bind));
        }
        _ => {}
    }
}

/// A call that is true without an argument.
fn flag(rest: &[Token<'_>], value: impl FnOnce() -> Option<Value>) -> Option<bool> {
    let answer = if rest.is_empty() { Some(Value::Truth(true)) } else { value() };
    answer.and_then(Value::truth)
}

fn seconds(value: Option<Value>) -> Option<u32> {
    value.and_then(Value::leading_number).and_then(|number| u32::try_from(number).ok())
}

/// `stdout_redirect STDOUT, STDERR, APPEND`: the first two are paths, or nothing.
fn redirect(config: &mut Config, rest: &[Token<'_>], values: &Values<'_>, conditional: bool) {
    let line = rest.first().map_or(1, |token| token.line);
    let mut arguments = Vec::new();
    let mut left = strip(rest);
    for _ in 0..2 {
        let own = argument(left);
        arguments.push(own);
        left = left.get(own.len() + 1..).unwrap_or_default();
    }
    for (at, own) in arguments.into_iter().enumerate() {
        let target = if at == 0 { &mut config.stdout_path } else { &mut config.stderr_path };
        if own.is_empty() || own.first().is_some_and(|token| token.is_word("nil")) {
            continue;
        }
        let value = if conditional { None } else { values.evaluate(own) };
        *target = setting(line, excerpt(own), value.and_then(path));
    }
}

/// What stands in the brackets of a call, where it has any.
fn strip<'a, 'b>(rest: &'a [Token<'b>]) -> &'a [Token<'b>] {
    match rest {
        [first, inner @ .., last] if first.is_op("(") && last.is_op(")") => inner,
        all => all,
    }
}

fn path(value: Value) -> Option<PathBuf> {
    value.text().map(|text| text.path().to_path_buf())
}

fn setting<T>(line: usize, text: Text, value: Option<T>) -> Setting<T> {
    match value {
        Some(value) => Setting::Set { value, line },
        None => Setting::Unevaluable { line, text },
    }
}

/// Whether one of its binds is one that the title names: the file may lie in the usual place and not be the one that
/// the server was given.
pub fn agrees(config: &Config, options: &Options) -> bool {
    let bound = |bind: &Text| options.listen.iter().any(|titled| same(titled, bind));
    config.listen.iter().any(|listen| listen.value().is_some_and(bound))
}

/// The same address, whatever its query string asks for; the title of newer versions leaves that out.
fn same(one: &Text, other: &Text) -> bool {
    let plain = |text: &Text| -> Vec<u8> {
        let bytes = text.bytes();
        let end = bytes.iter().position(|byte| *byte == b'?').unwrap_or(bytes.len());
        let bytes = bytes.get(..end).unwrap_or_default();
        match bytes.strip_prefix(b"unix://") {
            Some(path) => {
                Text::from(Path::new("/").join(Text::new(path).path()).as_path()).bytes().to_vec()
            }
            None => bytes.to_vec(),
        }
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Config {
        read(&Loading {
            text: &Text::from(source),
            path: Path::new("/srv/api/config/puma.rb"),
            given: Path::new("/srv/api/config/puma.rb"),
            cwd: Some(Path::new("/srv/api")),
            variables: None,
        })
    }

    #[test]
    fn a_deployed_one() {
        let config = of("#!/usr/bin/env puma\ndir = \"/srv/api\"\nshared = \"#{dir}/shared\"\n\
             directory \"#{dir}/current\"\nworkers 2\nthreads 1, 5\npidfile \"#{shared}/puma.pid\"\n\
             bind \"unix://#{shared}/puma.sock?umask=0007\"\npreload_app!\n\
             on_worker_boot do\n  workers 9\nend\n");
        assert_eq!(config.worker_processes.value(), Some(&2));
        assert_eq!(config.pid.value().unwrap(), Path::new("/srv/api/shared/puma.pid"));
        assert_eq!(config.working_directory.value().unwrap(), Path::new("/srv/api/current"));
        assert_eq!(config.preload_app.value(), Some(&true));
        let titled = |bind: &str| Options { listen: vec![Text::from(bind)], ..Options::default() };
        assert!(agrees(&config, &titled("unix:///srv/api/shared/puma.sock")));
        assert!(!agrees(&config, &titled("unix:///srv/api/shared/other.sock")));
        assert!(!agrees(&config, &titled("tcp://0.0.0.0:3000")));
    }

    #[test]
    fn what_only_ruby_can_tell() {
        let config =
            of("port ENV.fetch(\"PORT\") { 3000 }\nworkers ENV.fetch(\"WEB_CONCURRENCY\", 2)\n\
             pidfile ENV[\"PIDFILE\"] if ENV[\"PIDFILE\"]\n");
        assert!(matches!(config.worker_processes, Setting::Unevaluable { line: 2, .. }));
        assert!(matches!(config.pid, Setting::Unevaluable { line: 3, .. }));
        assert!(matches!(config.listen.as_slice(), [Setting::Unevaluable { line: 1, .. }]));
    }

    #[test]
    fn what_the_environment_tells() {
        let environ =
            crate::facts::environ::parse_live(&Text::from("PORT=5000\0RAILS_ENV=production"));
        let variables = Variables::of(&environ);
        let path = Path::new("/srv/api/config/puma.rb");
        let config = |source: &str, variables| {
            let text = Text::from(source);
            read(&Loading { text: &text, path, given: path, cwd: None, variables })
        };
        let source = "threads_count = ENV.fetch(\"RAILS_MAX_THREADS\") { 5 }\nthreads threads_count, threads_count\n\
             port ENV.fetch(\"PORT\") { 3000 }\npidfile ENV.fetch(\"PIDFILE\") { \"tmp/pids/server.pid\" }\n\
             if ENV[\"RAILS_ENV\"] == \"production\"\n  workers ENV.fetch(\"WEB_CONCURRENCY\", \"2\")\n  preload_app!\nend\n\
             %w[a b].each { |name| bind \"unix:///run/#{name}.sock\" }\n";
        let told = config(source, Some(&variables));
        assert_eq!(told.worker_processes.value(), Some(&2));
        assert_eq!(told.preload_app.value(), Some(&true));
        assert_eq!(told.pid.value().unwrap(), Path::new("tmp/pids/server.pid"));
        let [port, other] = told.listen.as_slice() else { panic!("{:?}", told.listen) };
        assert_eq!(port.value(), Some(&Text::from("tcp://0.0.0.0:5000")));
        assert!(matches!(other, Setting::Unevaluable { .. }));
        assert_eq!(config("", Some(&variables)).worker_processes, Setting::NotSet);
        // Where the environment is not known, nor is what it decides.
        for told in
            [config(source, None), config("", None), config("load 'shared.rb'", Some(&variables))]
        {
            assert!(matches!(told.worker_processes, Setting::Unevaluable { .. }));
        }
    }

    #[test]
    fn ports_and_brackets() {
        let config =
            of("port(3000)\nbind('tcp://127.0.0.1:9292')\nport 3001, '127.0.0.1'\nworkers(3)\n");
        let listens: Vec<_> =
            config.listen.iter().map(|l| l.value().map(ToString::to_string)).collect();
        assert_eq!(listens[0].as_deref(), Some("tcp://0.0.0.0:3000"));
        assert_eq!(listens[1].as_deref(), Some("tcp://127.0.0.1:9292"));
        assert_eq!(listens[2], None);
        assert_eq!(config.worker_processes.value(), Some(&3));
    }
}
