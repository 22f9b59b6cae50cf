//! The inspector: a screen that shows the machine's servers, what is wrong with them, and asks before it sends anything.

mod baseline;
pub mod bound;
mod about;
pub mod changes;
pub mod chronicle;
pub mod dialog;
pub mod draw;
pub mod filter;
mod gather;
mod hand;
pub mod history;
pub mod hosts;
mod input;
mod key;
pub mod keys;
pub mod layout;
mod look;
pub mod members;
pub mod nodes;
pub mod opening;
pub mod passage;
pub mod place;
pub mod rehearsal;
pub mod rights;
mod run;
mod screen;
pub mod sort;
pub mod state;
pub mod theme;
mod threads;
pub mod tour;
pub mod update;
pub mod views;
mod weight;
pub mod widgets;

pub use run::{Inspector, Sources, run};
