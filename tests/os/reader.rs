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

/// What a file of `/proc/PID/io` counts.
fn counted(pid: i32, name: &str) -> u64 {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap();
    let value = io.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    value.trim().parse().unwrap()
}

/// Exactly one read for each process that is looked at, and a frame for each 64: no second read that finds the end, no
/// answer that is sent for itself.
#[test]
fn a_stranger_costs_one_read() {
    const STRANGERS: usize = 64;
    let live = live();
    let strangers: Vec<Ended> = (0..STRANGERS).map(|_| sleeper()).collect();
    let ask = |child: &Ended| Ask::Text(child.pid(), ProcText::Cmdline);
    let asks: Vec<Ask> = strangers.iter().map(ask).collect();
    until(|| live.ask(&asks).into_iter().all(|line| text(line).bytes() == b"sleep\x00300\0"));
    let [reader] = readers()[..] else { panic!("{:?}", readers()) };
    let before = (counted(reader, "syscr:"), counted(reader, "syscw:"));
    live.ask(&asks);
    let reads = counted(reader, "syscr:") - before.0;
    let writes = counted(reader, "syscw:") - before.1;
    // The questions come in one or two reads. A frame may be sent before it is full where the machine is busy.
    assert!((65..=68).contains(&reads), "{reads} reads");
    assert!((1..=8).contains(&writes), "{writes} writes");
}

/// What farrier reads itself is done while the reader reads, and every answer finds its place.
#[test]
fn answers_of_both_kinds_stand_where_they_were_asked() {
    let live = live();
    let child = sleeper();
    let pid = child.pid();
    let asks: Vec<Ask> = (0..300)
        .flat_map(|_| {
            [
                Ask::Text(pid, ProcText::Stat),
                own_path(Path::new("/etc/passwd"), PathAsk::Stat),
                Ask::Link(pid, ProcLink::Exe),
                Ask::Text(pid, ProcText::Environ),
            ]
        })
        .collect();
    for four in live.ask(&asks).chunks(4) {
        let [Ok(Found::Bytes(stat)), Ok(Found::Stat(Some(_))), Ok(Found::Bytes(exe)), Ok(_)] = four
        else {
            panic!("{four:?}")
        };
        assert!(stat.bytes().starts_with(pid.to_string().as_bytes()), "{stat}");
        assert!(exe.bytes().ends_with(b"sleep") || exe.bytes().starts_with(b"/"), "{exe}");
    }
}
