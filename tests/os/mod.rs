//! The live machine against real processes: what hangs, what is gone, what is refused, what is recorded.

mod canaries;
mod hands;
mod hung;
mod memory;
mod paths;
mod porter;
mod process;
mod reader;

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use farrier::os::live::{Live, LiveOptions};
use farrier::os::record::Record;
use farrier::os::replay::Replay;
use farrier::os::signal::LiveHands;
use farrier::os::{
    Answer, Ask, FileKind, Found, Hands as _, PathAsk, Pid, ProcLink, ProcText, Protocol, Refusal,
    Root, Source, Text,
};
use nix::sys::signal::{Signal, kill};

const FARRIER: &str = env!("CARGO_BIN_EXE_farrier");

fn live() -> Live {
    Live::new(LiveOptions { reader: PathBuf::from(FARRIER), ..LiveOptions::default() })
}

/// A child that is ended with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Ended {
    fn pid(&self) -> Pid {
        Pid::new(self.0.id().try_into().unwrap()).unwrap()
    }
}

fn sleeper() -> Ended {
    Ended(Command::new("sleep").arg("300").spawn().unwrap())
}

/// Waits until something holds; what a busy machine needs, not longer.
fn until(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "it did not come about");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn own_path(path: &Path, ask: PathAsk) -> Ask {
    Ask::path(Root::Own, path, ask)
}

fn text(answer: Answer) -> Text {
    match answer {
        Ok(Found::Bytes(text) | Found::File(Some(text))) => text,
        other => panic!("{other:?}"),
    }
}

/// The readers among farrier's children of this test process: those with the reader's argument.
fn readers() -> Vec<i32> {
    let children = format!("/proc/self/task/{}/children", nix::unistd::gettid());
    std::fs::read_to_string(children)
        .unwrap()
        .split_ascii_whitespace()
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).nth(1) == Some(b"reader")
        })
        .map(|pid| pid.parse().unwrap())
        .collect()
}
