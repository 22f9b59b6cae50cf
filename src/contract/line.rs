//! Lines of the headline: they fit into 70 columns by dropping what is said beside, then the times, never the subject.

use unicode_width::UnicodeWidthStr as _;

/// How wide a line of the headline may be.
pub const WIDTH: usize = 70;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Keep,
    Time,
    Aside,
}

/// A line that is being put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(Vec<(Weight, String)>);

impl Line {
    /// Begins with what is never dropped.
    pub fn new(words: impl Into<String>) -> Self {
        Self(vec![(Weight::Keep, words.into())])
    }

    /// More that is never dropped.
    #[must_use]
    pub fn keep(self, words: impl Into<String>) -> Self {
        self.push(Weight::Keep, words)
    }

    /// A time: dropped when the line is too long without its asides.
    #[must_use]
    pub fn time(self, words: impl Into<String>) -> Self {
        self.push(Weight::Time, words)
    }

    /// An aside: dropped first.
    #[must_use]
    pub fn aside(self, words: impl Into<String>) -> Self {
        self.push(Weight::Aside, words)
    }

    fn push(mut self, weight: Weight, words: impl Into<String>) -> Self {
        self.0.push((weight, words.into()));
        self
    }

    fn without(&self, dropped: &[Weight]) -> String {
        let kept = self.0.iter().filter(|(weight, _)| !dropped.contains(weight));
        kept.map(|(_, words)| words.as_str()).collect()
    }

    /// The line, at most `width` columns wide.
    pub fn fit(&self, width: usize) -> String {
        let drops: [&[Weight]; 3] = [&[], &[Weight::Aside], &[Weight::Aside, Weight::Time]];
        let whole = drops.iter().map(|dropped| self.without(dropped));
        let mut last = String::new();
        for line in whole {
            if line.width() <= width {
                return line;
            }
            last = line;
        }
        cut(&last, width)
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.fit(WIDTH)
    }
}

impl From<String> for Line {
    fn from(words: String) -> Self {
        Self::new(words)
    }
}

impl From<&str> for Line {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

/// Cuts on the right, with an ellipsis.
pub fn cut(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut out = String::new();
    for c in line.chars() {
        if out.width() + c.to_string().width() + 1 > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Cuts in the middle, between words, with an ellipsis: a message's end often tells why.
pub fn middle(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let words: Vec<&str> = line.split(' ').collect();
    let room = width.saturating_sub(3);
    let (mut first, mut last) = (String::new(), String::new());
    for word in &words {
        if first.width() + word.width() + 1 > room * 5 / 8 {
            break;
        }
        first.push_str(word);
        first.push(' ');
    }
    for word in words.iter().rev() {
        if first.width() + last.width() + word.width() + 2 > width {
            break;
        }
        last = format!(" {word}{last}");
    }
    if first.is_empty() || last.is_empty() {
        return cut(line, width);
    }
    format!("{first}…{last}")
}

/// Cuts a path on the left, with an ellipsis: its end tells more.
pub fn tail(path: &str, width: usize) -> String {
    let path = path.strip_prefix("releases/").unwrap_or(path);
    if path.width() <= width {
        return path.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut columns = 1;
    for c in path.chars().rev() {
        columns += c.to_string().width();
        if columns > width {
            break;
        }
        kept.push(c);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).collect()
}

/// A release's name in a sentence: timestamps whole, a long revision cut.
pub fn named(release: &str) -> String {
    cut(release, 14)
}

/// A length of time in a sentence: coarse, so that a sentence does not change with every look.
pub fn age(seconds: u64) -> String {
    match seconds {
        0..=9 => "under 10 s".into(),
        10..=179 => format!("{} s", seconds / 10 * 10),
        180..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `1 worker`, `4 workers`.
pub fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Bytes in a sentence, with one digit after the point where it says something.
pub fn bytes(size: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")];
    for (unit, letter) in UNITS {
        if size >= unit {
            let tenths = size / (unit / 10).max(1);
            return if tenths < 100 {
                format!("{}.{}{letter}", tenths / 10, tenths % 10)
            } else {
                format!("{}{letter}", size / unit)
            };
        }
    }
    format!("{size}B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asides_go_first_then_times_and_the_subject_stays() {
        let line = Line::new("shop serves").aside(" (beside)").time(" for 2 d").keep(" on");
        assert_eq!(line.fit(70), "shop serves (beside) for 2 d on");
        assert_eq!(line.fit(25), "shop serves for 2 d on");
        assert_eq!(line.fit(15), "shop serves on");
        assert_eq!(line.fit(8), "shop se…");
    }

    #[test]
    fn a_message_keeps_its_end() {
        let why = "old PID:9120 running with /srv/pids/unicorn.pid.oldbin, refusing rexec";
        assert_eq!(middle(why, 37), "old PID:9120 running … refusing rexec");
        assert_eq!(middle("in the way", 37), "in the way");
        assert_eq!(middle("oneverylongwordthatdoesnotfit", 8), "onevery…");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(bytes(512), "512B");
        assert_eq!(bytes(3 << 30), "3.0G");
        assert_eq!(bytes(188 << 20), "188M");
    }

    #[test]
    fn ages_have_one_unit() {
        assert_eq!(age(120), "120 s");
        assert_eq!(age(7_199), "119 min");
        assert_eq!(age(172_800), "2 d");
    }
}
