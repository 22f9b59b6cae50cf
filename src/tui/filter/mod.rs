//! The filter of `/`: which rows of a list are shown.

mod measure;

use regex::{Regex, RegexBuilder};

use measure::{example, measure};

/// What is asked of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

/// Why a filter cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words} at column {at}; the filter before it stands")]
pub struct Wrong {
    /// The character, from 1.
    pub at: usize,
    /// What is wrong there.
    pub words: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    without: bool,
    key: Option<&'static str>,
    any: Vec<Want>,
}

/// One thing that is looked for.
#[derive(Clone, Debug)]
enum Want {
    Text(String),
    Pattern(Regex),
    Number(Order, i64),
}

impl PartialEq for Want {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Pattern(a), Self::Pattern(b)) => a.as_str() == b.as_str(),
            (Self::Number(a, n), Self::Number(b, m)) => a == b && n == m,
            _ => false,
        }
    }
}

impl Eq for Want {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Over,
    From,
    Under,
    UpTo,
    Same,
}

/// What a row offers to a filter: its whole text, and values by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// What the row shows, and its uncut values. Never a hidden value.
    pub text: String,
    /// Values by key, of [`KEYS`]. A key of [`MEASURES`] has the exact number: seconds, bytes, connections.
    pub values: Vec<(&'static str, String)>,
}

/// The keys that a term may name.
pub const KEYS: &[&str] = &[
    "app", "pid", "role", "state", "release", "off", "rule", "sev", "user", "lib", "env", "file",
    "addr", "src", "age", "mem", "queue",
];

/// Those of them that are compared: `age:>2d`, `mem:>500M`, `queue:>0`, `off:<0`.
pub const MEASURES: &[&str] = &["age", "mem", "queue", "off"];

/// Signs that stand in patterns and hardly in paths.
const PATTERN: &str = "[({\\*+?^$|";

/// A character as it was written, its place, and whether it stands in quotes.
type Written = (usize, char, bool);

impl Filter {
    /// Reads `term -without a|b "two words" /regex/ key:value key:>number`.
    pub fn read(text: &str) -> Result<Self, Wrong> {
        let mut terms = Vec::new();
        for word in words(text) {
            terms.extend(Term::read(&word)?);
        }
        Ok(Self { text: text.to_owned(), terms })
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a row is shown.
    pub fn admits(&self, subject: &Subject) -> bool {
        self.terms.iter().all(|term| term.matches(subject) != term.without)
    }
}

/// The terms: parted by blanks that stand neither in quotes nor in a pattern.
fn words(text: &str) -> Vec<Vec<Written>> {
    let all: Vec<(usize, char)> = text.chars().enumerate().collect();
    let mut found = Vec::new();
    let mut word: Vec<Written> = Vec::new();
    let mut quoted = false;
    let mut pattern_until = None;
    for (at, c) in &all {
        if pattern_until.is_some_and(|until| *at <= until) {
            word.push((*at, *c, false));
            continue;
        }
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => found.push(std::mem::take(&mut word)),
            _ => {
                let opens = *c == '/'
                    && !quoted
                    && matches!(word.last(), None | Some((_, '-' | ':', false)));
                if opens {
                    pattern_until = closes(&all, *at);
                }
                word.push((*at, *c, quoted));
            }
        }
    }
    found.push(word);
    found.retain(|word| !word.is_empty());
    found
}

/// Where a pattern that opens there ends: at the first `/` with a blank or nothing behind it. A path has none, and is
/// text; but what only a pattern would hold is one that is still being written.
fn closes(all: &[(usize, char)], opens: usize) -> Option<usize> {
    let next = |at: usize| all.get(at + 1).map(|(_, c)| *c);
    let mut rest = all.iter().skip(opens + 1);
    if let Some((at, _)) =
        rest.clone().find(|(at, c)| *c == '/' && matches!(next(*at), None | Some(' ')))
    {
        return Some(*at);
    }
    rest.any(|(_, c)| PATTERN.contains(*c)).then(|| all.len().saturating_sub(1))
}

/// What stands between the slashes of a pattern; the second one may not have been written yet.
fn pattern_in(value: &[Written]) -> Option<&[Written]> {
    let [(_, '/', false), inner @ ..] = value else { return None };
    match inner {
        [inner @ .., (_, '/', false)] => Some(inner),
        _ if inner.is_empty() || inner.iter().any(|(_, c, _)| PATTERN.contains(*c)) => Some(inner),
        _ => None,
    }
}

impl Term {
    fn read(word: &[Written]) -> Result<Option<Self>, Wrong> {
        let (without, word) = match word {
            [(_, '-', false), rest @ ..] if !rest.is_empty() => (true, rest),
            _ => (false, word),
        };
        let (key, value) = keyed(word);
        if let Some(inner) = pattern_in(value) {
            let any = if inner.is_empty() { Vec::new() } else { vec![pattern(inner)?] };
            return Ok((!any.is_empty()).then_some(Self { without, key, any }));
        }
        let mut any = Vec::new();
        for part in value.split(|written| matches!(written, (_, '|', false))) {
            if !part.is_empty() {
                any.push(want(key, part)?);
            }
        }
        Ok((!any.is_empty()).then_some(Self { without, key, any }))
    }

    fn matches(&self, subject: &Subject) -> bool {
        let values = |key: &'static str| {
            subject
                .values
                .iter()
                .filter(move |(name, _)| *name == key)
                .map(|(_, value)| value.as_str())
        };
        self.any.iter().any(|want| match self.key {
            Some(key) => values(key).any(|value| want.is_in(value)),
            None => want.is_in(&subject.text),
        })
    }
}

/// The key before the first colon, if it is one.
fn keyed(word: &[Written]) -> (Option<&'static str>, &[Written]) {
    let Some(at) = word.iter().position(|written| matches!(written, (_, ':', false))) else {
        return (None, word);
    };
    let (name, rest) = word.split_at(at);
    let name = plain(name);
    let key = KEYS.iter().copied().find(|key| *key == name);
    (key, if key.is_some() { rest.get(1..).unwrap_or_default() } else { word })
}

fn plain(word: &[Written]) -> String {
    word.iter().map(|(_, c, _)| c).collect()
}

fn want(key: Option<&'static str>, part: &[Written]) -> Result<Want, Wrong> {
    let text = plain(part);
    let at = part.first().map_or(1, |(at, ..)| at + 1);
    if let Some(key) = key.filter(|key| MEASURES.contains(key)) {
        let orders = [
            (">=", Order::From),
            ("<=", Order::UpTo),
            (">", Order::Over),
            ("<", Order::Under),
            ("=", Order::Same),
        ];
        let compared =
            orders.iter().find_map(|(sign, order)| Some((text.strip_prefix(sign)?, *order)));
        return match compared {
            Some((number, order)) => match measure(key, number) {
                Some(number) => Ok(Want::Number(order, number)),
                None => Err(Wrong { at, words: format!("{key} takes {}", example(key)) }),
            },
            // The offset is a word too: `off:del`.
            None if key == "off" => Ok(Want::Text(text)),
            None => Err(Wrong { at, words: format!("{key} takes {}", example(key)) }),
        };
    }
    if key.is_some() && text.contains(['*', '?']) {
        let parts: String = text
            .chars()
            .map(|c| match c {
                '*' => ".*".to_owned(),
                '?' => ".".to_owned(),
                c => regex::escape(&c.to_string()),
            })
            .collect();
        let built = RegexBuilder::new(&format!("^{parts}$"))
            .case_insensitive(!has_capital(&text))
            .dot_matches_new_line(true)
            .build();
        return built.map(Want::Pattern).map_err(|_| Wrong { at, words: "too long".into() });
    }
    Ok(Want::Text(text))
}

fn pattern(inner: &[Written]) -> Result<Want, Wrong> {
    let text = plain(inner);
    let built = RegexBuilder::new(&text).case_insensitive(!has_capital(&text)).build();
    built.map(Want::Pattern).map_err(|error| {
        let told = error.to_string();
        // The last line says what is wrong; a caret stands below the place, four blanks in.
        let words =
            told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let caret = told.lines().find_map(|line| {
            let at = line.find('^').filter(|_| line.trim().chars().all(|c| c == '^'))?;
            Some(at.saturating_sub(4))
        });
        let place = inner.get(caret.unwrap_or(0)).or_else(|| inner.last());
        Wrong { at: place.map_or(1, |(at, ..)| at + 1), words }
    })
}

/// Case counts only if a capital is wanted. The class `\S` is no capital.
fn has_capital(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let capital = c.is_uppercase() && !escaped;
        escaped = c == '\\' && !escaped;
        capital
    })
}

impl Want {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Text(wanted) if has_capital(wanted) => text.contains(wanted.as_str()),
            Self::Text(wanted) => text.to_lowercase().contains(&wanted.to_lowercase()),
            Self::Pattern(pattern) => pattern.is_match(text),
            Self::Number(order, wanted) => {
                let number = if text == "=" { Some(0) } else { text.parse::<i64>().ok() };
                number.is_some_and(|number| match order {
                    Order::Over => number > *wanted,
                    Order::From => number >= *wanted,
                    Order::Under => number < *wanted,
                    Order::UpTo => number <= *wanted,
                    Order::Same => number == *wanted,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(filter: &str, text: &str, values: &[(&'static str, &str)]) -> bool {
        let values = values.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Filter::read(filter).unwrap().admits(&Subject { text: text.to_owned(), values })
    }

    #[test]
    fn all_terms_must_match_and_none_with_a_minus() {
        assert!(admits("old 9120", "master 9120 old", &[]));
        assert!(!admits("old 9121", "master 9120 old", &[]));
        assert!(!admits("master -old", "master 9120 old", &[]));
        assert!(admits("x|old", "master 9120 old", &[]));
        assert!(admits("\"9120 old\"", "master 9120 old", &[]));
        assert!(admits("x|\"9120 old\"", "master 9120 old", &[]));
        assert!(!admits("\"old 9120\"", "master 9120 old", &[]));
        assert!(!admits("\"x|old\"", "master 9120 old", &[]), "quotes take the sign its meaning");
        assert!(admits("", "anything", &[]));
    }

    #[test]
    fn case_counts_only_with_a_capital() {
        assert!(admits("gemfile", "BUNDLE_GEMFILE", &[]));
        assert!(!admits("Gemfile", "BUNDLE_GEMFILE", &[]));
        assert!(admits(r"/gem\S+$/", "BUNDLE_GEMFILE", &[]));
        assert!(!admits("/Gem/", "BUNDLE_GEMFILE", &[]));
    }

    #[test]
    fn keys_look_at_their_values_only() {
        let row = [("role", "old"), ("release", "20261119093012")];
        assert!(admits("role:old", "", &row));
        assert!(!admits("role:current", "current", &row));
        assert!(admits("role:new|old", "", &row));
        assert!(admits("release:2026*12", "", &row));
        assert!(!admits("release:2026*13", "", &row));
        assert!(admits("release:/^2026.*12$/", "", &row));
        assert!(admits("-role:current", "", &row));
        assert!(admits("http://x", "http://x", &row), "an unknown key is plain text");
    }

    #[test]
    fn a_pattern_has_slashes_at_both_ends_and_a_path_has_not() {
        assert!(admits("/91[0-9]0 old/", "master 9120 old", &[]));
        assert!(!admits("-/91/", "master 9120 old", &[]));
        assert!(admits("/a|b/", "b", &[]));
        assert!(admits("/var/www", "cwd /var/www/shop", &[]));
        assert!(!admits("/var.www", "cwd /var/www/shop", &[]));
        assert!(admits("//", "anything", &[]), "nothing is asked for yet");
    }

    #[test]
    fn numbers_are_compared_with_their_unit() {
        let row = [("age", "200000"), ("mem", "524288001"), ("queue", "0"), ("off", "-2")];
        assert!(admits("age:>2d mem:>500M", "", &row));
        assert!(!admits("age:>3d", "", &row) && !admits("mem:>1G", "", &row));
        assert!(!admits("queue:>0", "", &row) && admits("queue:<=0", "", &row));
        assert!(admits("off:<0", "", &row) && admits("off:-2", "", &row));
        assert!(admits("off:=0", "", &[("off", "=")]) && !admits("off:<0", "", &[("off", "del")]));
        assert!(!admits("age:>1s", "", &[("age", "?")]), "what is not known is not over anything");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let wrong = |text: &str| Filter::read(text).unwrap_err();
        assert_eq!(wrong("old /a(b/"), Wrong { at: 7, words: "unclosed group".into() });
        assert_eq!(wrong("mem:>5x").at, 5);
        assert_eq!(
            wrong("age:2d").to_string(),
            "age takes a time: age:>2d at column 5; the filter before it stands"
        );
        assert_eq!(wrong("old /(a").at, 6, "before it is closed too");
        assert!(Filter::read("age:").unwrap().is_empty(), "it is being written");
    }
}
