//! A real terminal: the program runs in a pseudo-terminal, keys are typed, the screen is read as a person sees it.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};

/// How long the screen may take to show what is awaited.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came from the program.
#[derive(Clone, Copy, Default)]
pub struct Drawn {
    /// How often the whole screen was cleared: before a frame that draws every cell.
    pub clears: usize,
    /// All bytes.
    pub bytes: usize,
}

/// A program in a terminal of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Kept open so that the terminal outlives the program, as a shell's does.
    slave: Option<Box<dyn SlavePty + Send>>,
    keyboard: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// How often the program has drawn every cell, and how many bytes it has written.
    drawn: Arc<Mutex<Drawn>>,
    /// Disconnected when the reader ends.
    reading: Receiver<()>,
    /// The line settings before the program started.
    found: String,
}

impl Terminal {
    /// Starts `words` in a terminal of that size and TERM.
    pub fn start(words: &[&str], columns: u16, rows: u16, term: &str) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let found = settings(pair.master.as_ref());
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.env("TERM", term);
        command.env("LANG", "C.UTF-8");
        for unwanted in ["NO_COLOR", "COLORTERM", "COLORFGBG", "LINES", "COLUMNS"] {
            command.env_remove(unwanted);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let shown = Arc::clone(&screen);
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let drawn = Arc::new(Mutex::new(Drawn::default()));
        let counted = Arc::clone(&drawn);
        let (reader, reading) = channel();
        thread::spawn(move || {
            let _reader: Sender<()> = reader;
            let mut bytes = [0; 4096];
            let mut tail: Vec<u8> = Vec::new();
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().expect("no reader panics").process(&bytes[..count]);
                tail.extend(&bytes[..count]);
                let mut counted = counted.lock().expect("no reader panics");
                counted.bytes += count;
                counted.clears += tail.windows(4).filter(|four| four == b"\x1b[2J").count();
                tail.drain(..tail.len().saturating_sub(3));
            }
        });
        let keyboard = pair.master.take_writer().expect("a writer");
        let slave = Some(pair.slave);
        Self { child, master: pair.master, slave, keyboard, screen, drawn, reading, found }
    }

    /// Types: text as it is, other keys by the bytes that a terminal sends for them.
    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keyboard.flush().expect("the terminal takes keys");
    }

    /// Makes the window another size, as a person dragging its corner does.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser().screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal takes a size");
    }

    /// What came until now.
    pub fn drawn(&self) -> Drawn {
        *self.drawn.lock().expect("no reader panics")
    }

    /// Types keys and Ctrl-L, and waits for the frame that draws every cell: then all of them were taken in.
    pub fn typed(&mut self, keys: &str) -> String {
        let before = self.drawn().clears;
        self.keys(&format!("{keys}\x0c"));
        let until = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            sleep(Duration::from_millis(4));
            let now = self.drawn();
            // A frame is drawn from the first cell to the last: it is whole when its last line stands and nothing follows.
            if now.clears > before && std::mem::replace(&mut seen, now.bytes) == now.bytes {
                let screen = self.screen();
                if screen.lines().count() == usize::from(self.parser().screen().size().0) {
                    return screen;
                }
            }
            assert!(Instant::now() < until, "no frame after {keys:?}:\n{}", self.screen());
        }
    }

    /// What is on the screen now, a line each, without the blanks at their ends.
    pub fn screen(&self) -> String {
        self.parser().screen().contents()
    }

    /// The same with its colours: a line each, every cell written out, blanks too.
    pub fn coloured(&self) -> String {
        let parser = self.parser();
        let screen = parser.screen();
        let (rows, columns) = screen.size();
        let mut out = String::new();
        for row in 0..rows {
            let mut style = String::new();
            for column in 0..columns {
                let Some(cell) = screen.cell(row, column) else { continue };
                let now = sequence(cell);
                if now != style {
                    out += &now;
                    style = now;
                }
                let text = cell.contents();
                out += if text.is_empty() && !cell.is_wide_continuation() { " " } else { text };
            }
            out += "\x1b[0m\n";
        }
        out
    }

    /// Waits until nothing has changed on the screen for a while.
    pub fn quiet(&self) {
        let mut last = self.coloured();
        loop {
            sleep(Duration::from_millis(900));
            let now = self.coloured();
            if now == last {
                return;
            }
            last = now;
        }
    }

    /// Waits until the screen holds `text`; gives the screen.
    pub fn until(&self, text: &str) -> String {
        self.until_screen(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the screen is as wanted; gives it.
    pub fn until_screen(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "waited {PATIENCE:?} in vain for {what}:\n{screen}");
            sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the program to end; gives how, and what it left behind in the terminal: a tidy one nothing.
    pub fn end(mut self) -> (ExitStatus, Vec<&'static str>) {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                break status;
            }
            assert!(Instant::now() < until, "the program does not end:\n{}", self.screen());
            sleep(Duration::from_millis(10));
        };
        let line_settings_kept = settings(self.master.as_ref()) == self.found;
        // What it wrote last may still be on its way: the reader ends once nobody has the terminal open.
        self.slave = None;
        let ended = self.reading.recv_timeout(PATIENCE);
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected), "somebody keeps the terminal open");
        let parser = self.parser();
        let screen = parser.screen();
        let seen = [
            ("the alternate screen", screen.alternate_screen()),
            ("a hidden cursor", screen.hide_cursor()),
            ("bracketed paste", screen.bracketed_paste()),
            ("a mouse mode", screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None),
            ("keypad keys", screen.application_keypad() || screen.application_cursor()),
            ("other line settings", !line_settings_kept),
        ];
        let left = seen.into_iter().filter(|(_, is)| *is).map(|(what, _)| what).collect();
        drop(parser);
        (status, left)
    }

    fn parser(&self) -> MutexGuard<'_, vt100::Parser> {
        self.screen.lock().expect("no reader panics")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The sequence that draws in a cell's style.
fn sequence(cell: &vt100::Cell) -> String {
    let on = |is: bool, code| if is { code } else { "" };
    let colour = match cell.fgcolor() {
        vt100::Color::Default => String::new(),
        vt100::Color::Idx(index) => format!(";38;5;{index}"),
        vt100::Color::Rgb(red, green, blue) => format!(";38;2;{red};{green};{blue}"),
    };
    let (bold, underline) = (on(cell.bold(), ";1"), on(cell.underline(), ";4"));
    format!("\x1b[0{bold}{underline}{}{colour}m", on(cell.inverse(), ";7"))
}

/// The line settings of a terminal, to be compared.
fn settings(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().expect("a terminal has line settings"))
}

#[test]
fn a_screen_is_read_and_a_tidy_program_leaves_nothing() {
    let tidy = "found=$(stty -g); stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[2;3Hhere it is'; \
                dd bs=1 count=1 2> /dev/null; \
                stty \"$found\"; printf '\\033[?25h\\033[?1049l'; stty size";
    let mut terminal = Terminal::start(&["sh", "-c", tidy], 80, 24, "xterm-256color");
    assert_eq!(terminal.until("here it is").lines().nth(1), Some("  here it is"));
    terminal.resize(120, 40);
    terminal.keys("q");
    terminal.until("40 120");
    let (status, left) = terminal.end();
    assert!(status.success());
    assert_eq!(left, Vec::<&str>::new());
}

#[test]
fn what_an_untidy_program_leaves_is_seen() {
    let untidy =
        "printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h\\033[?1h'; stty raw -echo; exit 3";
    let (status, left) = Terminal::start(&["sh", "-c", untidy], 80, 24, "xterm").end();
    assert_eq!(status.exit_code(), 3);
    assert_eq!(left.len(), 6, "{left:?}");
}
