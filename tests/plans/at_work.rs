//! Another farrier at work: who it is, what it does, and how far it is, as the facts show it.

use farrier::model::{Census, Holder, Operation, Phase, Role};
use farrier::os::Text;
use farrier::plans::at_work::at_work;
use farrier::plans::{CheckState, plan};
use farrier::rules::judge;

use super::shop::{alone, both, known, master, pid};

/// Bob has locked shop since 23:10.
fn locked(mut census: Census, line: &str) -> Census {
    let holder = Holder {
        pid: pid(4242),
        program: "farrier".into(),
        user: "bob".into(),
        terminal: Some("pts/3".into()),
        started: Some("2026-11-22T23:10:00Z".parse().unwrap()),
        arguments: line.split(' ').map(Text::from).collect(),
        counts: true,
    };
    census.apps[0].holder = known(Some(holder));
    census
}

fn said(census: &Census) -> String {
    let app = &census.apps[0];
    at_work(app).unwrap().words(census, app)
}

/// 14740 came at 23:11, and is that far.
fn handover(phase: Phase, age: u64) -> Census {
    let mut census = both();
    let new = &mut census.apps[0].masters[1];
    new.role = if phase == Phase::Ready { Role::Current } else { Role::New };
    new.phase = phase;
    new.process.started_at = known("2026-11-22T23:11:00Z".parse().unwrap());
    for worker in &mut new.workers {
        worker.process.age = known(age);
    }
    census
}

#[test]
fn the_step_is_the_first_that_is_not_seen_to_be_over() {
    let bob = "bob (pts/3) upgrades shop since 23:10";
    for line in ["farrier upgrade shop", "farrier do --yes upgrade shop"] {
        let step = |census: Census| said(&locked(census, line));
        assert_eq!(step(alone()), format!("{bob}, step 1 of 8"));
        assert_eq!(step(handover(Phase::Starting, 0)), format!("{bob}, step 4 of 8"));
        assert_eq!(step(handover(Phase::Loading, 0)), format!("{bob}, step 5 of 8"));
        assert_eq!(step(handover(Phase::Ready, 0)), format!("{bob}, step 6 of 8"));
        assert_eq!(step(handover(Phase::Ready, 9)), format!("{bob}, step 7 of 8"));
        let mut done = handover(Phase::Ready, 9);
        done.apps[0].masters.remove(0);
        assert_eq!(step(done), format!("{bob}, step 8 of 8"));
    }
    // A probe and a drain lie between ready and retire: which of them it is does not show.
    let more = locked(handover(Phase::Ready, 9), "farrier upgrade --probe=/up --canary shop");
    assert_eq!(said(&more), format!("{bob}, after step 6 of 11"));
}

#[test]
fn what_nothing_shows_is_not_said() {
    // An inspector: what is chosen there by keys its command line does not tell.
    assert_eq!(said(&locked(alone(), "farrier")), "bob (pts/3) works on shop");
    let said_of = |line: &str| said(&locked(both(), line));
    assert_eq!(said_of("farrier"), "bob (pts/3) works on shop");
    assert_eq!(said_of("farrier do reload shop"), "bob (pts/3) reloads shop since 23:10");
    assert_eq!(said_of("farrier signal HUP 7"), "bob (pts/3) signals shop since 23:10");
    // A second generation that came while it held the lock is its own.
    let upgrade = said(&locked(handover(Phase::Loading, 0), "farrier"));
    assert_eq!(upgrade, "bob (pts/3) upgrades shop since 23:11, step 5 of 8");
}

#[test]
fn every_operation_is_refused_with_that_sentence() {
    let census = locked(alone(), "farrier upgrade shop");
    let verdicts = judge(&census, None);
    for operation in Operation::ALL {
        let refused = plan(&census, &verdicts, &census.apps[0], None, *operation).unwrap_err();
        assert_eq!(refused.reason, "bob (pts/3) upgrades shop since 23:10, step 1 of 8");
    }
}

#[test]
fn who_may_not_act_on_the_app_is_named_and_blocks_nothing() {
    let mut census = locked(alone(), "flock /var/www/shop/shared/pids sleep 60");
    let holder = census.apps[0].holder.value.as_mut().unwrap().as_mut().unwrap();
    holder.counts = false;
    holder.program = "flock".into();
    let checked = |census: &Census| {
        let verdicts = judge(census, None);
        let plan = plan(census, &verdicts, &census.apps[0], None, Operation::AddWorker).unwrap();
        let lock = plan.checks.into_iter().find(|check| check.what == "lock").unwrap();
        (lock.state, lock.words)
    };
    let (state, words) = checked(&census);
    assert_eq!(state, CheckState::Warns);
    assert!(words.starts_with("4242 (flock of bob) holds the lock of shop"), "{words}");
    census.apps[0].holder.value = Err(farrier::facts::Lack::NotAsked);
    assert_eq!(checked(&census).0, CheckState::Blind);
    census.apps[0].masters = vec![master(14740, Role::Current, None, &[14743])];
    census.apps[0].holder = known(None);
    assert_eq!(checked(&census), (CheckState::Holds, "nobody else works on shop".into()));
}
