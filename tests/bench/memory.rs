//! Times of what is read from another process's memory, by the library itself and through its reader.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use farrier::os::live::{Live, LiveOptions};
use farrier::os::{Answer, Ask, Pid, ProcText, Source as _, Text};

use super::load::Unicorn;
use super::measure::median;

/// Readings of each kind; the first of a kind that is asked for again is not counted.
const READINGS: usize = 33;

/// The rows of a master, its workers, and a master with more memory.
pub fn table(small: &Unicorn, large: &Unicorn) -> String {
    let live =
        Live::new(LiveOptions { reader: PathBuf::from(super::FARRIER), ..LiveOptions::default() });
    // The reader is started by the first question.
    timed(&live, &Ask::LiveEnviron(pid(small.master)));
    let mut table = String::from(
        "What is read from another process's memory, each figure the median of single readings by farrier's reader.\n\n\
         | reading | ms |\n| --- | --: |\n",
    );
    let mut row = |what: &str, times: Vec<f64>| {
        let _ = writeln!(table, "| {what} | {:.3} |", median(times));
    };
    let workers = small.workers();
    let first = workers.iter().map(|worker| timed(&live, &Ask::LiveEnviron(pid(*worker))));
    row("live environment, first time in a process", first.collect());
    let again = workers.iter().map(|worker| timed(&live, &Ask::LiveEnviron(pid(*worker))));
    row("live environment, again", again.collect());
    let start = |worker: &u32| timed(&live, &Ask::Text(pid(*worker), ProcText::Environ));
    row("for comparison: `/proc/PID/environ`", workers.iter().map(start).collect());
    for unicorn in [small, large] {
        let ask = Ask::StartContext(
            pid(unicorn.master),
            unicorn.arguments.iter().map(|word| Text::from(&**word)).collect(),
        );
        let times = (0..READINGS).map(|_| timed(&live, &ask)).skip(1).collect();
        row(&format!("restart context of a master of {} MiB", unicorn.resident()), times);
    }
    table
}

fn pid(number: u32) -> Pid {
    i32::try_from(number).ok().and_then(Pid::new).expect("a pid")
}

/// Milliseconds that an answer takes; it has to be one.
fn timed(live: &Live, ask: &Ask) -> f64 {
    let start = Instant::now();
    let answer: Answer = live.ask_one(ask.clone());
    let time = start.elapsed().as_secs_f64() * 1e3;
    assert!(answer.is_ok(), "{ask:?}: {answer:?}");
    time
}
