//! How long each literal of Ruby is, and what a string holds. Each function gets the source from the literal's first byte on.

use super::lexer::{Kind, Piece};

/// The length of a word: sigils, letters, digits, and a `?` or `!` that ends a method's name.
pub(super) fn word(rest: &[u8]) -> usize {
    let sigils = rest.iter().take_while(|b| matches!(b, b'@' | b'$')).count().min(2);
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_' || **b >= 0x80;
    let name = rest.iter().skip(sigils).take_while(is_part).count();
    let length = sigils + name;
    let ends = matches!(rest.get(length), Some(b'?' | b'!'));
    let compares = rest.get(length + 1) == Some(&b'=');
    length + usize::from(name > 0 && ends && !compares)
}

/// The length of a number.
pub(super) fn number(rest: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = rest.get(length) {
        let digit_behind = rest.get(length + 1).is_some_and(u8::is_ascii_digit);
        let is_part =
            byte.is_ascii_alphanumeric() || *byte == b'_' || (*byte == b'.' && digit_behind);
        if !is_part {
            break;
        }
        length += 1;
    }
    length
}

/// A regular expression, if it ends on its line.
pub(super) fn regexp(rest: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'/' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// `%w[…]`, `%q(…)`, `%(…)` and their kin.
pub(super) fn percent(rest: &[u8]) -> Option<usize> {
    let letter = usize::from(rest.get(1)?.is_ascii_alphabetic());
    if letter == 1
        && !matches!(rest.get(1)?, b'w' | b'W' | b'i' | b'I' | b'q' | b'Q' | b'r' | b's' | b'x')
    {
        return None;
    }
    let open = *rest.get(1 + letter)?;
    if open.is_ascii_alphanumeric() || open.is_ascii_whitespace() {
        return None;
    }
    let close = match open {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    };
    let (mut depth, mut escaped) = (0_usize, false);
    for (at, byte) in rest.iter().enumerate().skip(1 + letter) {
        if escaped {
            escaped = false;
        } else if *byte == b'\\' {
            escaped = true;
        } else if *byte == close && depth > 0 {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        } else if *byte == open {
            depth += 1;
        }
    }
    None
}

/// `?x`.
pub(super) fn character(rest: &[u8]) -> Option<usize> {
    let one = rest.get(1)?;
    let alone = rest.get(2).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'_');
    (!one.is_ascii_whitespace() && alone).then_some(2)
}

/// Where the reader is inside a string: in the string itself, or in code between `#{` and `}`.
enum Within {
    Quotes(u8),
    Code(usize),
}

/// A string in any quotes, and its length. One that uses what is not resolved here
/// (numeric escapes, `#@variable`), or that does not end, is opaque.
pub(super) fn string(rest: &[u8]) -> (Kind<'_>, usize) {
    let Some(quote) = rest.first().copied() else { return (Kind::Opaque, 0) };
    let mut within = vec![Within::Quotes(quote)];
    let (mut pieces, mut plain) = (Vec::new(), Vec::new());
    let (mut is_opaque, mut code_start, mut at) = (false, 0, 1);
    while let Some(byte) = rest.get(at).copied() {
        let next = rest.get(at + 1).copied();
        let outermost = within.len() == 1;
        match within.last_mut() {
            None => break,
            Some(Within::Quotes(quote)) => {
                let quote = *quote;
                if byte == quote {
                    within.pop();
                } else if byte == b'\\' {
                    if outermost {
                        is_opaque |= !escape(quote, next, &mut plain);
                    }
                    at += 1;
                } else if byte == b'#' && quote != b'\'' && next == Some(b'{') {
                    if outermost {
                        pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                        code_start = at + 2;
                    }
                    within.push(Within::Code(0));
                    at += 1;
                } else if outermost {
                    is_opaque |=
                        byte == b'#' && quote != b'\'' && matches!(next, Some(b'@' | b'$'));
                    plain.push(byte);
                }
            }
            Some(Within::Code(depth)) => match byte {
                b'{' => *depth += 1,
                b'}' if *depth > 0 => *depth -= 1,
                b'}' => {
                    within.pop();
                    if within.len() == 1 {
                        pieces.push(Piece::Code(rest.get(code_start..at).unwrap_or_default()));
                    }
                }
                b'"' | b'\'' | b'`' => within.push(Within::Quotes(byte)),
                _ => {}
            },
        }
        at += 1;
        if within.is_empty() {
            pieces.push(Piece::Plain(plain));
            pieces.retain(|piece| !matches!(piece, Piece::Plain(bytes) if bytes.is_empty()));
            return (if is_opaque { Kind::Opaque } else { Kind::Text(pieces) }, at);
        }
    }
    (Kind::Opaque, rest.len())
}

/// Resolves one escape; `false`: it is not resolved here.
fn escape(quote: u8, next: Option<u8>, plain: &mut Vec<u8>) -> bool {
    let Some(next) = next else { return false };
    if quote == b'\'' {
        if !matches!(next, b'\'' | b'\\') {
            plain.push(b'\\');
        }
        plain.push(next);
        return true;
    }
    plain.push(match next {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b's' => b' ',
        b'e' => 0x1b,
        b'0'..=b'9' | b'x' | b'u' | b'M' | b'C' | b'c' | b'\n' | b'a' | b'b' | b'f' | b'v' => {
            return false;
        }
        other => other,
    });
    true
}
