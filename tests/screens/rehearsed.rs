//! The hands of a rehearsal: what they are told to send turns a page of the recording, and reaches nobody.

use std::process::{Command, Stdio};

use farrier::model::Signal;
use farrier::os::live::{Live, LiveOptions};
use farrier::os::record::Record;
use farrier::os::replay::Replay;
use farrier::os::{Ask, Hands as _, Mark, Pid, ProcText, Refusal, Source as _};
use farrier::tui::rehearsal::Script;

#[test]
fn a_signal_of_a_rehearsal_reaches_no_process_that_has_the_same_pid() {
    let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
    let pid = Pid::new(i32::try_from(child.id()).unwrap()).unwrap();
    let record = Record::new(Live::new(LiveOptions::default()));
    for _ in 0..2 {
        record.ask(&[ProcText::Stat, ProcText::Status].map(|text| Ask::Text(pid, text)));
        record.next_look();
    }
    let mark = Mark { look: 0, signal: "KILL".into(), pid: Some(pid), said: String::new() };
    let text = record.write().unwrap() + "\n[[mark]]\n" + &toml::to_string(&mark).unwrap();
    let replay = Replay::read(&text).unwrap();
    let script = Script::of(&replay);
    let mut hands = script.hands(&replay);
    let (hold, token) = hands.hold(pid).unwrap();
    assert_eq!(token.pid, pid);
    script.step();
    assert_eq!(script.waits_for(), Some(&mark), "it does not go on by itself");
    assert_eq!(hands.send(hold, Signal::SIGTERM), Err(Refusal::NotRecorded));
    assert_eq!(script.waits_for(), Some(&mark), "another signal turns no page");
    assert_eq!(hands.send(hold, Signal::SIGKILL), Ok(()));
    assert_eq!(script.waits_for(), None);
    assert!(child.try_wait().unwrap().is_none(), "the process that has this pid lives on");
    child.kill().unwrap();
    child.wait().unwrap();
}
