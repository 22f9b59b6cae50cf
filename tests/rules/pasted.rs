//! Commands as bash reads them: whatever an app is named, a printed command has the words that are meant.

use std::process::Command;

use farrier::contract::quote::{farrier, quoted, word};
use proptest::prelude::*;

/// The words that bash makes of a line.
fn words(line: &str) -> Vec<Vec<u8>> {
    let script = format!("printf '%s\\0' {line}");
    let ran = Command::new("bash").args(["--norc", "-c", &script]).env_clear().output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{line}: {ran:?}");
    let mut words: Vec<Vec<u8>> = ran.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    words.pop();
    words
}

/// Names that somebody chose to do harm.
const HOSTILE: &[&str] = &[
    "/srv/a;touch /tmp/b",
    "/srv/a;touch ${IFS}PWNED1 $(touch PWNED2) `touch PWNED3`",
    "/srv/it's",
    "/srv/\"x\"",
    "/srv/a\nb",
    "/srv/a\\x0ab",
    "/srv/a&b|c>d<e",
    "/srv/*?[a]{b,c}~",
    "~root",
    "-rf",
    "--yes",
    "- x",
    "#x",
    "/srv/shop#/run/a.pid",
    "!!",
    "a=b",
    "",
    "/srv/grüße",
    "/srv/\u{202e}x",
];

#[test]
fn hostile_names_stay_one_word() {
    for name in HOSTILE {
        let found = words(&farrier("do retire", name));
        let (last, first) = found.split_last().unwrap();
        assert_eq!(last, name.as_bytes(), "{name:?}");
        let dashed = if name.starts_with('-') { &["--"][..] } else { &[] };
        let expected: Vec<&[u8]> =
            [&["farrier", "do", "retire"], dashed].concat().iter().map(|w| w.as_bytes()).collect();
        assert_eq!(first, expected, "{name:?}");
        let line = farrier("watch", name);
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_word_and_any_path_stays_what_it_is(text in "[^\0]{0,12}", bytes in proptest::collection::vec(1..=255u8, 0..12)) {
        use std::os::unix::ffi::OsStrExt as _;
        prop_assert_eq!(words(&word(&text)), [text.as_bytes()]);
        let path = std::path::Path::new(std::ffi::OsStr::from_bytes(&bytes));
        prop_assert_eq!(words(&quoted(path)), [bytes]);
    }
}
