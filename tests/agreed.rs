//! The word at the top, the exit status and the JSON say the same of each recorded box, with each bar.

use farrier::contract::{Bar, Severity};
use farrier::rules::headline::{Word, by};
use serde_json::Value;

use crate::recordings::{all, directory, look, read, wish};

/// What the words of a status are; those of a handover go with any but 2 and 3 that nothing explains.
fn words(status: i32) -> &'static [Word] {
    match status {
        0 => &[Word::Fine, Word::Note, Word::Moving],
        1 => &[Word::Wrong, Word::Moving],
        2 => &[Word::Wrong, Word::Down],
        3 => &[Word::Unsure, Word::None, Word::Moving],
        _ => &[],
    }
}

fn farrier(name: &str, more: &[&str]) -> (i32, String) {
    let file = directory().join(format!("{name}.toml"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_farrier"))
        .arg("check")
        .arg("--from")
        .arg(file)
        .args(more)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn word_status_and_json_agree_on_every_recorded_box() {
    for name in all() {
        let replay = read(&name);
        let (census, verdicts) = look(&replay, &wish(&replay));
        for (more, strict) in [(&[][..], false), (&["--strict"], true)] {
            let bar = Bar { threshold: Severity::Warning, strict };
            let word = by(&census, &verdicts, bar).word;
            let (status, text) = farrier(&name, more);
            assert!(words(status).contains(&word), "{name} {more:?}: {word:?} with {status}");
            let first = text.lines().next().unwrap_or_default();
            assert!(first.contains(word.name()), "{name} {more:?}: {word:?} and {first}");
        }
        let (status, json) = farrier(&name, &["--format", "json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        let count = |what: &str| json["summary"][what].as_u64().unwrap();
        let expected = match (count("critical"), count("warning"), count("unknown")) {
            (1.., ..) => 2,
            (0, 1.., _) => 1,
            (0, 0, 1..) => 3,
            _ if census.apps.is_empty() || census.seen.is_partial() => 3,
            _ => 0,
        };
        assert_eq!(status, expected, "{name}: {}", json["summary"]);
    }
}
