//! A real terminal: the program runs in a pseudo-terminal, keys are typed, the screen is read as a person sees it.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};

/// How long the screen may take to show what is awaited.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came from the program: the screen as it stands, and how far the program has come with it.
struct Drawn {
    parser: vt100::Parser,
    /// How many frames that draw every cell are whole.
    frames: usize,
    /// Such a frame has begun and not ended.
    begun: bool,
    /// All bytes.
    bytes: usize,
    /// The last bytes, as many as one of the sequences below has.
    tail: Vec<u8>,
}

impl Drawn {
    /// What a frame that draws every cell begins with.
    const CLEAR: &[u8] = b"\x1b[2J";
    /// What every frame ends with, and has nowhere else: all styles off.
    const END: &[u8] = b"\x1b[0m";

    fn new(columns: u16, rows: u16) -> Self {
        let parser = vt100::Parser::new(rows, columns, 0);
        Self { parser, frames: 0, begun: false, bytes: 0, tail: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.bytes += bytes.len();
        for byte in bytes {
            if self.tail.len() == Self::END.len() {
                self.tail.remove(0);
            }
            self.tail.push(*byte);
            if self.tail == Self::CLEAR {
                self.begun = true;
            } else if self.tail == Self::END {
                self.frames += usize::from(std::mem::take(&mut self.begun));
            }
        }
    }

    /// Not in the middle of a frame.
    fn is_whole(&self) -> bool {
        self.tail == Self::END
    }
}

/// A program in a terminal of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// Kept open so that the terminal outlives the program, as a shell's does.
    slave: Option<Box<dyn SlavePty + Send>>,
    keyboard: Box<dyn Write + Send>,
    drawn: Arc<Mutex<Drawn>>,
    /// While it is held, nothing is read of what the program writes.
    stall: Arc<AtomicBool>,
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
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let drawn = Arc::new(Mutex::new(Drawn::new(columns, rows)));
        let shown = Arc::clone(&drawn);
        let stall = Arc::new(AtomicBool::new(false));
        let stalled = Arc::clone(&stall);
        let (reader, reading) = channel();
        thread::spawn(move || {
            let _reader: Sender<()> = reader;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().expect("no reader panics").take(&bytes[..count]);
                while stalled.load(Ordering::Relaxed) {
                    sleep(Duration::from_millis(2));
                }
            }
        });
        let keyboard = pair.master.take_writer().expect("a writer");
        let slave = Some(pair.slave);
        Self { child, master: pair.master, slave, keyboard, drawn, stall, reading, found }
    }

    /// Types: text as it is, other keys by the bytes that a terminal sends for them.
    pub fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keyboard.flush().expect("the terminal takes keys");
    }

    /// Sends a signal to the program.
    pub fn signal(&self, name: &str) {
        let pid = self.child.process_id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Makes the window another size, as a person dragging its corner does.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen().parser.screen_mut().set_size(rows, columns);
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the terminal takes a size");
    }

    /// The terminal takes nothing, or takes again.
    pub fn stalled(&self, stalled: bool) {
        self.stall.store(stalled, Ordering::Relaxed);
    }

    /// How many bytes came until now.
    pub fn written(&self) -> usize {
        self.seen().bytes
    }

    /// Types keys and Ctrl-L, and waits for the frame that draws every cell: then all of them were taken in. A frame that
    /// a busy machine draws late may be an earlier one, so another is asked for.
    pub fn typed(&mut self, keys: &str) -> String {
        self.repainted(keys);
        self.repainted("")
    }

    fn repainted(&mut self, keys: &str) -> String {
        let before = self.seen().frames;
        self.keys(&format!("{keys}\x0c"));
        let until = Instant::now() + PATIENCE;
        loop {
            sleep(Duration::from_millis(4));
            let now = self.seen();
            if now.frames > before && now.is_whole() {
                return now.parser.screen().contents();
            }
            drop(now);
            assert!(Instant::now() < until, "no frame after {keys:?}:\n{}", self.screen());
        }
    }

    /// What is on the screen now, a line each, without the blanks at their ends.
    pub fn screen(&self) -> String {
        self.seen().parser.screen().contents()
    }

    /// The same with its colours: a line each, every cell written out, blanks too.
    pub fn coloured(&self) -> String {
        let seen = self.seen();
        let screen = seen.parser.screen();
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

    /// Waits until the screen is as wanted, and not half drawn; gives it.
    pub fn until_screen(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        let (mut bytes, mut still) = (0, Instant::now());
        loop {
            let seen = self.seen();
            let (screen, whole) = (seen.parser.screen().contents(), seen.is_whole());
            if std::mem::replace(&mut bytes, seen.bytes) != seen.bytes {
                still = Instant::now();
            }
            drop(seen);
            // Other programs than farrier, and what goes to the clipboard, end as they like.
            if wanted(&screen) && (whole || still.elapsed() > Duration::from_millis(100)) {
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
        let seen = self.seen();
        let screen = seen.parser.screen();
        let modes = [
            ("the alternate screen", screen.alternate_screen()),
            ("a hidden cursor", screen.hide_cursor()),
            ("bracketed paste", screen.bracketed_paste()),
            ("a mouse mode", screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None),
            ("keypad keys", screen.application_keypad() || screen.application_cursor()),
            ("other line settings", !line_settings_kept),
        ];
        let left = modes.into_iter().filter(|(_, is)| *is).map(|(what, _)| what).collect();
        drop(seen);
        (status, left)
    }

    /// Whether the program has taken the mouse.
    pub fn is_pointed(&self) -> bool {
        self.seen().parser.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    fn seen(&self) -> MutexGuard<'_, Drawn> {
        self.drawn.lock().expect("no reader panics")
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

/// The program on a recording, in a terminal of that kind.
pub fn opened(term: &str, with: &[&str], recording: &str) -> Terminal {
    let file = format!("{}/tests/recordings/{recording}.toml", env!("CARGO_MANIFEST_DIR"));
    let mut words = vec!["env", "TZ=UTC"];
    words.extend(with);
    words.extend([env!("CARGO_BIN_EXE_farrier"), "--from", &file]);
    Terminal::start(&words, 80, 24, term)
}

/// It ends by `q` with 0, and the terminal is as it was.
fn tidy(mut terminal: Terminal, told: &str) {
    terminal.keys("q");
    let (status, left) = terminal.end();
    assert!(status.success() && left.is_empty(), "{told}: {status:?}, left behind: {left:?}");
}

#[test]
fn every_kind_of_terminal_gets_what_it_can_show() {
    let kinds =
        ["xterm-256color", "xterm", "screen", "screen-256color", "tmux-256color", "linux", "vt100"];
    for term in kinds {
        for with in
            [&["LC_ALL=C.UTF-8"][..], &["LC_ALL=C"], &["NO_COLOR=1"], &["COLORTERM=truecolor"]]
        {
            let told = format!("{term} {with:?}");
            let mut terminal = opened(term, with, "release-stale");
            terminal.until("release-stale");
            let screen = terminal.typed("");
            let signs = screen.contains('▲');
            assert_eq!(signs, with != ["LC_ALL=C"] && term != "linux", "{told}:\n{screen}");
            assert!(signs || screen.is_ascii(), "{told}:\n{screen}");
            let drawn = terminal.coloured();
            let plain = with == ["NO_COLOR=1"] || term == "vt100";
            assert_eq!(!drawn.contains("38;"), plain, "{told}:\n{drawn}");
            let all = drawn.contains("38;2;");
            let may = !plain && term != "linux" && !term.starts_with("screen");
            assert_eq!(all, with == ["COLORTERM=truecolor"] && may, "{told}");
            tidy(terminal, &told);
        }
    }
}

#[test]
fn what_is_no_screen_gets_the_text_of_check() {
    for with in [&["TERM=dumb"][..], &["TERM=vt52"]] {
        let terminal = opened("xterm", with, "release-stale");
        terminal.until("current 20261108120000");
        let (status, left) = terminal.end();
        assert_eq!(status.exit_code(), 1, "{with:?}");
        assert!(left.is_empty(), "{with:?}: {left:?}");
    }
    // Nobody said what it is: sixteen colours at most, and no sign that it may lack.
    let terminal = opened("xterm", &["TERM="], "release-stale");
    assert!(terminal.until("release-stale").contains("Findings"));
    tidy(terminal, "no TERM");
}

#[test]
fn torn_arrows_pastes_and_a_storm_of_sizes_do_no_harm() {
    let mut terminal = opened("xterm", &[], "release-stale");
    terminal.until("release-stale");
    terminal.keys("4");
    terminal.until("Environment");
    let chosen = |screen: &str| screen.lines().position(|line| line.starts_with('>'));
    let before = chosen(&terminal.typed("g"));
    // An arrow in three pieces, as a slow line gives it: neither Esc nor letters.
    for piece in ["\x1b", "[", "B"] {
        terminal.keys(piece);
        sleep(Duration::from_millis(30));
    }
    let screen = terminal.typed("");
    assert!(screen.contains("Environment"), "{screen}");
    assert_ne!(chosen(&screen), before, "{screen}");
    // A paste is no key: it neither leaves nor opens anything.
    let screen = terminal.typed("\x1b[200~q:quit\r?a\r\x1b[201~");
    assert!(screen.contains("Environment") && !screen.contains("Act on"), "{screen}");
    for step in 0..60 {
        terminal.resize(20 + step * 3, 5 + step);
    }
    terminal.resize(80, 24);
    terminal.until_screen("the size it has", |screen| screen.lines().count() == 24);
    let screen = terminal.typed("1");
    assert!(screen.contains("WRONG") && screen.contains("? help"), "{screen}");
    tidy(terminal, "after a storm");
}

#[test]
fn the_mouse_is_given_back_on_the_way_out_and_for_plain_text() {
    let mut terminal = opened("xterm-256color", &[], "release-stale");
    terminal.until("release-stale");
    assert!(!terminal.is_pointed(), "it is the terminal's");
    terminal.typed(":mouse\r");
    assert!(terminal.is_pointed());
    // A click on the tab of the pidfiles, in the form of SGR.
    let screen = terminal.screen();
    let column = screen.lines().nth(1).and_then(|tabs| tabs.find("9 Pids")).expect("a tab") + 2;
    terminal.keys(&format!("\x1b[<0;{column};2M\x1b[<0;{column};2m"));
    terminal.until("[9 Pids]");
    terminal.keys("Y");
    terminal.until("any key goes back");
    assert!(!terminal.is_pointed(), "text can be selected");
    terminal.typed(" ");
    assert!(terminal.is_pointed());
    tidy(terminal, "with the mouse");
}

#[test]
fn a_terminal_that_takes_nothing_keeps_nobody() {
    ["TERM", "HUP"].into_iter().for_each(keeps_nobody);
}

fn keeps_nobody(signal: &str) {
    let mut terminal = opened("xterm", &[], "release-stale");
    terminal.until("release-stale");
    terminal.stalled(true);
    // More than the line takes: frames are dropped, the keys are kept.
    for _ in 0..40 {
        terminal.keys("?\x0c3\x0c");
        sleep(Duration::from_millis(5));
    }
    terminal.keys("9");
    sleep(Duration::from_millis(300));
    terminal.stalled(false);
    terminal.until("[9 Pids]");
    // And one that never takes anything again does not hold the program.
    terminal.stalled(true);
    for _ in 0..40 {
        terminal.keys("?\x0c3\x0c");
        sleep(Duration::from_millis(5));
    }
    terminal.signal(signal);
    let until = Instant::now() + PATIENCE;
    while terminal.child.try_wait().expect("it can be waited for").is_none() {
        assert!(Instant::now() < until, "it does not end while the terminal takes nothing");
        sleep(Duration::from_millis(20));
    }
}

/// The bytes that came after these keys, once nothing more comes.
fn cost(terminal: &mut Terminal, keys: &str) -> usize {
    let before = terminal.written();
    terminal.keys(keys);
    let mut seen = before;
    let until = Instant::now() + PATIENCE;
    loop {
        sleep(Duration::from_millis(150));
        let now = terminal.written();
        if now > before && std::mem::replace(&mut seen, now) == now {
            return now - before;
        }
        assert!(Instant::now() < until, "nothing came of {keys:?}");
    }
}

#[test]
fn a_key_costs_what_it_changes_and_a_quiet_screen_nothing() {
    for (columns, rows, line, view) in [(80, 24, 500, 3_500), (200, 60, 2_500, 12_000)] {
        let mut terminal = opened("xterm-256color", &[], "gemfile-missing");
        terminal.resize(columns, rows);
        terminal.until_screen("the first look", |screen| {
            screen.contains("NEXT") && screen.lines().count() == usize::from(rows)
        });
        terminal.typed("1g");
        let moved = cost(&mut terminal, "j").max(cost(&mut terminal, "k"));
        assert!(moved <= line, "{moved} bytes for one line at {columns}x{rows}");
        for key in ["2", "4", "7", "1", "?"] {
            let bytes = cost(&mut terminal, key);
            assert!(bytes <= view, "{bytes} bytes for {key} at {columns}x{rows}");
        }
        let before = terminal.written();
        sleep(Duration::from_millis(1500));
        assert_eq!(terminal.written(), before, "nothing changed at {columns}x{rows}");
        terminal.keys("\x03");
        let (status, left) = terminal.end();
        assert!(status.success() && left.is_empty(), "{status:?} {left:?}");
    }
}
