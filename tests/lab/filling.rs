//! Masters whose forks take their time: while workers come nothing is missed, and what is missed comes back by the fix.

use serde_json::Value;

use super::config::Config;
use super::program::{FINE, warned};
use super::site::{App, FIRST, Site};
use super::world::Lab;

/// A site whose `before_fork` sleeps, with that many workers, served by `program`.
fn slow<'a>(lab: &'a Lab, workers: u32, sleep: f32, program: &str) -> (Site<'a>, u32) {
    let site = Site::new(lab, "shop");
    let text = Config { workers, timeout: 5, ..Config::at(&site.root) }.text();
    let opens = "before_fork do |server, worker|";
    let text =
        if sleep > 0.0 { text.replace(opens, &format!("{opens}\n  sleep {sleep}")) } else { text };
    let directory = site.path(&format!("releases/{FIRST}"));
    site.unpack(&directory, FIRST, &App::default(), &text);
    site.switched_long_ago(FIRST);
    let start = super::site::Start { program: vec![program.to_owned()], ..site.plain() };
    lab.impatient();
    site.launch(&start);
    let master = site.masters()[0];
    lab.wait("all workers are there", || site.workers(master).len() == workers as usize);
    (site, master)
}

/// Looks again and again until it holds: nothing may be found meanwhile.
fn quiet_until(lab: &Lab, when: &str, mut holds: impl FnMut() -> bool) {
    loop {
        let done = holds();
        lab.judge(when, &[], &FINE);
        if done {
            return;
        }
    }
}

#[test]
fn a_reload_and_an_upgrade_that_fork_slowly_are_healthy() {
    for program in ["unicorn", "rainbows"] {
        let lab = Lab::new();
        let (site, master) = slow(&lab, 6, 1.0, program);
        let before = site.workers(master);
        lab.signal(master, "HUP");
        quiet_until(&lab, "a reload", || {
            let now = site.workers(master);
            now.len() == 6 && now.iter().all(|pid| !before.contains(pid))
        });
        lab.signal(master, "USR2");
        quiet_until(&lab, "an upgrade", || {
            let masters = site.masters();
            masters.len() == 1 && masters[0] != master
        });
    }
}

#[test]
fn a_reload_whose_first_fork_comes_late_is_healthy() {
    let lab = Lab::new();
    let (site, master) = slow(&lab, 3, 3.0, "unicorn");
    let before = site.workers(master);
    lab.signal(master, "HUP");
    quiet_until(&lab, "a reload", || {
        let now = site.workers(master);
        now.len() == 3 && now.iter().all(|pid| !before.contains(pid))
    });
}

#[test]
fn a_worker_that_dies_is_on_its_way_back() {
    let lab = Lab::new();
    let (site, master) = slow(&lab, 4, 3.0, "unicorn");
    for number in [3, 0] {
        let title = format!("worker[{number}]");
        let workers = site.workers(master);
        let worker = workers.iter().copied().find(|pid| lab.title(*pid).contains(&title));
        lab.signal(worker.expect("it is there"), "KILL");
        quiet_until(&lab, "a worker was killed", || site.workers(master).len() == 4);
    }
}

/// The lines of the fix of the only finding of that rule, without comments.
fn fix(json: &Value, rule: &str) -> Vec<String> {
    let findings = json["findings"].as_array().expect("findings");
    let finding = findings.iter().find(|finding| finding["rule"] == rule).expect(rule);
    let lines = finding["fix"].as_array().expect("a fix").iter();
    let lines = lines.map(|line| line.as_str().unwrap_or_default().to_owned());
    lines.filter(|line| !line.starts_with('#')).collect()
}

#[test]
fn the_fix_brings_back_as_many_as_are_configured() {
    for sleep in [0.0, 1.0] {
        let lab = Lab::new();
        let (site, master) = slow(&lab, 4, sleep, "unicorn");
        // Then nothing fills any more, and the last worker that left is long gone.
        let long = |pid: u32| {
            let age = lab.sh(&format!("ps -o etimes= -p {pid}"));
            age.trim().parse::<u32>().expect("seconds") > 10
        };
        lab.wait("no worker is young", || site.workers(master).into_iter().all(long));
        for left in [3, 2] {
            lab.signal(master, "TTOU");
            lab.wait("a worker leaves", || site.workers(master).len() == left);
        }
        std::thread::sleep(std::time::Duration::from_secs(if sleep > 0.0 { 11 } else { 0 }));
        lab.judge("two were taken away", &[], &warned(&[("workers-missing", "warning")]));
        let json = lab.check(&[]).json();
        for line in fix(&json, "workers-missing") {
            lab.sh(&line);
        }
        lab.wait("four serve", || site.workers(master).len() == 4);
        std::thread::sleep(std::time::Duration::from_secs(3));
        assert_eq!(site.workers(master).len(), 4);
        lab.judge("it was followed", &[], &FINE);
    }
}
