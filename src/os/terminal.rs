//! The terminal that farrier draws on: taken over, given back whatever ends the program, and left at once when it goes.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

/// Whether the terminal is farrier's now, so that a panic in any thread gives it back once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the program is about to end: the terminal is not taken any more. Held while its line settings change.
static LEAVING: Mutex<bool> = Mutex::new(false);

/// Whether the mouse was taken from the terminal as well.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Buttons and the wheel, with coordinates of any size. Moves are not asked for: a slow line would carry them all.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How long a terminal may take to be given back once farrier was told to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// farrier stopped itself: the CONT that ends that stop is no news.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A clock that only counts forward, for what the screen does; not the machine's time, which is asked of its `Source`.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Instant);

impl Watch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "this is os: farrier's own clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What the shell or the kernel told farrier to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Stop, from outside (`kill -TSTP`).
    Stop,
    /// It goes on after a stop; the terminal may have been used by others.
    GoOn,
}

/// The terminal while it is farrier's. Dropped, it is as it was found.
#[derive(Debug)]
pub struct Terminal {
    out: io::Stdout,
}

impl Terminal {
    /// Takes the terminal over: alternate screen, raw mode, no cursor, pastes in brackets. Asks it nothing.
    /// From here on INT, TERM, QUIT and HUP end the program with the terminal given back, as far as it is still there: HUP
    /// may be sent by hand, and a terminal that is gone takes nothing and holds nobody up.
    pub fn take(told: impl Fn(Told) + Send + 'static) -> io::Result<Self> {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            hook(info);
        }));
        listen(told)?;
        guard_against_hang_up();
        let terminal = Self { out: io::stdout() };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Columns and rows. A terminal that says 0 is taken for the smallest screen that everything fits on.
    pub fn size() -> (u16, u16) {
        match crossterm::terminal::size() {
            Ok((0, _) | (_, 0)) | Err(_) => (80, 24),
            Ok(size) => size,
        }
    }

    /// Gives the terminal back, stops, and takes it again when the shell lets farrier go on.
    pub fn suspend(&self) -> io::Result<()> {
        give_back();
        STOPPED.store(true, Ordering::SeqCst);
        signal_hook::low_level::emulate_default_handler(SIGTSTP)?;
        self.enter()
    }

    /// Takes the terminal again after somebody else may have used it. It is not left first: that would
    /// put the cursor back to where it was before what was written meanwhile.
    pub fn take_again(&self) -> io::Result<()> {
        disable_raw_mode()?;
        self.enter()
    }

    /// Shows a text on the normal screen, where it can be selected and scrolled; [`Terminal::take_again`] ends it.
    pub fn show_plain(&self, text: &str) -> io::Result<()> {
        let mut out = self.out.lock();
        if MOUSE.load(Ordering::SeqCst) {
            out.write_all(MOUSE_OFF)?;
        }
        crossterm::execute!(out, LeaveAlternateScreen, Show)?;
        out.write_all(text.replace('\n', "\r\n").as_bytes())?;
        out.flush()
    }

    /// Takes the mouse as long as the terminal is taken, or gives it back.
    pub fn mouse(&self, on: bool) -> io::Result<()> {
        let mut out = self.out.lock();
        if MOUSE.swap(on, Ordering::SeqCst) != on {
            out.write_all(if on { MOUSE_ON } else { MOUSE_OFF })?;
        }
        out.flush()
    }

    fn enter(&self) -> io::Result<()> {
        // Whoever gives it back meanwhile waits with what he writes until this is written.
        let mut out = self.out.lock();
        let leaving = leaving();
        if *leaving {
            drop((leaving, out));
            wait_for_the_end();
        }
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        drop(leaving);
        crossterm::execute!(out, EnterAlternateScreen, EnableBracketedPaste, Hide)?;
        if MOUSE.load(Ordering::SeqCst) {
            out.write_all(MOUSE_ON)?;
        }
        out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Prints lines on the normal screen, after the terminal was given back.
pub fn leave_behind(lines: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Gives the terminal back and ends the program. A terminal that takes nothing (Ctrl-S, a dead line) is waited for a
/// moment only: the frame that it has not taken holds the output.
fn leave(status: i32) -> ! {
    *leaving() = true;
    let (given, back) = std::sync::mpsc::channel();
    let started = thread::Builder::new().name("give back".into()).spawn(move || {
        give_back();
        // Nobody draws on it any more.
        let _out = io::stdout().lock();
        let _ = given.send(());
        wait_for_the_end();
    });
    if started.is_ok() {
        let _ = back.recv_timeout(PATIENCE);
    }
    end(status)
}

fn leaving() -> MutexGuard<'static, bool> {
    LEAVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Another thread ends the program.
fn wait_for_the_end() -> ! {
    loop {
        thread::park();
    }
}

/// As it was found. An error cannot be told to anybody: the terminal is what failed.
fn give_back() {
    let turn = leaving();
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // The line settings first: they need no room in the output.
    let _ = disable_raw_mode();
    drop(turn);
    let mut out = io::stdout();
    if MOUSE.load(Ordering::SeqCst) {
        let _ = out.write_all(MOUSE_OFF);
    }
    let _ = crossterm::execute!(out, DisableBracketedPaste, LeaveAlternateScreen, Show);
}

/// Ends the program. The one place that does, since a thread cannot return from `main`
/// and a reading thread cannot be called back (`algorithms.md` §0, fact 6).
#[expect(clippy::exit, clippy::disallowed_methods, reason = "a thread that must end the program")]
fn end(status: i32) -> ! {
    std::process::exit(status)
}

fn listen(told: impl Fn(Told) + Send + 'static) -> io::Result<()> {
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            match signal {
                SIGTSTP => told(Told::Stop),
                SIGCONT if STOPPED.swap(false, Ordering::SeqCst) => {}
                SIGCONT => told(Told::GoOn),
                other => leave(128 + other),
            }
        }
    })?;
    Ok(())
}

/// Waits for nothing but the terminal's end: then there is nobody to draw for, and crossterm's reader would spin.
fn guard_against_hang_up() {
    let _ = thread::Builder::new().name("hang-up".into()).spawn(|| {
        let input = io::stdin();
        loop {
            let mut watched = [PollFd::new(&input, PollFlags::empty())];
            let polled = poll(&mut watched, None);
            let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
            let [fd] = &watched;
            if polled.is_ok() && fd.revents().intersects(gone) {
                end(128 + SIGHUP);
            }
            if polled.is_err_and(|errno| errno != rustix::io::Errno::INTR) {
                return;
            }
        }
    });
}
