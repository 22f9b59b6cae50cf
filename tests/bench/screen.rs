//! A program on a terminal of its own: what its steady screen costs.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtyPair, PtySize, native_pty_system};

use super::measure::peak;

/// What a screen costs while nothing is pressed.
pub struct Load {
    /// Per cent of one core, children's too.
    pub cpu: f64,
    /// Bytes to the terminal a second.
    pub bytes: f64,
    /// The most memory that it had resident, in KiB.
    pub peak: u64,
}

/// How long a program may settle, and how long it is watched.
const SETTLE: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(15);
/// How long it may take until something is shown.
const SHOWN: Duration = Duration::from_secs(60);
/// The terminal.
const SIZE: PtySize = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };

/// Starts it on a terminal.
fn start(words: &[&str]) -> (PtyPair, Box<dyn Child + Send + Sync>) {
    let pty = native_pty_system().openpty(SIZE).expect("a pty");
    let mut command = CommandBuilder::new(words[0]);
    command.args(&words[1..]);
    command.env("TERM", "xterm-256color");
    let child = pty.slave.spawn_command(command).expect("it starts");
    (pty, child)
}

/// Milliseconds until its screen shows a text.
pub fn shown(words: &[&str], text: &str) -> f64 {
    let begun = Instant::now();
    let (pty, mut child) = start(words);
    let mut reader = pty.master.try_clone_reader().expect("a reader");
    let mut screen = vt100::Parser::new(SIZE.rows, SIZE.cols, 0);
    let mut buffer = vec![0; 65536];
    while !screen.screen().contents().contains(text) {
        assert!(begun.elapsed() < SHOWN, "{words:?} shows {text}");
        let read = reader.read(&mut buffer).expect("it goes on");
        screen.process(&buffer[..read]);
    }
    let time = begun.elapsed().as_secs_f64() * 1e3;
    child.kill().expect("it ends");
    let _ = child.wait();
    time
}

/// Runs it and watches it.
pub fn load(words: &[&str]) -> Load {
    let (pty, mut child) = start(words);
    let pid = child.process_id().expect("a pid");
    let bytes = Arc::new(AtomicUsize::new(0));
    let (counted, mut reader) =
        (Arc::clone(&bytes), pty.master.try_clone_reader().expect("a reader"));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            counted.fetch_add(read, Ordering::Relaxed);
        }
    });
    std::thread::sleep(SETTLE);
    let before = (ticks(pid), bytes.load(Ordering::Relaxed));
    std::thread::sleep(WATCH);
    let after = (ticks(pid), bytes.load(Ordering::Relaxed));
    let peak = peak(pid);
    child.kill().expect("it ends");
    let _ = child.wait();
    let seconds = WATCH.as_secs_f64();
    Load {
        // 100 ticks a second, so ticks a second are per cent.
        cpu: (after.0 - before.0) as f64 / seconds,
        bytes: (after.1 - before.1) as f64 / seconds,
        peak,
    }
}

/// Clock ticks that a process and its children have used.
fn ticks(pid: u32) -> u64 {
    let of = |pid: &str| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let rest = stat.rsplit(')').next().unwrap_or_default();
        rest.split_whitespace().skip(11).take(4).filter_map(|n| n.parse::<u64>().ok()).sum()
    };
    let mut all = of(&pid.to_string());
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all += children.split_whitespace().map(of).sum::<u64>();
    }
    all
}
