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

/// The most memory that a process has had resident, in KiB.
pub fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The same of a command, looked at until it ends.
pub fn peak_of(words: &[String]) -> u64 {
    let mut child = quiet(words).spawn().unwrap_or_else(|why| panic!("{words:?}: {why}"));
    let mut most = 0;
    while !matches!(child.try_wait(), Ok(Some(_))) {
        most = most.max(peak(child.id()));
    }
    most
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
