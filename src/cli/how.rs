//! `--way`: the shape of a restart that is wanted.

use crate::contract::Way;
use crate::model::Operation;

/// The shape of a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum How {
    /// A second master beside the first.
    Beside,
    /// The same master executes its program anew.
    InPlace,
    /// The master replaces its workers one after the other.
    Rolling,
    /// The master reads its configuration anew.
    Reload,
}

impl How {
    /// The operation and the shape that are asked for by it.
    pub fn asked(how: Option<Self>) -> (Operation, Option<Way>) {
        match how {
            None => (Operation::Upgrade, None),
            Some(Self::Beside) => (Operation::Upgrade, Some(Way::Beside)),
            Some(Self::InPlace) => (Operation::Upgrade, Some(Way::InPlace)),
            Some(Self::Rolling) => (Operation::Upgrade, Some(Way::Rolling)),
            Some(Self::Reload) => (Operation::Reload, None),
        }
    }
}
