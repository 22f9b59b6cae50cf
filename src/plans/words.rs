//! The few phrases that every plan needs: signal names, the receiver, times, sizes.

use std::fmt::Write as _;
use std::time::Duration;

pub(super) use crate::contract::line::bytes;
use crate::model::{Census, Process, Signal};
use crate::os::Pid;

/// A signal's name as operators say it: `QUIT`.
pub(super) fn name(signal: Signal) -> &'static str {
    let full = signal.as_str();
    full.strip_prefix("SIG").unwrap_or(full)
}

/// SEND: the signal, and the process by pid, title, user and start.
pub(super) fn send(census: &Census, signal: Signal, process: &Process) -> String {
    let mut words = format!("{} to {}", name(signal), process.pid);
    if let Some(line) = process.command_line.get() {
        let title = line.words.to_string();
        if !title.is_empty() {
            let _ = write!(words, ", \"{}\"", short(&title));
        }
    }
    if let Some(user) = process.user.get() {
        let _ = write!(words, ", user {user}");
    }
    if let Some(start) = process.started_at.get() {
        let _ = write!(words, ", started {}", census.day(*start));
    }
    words
}

/// A title up to the part that says what the process is; any other text up to 40 characters.
fn short(title: &str) -> String {
    for part in ["master (old)", "master"] {
        if let Some((before, _)) = title.split_once(part)
            && before.len() < 40
        {
            return format!("{before}{part}");
        }
    }
    let mut cut: String = title.chars().take(40).collect();
    if cut.len() < title.len() {
        cut.push('…');
    }
    cut
}

/// Whole seconds; what is shorter is said so.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => "less than 1 s".into(),
        n => format!("{n} s"),
    }
}

/// `1 worker`, `4 workers`.
pub(super) fn workers(count: usize) -> String {
    match count {
        0 => "no workers".into(),
        1 => "1 worker".into(),
        n => format!("{n} workers"),
    }
}

/// `9120`, `9120 and 14740`, `1, 2 and 3`.
pub(super) fn list(pids: &[Pid]) -> String {
    let words: Vec<String> = pids.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => "nobody".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles_end_at_the_part_that_tells_the_role() {
        assert_eq!(super::short("unicorn master (old) -c x.rb"), "unicorn master (old)");
        assert_eq!(super::short("unicorn master -D -c x.rb"), "unicorn master");
        assert_eq!(super::short(&"x".repeat(60)), format!("{}…", "x".repeat(40)));
    }
}
