//! How a server comes to new code by a signal: the shapes of it, as its card lists them, the best first.

use crate::model::{Master, Signal};

/// A condition of a master's settings or state on which it depends what a signal does to it.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    /// Whether it holds; `None`: that cannot be seen.
    pub holds: fn(&Master) -> Option<bool>,
    /// When it holds, for a table: `with workers`.
    pub words: &'static str,
    /// What is said of a master for which it does not hold, after its pid: `has no workers`.
    pub lacks: &'static str,
    /// What can be done instead.
    pub instead: &'static str,
}

/// One way to new code.
#[derive(Clone, Copy, Debug)]
pub enum Restart {
    /// A second master comes up beside the first, which goes on until it is retired.
    Beside(By),
    /// The master lets its workers go and executes its program anew under the same pid: nobody serves meanwhile, and
    /// nobody does afterwards when that fails.
    InPlace(By),
    /// The master stays as it is and replaces its workers one after the other, each by one that loads the app anew.
    Rolling(By),
}

/// By what it is set off, and where it is to be had.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// The signal to the master.
    pub signal: Signal,
    /// What has to hold for it; `None`: nothing.
    pub needs: Option<Condition>,
}

/// The shape of a restart, as `--way` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "they are those of `Restart`")]
pub enum Way {
    Beside,
    InPlace,
    Rolling,
}

impl Way {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beside => "beside",
            Self::InPlace => "in-place",
            Self::Rolling => "rolling",
        }
    }

    /// What it is, in a few words.
    pub fn does(self) -> &'static str {
        match self {
            Self::Beside => "a second master comes up beside the first, which is retired then",
            Self::InPlace => "the master executes its program anew under the same pid",
            Self::Rolling => "the master stays and replaces its workers one after the other",
        }
    }
}

impl Restart {
    /// Its shape.
    pub fn way(&self) -> Way {
        match self {
            Self::Beside(_) => Way::Beside,
            Self::InPlace(_) => Way::InPlace,
            Self::Rolling(_) => Way::Rolling,
        }
    }

    /// By what it is set off.
    pub fn by(&self) -> By {
        match self {
            Self::Beside(by) | Self::InPlace(by) | Self::Rolling(by) => *by,
        }
    }

    /// Whether a master can be restarted like this; `None`: that cannot be seen.
    pub fn is_for(&self, master: &Master) -> Option<bool> {
        self.by().needs.map_or(Some(true), |needs| (needs.holds)(master))
    }
}
