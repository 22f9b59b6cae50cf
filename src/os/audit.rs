//! The audit log: who sent which signal to whom, before and after, to syslog or the journal (AUTHPRIV).
#![expect(clippy::disallowed_types, reason = "this is os: one datagram to the log's own socket")]

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::live::read_whole;
use super::porter::{Porter, Work};
use super::{AuditLine, Refusal, Text};

/// Where syslog and the journal listen (`syslog(3)`).
const LOG: &str = "/dev/log";
/// Facility AUTHPRIV (10), severity notice (5), as RFC 3164 counts them.
const PRIORITY: u32 = 10 * 8 + 5;
/// Bytes in one datagram.
const LONGEST: usize = 2000;

/// Writes a line. With a file it is kept once that took it: then the system's log may be missing, as in a container.
/// Refused where nobody took it: the caller says so and asks.
pub fn write(line: &AuditLine, program: &Path, file: Option<&Path>) -> Result<(), Refusal> {
    let text = format!("farrier[{}]: {}", std::process::id(), words(line));
    let heard = to_system(&format!("<{PRIORITY}>{text}"));
    match file {
        Some(file) => to_file(program, file, &text),
        None => heard,
    }
}

/// Appends a line with its time, to a regular file alone: a file system that hangs is one that took no line.
fn to_file(program: &Path, path: &Path, text: &str) -> Result<(), Refusal> {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let at = i32::try_from(now.tv_nsec).ok().and_then(|n| jiff::Timestamp::new(now.tv_sec, n).ok());
    let at = at.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let line = format!("{at} {text}\n");
    Porter::of(program, Work::AppendRegular, path)
        .and_then(|mut porter| porter.write(line.as_bytes()))
        .map_err(|why| {
            Refusal::Unsupported(format!("the audit file {}: {why}", crate::os::shown(path)))
        })
}

fn to_system(text: &str) -> Result<(), Refusal> {
    let cut: String = text.chars().take(LONGEST).collect();
    let unheard = |_| Refusal::Unsupported("syslog: nobody listens at /dev/log".into());
    let socket = UnixDatagram::unbound().map_err(unheard)?;
    // A log daemon that is stuck must not hold the operator up.
    socket.set_nonblocking(true).map_err(unheard)?;
    socket.send_to(cut.as_bytes(), Path::new(LOG)).map_err(unheard)?;
    Ok(())
}

fn words(line: &AuditLine) -> String {
    let token = &line.token;
    let inode = token.pidfd_inode.map_or_else(|| "-".into(), |inode| inode.to_string());
    format!(
        "{} {} pid={} pidfd={inode} started={} uid={} app={} by={} {}",
        line.stage,
        line.signal,
        token.pid,
        token.started,
        token.uid,
        line.app,
        who(),
        line.words,
    )
}

/// Who stands behind this farrier: the login, the user before sudo, the terminal.
fn who() -> String {
    let login = own("loginuid").filter(|uid| uid.bytes() != b"4294967295");
    let login = login.map_or_else(|| "-".to_string(), |uid| uid.to_string());
    let sudo = super::own::sudo_user().map_or_else(|| "-".into(), |name| name.to_string());
    let terminal = rustix::termios::ttyname(std::io::stdin(), Vec::new())
        .map_or_else(|_| "-".into(), |name| Text::new(name.into_bytes()).to_string());
    let euid = rustix::process::geteuid().as_raw();
    format!("euid:{euid},loginuid:{login},sudo:{sudo},tty:{terminal}")
}

fn own(file: &str) -> Option<Text> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let descriptor = rustix::fs::open(format!("/proc/self/{file}"), flags, Mode::empty()).ok()?;
    let (bytes, _) = read_whole(&descriptor, 64).ok()?;
    Some(Text::new(bytes.trim_ascii()))
}
