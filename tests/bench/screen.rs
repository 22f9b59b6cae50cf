//! A program on a terminal of its own: what its steady screen costs.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// What a screen costs while nothing is pressed.
pub struct Load {
    /// Per cent of one core, children's too.
    pub cpu: f64,
    /// Bytes to the terminal a second.
    pub bytes: f64,
}

/// How long a program may settle, and how long it is watched.
const SETTLE: Duration = Duration::from_secs(5);
const WATCH: Duration = Duration::from_secs(15);

/// Runs it and watches it.
pub fn load(words: &[&str]) -> Load {
    let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).expect("a pty");
    let mut command = CommandBuilder::new(words[0]);
    command.args(&words[1..]);
    command.env("TERM", "xterm-256color");
    let mut child = pty.slave.spawn_command(command).expect("it starts");
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
    child.kill().expect("it ends");
    let _ = child.wait();
    let seconds = WATCH.as_secs_f64();
    Load {
        // 100 ticks a second, so ticks a second are per cent.
        cpu: (after.0 - before.0) as f64 / seconds,
        bytes: (after.1 - before.1) as f64 / seconds,
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
