//! Processes, the machine and its sockets: what is told, what is gone, what is refused, what is recorded.

use super::*;

#[test]
fn a_process_is_read() {
    let live = live();
    let child = sleeper();
    until(|| {
        text(live.ask_one(Ask::Text(child.pid(), ProcText::Cmdline))).bytes() == b"sleep\x00300\x00"
    });
    for ask in
        [ProcText::Stat, ProcText::Status, ProcText::Maps, ProcText::Environ, ProcText::Limits]
    {
        assert!(!text(live.ask_one(Ask::Text(child.pid(), ask))).is_empty(), "{ask:?}");
    }
    let exe = text(live.ask_one(Ask::Link(child.pid(), ProcLink::Exe)));
    assert!(exe.path().ends_with("sleep"), "{exe}");
    let stat = live.ask_one(Ask::LinkStat(child.pid(), ProcLink::Exe));
    assert!(
        matches!(&stat, Ok(Found::Stat(Some(stat))) if stat.kind == FileKind::Regular),
        "{stat:?}"
    );
    let Ok(Found::Descriptors(all)) = live.ask_one(Ask::Descriptors(child.pid())) else { panic!() };
    assert!(all.iter().any(|descriptor| descriptor.fd == 0));
    let Ok(Found::Pids(pids)) = live.ask_one(Ask::Pids) else { panic!() };
    assert!(pids.contains(&child.pid()) && pids.is_sorted());
}

#[test]
fn the_machine_tells_of_itself() {
    let Ok(Found::Host(host)) = live().ask_one(Ask::Host) else { panic!() };
    assert!(host.proc_is_own && host.memory > 0 && host.available > 0 && host.ticks > 0);
    assert_eq!(host.own_pid.number(), nix::unistd::getpid().as_raw());
    assert!(host.users.iter().any(|user| user.uid == 0 && user.name == Text::from("root")));
    assert!(host.ancestors.contains(&Pid::new(nix::unistd::getppid().as_raw()).unwrap()));
}

#[test]
fn f089_a_zombie_is_told_from_an_empty_process() {
    let live = live();
    let mut child = Command::new("true").spawn().unwrap();
    let pid = Pid::new(child.id().try_into().unwrap()).unwrap();
    let stat = |live: &Live| text(live.ask_one(Ask::Text(pid, ProcText::Stat)));
    until(|| stat(&live).utf8().unwrap().contains(") Z "));
    for ask in [
        Ask::Text(pid, ProcText::Maps),
        Ask::Text(pid, ProcText::Environ),
        Ask::Link(pid, ProcLink::Cwd),
        Ask::Link(pid, ProcLink::Exe),
        Ask::LinkStat(pid, ProcLink::Exe),
        Ask::Descriptors(pid),
        Ask::Opens(pid),
    ] {
        assert_eq!(live.ask_one(ask.clone()), Err(Refusal::Zombie), "{ask:?}");
    }
    child.wait().unwrap();
    for ask in [
        Ask::Text(pid, ProcText::Stat),
        Ask::Text(pid, ProcText::Cmdline),
        Ask::Link(pid, ProcLink::Cwd),
    ] {
        assert_eq!(live.ask_one(ask.clone()), Err(Refusal::Gone), "{ask:?}");
    }
}

#[test]
fn f045_a_held_process_that_ended_is_gone_whatever_its_number_means_now() {
    let live = live();
    let mut child = sleeper();
    let pid = child.pid();
    assert!(live.ask_one(Ask::Text(pid, ProcText::Stat)).is_ok());
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    assert_eq!(live.ask_one(Ask::Text(pid, ProcText::Environ)), Err(Refusal::Gone));
}

#[test]
fn f009_a_stopped_target_is_read_all_the_same() {
    let child = sleeper();
    kill(nix::unistd::Pid::from_raw(child.pid().number()), Signal::SIGSTOP).unwrap();
    let live = live();
    for ask in [ProcText::Cmdline, ProcText::Environ, ProcText::Maps, ProcText::Stat] {
        assert!(live.ask_one(Ask::Text(child.pid(), ask)).is_ok(), "{ask:?}");
    }
}

#[test]
fn f081_listeners_are_found_with_their_queues_and_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.sock");
    let unix = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let _waiting = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let live = live();
    for of in [None, Pid::new(nix::unistd::getpid().as_raw())] {
        let Ok(Found::Sockets(all)) = live.ask_one(Ask::Sockets(of)) else { panic!() };
        let found = all.iter().find(|s| s.listening && s.path.path() == path).unwrap();
        let Ok(Found::Stat(Some(stat))) = live.ask_one(own_path(&path, PathAsk::Lstat)) else {
            panic!()
        };
        assert_eq!((&found.queued, found.protocol), (&Ok(1), Protocol::Unix));
        assert_eq!(found.file, Some((stat.inode, stat.device)));
        assert!(found.backlog.is_ok());
        let found =
            all.iter().find(|s| s.local == Some(tcp.local_addr().unwrap()) && s.listening).unwrap();
        assert_eq!((&found.queued, found.protocol), (&Ok(0), Protocol::Tcp4));
    }
    drop(unix);
}

#[test]
fn what_is_recorded_is_replayed() {
    let child = sleeper();
    let pid = child.pid();
    until(|| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap() == b"sleep\x00300\x00");
    let record = Record::new(live());
    let asks = [
        Ask::Host,
        Ask::Clock,
        Ask::Pids,
        Ask::Text(pid, ProcText::Stat),
        Ask::Text(pid, ProcText::Cmdline),
        Ask::Text(pid, ProcText::Maps),
        Ask::Text(pid, ProcText::SmapsRollup),
        Ask::Link(pid, ProcLink::Exe),
        Ask::LinkStat(pid, ProcLink::Cwd),
        Ask::Descriptors(pid),
        Ask::Opens(pid),
        own_path(Path::new("/etc/passwd"), PathAsk::Stat),
        own_path(Path::new("/nowhere"), PathAsk::Stat),
        own_path(Path::new("/etc"), PathAsk::List),
    ];
    let answers = record.ask(&asks);
    let replay = Replay::read(&record.write().unwrap()).unwrap();
    for (ask, mut answer) in asks.into_iter().zip(answers) {
        let mut replayed = replay.ask_one(ask.clone());
        for answer in [&mut answer, &mut replayed] {
            kept(answer);
        }
        assert_eq!(replayed, answer, "{ask:?}");
    }
}

/// An answer without what no recording keeps: who else has an account, and what is mapped without a file.
fn kept(answer: &mut Answer) {
    match answer {
        Ok(Found::Host(host)) => host.users = [].into(),
        Ok(Found::Bytes(text))
            if text
                .utf8()
                .is_some_and(|text| text.contains("[stack]") || text.contains(" r-xp ")) =>
        {
            let text = text.utf8().unwrap();
            let files = text.lines().filter(|line| line.contains(" /"));
            *answer = Ok(Found::Bytes(files.collect::<Vec<_>>().join("\n").as_str().into()));
        }
        _ => {}
    }
}

#[test]
fn another_user_is_denied_and_told_so() {
    let child = sleeper();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("farrier");
    std::fs::copy(FARRIER, &copy).unwrap();
    Command::new("chmod").args(["-R", "a+rX"]).arg(directory.path()).status().unwrap();
    let run = |arguments: &[&str]| {
        Command::new(&copy).args(arguments).uid(65534).gid(65534).env_clear().output().unwrap()
    };
    let pid = child.pid().to_string();
    let denied = run(&["env", &pid]);
    assert_eq!(denied.status.code(), Some(3), "{denied:?}");
    assert!(String::from_utf8_lossy(&denied.stderr).contains("permission denied"), "{denied:?}");
    // What the kernel shows to all is read: the reader of another user works too.
    let line = run(&["inspect", &pid]);
    assert_eq!(line.status.code(), Some(3), "{line:?}");
}
