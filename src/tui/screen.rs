//! From a drawn screen to bytes: only cells that changed, written by a thread of its own,
//! so that a terminal that takes nothing never stops the inspector.

use std::io::{self, Write as _};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread;
use std::time::Duration;

use crossterm::queue;
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend as _, CrosstermBackend};
use ratatui::buffer::Buffer;

use crate::os::terminal::Watch;

/// What the terminal shows, and the thread that writes to it.
pub struct Screen {
    shown: Option<Buffer>,
    writer: SyncSender<Vec<u8>>,
}

impl Screen {
    /// Starts the writer. `written` hears of each frame how long the terminal took to accept it.
    pub fn new(written: impl Fn(Duration) + Send + 'static) -> io::Result<Self> {
        // Nothing is queued: a frame is handed over only to a writer that waits for one.
        let (writer, frames) = mpsc::sync_channel::<Vec<u8>>(0);
        thread::Builder::new().name("screen".into()).spawn(move || {
            for frame in frames {
                let watch = Watch::start();
                let mut out = io::stdout().lock();
                if out.write_all(&frame).and_then(|()| out.flush()).is_err() {
                    return;
                }
                drop(out);
                written(watch.elapsed());
            }
        })?;
        Ok(Self { shown: None, writer })
    }

    /// The next frame draws every cell.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows a screen; nothing is written if it is what is shown already.
    /// False: the terminal has not taken the frame before, so this one has to be shown later.
    pub fn show(&mut self, next: Buffer) -> io::Result<bool> {
        let whole = self.shown.as_ref().is_none_or(|shown| shown.area != next.area);
        let mut bytes = Vec::new();
        if whole {
            queue!(bytes, Clear(ClearType::All))?;
        }
        let blank = Buffer::empty(next.area);
        let before = match &self.shown {
            Some(shown) if !whole => shown,
            _ => &blank,
        };
        let mut changed = before.diff_iter(&next).peekable();
        if changed.peek().is_none() && !whole {
            return Ok(true);
        }
        CrosstermBackend::new(&mut bytes).draw(changed)?;
        match self.writer.try_send(bytes) {
            Ok(()) => {
                self.shown = Some(next);
                Ok(true)
            }
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Disconnected(_)) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Bytes beside the screen, for the clipboard. They wait for the writer as a frame does.
    pub fn send(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.writer.send(bytes).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
