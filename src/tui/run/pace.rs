//! A terminal that is slow is asked for less.

use std::time::Duration;

use super::Stage;
use crate::tui::gather;

/// A terminal that takes longer for a frame is slow.
const SLOW_FRAME: Duration = Duration::from_millis(250);

impl Stage<'_> {
    /// A terminal that is slow three times in a row is asked for less.
    pub(super) fn pace(&mut self, took: Duration) {
        if took < SLOW_FRAME {
            if self.slow_frames >= 3 {
                let _ = self.looks.send(gather::Order::NoFasterThan(self.state.wished));
            }
            self.slow_frames = 0;
            return;
        }
        self.slow_frames += 1;
        let bound = match self.slow_frames {
            3 => Duration::from_secs(2),
            6 => Duration::from_secs(5),
            _ => return,
        };
        let _ = self.looks.send(gather::Order::NoFasterThan(bound));
    }
}
