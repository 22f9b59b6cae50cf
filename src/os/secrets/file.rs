//! Which kind of file it is, and so where secrets may stand in it.

use std::ops::Range;

use super::{arguments, lines, log, ruby};

/// The places in a file that may hold a secret, by its path and what it looks like. The program that runs it, by its
/// `#!`, is a command line.
pub fn hidden(path: &[u8], text: &[u8]) -> Vec<Range<usize>> {
    if !text.starts_with(b"#!") {
        return below(path, text);
    }
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let program = arguments::hidden(text.get(2..end).unwrap_or_default());
    let program = program.into_iter().map(|range| range.start + 2..range.end + 2);
    program.chain(below(path, text).into_iter().filter(|range| range.start >= end)).collect()
}

fn below(path: &[u8], text: &[u8]) -> Vec<Range<usize>> {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let ends = |end: &[u8]| name.ends_with(end);
    if is_plain_number(text) {
        Vec::new()
    } else if text.len() <= 65 && (ends(b".pid") || ends(b".oldbin") || ends(b".2")) {
        letters(text)
    } else if is_script(text) || ends(b".sh") {
        lines::script(text)
    } else if ends(b".lock") || ends(b".locked") {
        lines::lock(text)
    } else if name == b"REVISION" || ends(b".log") || name.contains(&b'#') {
        log::hidden(text, &|_| true)
    } else if ends(b".service") || ends(b".socket") || begins_with_section(text) {
        lines::unit(text)
    } else if path.ends_with(b"/.bundle/config") || ends(b".yml") || ends(b".yaml") || ends(b".env")
    {
        lines::settings(text)
    } else if !ends(b".rb") && !ends(b".ru") && looks_like_nginx(text) {
        lines::nginx(text)
    } else {
        ruby::hidden(text)
    }
}

/// A pidfile, whatever stands round its number.
fn is_plain_number(text: &[u8]) -> bool {
    let hex = text.trim_ascii().strip_prefix(b"0x");
    let fits =
        |b: &u8| b.is_ascii_digit() || b.is_ascii_whitespace() || matches!(b, b'-' | b'+' | 0);
    text.len() <= 65
        && (text.iter().all(fits)
            || hex.is_some_and(|rest| rest.len() <= 8 && rest.iter().all(u8::is_ascii_hexdigit)))
}

/// The letters of what should be a number: that it is none is told by where they stand.
fn letters(text: &[u8]) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    for at in
        text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()).map(|(at, _)| at)
    {
        match all.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end = at + 1,
            None => all.push(at..at + 1),
        }
    }
    all
}

fn is_script(text: &[u8]) -> bool {
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    first.strip_prefix(b"#!").is_some_and(|program| program.trim_ascii_end().ends_with(b"sh"))
}

/// Lines that are more than white space, without comments.
fn telling(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b";"))
}

fn begins_with_section(text: &[u8]) -> bool {
    telling(text).next().is_some_and(|line| line.starts_with(b"[") && line.ends_with(b"]"))
}

fn looks_like_nginx(text: &[u8]) -> bool {
    let ends = |line: &&[u8]| matches!(line.last(), Some(b';' | b'{' | b'}'));
    let (all, ended) = (telling(text).count(), telling(text).filter(ends).count());
    let has_end = telling(text).any(|line| line.ends_with(b";"));
    has_end && ended * 2 > all
}
