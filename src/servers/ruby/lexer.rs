//! Tokens of Ruby source. What cannot be a plain value (regular expressions, lists of words, commands, heredocs) is one opaque token.

use std::collections::HashMap;

use super::literal;
use crate::servers::effort::spend;

/// A piece of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes, escapes resolved.
    Plain(Vec<u8>),
    /// The code between `#{` and `}`.
    Code(&'a [u8]),
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A name, a keyword, a constant, or a variable with its sigil.
    Word,
    /// A number.
    Number,
    /// A string in single or double quotes.
    Text(Vec<Piece<'a>>),
    /// A symbol.
    Symbol,
    /// An operator or bracket.
    Op,
    /// The end of a line that ends a statement, or a semicolon.
    Break,
    /// A literal that is not evaluated.
    Opaque,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind<'a>,
    /// Its text.
    pub text: &'a [u8],
    /// Where it begins in the source.
    pub start: usize,
    /// Its line, from 1.
    pub line: usize,
    /// A blank stands before it.
    pub spaced: bool,
}

impl Token<'_> {
    /// Whether it is this operator.
    pub fn is_op(&self, text: &str) -> bool {
        self.kind == Kind::Op && self.text == text.as_bytes()
    }

    /// Whether it is this word.
    pub fn is_word(&self, text: &str) -> bool {
        self.kind == Kind::Word && self.text == text.as_bytes()
    }
}

/// Operators of several characters, the longest first.
const OPERATORS: &[&[u8]] = &[
    b"||=", b"&&=", b"**=", b"<=>", b"===", b"...", b"<<=", b">>=", b"::", b"&.", b"==", b"!=",
    b"=~", b"!~", b"=>", b"->", b"+=", b"-=", b"*=", b"/=", b"%=", b"|=", b"&=", b"^=", b"<<",
    b">>", b"<=", b">=", b"&&", b"||", b"**", b"..",
];

/// A line that ends with one of these goes on.
const CONTINUING: &[&[u8]] = &[
    b",", b".", b"&.", b"::", b"=", b"==", b"!=", b"=>", b"+", b"-", b"*", b"/", b"&&", b"||",
    b"?", b":", b"!", b"||=", b"+=", b"<<", b"<", b">", b"<=", b">=", b"=~",
];

/// Keywords behind which a value begins.
const BEFORE_VALUE: &[&[u8]] = &[
    b"if", b"unless", b"while", b"until", b"and", b"or", b"not", b"return", b"when", b"then",
    b"else", b"elsif", b"case", b"do", b"in",
];

/// Splits source into tokens. Nothing in it can fail: what is not understood is an operator or opaque.
pub fn tokens(source: &[u8]) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        source,
        at: 0,
        line: 1,
        spaced: true,
        tokens: Vec::new(),
        heredocs: Vec::new(),
        last_lines: None,
    };
    while lexer.step() {}
    lexer.tokens
}

/// Where a line of this text begins for the last time: exactly this, and with any indentation.
#[derive(Default)]
struct LastLines<'a> {
    exact: HashMap<&'a [u8], usize>,
    indented: HashMap<&'a [u8], usize>,
}

impl<'a> LastLines<'a> {
    fn of(source: &'a [u8]) -> Self {
        let mut lines = Self::default();
        let mut at = 0;
        for line in source.split(|b| *b == b'\n') {
            let text = line.strip_suffix(b"\r").unwrap_or(line);
            lines.exact.insert(text, at);
            lines.indented.insert(text.trim_ascii_start(), at);
            at += line.len() + 1;
        }
        lines
    }
}

struct Lexer<'a> {
    source: &'a [u8],
    at: usize,
    line: usize,
    spaced: bool,
    tokens: Vec<Token<'a>>,
    /// Terminators of heredocs whose text begins on the next line, and whether they may be indented.
    heredocs: Vec<(&'a [u8], bool)>,
    /// Where each line begins for the last time, as it stands and without its indentation; made for the first heredoc.
    last_lines: Option<LastLines<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a [u8] {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.get(self.at + ahead).copied()
    }

    fn line_of(&self, at: usize) -> &'a [u8] {
        let rest = self.source.get(at..).unwrap_or_default();
        rest.split(|b| *b == b'\n').next().unwrap_or_default()
    }

    fn push(&mut self, kind: Kind<'a>, length: usize) {
        let text = self.source.get(self.at..self.at + length).unwrap_or_default();
        let (start, line, spaced) = (self.at, self.line, self.spaced);
        self.line += text.split(|b| *b == b'\n').count().saturating_sub(1);
        // A token is kept and walked by, several times.
        spend(length + 4);
        self.tokens.push(Token { kind, text, start, line, spaced });
        self.at += length.max(1);
        self.spaced = false;
    }

    /// Takes one token, or a stretch that is none; `false`: the source is at its end.
    fn step(&mut self) -> bool {
        let Some(first) = self.peek(0).filter(|_| spend(1)) else { return false };
        let at_line_start = self.at == 0 || self.source.get(self.at - 1) == Some(&b'\n');
        if at_line_start {
            let line = self.line_of(self.at);
            if line.trim_ascii_end() == b"__END__" {
                return false;
            }
            if line.starts_with(b"=begin") {
                self.skip_comment_block();
                return true;
            }
        }
        match first {
            b'\n' => self.newline(),
            b' ' | b'\t' | b'\r' => {
                self.at += 1;
                self.spaced = true;
            }
            b'\\' if self.peek(1) == Some(b'\n') => {
                self.at += 2;
                self.line += 1;
                self.spaced = true;
            }
            b'#' => self.at += self.line_of(self.at).len(),
            b';' => self.push(Kind::Break, 1),
            b'"' | b'\'' => {
                let (kind, length) = literal::string(self.rest());
                self.push(kind, length);
            }
            b'`' => {
                let (_, length) = literal::string(self.rest());
                self.push(Kind::Opaque, length);
            }
            b'0'..=b'9' => {
                let length = literal::number(self.rest());
                self.push(Kind::Number, length);
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'@' | b'$' | 0x80.. => {
                let length = literal::word(self.rest());
                self.push(Kind::Word, length);
            }
            _ => self.punctuation(first),
        }
        true
    }

    fn newline(&mut self) {
        let continues = self
            .tokens
            .last()
            .is_some_and(|last| last.kind == Kind::Op && CONTINUING.contains(&last.text));
        let is_blank = self.tokens.last().is_none_or(|last| last.kind == Kind::Break);
        if is_blank || continues || self.goes_on_below() {
            self.at += 1;
            self.line += 1;
        } else {
            self.push(Kind::Break, 1);
        }
        self.spaced = true;
        for (terminator, indented) in std::mem::take(&mut self.heredocs) {
            while self.at < self.source.len() {
                let line = self.line_of(self.at);
                self.at = (self.at + line.len() + 1).min(self.source.len());
                self.line += 1;
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if (if indented { line.trim_ascii_start() } else { line }) == terminator {
                    break;
                }
            }
        }
    }

    /// Whether the next line begins with a call on this one's value.
    fn goes_on_below(&self) -> bool {
        let next = self.rest().trim_ascii_start();
        (next.starts_with(b".") && !next.starts_with(b"..")) || next.starts_with(b"&.")
    }

    fn skip_comment_block(&mut self) {
        loop {
            let line = self.line_of(self.at);
            self.at += line.len();
            if line.starts_with(b"=end") || self.at >= self.source.len() {
                return;
            }
            self.at += 1;
            self.line += 1;
        }
    }

    /// Whether a value may begin here: `/`, `%`, `<<`, `?` and `:` mean something else then.
    fn before_value(&self) -> bool {
        let tight = !matches!(self.peek(1), None | Some(b' ' | b'\t' | b'\n' | b'='));
        match self.tokens.last() {
            None => true,
            Some(last) => match last.kind {
                Kind::Break => true,
                Kind::Op => !matches!(last.text, b")" | b"]" | b"}"),
                // A command call takes its argument without brackets: `listen %w(…)`.
                Kind::Word => BEFORE_VALUE.contains(&last.text) || (self.spaced && tight),
                _ => false,
            },
        }
    }

    fn punctuation(&mut self, first: u8) {
        let value = self.before_value();
        let opaque = match first {
            b'/' if value => literal::regexp(self.rest()),
            b'%' if value => literal::percent(self.rest()),
            b'?' if value => literal::character(self.rest()),
            b'<' if value => self.heredoc(),
            _ => None,
        };
        if let Some(length) = opaque {
            return self.push(Kind::Opaque, length);
        }
        // The end was searched in vain: source that has many of these must not take long.
        match first {
            b'/' if value => spend(self.line_of(self.at).len()),
            b'%' if value => spend(self.rest().len()),
            _ => true,
        };
        if first == b':' && value && self.peek(1) != Some(b':') {
            let name = self.rest().get(1..).unwrap_or_default();
            let length = match name.first() {
                Some(b'"' | b'\'') => literal::string(name).1,
                _ => literal::word(name),
            };
            if length > 0 {
                return self.push(Kind::Symbol, length + 1);
            }
        }
        let rest = self.rest();
        let length = OPERATORS.iter().find(|op| rest.starts_with(op)).map_or(1, |op| op.len());
        self.push(Kind::Op, length);
    }

    /// `<<ID`, `<<-ID`, `<<~ID`, `<<~'ID'`: only with a line further down that ends it.
    fn heredoc(&mut self) -> Option<usize> {
        let behind = self.rest().strip_prefix(b"<<")?;
        let mark = behind.first().is_some_and(|b| matches!(b, b'-' | b'~'));
        let name = if mark { behind.get(1..)? } else { behind };
        let (terminator, length) = match name.first()? {
            quote @ (b'"' | b'\'' | b'`') => {
                let inner = name.get(1..)?;
                let end = inner.iter().take_while(|b| **b != b'\n').position(|b| b == quote)?;
                (inner.get(..end)?, end + 2)
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                let length = literal::word(name);
                (name.get(..length)?, length)
            }
            _ => return None,
        };
        let source = self.source;
        let lines = self.last_lines.get_or_insert_with(|| {
            spend(source.len());
            LastLines::of(source)
        });
        let last = if mark { lines.indented.get(terminator) } else { lines.exact.get(terminator) };
        // A line that begins further down is another one than this.
        last.filter(|start| **start > self.at)?;
        self.heredocs.push((terminator, mark));
        Some(2 + usize::from(mark) + length)
    }
}
