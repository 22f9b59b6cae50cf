//! Python source cut into logical lines: what brackets, strings and backslashes hold together, without comments.

use crate::servers::effort::spend;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// A number, as written.
    Number(&'a str),
    /// A string whose value stands in the source.
    Text(String),
    /// A string that has to be evaluated: an f-string, bytes, an escape that is not known here.
    Obscure,
    /// An operator or bracket; those of several characters as one.
    Op(&'a str),
}

/// A logical line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line where it begins, from 1.
    pub number: usize,
    /// How far it is indented.
    pub indent: usize,
    /// Its tokens.
    pub tokens: Vec<Token<'a>>,
    /// Its first line as it stands there.
    pub text: &'a str,
}

/// Cuts a source. `None`: it is no Python that can be cut (an open string or bracket).
pub fn lines(source: &str) -> Option<Vec<Line<'_>>> {
    let mut cutter = Cutter { rest: source, number: 1, lines: Vec::new(), depth: 0 };
    let mut open = false;
    while let Some(next) = cutter.rest.chars().next() {
        if !spend(1) {
            return None;
        }
        if !open && !matches!(next, '\n' | '\r' | '#') {
            let indent = cutter.indent();
            match cutter.rest.chars().next() {
                None => break,
                Some('\n' | '\r' | '#') => continue,
                Some(_) => {}
            }
            let text = cutter.rest.lines().next().unwrap_or_default().trim_end();
            let number = cutter.number;
            cutter.lines.push(Line { number, indent, tokens: Vec::new(), text });
            open = true;
            continue;
        }
        match next {
            '\n' => {
                cutter.skip(1);
                cutter.number += 1;
                open &= cutter.depth > 0;
            }
            '#' => {
                let end = cutter.rest.find('\n').unwrap_or(cutter.rest.len());
                cutter.skip(end);
            }
            '\\' if cutter.rest.starts_with("\\\n") || cutter.rest.starts_with("\\\r\n") => {
                let end = cutter.rest.find('\n').map_or(1, |at| at + 1);
                cutter.skip(end);
                cutter.number += 1;
            }
            ';' if cutter.depth == 0 => {
                cutter.skip(1);
                let (indent, text) = cutter.lines.last().map(|line| (line.indent, line.text))?;
                let number = cutter.number;
                cutter.lines.push(Line { number, indent, tokens: Vec::new(), text });
            }
            c if c.is_whitespace() => cutter.skip(c.len_utf8()),
            _ => cutter.token()?,
        }
    }
    (cutter.depth == 0).then(|| {
        cutter.lines.retain(|line| !line.tokens.is_empty());
        cutter.lines
    })
}

struct Cutter<'a> {
    rest: &'a str,
    number: usize,
    lines: Vec<Line<'a>>,
    depth: usize,
}

/// Operators of several characters, the longest first.
const OPERATORS: &[&str] = &[
    "**=", "//=", ">>=", "<<=", "...", "==", "!=", "<=", ">=", "->", ":=", "+=", "-=", "*=", "/=",
    "%=", "&=", "|=", "^=", "@=", "**", "//", "<<", ">>",
];

impl<'a> Cutter<'a> {
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// The white space before a line; a tab counts as eight, as Python has it.
    fn indent(&mut self) -> usize {
        let mut indent = 0;
        while let Some(c @ (' ' | '\t' | '\u{c}')) = self.rest.chars().next() {
            indent = if c == '\t' { indent / 8 * 8 + 8 } else { indent + 1 };
            self.skip(1);
        }
        indent
    }

    fn token(&mut self) -> Option<()> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let first = self.rest.chars().next()?;
        let length = self.rest.find(|c: char| !is_word(c)).unwrap_or(self.rest.len());
        let behind = self.rest.get(length..).and_then(|rest| rest.chars().next());
        let token = if matches!(first, '"' | '\'') {
            self.string("")?
        } else if is_word(first) && length <= 2 && matches!(behind, Some('"' | '\'')) {
            let prefix = self.take(length);
            self.string(prefix)?
        } else if first.is_ascii_digit() {
            Token::Number(self.take(length))
        } else if is_word(first) {
            Token::Word(self.take(length))
        } else {
            let op = OPERATORS.iter().find(|op| self.rest.starts_with(**op));
            let op = self.take(op.map_or(first.len_utf8(), |op| op.len()));
            match op {
                "(" | "[" | "{" => self.depth += 1,
                ")" | "]" | "}" => self.depth = self.depth.checked_sub(1)?,
                _ => {}
            }
            Token::Op(op)
        };
        self.lines.last_mut()?.tokens.push(token);
        Some(())
    }

    fn string(&mut self, prefix: &str) -> Option<Token<'a>> {
        let quote = self.rest.get(..1)?;
        let triple = self.rest.get(..3).filter(|three| **three == quote.repeat(3));
        let close = self.take(triple.map_or(1, str::len));
        let raw = prefix.eq_ignore_ascii_case("r");
        let mut known = raw || prefix.is_empty() || prefix.eq_ignore_ascii_case("u");
        let mut value = String::new();
        loop {
            if !spend(1) {
                return None;
            }
            if self.rest.starts_with(close) {
                self.skip(close.len());
                return Some(if known { Token::Text(value) } else { Token::Obscure });
            }
            let next = self.rest.chars().next()?;
            self.skip(next.len_utf8());
            match next {
                '\n' if close.len() == 1 => return None,
                '\n' => {
                    self.number += 1;
                    value.push('\n');
                }
                '\\' => {
                    let escaped = self.rest.chars().next()?;
                    self.skip(escaped.len_utf8());
                    self.number += usize::from(escaped == '\n');
                    match escaped {
                        _ if raw => value.extend(['\\', escaped]),
                        '\\' | '\'' | '"' => value.push(escaped),
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        '\n' => {}
                        _ => known = false,
                    }
                }
                other => value.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_lines_together() {
        let source = "# a\nbind = [\n  'a', # b\n  \"b\\n\",\n]\n\nif x:\n    y = 1; z = r'\\d'\nw = 1 + \\\n  2\n";
        let all = lines(source).unwrap();
        let heads: Vec<_> = all.iter().map(|line| (line.number, line.indent)).collect();
        assert_eq!(heads, [(2, 0), (7, 0), (8, 4), (8, 4), (9, 0)]);
        assert!(all[0].tokens.contains(&Token::Text("b\n".into())));
        assert_eq!(all[3].tokens[2], Token::Text("\\d".into()));
        assert_eq!(all[0].text, "bind = [");
    }

    #[test]
    fn strings_of_every_kind() {
        let of = |source| lines(source).map(|all| all[0].tokens[0].clone());
        assert_eq!(of("'''a\nb'''"), Some(Token::Text("a\nb".into())));
        assert_eq!(of("u'a'"), Some(Token::Text("a".into())));
        assert_eq!(of("f'{a}'"), Some(Token::Obscure));
        assert_eq!(of("b'a'"), Some(Token::Obscure));
        assert_eq!(of("'\\x41'"), Some(Token::Obscure));
        assert_eq!(of("'open"), None);
        assert!(lines("a = (1").is_none());
        assert!(lines("a)").is_none());
    }
}
