//! Calls of what newer Rubies no longer have.

use super::hook_of;
use crate::model::config::RemovedCall;
use crate::servers::effort::spend;
use crate::servers::ruby::{Kind, Scope, Statement, Token, tokens};

/// What shows that a file minds the Ruby that it runs on, or brings the method along.
const GUARDS: &[&str] =
    &["respond_to?", "RUBY_VERSION", "alias", "alias_method", "define_singleton_method"];

/// Classes that catch the error which a missing method raises.
const CATCHERS: &[&str] = &["StandardError", "NoMethodError", "NameError", "Exception"];

/// Calls that Ruby 3.2 removed, wherever they stand, unless the file asks whether they are there or catches their lack.
pub(super) fn removed_calls(source: &[u8], statements: &[Statement<'_>]) -> Vec<RemovedCall> {
    let asks = |token: &Token<'_>| GUARDS.iter().any(|word| token.is_word(word));
    if statements.iter().any(|statement| statement.tokens.iter().any(asks)) {
        return Vec::new();
    }
    let caught = catching(source);
    let mut found = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| statements.get(before));
        for (place, three) in statement.tokens.windows(3).enumerate() {
            let [class, dot, method] = three else { continue };
            let class_name = match class.text {
                b"File" => "File",
                b"Dir" => "Dir",
                b"FileTest" => "FileTest",
                _ => continue,
            };
            if !spend(statement.tokens.len()) {
                break;
            }
            if class.kind != Kind::Word || !dot.is_op(".") || !method.is_word("exists?") {
                continue;
            }
            if is_caught(&caught, statement, statements, method) {
                continue;
            }
            let hook = statement.outer.and_then(|scope| hook_of(&scope));
            let at_load = || is_reached(statement, before) && !is_behind(&statement.tokens, place);
            let sure = hook.is_some() || at_load();
            found.push(RemovedCall { class: class_name, line: method.line, hook, sure });
        }
    }
    found
}

/// Whether loading the file reaches a statement: it stands in nothing, or is the condition of what it stands in.
fn is_reached(statement: &Statement<'_>, before: Option<&Statement<'_>>) -> bool {
    let is_condition = |scope: Scope<'_>| {
        let decides = matches!(scope.opener, b"if" | b"unless" | b"while" | b"until" | b"case");
        let first = before.and_then(|before| before.outer).is_none_or(|o| o.start != scope.start);
        decides && first
    };
    let outer = statement.outer;
    statement.depth == 0 || (statement.depth == 1 && outer.is_some_and(is_condition))
}

/// Whether something in the statement decides if the call is made.
fn is_behind(tokens: &[Token<'_>], place: usize) -> bool {
    let (before, after) = tokens.split_at_checked(place).unwrap_or_default();
    let parts = |token: &Token<'_>| {
        ["&&", "||", "?"].iter().any(|op| token.is_op(op))
            || ["and", "or"].iter().any(|word| token.is_word(word))
    };
    let modifies = |token: &Token<'_>| token.is_word("if") || token.is_word("unless");
    before.iter().any(parts) || after.iter().any(modifies)
}

/// Where a `rescue` stands that catches every error of a program, by its place in the source; with whether it modifies
/// one statement only.
fn catching(source: &[u8]) -> Vec<(usize, bool)> {
    let all = tokens(source);
    let mut found = Vec::new();
    for (at, token) in all.iter().enumerate().filter(|(_, token)| token.is_word("rescue")) {
        let before = at.checked_sub(1).and_then(|before| all.get(before));
        let modifies = before.is_some_and(|token| token.kind != Kind::Break);
        let named: Vec<&Token<'_>> = all
            .iter()
            .skip(at + 1)
            .take_while(|token| spend(1) && token.kind != Kind::Break && !token.is_op("=>"))
            .collect();
        let catches = named.iter().any(|token| CATCHERS.iter().any(|name| token.is_word(name)));
        if modifies || named.is_empty() || catches {
            found.push((token.start, modifies));
        }
    }
    found
}

/// Whether the error would be caught: by a modifier of its statement, or in the hook or other scope that it stands in.
fn is_caught(
    caught: &[(usize, bool)],
    statement: &Statement<'_>,
    all: &[Statement<'_>],
    call: &Token<'_>,
) -> bool {
    spend(statement.tokens.len() + all.len() + caught.len());
    if statement.tokens.iter().any(|token| token.is_word("rescue") && token.start > call.start) {
        return true;
    }
    let Some(scope) = statement.outer else { return false };
    let is_other = |other: &&Statement<'_>| other.outer.is_none_or(|o| o.start != scope.start);
    let starts = all.iter().filter(is_other).filter_map(|other| other.tokens.first());
    let end = starts.map(|token| token.start).filter(|start| *start > call.start).min();
    caught
        .iter()
        .any(|(at, modifies)| !modifies && *at > call.start && end.is_none_or(|end| *at < end))
}
