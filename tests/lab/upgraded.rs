//! `farrier upgrade` and `farrier rollback` on a real Unicorn, under clients, and with one or the other killed.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, FIRST, SECOND, Site};
use super::watched::{beside, ended, running};
use super::world::Lab;

const UPGRADE: [&str; 3] = ["upgrade", "shop", "--yes"];

/// A site with two releases, `current` at the second, the first served.
pub fn site(lab: &Lab, change: impl Fn(&mut Config), second: &App) -> u32 {
    let site = Site::new(lab, "shop");
    let mut config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) };
    change(&mut config);
    site.release(FIRST, &App::default(), &config);
    site.switch(FIRST);
    let master = site.start();
    site.release(SECOND, second, &config);
    site.switch(SECOND);
    master
}

pub fn shop(lab: &Lab) -> Site<'_> {
    Site { lab, root: "/var/www/shop".into(), user: super::world::DEPLOY }
}

/// Does something while clients ask without a pause; how many asked, and how many got no answer.
pub fn under_clients(answers: impl Fn() -> bool + Sync, work: impl FnOnce()) -> (u32, u32) {
    let (asked, lost, over) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    if !answers() {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
    (asked.into_inner(), lost.into_inner())
}

/// Upgrades again and again, to the one release and to the other, under clients.
fn again_and_again(times: usize, change: impl Fn(&mut Config)) {
    let lab = Lab::new();
    site(&lab, change, &App::default());
    let site = shop(&lab);
    let (asked, lost) = under_clients(
        || shop(&lab).get().is_some(),
        || {
            for time in 0..times {
                let release = if time % 2 == 0 { SECOND } else { FIRST };
                site.switch(release);
                let before = site.masters();
                let run = lab.farrier(&UPGRADE);
                assert_eq!(run.status, 0, "upgrade {time}: {run:?}\n{}", lab.picture());
                let after = site.masters();
                assert!(after.len() == 1 && after != before, "{before:?} {after:?}");
                assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(release));
            }
        },
    );
    assert!(asked > 10 && lost == 0, "{lost} of {asked} requests were lost");
}

/// How many times in one run of the tests; `FARRIER_UPGRADES` says otherwise for a longer trial by hand.
fn times(usual: usize) -> usize {
    std::env::var("FARRIER_UPGRADES").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn upgrades_in_a_row_lose_no_request() {
    again_and_again(times(4), |_| {});
}

#[test]
fn upgrades_with_a_hook_lose_no_request() {
    again_and_again(times(3), |config| config.hook = Hook::BeforeFork);
}

#[test]
fn upgrades_without_preloading_lose_no_request() {
    again_and_again(times(2), |config| config.preload = false);
    again_and_again(times(1), |config| {
        config.preload = false;
        config.hook = Hook::WhenReady;
    });
}

/// It ended with 1, the old master serves its release, and nobody else does.
fn old_serves(lab: &Lab, run: &Run, old: u32) {
    assert_eq!(run.status, 1, "{run:?}\n{}", lab.picture());
    let said = format!("{}{}", run.stdout, run.stderr);
    assert!(said.contains(&format!("{old} serves")), "{said}");
    let site = shop(lab);
    lab.wait("only the old one is left", || site.masters() == [old]);
    assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(FIRST));
}

#[test]
fn a_release_that_does_not_boot_leaves_the_old_one() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { fails: true, ..App::default() });
    let run = lab.farrier(&UPGRADE);
    old_serves(&lab, &run, old);
    let place = "unicorn.stderr.log:";
    assert!(run.stderr.contains(place) && run.stderr.contains("does not boot"), "{run:?}");
}

#[test]
fn a_new_master_killed_at_any_stage_leaves_the_old_one() {
    let slow = App { boot: 2.0, ..App::default() };
    for stage in [", appeared", "has its handlers and loads", "is ready with"] {
        let lab = Lab::new();
        // Where each worker loads the app, a ready master is watched for a while before anything is retired.
        let old = site(&lab, |config| config.preload = stage != "is ready with", &slow);
        let upgrade = beside(&lab, &UPGRADE);
        lab.wait(stage, || lab.read("/run/said").contains(stage));
        let said = lab.read("/run/said");
        let line = said.lines().find(|line| line.contains(", child of")).expect(&said);
        let new: u32 = line.split([',', ' ']).next().unwrap().parse().expect(line);
        lab.signal(new, "KILL");
        let run = ended(&lab, upgrade);
        old_serves(&lab, &run, old);
    }
}

#[test]
fn farrier_killed_at_any_stage_breaks_nothing() {
    let slow = App { boot: 2.0, ..App::default() };
    for stage in [
        "1 of 8  preflight",
        "went to",
        ", appeared",
        "has its handlers and loads",
        "is ready with",
    ] {
        let lab = Lab::new();
        // Loading is long where the master preloads, the wait for workers to prove themselves where it does not.
        let old = site(&lab, |config| config.preload = stage != "is ready with", &slow);
        let upgrade = beside(&lab, &UPGRADE);
        if stage != "1 of 8  preflight" {
            lab.wait(stage, || lab.read("/run/said").contains(stage));
        }
        lab.signal(running(&lab), "KILL");
        assert_eq!(ended(&lab, upgrade).status, -1);
        let site = shop(&lab);
        assert!(site.get().is_some(), "{stage}: it answers");
        assert!(lab.lives(old), "{stage}");
        if lab.read("/run/said").contains("USR2 went") {
            // A new master has workers before it has its title; until then farrier says that it loads.
            let said = |told: &str| lab.farrier(&["check", "shop"]).stdout.contains(told);
            lab.wait("the next farrier says who is there", || {
                let watch = lab.farrier(&["watch", "shop", "--timeout", "1"]);
                watch.stdout.contains(&format!("beside the old master {old}"))
            });
            lab.wait("it offers both ways", || {
                said("upgrade goes on") && said("rollback goes back")
            });
            // What is left of it is one QUIT.
            let plan = lab.farrier(&["plan", "upgrade", "shop"]);
            assert!(plan.stdout.contains("Finish the upgrade of shop"), "{stage}: {plan:?}");
            let again = lab.farrier(&UPGRADE);
            assert_eq!(again.status, 0, "{stage}: {again:?}");
            assert!(!again.stdout.contains("USR2 went"), "{stage}: {again:?}");
            assert!(again.stdout.contains("QUIT went"), "{stage}: {again:?}");
        } else {
            assert_eq!(lab.farrier(&UPGRADE).status, 0, "{stage}");
        }
        assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(SECOND));
    }
}

#[test]
fn an_interrupted_upgrade_says_where_it_stands() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { boot: 3.0, ..App::default() });
    let upgrade = beside(&lab, &UPGRADE);
    lab.wait("it loads", || lab.read("/run/said").contains("has its handlers and loads"));
    let second = lab.farrier(&UPGRADE);
    assert_eq!(second.status, 3, "two operators: {second:?}");
    lab.signal(running(&lab), "INT");
    let run = ended(&lab, upgrade);
    assert_eq!(run.status, 4, "{run:?}");
    let last = run.stdout.lines().last().unwrap_or_default();
    assert!(
        last.contains(&format!("loads beside {old}")) && last.contains("farrier watch"),
        "{last}"
    );
}

#[test]
fn what_would_fail_is_refused_before_the_signal() {
    let lab = Lab::new();
    site(&lab, |config| config.gemfile = None, &App::default());
    let site = shop(&lab);
    // A second generation carries the first release's Gemfile in its environment; then that release goes.
    assert_eq!(lab.farrier(&[&UPGRADE[..], &["--force"]].concat()).status & !1, 0);
    lab.sh(&format!("rm -r {}", site.path(&format!("releases/{FIRST}"))));
    let masters = site.masters();
    let run = lab.farrier(&UPGRADE);
    assert_eq!(run.status, 3, "{run:?}");
    assert!(run.stdout.contains("gemfile-missing"), "{run:?}");
    assert_eq!(lab.farrier(&["plan", "upgrade", "shop"]).status, 3);
    assert_eq!(lab.farrier(&["upgrade", "shop", "--yes", "--read-only"]).status, 3);
    assert_eq!(site.masters(), masters);
}

#[test]
fn a_rollback_serves_the_old_release_again() {
    for preload in [true, false] {
        let lab = Lab::new();
        let old = site(&lab, |config| config.preload = preload, &App::default());
        let site = shop(&lab);
        assert_eq!(lab.farrier(&["signal", "USR2", "shop", "--yes"]).status, 0);
        // As after a canary: the old one has no workers.
        lab.signal(old, "WINCH");
        lab.wait("it is drained", || site.workers(old).is_empty());
        let (asked, lost) = under_clients(
            || shop(&lab).get().is_some(),
            || {
                let run = lab.farrier(&["rollback", "shop", "--yes"]);
                assert_eq!(run.status, 0, "{run:?}\n{}", lab.picture());
                assert!(run.stdout.contains(&format!("current still names {SECOND}")), "{run:?}");
            },
        );
        assert!(asked > 0 && lost == 0, "{lost} of {asked} requests were lost");
        assert_eq!(site.masters(), [old]);
        assert_eq!(site.workers(old).len(), 2);
        assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(FIRST));
    }
}
