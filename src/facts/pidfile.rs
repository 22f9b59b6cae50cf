//! A pidfile's content: what it says, or why it says nothing.

use crate::os::{Pid, Text};

/// What a pidfile's bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A pid.
    Pid(Pid),
    /// 1, the first process of a pid namespace: a server's in a container that holds nothing else, else no server's.
    First,
    /// Nothing that a process could have; the text says what it is instead ("empty", "0", "not a number", …).
    Garbled(&'static str),
}

/// How many bytes of a pidfile are looked at.
const MOST_BYTES: usize = 64;

/// Reads a pidfile's bytes: `^[ \t]*[1-9][0-9]{0,9}[ \t\r\n]*$`, between 2 and `pid_max` (`reliability.md` P13).
pub fn parse(bytes: &Text, pid_max: i32) -> Content {
    match number(bytes.bytes(), pid_max) {
        Ok(pid) if pid.number() == 1 => Content::First,
        Ok(pid) => Content::Pid(pid),
        Err(why) => Content::Garbled(why),
    }
}

fn number(bytes: &[u8], pid_max: i32) -> Result<Pid, &'static str> {
    if bytes.is_empty() {
        return Err("empty");
    }
    if bytes.len() > MOST_BYTES {
        return Err("longer than a number");
    }
    if let Some(why) = foreign(bytes) {
        return Err(why);
    }
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Err("blank");
    }
    if bytes.first().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        return Err("a number behind an empty line");
    }
    match text {
        [b'-', rest @ ..] if digits(rest) => return Err("a negative number"),
        [b'+', rest @ ..] if digits(rest) => return Err("a number with a sign"),
        [b'0', b'x' | b'X', ..] => return Err("a hexadecimal number"),
        [b'0'] => return Err("0"),
        [b'0', rest @ ..] if digits(rest) => return Err("a number with a leading zero"),
        _ => {}
    }
    if !digits(text) {
        let lines = text.split(|b| matches!(b, b'\n' | b'\r')).filter(|line| !line.is_empty());
        return Err(match (lines.count(), text.first()) {
            (2.., _) => "more than one line",
            (_, Some(b'0'..=b'9')) => "a number with something behind it",
            _ => "not a number",
        });
    }
    let pid = std::str::from_utf8(text).ok().and_then(|digits| digits.parse::<i32>().ok());
    pid.filter(|pid| *pid <= pid_max).and_then(Pid::new).ok_or("a number above the highest pid")
}

/// Bytes that no plain number has, by what they are.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some("UTF-16 text");
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Some("text with a byte order mark");
    }
    if bytes.contains(&0) {
        return Some("a text with NUL bytes in it");
    }
    match std::str::from_utf8(bytes) {
        Err(_) => Some("bytes that are no text"),
        Ok(text) if text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) => {
            Some("a text with control characters in it")
        }
        Ok(text) if !text.is_ascii() && text.trim().chars().all(char::is_numeric) => {
            Some("a number in other digits than 0 to 9")
        }
        Ok(_) => None,
    }
}

fn digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Content {
        parse(&Text::new(bytes), 4_194_304)
    }

    #[test]
    fn a_pid_with_the_blanks_that_people_write() {
        for text in ["1234", "1234\n", " \t1234", "1234\r\n", "1234 \n\n"] {
            assert_eq!(of(text.as_bytes()), Content::Pid(Pid::new(1234).unwrap()), "{text:?}");
        }
        assert_eq!((of(b"1"), of(b" 1\n")), (Content::First, Content::First));
        assert_eq!(of(b"2"), Content::Pid(Pid::new(2).unwrap()));
        assert_eq!(of(b"4194304\n"), Content::Pid(Pid::new(4_194_304).unwrap()));
    }

    #[test]
    fn everything_else_in_its_own_words() {
        for (bytes, words) in [
            (&b""[..], "empty"),
            (b" \n\t", "blank"),
            (b"0\n", "0"),
            (b"-1", "a negative number"),
            (b"-1234\n", "a negative number"),
            (b"+1234", "a number with a sign"),
            (b"99999999999999999999", "a number above the highest pid"),
            (b"4294967297", "a number above the highest pid"),
            (b"4194305", "a number above the highest pid"),
            (b"\xef\xbb\xbf1234", "text with a byte order mark"),
            (b"\xff\xfe1\x002\0", "UTF-16 text"),
            ("\u{661}\u{662}".as_bytes(), "a number in other digits than 0 to 9"),
            (b"0x4d2", "a hexadecimal number"),
            (b"01234", "a number with a leading zero"),
            (b"1234abc", "a number with something behind it"),
            (b"12 34", "a number with something behind it"),
            (b"12\0 34", "a text with NUL bytes in it"),
            (b"1234\n5678\n", "more than one line"),
            (b"\n1234", "a number behind an empty line"),
            (b"\x1b[2J", "a text with control characters in it"),
            (b"unicorn", "not a number"),
            (b"-", "not a number"),
            (&[0x80; 64], "bytes that are no text"),
            (&[b'7'; 65], "longer than a number"),
        ] {
            assert_eq!(of(bytes), Content::Garbled(words), "{:?}", Text::new(bytes));
        }
    }
}
