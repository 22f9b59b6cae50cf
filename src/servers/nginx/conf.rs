//! The syntax of nginx's configuration (`src/core/ngx_conf_file.c`): words, `;`, blocks, quotes, comments.

use crate::servers::effort::spend;

/// More than this no file is read into: a bound, not a rule of nginx.
const MOST: usize = 20_000;

/// A directive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directive {
    /// Its name and arguments, quotes taken off; never none.
    pub words: Vec<Vec<u8>>,
    /// The line where it begins, from 1.
    pub line: usize,
    /// The directive whose block it stands in, by its place in the list; `None`: the top level.
    pub within: Option<usize>,
}

/// All directives of a file, blocks before what stands in them.
pub fn directives(source: &[u8]) -> Vec<Directive> {
    let mut all: Vec<Directive> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut words: Vec<Vec<u8>> = Vec::new();
    let (mut line, mut begun, mut at) = (1, 1, 0);
    while let Some(byte) = source.get(at).copied().filter(|_| spend(1)) {
        if all.len() >= MOST {
            // What stands behind is not known: so the whole is not.
            spend(usize::MAX);
            break;
        }
        if words.is_empty() {
            begun = line;
        }
        match byte {
            b'\n' => line += 1,
            b'#' => {
                let rest = source.get(at..).unwrap_or_default();
                at += rest.iter().take_while(|byte| **byte != b'\n').count();
                continue;
            }
            b';' | b'{' if !words.is_empty() => {
                all.push(Directive {
                    words: std::mem::take(&mut words),
                    line: begun,
                    within: open.last().copied(),
                });
                if byte == b'{' {
                    open.push(all.len() - 1);
                }
            }
            b'}' => {
                words.clear();
                open.pop();
            }
            _ if byte.is_ascii_whitespace() || matches!(byte, b';' | b'{') => {}
            _ => {
                let (word, length) = word(source.get(at..).unwrap_or_default());
                let span = source.get(at..at + length).unwrap_or_default();
                line += span.split(|byte| *byte == b'\n').count().saturating_sub(1);
                spend(length);
                words.push(word);
                at += length;
                continue;
            }
        }
        at += 1;
    }
    all
}

/// One word and how many bytes it takes, at least one. `${name}` opens no block.
fn word(rest: &[u8]) -> (Vec<u8>, usize) {
    let quote = rest.first().copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let mut word = Vec::new();
    let mut at = usize::from(quote.is_some());
    let mut variable = false;
    while let Some(byte) = rest.get(at).copied() {
        match (byte, quote) {
            (b'\\', _) => {
                at += 1;
                word.extend(rest.get(at));
            }
            (byte, Some(quote)) if byte == quote => return (word, at + 1),
            (b'{', None) if word.last() == Some(&b'$') => {
                variable = true;
                word.push(byte);
            }
            (b'}', None) if variable => {
                variable = false;
                word.push(byte);
            }
            (b';' | b'{' | b'}', None) => break,
            (byte, None) if byte.is_ascii_whitespace() => break,
            _ => word.push(byte),
        }
        at += 1;
    }
    (word, at.clamp(1, rest.len().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Vec<(String, usize, Option<usize>)> {
        let words = |d: &Directive| {
            d.words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join("|")
        };
        directives(source.as_bytes()).iter().map(|d| (words(d), d.line, d.within)).collect()
    }

    #[test]
    fn blocks_quotes_and_comments() {
        let source = "pid /run/nginx.pid; # a; b {\nhttp {\n  server { # x\n    listen 80;\n\
             set $a \"b;\\\"c\";\n    proxy_pass http://${up}_x/;\n  }\n}\nuser\n  www;\n";
        assert_eq!(
            of(source),
            [
                ("pid|/run/nginx.pid".to_owned(), 1, None),
                ("http".to_owned(), 2, None),
                ("server".to_owned(), 3, Some(1)),
                ("listen|80".to_owned(), 4, Some(2)),
                ("set|$a|b;\"c".to_owned(), 5, Some(2)),
                ("proxy_pass|http://${up}_x/".to_owned(), 6, Some(2)),
                ("user|www".to_owned(), 9, None),
            ]
        );
    }

    #[test]
    fn what_is_no_configuration_ends() {
        for source in ["", "}", "{{{", "a {", "\"", "'a", "\\", "a\\", "${", "};};", "a b", "\u{0}"]
        {
            assert!(directives(source.as_bytes()).len() < 3, "{source:?}");
        }
    }
}
