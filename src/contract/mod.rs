//! What the layers agree on: types only. What a rule is handed and gives back, and what a server's card says.

pub mod dates;
mod finding;
pub mod line;
mod look;
pub mod quote;
mod need;
mod restart;
mod rule;
mod server;
mod severity;
pub mod signals;
mod variables;
mod verdict;

pub use finding::{Evidence, Finding, Told};
pub use look::Look;
pub use need::Need;
pub use restart::{By, Condition, Restart, Way};
pub use rule::Rule;
pub use server::{
    Candidate, GroupMember, Loading, Options, Part, Pass, Proxied, Recognised, Runtime, Server,
    Title,
};
pub use severity::Severity;
pub use signals::{OperationUse, SignalUse};
pub use variables::{Variable, Variables};
pub use verdict::{Answered, Bar, Blind, Verdict, Verdicts};
