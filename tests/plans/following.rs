//! A handover that somebody else started, look after look: what is told, and the verdict.

use std::time::Duration;

use farrier::facts::process::State;
use farrier::facts::signals::SignalSet;
use farrier::facts::{Fact, Lack, Place};
use farrier::model::Log;
use farrier::model::history::{What, between};
use farrier::model::log::{Entry, Said};
use farrier::model::{Census, CurrentState, Master, Phase, PidfileKind, PidfileState, Role};
use farrier::os::Text;
use farrier::plans::Outcome;
use farrier::plans::attend::{Patience, Seat, attend};

use super::shop::{alone, both, known, later, master, pid, pidfile, shop};

/// Follows shop from the first box on; the others come half a second apart, the last one stays.
fn followed(boxes: &[Census], breaks_off: bool) -> (Outcome, Vec<String>) {
    let mut told = Vec::new();
    let mut at = 0;
    let outcome = attend(
        &boxes[0],
        &boxes[0].apps[0],
        Patience {
            within: Duration::from_secs(60),
            every: Duration::from_millis(500),
            recorded: false,
        },
        &mut Seat {
            look: &mut || {
                at += 1;
                assert!(at < 2_000, "it never ends");
                later(boxes[at.min(boxes.len() - 1)].clone(), 500 * i64::try_from(at).unwrap())
            },
            pause: &mut |_| {},
            tell: &mut |event| told.push(event.words()),
            broken_off: &|| breaks_off,
        },
    );
    (outcome, told)
}

/// 14740 is the child of 9120, as far as `phase`.
fn handover(phase: Phase, workers: &[i32]) -> Census {
    let mut new = master(14740, Role::New, Some(9120), workers);
    new.phase = phase;
    if phase == Phase::Starting {
        new.process.status.value.as_mut().unwrap().caught = SignalSet(0);
    }
    if phase == Phase::Ready {
        new.role = Role::Current;
    }
    new.loaded.value.as_mut().unwrap().preload_app =
        farrier::model::Setting::Set { value: true, line: 1 };
    shop(vec![master(9120, Role::Old, None, &[9121, 9122]), new])
}

fn before() -> Census {
    let mut census = shop(vec![master(9120, Role::Current, None, &[9121, 9122])]);
    census.apps[0].pidfiles =
        vec![pidfile("unicorn.pid", PidfileKind::Current, 9120, PidfileState::Live)].into();
    census
}

fn after() -> Census {
    let mut census = handover(Phase::Ready, &[14743, 14744]);
    drop(census.apps[0].masters.remove(0));
    census
}

fn without(mut census: Census, number: i32) -> Census {
    census.apps[0].masters.retain(|master| master.process.pid != pid(number));
    census
}

#[test]
fn a_whole_handover_is_told_and_is_done() {
    let mut forked = handover(Phase::Starting, &[]);
    forked.apps[0].pidfiles =
        vec![pidfile("unicorn.pid.oldbin", PidfileKind::Oldbin, 9120, PidfileState::Live)].into();
    let with_both = |mut census: Census| {
        census.apps[0].pidfiles = vec![
            pidfile("unicorn.pid", PidfileKind::Current, 14740, PidfileState::Live),
            pidfile("unicorn.pid.oldbin", PidfileKind::Oldbin, 9120, PidfileState::Live),
        ]
        .into();
        census
    };
    let loading = with_both(handover(Phase::Loading, &[]));
    let ready = with_both(handover(Phase::Ready, &[14743, 14744]));
    let mut drained = ready.clone();
    drained.apps[0].masters[0].workers.clear();
    let mut alone = after();
    alone.apps[0].pidfiles =
        vec![pidfile("unicorn.pid", PidfileKind::Current, 14740, PidfileState::Live)].into();
    let (outcome, told) =
        followed(&[before(), forked, loading, ready.clone(), ready, drained, alone], false);
    assert_eq!(
        told,
        [
            "USR2 reached 9120, sender unknown",
            "9120 is the old master now",
            "14740, child of 9120, appeared",
            "9120 renamed unicorn.pid to unicorn.pid.oldbin",
            "14740 has its handlers and loads",
            "unicorn.pid names 14740",
            "14740 is ready with 2 workers",
            "2 workers of 9120 ended; it has none left",
            "unicorn.pid.oldbin does not name 9120 any more",
            "9120 ended",
        ]
    );
    assert_eq!(
        outcome,
        Outcome::Done("14740 serves alone with 2 workers, 20261121224103, after 3 s".into())
    );
}

#[test]
fn a_new_master_that_ends_leaves_the_old_one_and_the_log() {
    let mut back = before();
    back.apps[0].masters[0].role = Role::Current;
    let (outcome, told) = followed(
        &[before(), handover(Phase::Starting, &[]), handover(Phase::Loading, &[]), back],
        false,
    );
    assert_eq!(
        outcome,
        Outcome::NotSeen("14740 ended, after 2 s. 9120 serves; shared/log/err.log says why".into())
    );
    assert_eq!(told.last().unwrap(), "9120 is the current master again");
}

#[test]
fn a_master_that_is_missed_while_it_executes_did_not_end() {
    let forked = handover(Phase::Starting, &[]);
    let missed = without(forked.clone(), 14740);
    let (outcome, told) =
        followed(&[before(), forked, missed, handover(Phase::Loading, &[]), after()], false);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(!told.iter().any(|words| words == "14740 ended"), "{told:?}");
    assert_eq!(told.iter().filter(|words| words.contains("appeared")).count(), 1, "{told:?}");
}

#[test]
fn both_gone_is_an_outage() {
    let (outcome, _) =
        followed(&[before(), handover(Phase::Loading, &[]), shop(Vec::new())], false);
    let Outcome::NothingServes(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.ends_with("No master of shop serves; shared/log/err.log says why"), "{words}");
}

#[test]
fn an_old_master_whose_workers_left_does_not_serve_when_the_new_one_ends() {
    let mut drained = handover(Phase::Ready, &[14743]);
    drained.apps[0].masters[0].workers.clear();
    let (outcome, _) = followed(&[drained.clone(), without(drained, 14740)], false);
    assert!(matches!(outcome, Outcome::NothingServes(_)), "{outcome:?}");
}

#[test]
fn an_old_master_that_goes_while_the_new_one_loads_is_waited_for() {
    let loading = handover(Phase::Loading, &[]);
    let orphan = without(loading.clone(), 9120);
    let (outcome, _) = followed(&[loading, orphan.clone(), orphan, after()], false);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

#[test]
fn two_generations_that_stay_are_told_when_time_is_over() {
    let (outcome, _) = followed(&[both()], false);
    assert_eq!(
        outcome,
        Outcome::NotSeen("9120 still lives beside 14740 after 60 s. 9120 and 14740 serve".into())
    );
    let (outcome, told) = followed(&[alone()], false);
    assert_eq!(
        outcome,
        Outcome::NotSeen("no new master of 14740 was seen within 60 s. 14740 serves".into())
    );
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn workers_that_do_not_stay_are_no_success() {
    let loops: Vec<Census> =
        (0..200).map(|n| without(handover(Phase::Ready, &[20_000 + n]), 9120)).collect();
    let boxes: Vec<Census> = std::iter::once(before()).chain(loops).collect();
    let (outcome, _) = followed(&boxes, false);
    let Outcome::NotSeen(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.starts_with("14740 is ready, but its workers do not stay"), "{words}");
}

#[test]
fn a_listener_that_is_lost_is_no_success() {
    let mut census = handover(Phase::Ready, &[14743, 14744]);
    census.apps[0].masters[1].listens = known(vec![1]);
    let (outcome, _) = followed(&[census], false);
    let Outcome::NotSeen(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.starts_with("14740 is ready and does not hold unix:/run/shop.sock"), "{words}");
}

#[test]
fn the_wrong_release_is_told() {
    let mut wrong = after();
    wrong.apps[0].masters[0].release = known(Some("20261101120000".into()));
    let (outcome, _) = followed(&[handover(Phase::Ready, &[14743, 14744]), wrong], false);
    let Outcome::NotSeen(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.ends_with("14740 runs 20261101120000, and current names 20261121224103"));
}

#[test]
fn breaking_off_and_a_hidden_proc_say_where_it_stands() {
    let (outcome, _) = followed(&[both()], true);
    assert_eq!(
        outcome,
        Outcome::Interrupted("It was not watched further. 9120 and 14740 serve".into())
    );
    let mut hidden = both();
    hidden.seen.hidden = Some((Place::new("/proc"), Lack::NotAsked));
    let (outcome, _) = followed(&[both(), hidden], false);
    assert!(matches!(outcome, Outcome::Interrupted(_)), "{outcome:?}");
}

#[test]
fn switches_programs_and_stops_are_events() {
    let mut now = before();
    let layout = now.apps[0].layout.value.as_mut().unwrap().as_mut().unwrap();
    layout.current.state = known(CurrentState::Release("20261122090000".into()));
    let process =
        |master: &mut Master| master.process.stat.value.as_mut().unwrap().state = State('T');
    process(&mut now.apps[0].masters[0]);
    let whats: Vec<What> =
        between(&before(), &now, &now.apps[0].id).into_iter().map(|event| event.what).collect();
    assert_eq!(
        whats,
        [
            What::Switched { from: Some("20261121224103".into()), to: "20261122090000".into() },
            What::Stopped
        ]
    );
    let (mut fork, mut program) = (handover(Phase::Starting, &[]), handover(Phase::Starting, &[]));
    program.apps[0].masters[1].process.command_line.value.as_mut().unwrap().words =
        ["ruby", "/usr/bin/unicorn"].map(Text::from).into_iter().collect();
    let events = between(&fork, &program, &fork.apps[0].id);
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].words(), "14740 became ruby /usr/bin/unicorn");
    // What could not be read is no event.
    fork.apps[0].layout = Fact::lacking(Place::new("x"), Lack::NotAsked).into();
    assert_eq!(between(&program, &fork, &fork.apps[0].id).len(), 1, "the program alone");
}

/// What the old master's log holds: an execution at this time, and an error after it.
fn logged(mut census: Census, time: &str) -> Census {
    let entry = |line, said| Entry { line, time: Some(time.into()), writer: Some(14740), said };
    census.apps[0].masters[0].log = known(Some(Log {
        path: "/var/www/shop/shared/log/err.log".into(),
        whole: true,
        workers: Vec::new(),
        entries: vec![
            entry(7, Said::Error("an old story".into())),
            entry(8, Said::Executing { program: "/usr/bin/unicorn".into(), directory: "/".into() }),
            entry(9, Said::Error("key not found (KeyError)".into())),
            entry(10, Said::Ended { pid: 14740, how: "exit 1".into() }),
        ],
        aside: None,
    }))
    .into();
    census
}

#[test]
fn the_log_is_quoted_where_it_is_about_this_handover() {
    let fresh = [before(), handover(Phase::Loading, &[]), logged(before(), "12:00")];
    let (outcome, _) = followed(&fresh, false);
    let Outcome::NotSeen(words) = outcome else { panic!("{outcome:?}") };
    assert!(
        words
            .ends_with("9120 serves. /var/www/shop/shared/log/err.log:9: key not found (KeyError)"),
        "{words}"
    );
    let stale = [
        logged(before(), "11:00"),
        logged(handover(Phase::Loading, &[]), "11:00"),
        logged(before(), "11:00"),
    ];
    let (outcome, _) = followed(&stale, false);
    let Outcome::NotSeen(words) = outcome else { panic!("{outcome:?}") };
    assert!(words.ends_with("9120 serves; shared/log/err.log says why"), "{words}");
}
