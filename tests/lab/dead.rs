//! The directory of the pidfile on a file system that stopped answering: nothing is sent, and nothing waits for it.

use std::path::Path;
use std::time::{Duration, Instant};

use super::site::{App, FIRST, Site};
use super::upgraded::{shop, site};
use super::world::Lab;
use crate::fuse::{Hung, Silent};

/// Mounts it over a directory of the lab, and lets it go at the end.
fn over(lab: &Lab, directory: &str, silent: Silent) -> Hung {
    let unmounts = lab.entrance();
    let mount = |options: &str| {
        let words = ["mount", "-i", "-n", "-t", "fuse", "-o", options, "hung", directory];
        lab.command("root", words)
    };
    let unmount = move |path: &Path| {
        let mut command = std::process::Command::new(&unmounts[0]);
        let _ = command.args(&unmounts[1..]).args(["umount", "-l"]).arg(path).status();
    };
    Hung::mounted(silent, directory.into(), mount, Box::new(unmount))
}

#[test]
fn a_dead_pidfile_directory_refuses_in_time() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App::default());
    let workers = shop(&lab).workers(old);
    let pids = Site::path(&shop(&lab), "shared/pids");
    let pid = old.to_string();
    for silent in [Silent::All, Silent::Open] {
        let dead = over(&lab, &pids, silent);
        for words in [
            &["signal", "TTIN", &pid, "--yes"][..],
            &["upgrade", &pid, "--yes", "--force"],
            &["do", "add-worker", &pid, "--yes", "--force"],
        ] {
            let start = Instant::now();
            let run = lab.farrier(words);
            assert_eq!(run.status, 3, "{silent:?} {words:?}: {run:?}");
            assert!(start.elapsed() < Duration::from_secs(15), "{silent:?} {words:?}: {run:?}");
            assert_eq!(shop(&lab).workers(old), workers, "{silent:?} {words:?}: {run:?}");
        }
        drop(dead);
    }
    for silent in Silent::EACH {
        let dead = over(&lab, &pids, silent);
        let start = Instant::now();
        let run = lab.farrier(&["check"]);
        assert!(start.elapsed() < Duration::from_secs(10), "{silent:?}: {run:?}");
        drop(dead);
    }
}

#[test]
fn settings_that_do_not_answer_let_nothing_be_sent() {
    let lab = Lab::new();
    let old = site(&lab, |_| {}, &App::default());
    let workers = shop(&lab).workers(old);
    lab.sh("mkdir -p /root/.config");
    for silent in [Silent::All, Silent::Getattr, Silent::Lookup] {
        let dead = over(&lab, "/root/.config", silent);
        let run = lab.farrier(&["do", "add-worker", "shop", "--yes"]);
        assert_eq!(run.status, 3, "{silent:?}: {run:?}");
        assert!(run.stderr.contains("settings file gave no answer"), "{silent:?}: {run:?}");
        assert_eq!(
            lab.farrier(&["plan", "add-worker", "shop"]).status,
            0,
            "{silent:?}: looking works"
        );
        assert_eq!(shop(&lab).workers(old), workers, "{silent:?}");
        drop(dead);
    }
}

/// Whatever it is of a living app that no longer answers, and however the app is named: it is not down, nothing is found
/// of what was not read, and nothing is removed there.
#[test]
fn what_is_not_read_of_a_living_app_is_unknown() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    let master = site.start();
    site.settle();
    let (root, pid) = (&site.root, master.to_string());
    let pidfile = site.path("shared/pids/unicorn.pid");
    // EIO, ENOTCONN and ESTALE are what a server that is gone leaves.
    let errors = [5, 107, 116].map(Silent::Error);
    let ways = [Silent::All, Silent::Lookup, Silent::Getattr, Silent::Open];
    let mut wrong = Vec::new();
    for silent in ways.into_iter().chain(errors) {
        for below in ["", "shared", "shared/pids", "shared/sockets", "current/config"] {
            // There a file that is no socket is seen.
            if (silent, below) == (Silent::Open, "shared/sockets") {
                continue;
            }
            let directory = lab.sh(&format!("realpath {root}/{below}"));
            let dead = over(&lab, directory.trim(), silent);
            let targets = ["shop", root, &pidfile, &pid].map(|target| vec![target]);
            let all = std::iter::once(Vec::new()).chain(targets);
            let few = if matches!(silent, Silent::All | Silent::Error(116)) { 5 } else { 1 };
            for targets in all.take(few) {
                let run = lab.check(&targets);
                let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap_or_default();
                let all = json["findings"].as_array().cloned().unwrap_or_default();
                let found: Vec<_> = all
                    .iter()
                    .filter(|finding| finding["severity"] != "info")
                    .map(|finding| finding["rule"].to_string())
                    .collect();
                let removes = run.stdout.contains("rm ") || run.stderr.contains("rm ");
                if run.status != 3 || !found.is_empty() || removes {
                    let (status, words) = (run.status, run.stderr);
                    wrong.push(format!(
                        "{silent:?} {below:?} {targets:?}: {status} {found:?} {words}"
                    ));
                }
            }
            drop(dead);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
