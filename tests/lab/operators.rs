//! Two operators on one app: the second sees who works on it and how far he is, and sends nothing meanwhile.

use super::inspector::inspector;
use super::site::{App, Site};
use super::upgraded::{shop, site};
use super::world::{DEPLOY, Lab, program};
use crate::terminal::Terminal;

/// A farrier in a terminal of its own.
fn typed(lab: &Lab, words: &[&str]) -> Terminal {
    let mut all = lab.entrance();
    all.push(program().to_str().unwrap().to_owned());
    all.extend(words.iter().map(|word| (*word).to_owned()));
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    Terminal::start(&all, 120, 30, "xterm")
}

/// Every way to send something to the app is refused, with what is told of who works on it.
fn all_refused(lab: &Lab, told: &str) {
    for words in [
        &["do", "add-worker", "shop", "--yes"][..],
        &["upgrade", "shop", "--yes", "--force"],
        &["rollback", "shop", "--yes"],
        &["signal", "HUP", "shop", "--yes"],
        &["plan", "upgrade", "shop"],
        &["plan", "reload", "shop"],
    ] {
        let run = lab.farrier(words);
        assert_eq!(run.status, 3, "{words:?}: {run:?}");
        assert!(run.stderr.contains(told), "{words:?}: {run:?}");
        assert!(run.stderr.contains("Looking works"), "{words:?}: {run:?}");
    }
}

#[test]
fn the_second_sees_the_first_and_waits() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { boot: 8.0, ..App::default() });
    lab.write("/etc/farrier.toml", "audit_file = \"/srv/farrier-audit\"\n");
    let mut first = typed(&lab, &["upgrade", "shop"]);
    first.until("[upgrade/cancel]");
    let mut second = inspector(&lab, 80, 24, "xterm", &[]);
    // The question is open: nothing of it is to be seen yet but that somebody is there.
    let screen = second.until("upgrades shop since");
    assert!(screen.contains("root (pts/") && screen.contains(", step 1 of 8"), "{screen}");
    all_refused(&lab, " upgrades shop since");
    let workers = shop(&lab).workers(old);
    first.keys("upgrade\r");
    first.until("appeared");
    second.until(", step 5 of 8");
    second.keys("u");
    let follows = second.until("in the hands of");
    assert!(follows.contains("5 app loads") && follows.contains("Both masters"), "{follows}");
    assert!(follows.contains(&format!("USR2 to {old}")), "{follows}");
    second.keys("a");
    let refused = second.until("refused");
    assert!(refused.contains("upgrades shop since"), "{refused}");
    assert_eq!(shop(&lab).workers(old), workers);
    assert_eq!(lab.farrier(&["check", "shop"]).status & !3, 0, "looking is never locked");
    first.until("serves alone");
    lab.wait("it is free again", || lab.farrier(&["plan", "reload", "shop"]).status == 0);
}

#[test]
fn what_the_inspector_does_is_seen_by_what_comes_of_it() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App { boot: 6.0, ..App::default() });
    let mut first = inspector(&lab, 80, 24, "xterm", &[]);
    super::inspector::carried_out(&mut first);
    lab.wait("the new master is seen", || {
        let run = lab.farrier(&["plan", "reload", "shop"]);
        run.status == 3 && run.stderr.contains("upgrades shop since")
    });
    all_refused(&lab, " upgrades shop since");
    first.until("\u{2713} done, after");
    assert!(!lab.lives(old));
}

#[test]
fn whoever_is_no_farrier_of_the_app_blocks_nobody() {
    let lab = Lab::new();
    site(&lab, |_| {}, &App::default());
    let pids = Site::path(&shop(&lab), "shared/pids");
    // Root's own script may lock what it likes; so may anybody's program that bears farrier's name.
    lab.sh("cp $(command -v flock) /usr/local/bin/farrier-like");
    for (user, name) in [("root", "flock"), ("www-data", "farrier-like")] {
        let holder = lab.background(user, &format!("{name} {pids} sleep 60"));
        lab.wait("it holds the lock", || lab.read("/proc/locks").contains("FLOCK"));
        let plan = lab.farrier(&["plan", "add-worker", "shop"]);
        assert_eq!(plan.status, 0, "{plan:?}");
        assert!(plan.stdout.contains(&format!("{holder} ({name} of {user}) holds")), "{plan:?}");
        let run = lab.farrier(&["do", "add-worker", "shop", "--yes"]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(run.stderr.contains("No lock is held"), "{run:?}");
        lab.sh(&format!("pkill -KILL -P {holder}; kill -KILL {holder} || true"));
        lab.wait("it is free", || !lab.read("/proc/locks").contains("FLOCK"));
    }
    // The app's own user counts.
    lab.background(DEPLOY, &format!("farrier-like {pids} sleep 60"));
    lab.wait("it holds the lock", || lab.read("/proc/locks").contains("FLOCK"));
    let run = lab.farrier(&["do", "add-worker", "shop", "--yes"]);
    assert_eq!(run.status, 3, "{run:?}");
    assert!(run.stderr.contains("works on shop"), "{run:?}");
}
