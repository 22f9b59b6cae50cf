//! An upgrade that was left half done: the next farrier says so, and goes on or back from what it sees then.

use super::inspector::{ENTER, TAB, armable, inspector, quits};
use super::site::{App, SECOND};
use super::upgraded::{shop, site};
use super::watched::{beside, ended, running};
use super::world::Lab;

const UPGRADE: [&str; 3] = ["upgrade", "shop", "--yes"];

/// An upgrade is left while it waits for the workers of the new master to prove themselves; who served before.
fn left_by(lab: &Lab, signal: &str) -> u32 {
    lab.write("/etc/farrier.toml", "audit_file = \"/srv/farrier-audit\"\n");
    let old = site(lab, |config| config.preload = false, &App::default());
    let upgrade = beside(lab, &UPGRADE);
    lab.wait("step 6", || lab.read("/run/said").contains("6 of 8  ready"));
    lab.signal(running(lab), signal);
    ended(lab, upgrade);
    old
}

#[test]
fn the_next_one_says_who_left_it_and_where() {
    let lab = Lab::new();
    let old = left_by(&lab, "KILL");
    let log = lab.read("/srv/farrier-audit");
    assert!(log.contains("intent USR2") && !log.contains("result"), "a lone intent: {log}");
    let check = lab.farrier(&["check", "shop"]).stdout;
    assert!(check.contains("MOVING an upgrade of shop by root stopped after step 5, "), "{check}");
    assert!(check.contains(&format!("upgrade goes on and retires {old}; rollback")), "{check}");
    // It is finished by keys: the plan, the question, the button.
    let mut terminal = inspector(&lab, 80, 24, "xterm", &[]);
    terminal.until("stopped after step 5");
    terminal.keys("u");
    let plan = terminal.until("Finish the upgrade of shop");
    assert!(plan.contains(&format!("retire {old}")), "{plan}");
    terminal.keys("a");
    armable(&terminal);
    terminal.keys(TAB);
    terminal.until(">[ Send QUIT");
    terminal.keys(ENTER);
    let done = terminal.until("\u{2713} done, after");
    assert!(done.contains("would exit with 0: done"), "{done}");
    assert!(!lab.lives(old));
    assert_eq!(shop(&lab).get().map(|answer| answer.release).as_deref(), Some(SECOND));
    terminal.keys("1");
    terminal.until("1 Overview");
    quits_after(terminal);
    let check = lab.farrier(&["check", "shop"]).stdout;
    assert!(!check.contains("stopped after step"), "{check}");
}

/// What was sent stands in the scroll-back.
fn quits_after(mut terminal: crate::terminal::Terminal) {
    terminal.keys("q");
    assert!(terminal.end().0.success());
}

#[test]
fn that_its_terminal_went_is_told_and_it_may_go_back() {
    let lab = Lab::new();
    let old = left_by(&lab, "HUP");
    let log = lab.read("/srv/farrier-audit");
    assert!(log.contains("Its terminal went. "), "{log}");
    let terminal = inspector(&lab, 120, 30, "xterm", &[]);
    terminal.until("WHY    its terminal went; ");
    quits(terminal);
    assert_eq!(lab.farrier(&["rollback", "shop", "--yes"]).status, 0);
    assert_eq!(shop(&lab).masters(), [old]);
    assert!(!lab.farrier(&["check", "shop"]).stdout.contains("stopped after step"));
}

#[test]
fn a_signal_from_elsewhere_stops_it_where_it_is() {
    let lab = Lab::new();
    let slow = App { boot: 3.0, ..App::default() };
    let old = site(&lab, |_| {}, &slow);
    let upgrade = beside(&lab, &UPGRADE);
    lab.wait("it loads", || lab.read("/run/said").contains("has its handlers and loads"));
    lab.signal(old, "WINCH");
    let run = ended(&lab, upgrade);
    assert_eq!(run.status & !3, 0, "{run:?}");
    assert!(run.stdout.contains("farrier neither caused nor expected it"), "{run:?}");
    assert!(run.stdout.contains("it has none left: "), "{run:?}");
    assert!(!run.stdout.contains("QUIT went"), "{run:?}");
    assert!(lab.lives(old), "nothing more was sent");
}
