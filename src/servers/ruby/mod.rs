//! Ruby source as far as a configuration needs it: tokens and statements, read without running anything.

mod lexer;
mod literal;
mod statements;

pub use lexer::{Kind, Piece, Token, tokens};
pub use statements::{Scope, Statement, statements};
