//! What the hooks of a configuration do to an old master, and which of them cannot be told.

use std::collections::HashSet;

use super::{FOREIGN, HOOKS, hook_of, is_modified};
use crate::facts::{Fact, Lack};
use crate::model::config::{HookBody, Kill, ObscureHook, OldPath};
use crate::model::{Hook, Setting};
use crate::os::Text;
use crate::os::text::contains;
use crate::servers::effort::spend;
use crate::servers::ruby::{
    CONFIGURED_PID, Kind, Piece, Statement, Token, Value, Values, argument, excerpt,
};

/// Methods of `File` that take the path of the old pidfile.
const READS: &[&[u8]] =
    &[b"read", b"open", b"exist?", b"exists?", b"file?", b"readable?", b"zero?", b"size?", b"stat"];

/// Steps that each path of an old pidfile counts for: it is looked at later.
const OLD_PATH: usize = 2_000;

/// The name that the old master's pidfile ends with.
const SUFFIX: &[u8] = b".oldbin";

/// The hooks, the last of each kind: a later one replaces an earlier one. And those that may replace them in turn.
pub(super) fn hooks<'a>(
    source: &[u8],
    statements: &[Statement<'a>],
    top: &Values<'a>,
) -> (Vec<HookBody>, Vec<ObscureHook>) {
    let mut all = last(statements);
    let mut obscure: Vec<(usize, ObscureHook)> = Vec::new();
    let says = |statement: &Statement<'_>, word: &[u8]| {
        let mut tokens = statement.tokens.iter();
        tokens.any(|token| contains(token.text, word))
    };
    let names = named_oldbin(statements);
    let ends = [&b"kill"[..], SUFFIX].iter().all(|word| statements.iter().any(|s| says(s, word)));
    for (at, statement) in statements.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| statements.get(before));
        if let Some(found) = under_condition(statement, before, ends) {
            all.retain(|(start, _)| *start != found.0);
            obscure.push(found);
        } else if let Some(found) = elsewhere(statement, ends) {
            obscure.push(found);
        }
    }
    obscure.retain(|(at, one)| {
        one.hook.is_none_or(|hook| !all.iter().any(|(start, other)| *other == hook && start > at))
    });
    let bodies = all.into_iter().map(|one| body(source, statements, top, one, &names));
    (bodies.collect(), obscure.into_iter().map(|(_, one)| one).collect())
}

/// Where the hooks begin, the last of each kind: a later one replaces an earlier one.
pub(super) fn last(statements: &[Statement<'_>]) -> Vec<(usize, Hook)> {
    let mut all: Vec<(usize, Hook)> = Vec::new();
    for statement in statements {
        // The block's own statements follow, if it has any.
        if let ([name], 0) = (statement.tokens.as_slice(), statement.depth)
            && let Some((_, hook)) = HOOKS.iter().find(|(word, _)| name.is_word(word))
        {
            all.retain(|(_, other)| other != hook);
            all.push((name.start, *hook));
        }
        // `before_fork nil`: the default, which only logs.
        let resets = match statement.tokens.as_slice() {
            [name, nil] if nil.is_word("nil") => Some(name),
            [name, open, nil, _] if open.is_op("(") && nil.is_word("nil") => Some(name),
            _ => None,
        };
        if let (Some(name), 0) = (resets, statement.depth) {
            all.retain(|(_, other)| !name.is_word(other.name()));
        }
        let Some(scope) = statement.outer else { continue };
        if let Some(hook) = hook_of(&scope)
            && !all.iter().any(|(start, _)| *start == scope.start)
        {
            all.retain(|(_, other)| *other != hook);
            all.push((scope.start, hook));
        }
    }
    all
}

/// Whether some hook ends the old master: it kills by a signal that ends, in a file that speaks of its pidfile.
pub(super) fn retire(statements: &[Statement<'_>]) -> bool {
    let mentions = |statement: &Statement<'_>, words: &[&str]| {
        statement.tokens.iter().any(|token| {
            let is_code = !matches!(token.kind, Kind::Break);
            is_code && words.iter().any(|word| contains(token.text, word.as_bytes()))
        })
    };
    let all = last(statements);
    let own: Vec<&Statement<'_>> =
        all.iter().flat_map(|(start, _)| run_by(statements, *start)).collect();
    let kills = own.iter().any(|statement| mentions(statement, &["kill"]));
    let ends = own.iter().any(|statement| mentions(statement, &["QUIT", "TTOU", "TERM"]));
    kills && ends && statements.iter().any(|statement| mentions(statement, &["oldbin"]))
}

/// The statements of a hook, and those of the file's own methods that it calls.
fn run_by<'s, 'a>(statements: &'s [Statement<'a>], start: usize) -> Vec<&'s Statement<'a>> {
    let starts_at = |statement: &&Statement<'_>, at: usize| {
        statement.outer.is_some_and(|scope| scope.start == at)
    };
    let mut own: Vec<&Statement<'a>> =
        statements.iter().filter(|statement| starts_at(statement, start)).collect();
    let mut last_scope = None;
    let mut called = Vec::new();
    for statement in statements.iter().take_while(|_| spend(1)) {
        let Some(scope) = statement.outer.filter(|scope| scope.opener == b"def") else { continue };
        let is_head = last_scope.replace(scope.start) != Some(scope.start);
        let name = statement.tokens.first().filter(|_| is_head);
        let calls = |name: &Token<'_>| {
            let tokens = own.iter().flat_map(|s| &s.tokens).take_while(|_| spend(1));
            tokens.into_iter().any(|token| token.text == name.text)
        };
        if name.is_some_and(calls) {
            called.push(scope.start);
        }
    }
    own.extend(
        statements
            .iter()
            .take_while(|_| spend(called.len()))
            .filter(|statement| called.iter().any(|at| starts_at(statement, *at))),
    );
    own
}

/// `before_fork do … end if x`: where the block began, and the hook.
fn under_condition(
    statement: &Statement<'_>,
    before: Option<&Statement<'_>>,
    may_retire: bool,
) -> Option<(usize, ObscureHook)> {
    let [end, rest @ ..] = statement.tokens.as_slice() else { return None };
    let closes = statement.outer.is_none() && (end.is_word("end") || end.is_op("}"));
    let scope = before.filter(|_| closes)?.outer?;
    let hook = hook_of(&scope)?;
    let text = excerpt(rest);
    let one = ObscureHook { hook: Some(hook), line: end.line, text, may_retire };
    is_modified(rest).then_some((scope.start, one))
}

/// A hook that is set under a condition or to no block, and source that is run as if it stood here.
fn elsewhere(statement: &Statement<'_>, ends: bool) -> Option<(usize, ObscureHook)> {
    let [name, rest @ ..] = statement.tokens.as_slice() else { return None };
    if name.kind != Kind::Word || statement.outer.is_some_and(|scope| hook_of(&scope).is_some()) {
        return None;
    }
    let one = |hook, may_retire| {
        let mut text = excerpt(&statement.tokens).bytes().to_vec();
        if statement.depth > 0 {
            text.extend(b" under a condition");
        }
        let text = Text::new(text);
        Some((name.start, ObscureHook { hook, line: name.line, text, may_retire }))
    };
    if FOREIGN.iter().any(|word| name.is_word(word)) {
        return one(None, true);
    }
    let (_, hook) = HOOKS.iter().find(|(word, _)| name.is_word(word))?;
    let is_set = match rest {
        // The block follows as statements of its own.
        [] => statement.depth > 0,
        [first, ..] if first.is_word("nil") => statement.depth > 0,
        [first, ..] => {
            let is_call =
                first.kind == Kind::Word || ["(", "&", "*", "->"].iter().any(|op| first.is_op(op));
            let has_block = rest.iter().any(|token| {
                ["lambda", "proc", "Proc"].iter().any(|word| token.is_word(word))
                    || token.is_op("->")
            });
            is_call && (statement.depth > 0 || !has_block)
        }
    };
    // What a method or a variable does may stand elsewhere.
    is_set.then(|| one(Some(*hook), ends || !rest.is_empty()))?
}

fn body<'a>(
    source: &[u8],
    statements: &[Statement<'a>],
    top: &Values<'a>,
    (start, hook): (usize, Hook),
    names: &HashSet<&[u8]>,
) -> HookBody {
    let own = run_by(statements, start);
    let values = top.within(&own);
    let before = source.get(..start).unwrap_or_default();
    let tokens = || own.iter().flat_map(|statement| &statement.tokens);
    HookBody {
        hook,
        line: before.split(|b| *b == b'\n').count(),
        kills: own.iter().filter_map(|statement| kill(statement, &own)).collect(),
        old_paths: own.iter().flat_map(|statement| old_paths(statement, &values, names)).collect(),
        // `worker.nr`: it does not do the same at every fork.
        tells_workers_apart: tokens().any(|token| token.is_word("nr")),
        names_oldbin: own.iter().any(|statement| speaks_of_oldbin(&statement.tokens, names)),
        sleeps: tokens().any(|token| token.is_word("sleep")),
    }
}

/// `Process.kill(SIGNAL, …)`, unless it is sent to the process itself or to its worker.
fn kill(statement: &Statement<'_>, own: &[&Statement<'_>]) -> Option<Kill> {
    let at = statement.tokens.iter().position(|token| token.is_word("kill"))?;
    spend(statement.tokens.len());
    let behind = statement.tokens.get(at + 1..)?;
    let first = argument(behind);
    let rest: Vec<&Token<'_>> = behind.iter().skip_while(|token| !token.is_op(",")).collect();
    let itself = rest.windows(3).any(|three| {
        matches!(three, [name, dot, method] if dot.is_op(".")
            && (name.is_word("Process") || name.is_word("worker"))
            && (method.is_word("pid") || method.is_word("ppid")))
    });
    if itself || rest.iter().any(|token| token.is_word("$$")) {
        return None;
    }
    let mut signals: Vec<String> = first.iter().filter_map(signal).collect();
    if let ([variable], true) = (first, signals.is_empty()) {
        let assigned = own.iter().take_while(|_| spend(1)).filter(|s| {
            matches!(s.tokens.as_slice(), [name, op, ..] if name.text == variable.text && op.is_op("="))
        });
        signals = assigned.flat_map(|s| s.tokens.iter().filter_map(signal)).collect();
    }
    Some(Kill { line: statement.tokens.get(at)?.line, signals })
}

/// A signal's name without `SIG`, from a symbol, a string or a number.
fn signal(token: &Token<'_>) -> Option<String> {
    let name = match &token.kind {
        Kind::Symbol => token.text.strip_prefix(b":")?.to_vec(),
        Kind::Text(pieces) => match pieces.as_slice() {
            [Piece::Plain(bytes)] => bytes.clone(),
            _ => return None,
        },
        Kind::Number => match token.text {
            b"2" => b"INT".to_vec(),
            b"3" => b"QUIT".to_vec(),
            b"9" => b"KILL".to_vec(),
            b"15" => b"TERM".to_vec(),
            _ => return None,
        },
        _ => return None,
    };
    let name = name.strip_prefix(b"SIG").unwrap_or(&name);
    let known = [&b"QUIT"[..], b"TTOU", b"TERM", b"INT", b"KILL", b"WINCH"];
    known.contains(&name).then(|| String::from_utf8(name.to_vec()).ok()).flatten()
}

/// The paths of old pidfiles that a statement hands to `File`.
fn old_paths<'a>(
    statement: &Statement<'a>,
    values: &Values<'a>,
    names: &HashSet<&[u8]>,
) -> Vec<Setting<OldPath>> {
    let mut found = Vec::new();
    for (at, file) in statement.tokens.iter().enumerate() {
        let Some([dot, method, behind @ ..]) = statement.tokens.get(at + 1..) else { continue };
        let receiver = file.is_word("File") || file.is_word("IO");
        if !receiver || !dot.is_op(".") || !READS.contains(&method.text) {
            continue;
        }
        if !spend(OLD_PATH + behind.len()) {
            break;
        }
        let argument = bracketed(behind);
        let (line, text) = (file.line, excerpt(argument));
        match values.evaluate(argument) {
            Some(Value::Text(path)) => {
                let Some(start) = path.strip_suffix(SUFFIX) else { continue };
                let value = if start == CONFIGURED_PID {
                    OldPath::Configured
                } else if contains(&path, CONFIGURED_PID) {
                    found.push(Setting::Unevaluable { line, text });
                    continue;
                } else {
                    let path = Text::new(path).path().to_path_buf();
                    let real = Fact::lacking(path.as_path().into(), Lack::NotAsked);
                    OldPath::Path { path, real }
                };
                found.push(Setting::Set { value, line });
            }
            _ if speaks_of_oldbin(argument, names) => {
                found.push(Setting::Unevaluable { line, text });
            }
            _ => {}
        }
    }
    found
}

/// The first argument behind a method's name, with what follows its brackets left off.
fn bracketed<'t, 'a>(behind: &'t [Token<'a>]) -> &'t [Token<'a>] {
    if !behind.first().is_some_and(|open| open.is_op("(")) {
        return argument(behind);
    }
    let mut depth = 0_usize;
    for (at, token) in behind.iter().enumerate() {
        if token.is_op("(") {
            depth += 1;
        } else if token.is_op(")") {
            depth -= 1;
            if depth == 0 {
                return argument(behind.get(..=at).unwrap_or_default());
            }
        }
    }
    &[]
}

/// Variables that hold the path of an old pidfile, whatever it is.
fn named_oldbin<'a>(statements: &[Statement<'a>]) -> HashSet<&'a [u8]> {
    let mut names = HashSet::new();
    for statement in statements {
        if let [name, op, value @ ..] = statement.tokens.as_slice()
            && name.kind == Kind::Word
            && ["=", "||=", "+=", "<<"].iter().any(|assigns| op.is_op(assigns))
            && speaks_of_oldbin(value, &names)
        {
            names.insert(name.text);
        }
    }
    names
}

/// Whether tokens mention the old pidfile, or a variable that does.
fn speaks_of_oldbin(tokens: &[Token<'_>], names: &HashSet<&[u8]>) -> bool {
    tokens.iter().any(|token| {
        contains(token.text, SUFFIX) || (token.kind == Kind::Word && names.contains(token.text))
    })
}
