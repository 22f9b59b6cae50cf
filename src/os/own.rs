//! farrier's own surroundings: its terminal, its locale, its settings directory. Nothing here is about another process.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

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
    /// Where the user's settings lie; `None`: nowhere, or in a home of somebody else (sudo keeps HOME).
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

/// `$XDG_CONFIG_HOME`, else `$HOME/.config`; only where the directory's owner is farrier's own user.
fn config_home() -> Option<PathBuf> {
    let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let home = variable("HOME").map(|home| Path::new(&home).join(".config"));
    xdg.or(home).filter(|path| path.is_absolute() && is_mine(path))
}

#[expect(clippy::disallowed_methods, reason = "this is os: a stat of farrier's own settings place")]
fn is_mine(path: &Path) -> bool {
    let euid = nix::unistd::geteuid().as_raw();
    std::fs::metadata(path).is_ok_and(|stat| stat.uid() == euid)
}

/// The zone that times are shown in: this machine's.
pub fn zone() -> jiff::tz::TimeZone {
    linked_zone().unwrap_or_else(jiff::tz::TimeZone::system)
}

/// The zone that `/etc/localtime` leads to: it is in the file, and the list of all zones need not be read. `None`: another
/// is named by `TZ`, or the file is no link.
#[expect(clippy::disallowed_methods, reason = "this is os: the machine's own zone")]
fn linked_zone() -> Option<jiff::tz::TimeZone> {
    if std::env::var_os("TZ").is_some() {
        return None;
    }
    let link = std::fs::read_link("/etc/localtime").ok()?;
    let (_, name) = link.to_str()?.split_once("/zoneinfo/")?;
    if name == "UTC" {
        return Some(jiff::tz::TimeZone::UTC);
    }
    jiff::tz::TimeZone::tzif(name, &std::fs::read("/etc/localtime").ok()?).ok()
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

/// The directory that farrier was started in; the root where it is gone.
#[expect(
    clippy::disallowed_methods,
    reason = "this is os: paths that were typed are relative to it"
)]
pub fn directory() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
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

/// The most that is read of a recording, in bytes.
const RECORDING_BOUND: u64 = 256 * 1024 * 1024;

/// The text of a file that the user named: a recording. A pipe is read to its end.
#[expect(clippy::disallowed_methods, reason = "this is os: a file that the user names")]
pub fn read_named(path: &Path) -> std::io::Result<String> {
    whole(std::fs::File::open(path)?)
}

/// The same of a regular file alone: who waits for a pipe answers no key.
#[expect(clippy::disallowed_methods, reason = "this is os: a file that the user names")]
pub fn read_regular(path: &Path) -> std::io::Result<String> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    // Opening a pipe would wait for its writer.
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or(0);
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no regular file, and is read more than once"));
    }
    whole(file)
}

fn whole(file: std::fs::File) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    file.take(RECORDING_BOUND).read_to_string(&mut text)?;
    Ok(text)
}

/// A file that was not there before, for its owner alone.
pub struct NewFile(std::fs::File);

impl NewFile {
    /// Makes it; one that is there already is left as it is. O_EXCL follows no link at the end of the path, so that
    /// nothing is written through one.
    #[expect(clippy::disallowed_methods, reason = "this is os: a file that the user names")]
    pub fn make(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(Self)
    }

    /// Writes all of it.
    pub fn write(mut self, text: &str) -> std::io::Result<()> {
        self.0.write_all(text.as_bytes())?;
        self.0.sync_all()
    }
}

/// Opens farrier's own log to append to it; a new one is for its owner alone, and a link is not followed.
#[expect(clippy::disallowed_methods, reason = "this is os: a file that the user names")]
pub fn open_log(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(no_follow)
        .open(path)
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

    #[test]
    fn a_pipe_that_nobody_writes_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let refused = |path: &Path| read_regular(path).unwrap_err().to_string();
        assert!(refused(&pipe).contains("no regular file"));
        assert!(refused(directory.path()).contains("no regular file"));
        assert!(refused(Path::new("/dev/null")).contains("no regular file"));
    }
}
