//! Whether some hook sees to it that workers have database connections of their own.

use super::hook_of;
use crate::model::{Hook, Setting};
use crate::servers::ruby::{Kind, Statement, Token, excerpt};

/// What stands for a database in a hook.
const DATABASES: &[&str] = &[
    "ActiveRecord",
    "Sequel",
    "DB",
    "DataMapper",
    "Mongoid",
    "MongoMapper",
    "ROM",
    "PG",
    "Mysql2",
    "Trilogy",
    "Octopus",
];

/// What has connections and is no database, or connects to one by itself.
const OTHERS: &[&str] = &[
    "NewRelic",
    "Redis",
    "redis",
    "$redis",
    "REDIS",
    "Resque",
    "Sidekiq",
    "Rails",
    "Dalli",
    "Bunny",
    "Statsd",
    "StatsD",
    "Appsignal",
    "Datadog",
    "Honeybadger",
    "Skylight",
    "Elasticsearch",
    "Memcached",
    "logger",
];

/// Calls of code that stands elsewhere.
const ELSEWHERE: &[&str] =
    &["call", "send", "public_send", "instance_exec", "instance_eval", "eval", "load", "require"];

/// The hook that does it: `after_fork` connects anew, or `before_fork` closes what the master has open.
pub(super) fn reconnects(statements: &[Statement<'_>]) -> Setting<Hook> {
    let mut unclear = Setting::NotSet;
    for statement in statements {
        let hook = statement.outer.and_then(|scope| hook_of(&scope));
        match hook {
            Some(hook @ (Hook::AfterFork | Hook::BeforeFork)) => match does(statement, hook) {
                Does::Connects(line) => return Setting::Set { value: hook, line },
                Does::Unclear => unclear = unevaluable(statement),
                Does::Nothing => {}
            },
            None if is_given_otherwise(statement) => unclear = unevaluable(statement),
            _ => {}
        }
    }
    unclear
}

enum Does {
    Connects(usize),
    Unclear,
    Nothing,
}

fn does(statement: &Statement<'_>, hook: Hook) -> Does {
    let tokens = &statement.tokens;
    let names = |words: &[&str]| tokens.iter().any(|t| words.iter().any(|word| t.is_word(word)));
    let has = |part: &str| {
        tokens.iter().find(|token| {
            matches!(token.kind, Kind::Word | Kind::Symbol)
                && token.text.windows(part.len()).any(|w| w.eq_ignore_ascii_case(part.as_bytes()))
        })
    };
    if let Some(token) = tokens.iter().find(|token| token.is_word("establish_connection")) {
        return Does::Connects(token.line);
    }
    match has("connect") {
        Some(token) if names(DATABASES) => return Does::Connects(token.line),
        Some(_) if !names(OTHERS) => return Does::Unclear,
        _ => {}
    }
    // What happens at a fork elsewhere is seen there only.
    let forks = hook == Hook::AfterFork && has("fork").is_some() && !names(OTHERS);
    if forks || (hook == Hook::AfterFork && names(ELSEWHERE)) {
        Does::Unclear
    } else {
        Does::Nothing
    }
}

/// `after_fork(&method(:x))`, or a block under a condition.
fn is_given_otherwise(statement: &Statement<'_>) -> bool {
    let is_block = |next: &Token<'_>| {
        next.is_word("lambda") || next.is_word("proc") || next.is_word("Proc") || next.is_op("->")
    };
    match statement.tokens.as_slice() {
        [name] => name.is_word("after_fork") && statement.depth > 0,
        [name, next, ..] => {
            let next = if next.is_op("(") { statement.tokens.get(2).unwrap_or(next) } else { next };
            name.is_word("after_fork") && (statement.depth > 0 || !is_block(next))
        }
        [] => false,
    }
}

fn unevaluable(statement: &Statement<'_>) -> Setting<Hook> {
    let line = statement.tokens.first().map_or(1, |token| token.line);
    Setting::Unevaluable { line, text: excerpt(&statement.tokens) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::ruby::statements;

    fn of(source: &str) -> Setting<Hook> {
        reconnects(&statements(source.as_bytes()))
    }

    #[test]
    fn a_hook_reconnects() {
        for (source, hook, at) in [
            (
                "after_fork do |s, w|\n  ActiveRecord::Base.establish_connection\nend",
                Hook::AfterFork,
                2,
            ),
            (
                "after_fork { |_, _| defined?(ActiveRecord::Base) and\n ActiveRecord::Base.establish_connection }",
                Hook::AfterFork,
                2,
            ),
            (
                "before_fork do |s, w|\n  ActiveRecord::Base.connection.disconnect!\nend",
                Hook::BeforeFork,
                2,
            ),
            (
                "before_fork do |s, w|\n Sequel::DATABASES.each(&:disconnect)\nend",
                Hook::BeforeFork,
                2,
            ),
            ("after_fork do |s, w|\n  DB.disconnect if defined?(DB)\nend", Hook::AfterFork, 2),
            ("after_fork lambda { |s, w|\n Mongoid.reconnect!\n}", Hook::AfterFork, 2),
        ] {
            assert_eq!(of(source), Setting::Set { value: hook, line: at }, "{source}");
        }
    }

    #[test]
    fn no_hook_reconnects() {
        for source in [
            "preload_app true",
            "after_fork do |s, w|\n  s.logger.info(\"hi\")\nend",
            "after_fork do |s, w|\n  NewRelic::Agent.after_fork(force_reconnect: true)\nend",
            "after_fork do |s, w|\n  Resque.redis.client.reconnect\nend",
            "# ActiveRecord::Base.establish_connection\nbefore_exec { ENV[\"X\"] = \"1\" }",
            "before_exec do |s|\n  ActiveRecord::Base.establish_connection\nend",
        ] {
            assert_eq!(of(source), Setting::NotSet, "{source}");
        }
    }

    #[test]
    fn what_stands_elsewhere_is_not_evaluated() {
        for source in [
            "after_fork(&method(:reconnect))",
            "after_fork Shop::HOOK",
            "if ENV[\"X\"]\n  after_fork do |s, w|\n    w.x\n  end\nend",
            "after_fork do |s, w|\n  Shop::Database.connect\nend",
            "after_fork do |s, w|\n  Shop.after_fork(w)\nend",
            "after_fork do |s, w|\n  HOOKS.each { |hook| hook.call(s, w) }\nend",
        ] {
            assert!(matches!(of(source), Setting::Unevaluable { .. }), "{source}");
        }
    }
}
