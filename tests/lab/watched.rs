//! `farrier watch` beside real handovers that a person carries out by hand.

use std::process::{Child, Stdio};

use serde_json::Value;

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, SECOND, Site};
use super::staged::healthy::two_releases;
use super::world::Lab;

/// Starts `farrier` beside the test and waits until it has said its first line.
pub fn beside(lab: &Lab, arguments: &[&str]) -> Child {
    // What an earlier one said must not be taken for its first line.
    lab.sh("rm -f /run/said");
    let words = format!("exec farrier {} > /run/said 2>&1", arguments.join(" "));
    let child = lab
        .command("root", ["bash", "-c", &words])
        .stdout(Stdio::null())
        .spawn()
        .expect("nsenter starts");
    lab.wait("farrier says its first line", || {
        lab.has("/run/said") && lab.read("/run/said").contains('\n')
    });
    child
}

/// Waits for its end.
pub fn ended(lab: &Lab, mut child: Child) -> Run {
    let status = child.wait().expect("it ends").code().unwrap_or(-1);
    Run { status, stdout: lab.read("/run/said"), stderr: String::new() }
}

fn lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn holds(run: &Run, words: &[&str]) {
    let mut rest = run.stdout.as_str();
    for word in words {
        let at = rest.find(word).unwrap_or_else(|| panic!("{word} is missing or late: {run:?}"));
        rest = &rest[at..];
    }
}

#[test]
fn an_upgrade_by_hand_is_followed_to_its_end() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    let watch = beside(&lab, &["watch", "shop", "--refresh", "0.1"]);
    let new = site.upgrade(old);
    lab.signal(old, "QUIT");
    let run = ended(&lab, watch);
    assert_eq!(run.status, 0, "{run:?}");
    holds(
        &run,
        &[
            &format!("{new}, child of {old}, appeared"),
            &format!("unicorn.pid names {new}"),
            &format!("{new} is ready"),
            &format!("{old} ended"),
            &format!("{new} serves alone with 2 workers, {SECOND}"),
        ],
    );
}

#[test]
fn a_hook_that_retires_is_followed_in_json() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::BeforeFork);
    let watch = beside(&lab, &["watch", "shop", "--format", "json"]);
    let new = site.upgrade(old);
    let run = ended(&lab, watch);
    assert_eq!(run.status, 0, "{run:?}");
    let lines = lines(&run);
    assert!(lines.iter().all(|line| line["schema"] == "farrier.watch/1"));
    assert_eq!(lines[0]["event"], "watching");
    assert!(lines.iter().any(|line| line["event"] == "master-ended" && line["pid"] == old));
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["status"]), (&"verdict".into(), &0.into()));
    assert!(last["words"].as_str().unwrap().starts_with(&format!("{new} serves alone")));
}

#[test]
fn a_release_that_does_not_boot_is_followed_back() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    let fails = App { fails: true, boot: 4.0, ..App::default() };
    site.release(SECOND, &fails, &Config { timeout: 3, ..Config::at(&site.root) });
    let watch = beside(&lab, &["watch", "shop"]);
    lab.signal(old, "USR2");
    let run = ended(&lab, watch);
    assert_eq!(run.status, 1, "{run:?}");
    holds(&run, &["appeared", "loads", "ended", &format!("{old} serves. "), "does not boot"]);
}

#[test]
fn what_is_not_there_and_what_is_broken_off() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    assert_eq!(lab.farrier(&["watch", "nothing"]).status, 3);
    let late = lab.farrier(&["watch", "shop", "--timeout", "1"]);
    assert_eq!(late.status, 1, "{late:?}");
    let watch = beside(&lab, &["watch", "shop"]);
    let farrier = running(&lab);
    lab.signal(farrier, "INT");
    let run = ended(&lab, watch);
    assert_eq!(run.status, 4, "{run:?}");
    holds(&run, &[&format!("{old} serves")]);
    both_gone(&lab, &site, old);
}

/// The PID of the farrier that runs in the lab.
pub fn running(lab: &Lab) -> u32 {
    let ours = |pid: &u32| {
        lab.title(*pid).starts_with("farrier ") && lab.stat(*pid).is_some_and(|s| s.parent == 0)
    };
    let mut found = None;
    lab.wait("farrier runs", || {
        found = lab.pids().into_iter().find(ours);
        found.is_some()
    });
    found.expect("waited for")
}

fn both_gone(lab: &Lab, site: &Site<'_>, old: u32) {
    let watch = beside(lab, &["watch", "shop"]);
    lab.signal(old, "TERM");
    site.wait_gone(old);
    assert_eq!(ended(lab, watch).status, 2);
}
