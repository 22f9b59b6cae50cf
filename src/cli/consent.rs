//! What the options of a command confirm.

use crate::plans::Given;

/// What is confirmed beforehand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// `--yes`: no question.
    pub yes: bool,
    /// `--force`: with `--yes`, go on although the preflight found something critical or service ends.
    pub force: bool,
}

impl Consent {
    /// What `--yes` gives.
    pub(super) fn given(self) -> Given {
        if self.force { Given::Force } else { Given::Button }
    }
}
