//! farrier: the prefork servers of this machine, what is wrong with them, and what the next signal would do.
//!
//! The modules stand in the order in which they may use each other: a module imports only from those
//! above it. A test holds that order (`tests/architecture.rs`); `docs/architecture.md` tells why.

pub mod os;
pub mod facts;
pub mod model;
pub mod contract;
pub mod servers;
pub mod deploy;
pub mod survey;
pub mod rules;
pub mod plans;
pub mod show;
pub mod settings;
pub mod tui;
pub mod book;
pub mod cli;
