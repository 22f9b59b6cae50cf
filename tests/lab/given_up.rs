//! A release that was tried and did not stay, and what is claimed of a time that no log tells of.

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, FIRST, SECOND, Site};
use super::upgraded::{shop, site};
use super::world::Lab;

/// A release newer than both.
const THIRD: &str = "20261115120000";

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

/// The log goes to a pipe: only farrier's own audit log knows.
fn piped(lab: &Lab) -> u32 {
    lab.write("/etc/farrier.toml", "audit_file = \"/srv/farrier-audit\"\n");
    let site = Site::new(lab, "shop");
    let config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) }.text();
    let to_no_file =
        |line: &&str| !line.starts_with("stderr_path") && !line.starts_with("stdout_path");
    let config = config.lines().filter(to_no_file).collect::<Vec<_>>().join("\n");
    for release in [FIRST, SECOND, THIRD] {
        site.unpack(&site.path(&format!("releases/{release}")), release, &App::default(), &config);
    }
    site.switch(FIRST);
    // The reader outlives the lab's shells, and what is written goes nowhere.
    lab.sh("mkfifo -m 666 /run/log; (setsid cat /run/log > /dev/null 2>&1 &)");
    let words = format!(
        "cd {0}/current; PWD={0}/current exec setsid unicorn -c {0}/current/config/unicorn.rb \
         -E production > /run/log 2>&1 < /dev/null &",
        site.root
    );
    lab.sh_as(site.user, &words);
    lab.wait("the started master is ready", || site.masters().len() == 1);
    let master = site.masters()[0];
    site.wait_ready(master);
    site.switch(SECOND);
    master
}

#[test]
fn what_farrier_itself_took_back_is_not_urged_without_a_log() {
    let lab = Lab::new();
    let old = piped(&lab);
    let site = shop(&lab);
    site.upgrade(old);
    lab.wait("both serve", || site.masters().len() == 2);
    lab.wait("the way back is open", || lab.farrier(&["plan", "rollback", "shop"]).status == 0);
    let run = lab.farrier(&["rollback", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(site.masters(), [old]);
    long_ago(&lab);
    let urges = |run: &Run| {
        let next = run.stdout.lines().find(|line| line.contains("NEXT")).unwrap_or_default();
        next.contains("upgrade") || run.stdout.contains("kill -USR2")
    };
    let check = lab.farrier(&["check", "shop"]);
    let audit = lab.read("/srv/farrier-audit");
    assert!(check.stdout.contains("release-stale") && !urges(&check), "{audit}{check:?}");
    let says = format!("{SECOND} was started by USR2 and was taken back");
    assert!(check.stdout.contains(&says), "{check:?}");
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.stdout.contains("the same USR2 brings it back"), "{plan:?}");
    // A recording tells the same, whoever reads it and by whatever settings.
    assert!(lab.farrier(&["snapshot", "-o", "/run/snapshot.toml"]).status == 0);
    lab.write("/etc/farrier.toml", "");
    let replayed = lab.farrier(&["check", "--from", "/run/snapshot.toml"]);
    assert!(replayed.stdout.contains(&says), "{replayed:?}");
    // Without that file nothing is claimed, as before.
    let check = lab.farrier(&["check", "shop"]);
    assert!(!check.stdout.contains("was taken back"), "{check:?}");
    lab.write("/etc/farrier.toml", "audit_file = \"/srv/farrier-audit\"\n");
    // A newer release was not tried.
    site.switch(THIRD);
    long_ago(&lab);
    let check = lab.farrier(&["check", "shop"]);
    assert!(urges(&check), "{check:?}");
    // What another boot's master, or another app's, was given says nothing of this one.
    site.switch(SECOND);
    long_ago(&lab);
    lab.sh("sed -i 's/^20[0-9][0-9]/2001/' /srv/farrier-audit");
    let check = lab.farrier(&["check", "shop"]);
    assert!(urges(&check), "{check:?}");
}

#[test]
fn an_upgrade_by_farrier_that_failed_is_not_urged_again_without_a_log() {
    let lab = Lab::new();
    let old = piped(&lab);
    let site = shop(&lab);
    lab.sh(&format!(
        "sed -i '1i raise \"this release does not boot\"' {}/config.ru",
        site.path("current")
    ));
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert_eq!(site.masters(), [old]);
    long_ago(&lab);
    let check = lab.farrier(&["check", "shop"]);
    assert!(
        check.stdout.contains(&format!("{SECOND} was started by USR2 and did not stay")),
        "{check:?}"
    );
    assert!(!check.stdout.contains("kill -USR2"), "{check:?}");
    site.switch(THIRD);
    long_ago(&lab);
    let check = lab.farrier(&["check", "shop"]);
    assert!(
        check.stdout.contains("kill -USR2") && !check.stdout.contains("did not stay"),
        "{check:?}"
    );
}
