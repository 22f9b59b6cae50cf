//! What farrier may do to what is shown.

/// What farrier may do to the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rights {
    /// Send what was asked for in a dialog.
    Signals,
    /// Nothing: `--read-only`, or the settings.
    #[default]
    ReadOnly,
    /// A settings file gave no answer: what it may forbid is not done.
    Unread,
    /// Nothing: what is shown is a recording.
    Recorded,
    /// Nothing, and it is asked for as if it were: the recording answers.
    Rehearsed,
}

impl Rights {
    /// Whether no machine is behind what is shown.
    pub fn are_of_a_recording(self) -> bool {
        matches!(self, Self::Recorded | Self::Rehearsed)
    }
}
