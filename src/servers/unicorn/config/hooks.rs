//! What the hooks of a configuration do to an old master, and what they call that newer Rubies no longer have.

use super::expression::CONFIGURED_PID;
use super::hook_of;
use super::values::{Value, Values, argument};
use crate::model::config::{HookBody, Kill, OldPath, RemovedCall};
use crate::model::{Hook, Setting};
use crate::os::Text;
use crate::servers::ruby::{Kind, Piece, Statement, Token};

/// Methods of `File` that take the path of the old pidfile.
const READS: &[&[u8]] =
    &[b"read", b"open", b"exist?", b"exists?", b"file?", b"readable?", b"zero?", b"size?", b"stat"];

/// The name that the old master's pidfile ends with.
const SUFFIX: &[u8] = b".oldbin";

/// What shows that a file minds the Ruby that it runs on, or brings the method along.
const GUARDS: &[&str] =
    &["respond_to?", "RUBY_VERSION", "alias", "alias_method", "define_singleton_method"];

/// The hooks, the last of each kind: a later one replaces an earlier one.
pub(super) fn hooks<'a>(
    source: &[u8],
    statements: &[Statement<'a>],
    top: &Values<'a>,
) -> Vec<HookBody> {
    let mut all: Vec<(usize, Hook)> = Vec::new();
    for statement in statements {
        let Some(scope) = statement.outer else { continue };
        if let Some(hook) = hook_of(&scope)
            && !all.iter().any(|(start, _)| *start == scope.start)
        {
            all.retain(|(_, other)| *other != hook);
            all.push((scope.start, hook));
        }
    }
    all.into_iter().map(|(start, hook)| body(source, statements, top, start, hook)).collect()
}

fn body<'a>(
    source: &[u8],
    statements: &[Statement<'a>],
    top: &Values<'a>,
    start: usize,
    hook: Hook,
) -> HookBody {
    let own: Vec<&Statement<'a>> = statements
        .iter()
        .filter(|statement| statement.outer.is_some_and(|scope| scope.start == start))
        .collect();
    let values = top.within(&own);
    let before = source.get(..start).unwrap_or_default();
    let tokens = || own.iter().flat_map(|statement| &statement.tokens);
    HookBody {
        hook,
        line: before.split(|b| *b == b'\n').count(),
        kills: own.iter().filter_map(|statement| kill(statement, &own)).collect(),
        old_paths: own
            .iter()
            .flat_map(|statement| old_paths(statement, &values, statements))
            .collect(),
        // `worker.nr`: it does not do the same at every fork.
        tells_workers_apart: tokens().any(|token| token.is_word("nr")),
    }
}

/// `Process.kill(SIGNAL, …)`, unless it is sent to the process itself or to its worker.
fn kill(statement: &Statement<'_>, own: &[&Statement<'_>]) -> Option<Kill> {
    let at = statement.tokens.iter().position(|token| token.is_word("kill"))?;
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
        let assigned = own.iter().filter(|s| {
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
    all: &[Statement<'a>],
) -> Vec<Setting<OldPath>> {
    let mut found = Vec::new();
    for (at, file) in statement.tokens.iter().enumerate() {
        let Some([dot, method, behind @ ..]) = statement.tokens.get(at + 1..) else { continue };
        let receiver = file.is_word("File") || file.is_word("IO");
        if !receiver || !dot.is_op(".") || !READS.contains(&method.text) {
            continue;
        }
        let argument = bracketed(behind);
        let (line, text) = (file.line, written(argument));
        match values.evaluate(argument) {
            Some(Value::Text(path)) => {
                let Some(start) = path.strip_suffix(SUFFIX) else { continue };
                let value = if start == CONFIGURED_PID {
                    OldPath::Configured
                } else if path.windows(CONFIGURED_PID.len()).any(|w| w == CONFIGURED_PID) {
                    found.push(Setting::Unevaluable { line, text });
                    continue;
                } else {
                    OldPath::Path(Text::new(path).path().to_path_buf())
                };
                found.push(Setting::Set { value, line });
            }
            _ if speaks_of_oldbin(argument, all) => found.push(Setting::Unevaluable { line, text }),
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

fn written(tokens: &[Token<'_>]) -> Text {
    let all: Vec<&[u8]> = tokens.iter().map(|token| token.text).collect();
    Text::new(all.concat())
}

/// Whether an expression, or what is assigned to the one variable that it is, mentions the old pidfile.
fn speaks_of_oldbin(argument: &[Token<'_>], all: &[Statement<'_>]) -> bool {
    let mentions = |tokens: &[Token<'_>]| {
        tokens.iter().any(|token| token.text.windows(SUFFIX.len()).any(|w| w == SUFFIX))
    };
    let assigned = |name: &Token<'_>| {
        all.iter().any(|s| {
            matches!(s.tokens.as_slice(), [first, op, ..] if first.text == name.text && op.kind == Kind::Op)
                && mentions(&s.tokens)
        })
    };
    mentions(argument) || matches!(argument, [name] if name.kind == Kind::Word && assigned(name))
}

/// Calls that Ruby 3.2 removed, wherever they stand, unless the file asks whether they are there.
pub(super) fn removed_calls(statements: &[Statement<'_>]) -> Vec<RemovedCall> {
    let asks = |token: &Token<'_>| GUARDS.iter().any(|word| token.is_word(word));
    if statements.iter().any(|statement| statement.tokens.iter().any(asks)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for statement in statements {
        for three in statement.tokens.windows(3) {
            let [class, dot, method] = three else { continue };
            let class_name = match class.text {
                b"File" => "File",
                b"Dir" => "Dir",
                b"FileTest" => "FileTest",
                _ => continue,
            };
            if class.kind == Kind::Word && dot.is_op(".") && method.is_word("exists?") {
                let hook = statement.outer.and_then(|scope| hook_of(&scope));
                found.push(RemovedCall { class: class_name, line: method.line, hook });
            }
        }
    }
    found
}
