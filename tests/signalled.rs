//! Signals to the inspector while its terminal lives: whatever ends the program, the terminal is as it was found.

use std::thread::sleep;
use std::time::Duration;

use crate::terminal::{Terminal, opened};

/// What is open when the signal comes.
type Scene = fn(&mut Terminal);

const SCENES: [(&str, Scene); 4] = [
    ("a view", |_| {}),
    ("a dialog", |terminal| {
        terminal.keys("?");
        terminal.until("Help");
    }),
    ("a line that is typed", |terminal| terminal.keys(":sna")),
    ("the mouse", |terminal| {
        terminal.typed(":mouse\r");
        assert!(terminal.is_pointed());
    }),
];

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    for signal in ["HUP", "TERM", "INT", "QUIT"] {
        for (told, scene) in SCENES {
            let mut terminal = opened("xterm-256color", &[], "release-stale");
            terminal.until("release-stale");
            scene(&mut terminal);
            terminal.signal(signal);
            let (status, left) = terminal.end();
            assert!(!status.success(), "{signal}, {told}: {status:?}");
            assert!(left.is_empty(), "{signal}, {told}: left behind {left:?}");
        }
    }
}

#[test]
fn after_a_stop_it_goes_on_and_a_hang_up_still_gives_back() {
    let mut terminal = opened("xterm-256color", &[], "release-stale");
    terminal.until("release-stale");
    for _ in 0..3 {
        terminal.signal("TSTP");
        sleep(Duration::from_millis(200));
        terminal.signal("CONT");
        terminal.typed("");
        terminal.until("release-stale");
    }
    // One that comes while it is stopped is heeded when it goes on.
    terminal.signal("TSTP");
    sleep(Duration::from_millis(200));
    terminal.signal("HUP");
    terminal.signal("CONT");
    let (_, left) = terminal.end();
    assert!(left.is_empty(), "left behind: {left:?}");
}
