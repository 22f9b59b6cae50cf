//! Files that are written, read or locked by a porter, and what it refuses.

use std::os::unix::fs::PermissionsExt as _;

use farrier::os::porter::{Opened, Porter, Work};
use farrier::os::{AuditLine, Locked, Token};

use super::*;

fn open(work: Work, path: &Path) -> std::io::Result<Porter> {
    Porter::of(Path::new(FARRIER), work, path)
}

fn hands() -> LiveHands {
    LiveHands::new("/proc".as_ref()).helped_by(FARRIER.into())
}

#[test]
fn a_pipe_that_nobody_writes_is_refused_soon() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let refused = |path: &Path| open(Work::ReadRegular, path).and_then(Porter::read).unwrap_err();
    for path in [&pipe, directory.path(), Path::new("/dev/null")] {
        let refused = refused(path).to_string();
        assert!(refused.contains("no regular file"), "{refused}");
    }
    for work in [Work::Read, Work::Append] {
        let start = Instant::now();
        let refused = open(work, &pipe).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::TimedOut, "{work:?}: {refused}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn a_pipe_is_read_for_as_long_as_somebody_writes() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let to = pipe.clone();
    let writer = std::thread::spawn(move || {
        let mut pipe = std::fs::File::options().write(true).open(to).unwrap();
        for _ in 0..2 {
            pipe.write_all(b"a piece").unwrap();
            std::thread::sleep(Duration::from_millis(1300));
        }
    });
    assert_eq!(open(Work::Read, &pipe).unwrap().read().unwrap(), "a piecea piece");
    writer.join().unwrap();
}

#[test]
fn a_file_is_read_and_made_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a file");
    let text = "0123456789".repeat(300_000);
    open(Work::New, &path).unwrap().write(text.as_bytes()).unwrap();
    assert_eq!(open(Work::Read, &path).unwrap().read().unwrap(), text);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = open(Work::New, &path).unwrap_err();
    assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
    assert_eq!(open(Work::Read, Path::new("/no/such")).unwrap_err().raw_os_error(), Some(2));
    let mut log = open(Work::Append, &path).unwrap();
    log.write(b"x").unwrap();
    log.write(b"y").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text + "xy");
}

#[test]
fn a_lock_is_held_until_it_is_let_go() {
    let place = tempfile::tempdir().unwrap();
    let (mut first, mut second) = (hands(), hands());
    assert_eq!(first.lock(place.path()), Ok(Locked::Mine));
    // The porter holds it for the process that started it.
    let own = Pid::new(std::process::id().cast_signed());
    assert_eq!(second.lock(place.path()), Ok(Locked::Theirs(own)));
    first.unlock();
    assert_eq!(second.lock(place.path()), Ok(Locked::Mine));
    drop(second);
    assert_eq!(first.lock(place.path()), Ok(Locked::Mine));
    assert!(matches!(first.lock(Path::new("/nowhere")), Err(Refusal::Failed(_))));
    let lock = Porter::open(Path::new(FARRIER), Work::Lock, place.path()).unwrap();
    assert!(matches!(lock, Opened::Busy(holder) if holder == own));
}

#[test]
fn the_audit_file_takes_line_after_line_for_its_owner_alone() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("audit.log");
    let line = |stage: &str| AuditLine {
        stage: stage.into(),
        signal: "QUIT".into(),
        token: Token {
            pid: Pid::new(7).unwrap(),
            started: 1,
            pidfd_inode: None,
            exe: None,
            uid: 0,
            cgroup: Text::default(),
        },
        app: "shop".into(),
        words: "words".into(),
    };
    let mut hands = hands().audited(Some(path.clone()));
    hands.note(&line("intent")).unwrap();
    hands.note(&line("result")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    let (time, rest) = lines[1].split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::UNIX_EPOCH);
    assert!(rest.contains("result QUIT pid=7"), "{rest}");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // A link and what is no file take nothing.
    let symbolic = place.path().join("link");
    std::os::unix::fs::symlink(&path, &symbolic).unwrap();
    for path in [symbolic, place.path().to_path_buf(), place.path().join("no/such")] {
        let refused = self::hands().audited(Some(path)).note(&line("intent")).unwrap_err();
        assert!(refused.to_string().contains("the audit file"), "{refused}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}
