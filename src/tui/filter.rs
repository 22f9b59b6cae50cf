//! The filter of `/`: which rows of a list are shown.

/// What is asked of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    without: bool,
    key: Option<String>,
    any: Vec<String>,
}

/// What a row offers to a filter: its whole text, and values by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// What the row shows, and its uncut values. Never a hidden value.
    pub text: String,
    /// `app`, `pid`, `role`, `state`, `release`, `rule`, `sev`, `user`, `lib`, `env`, `file`, `addr`, `src`: values by key.
    pub values: Vec<(&'static str, String)>,
}

/// The keys that a term may name.
pub const KEYS: &[&str] = &[
    "app", "pid", "role", "state", "release", "off", "rule", "sev", "user", "lib", "env", "file",
    "addr", "src",
];

impl Filter {
    /// Reads `term -without a|b "two words" key:value`.
    pub fn read(text: &str) -> Self {
        let mut terms = Vec::new();
        let mut word = String::new();
        let mut quoted = false;
        for c in text.chars().chain(std::iter::once(' ')) {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => {
                    if let Some(term) = Term::read(&std::mem::take(&mut word)) {
                        terms.push(term);
                    }
                }
                _ => word.push(c),
            }
        }
        if let Some(term) = Term::read(&word) {
            terms.push(term);
        }
        Self { text: text.to_owned(), terms }
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

impl Term {
    fn read(word: &str) -> Option<Self> {
        let (without, word) = match word.strip_prefix('-') {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, word),
        };
        let (key, value) = match word.split_once(':') {
            Some((key, value)) if KEYS.contains(&key) => (Some(key.to_owned()), value),
            _ => (None, word),
        };
        let any: Vec<String> =
            value.split('|').filter(|v| !v.is_empty()).map(str::to_owned).collect();
        (!any.is_empty()).then_some(Self { without, key, any })
    }

    fn matches(&self, subject: &Subject) -> bool {
        self.any.iter().any(|wanted| match &self.key {
            Some(key) => subject.values.iter().any(|(name, value)| {
                name == key && (holds(value, wanted, true) || value == wanted)
            }),
            None => holds(&subject.text, wanted, false),
        })
    }
}

/// Whether a text holds what is wanted: case counts only if a capital is wanted; `*` stands for anything,
/// and a value (not a whole row) is matched from end to end where a `*` is used.
fn holds(text: &str, wanted: &str, whole: bool) -> bool {
    let fold = |s: &str| {
        if wanted.chars().any(char::is_uppercase) { s.to_owned() } else { s.to_lowercase() }
    };
    let (text, wanted) = (fold(text), fold(wanted));
    if !whole || !wanted.contains('*') {
        return text.contains(&wanted);
    }
    let mut parts = wanted.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut last = "";
    for part in parts {
        last = part;
        match rest.split_once(part) {
            Some((_, after)) if !part.is_empty() => rest = after,
            None => return false,
            _ => {}
        }
    }
    last.is_empty() || rest.is_empty() || text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(filter: &str, text: &str, values: &[(&'static str, &str)]) -> bool {
        let values = values.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        Filter::read(filter).admits(&Subject { text: text.to_owned(), values })
    }

    #[test]
    fn all_terms_must_match_and_none_with_a_minus() {
        assert!(admits("old 9120", "master 9120 old", &[]));
        assert!(!admits("old 9121", "master 9120 old", &[]));
        assert!(!admits("master -old", "master 9120 old", &[]));
        assert!(admits("x|old", "master 9120 old", &[]));
        assert!(admits("\"9120 old\"", "master 9120 old", &[]));
        assert!(!admits("\"old 9120\"", "master 9120 old", &[]));
        assert!(admits("", "anything", &[]));
    }

    #[test]
    fn case_counts_only_with_a_capital() {
        assert!(admits("gemfile", "BUNDLE_GEMFILE", &[]));
        assert!(!admits("Gemfile", "BUNDLE_GEMFILE", &[]));
    }

    #[test]
    fn keys_look_at_their_values_only() {
        let row = [("role", "old"), ("release", "20261119093012")];
        assert!(admits("role:old", "", &row));
        assert!(!admits("role:current", "current", &row));
        assert!(admits("release:2026*12", "", &row));
        assert!(!admits("release:2026*13", "", &row));
        assert!(admits("http://x", "http://x", &row), "an unknown key is plain text");
    }
}
