//! The reader: what becomes of it, and what it may.

use super::*;

#[test]
fn f012_a_stopped_reader_is_replaced() {
    let live = live();
    let here = own_path(Path::new("/etc/passwd"), PathAsk::Stat);
    assert!(live.ask_one(here.clone()).is_ok());
    let [reader] = readers()[..] else { panic!("{:?}", readers()) };
    kill(nix::unistd::Pid::from_raw(reader), Signal::SIGSTOP).unwrap();
    let start = Instant::now();
    // More than a pipe holds: not even writing may wait for a reader that does not read.
    let many: Vec<Ask> = (0..400)
        .map(|n| own_path(Path::new(&format!("/nowhere/{n}{}", "/x".repeat(1500))), PathAsk::Stat))
        .collect();
    let answers = live.ask(&many);
    assert!(answers.iter().all(|answer| *answer == Ok(Found::Stat(None))), "{:?}", answers.first());
    assert!(start.elapsed() > Duration::from_millis(290), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let [new] = readers()[..] else { panic!("{:?}", readers()) };
    assert_ne!(new, reader);
    assert!(!Path::new(&format!("/proc/{reader}")).exists(), "no zombie is left");
    drop(live);
    assert!(readers().is_empty());
}

#[test]
fn f012_a_killed_reader_is_replaced() {
    let live = live();
    let here = own_path(Path::new("/etc/passwd"), PathAsk::Stat);
    assert!(live.ask_one(here.clone()).is_ok());
    let [reader] = readers()[..] else { panic!("{:?}", readers()) };
    kill(nix::unistd::Pid::from_raw(reader), Signal::SIGKILL).unwrap();
    assert!(live.ask_one(here).is_ok());
}

#[test]
fn a_program_that_is_no_reader_is_told() {
    for program in ["/bin/true", "/nowhere", "/bin/cat"] {
        let live = Live::new(LiveOptions { reader: program.into(), ..LiveOptions::default() });
        let asks = vec![own_path(Path::new("/etc/passwd"), PathAsk::Stat); 200];
        let answers = live.ask(&asks);
        assert!(
            answers.iter().all(|answer| matches!(answer, Err(Refusal::Unsupported(_)))),
            "{program}: {:?}",
            answers[0]
        );
    }
}

#[test]
fn the_reader_has_its_own_session_and_few_rights() {
    let live = live();
    assert!(live.ask_one(own_path(Path::new("/"), PathAsk::Stat)).is_ok());
    let [reader] = readers()[..] else { panic!("{:?}", readers()) };
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{reader}/{file}")).unwrap();
    assert_eq!(read("environ"), "");
    let stat = read("stat");
    let session =
        stat.rsplit(')').next().unwrap().split_ascii_whitespace().nth(3).unwrap().to_owned();
    assert_eq!(session, reader.to_string());
    let status = read("status");
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned()
    };
    assert_eq!(field("NoNewPrivs:"), "1");
    // CAP_DAC_READ_SEARCH (2) and CAP_SYS_PTRACE (19).
    let capabilities = u64::from_str_radix(&field("CapEff:"), 16).unwrap();
    assert_eq!(capabilities & !((1 << 2) | (1 << 19)), 0);
    let open: Vec<_> = std::fs::read_dir(format!("/proc/{reader}/fd"))
        .unwrap()
        .map(|entry| std::fs::read_link(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(open.len(), 4, "three standard ones and /proc: {open:?}");
}
