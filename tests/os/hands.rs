//! The hands: whom a signal reaches, and whom it cannot be meant for.

use super::*;

#[test]
fn p11_hands_refuse_who_must_not_be_meant() {
    let mut hands = LiveHands::new("/proc".as_ref());
    let own = nix::unistd::getpid().as_raw();
    let thread = std::thread::spawn(|| {
        let id = nix::unistd::gettid().as_raw();
        (id, LiveHands::new("/proc".as_ref()).hold(Pid::new(id).unwrap()))
    });
    let (_, held) = thread.join().unwrap();
    assert!(matches!(held, Err(Refusal::Unsupported(_))), "{held:?}");
    for number in [1, 2, own, nix::unistd::getppid().as_raw()] {
        let held = hands.hold(Pid::new(number).unwrap());
        assert!(matches!(held, Err(Refusal::Unsupported(_) | Refusal::Gone)), "{number}: {held:?}");
    }
}

#[test]
fn p10_a_signal_reaches_the_held_process_or_nobody() {
    let mut hands = LiveHands::new("/proc".as_ref());
    let mut child = sleeper();
    let (hold, token) = hands.hold(child.pid()).unwrap();
    assert_eq!(hands.verify(hold).unwrap(), token);
    hands.send(hold, Signal::SIGTERM).unwrap();
    child.0.wait().unwrap();
    assert_eq!(hands.verify(hold), Err(Refusal::Gone));
    assert!(hands.send(hold, Signal::SIGTERM).is_err());
}

/// Runs one test of this binary once more, where the next number can be chosen: in a pid namespace of its own.
fn again_in_a_namespace(test: &str) {
    let output = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "--kill-child"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}{output:?}");
}

const INSIDE: &str = "FARRIER_TEST_INSIDE";

#[test]
fn f039_p10_a_reused_number_is_another_process() {
    if std::env::var_os(INSIDE).is_none() {
        again_in_a_namespace("os::hands::f039_p10_a_reused_number_is_another_process");
        return;
    }
    let live = live();
    let mut hands = LiveHands::new("/proc".as_ref());
    let mut first = sleeper();
    let pid = first.pid();
    let (hold, _) = hands.hold(pid).unwrap();
    let environ = Ask::Text(pid, ProcText::Environ);
    assert!(live.ask(&[Ask::Text(pid, ProcText::Stat), environ.clone()]).iter().all(Result::is_ok));
    first.0.kill().unwrap();
    first.0.wait().unwrap();
    let mut impostor = sleeper();
    for _ in 0..50 {
        if impostor.pid() == pid {
            break;
        }
        drop(impostor);
        let mut last = std::fs::File::create("/proc/sys/kernel/ns_last_pid").unwrap();
        write!(last, "{}", pid.number() - 1).unwrap();
        impostor = sleeper();
    }
    assert_eq!(impostor.pid(), pid, "the number was not given again");
    assert_eq!(hands.verify(hold), Err(Refusal::Gone));
    assert_eq!(hands.send(hold, Signal::SIGKILL), Err(Refusal::Gone));
    assert_eq!(live.ask_one(environ.clone()), Err(Refusal::Gone));
    assert!(impostor.0.try_wait().unwrap().is_none(), "it lives");
    // Asked for as a new process, it is one.
    assert!(live.ask(&[Ask::Text(pid, ProcText::Stat), environ]).iter().all(Result::is_ok));
    assert!(hands.hold(pid).is_ok());
}
