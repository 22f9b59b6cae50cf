//! A question of a command that sends, and what ends it: an answer, the end of input, a signal. Nothing is sent then, and
//! the lock is free.

use super::site::App;
use super::upgraded::{shop, site};
use super::world::{Lab, program};
use crate::terminal::Terminal;

/// The commands that ask, and a piece of their questions.
const ASKING: [(&[&str], &str); 4] = [
    (&["upgrade", "shop"], "[upgrade/cancel]"),
    (&["do", "add-worker", "shop"], "[send/cancel]"),
    (&["signal", "HUP", "shop"], "[send/cancel]"),
    (&["do", "stop", "shop"], "type the name of the app"),
];

/// What ends a question, and with which status.
const ENDS: [(&str, u32); 6] =
    [("\x03", 4), ("\x04", 3), ("\r", 3), ("INT", 4), ("TERM", 4), ("HUP", 4)];

/// The program, where an interrupt from the keyboard ends it and not what leads into the lab.
fn typed(lab: &Lab, words: &[&str]) -> Terminal {
    let mut all: Vec<String> =
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"].map(Into::into).into();
    all.extend(lab.entrance());
    all.push(program().to_str().unwrap().to_owned());
    all.extend(words.iter().map(|word| (*word).to_owned()));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Terminal::start(&all, 120, 30, "xterm")
}

#[test]
fn the_first_interrupt_ends_a_question_and_nothing_is_sent() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App::default());
    let workers = shop(&lab).workers(old);
    for (words, question) in ASKING {
        for (end, status) in ENDS {
            let mut terminal = typed(&lab, words);
            terminal.until(question);
            if end.len() > 1 {
                lab.sh(&format!("pkill -{end} -x farrier"));
            } else {
                terminal.keys(end);
            }
            if status == 4 {
                terminal.until("nothing was sent");
            }
            let (ended, left) = terminal.end();
            assert_eq!(ended.exit_code(), status, "{words:?}, {end:?}");
            assert!(left.is_empty(), "{words:?}, {end:?}: {left:?}");
            assert!(!lab.read("/proc/locks").contains("FLOCK"), "{words:?}, {end:?}: locked");
        }
    }
    assert!(lab.lives(old) && shop(&lab).workers(old) == workers, "nothing was sent");
}
