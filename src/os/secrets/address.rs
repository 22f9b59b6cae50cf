//! What is secret in a URL: who asks, with which password, for what. The host stays.

use std::ops::Range;

use super::shape::{is_address, is_host, is_path};

/// The parts of a word that is a URL, or a list of them, which may be secret; `None`: it is none.
pub fn hidden(word: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut all = Vec::new();
    let mut from = 0;
    let mut any = false;
    while let Some((scheme, behind)) = next(word, from) {
        if !any {
            // What stands before it: a mark, or what nobody knows.
            let before = word.get(..scheme).unwrap_or_default();
            let plain = before.iter().all(u8::is_ascii_punctuation);
            all.extend((!plain).then_some(0..scheme));
        }
        any = true;
        let end = word
            .get(behind..)
            .and_then(|rest| {
                rest.iter().position(|b| b",\"'<>()[]{}|\\^`".contains(b) && !is_ipv6(rest))
            })
            .map_or(word.len(), |at| behind + at);
        inside(word, scheme, behind, end, &mut all);
        from = end;
    }
    any.then(|| {
        let rest = word.get(from..).unwrap_or_default();
        let plain = rest.iter().all(u8::is_ascii_punctuation);
        all.extend((!plain).then_some(from..word.len()));
        all
    })
}

fn is_ipv6(rest: &[u8]) -> bool {
    rest.starts_with(b"[")
}

/// Where the next scheme begins, and where what is behind its `://` does.
fn next(word: &[u8], from: usize) -> Option<(usize, usize)> {
    let at = from + word.get(from..)?.windows(3).position(|part| part == b"://")?;
    let is_scheme = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-');
    let before = word.get(from..at)?;
    let start = before.iter().rposition(|byte| !is_scheme(byte)).map_or(0, |last| last + 1);
    Some((from + start, at + 3))
}

/// One URL: all before an `@`, all behind the host that is no file of this machine.
fn inside(word: &[u8], scheme: usize, behind: usize, end: usize, all: &mut Vec<Range<usize>>) {
    let name = word.get(scheme..behind.saturating_sub(3)).unwrap_or_default();
    let rest = word.get(behind..end).unwrap_or_default();
    let at = rest.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at + 1);
    if at > 1 {
        all.push(behind..behind + at - 1);
    }
    let rest = rest.get(at..).unwrap_or_default();
    let query = rest.iter().position(|b| matches!(b, b'?' | b'#')).unwrap_or(rest.len());
    let (place, query_text) = rest.split_at_checked(query).unwrap_or_default();
    let begin = behind + at;
    if query_text.len() > 1 {
        all.push(begin + query + 1..end);
    }
    let is_file = matches!(name, b"unix" | b"file") || place.starts_with(b"unix:");
    if is_file {
        let path = place.strip_prefix(b"unix:").unwrap_or(place);
        let plain = is_path(path.split(|b| *b == b':').next().unwrap_or_default());
        all.extend((!plain && !place.is_empty()).then_some(begin..begin + place.len()));
        return;
    }
    let slash = place.iter().position(|byte| *byte == b'/').unwrap_or(place.len());
    let (host, path) = place.split_at_checked(slash).unwrap_or_default();
    let bare = host.split(|byte| *byte == b':').next().unwrap_or_default();
    // A name, and a colon and five digits at most.
    let is_named = is_host(bare) && host.len() <= bare.len() + 6;
    if !(host.is_empty() || is_named || is_address(host)) {
        all.push(begin..begin + slash);
    }
    if path.len() > 1 {
        all.push(begin + slash + 1..begin + place.len());
    }
}

#[cfg(test)]
mod tests {
    use super::hidden;

    fn masked(word: &str) -> Option<String> {
        let mut bytes = word.as_bytes().to_vec();
        for range in hidden(word.as_bytes())? {
            bytes[range].fill(b'*');
        }
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn hosts_stay_and_nothing_else() {
        for (word, shown) in [
            ("https://KEY:x@h.example/a/b", "https://*****@h.example/***"),
            ("mysql://TOKEN@h", "mysql://*****@h"),
            ("redis://:a@b@h:1/0", "redis://****@h:1/*"),
            ("http://h:8080", "http://h:8080"),
            ("http://h/?a=b", "http://h/?***"),
            ("unix:///run/a.sock", "unix:///run/a.sock"),
            ("(tcp://0.0.0.0:80,unix:///a.sock)", "(tcp://0.0.0.0:80,unix:///a.sock)"),
            ("tcp://[::1]:80", "tcp://[::1]:80"),
            ("http://unix:/run/a.sock:/", "http://unix:/run/a.sock:/"),
            ("https://abc123DEF456.example", "https://********************"),
        ] {
            assert_eq!(masked(word).as_deref(), Some(shown));
        }
        assert_eq!(masked("a:b/c"), None);
    }
}
