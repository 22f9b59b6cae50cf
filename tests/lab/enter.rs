//! Stages one box of the lab and opens a shell in it: `tests/lab/enter STAGE`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::assigning_clones,
    dead_code,
    unused_imports,
    reason = "it is the tests' lab without its tests, and it stages the machine that farrier only looks at"
)]

#[path = "mod.rs"]
mod lab;

use std::io::{IsTerminal, Read, stdin};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        for stage in lab::stages() {
            println!("{:24} {}", stage.name, stage.tells);
        }
        return ExitCode::SUCCESS;
    };
    let Some(stage) = lab::stage(&name) else {
        println!("no stage {name}; without a name the stages are listed");
        return ExitCode::FAILURE;
    };
    let lab = lab::world::Lab::new();
    (stage.set)(&lab);
    println!("{}: {}", stage.name, stage.tells);
    let entrance = lab.entrance();
    if stdin().is_terminal() {
        let shell = Command::new(&entrance[0])
            .args(&entrance[1..])
            .args(["bash", "--norc"])
            .env("PS1", format!("{name}# "))
            .current_dir("/")
            .status();
        return if shell.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("{} bash", entrance.join(" "));
    let _ = stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}
