//! The rules: each looks at a census and answers fine, found, not here, or blind. Pure.

pub mod advice;
mod catalogue;
pub mod causes;
pub mod config;
pub mod headline;
mod judge;
pub mod masters;
pub mod pidfiles;
pub mod python;
pub mod releases;
pub mod ruby;
pub mod sockets;
pub mod renewal;
pub mod usr2;

pub use catalogue::{RULES, effects, judged_by, rule};
pub use judge::judge;
