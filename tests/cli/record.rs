//! `record`: looks in one new file, that any command reads again; ended by time or by the operator.

use std::process::Stdio;
use std::time::Duration;

use farrier::os::replay::Replay;
use farrier::os::{Ask, Source as _};

use super::{farrier, json, run};

fn read(path: &str) -> Replay {
    Replay::read(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn looks_are_recorded_until_the_time_is_over() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("night.toml");
    let file = file.to_str().unwrap();
    let (status, out, complaint) = run(&["record", "-o", file, "--refresh", "0.2", "--for", "1"]);
    assert_eq!((status, complaint.as_str()), (0, ""));
    let replay = read(file);
    assert!((2..=6).contains(&replay.looks()), "{}", replay.looks());
    assert!(
        out.contains(&format!("{} looks", replay.looks())) && out.contains("taken out"),
        "{out}"
    );
    let clock = |look| {
        replay.go_to(look);
        replay.ask_one(Ask::Clock)
    };
    let (first, last) = (clock(0), clock(replay.looks() - 1));
    assert!(first.is_ok() && first != last);
    assert_eq!(clock(0), first, "one can go back");
    assert_eq!(json(&["tree", "--from", file]).0, 0);
    let (status, _, complaint) = run(&["record", "-o", file, "--for", "1"]);
    assert_eq!(status, 3);
    assert!(complaint.contains("there is such a file already"), "{complaint}");
    assert_eq!(read(file).looks(), replay.looks(), "what is there is left as it is");
}

#[test]
fn what_was_recorded_is_written_when_the_operator_ends_it() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("night.toml");
    let arguments = ["record", "-o", file.to_str().unwrap(), "--refresh", "60"];
    let child = farrier(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    // The file is made when the signals are heeded already; the first look is taken in any case.
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(read(file.to_str().unwrap()).looks(), 1);
}

#[test]
fn later_looks_hold_only_what_differs() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("two.toml");
    let file = file.to_str().unwrap();
    assert_eq!(run(&["record", "-o", file, "--refresh", "0.3", "--for", "4"]).0, 0);
    let text = std::fs::read_to_string(file).unwrap();
    let frames: Vec<usize> = text.split("[[frame]]").skip(1).map(str::len).collect();
    assert!(frames.len() > 1 && frames[1] < frames[0], "{frames:?}");
}

#[test]
fn a_recording_is_made_of_a_machine() {
    for arguments in [
        &["record"][..],
        &["record", "-o", "x", "--from", "y"],
        &["record", "-o", "x", "--for", "0"],
        &["snapshot", "--from", "y"],
    ] {
        assert_eq!(run(arguments).0, 64, "{arguments:?}");
    }
}
