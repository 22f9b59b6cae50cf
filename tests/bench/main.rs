//! farrier against its peers, in one run on one machine: times, system calls, CPU; and what reading from memory takes.
//! `cargo bench` prints the tables; with `FARRIER_BENCH_WRITE=1` it writes `docs/performance.md` too. Nothing fails by
//! the clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark may fail loudly, and it loads the machine that farrier only looks at"
)]

mod growth;
mod load;
mod measure;
mod memory;
mod screen;

use std::fmt::Write as _;

use load::{Sleepers, Unicorn};
use measure::{calls, median_ms, peak_of};

/// What is compared: a name, farrier's words, the peer's program and words.
struct Pair {
    name: &'static str,
    ours: Vec<String>,
    peer: Vec<String>,
}

const FARRIER: &str = env!("CARGO_BIN_EXE_farrier");

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

fn pairs(master: u32) -> Vec<Pair> {
    let ours = |line: &str| words(&format!("{FARRIER} {line}"));
    vec![
        Pair { name: "check", ours: ours("check"), peer: words("ps -eo pid,ppid,args") },
        Pair {
            name: "inspect",
            ours: ours(&format!("inspect {master}")),
            peer: words(&format!("lsof -n -P -p {master}")),
        },
        Pair { name: "tree", ours: ours("tree"), peer: words("pgrep -f unicorn") },
    ]
}

fn main() {
    // `cargo test --all-targets` runs benches too, with `--test`: measuring is not asked for then.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let unicorn = Unicorn::start(16, 0);
    let mut table = String::from(
        "| processes | measure | farrier | peer | ratio |\n| --: | --- | --: | --- | --: |\n",
    );
    for wanted in [300, 5_000] {
        let sleepers = Sleepers::start(wanted);
        let processes = load::processes();
        for Pair { name, ours, peer } in pairs(unicorn.master) {
            let (mine, theirs) = (median_ms(&ours), median_ms(&peer));
            let peer_name = peer[0].clone();
            let _ = writeln!(
                table,
                "| {processes} | `{name}`, ms | {mine:.1} | `{peer_name}` {theirs:.1} | {:.2} |",
                mine / theirs
            );
            if let (Some(mine), Some(theirs)) = (calls(&ours), calls(&peer)) {
                let _ = writeln!(
                    table,
                    "| {processes} | `{name}`, system calls | {mine} | `{peer_name}` {theirs} | {:.2} |",
                    mine as f64 / theirs as f64
                );
            }
        }
        let (mine, theirs) = (screen::load(&[FARRIER]), screen::load(&["htop", "-d", "10"]));
        let peaks = ["ps -eo pid,ppid,args".to_owned(), format!("{FARRIER} check")];
        let [scan, check] = peaks.map(|line| peak_of(&words(&line)));
        let _ = writeln!(
            table,
            "| {processes} | `check`, peak memory in KiB | {check} | `ps` {scan} | {:.2} |",
            check as f64 / scan as f64
        );
        for (what, mine, theirs) in [
            ("screen at 1 s, % CPU", mine.cpu, theirs.cpu),
            ("screen at 1 s, bytes a second", mine.bytes, theirs.bytes),
            ("screen at 1 s, peak memory in KiB", mine.peak as f64, theirs.peak as f64),
        ] {
            let _ = writeln!(
                table,
                "| {processes} | {what} | {mine:.1} | `htop` {theirs:.1} | {:.2} |",
                mine / theirs
            );
        }
        drop(sleepers);
    }
    let memory = memory::table(&unicorn, &Unicorn::start(1, 256));
    drop(unicorn);
    let page = format!("{}\n{table}\n{memory}\n{}", load::about(), growth::table());
    println!("{page}");
    if std::env::var_os("FARRIER_BENCH_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
        std::fs::write(path, page).expect("the page is written");
    }
}
