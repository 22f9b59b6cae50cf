//! Ruby source as far as a configuration needs it, read without running anything; and how Ruby's programs are started.

pub mod command;
mod expression;
mod lexer;
mod literal;
mod statements;
mod values;

pub use expression::CONFIGURED_PID;
pub use lexer::{Kind, Piece, Token, tokens};
pub use statements::{Scope, Statement, statements};
pub use values::{Value, Values, Where, argument};
