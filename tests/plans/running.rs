//! What is seen after a signal, and what it is called.

use std::ops::ControlFlow;
use std::time::Duration;

use farrier::contract::Verdicts;
use farrier::facts::process::State;
use farrier::facts::signals::SignalSet;
use farrier::model::{Census, Master, Operation, Phase, Role};
use farrier::os::Refusal;
use farrier::plans::{Event, Given, Guard, Outcome, Rehearsal, Terms, plan, run};

use super::shop::{alone, both, later, master, pid, shop};

/// A run: what was told, and what came of it.
struct Run {
    outcome: Outcome,
    seen: Vec<String>,
    hands: Rehearsal,
}

/// Carries an operation out on the first box; what is seen then are the others in turn, each half a second later.
/// The last one stays.
fn carried(operation: Operation, boxes: &[Census]) -> Run {
    carried_by(Rehearsal::of(&boxes[0]), operation, boxes)
}

/// The same by hands whose answers are scripted.
fn carried_by(mut hands: Rehearsal, operation: Operation, boxes: &[Census]) -> Run {
    let first = boxes[0].clone();
    let plan = plan(&first, &Verdicts::default(), &first.apps[0], None, operation).unwrap();
    let guard = Guard::open(plan, &first, &mut hands).unwrap();
    let mut seen = Vec::new();
    let mut at = 0;
    let outcome = run(
        guard,
        &Terms { given: Given::Force, within: None, unaudited: false },
        &mut hands,
        &mut || {
            let census = boxes[at.min(boxes.len() - 1)].clone();
            at += 1;
            assert!(at < 2_000, "it never ends");
            (later(census, 500 * i64::try_from(at).unwrap()), Verdicts::default())
        },
        &mut |event| {
            if let Event::Seen(words) = event {
                seen.push(words);
            }
            ControlFlow::Continue(())
        },
    );
    assert!(hands.held.is_empty(), "it is let go");
    Run { outcome, seen, hands }
}

impl Run {
    fn done(&self) -> &str {
        match &self.outcome {
            Outcome::Done(words) => words,
            other => panic!("{other:?}"),
        }
    }

    fn not_seen(&self) -> &str {
        match &self.outcome {
            Outcome::NotSeen(words) => words,
            other => panic!("{other:?}"),
        }
    }

    fn nothing_serves(&self) -> &str {
        match &self.outcome {
            Outcome::NothingServes(words) => words,
            other => panic!("{other:?}"),
        }
    }
}

fn changed(mut census: Census, change: impl FnOnce(&mut Vec<Master>)) -> Census {
    change(&mut census.apps[0].masters);
    census
}

#[test]
fn retire_is_done_when_the_old_master_is_gone_and_the_new_serves() {
    let draining = changed(both(), |masters| masters[0].workers.truncate(1));
    let gone = changed(both(), |masters| drop(masters.remove(0)));
    let run = carried(Operation::Retire, &[both(), both(), draining, gone]);
    assert_eq!(run.done(), "9120 took QUIT at 23:13:41 and ended at 23:13:43. 14740 serves alone");
    assert_eq!(run.seen, ["1 of 2 workers of 9120 are left"]);
    let stages: Vec<&str> = run.hands.notes.iter().map(|line| line.stage.as_str()).collect();
    assert_eq!(stages, ["intent", "result"]);
}

/// It has lost its title and passes for nobody's: the process that is held decides when it has ended.
#[test]
fn a_dying_master_has_not_ended() {
    let gone = changed(both(), |masters| drop(masters.remove(0)));
    let mut hands = Rehearsal::of(&both());
    let answers = hands.tokens.get_mut(&pid(9120)).unwrap();
    let lives = answers[0].clone();
    // To hold it, before the signal, at four looks after it; then it is gone.
    *answers = vec![lives; 6];
    answers.push(Err(Refusal::Gone));
    let run = carried_by(hands, Operation::Retire, &[both(), gone]);
    assert_eq!(run.done(), "9120 took QUIT at 23:13:41 and ended at 23:13:44. 14740 serves alone");
    let at_once = changed(both(), |masters| drop(masters.remove(0)));
    let run = carried(Operation::Retire, &[both(), at_once]);
    assert_eq!(run.done(), "9120 took QUIT at 23:13:41 and ended at 23:13:42. 14740 serves alone");
}

#[test]
fn a_zombie_counts_as_ended_and_is_told() {
    let zombie = changed(both(), |masters| {
        masters[0].process.stat.value.as_mut().unwrap().state = State('Z');
    });
    let run = carried(Operation::Retire, &[both(), zombie]);
    assert!(run.done().contains("not reaped yet"), "{}", run.done());
}

#[test]
fn a_master_that_stays_is_not_told_as_done() {
    let run = carried(Operation::Retire, &[both()]);
    assert_eq!(
        run.not_seen(),
        "9120 still lives 40 s after QUIT, with 2 workers. 9120 and 14740 serve"
    );
}

#[test]
fn losing_both_is_told_as_an_outage() {
    let none = shop(Vec::new());
    let run = carried(Operation::Retire, &[both(), none]);
    assert!(run.nothing_serves().ends_with("No master of shop serves"), "{}", run.nothing_serves());
}

#[test]
fn stop_is_done_when_nobody_is_left() {
    let run = carried(Operation::Stop, &[alone(), alone(), shop(Vec::new())]);
    assert!(run.done().ends_with("No master of shop serves"), "{}", run.done());
}

fn booting(phase: Phase, workers: &[i32]) -> Census {
    changed(alone(), |masters| {
        let mut new = master(22410, Role::New, Some(14740), workers);
        new.phase = phase;
        masters[0].role = Role::Old;
        masters.push(new);
    })
}

#[test]
fn upgrade_is_done_when_the_new_workers_stay() {
    let run = carried(
        Operation::Upgrade,
        &[
            alone(),
            alone(),
            booting(Phase::Starting, &[]),
            booting(Phase::Loading, &[]),
            booting(Phase::Ready, &[22411]),
            booting(Phase::Ready, &[22411, 22412]),
        ],
    );
    assert_eq!(
        run.seen,
        [
            "22410, child of 14740, appeared",
            "22410 has its handlers and loads",
            "22410 is ready with 1 worker"
        ]
    );
    assert_eq!(
        run.done(),
        "22410 is ready with 2 workers, 3 s after USR2 to 14740. \
         14740 serves beside it; next: farrier do retire /var/www/shop"
    );
}

#[test]
fn an_upgrade_whose_new_master_ends_left_the_old_one() {
    let run = carried(
        Operation::Upgrade,
        &[alone(), booting(Phase::Loading, &[]), booting(Phase::Loading, &[]), alone()],
    );
    assert_eq!(
        run.not_seen(),
        "22410 ended 1 s after USR2. 14740 serves; shared/log/err.log says why"
    );
}

#[test]
fn an_upgrade_that_never_forks_ends_early() {
    let run = carried(Operation::Upgrade, &[alone()]);
    assert!(run.not_seen().starts_with("no new master of 14740 was seen within 15 s"));
}

#[test]
fn a_new_master_that_ended_unseen_is_told_at_once() {
    let reaped = changed(alone(), |masters| {
        masters[0].process.stat.value.as_mut().unwrap().children_cpu = 40;
    });
    let run = carried(Operation::Upgrade, &[alone(), alone(), reaped]);
    assert_eq!(
        run.not_seen(),
        "14740 reaped a child that ended before it was seen: the new master did not come up. \
         14740 serves; shared/log/err.log says why"
    );
}

#[test]
fn a_crash_loop_is_no_success() {
    let loops = (0..400).map(|n| booting(Phase::Ready, &[30_000 + n]));
    let run =
        carried(Operation::Upgrade, &std::iter::once(alone()).chain(loops).collect::<Vec<_>>());
    assert!(
        run.not_seen().starts_with("22410 is ready, but none of its workers stays"),
        "{}",
        run.not_seen()
    );
}

#[test]
fn both_gone_after_usr2_is_an_outage() {
    let run = carried(Operation::Upgrade, &[alone(), shop(Vec::new())]);
    assert!(run.nothing_serves().starts_with("14740 ended"));
}

#[test]
fn reload_is_done_when_every_worker_is_new() {
    let with = |workers: &[i32]| shop(vec![master(14740, Role::Current, None, workers)]);
    let run = carried(
        Operation::Reload,
        &[alone(), alone(), with(&[14744, 15001]), with(&[15001, 15002])],
    );
    assert_eq!(run.seen, ["1 of 2 workers are replaced", "2 of 2 workers are replaced"]);
    assert!(run.done().contains("has 2 workers, all new"), "{}", run.done());
    let run = carried(Operation::Reload, &[alone()]);
    assert!(run.not_seen().starts_with("14740 has workers of before HUP still, after 60 s"));
}

#[test]
fn counting_operations_wait_for_their_count() {
    let with = |workers: &[i32]| shop(vec![master(14740, Role::Current, None, workers)]);
    let run = carried(Operation::AddWorker, &[alone(), with(&[14743, 14744, 15001])]);
    assert_eq!(run.seen, ["15001 appeared, a worker of 14740"]);
    assert!(run.done().contains("has 3 workers since"));
    let run = carried(Operation::RemoveWorker, &[alone(), with(&[14743])]);
    assert_eq!(run.seen, ["14744 ended, a worker of 14740"]);
    let run = carried(Operation::Drain, &[alone(), with(&[14743]), with(&[])]);
    assert!(run.done().contains("has no workers since"));
    let run = carried(Operation::AddWorker, &[alone()]);
    assert!(run.not_seen().starts_with("14740 has 2 workers after 30 s, 3 were expected"));
}

#[test]
fn usr1_is_taken_when_it_does_not_wait_any_more() {
    let waits = changed(alone(), |masters| {
        masters[0].process.status.value.as_mut().unwrap().pending = SignalSet(1 << 9);
    });
    let run = carried(Operation::ReopenLogs, &[alone(), waits.clone(), alone()]);
    assert!(run.done().starts_with("14740 took USR1"));
    let run = carried(Operation::ReopenLogs, &[alone(), waits]);
    assert!(run.not_seen().starts_with("USR1 still waits to be taken by 14740"));
}

#[test]
fn cont_is_done_when_it_runs() {
    let stopped = changed(alone(), |masters| {
        masters[0].process.stat.value.as_mut().unwrap().state = State('T');
    });
    let run = carried(Operation::Continue, &[stopped.clone(), alone()]);
    assert!(run.done().starts_with("14740 runs again"));
    let run = carried(Operation::Continue, &[stopped]);
    assert!(run.not_seen().starts_with("14740 is still stopped"));
}

#[test]
fn a_listener_that_breaks_off_is_told_where_it_stands() {
    let census = both();
    let mut hands = Rehearsal::of(&census);
    let plan = plan(&census, &Verdicts::default(), &census.apps[0], None, Operation::Retire);
    let guard = Guard::open(plan.unwrap(), &census, &mut hands).unwrap();
    let outcome = run(
        guard,
        &Terms { given: Given::Button, within: Some(Duration::from_secs(9)), unaudited: false },
        &mut hands,
        &mut || (census.clone(), Verdicts::default()),
        &mut |event| match event {
            Event::Waiting(..) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        },
    );
    assert_eq!(
        outcome,
        Outcome::Interrupted(
            "9120 took QUIT at 23:13:41; what followed was not watched further. \
             9120 and 14740 serve"
                .into()
        )
    );
}

#[test]
fn a_box_that_hides_its_processes_meanwhile_is_not_told_as_done() {
    let mut hidden = shop(Vec::new());
    hidden.seen.hidden = Some((
        farrier::facts::Place::new("/proc"),
        farrier::facts::Lack::Refused(farrier::os::Refusal::Denied),
    ));
    let run = carried(Operation::Retire, &[both(), hidden]);
    assert!(matches!(run.outcome, Outcome::Interrupted(_)), "{:?}", run.outcome);
}
