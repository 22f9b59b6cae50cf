//! What would make an upgrade fail is told before the signal, and what came of it right after.

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, FIRST, SECOND, Site};
use super::world::Lab;

/// A disk of a few pages, and what takes the rest of it.
const SMALL: &str =
    "mkdir -p /mnt/small; mount -t tmpfs -o size=16k,nr_inodes=20,mode=777 none /mnt/small";
const FILL: &str = "dd if=/dev/zero of=/mnt/small/fill bs=1k || true";

/// A site without a hook, the first release served, the second one current.
fn two_releases(lab: &Lab, change: impl Fn(&mut Config), second: &App) -> u32 {
    let site = Site::new(lab, "shop");
    let mut config = Config { hook: Hook::None, timeout: 3, ..Config::at(&site.root) };
    change(&mut config);
    site.release(FIRST, &App::default(), &config);
    site.switch(FIRST);
    let master = site.start();
    site.release(SECOND, second, &config);
    site.switch(SECOND);
    master
}

fn shop(lab: &Lab) -> Site<'_> {
    Site { lab, root: "/var/www/shop".into(), user: super::world::DEPLOY }
}

/// `plan` names what stops it, `upgrade` refuses for it and sends nothing.
fn predicted(lab: &Lab, old: u32, names: &[&str]) {
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 3, "{plan:?}\n{}", lab.picture());
    for name in names {
        assert!(plan.stdout.contains(name), "{name}: {plan:?}");
    }
    let refused = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(refused.status, 3, "{refused:?}");
    assert_eq!(shop(lab).masters(), [old]);
    let log = lab.read("/var/www/shop/shared/log/unicorn.stderr.log");
    assert!(!log.contains("executing [") && !log.contains("refusing"), "nothing was sent: {log}");
}

/// Sent all the same, it fails as it was told; the old master serves, and `check` says what happened.
fn fails(lab: &Lab, old: u32, says: &str, rule: &str) -> Run {
    let forced = lab.farrier(&["upgrade", "shop", "--yes", "--force", "--timeout", "20"]);
    assert_eq!(forced.status, 1, "{forced:?}\n{}", lab.picture());
    assert!(forced.stderr.contains(says), "{says}: {forced:?}");
    let site = shop(lab);
    lab.wait("only the old one is left", || site.masters() == [old]);
    assert_eq!(site.get().map(|answer| answer.release).as_deref(), Some(FIRST));
    let check = lab.farrier(&["check"]);
    assert_eq!(check.status, 2, "{check:?}");
    assert!(check.stdout.contains(rule), "{rule}: {check:?}");
    forced
}

#[test]
fn a_pruned_release() {
    let lab = Lab::new();
    let site = Site::new(&lab, "shop");
    let config =
        Config { working_directory: None, hook: Hook::None, timeout: 3, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switch(FIRST);
    let mut start = site.plain();
    start.from = site.path(&format!("releases/{FIRST}"));
    let old = site.start_with(&start);
    site.release(SECOND, &App::default(), &config);
    site.switch(SECOND);
    lab.sh(&format!("rm -r {}/releases/{FIRST}", site.root));
    predicted(&lab, old, &["release-pinned", "is gone"]);
    fails(&lab, old, "chdir", "reexec-failed");
}

#[test]
fn a_gemfile_that_is_gone() {
    let lab = Lab::new();
    let old = two_releases(&lab, |config| config.gemfile = None, &App::default());
    lab.sh(&format!("rm /var/www/shop/releases/{FIRST}/Gemfile"));
    predicted(&lab, old, &["gemfile-missing", "Gemfile is gone"]);
    fails(&lab, old, "GemfileNotFound", "reexec-failed");
}

#[test]
fn an_oldbin_that_names_a_stranger() {
    let lab = Lab::new();
    let old = two_releases(&lab, |_| {}, &App::default());
    let stranger = lab.background(super::world::DEPLOY, "sleep 1000");
    lab.write("/var/www/shop/shared/pids/unicorn.pid.oldbin", format!("{stranger}\n"));
    predicted(&lab, old, &["oldbin-foreign", "USR2 is refused"]);
    let forced = fails(&lab, old, "refusing rexec", "oldbin-foreign");
    assert!(forced.stderr.contains(&format!("{old} serves")), "{forced:?}");
}

/// That a release raises when it is loaded nobody can tell beforehand; that it did the last time, the next plan says.
#[test]
fn a_release_that_did_not_boot_the_last_time() {
    let lab = Lab::new();
    let old = two_releases(&lab, |_| {}, &App { fails: true, ..App::default() });
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 0, "{plan:?}\n{}", lab.picture());
    fails(&lab, old, "does not boot", "reexec-failed");
    let again = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(again.stdout.contains("reexec-failed: the last USR2 came to nothing"), "{again:?}");
    // What is mended since may go: it warns, and stops nothing.
    assert_eq!(again.status, 0, "{again:?}");
    shop(&lab).release(SECOND, &App::default(), &Config::at("/var/www/shop"));
    assert_eq!(lab.farrier(&["upgrade", "shop", "--yes"]).status, 0);
}

#[test]
fn a_log_that_cannot_be_opened() {
    let lab = Lab::new();
    let user = super::world::DEPLOY;
    lab.sh(&format!("mkdir -p /var/log/shop; chown {user}:{user} /var/log/shop"));
    let more = |config: &mut Config| config.more = "stdout_path \"/var/log/shop/out.log\"".into();
    let old = two_releases(&lab, more, &App::default());
    lab.sh("cd /var/log/shop; chown root:root . out.log; chmod 644 out.log");
    predicted(&lab, old, &["logs", "/var/log/shop/out.log is not its user's to write"]);
    lab.sh("rm -r /var/log/shop");
    predicted(&lab, old, &["logs", "/var/log/shop is gone"]);
    fails(&lab, old, "not writable", "reexec-failed");
}

#[test]
fn a_pidfile_on_a_full_disk() {
    let lab = Lab::new();
    lab.sh(SMALL);
    let pid = |config: &mut Config| config.pid = Some("/mnt/small/unicorn.pid".into());
    let old = two_releases(&lab, pid, &App::default());
    lab.sh(FILL);
    predicted(&lab, old, &["pidfile", "has no room"]);
    fails(&lab, old, "No space left", "reexec-failed");
}

/// Nothing is written to it any more, and that is all.
#[test]
fn a_log_on_a_full_disk() {
    let lab = Lab::new();
    lab.sh(SMALL);
    let more = |config: &mut Config| config.more = "stdout_path \"/mnt/small/out.log\"".into();
    two_releases(&lab, more, &App::default());
    lab.sh(FILL);
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.status == 0 && plan.stdout.contains("nothing more is written"), "{plan:?}");
    assert_eq!(lab.farrier(&["upgrade", "shop", "--yes"]).status, 0);
}
