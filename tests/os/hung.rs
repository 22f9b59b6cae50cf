//! A file system that never answers.

use super::*;
use crate::fuse::{Hung, Silent};

#[test]
fn f006_f007_a_hung_file_system_costs_one_deadline_and_nothing_else() {
    let hung = Hung::new(Silent::All);
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
    let hung = Hung::new(Silent::All);
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
