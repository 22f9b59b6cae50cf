//! Statements of Ruby source, each with what it stands in: nothing (the top level), a block, a condition, a definition.

use super::arms::{Arm, Arms, Branch};
use super::lexer::{Kind, Token, tokens};
use crate::servers::effort::spend;

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement<'a> {
    /// Its tokens, never none.
    pub tokens: Vec<Token<'a>>,
    /// How many blocks, conditions and definitions it stands in; 0: the top level.
    pub depth: usize,
    /// The outermost of these.
    pub outer: Option<Scope<'a>>,
    /// The innermost of them, by its number.
    pub(super) arm: Option<usize>,
    /// It is the condition of that one.
    pub(super) decides: bool,
}

/// What a statement stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The word or bracket that opened it: `if`, `def`, `do`, `{`, …
    pub opener: &'a [u8],
    /// For a block: the first word of the statement that it belongs to (`before_exec`).
    pub head: &'a [u8],
    /// Where it begins in the source.
    pub start: usize,
}

impl Scope<'_> {
    /// Whether it is a block given to a call of this name.
    pub fn is_block_of(&self, name: &str) -> bool {
        matches!(self.opener, b"do" | b"{") && self.head == name.as_bytes()
    }
}

/// Keywords that open what `end` closes, wherever they stand.
const OPENERS: &[&[u8]] = &[b"case", b"begin", b"for", b"def", b"class", b"module"];
/// Keywords that do so unless they follow what they modify.
const CONDITIONS: &[&[u8]] = &[b"if", b"unless", b"while", b"until"];
/// Keywords that part statements inside of it.
const PARTINGS: &[&[u8]] = &[b"then", b"else", b"elsif", b"when", b"ensure"];

/// Splits source into statements.
pub fn statements(source: &[u8]) -> Vec<Statement<'_>> {
    split(source).0
}

/// The same, with all that they stand in.
pub(super) fn split(source: &[u8]) -> (Vec<Statement<'_>>, Arms<'_>) {
    let tokens = tokens(source);
    let mut walk = Walk {
        open: Vec::new(),
        arms: Vec::new(),
        brackets: 0,
        buffer: Vec::new(),
        params: Params::None,
        found: Vec::new(),
    };
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next().filter(|_| spend(1)) {
        // `if:` is a label, not a keyword.
        let is_label = rest.peek().is_some_and(|next| next.is_op(":") && !next.spaced);
        walk.take(token, is_label);
    }
    walk.flush();
    (walk.found, walk.arms)
}

/// Deeper than this no configuration is nested.
const DEEPEST: usize = 1_000;

struct Open<'a> {
    scope: Scope<'a>,
    /// Its arm that is being read.
    arm: usize,
    /// The arm's condition has not been read yet.
    awaits_condition: bool,
    brackets: usize,
    /// `while … do`: this `do` opens nothing.
    awaits_do: bool,
}

#[derive(PartialEq)]
enum Params {
    None,
    Expected,
    Within,
}

struct Walk<'a> {
    open: Vec<Open<'a>>,
    arms: Arms<'a>,
    brackets: usize,
    buffer: Vec<Token<'a>>,
    params: Params,
    found: Vec<Statement<'a>>,
}

impl<'a> Walk<'a> {
    fn flush(&mut self) {
        self.flush_as(false);
    }

    fn flush_as(&mut self, decides: bool) {
        if self.buffer.is_empty() {
            return;
        }
        // A condition that goes on behind a block is none that is followed.
        let decides = self.open.last_mut().is_some_and(|open| {
            let awaited = std::mem::take(&mut open.awaits_condition);
            awaited && decides
        });
        self.found.push(Statement {
            tokens: std::mem::take(&mut self.buffer),
            depth: self.open.len(),
            outer: self.open.first().map(|open| open.scope),
            arm: self.open.last().map(|open| open.arm),
            decides,
        });
    }

    /// `elsif`, `else`, `when`: the next arm of a condition; in anything else only a new statement.
    fn part(&mut self, word: &[u8]) {
        self.flush_as(true);
        let Some(open) = self.open.last_mut() else { return };
        let Some(before) = self.arms.get(open.arm) else { return };
        let branch = match (word, before.branch) {
            (b"elsif", Branch::If | Branch::Unless) => Branch::If,
            (b"when", Branch::Case | Branch::When) => Branch::When,
            (b"else", branch) if branch != Branch::Other => Branch::Else,
            _ => return,
        };
        let first = before.branch == Branch::Case;
        // Each arm has a condition, and nothing follows `else`.
        if (open.awaits_condition && !first) || before.branch == Branch::Else {
            return;
        }
        let arm = Arm {
            above: before.above,
            scope: open.scope,
            before: Some(open.arm).filter(|_| !first),
            branch,
        };
        open.arm = self.arms.len();
        open.awaits_condition = branch != Branch::Else;
        self.arms.push(arm);
    }

    fn open(&mut self, token: &Token<'a>, awaits_do: bool) {
        spend(self.buffer.len());
        let head = self.buffer.iter().find(|token| token.kind == Kind::Word);
        let head = head.map_or(&b""[..], |token| token.text);
        self.flush();
        if self.open.len() >= DEEPEST {
            return;
        }
        let scope = Scope { opener: token.text, head, start: token.start };
        let branch = match token.text {
            b"if" => Branch::If,
            b"unless" => Branch::Unless,
            b"case" => Branch::Case,
            _ => Branch::Other,
        };
        let above = self.open.last().map(|open| open.arm);
        self.arms.push(Arm { above, scope, before: None, branch });
        self.open.push(Open {
            scope,
            arm: self.arms.len() - 1,
            awaits_condition: branch != Branch::Other,
            brackets: std::mem::take(&mut self.brackets),
            awaits_do,
        });
    }

    /// Closes the innermost scope of a kind and what was left open within it.
    fn close(&mut self, is_brace: bool) {
        self.flush();
        spend(self.open.len());
        let at = self.open.iter().rposition(|open| (open.scope.opener == b"{") == is_brace);
        if let Some(at) = at {
            self.brackets = self.open.get(at).map_or(0, |open| open.brackets);
            self.open.truncate(at);
        }
    }

    fn take(&mut self, token: &Token<'a>, is_label: bool) {
        match std::mem::replace(&mut self.params, Params::None) {
            Params::Expected if token.is_op("|") => return self.params = Params::Within,
            // Behind the parameters the first statement begins on the same line or on the next.
            Params::Within if !token.is_op("|") => return self.params = Params::Within,
            Params::Within => return,
            Params::Expected | Params::None => {}
        }
        match token.kind {
            Kind::Break if self.brackets > 0 => {}
            Kind::Break => {
                self.flush_as(true);
                if let Some(open) = self.open.last_mut() {
                    open.awaits_do = false;
                }
            }
            Kind::Word if !is_label && !self.behind_dot() => self.word(token),
            Kind::Op => self.operator(token),
            _ => self.buffer.push(token.clone()),
        }
    }

    fn behind_dot(&self) -> bool {
        self.buffer.last().is_some_and(|last| {
            last.is_op(".") || last.is_op("&.") || last.is_op("::") || last.is_word("def")
        })
    }

    fn begins_value(&self) -> bool {
        self.buffer.last().is_none_or(|last| match last.kind {
            Kind::Op => !matches!(last.text, b")" | b"]" | b"}"),
            Kind::Word => matches!(last.text, b"and" | b"or" | b"not" | b"return"),
            _ => false,
        })
    }

    fn word(&mut self, token: &Token<'a>) {
        let text = token.text;
        if OPENERS.contains(&text) {
            self.open(token, text == b"for");
        } else if CONDITIONS.contains(&text) && self.begins_value() {
            self.open(token, matches!(text, b"while" | b"until"));
        } else if text == b"do" {
            if let Some(open) = self.open.last_mut().filter(|open| open.awaits_do) {
                open.awaits_do = false;
                self.flush();
            } else {
                self.open(token, false);
                self.params = Params::Expected;
            }
        } else if PARTINGS.contains(&text) || (text == b"rescue" && self.buffer.is_empty()) {
            self.part(text);
        } else {
            // What follows `end` on its line modifies or goes on from what has ended.
            if text == b"end" {
                self.close(false);
            }
            self.buffer.push(token.clone());
        }
    }

    fn operator(&mut self, token: &Token<'a>) {
        match token.text {
            b"{" if self.opens_block() => {
                self.open(token, false);
                self.params = Params::Expected;
                return;
            }
            b"}" if self.brackets == 0 => self.close(true),
            b"(" | b"[" | b"{" => self.brackets += 1,
            b")" | b"]" | b"}" => self.brackets = self.brackets.saturating_sub(1),
            // `def name = value` has no end.
            b"=" if token.spaced && self.brackets == 0 && self.is_definition() => {
                self.close(false);
                return;
            }
            _ => {}
        }
        self.buffer.push(token.clone());
    }

    /// A brace behind a call is a block, elsewhere a hash. That of `ENV.fetch("X") { … }` holds a value and sets nothing.
    fn opens_block(&self) -> bool {
        let asks = |[env, dot, fetch, open]: [&Token<'_>; 4]| {
            env.is_word("ENV") && dot.is_op(".") && fetch.is_word("fetch") && open.is_op("(")
        };
        if let [.., env, dot, fetch, open, _, close] = self.buffer.as_slice()
            && close.is_op(")")
            && asks([env, dot, fetch, open])
        {
            return false;
        }
        self.buffer.last().is_some_and(|last| match last.kind {
            Kind::Word => !matches!(last.text, b"return" | b"and" | b"or" | b"not"),
            Kind::Op => matches!(last.text, b")" | b"->"),
            _ => false,
        })
    }

    /// Whether the buffer holds nothing but a definition's name and parameters.
    fn is_definition(&self) -> bool {
        let is_def = self.open.last().is_some_and(|open| open.scope.opener == b"def");
        let head_only = self.buffer.len() == 1 || self.buffer.last().is_some_and(|t| t.is_op(")"));
        is_def && head_only && self.buffer.first().is_some_and(|first| first.kind == Kind::Word)
    }
}
