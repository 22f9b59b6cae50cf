//! The words for numbers, ages, times and marks (`screens.md` §4).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::contract::Severity;
use crate::model::{Census, Kind, Role};
use crate::os::Pid;
use crate::servers::server;

pub use super::columns::{cut, fit, fit_value, left, phrase, release, right, width};

/// A sign of one column, in its two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say what the sign means")]
pub enum Mark {
    Critical,
    Warning,
    Info,
    Fine,
    Unknown,
    Hint,
    Hidden,
    Differs,
    Follows,
    Folded,
    Unfolded,
    Ghost,
    Selected,
    Cut,
    AtLeast,
    Onward,
    Rule,
    Branch,
    LastBranch,
    Trunk,
    JointBelow,
    JointAbove,
}

/// Whether the terminal takes the signs of the first form; `--ascii`, a locale without UTF-8 and TERM=linux ask for the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Signs beyond ASCII.
    #[default]
    Unicode,
    /// ASCII only.
    Ascii,
}

/// Each sign beyond ASCII that farrier itself draws, with what stands for it in ASCII.
/// One column each, so that the layout is the same in both forms.
const FORMS: &[(char, char)] = &[
    ('✗', 'X'),
    ('▲', '!'),
    ('·', 'i'),
    ('✓', '+'),
    ('•', '*'),
    ('≠', '#'),
    ('↳', '\\'),
    ('▸', '>'),
    ('▾', 'v'),
    ('×', 'x'),
    ('●', '*'),
    ('═', '='),
    ('─', '-'),
    ('│', '|'),
    ('├', '+'),
    ('└', '+'),
    ('┌', '+'),
    ('┐', '+'),
    ('┘', '+'),
    ('┬', '+'),
    ('┴', '+'),
    ('▁', '_'),
    ('▂', '.'),
    ('▃', '-'),
    ('▄', '='),
    ('▅', '+'),
    ('▆', '*'),
    ('▇', '#'),
    ('…', '^'),
    ('≥', '>'),
    ('›', '>'),
    ('↑', '^'),
    ('↓', 'v'),
];

impl Mark {
    /// The sign.
    pub fn sign(self) -> char {
        match self {
            Self::Critical => '✗',
            Self::Warning => '▲',
            Self::Info => '·',
            Self::Fine => '✓',
            Self::Unknown => '?',
            Self::Hint => '~',
            Self::Hidden => '•',
            Self::Differs => '≠',
            Self::Follows => '↳',
            Self::Folded => '▸',
            Self::Unfolded => '▾',
            Self::Ghost => '×',
            Self::Selected => '>',
            Self::Cut => '…',
            Self::AtLeast => '≥',
            Self::Onward => '›',
            Self::Rule => '─',
            Self::Branch => '├',
            Self::LastBranch => '└',
            Self::Trunk => '│',
            Self::JointBelow => '┬',
            Self::JointAbove => '┴',
        }
    }
}

impl From<Severity> for Mark {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical => Self::Critical,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Info,
        }
    }
}

impl Form {
    /// One sign in this form; a character that farrier does not draw by itself stays as it is.
    pub fn sign(self, sign: char) -> char {
        match self {
            Self::Unicode => sign,
            Self::Ascii => FORMS.iter().find(|form| form.0 == sign).map_or(sign, |form| form.1),
        }
    }

    /// A text in this form. In ASCII a character from outside becomes an escape, which is wider.
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Unicode => text.to_owned(),
            Self::Ascii => text
                .chars()
                .map(|c| self.sign(c))
                .flat_map(|c| {
                    let plain = c.is_ascii().then_some(c);
                    let escape = (!c.is_ascii()).then(|| c.escape_unicode());
                    plain.into_iter().chain(escape.into_iter().flatten())
                })
                .collect(),
        }
    }
}

/// Whether a server passes requests on to others.
pub fn is_proxy(kind: Kind) -> bool {
    server(kind).is_some_and(crate::contract::Server::is_proxy)
}

/// What an app's row says of its server: a proxy bears its server's name already.
pub fn served_by(kind: Kind) -> &'static str {
    if is_proxy(kind) { "proxy" } else { kind.name() }
}

/// The word for a role in a column of eight: `duplicate` is `dup` there.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Duplicate => "dup",
        other => other.name(),
    }
}

/// How far a release is from the one that `current` names: `=`, `-2`, `+1`.
pub fn offset(offset: i64) -> String {
    match offset {
        0 => "=".into(),
        ahead if ahead > 0 => format!("+{ahead}"),
        behind => behind.to_string(),
    }
}

/// An age in at most four columns: `now`, `10s`, `119m`, `47h`, `99d`, `15w`, `2y`.
/// Coarse, so that a screen on which nothing happens does not change.
pub fn age(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..=9 => "now".into(),
        s if s < 2 * MINUTE => format!("{}s", s / 10 * 10),
        s if s < 2 * HOUR => format!("{}m", s / MINUTE),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 100 * DAY => format!("{}d", s / DAY),
        s if s < 730 * DAY => format!("{}w", s / (7 * DAY)),
        s => format!("{}y", s / (365 * DAY)),
    }
}

/// A time that went by while somebody waited: `23 s`, `4 m 10 s`, `2 h 5 m`.
pub fn elapsed(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} m {} s", seconds % 60),
        _ => format!("{hours} h {} m", minutes % 60),
    }
}

/// A moment, coarser the longer ago: today `23:10:57`, this year `19 Nov 09:31`, older `2025-11-19`.
pub fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = if at.date() == now.date() {
        "%H:%M:%S"
    } else if at.year() == now.year() {
        "%-d %b %H:%M"
    } else {
        "%Y-%m-%d"
    };
    at.strftime(form).to_string()
}

/// A moment with its day, whenever it was: `21 Nov 22:41`, older `2025-11-19`.
pub fn date(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let form = if at.year() == now.year() { "%-d %b %H:%M" } else { "%Y-%m-%d" };
    at.strftime(form).to_string()
}

/// The same without seconds, for sentences: `22:41`, `19 Nov 09:31`, `2025-11-19`.
pub fn time_in_words(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let same_day = at.to_zoned(zone.clone()).date() == now.to_zoned(zone.clone()).date();
    if same_day {
        at.to_zoned(zone.clone()).strftime("%H:%M").to_string()
    } else {
        time(at, now, zone)
    }
}

/// An amount of memory in at most five columns, powers of 1,024: `0K`, `58M`, `1.0G`, `12G`.
pub fn memory(bytes: u64) -> String {
    const K: u64 = 1024;
    let units = [("K", K), ("M", K * K), ("G", K * K * K), ("T", K * K * K * K)];
    // Four digits are for the next unit: `1.0G`, not `1019M`.
    let fits = |size: u64| bytes >= size - size / 1024 * 24;
    let (unit, size) = units.into_iter().rev().find(|(_, size)| fits(*size)).unwrap_or(("K", K));
    let tenths = (u128::from(bytes) * 10 + u128::from(size) / 2) / u128::from(size);
    if matches!(unit, "G" | "T") && tenths < 100 {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    } else {
        format!("{}{unit}", bytes / size)
    }
}

/// Connections that wait, of how many may: `0/2048`.
pub fn queue(queued: u32, backlog: u32) -> String {
    format!("{queued}/{backlog}")
}

/// A count: to 9999, then in thousands and millions.
pub fn count(number: u64) -> String {
    match number {
        0..=9_999 => number.to_string(),
        10_000..=9_999_999 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// A number with its noun: `1 worker`, `4 workers`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `1 process`, `3 processes`.
pub fn processes(number: usize) -> String {
    if number == 1 { "1 process".into() } else { format!("{number} processes") }
}

/// Directories in which a server's files may lie and that were not read, a sentence; `None`: there are none.
pub fn closed(census: &Census) -> Option<String> {
    let all = &census.seen.closed;
    let (first, why) = all.first()?;
    let others = match all.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more like it"),
    };
    Some(format!("{}{others}: {why}. sudo farrier reads more", crate::os::shown(first)))
}

/// Several pids as a sentence has them: `14740`, `14740 and 9120`, `14740, 9120 and 3`.
pub fn pids(pids: &[Pid]) -> String {
    match pids {
        [] => "none".into(),
        [one] => one.to_string(),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(ToString::to_string).collect();
            format!("{} and {last}", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ages_are_coarse() {
        let seconds = [0, 9, 10, 119, 120, 7199, 7200, 172_799, 172_800, 8_640_000, 63_072_000];
        let words: Vec<String> = seconds.into_iter().map(age).collect();
        assert_eq!(
            words,
            ["now", "now", "10s", "110s", "2m", "119m", "2h", "47h", "2d", "14w", "2y"]
        );
    }

    #[test]
    fn times_are_coarser_the_longer_ago() {
        let now: Timestamp = "2026-11-21T23:10:57Z".parse().unwrap();
        let shown = |at: &str| time(at.parse().unwrap(), now, &TimeZone::UTC);
        assert_eq!(shown("2026-11-21T22:41:38Z"), "22:41:38");
        assert_eq!(shown("2026-11-09T09:31:00Z"), "9 Nov 09:31");
        assert_eq!(shown("2025-11-19T09:31:00Z"), "2025-11-19");
    }

    #[test]
    fn memory_keeps_five_columns() {
        let m = 1024 * 1024;
        assert_eq!(memory(58 * m), "58M");
        assert_eq!(memory(1019 * m), "1.0G");
        assert_eq!(memory(999 * m), "999M");
        assert_eq!(memory(1024 * m), "1.0G");
        assert_eq!(memory(12 * 1024 * m), "12G");
        assert_eq!(memory(10 * 1024 * m - 1), "9G");
        assert_eq!(memory(0), "0K");
    }

    #[test]
    fn a_path_keeps_its_release_and_its_end() {
        let path = "/var/www/shop/releases/20261101120000/vendor/bundle/Gemfile";
        assert_eq!(fit(path, 80, None), path);
        assert_eq!(fit(path, 49, None), "…/releases/20261101120000/vendor/bundle/Gemfile");
        assert_eq!(fit(path, 40, None), "…/20261101120000/vendor/bundle/Gemfile");
        assert_eq!(fit(path, 28, None), "…/20261101120000/…/Gemfile");
        assert_eq!(fit(path, 14, Some("-4")), "-4/…/Gemfile");
        assert_eq!(fit("/etc/unicorn/shop.conf.rb", 20, None), "…/shop.conf.rb");
    }

    #[test]
    fn a_sentence_is_cut_before_a_number_not_within() {
        let text = "9120 and its 4 workers still serve 20261114160544";
        assert_eq!(phrase(text, 60), text);
        assert_eq!(phrase(text, 46), "9120 and its 4 workers still serve …");
        assert_eq!(phrase(text, 24), "9120 and its 4 workers …");
        assert_eq!(phrase(text, 22), "9120 and its 4 worker…");
        assert_eq!(phrase("20261114160544", 6), "…");
    }

    #[test]
    fn ascii_has_no_other_character() {
        assert_eq!(Form::Ascii.text("▲ é › …"), "! \\u{e9} > ^");
        assert!(FORMS.iter().all(|(_, plain)| plain.is_ascii_graphic()));
    }

    proptest! {
        #[test]
        fn a_column_is_never_wider_than_it_is(text in "[a-zé漢/…0-9]{0,60}", columns in 0usize..50) {
            prop_assert!(width(&left(&text, columns)) <= columns.max(1));
            prop_assert!(width(&phrase(&text, columns)) <= columns);
            prop_assert!(width(&fit(&text, columns, Some("-1"))) <= columns);
            prop_assert_eq!(width(&right("123456", columns)), columns);
        }
    }
}
