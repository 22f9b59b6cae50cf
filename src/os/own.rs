//! farrier's own surroundings: its terminal, its locale, its settings directory. Nothing here is about another process.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::porter::{Porter, Work, own_program};
use super::{Ask, Found, PathAsk, Root, Source};

/// What farrier's own environment and descriptors say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Standard output is a terminal.
    pub output_is_terminal: bool,
    /// `NO_COLOR` is unset or empty, and TERM names no terminal without colours.
    pub may_colour: bool,
    /// How many colours COLORTERM and TERM promise.
    pub colours: Depth,
    /// The background that COLORFGBG tells of.
    pub ground: Ground,
    /// The locale is UTF-8, and the terminal is not the Linux console, whose font lacks farrier's signs.
    pub signs: bool,
    /// Where the user's settings would lie; `None`: nowhere.
    pub config_home: Option<PathBuf>,
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// Eight, and their bright forms.
    #[default]
    Sixteen,
    /// 256.
    Indexed,
    /// All that three bytes can say.
    True,
}

/// The background of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Light text on a dark one.
    #[default]
    Dark,
    /// Dark text on a light one.
    Light,
}

/// What TERM and COLORTERM promise. COLORTERM goes along through ssh and into screen, which knows nothing of it.
fn depth(term: &str, colorterm: &str) -> Depth {
    let told = matches!(colorterm, "truecolor" | "24bit");
    if term.contains("direct") || (told && !term.starts_with("screen") && !is_plain(term)) {
        Depth::True
    } else if term.contains("256color") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

/// Terminals with sixteen colours at most, whatever COLORTERM says.
fn is_plain(term: &str) -> bool {
    term == "linux" || term.is_empty() || is_monochrome(term)
}

/// Terminals without colours.
fn is_monochrome(term: &str) -> bool {
    is_dumb(term.as_ref())
        || term.starts_with("vt")
        || term.ends_with("-m")
        || term.ends_with("-mono")
}

/// The background in COLORFGBG (`15;0`, `0;default;15`): 7 and 15 are light.
fn ground(colorfgbg: &str) -> Ground {
    match colorfgbg.rsplit(';').next() {
        Some("7" | "15") => Ground::Light,
        _ => Ground::Dark,
    }
}

/// Reads them.
pub fn own() -> Own {
    let term = variable("TERM").unwrap_or_default();
    let name = term.to_string_lossy();
    let word = |name: &str| variable(name).unwrap_or_default().to_string_lossy().into_owned();
    let output_is_terminal = std::io::stdout().is_terminal();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    Own {
        output_is_terminal,
        may_colour: variable("NO_COLOR").is_none() && !is_monochrome(&name),
        colours: depth(&name, &word("COLORTERM")),
        ground: ground(&word("COLORFGBG")),
        signs: utf8 && !(output_is_terminal && term == "linux"),
        config_home: config_home(),
    }
}

/// Whether standard input and output are both a terminal that can do more than print: the inspector may start.
pub fn is_interactive() -> bool {
    let terminals = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    terminals && !is_dumb(&variable("TERM").unwrap_or_default())
}

fn is_dumb(term: &std::ffi::OsStr) -> bool {
    term == "dumb" || term == "vt52"
}

/// A path that a person wrote: `~/` is their home, as in a shell.
pub fn written_path(written: &str) -> PathBuf {
    match (written.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(written),
    }
}

/// A variable of farrier's own environment; an empty one counts as unset.
#[expect(clippy::disallowed_methods, reason = "this is os: the one place that reads it")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The user who ran sudo, as sudo says (`sudo(8)`, SUDO_USER).
pub fn sudo_user() -> Option<super::Text> {
    variable("SUDO_USER").map(|name| super::Text::from(Path::new(&name)))
}

/// `$XDG_CONFIG_HOME`, else `$HOME/.config`. Whose it is, and whether it answers, is for whoever reads it to find out.
fn config_home() -> Option<PathBuf> {
    let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = variable("HOME").map(|home| Path::new(&home).join(".config"));
    xdg.or(home).filter(|path| path.is_absolute())
}

/// Where the rules of zones lie (`tzset(3)`).
const ZONES: &str = "/usr/share/zoneinfo";

/// The zone that times are shown in: that of `TZ`, else this machine's. `source` reads its file: it may lie anywhere.
pub fn zone(source: &dyn Source) -> jiff::tz::TimeZone {
    const BOUND: u32 = 1 << 16;
    let read = |path: &Path| match source.ask_one(Ask::path(Root::Own, path, PathAsk::Read(BOUND)))
    {
        Ok(Found::File(Some(text))) => Some(text),
        _ => None,
    };
    let named = |name: &str, path: &Path| {
        read(path).and_then(|rules| jiff::tz::TimeZone::tzif(name, rules.bytes()).ok())
    };
    let zone = if let Some(name) = own_zone() {
        match name.strip_prefix(':').unwrap_or(&name) {
            "" => None,
            name => named(name, &Path::new(ZONES).join(name))
                .or_else(|| jiff::tz::TimeZone::posix(name).ok()),
        }
    } else {
        let file = Path::new("/etc/localtime");
        let link = source.ask_one(Ask::path(Root::Own, file, PathAsk::ReadLink));
        let name = match &link {
            Ok(Found::Link(Some(link))) => link.utf8().and_then(|to| to.split_once("/zoneinfo/")),
            _ => None,
        };
        named(name.map_or("Local", |(_, name)| name), file)
    };
    zone.unwrap_or(jiff::tz::TimeZone::UTC)
}

/// `TZ`, which says UTC where it is empty.
#[expect(clippy::disallowed_methods, reason = "this is os: the one place that reads it")]
fn own_zone() -> Option<String> {
    std::env::var_os("TZ").map(|name| name.to_string_lossy().into_owned())
}

/// The zone that a process with this `TZ` tells its times in; `None`: its rules are not known here.
pub fn zone_named(name: &str) -> Option<jiff::tz::TimeZone> {
    match name.strip_prefix(':').unwrap_or(name) {
        "" => Some(jiff::tz::TimeZone::UTC),
        name => jiff::tz::TimeZone::get(name).or_else(|_| jiff::tz::TimeZone::posix(name)).ok(),
    }
}

/// Writes a page of the documentation, its directories too. For `farrier generate` alone: what a command writes
/// beside a running server is created new, never over something.
#[expect(clippy::disallowed_methods, reason = "this is os: a file that the developer names")]
pub fn write_page(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(path, text)
}

/// farrier's own arguments, its name first.
#[expect(clippy::disallowed_methods, reason = "this is os: the one place that reads them")]
pub fn arguments() -> Vec<OsString> {
    std::env::args_os().collect()
}

/// The directory that farrier was started in; the root where it is gone. The kernel tells its name by itself: a directory
/// that does not answer is not asked.
pub fn directory() -> PathBuf {
    let told = rustix::process::getcwd(Vec::new()).ok();
    let path = told.map(|path| super::Text::new(path.into_bytes()).path().to_path_buf());
    path.filter(|path| path.is_absolute()).unwrap_or_else(|| PathBuf::from("/"))
}

/// Waits, so that a second look has something to compare with.
#[expect(clippy::disallowed_methods, reason = "this is os: two looks have to lie apart")]
pub fn pause(time: std::time::Duration) {
    std::thread::sleep(time);
}

/// Whether somebody can answer a question.
pub fn input_is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks on standard error and reads the line that is typed: empty at the end of input, and where the operator broke off.
/// A read would go on after a signal; the wait before it does not.
pub fn ask(question: &str, broken_off: &BreakOff) -> String {
    let _ = write!(std::io::stderr(), "{question}");
    let input = std::io::stdin();
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        if broken_off.is_raised() {
            // What follows begins a line of its own, behind the `^C`.
            let _ = writeln!(std::io::stderr());
            return String::new();
        }
        let mut ready = [PollFd::new(&input, PollFlags::IN)];
        match poll(&mut ready, Some(&HEED)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => break,
        }
        let mut bytes = [0; 1024];
        match rustix::io::read(&input, &mut bytes) {
            Ok(0) => break,
            Ok(count) => line.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&line).into_owned()
}

/// How soon a signal is heeded that came just before the wait began.
const HEED: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Whether the operator broke off (INT, TERM, HUP): what watches something can then say where it stands.
#[derive(Clone, Debug, Default)]
pub struct BreakOff {
    raised: Arc<AtomicBool>,
    hung_up: Arc<AtomicBool>,
    told: Arc<AtomicBool>,
}

/// How somebody who worked on something left it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leave {
    /// The operator broke off.
    #[default]
    Operator,
    /// The terminal went.
    Terminal,
    /// farrier was told to end.
    Told,
}

impl BreakOff {
    /// Begins to listen.
    pub fn listen() -> Self {
        let all = Self::default();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            let number = signal as i32;
            // The order matters: a second one finds the flag raised and ends the program as usual.
            let raised = &all.raised;
            let _ = signal_hook::flag::register_conditional_default(number, Arc::clone(raised));
            let how = match signal {
                Signal::SIGHUP => Some(&all.hung_up),
                Signal::SIGTERM => Some(&all.told),
                _ => None,
            };
            for flag in how.into_iter().chain([raised]) {
                let _ = signal_hook::flag::register(number, Arc::clone(flag));
            }
        }
        all
    }

    /// Whether it happened.
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// How.
    pub fn how(&self) -> Leave {
        if self.hung_up.load(Ordering::Relaxed) {
            Leave::Terminal
        } else if self.told.load(Ordering::Relaxed) {
            Leave::Told
        } else {
            Leave::Operator
        }
    }
}

/// The text of a file that the user named: a recording. A pipe is read to its end, for as long as somebody writes to it.
pub fn read_named(path: &Path) -> std::io::Result<String> {
    Porter::of(&own_program(), Work::Read, path)?.read()
}

/// The same of a regular file alone: who waits for a pipe answers no key.
pub fn read_regular(path: &Path) -> std::io::Result<String> {
    Porter::of(&own_program(), Work::ReadRegular, path)?.read()
}

/// A file that was not there before, for its owner alone.
pub struct NewFile(Porter);

impl NewFile {
    /// Makes it; one that is there already is left as it is, and nothing is written through a link.
    pub fn make(path: &Path) -> std::io::Result<Self> {
        Porter::of(&own_program(), Work::New, path).map(Self)
    }

    /// Writes all of it.
    pub fn write(mut self, text: &str) -> std::io::Result<()> {
        self.0.write(text.as_bytes())
    }
}

/// farrier's own log. Once it took a line too late, no more is written to it: nobody waits for a log.
pub struct OwnLog(Option<Porter>);

impl OwnLog {
    /// Opens it to append to it; a new one is for its owner alone, and a link is not followed.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Porter::of(&own_program(), Work::Append, path).map(|porter| Self(Some(porter)))
    }
}

impl std::io::Write for OwnLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(porter) = &mut self.0
            && let Err(error) = porter.write(bytes)
        {
            self.0 = None;
            return Err(error);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_as_many_as_the_terminal_has() {
        assert_eq!(depth("xterm", ""), Depth::Sixteen);
        assert_eq!(depth("xterm-256color", ""), Depth::Indexed);
        assert_eq!(depth("xterm-256color", "truecolor"), Depth::True);
        assert_eq!(depth("screen-256color", "truecolor"), Depth::Indexed);
        assert_eq!(depth("linux", "truecolor"), Depth::Sixteen);
        assert!(is_monochrome("vt100") && is_monochrome("xterm-mono") && !is_monochrome("xterm"));
    }

    #[test]
    fn a_light_background_is_the_last_word_of_colorfgbg() {
        assert_eq!(["0;15", "0;default;7"].map(ground), [Ground::Light; 2]);
        assert_eq!(["15;0", ""].map(ground), [Ground::Dark; 2]);
    }
}
