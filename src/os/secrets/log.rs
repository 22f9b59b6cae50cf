//! Where secrets may stand in a log. What servers write of themselves stays, and words of plain text; hidden are what
//! is quoted, what stands behind a name and `=` or `:`, options, addresses, and what no person would write.

use std::ops::Range;

use super::shape::{is_address, is_number, is_path, is_random};
use super::{address, arguments, names_secret};

/// What servers write before `=`.
const KEYS: &str =
    "addr fd pid worker path config_file exit signal uid started pidfd app by status code";

/// The places in those lines of a log, counted from 1, that are asked for, which may hold a secret.
pub fn hidden(text: &[u8], asked: &dyn Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = 0;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let from = at;
        at += line.len() + 1;
        if !asked(number) {
            continue;
        }
        let start = message(line);
        let rest = line.get(start..).unwrap_or_default();
        all.extend(of_line(rest).into_iter().map(|r| from + start + r.start..from + start + r.end));
    }
    all
}

/// Where a line of farrier's own audit log has its message: behind its time and its number.
fn audited(line: &[u8]) -> Option<usize> {
    const MARK: &[u8] = b" farrier[";
    let at = line.windows(MARK.len()).take(40).position(|part| part == MARK)?;
    let is_time = |b: &u8| b.is_ascii_digit() || b"TZ:.-".contains(b);
    line.get(..at).filter(|time| time.iter().all(is_time))?;
    let rest = line.get(at + MARK.len()..)?;
    let number = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(number..)?.starts_with(b"]: ").then_some(at + MARK.len() + number + 3)
}

/// Where a line's message begins, behind what Ruby's `Logger` puts before it.
fn message(line: &[u8]) -> usize {
    if let Some(start) = audited(line) {
        return start;
    }
    let is_header =
        line.first().is_some_and(u8::is_ascii_uppercase) && line.get(1..4) == Some(b", [");
    let mark = line.windows(4).position(|part| part == b" -- ").filter(|at| is_header && *at < 80);
    let inside = line.get(..mark.unwrap_or(0)).unwrap_or_default();
    let plain = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase() || b", []T:.-# ".contains(b);
    let Some(at) = mark.filter(|_| inside.iter().all(plain)) else { return 0 };
    // The program's name, which most leave empty.
    let rest = line.get(at + 4..).unwrap_or_default();
    let name = rest.windows(2).take(40).position(|part| part == b": ");
    name.filter(|end| rest.get(..*end).is_some_and(is_plain)).map_or(at + 4, |end| at + end + 6)
}

fn of_line(line: &[u8]) -> Vec<Range<usize>> {
    if let Some(found) = executing(line) {
        return found;
    }
    let mut all = Vec::new();
    let mut at = 0;
    let mut after_secret = false;
    while at < line.len() {
        let byte = line.get(at).copied().unwrap_or(0);
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if let Some(end) = method(line, at) {
            at = end;
            continue;
        }
        if let Some(end) = quoted(line, at) {
            let inside = line.get(at + 1..end).unwrap_or_default();
            all.extend((!is_told(inside)).then_some(at + 1..end));
            at = end + 1;
            // `"key": "value"`, `"key" => 7`
            let behind = line.get(at..).unwrap_or_default().trim_ascii_start();
            if !is_told(inside) && (behind.starts_with(b":") || behind.starts_with(b"=>")) {
                all.push(at..line.len());
                return all;
            }
            continue;
        }
        let length = line
            .get(at..)
            .unwrap_or_default()
            .iter()
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'"'))
            .unwrap_or(line.len() - at)
            .max(1);
        let word = line.get(at..at + length).unwrap_or_default();
        let was_secret = std::mem::replace(&mut after_secret, names_secret(word));
        match of_word(word) {
            // `token 1234 is wrong`
            Told::Free if was_secret && !word.iter().all(u8::is_ascii_lowercase) => {
                all.push(at..at + length);
            }
            Told::Free => {}
            Told::Hidden(ranges) => {
                all.extend(ranges.into_iter().map(|r| at + r.start..at + r.end));
            }
            Told::Part(part) => all.push(at + part.start..at + part.end),
            Told::Arguments => {
                let found = arguments::hidden(line.get(at..).unwrap_or_default());
                all.extend(found.into_iter().map(|r| at + r.start..at + r.end));
                return all;
            }
            Told::Rest(from) => {
                all.push(at + from..line.len());
                return all;
            }
        }
        at += length;
    }
    all
}

/// ``in `build':`` and `in 'Kernel#require':` of a backtrace, where the name begins: its end.
fn method(line: &[u8], at: usize) -> Option<usize> {
    let opens = line.get(..at)?.ends_with(b"in ") && matches!(line.get(at)?, b'`' | b'\'');
    let rest = line.get(at + 1..).filter(|_| opens)?;
    let length = rest.iter().position(|byte| *byte == b'\'')?;
    let name = rest.get(..length)?;
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"_?!=#.:<> ".contains(b);
    (name.iter().all(fits) && !is_random(name)).then_some(at + length + 2)
}

/// What is told of one word.
enum Told {
    Free,
    /// This part of it is hidden.
    Part(Range<usize>),
    /// These parts of it are hidden.
    Hidden(Vec<Range<usize>>),
    /// An option: what follows is a command line.
    Arguments,
    /// All from a byte of it on is hidden.
    Rest(usize),
}

fn of_word(word: &[u8]) -> Told {
    if let Some(inside) = address::hidden(word) {
        return Told::Hidden(inside);
    }
    let is_mark = |byte: &u8| b"()[]{}<>,;.'`".contains(byte);
    let start = word.iter().position(|byte| !is_mark(byte)).unwrap_or(word.len());
    let end = word.iter().rposition(|byte| !is_mark(byte)).map_or(start, |at| at + 1);
    let bare = word.get(start..end).unwrap_or_default();
    if bare.is_empty() {
        return Told::Free;
    }
    let is_option = bare.strip_prefix(b"-").is_some_and(|rest| {
        let rest = rest.strip_prefix(b"-").unwrap_or(rest);
        rest.first().is_some_and(u8::is_ascii_alphabetic)
    });
    if is_option {
        return Told::Arguments;
    }
    if matches!(&*bare.to_ascii_lowercase(), b"basic" | b"bearer") {
        return Told::Rest(word.len());
    }
    if let Some(equals) = bare.iter().position(|byte| *byte == b'=') {
        let (key, value) = bare.split_at_checked(equals).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let known = KEYS.split_ascii_whitespace().any(|name| name.as_bytes() == key);
        let free = value.is_empty() && !names_secret(key)
            || is_path(value) && !names_secret(key)
            || known && (is_number(value) || is_address(value) || is_plain(value));
        if value.is_empty() && names_secret(key) {
            return Told::Rest(end);
        }
        let from = start + equals + 1;
        return if free { Told::Free } else { Told::Part(from..word.len()) };
    }
    if let Some(colon) = bare.iter().position(|byte| *byte == b':') {
        let (key, value) = bare.split_at_checked(colon).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        let is_header = key.contains(&b'-') && key.first().is_some_and(u8::is_ascii_uppercase);
        if names_secret(key) || is_header {
            return Told::Rest(start + colon + 1);
        }
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_line = is_path(key) && digits > 0;
        let is_class = bare.split(|b| *b == b':').all(|part| part.is_empty() || is_plain(part));
        let is_class = is_class && bare.windows(2).any(|part| part == b"::");
        let is_count = value.len() <= 7 && digits == value.len();
        if value.is_empty()
            || is_count
            || is_line
            || is_class
            || is_address(bare)
            || is_number(bare)
        {
            return if is_random(key) { Told::Part(start..end) } else { Told::Free };
        }
        return Told::Part(start + colon + 1..word.len());
    }
    if is_path(bare) || is_number(bare) || is_plain(bare) || is_process(bare) {
        return Told::Free;
    }
    Told::Part(start..end)
}

/// A word of a text, an identifier or a class.
fn is_plain(word: &[u8]) -> bool {
    let fits = |b: &u8| {
        b.is_ascii_alphanumeric() || b"_-'`?!@#:/%|*+<>()~^$&".contains(b) || !b.is_ascii()
    };
    word.len() <= 40 && word.iter().all(fits) && !is_random(word) && !is_long_hex(word)
}

fn is_long_hex(word: &[u8]) -> bool {
    word.len() >= 20 && super::shape::is_hex(word)
}

/// `#9120]`, `worker=0`
fn is_process(word: &[u8]) -> bool {
    word.strip_prefix(b"#").is_some_and(is_number)
}

/// Whether what stands in quotes tells where something is or which method it was.
fn is_told(inside: &[u8]) -> bool {
    let is_method = |b: &u8| b.is_ascii_lowercase() || b" _<>?!()".contains(b);
    is_path(inside)
        || is_number(inside)
        || is_address(inside)
        || (inside.iter().all(is_method)
            && (inside.contains(&b'<') || inside.starts_with(b"block ") || inside.ends_with(b"?")))
        || (inside.contains(&b'_')
            && inside.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
            && !is_random(inside))
}

/// Where the quotation ends that begins here. A quote inside of a word is an apostrophe.
fn quoted(line: &[u8], at: usize) -> Option<usize> {
    let close = match line.get(at)? {
        b'"' => b'"',
        b'\'' | b'`' => b'\'',
        _ => return None,
    };
    let mut end = at + 1;
    while *line.get(end)? != close {
        end += if line.get(end) == Some(&b'\\') { 2 } else { 1 };
    }
    Some(end)
}

/// `executing ["/usr/bin/unicorn", "-c", …, {8=>#<…>}] (in /srv/shop)`: the words of a command line.
fn executing(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let start = b"executing [".len();
    let rest = line.strip_prefix(b"executing [")?;
    let end = rest.windows(3).position(|part| part == b", {");
    let end = end.or_else(|| rest.windows(6).rposition(|part| part == b"] (in "))?;
    let words: Vec<u8> = rest
        .get(..end)?
        .iter()
        .map(|byte| if b"\",[]".contains(byte) { b' ' } else { *byte })
        .collect();
    let found = arguments::hidden(&words);
    let mut all: Vec<Range<usize>> =
        found.into_iter().map(|r| start + r.start..start + r.end).collect();
    // What stands behind the listeners is the directory.
    let behind = line.get(start + end..).unwrap_or_default();
    let directory = behind.windows(6).rposition(|part| part == b"] (in ");
    if let Some(at) = directory {
        let inside = behind.get(..at).unwrap_or_default();
        let fits = |b: &u8| b.is_ascii_alphanumeric() || b" ,{}=>#<:".contains(b);
        let words = inside.split(|b| !b.is_ascii_alphanumeric());
        let plain = inside.iter().all(fits)
            && words.into_iter().all(|word| !is_random(word) || word.starts_with(b"0x"));
        all.extend((!plain).then_some(start + end..start + end + at));
    } else {
        all.push(start + end..line.len());
    }
    Some(all)
}
