//! Ruby source as far as a configuration needs it, read without running anything; and how Ruby's programs are started.

mod arms;
mod changes;
pub mod command;
pub mod excerpt;
mod expression;
mod lexer;
mod literal;
mod methods;
mod names;
mod paths;
mod statements;
mod values;
mod variables;

pub use arms::decided;
pub use excerpt::excerpt;
pub use lexer::{Kind, Piece, Token, tokens};
pub use names::CONFIGURED_PID;
pub use statements::{Scope, Statement, statements};
pub use values::{Value, Values, Where, argument, is_modified};
