//! Where secrets may stand in Ruby code. Code stays: directives, hooks, names, numbers. Of what somebody wrote into a
//! string that stays which says where things are and what a server is told; every other string and every comment is
//! hidden.

use std::ops::Range;

use super::shape::{is_path, is_random};
use super::strings::{is_common, is_free, last_name};
use super::{address, names_secret};

/// How deep strings may stand in code in strings.
const DEPTH: usize = 8;

/// The places in a Ruby file that may hold a secret.
pub fn hidden(text: &[u8]) -> Vec<Range<usize>> {
    let mut scan = Scan { text, at: 0, hides: Vec::new(), heredocs: Vec::new(), depth: 0 };
    scan.code(None);
    scan.hides
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    hides: Vec<Range<usize>>,
    /// Ends of the here-documents whose bodies begin on the next line.
    heredocs: Vec<Vec<u8>>,
    depth: usize,
}

/// A part of a string between interpolations.
type Parts = Vec<Range<usize>>;

impl Scan<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn hide(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.hides.push(range);
        }
    }

    fn line_end(&self) -> usize {
        let length = self.rest().iter().position(|byte| *byte == b'\n');
        length.map_or(self.text.len(), |length| self.at + length)
    }

    fn is_line_start(&self) -> bool {
        self.at == 0 || self.byte(self.at - 1) == b'\n'
    }

    /// Reads code up to its end, or up to the brace that closes an interpolation.
    fn code(&mut self, until: Option<u8>) {
        let mut braces = 0_usize;
        while self.at < self.text.len() {
            if self.is_line_start() && self.block() {
                continue;
            }
            let byte = self.byte(self.at);
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.bodies();
                }
                b'#' => {
                    let end = self.line_end();
                    self.hide(self.at + 1..end);
                    self.at = end;
                }
                b'"' | b'`' | b'\'' => {
                    let from = self.at;
                    self.at += 1;
                    let parts = self.string(byte, None, byte != b'\'');
                    self.judge(from, parts);
                }
                b'%' => self.percent(),
                b'<' if self.rest().starts_with(b"<<") => self.heredoc(),
                b'/' if self.begins_value() => self.regex(),
                b'?' if self.begins_value() && self.byte(self.at + 1).is_ascii_alphanumeric() => {
                    self.at += 2;
                }
                b'{' => {
                    braces += 1;
                    self.at += 1;
                }
                b'}' if until == Some(b'}') && braces == 0 => return,
                b'}' => {
                    braces = braces.saturating_sub(1);
                    self.at += 1;
                }
                _ if byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii() => {
                    self.word();
                }
                _ => self.at += 1,
            }
        }
    }

    /// What may stand at the start of a line alone: comments over several lines, and the end of the code.
    fn block(&mut self) -> bool {
        let end = if self.rest().starts_with(b"=begin") {
            let end = self.rest().windows(5).position(|part| part == b"\n=end");
            end.map_or(self.text.len(), |length| self.at + length + 5)
        } else if self.rest().starts_with(b"__END__\n") {
            self.text.len()
        } else {
            return false;
        };
        let from = self.line_end();
        for line in lines(self.text, from..end) {
            if self.text.get(line.clone()) != Some(b"=end") {
                self.hide(line);
            }
        }
        self.at = end.max(self.at + 1);
        true
    }

    /// An identifier or a number.
    fn word(&mut self) {
        let from = self.at;
        let fits = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || !b.is_ascii();
        self.at += self.rest().iter().take_while(|byte| fits(byte)).count();
        let word = self.text.get(from..self.at).unwrap_or_default();
        let is_number = word.first().is_some_and(u8::is_ascii_digit);
        let is_symbol = from > 1 && self.byte(from - 1) == b':' && self.byte(from - 2) != b':';
        if (is_number && self.named_secret(from))
            || (is_symbol && self.named_secret(from - 1))
            || (word.len() >= 8 && is_random(word))
        {
            self.hide(from..self.at);
        }
    }

    /// The code before a place, back to the start of its statement.
    fn before(&self, at: usize) -> &[u8] {
        let from = at.saturating_sub(160);
        let all = self.text.get(from..at).unwrap_or_default();
        let start =
            all.iter().rposition(|byte| matches!(byte, b'\n' | b';')).map_or(0, |at| at + 1);
        all.get(start..).unwrap_or_default().trim_ascii_end()
    }

    /// Whether the name that a value at this place is given says that it is secret.
    fn named_secret(&self, at: usize) -> bool {
        last_name(self.before(at)).is_some_and(names_secret)
    }

    /// Whether a value may begin here, so that a slash or a question mark is no operator.
    fn begins_value(&self) -> bool {
        let before = self.before(self.at);
        let spaced =
            self.at > 0 && self.byte(self.at - 1) == b' ' && self.byte(self.at + 1) != b' ';
        match before.last() {
            None | Some(b'(' | b',' | b'=' | b'~' | b'|' | b'&' | b'!' | b'[' | b'{' | b':') => {
                true
            }
            Some(last) => spaced && last.is_ascii_lowercase(),
        }
    }

    fn regex(&mut self) {
        let end = self.line_end();
        let mut at = self.at + 1;
        while at < end && self.byte(at) != b'/' {
            at += if self.byte(at) == b'\\' { 2 } else { 1 };
        }
        if at < end {
            let inside = self.at + 1..at;
            let word = self.text.get(inside.clone()).unwrap_or_default();
            if !is_path(word) && !is_common(word) {
                self.hide(inside);
            }
            self.at = at + 1;
        } else {
            self.at += 1;
        }
    }

    /// Reads a string from behind its first quote to behind its last one.
    fn string(&mut self, close: u8, open: Option<u8>, interpolates: bool) -> Parts {
        let mut parts = Vec::new();
        let mut from = self.at;
        let mut nested = 0_usize;
        while self.at < self.text.len() {
            let byte = self.byte(self.at);
            if byte == b'\\' {
                self.at += 2;
            } else if interpolates && byte == b'#' && self.byte(self.at + 1) == b'{' {
                parts.push(from..self.at);
                self.at += 2;
                if self.depth < DEPTH {
                    self.depth += 1;
                    self.code(Some(b'}'));
                    self.depth -= 1;
                } else {
                    let end = self.text.len();
                    self.hide(self.at..end);
                    self.at = end;
                }
                self.at += 1;
                from = self.at;
            } else if byte == close && nested == 0 {
                parts.push(from..self.at);
                self.at += 1;
                return parts;
            } else {
                if Some(byte) == open {
                    nested += 1;
                } else if byte == close {
                    nested -= 1;
                }
                self.at += 1;
            }
        }
        self.at = self.text.len();
        parts.push(from.min(self.at)..self.at);
        parts
    }

    /// `%q(…)`, `%w[…]` and their kin, or the operator.
    fn percent(&mut self) {
        let from = self.at;
        let kind = self.byte(from + 1);
        let has_kind = b"qQwWiIrxs".contains(&kind);
        let open = if has_kind { self.byte(from + 2) } else { kind };
        let plain = b"([{<|!/-^~*+@\"'".contains(&open);
        if !plain || !(has_kind || self.begins_value()) || (has_kind && self.byte(from) != b'%') {
            self.at += 1;
            return;
        }
        let close = match open {
            b'(' => b')',
            b'[' => b']',
            b'{' => b'}',
            b'<' => b'>',
            other => other,
        };
        self.at = from + if has_kind { 3 } else { 2 };
        let parts = self.string(close, (open != close).then_some(open), !b"qwis".contains(&kind));
        if b"wWiI".contains(&kind) {
            for part in parts {
                for word in words(self.text, part) {
                    self.judge(from, vec![word]);
                }
            }
        } else {
            self.judge(from, parts);
        }
    }

    /// `<<~NAME`; what follows on the line is code.
    fn heredoc(&mut self) {
        let head = self.rest().get(2..).unwrap_or_default();
        let head = head.strip_prefix(b"~").or_else(|| head.strip_prefix(b"-")).unwrap_or(head);
        let quote = head.first().copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let name = head.get(usize::from(quote.is_some())..).unwrap_or_default();
        let length = match quote {
            Some(quote) => name.iter().position(|byte| *byte == quote),
            None => {
                Some(name.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count())
                    .filter(|_| name.first().is_some_and(|b| b.is_ascii_uppercase() || *b == b'_'))
            }
        };
        let Some(length) = length.filter(|length| *length > 0) else {
            self.at += 2;
            return;
        };
        let name = name.get(..length).unwrap_or_default().to_vec();
        let skipped = self.rest().len() - head.len();
        self.heredocs.push(name);
        self.at += skipped + length + 2 * usize::from(quote.is_some());
    }

    /// The bodies of here-documents that begin here.
    fn bodies(&mut self) {
        for name in std::mem::take(&mut self.heredocs) {
            while self.at < self.text.len() {
                let end = self.line_end();
                let line = self.text.get(self.at..end).unwrap_or_default();
                let is_end = line.trim_ascii() == name;
                if !is_end {
                    self.hide(self.at..end);
                }
                self.at = (end + 1).min(self.text.len());
                if is_end {
                    break;
                }
            }
        }
    }

    /// Hides a string that begins at a place, unless it is harmless as a whole.
    fn judge(&mut self, from: usize, parts: Parts) {
        let all: Vec<&[u8]> =
            parts.iter().map(|part| self.text.get(part.clone()).unwrap_or_default()).collect();
        let before = self.before(from);
        if is_free(before, &all) {
            return;
        }
        // Of an address the host stays.
        let secret = last_name(before).is_some_and(names_secret);
        let inside = match all.as_slice() {
            [one] if !secret && !one.contains(&b' ') => address::hidden(one),
            _ => None,
        };
        let start = parts.first().map_or(0, |part| part.start);
        match inside {
            Some(inside) => {
                for range in inside {
                    self.hide(start + range.start..start + range.end);
                }
            }
            None => {
                for part in parts {
                    for line in lines(self.text, part) {
                        self.hide(line);
                    }
                }
            }
        }
    }
}

/// The parts of a range that are lines, without their ends.
fn lines(text: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    split(text, range, |byte| matches!(byte, b'\n' | b'\r'))
}

fn words(text: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    split(text, range, |byte| byte.is_ascii_whitespace())
}

fn split(text: &[u8], range: Range<usize>, ends: fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut from = range.start;
    for at in range.clone() {
        if text.get(at).copied().is_some_and(ends) {
            all.push(from..at);
            from = at + 1;
        }
    }
    all.push(from..range.end.max(from));
    all.retain(|part| !part.is_empty());
    all
}
