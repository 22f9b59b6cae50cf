//! A file system that never answers.

use super::*;

/// A file system whose server never answers: a FUSE connection that nobody reads.
struct Hung {
    directory: tempfile::TempDir,
    _connection: std::fs::File,
}

impl Hung {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let connection = std::fs::File::options().read(true).write(true).open("/dev/fuse").unwrap();
        let fd = std::os::fd::AsRawFd::as_raw_fd(&connection);
        nix::fcntl::fcntl(&connection, nix::fcntl::F_SETFD(nix::fcntl::FdFlag::empty())).unwrap();
        let options = format!("fd={fd},rootmode=40000,user_id=0,group_id=0");
        let mounted = Command::new("mount")
            .args(["-i", "-n", "-t", "fuse", "-o", &options, "hung"])
            .arg(directory.path())
            .status()
            .unwrap();
        assert!(mounted.success());
        nix::fcntl::fcntl(&connection, nix::fcntl::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
            .unwrap();
        Self { directory, _connection: connection }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

#[test]
fn f006_f007_a_hung_file_system_costs_one_deadline_and_nothing_else() {
    let hung = Hung::new();
    let live = live();
    let fine = own_path(Path::new("/etc/passwd"), PathAsk::Stat);
    assert!(live.ask_one(fine.clone()).is_ok());
    let mut asks = vec![fine.clone()];
    for name in ["unicorn.pid", "a/b/unicorn.sock", "c/Gemfile", "d/e/f"] {
        asks.extend(
            [PathAsk::Stat, PathAsk::Read(64), PathAsk::Real]
                .map(|ask| own_path(&hung.path(name), ask)),
        );
        asks.push(fine.clone());
    }
    let start = Instant::now();
    let answers = live.ask(&asks);
    let took = start.elapsed();
    for (ask, answer) in asks.iter().zip(&answers) {
        assert_eq!(answer.is_ok(), *ask == fine, "{ask:?}: {answer:?}");
        assert!(answer.is_ok() || *answer == Err(Refusal::TimedOut), "{answer:?}");
    }
    assert!(took > Duration::from_millis(290) && took < Duration::from_millis(1500), "{took:?}");
    let start = Instant::now();
    assert_eq!(live.ask(&asks), answers);
    assert!(
        start.elapsed() < Duration::from_millis(250),
        "it is not asked again: {:?}",
        start.elapsed()
    );
    live.forget_refusals();
    let start = Instant::now();
    assert_eq!(live.ask_one(own_path(&hung.path("x"), PathAsk::Stat)), Err(Refusal::TimedOut));
    assert!(start.elapsed() > Duration::from_millis(290));
    let start = Instant::now();
    drop(live);
    assert!(start.elapsed() < Duration::from_millis(200));
}

#[test]
fn processes_are_told_beside_a_hung_file_system() {
    let hung = Hung::new();
    let live = live();
    let child = sleeper();
    let answers = live.ask(&[
        own_path(&hung.path("."), PathAsk::List),
        Ask::Text(child.pid(), ProcText::Cmdline),
        Ask::Link(child.pid(), ProcLink::Cwd),
        Ask::Text(child.pid(), ProcText::Maps),
    ]);
    assert_eq!(answers[0], Err(Refusal::TimedOut));
    assert!(answers[1..].iter().all(Result::is_ok), "{answers:?}");
}
