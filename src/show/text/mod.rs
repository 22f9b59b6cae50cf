//! Text output: what a person reads in a terminal, a mail or a log.

pub mod check;
pub mod diff;
pub mod env;
pub mod explain;
pub mod headline;
pub mod inspect;
pub mod paint;
pub mod plan;
pub mod tree;
pub mod watch;

pub use paint::Paint;
