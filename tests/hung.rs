//! Paths of the command line and of the environment on file systems that stop answering: farrier says so, in time, and its
//! own process never waits where nothing can end it.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fuse::{Hung, Silent};

const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/healthy.toml");

/// How long it may take, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(8);

/// Runs farrier; it has to end by itself, and must not be seen waiting for a disk again and again.
fn run(words: &[&str], with: &[(&str, &Path)], directory: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farrier"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.envs(with.iter().copied());
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    let mut child = command.spawn().unwrap();
    let (start, mut stuck) = (Instant::now(), 0);
    while child.try_wait().unwrap().is_none() {
        let line =
            std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        let state = line.rsplit(") ").next().and_then(|rest| rest.chars().next());
        stuck = if state == Some('D') { stuck + 1 } else { 0 };
        assert!(stuck < 40, "{words:?} {with:?}: it hangs where nothing ends it");
        assert!(start.elapsed() < PATIENCE, "{words:?} {with:?}: it does not end");
        sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn a_home_that_does_not_answer_leaves_farrier_to_look() {
    for silent in Silent::EACH {
        let hung = Hung::new(silent);
        for name in ["HOME", "XDG_CONFIG_HOME"] {
            let with = [(name, hung.directory())];
            let output = run(&["check", "--from", RECORDING], &with, None);
            assert_eq!(output.status.code(), Some(0), "{silent:?} {name}: {output:?}");
        }
    }
}

#[test]
fn a_zone_that_does_not_answer_is_utc() {
    for silent in [Silent::All, Silent::Open, Silent::Read] {
        let hung = Hung::new(silent);
        let zone = hung.path("a.zone");
        let output = run(&["check", "--from", RECORDING], &[("TZ", &zone)], None);
        assert_eq!(output.status.code(), Some(0), "{silent:?}: {output:?}");
    }
}

#[test]
fn a_file_that_was_named_is_told_when_it_does_not_answer() {
    for silent in [Silent::All, Silent::Lookup, Silent::Open, Silent::Read] {
        let hung = Hung::new(silent);
        let path = hung.path("a.toml");
        let named = path.to_str().unwrap();
        for words in [
            &["check", "--from", named][..],
            &["diff", named, RECORDING],
            &["diff", RECORDING, named],
            &["tree", "--from", named],
            &["check", "--from", RECORDING, "--config", named],
        ] {
            let output = run(words, &[], None);
            assert_eq!(output.status.code(), Some(3), "{silent:?} {words:?}: {output:?}");
            assert!(told(&output).contains("a.toml"), "{silent:?} {words:?}: {output:?}");
        }
    }
}

#[test]
fn what_is_to_be_written_is_told_when_it_does_not_answer() {
    for silent in [Silent::All, Silent::Lookup, Silent::Open] {
        let hung = Hung::new(silent);
        let (path, new) = (hung.path("a.log"), hung.path("new"));
        let (log, new) = (path.to_str().unwrap(), new.to_str().unwrap());
        for words in [
            &["check", "--from", RECORDING, "--log", log][..],
            &["snapshot", "-o", new],
            &["record", "-o", new, "--for", "1"],
        ] {
            let output = run(words, &[], None);
            assert_eq!(output.status.code(), Some(74), "{silent:?} {words:?}: {output:?}");
            assert!(
                told(&output).contains(words.iter().rfind(|w| w.starts_with('/')).unwrap()),
                "{output:?}"
            );
        }
    }
    // A log that takes no line is given up, and nothing else.
    let hung = Hung::new(Silent::Write);
    let log = hung.path("a.log");
    let output = run(&["check", "--from", RECORDING, "--log", log.to_str().unwrap()], &[], None);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_proc_that_does_not_answer_is_unknown() {
    for silent in Silent::EACH {
        let hung = Hung::new(silent);
        for place in [hung.directory(), &hung.path("proc")] {
            let output = run(&["check", "--proc", place.to_str().unwrap()], &[], None);
            assert_eq!(output.status.code(), Some(3), "{silent:?}: {output:?}");
        }
    }
}

#[test]
fn a_target_and_a_directory_that_do_not_answer_are_no_reason_to_wait() {
    for silent in Silent::EACH {
        let hung = Hung::new(silent);
        let target = hung.path("app");
        let output = run(&["check", target.to_str().unwrap()], &[], None);
        assert_ne!(output.status.code(), Some(0), "{silent:?}: {output:?}");
    }
    // Whoever stands in it can still look, and name what lies elsewhere.
    let hung = Hung::new(Silent::Read);
    let output = run(&["check", "--from", RECORDING], &[], Some(hung.directory()));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let output = run(&["check", "--from", "a.toml"], &[], Some(hung.directory()));
    assert_eq!(output.status.code(), Some(3), "{output:?}");
}

#[test]
fn a_pipe_without_a_writer_is_a_file_that_does_not_answer() {
    let place = tempfile::tempdir().unwrap();
    let pipe = place.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let pipe = pipe.to_str().unwrap();
    for words in [&["check", "--from", pipe][..], &["diff", RECORDING, pipe]] {
        let output = run(words, &[], None);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {output:?}");
    }
    let output = run(&["check", "--from", RECORDING, "--log", pipe], &[], None);
    assert_eq!(output.status.code(), Some(74), "{output:?}");
}
