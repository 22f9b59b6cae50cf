//! Unicorn's log, by the messages of `lib/unicorn/http_server.rb` (4.3 to 6.1) and the form of Ruby's `Logger`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::model::log::{Became, Entry, Log, OfWorkers, Said};
use crate::os::Text;
use crate::os::text::contains;

/// A longer line is no message of the server.
const LONGEST: usize = 4_096;

/// Reads the end of a log. `whole`: the bytes are all that the file has; else the first line is a torn one.
pub fn read(bytes: &Text, path: &Path, whole: bool) -> Log {
    let (mut entries, mut workers) = (Vec::new(), Vec::new());
    let lines = bytes.bytes().split(|byte| *byte == b'\n').enumerate();
    for (at, line) in lines.skip(usize::from(!whole)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.len() > LONGEST {
            continue;
        }
        let plain = uncoloured(line);
        let (header, message) = header(&plain);
        if let Some(what) = of_workers(message) {
            let (time, writer) = (header.time.clone(), header.writer);
            workers.push(OfWorkers { line: at + 1, time, writer, what });
        }
        if let Some(said) = said(message, &header) {
            let Header { time, writer, .. } = header;
            entries.push(Entry { line: at + 1, time, writer, said });
        }
    }
    Log { path: path.to_path_buf(), whole, entries, workers, aside: None }
}

/// `reaped #<Process::Status: pid 7 exit 0> worker=3` (`configurator.rb`, `after_worker_exit`; in older ones
/// `http_server.rb`, `reap_all_workers`), and what is told before workers are asked to leave.
fn of_workers(message: &[u8]) -> Option<Became> {
    if message.starts_with(b"reloading config_file=") {
        return Some(Became::Reloads);
    }
    if message == b"gracefully stopping all workers" {
        return Some(Became::Drained);
    }
    let rest = message.strip_prefix(b"reaped #<Process::Status: pid ")?;
    let (_, number) = split_at(rest, b"> worker=")?;
    u32::try_from(self::number(number)?).ok().map(Became::Reaped)
}

/// A line without the colours that a formatter gives it (ECMA-48, SGR).
fn uncoloured(line: &[u8]) -> Cow<'_, [u8]> {
    if !line.contains(&0x1b) {
        return Cow::Borrowed(line);
    }
    let mut plain = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, behind @ ..] = rest {
        let length = behind
            .strip_prefix(b"[")
            .filter(|_| *first == 0x1b)
            .map(|code| code.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count())
            .filter(|length| behind.get(length + 1) == Some(&b'm'));
        if let Some(length) = length {
            rest = behind.get(length + 2..).unwrap_or_default();
        } else {
            plain.push(*first);
            rest = behind;
        }
    }
    Cow::Owned(plain)
}

/// What stands before the message.
#[derive(Default)]
struct Header {
    level: Option<u8>,
    time: Option<Text>,
    writer: Option<i32>,
}

/// `E, [2026-11-21T23:21:04.123456 #9120] ERROR -- : MESSAGE`; a line of another form is all message.
fn header(line: &[u8]) -> (Header, &[u8]) {
    split_header(line).unwrap_or((Header::default(), line))
}

fn split_header(line: &[u8]) -> Option<(Header, &[u8])> {
    let (level, rest) = line.split_first()?;
    let rest = rest.strip_prefix(b", [")?;
    let (inner, rest) = split_at(rest, b"]")?;
    let (time, writer) = split_at(inner, b" #")?;
    let (_, message) = split_at(rest, b" -- ")?;
    let (_, message) = split_at(message, b": ")?;
    let header = Header {
        level: Some(*level),
        time: Some(Text::new(time.trim_ascii())),
        writer: number(writer),
    };
    Some((header, message))
}

fn said(message: &[u8], header: &Header) -> Option<Said> {
    if let Some(rest) = message.strip_prefix(b"executing [") {
        return executing(rest);
    }
    if let Some(rest) = message.strip_prefix(b"reaped #<Process::Status: pid ") {
        let rest = rest.strip_suffix(b"> exec()-ed")?;
        let (pid, how) = split_at(rest, b" ")?;
        return Some(Said::Ended { pid: number(pid)?, how: Text::new(how) });
    }
    let refuses = message.ends_with(b", refusing rexec")
        || message.starts_with(b"reexec-ed child already running PID:")
        || (message.starts_with(b"error writing pid=") && contains(message, b".oldbin "));
    if refuses {
        return Some(Said::Refused(Text::new(message)));
    }
    if message == b"master process ready" {
        return Some(Said::Ready);
    }
    if message == b"master complete" {
        return Some(Said::Complete);
    }
    if message.starts_with(b"done reloading config_file=") {
        return Some(Said::Reloaded);
    }
    if message
        .strip_prefix(b"worker=")
        .and_then(|rest| rest.strip_suffix(b" ready"))
        .is_some_and(is_number)
    {
        return Some(Said::WorkerReady);
    }
    let is_error = match header.level {
        Some(level) => matches!(level, b'E' | b'F'),
        None => names_an_exception(message),
    };
    is_error.then(|| Said::Error(Text::new(message)))
}

/// `"/usr/bin/unicorn", "-c", …, {8=>#<…>}] (in /srv/shop/releases/7)`
fn executing(rest: &[u8]) -> Option<Said> {
    let (program, _) = split_at(rest.strip_prefix(b"\"")?, b"\"")?;
    let at = rest.windows(6).rposition(|window| window == b"] (in ")?;
    let directory = rest.get(at + 6..)?.strip_suffix(b")")?;
    if contains(program, b"\\") {
        return None;
    }
    let path = |bytes: &[u8]| -> PathBuf { Text::new(bytes).path().to_path_buf() };
    Some(Said::Executing { program: path(program), directory: path(directory) })
}

/// `… (Bundler::GemfileNotFound)`: the first line of what Ruby prints when nobody catches an exception.
fn names_an_exception(line: &[u8]) -> bool {
    let Some(inner) = line.strip_suffix(b")") else { return false };
    let Some(at) = inner.iter().rposition(|byte| *byte == b'(') else { return false };
    let class = inner.get(at + 1..).unwrap_or_default();
    let spaced = at.checked_sub(1).and_then(|before| inner.get(before)) == Some(&b' ');
    let is_class = class.first().is_some_and(u8::is_ascii_uppercase)
        && class.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_'));
    spaced && is_class
}

fn split_at<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((bytes.get(..at)?, bytes.get(at + mark.len()..)?))
}

fn is_number(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}

fn number(bytes: &[u8]) -> Option<i32> {
    std::str::from_utf8(bytes.trim_ascii())
        .ok()
        .filter(|text| is_number(text.as_bytes()))?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Log {
        read(&Text::from(text), Path::new("/log"), true)
    }

    const HEAD: &str = "I, [2026-11-21T23:21:04.123456 #9120]  INFO -- : ";
    const BAD: &str = "E, [2026-11-21T23:21:09.123456 #9120] ERROR -- : ";

    fn only(text: &str) -> Option<Said> {
        of(text).entries.first().map(|entry| entry.said.clone())
    }

    #[test]
    fn a_failed_upgrade() {
        let log = of(&format!(
            "{HEAD}executing [\"/usr/bin/unicorn\", \"-c\", \"/srv/config/unicorn.rb\", \
             {{8=>#<Kgio::UNIXServer:fd 8>}}] (in /srv/releases/2)\n\
             {HEAD}inherited addr=/srv/u.sock fd=8\n\
             config.ru:2:in `block in <main>': this (RuntimeError)\n\tfrom x.rb:1\n\
             {BAD}reaped #<Process::Status: pid 21877 exit 1> exec()-ed\n"
        ));
        let said: Vec<_> = log.entries.iter().map(|entry| (entry.line, &entry.said)).collect();
        let error = "config.ru:2:in `block in <main>': this (RuntimeError)";
        assert_eq!(
            said,
            [
                (
                    1,
                    &Said::Executing {
                        program: "/usr/bin/unicorn".into(),
                        directory: "/srv/releases/2".into()
                    }
                ),
                (3, &Said::Error(error.into())),
                (5, &Said::Ended { pid: 21877, how: "exit 1".into() }),
            ]
        );
        let last = log.entries.last().map(|entry| (entry.writer, entry.time.clone()));
        assert_eq!(last, Some((Some(9120), Some("2026-11-21T23:21:09.123456".into()))));
    }

    #[test]
    fn each_message() {
        for (message, wanted) in [
            ("master process ready", Said::Ready),
            ("master complete", Said::Complete),
            ("worker=3 ready", Said::WorkerReady),
            ("done reloading config_file=/srv/config/unicorn.rb", Said::Reloaded),
            (
                "reaped #<Process::Status: pid 7 SIGKILL (signal 9)> exec()-ed",
                Said::Ended { pid: 7, how: "SIGKILL (signal 9)".into() },
            ),
        ] {
            assert_eq!(only(&format!("{HEAD}{message}")), Some(wanted.clone()), "{message}");
            assert_eq!(only(message), Some(wanted), "another formatter: {message}");
        }
        for message in [
            "old PID:9120 running with existing pid=/srv/u.pid.oldbin, refusing rexec",
            "reexec-ed child already running PID:77",
            "error writing pid=/srv/u.pid.oldbin Errno::EACCES Permission denied",
        ] {
            assert_eq!(only(&format!("{BAD}{message}")), Some(Said::Refused(message.into())));
        }
        for message in [
            "worker=x ready",
            "reaped #<Process::Status: pid 7 exit 0> worker=0",
            "gracefully stopping all workers",
            "reloading config_file=/srv/config/unicorn.rb",
            "executing nothing",
            "see (above)",
            "a note(Error)",
        ] {
            assert_eq!(only(&format!("{HEAD}{message}")), None, "{message}");
        }
    }

    #[test]
    fn what_becomes_of_workers() {
        let log = of(&format!(
            "{HEAD}reaped #<Process::Status: pid 7 exit 0> worker=12\n\
             {BAD}reaped #<Process::Status: pid 8 SIGKILL (signal 9)> worker=3\n\
             {BAD}reaped #<Process::Status: pid 9 exit 1> exec()-ed\n\
             reaped #<Process::Status: pid 7 exit 0> worker=unknown\n\
             {HEAD}reloading config_file=/srv/config/unicorn.rb\n\
             {HEAD}gracefully stopping all workers\n"
        ));
        let told: Vec<_> = log.workers.iter().map(|one| (one.line, one.what)).collect();
        let wanted = [
            (1, Became::Reaped(12)),
            (2, Became::Reaped(3)),
            (5, Became::Reloads),
            (6, Became::Drained),
        ];
        assert_eq!(told, wanted);
        let first = log.workers.first().map(|one| (one.writer, one.time.clone()));
        assert_eq!(first, Some((Some(9120), Some("2026-11-21T23:21:04.123456".into()))));
    }

    #[test]
    fn colours_and_rubbish_round_a_message() {
        for line in [
            format!("\u{1b}[36m{HEAD}\u{1b}[0mmaster process ready\u{1b}[m"),
            "\u{1b}[1;31mmaster process ready\u{1b}[0m".to_owned(),
        ] {
            assert_eq!(only(&line), Some(Said::Ready), "{line:?}");
        }
        let rubbish = "x".repeat(LONGEST * 3);
        let text =
            format!("{rubbish}\n\0\u{1}\u{1b}[\u{1b}]0;x\u{7}\n{HEAD}master complete\r\n{rubbish}");
        let log = of(&text);
        assert_eq!(
            log.entries.iter().map(|entry| (entry.line, &entry.said)).collect::<Vec<_>>(),
            [(3, &Said::Complete)]
        );
    }

    #[test]
    fn a_torn_first_line_is_left_out() {
        let log =
            read(&Text::from("ster process ready\nmaster process ready"), Path::new("/log"), false);
        assert_eq!(log.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2]);
        let entry = log.entries.first().map(|entry| log.place(entry).to_string());
        assert_eq!(entry.as_deref(), Some("/log, line 2 of its last 64 KiB"));
    }
}
