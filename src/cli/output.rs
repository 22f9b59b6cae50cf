//! Standard output and error, and the status that the program ends with.

use std::io::Write;

use super::{Format, Options, When};
use crate::os::own;
use crate::show::text::Paint;
use crate::show::words::Form;

/// An exit status (`docs/cli.md`, "Exit status").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(pub u8);

impl Status {
    /// Done; of `check`: nothing at the threshold.
    pub const DONE: Self = Self(0);
    /// Of `check`: the worst finding is a warning.
    pub const WARNING: Self = Self(1);
    /// Of `check`: the worst finding is critical.
    pub const CRITICAL: Self = Self(2);
    /// No such target, something unreadable, refused; of `check`: undecided.
    pub const REFUSED: Self = Self(3);
    /// Of an operation: what should follow was not seen, and the app still has a master that serves.
    pub const OLD_SERVES: Self = Self(1);
    /// Of an operation: nothing serves, though something should.
    pub const NOTHING_SERVES: Self = Self(2);
    /// Of an operation: interrupted, or not observable any more.
    pub const INTERRUPTED: Self = Self(4);
    /// The command line is wrong (`EX_USAGE`).
    pub const USAGE: Self = Self(64);
    /// The graver of the statuses of two machines: critical, warning, undecided, fine.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        let order = [Self::CRITICAL, Self::WARNING, Self::REFUSED];
        order.into_iter().find(|status| [self, other].contains(status)).unwrap_or(self.max(other))
    }

    /// Output could not be written (`EX_IOERR`).
    pub const OUTPUT: Self = Self(74);
}

impl From<Status> for std::process::ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status.0)
    }
}

/// Where a command's words go. A reader that closed the pipe ends the printing quietly; any other error is kept for the end.
pub struct Output {
    out: Box<dyn Write>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    Broken,
}

impl Output {
    /// The program's own.
    pub fn standard() -> Self {
        Self { out: Box::new(std::io::BufWriter::new(std::io::stdout())), state: State::Open }
    }

    /// Prints to standard output.
    pub fn print(&mut self, text: &str) {
        self.attempt(|out| out.write_all(text.as_bytes()));
    }

    /// Prints one message to standard error. Where even that fails, the status has to say it.
    pub fn complain(&mut self, message: &str) {
        self.attempt(Write::flush);
        let _ = writeln!(std::io::stderr(), "{message}");
    }

    /// Writes what is printed so far: progress is read as it happens.
    pub fn flush(&mut self) {
        self.attempt(Write::flush);
    }

    fn attempt(&mut self, write: impl FnOnce(&mut Box<dyn Write>) -> std::io::Result<()>) {
        if self.state != State::Open {
            return;
        }
        match write(&mut self.out) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                self.state = State::Closed;
            }
            Err(error) => {
                self.state = State::Broken;
                let _ = writeln!(std::io::stderr(), "output was not written: {error}");
            }
        }
    }

    /// Writes what is left; the status that was reached, or 74 where output could not be written.
    pub fn end(mut self, status: Status) -> Status {
        self.attempt(Write::flush);
        if self.state == State::Broken { Status::OUTPUT } else { status }
    }
}

impl Options {
    /// How text is to be dressed.
    pub fn paint(&self) -> Paint {
        let own = own::own();
        let colour = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => own.output_is_terminal && own.may_colour,
        };
        let form = if self.ascii || !own.signs { Form::Ascii } else { Form::Unicode };
        Paint { colour, form }
    }

    /// Whether JSON was asked for.
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}
