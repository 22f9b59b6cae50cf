//! Signal masks, as `/proc/PID/status` shows them, and what they say about a signal's reception.

use nix::sys::signal::Signal;

/// A set of signals; bit n − 1 is signal n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SignalSet(pub u64);

impl SignalSet {
    /// Whether a signal is in it.
    pub fn has(self, signal: Signal) -> bool {
        let number = signal as i32;
        u32::try_from(number - 1).is_ok_and(|bit| self.0 >> bit & 1 == 1)
    }
}
