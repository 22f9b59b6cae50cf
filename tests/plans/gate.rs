//! The gate between a plan that was shown and the signal: any difference, and nothing is sent.

use std::ops::ControlFlow;

use farrier::contract::Verdicts;
use farrier::model::{Census, Operation, Phase, Role, Signal};
use farrier::os::{Refusal, Token};
use farrier::plans::{Event, Given, Guard, Outcome, Plan, Rehearsal, Terms, plan, run};

use super::shop::{alone, both, later, pid};

fn planned(census: &Census, operation: Operation) -> Plan {
    plan(census, &Verdicts::default(), &census.apps[0], None, operation).unwrap()
}

fn terms(given: Given) -> Terms {
    Terms { given, within: None, unaudited: false }
}

/// Shows the plan in `shown`, confirms it when the box is as in `now`, and gives back why nothing was sent.
fn refused(shown: &Census, now: &Census, operation: Operation, hands: &mut Rehearsal) -> String {
    let guard = match Guard::open(planned(shown, operation), shown, hands) {
        Ok(guard) => guard,
        Err(refused) => return refused.reason,
    };
    let outcome = run(
        guard,
        &terms(Given::Force),
        hands,
        &mut || (now.clone(), Verdicts::default()),
        &mut |_| ControlFlow::Continue(()),
    );
    assert!(hands.sent.is_empty(), "it was sent");
    assert!(hands.held.is_empty(), "it is let go");
    match outcome {
        Outcome::Refused(refused) | Outcome::Unaudited(refused) => refused.reason,
        other => panic!("{other:?}"),
    }
}

fn changed(hands: &mut Rehearsal, number: i32, change: impl Fn(&mut Token)) {
    let answers = hands.tokens.get_mut(&pid(number)).unwrap();
    let mut next = answers[0].clone().unwrap();
    change(&mut next);
    answers.push(Ok(next));
}

#[test]
fn a_reused_pid_gets_nothing() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    changed(&mut hands, 9120, |token| token.pidfd_inode = Some(7));
    assert_eq!(
        refused(&census, &census, Operation::Retire, &mut hands),
        "9120 is another process now"
    );
    assert!(hands.notes.is_empty(), "no intent is written for what is not tried");
}

#[test]
fn each_part_of_the_identity_counts() {
    type Part = fn(&mut Token);
    let census = both();
    let parts: [(Part, &str); 4] = [
        (|token| token.started += 1, "9120 is another process now"),
        (|token| token.exe = Some((1, 2)), "9120 runs another program now"),
        (|token| token.uid = 0, "9120 runs as another user now"),
        (|token| token.cgroup = "/x".into(), "9120 moved to another control group"),
    ];
    for (part, because) in parts {
        let mut hands = Rehearsal::of(&census);
        changed(&mut hands, 9120, part);
        assert_eq!(refused(&census, &census, Operation::Retire, &mut hands), because);
    }
}

#[test]
fn the_held_process_has_to_be_the_one_that_was_looked_at() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    changed(&mut hands, 9120, |token| token.started += 1);
    hands.tokens.get_mut(&pid(9120)).unwrap().rotate_left(1);
    let because = refused(&census, &census, Operation::Retire, &mut hands);
    assert_eq!(because, "9120 is another process now: its start differs");
    assert!(hands.held.is_empty());
}

#[test]
fn a_process_that_ended_gets_nothing() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    hands.tokens.get_mut(&pid(9120)).unwrap().push(Err(Refusal::Gone));
    assert_eq!(refused(&census, &census, Operation::Retire, &mut hands), "9120 ended meanwhile");
    let mut hands = Rehearsal::of(&census);
    let mut gone = census.clone();
    gone.apps[0].masters.remove(0);
    let because = refused(&census, &gone, Operation::Retire, &mut hands);
    assert_eq!(because, "9120 is no process of a server that farrier knows");
}

#[test]
fn a_confirmation_expires() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    let because = refused(&census, &later(census.clone(), 121_000), Operation::Retire, &mut hands);
    assert_eq!(because, "the confirmation is older than 2 minutes");
}

#[test]
fn a_role_that_turned_stops_it() {
    let census = both();
    let mut now = census.clone();
    now.apps[0].masters[0].role = Role::Current;
    now.apps[0].masters.remove(1);
    let mut hands = Rehearsal::of(&census);
    let because = refused(&census, &now, Operation::Retire, &mut hands);
    assert_eq!(because, "9120 is the current master, not an old one");
}

#[test]
fn a_successor_that_was_lost_stops_it() {
    let census = both();
    let mut now = census.clone();
    now.apps[0].masters[1].phase = Phase::Loading;
    let mut hands = Rehearsal::of(&census);
    let because = refused(&census, &now, Operation::Retire, &mut hands);
    assert!(because.starts_with("14740 still loads"), "{because}");
}

#[test]
fn a_check_that_turned_stops_it_and_a_number_that_moved_does_not() {
    let census = both();
    let mut now = census.clone();
    now.apps[0].masters[1].listens.value = Ok(vec![1]);
    let mut hands = Rehearsal::of(&census);
    let because = refused(&census, &now, Operation::Retire, &mut hands);
    assert_eq!(because, "14740 does not hold unix:/run/shop.sock");

    let mut busy = census.clone();
    busy.apps[0].listeners[0].queued.value = Ok(900);
    let mut hands = Rehearsal::of(&census);
    let guard = Guard::open(planned(&census, Operation::Retire), &census, &mut hands).unwrap();
    assert_eq!(guard.stands(&busy, &Verdicts::default(), &mut hands), Ok(()));
}

#[test]
fn what_ends_service_needs_its_word() {
    let census = alone();
    for (given, passes) in [
        (Given::Button, false),
        (Given::Word("shop ".into()), false),
        (Given::Word("shop".into()), true),
        (Given::Force, true),
    ] {
        let mut hands = Rehearsal::of(&census);
        let guard = Guard::open(planned(&census, Operation::Stop), &census, &mut hands).unwrap();
        assert_eq!(guard.satisfied(&given).is_ok(), passes, "{given:?}");
    }
}

#[test]
fn what_the_kernel_refuses_is_not_told_as_sent() {
    let census = both();
    for (refusal, because) in [
        (Refusal::Gone, "9120 ended before the signal"),
        (Refusal::Denied, "9120 may not be signalled by farrier (EPERM)"),
    ] {
        let mut hands = Rehearsal::of(&census);
        hands.refuses = Some(refusal);
        assert_eq!(refused(&census, &census, Operation::Retire, &mut hands), because);
        let stages: Vec<&str> = hands.notes.iter().map(|line| line.stage.as_str()).collect();
        assert_eq!(stages, ["intent", "result"]);
    }
}

#[test]
fn without_a_pidfd_nothing_is_sent() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    let refusal = Refusal::Unsupported("pidfd_open".into());
    hands.tokens.insert(pid(9120), vec![Err(refusal)]);
    let because = refused(&census, &census, Operation::Retire, &mut hands);
    assert_eq!(because, "9120 cannot be held: not available here: pidfd_open");
}

#[test]
fn a_mute_audit_log_asks_first_and_is_told() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    hands.mute = Some(Refusal::Denied);
    let because = refused(&census, &census, Operation::Retire, &mut hands);
    assert_eq!(because, "the audit log took no line: permission denied");

    let guard = Guard::open(planned(&census, Operation::Retire), &census, &mut hands).unwrap();
    let mut gone = later(census.clone(), 1_000);
    gone.apps[0].masters.remove(0);
    let mut looks = vec![gone, census].into_iter().rev();
    let mut warned = 0;
    let outcome = run(
        guard,
        &Terms { unaudited: true, ..terms(Given::Button) },
        &mut hands,
        &mut || (looks.next().unwrap(), Verdicts::default()),
        &mut |event| {
            warned += i32::from(matches!(event, Event::Warning(_)));
            ControlFlow::Continue(())
        },
    );
    let Outcome::Done(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.ends_with("The audit log has no line of it"), "{words}");
    assert_eq!((warned, hands.sent.as_slice()), (1, &[(pid(9120), Signal::SIGQUIT)][..]));
}
