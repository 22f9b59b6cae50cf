//! What is staged, by subject.

mod access;
mod binaries;
mod down;
mod gemfiles;
mod generations;
mod gunicorn;
mod gunicorn_broken;
pub mod healthy;
mod hooks;
mod idle;
mod kept;
mod links;
pub mod masters;
mod memory;
mod odd;
mod oldbins;
pub mod others;
mod pidfiles;
mod releases;
mod settings;
mod sockets;
mod trials;
mod upgrades;

use super::Stage;

/// The tables of all subjects.
pub const ALL: &[&[Stage]] = &[
    healthy::STAGES,
    odd::STAGES,
    idle::STAGES,
    down::STAGES,
    trials::STAGES,
    links::STAGES,
    upgrades::STAGES,
    generations::STAGES,
    releases::STAGES,
    kept::STAGES,
    gemfiles::STAGES,
    oldbins::STAGES,
    others::STAGES,
    gunicorn::STAGES,
    gunicorn_broken::STAGES,
    pidfiles::STAGES,
    masters::STAGES,
    binaries::STAGES,
    sockets::STAGES,
    access::STAGES,
    memory::STAGES,
    settings::STAGES,
    hooks::STAGES,
];
