//! Several recordings in a real terminal: the list in front, a machine opened, left and found again as it was left.

use crate::terminal::Terminal;

#[test]
fn each_machine_is_found_as_it_was_left() {
    let recording =
        |name: &str| format!("{}/tests/recordings/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    let (fine, down) = (recording("healthy"), recording("master-dead"));
    let wrong = recording("release-stale");
    let program = env!("CARGO_BIN_EXE_farrier");
    let words = [program, "--from", &recording("is-not-there"), &fine, &down, &wrong];
    let mut terminal = Terminal::start(&words, 80, 24, "xterm-256color");
    terminal.until("DOWN   shop: no master lives");
    terminal.until("is-not-there");
    terminal.until("2 of 4");
    terminal.keys("\r");
    terminal.until("3 of 4");
    terminal.until("WHY    shared/pids/unicorn.pid names");
    terminal.keys("2");
    terminal.until("pidfile-stale");
    terminal.keys("@");
    terminal.until("4 hosts, the worst first");
    terminal.keys("G\r");
    terminal.until("FINE");
    terminal.until("2 of 4");
    terminal.keys("b");
    terminal.until("4 hosts, the worst first");
    terminal.keys("g\r");
    terminal.until("[2 Find]");
    terminal.until("3 of 4");
    // What was asked for here holds on a machine that is opened anew, too.
    terminal.typed("@:mouse\r");
    assert!(terminal.is_pointed());
    terminal.typed("gj\r");
    terminal.until("WRONG");
    assert!(terminal.is_pointed(), "the mouse is farrier's on each");
    terminal.keys("q");
    assert!(terminal.end().0.success());
}
