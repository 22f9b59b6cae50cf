//! Python source as far as a configuration needs it, read without running anything; and how Python's programs are started.

pub mod command;
mod lines;
mod literal;
mod names;

pub use literal::Literal;
pub use names::{Bound, bindings};
