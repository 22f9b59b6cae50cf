//! A release that was tried and did not stay, and what is claimed of a time that no log tells of.

use super::site::{App, FIRST, SECOND, Site};
use super::upgraded::{shop, site};
use super::world::Lab;

const LOG: &str = "shared/log/unicorn.stderr.log";

/// `current` was switched long ago: nothing is excused.
fn long_ago(lab: &Lab) {
    lab.sh(&format!("touch -h -d '2 days ago' {}", Site::path(&shop(lab), "current")));
}

#[test]
fn after_a_rollback_the_bad_release_is_not_urged_again() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App::default());
    shop(&lab).upgrade(old);
    lab.wait("both serve", || shop(&lab).masters().len() == 2);
    lab.wait("the way back is open", || lab.farrier(&["plan", "rollback", "shop"]).status == 0);
    let run = lab.farrier(&["rollback", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}");
    long_ago(&lab);
    let check = lab.farrier(&["check", "shop"]);
    let next = check.stdout.lines().find(|line| line.contains("NEXT")).unwrap_or_default();
    assert!(!next.contains("upgrade") && next.contains("switch current back"), "{check:?}");
    assert!(
        check.stdout.contains(&format!("{SECOND} was started by USR2 and was taken back")),
        "{check:?}"
    );
    assert!(!check.stdout.contains("kill -USR2"), "{check:?}");
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.stdout.contains("the same USR2 brings it back"), "{plan:?}");
    // Its fix mends it.
    let fix: Vec<&str> =
        check.stdout.lines().filter(|line| line.trim_start().starts_with("ln -s")).collect();
    lab.sh(fix.first().expect("a way back"));
    let check = lab.farrier(&["check", "shop"]);
    assert!(!check.stdout.contains("release-stale"), "{check:?}");
}

#[test]
fn a_log_that_was_deleted_tells_why_the_upgrade_failed() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { fails: true, ..App::default() });
    let log = Site::path(&shop(&lab), LOG);
    // Renamed and packed by logrotate, which told nobody.
    lab.sh(&format!("mv {log} {log}.1; install -o deploy /dev/null {log}; gzip {log}.1"));
    lab.signal(old, "USR2");
    lab.wait("the new master failed", || lab.read(&log).contains("does not boot"));
    lab.wait("the old one took its pidfile back", || {
        shop(&lab).masters() == [old] && !lab.title(old).contains("(old)")
    });
    long_ago(&lab);
    let check = lab.farrier(&["check", "shop"]);
    assert_eq!(check.status, 2, "{check:?}");
    assert!(check.stdout.contains("reexec-failed"), "{check:?}");
    assert!(check.stdout.contains("does not boot"), "{check:?}");
    assert!(!check.stdout.contains("no upgrade followed"), "{check:?}");
}

#[test]
fn where_no_log_reaches_back_nothing_is_claimed() {
    for lose in ["rm LOG", ": > LOG", "mv LOG LOG.1; touch LOG"] {
        let lab = Lab::new();
        site(&lab, |_| {}, &App::default());
        let log = Site::path(&shop(&lab), LOG);
        lab.sh(&format!("touch -h {}", Site::path(&shop(&lab), "current")));
        lab.sh(&lose.replace("LOG", &log));
        let check = lab.farrier(&["check", "shop"]);
        assert!(
            check.stdout.contains("release-stale") && check.stdout.contains(FIRST),
            "{check:?}"
        );
        let deleted = lose.starts_with("rm");
        assert!(deleted || !check.stdout.contains("no upgrade followed"), "{lose}: {check:?}");
    }
}
