//! farrier's tests, one binary: see `docs/architecture.md`, "Tests".
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::too_many_lines,
    clippy::assigning_clones,
    reason = "a test may fail loudly, and it stages the machine that farrier only looks at"
)]
mod agreed;
mod architecture;
mod book;
mod built;
mod cli;
mod film;
mod first_screen;
mod fuse;
mod hostile;
mod hung;
mod keys;
mod lab;
mod lessened;
mod lost;
mod os;
mod parsers;
mod plans;
mod pressed;
mod recordings;
mod rules;
mod screens;
mod screenshots;
mod several;
mod signalled;
mod terminal;
