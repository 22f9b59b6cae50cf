//! Times and system calls of one command.

use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each command; the first is not counted.
const RUNS: usize = 9;

fn quiet(words: &[String]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The median of several runs in milliseconds, output thrown away.
pub fn median_ms(words: &[String]) -> f64 {
    let times = (0..=RUNS)
        .map(|_| {
            let start = Instant::now();
            quiet(words).status().unwrap_or_else(|why| panic!("{words:?}: {why}"));
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(1);
    median(times.collect())
}

/// The middle one.
pub fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How many system calls it makes, its children's too; `None` where strace is not there or may not trace.
pub fn calls(words: &[String]) -> Option<u64> {
    let output = Command::new("strace")
        .args(["-c", "-f", "-q", "-U", "calls,name", "--"])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let total = text.lines().rev().find(|line| line.trim_end().ends_with("total"))?;
    total.split_whitespace().next()?.parse().ok()
}
