//! Every key in every view, in a real terminal, at three sizes: nothing panics, the frame stands, what the footer names
//! works, and `q` leaves the terminal as it was found.

use std::path::Path;
use std::thread::{self, sleep};
use std::time::Duration;

use crossterm::event::KeyCode;
use farrier::tui::keys::{Action, BINDINGS, Key, Scope};

use crate::terminal::Terminal;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A view: the keys that lead there from any other, and what stands on the screen then.
struct Way(&'static str, &'static str);

/// The views of every box.
const VIEWS: &[Way] = &[
    // From the first row: on an empty box others open a recording.
    Way("21g", "[1 "),
    Way("12", "[2 "),
    Way("13", "[3 "),
    Way("14", "[4 "),
    Way("15", "[5 "),
    Way("16", "[6 "),
    Way("17", "[7 "),
    Way("18", "[8 "),
    Way("19", "[9 "),
    Way("10", "[0 "),
    Way("1t", "newest on top"),
    Way("1u", "Upgrade"),
];

/// Those that only a box with findings has.
const FINDING: &[Way] = &[Way("3n", "LEADS TO"), Way("3nx", "Rule \u{203a}")];

/// What lies above the views: the keys that open it, and what its last line says.
const ABOVE: &[Way] = &[
    Way("1a", "Enter press"),
    Way("9s", "Enter press"),
    Way("1/", "Enter keep"),
    Way("1:", "Enter keep"),
    Way("1?", "/ search"),
];

/// What a terminal sends for a key.
fn bytes(key: Key) -> String {
    let code = match key.code {
        KeyCode::Char(letter) if key.ctrl => return char::from(letter as u8 & 0x1f).to_string(),
        KeyCode::Char(letter) => return letter.to_string(),
        KeyCode::Enter => "\r",
        KeyCode::Tab => "\t",
        KeyCode::BackTab => "\x1b[Z",
        KeyCode::Backspace => "\x7f",
        KeyCode::Up => "\x1b[A",
        KeyCode::Down => "\x1b[B",
        KeyCode::Right => "\x1b[C",
        KeyCode::Left => "\x1b[D",
        KeyCode::Home => "\x1b[H",
        KeyCode::End => "\x1b[F",
        KeyCode::PageUp => "\x1b[5~",
        KeyCode::PageDown => "\x1b[6~",
        other => panic!("no bytes for {other:?}"),
    };
    code.to_owned()
}

/// The keys of all views, but those that end or stop the program, Esc, which has to stand alone for a while, and Ctrl-L,
/// which follows every other.
fn bound() -> Vec<Key> {
    BINDINGS
        .iter()
        .filter(|b| !matches!(b.scope, Scope::Dialog | Scope::Line))
        .filter(|b| {
            !matches!(b.action, Action::Quit | Action::Suspend | Action::Escape | Action::Repaint)
        })
        .flat_map(|b| b.keys.iter().copied())
        .collect()
}

/// What is bound to nothing: the rest of the keyboard.
fn unbound() -> Vec<String> {
    let bound = BINDINGS.iter().flat_map(|b| b.keys).copied().collect::<Vec<_>>();
    let letters =
        (b'!'..=b'~').map(char::from).map(|c| Key { code: KeyCode::Char(c), ctrl: false });
    // Not those that a terminal cannot tell from Enter, Tab and Esc.
    let held = "aefgknoprstvwxy\\]^_".chars().map(|c| Key { code: KeyCode::Char(c), ctrl: true });
    let free = letters.chain(held).filter(|key| !bound.contains(key)).map(bytes);
    let more =
        ["\x1bOP", "\x1b[15~", "\x1b[24~", "\x1b[2~", "\x1b[3~", "\x1b[1;2A", "\x1bx", "é", "漢"];
    free.chain(more.map(str::to_owned)).collect()
}

/// The bar stands at the top, the keys at the foot.
fn framed(screen: &str, rows: u16, after: &str) {
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), usize::from(rows), "after {after}:\n{screen}");
    assert!(lines[0].contains("farrier") && lines[0].contains('✗'), "after {after}:\n{screen}");
    assert!(!lines[lines.len() - 1].trim().is_empty(), "no keys after {after}:\n{screen}");
}

/// What lies above the views is closed again.
fn cleared(terminal: &mut Terminal, mut screen: String) -> String {
    loop {
        let foot = screen.lines().last().unwrap_or_default();
        let close = match foot {
            _ if foot.contains("Esc cancel") => "b",
            _ if foot.starts_with(" Enter keep") => "\x03",
            _ => return screen,
        };
        // A dialog is deaf for a moment after it opens.
        sleep(Duration::from_millis(40));
        screen = terminal.typed(close);
    }
}

/// Goes to a view.
fn entered(terminal: &mut Terminal, Way(keys, shown): &Way, after: &str) -> String {
    let screen = terminal.typed(keys);
    assert!(screen.contains(shown), "{keys} after {after} does not lead to {shown}:\n{screen}");
    screen
}

/// Compares two processes; the mark stays from then on, unless it is pressed away.
fn compared(terminal: &mut Terminal, after: &str) -> String {
    let mut screen = terminal.typed("3d");
    for _ in 0..4 {
        if screen.contains("\u{203a} Diff") {
            return screen;
        }
        // The tree's first row is an app, its last a worker. Where the findings have the cursor, Tab gives it back.
        let told = terminal.typed("1\tgm");
        if !["is marked; d", " marked: "].iter().any(|words| told.contains(words)) {
            terminal.typed("m");
        }
        screen = terminal.typed("Gd");
    }
    panic!("no comparison after {after}:\n{screen}");
}

/// The entries of the last line, as keys.
fn named(screen: &str) -> Vec<Key> {
    let foot = screen.lines().last().unwrap_or_default();
    let key = |entry: &str| entry.split(' ').next().and_then(|word| word.parse().ok());
    foot.trim().split("  ").map(|entry| key(entry).unwrap_or_else(|| panic!("{entry:?}"))).collect()
}

/// What the footer names does something: the screen is another one, and no message says that there is nothing to do it to.
fn promised(terminal: &mut Terminal, boxed: &str, mut enter: impl FnMut(&mut Terminal) -> String) {
    let below = |screen: &str| screen.lines().skip(1).collect::<Vec<_>>().join("\n");
    // What ends the program is pressed at the end.
    let ends = Key { code: KeyCode::Char('q'), ctrl: false };
    for key in named(&enter(terminal)).into_iter().filter(|key| *key != ends) {
        let before = enter(terminal);
        if !named(&before).contains(&key) {
            continue;
        }
        let after = terminal.typed(&alone(key));
        let told = format!("{key} in {boxed}:\n{before}\n{after}");
        assert_ne!(below(&before), below(&after), "nothing came of {told}");
        for words in ["does nothing", "there is no", "keeps its order", "select a finding first"] {
            let message = after.lines().rev().nth(1).unwrap_or_default();
            assert!(!message.contains(words), "the footer promises {told}");
        }
        cleared(terminal, after);
    }
}

/// The bytes of a key that may be followed by others at once.
fn alone(key: Key) -> String {
    // Esc and what follows would be a key with Alt: it is given as its sequence in the protocol of newer terminals.
    if key.code == KeyCode::Esc { "\x1b[27u".into() } else { bytes(key) }
}

/// Each key in a view, from that view.
fn pressed(terminal: &mut Terminal, rows: u16, keys: &[String], way: &str) {
    for key in keys {
        let screen = terminal.typed(&format!("{way}{key}"));
        framed(&screen, rows, &format!("{key:?} after {way:?}"));
        cleared(terminal, screen);
    }
}

/// Each key while something lies above the views.
fn pressed_above(terminal: &mut Terminal, rows: u16, keys: &[String], Way(opens, foot): &Way) {
    let mut screen = String::new();
    for key in keys {
        if !screen.lines().last().unwrap_or_default().contains(foot) {
            let now = terminal.typed("");
            cleared(terminal, now);
            screen = terminal.typed(opens);
            assert!(screen.lines().last().unwrap_or_default().contains(foot), "{opens}:\n{screen}");
            // A dialog is deaf for a moment after it opens.
            sleep(Duration::from_millis(160));
        }
        screen = terminal.typed(key);
        framed(&screen, rows, &format!("{key:?} above {opens:?}"));
    }
    cleared(terminal, screen);
}

fn every_key(terminal: &mut Terminal, rows: u16, boxed: &str) {
    let (findings, several) = (boxed == "gemfile-missing", boxed == "odd-two-apps");
    let bound: Vec<String> = bound().into_iter().map(bytes).collect();
    let others = unbound();
    let mut ways: Vec<&Way> = VIEWS.iter().collect();
    if several {
        // What several apps make different.
        ways.retain(|Way(keys, _)| ["21g", "1t"].contains(keys));
    }
    if findings {
        ways.extend(FINDING);
    }
    for (at, way) in ways.iter().enumerate() {
        let mut keys = bound.clone();
        // What is bound to nothing is so at every size.
        if findings && rows == 24 {
            keys.extend(others.iter().skip(at).step_by(ways.len()).cloned());
        }
        promised(terminal, boxed, |terminal| entered(terminal, way, "a promise"));
        entered(terminal, way, "a promise");
        pressed(terminal, rows, &keys, way.0);
    }
    if several {
        promised(terminal, boxed, |terminal| compared(terminal, "a promise"));
        for key in &bound {
            compared(terminal, key);
            pressed(terminal, rows, std::slice::from_ref(key), "");
        }
    }
    if findings && rows == 24 {
        let keys: Vec<String> = bound.iter().chain(&others).cloned().collect();
        for way in ABOVE {
            pressed_above(terminal, rows, &keys, way);
        }
    }
}

#[test]
fn every_key_in_every_view() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    thread::scope(|scope| {
        for (columns, rows) in SIZES {
            // One after the other, which leaves the other tests their part of the machine. An empty box looks the same at
            // every size but for its width.
            let boxes = ["gemfile-missing", "odd-two-apps", "odd-empty"];
            scope.spawn(move || {
                for boxed in boxes.into_iter().take(if rows == 24 { 3 } else { 2 }) {
                    let file = home.join(format!("tests/recordings/{boxed}.toml"));
                    let farrier = env!("CARGO_BIN_EXE_farrier");
                    let words = ["env", "TZ=UTC", farrier, "--from", file.to_str().unwrap()];
                    let mut terminal = Terminal::start(&words, columns, rows, "xterm-256color");
                    terminal.until("NEXT");
                    every_key(&mut terminal, rows, boxed);
                    terminal.keys("q");
                    let (status, left) = terminal.end();
                    assert!(status.success() && left.is_empty(), "{boxed}: {status:?} {left:?}");
                }
            });
        }
    });
}
