//! The audit log: who sent which signal to whom, before and after, to syslog or the journal (AUTHPRIV).
#![expect(clippy::disallowed_types, reason = "this is os: one datagram to the log's own socket")]

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::live::read_whole;
use super::{AuditLine, Refusal, Text};

/// Where syslog and the journal listen (`syslog(3)`).
const LOG: &str = "/dev/log";
/// Facility AUTHPRIV (10), severity notice (5), as RFC 3164 counts them.
const PRIORITY: u32 = 10 * 8 + 5;
/// Bytes in one datagram.
const LONGEST: usize = 2000;

/// Writes a line. With a file it is kept once that took it: then the system's log may be missing, as in a container.
/// Refused where nobody took it: the caller says so and asks.
pub fn write(line: &AuditLine, file: Option<&Path>) -> Result<(), Refusal> {
    let text = format!("farrier[{}]: {}", std::process::id(), words(line));
    let heard = to_system(&format!("<{PRIORITY}>{text}"));
    match file {
        Some(file) => to_file(file, &text),
        None => heard,
    }
}

/// Appends a line with its time. The file is made where it is not there, for its owner alone; a link is not followed and
/// nothing but a regular file is written to.
fn to_file(path: &Path, text: &str) -> Result<(), Refusal> {
    let failed = |why: String| {
        let path = crate::os::shown(path);
        Refusal::Unsupported(format!("the audit file {path}: {why}"))
    };
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::CLOEXEC;
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let descriptor = rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)
        .map_err(|errno| failed(errno.to_string()))?;
    let stat = rustix::fs::fstat(&descriptor).map_err(|errno| failed(errno.to_string()))?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile {
        return Err(failed("no regular file".into()));
    }
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let at = i32::try_from(now.tv_nsec).ok().and_then(|n| jiff::Timestamp::new(now.tv_sec, n).ok());
    let at = at.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let line = format!("{at} {text}\n");
    match rustix::io::write(&descriptor, line.as_bytes()) {
        Ok(written) if written == line.len() => Ok(()),
        Ok(_) => Err(failed("it took a part of the line only".into())),
        Err(errno) => Err(failed(errno.to_string())),
    }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "a test stages files")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_takes_line_after_line_for_its_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("audit.log");
        to_file(&path, "farrier[7]: intent QUIT").unwrap();
        to_file(&path, "farrier[7]: result QUIT").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let (time, rest) = lines[0].split_once(' ').unwrap();
        assert!(time.parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::UNIX_EPOCH);
        assert_eq!(rest, "farrier[7]: intent QUIT");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_link_and_what_is_no_file_take_nothing() {
        let place = tempfile::tempdir().unwrap();
        let (file, link) = (place.path().join("file"), place.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for path in [&link, &place.path().to_path_buf(), &place.path().join("no/such")] {
            let refused = to_file(path, "x").unwrap_err();
            assert!(refused.to_string().contains("the audit file"), "{refused}");
        }
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    }
}
