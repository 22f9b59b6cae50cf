//! farrier's other commands against real servers: what they say is what the machine's own tools say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::site::{FIRST, SECOND};
use super::staged::healthy::{serving, two_releases};
use super::world::{Lab, program};
use crate::lab::config::Hook;
use crate::lab::stage;

const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

#[test]
fn check_tells_what_is_there() {
    let lab = Lab::new();
    let site = serving(&lab);
    let master = site.masters()[0];
    let told = lab.check(&[]).json();
    let app = &told["apps"][0];
    assert_eq!(told["schema"], "farrier.check/1");
    assert_eq!(told["host"], "web-1");
    assert_eq!(told["apps"].as_array().map(Vec::len), Some(1), "{told:#}");
    assert_eq!(app["id"], "/var/www/shop");
    assert_eq!(app["root"], "/var/www/shop");
    assert_eq!(app["name"], "shop");
    assert_eq!(app["server"], "unicorn");
    assert_eq!(app["current_release"], FIRST);
    assert_eq!(app["masters"].as_array().map(Vec::len), Some(1), "{told:#}");
    let said = &app["masters"][0];
    assert_eq!(
        (&said["pid"], &said["role"], &said["release"]),
        (&json!(master), &json!("current"), &json!(FIRST))
    );
    assert_eq!(said["server_version"], "6.0.0");
    let workers: Vec<u64> =
        said["workers"].as_array().unwrap().iter().filter_map(|w| w["pid"].as_u64()).collect();
    assert_eq!(workers, site.workers(master).into_iter().map(u64::from).collect::<Vec<_>>());
    assert_eq!(said["workers"][1]["nr"], 1);
    let pidfile = json!({ "path": PIDFILE, "kind": "current", "pid": master, "state": "live" });
    assert!(app["pidfiles"].as_array().unwrap().contains(&pidfile), "{told:#}");
    assert_eq!(
        app["listeners"][0]["address"],
        format!("unix:{}", site.path("shared/sockets/unicorn.sock"))
    );
    assert_eq!(app["listeners"][0]["backlog"], 1024);
}

#[test]
fn check_takes_any_name_of_an_app() {
    let lab = Lab::new();
    let site = serving(&lab);
    let pid = site.masters()[0].to_string();
    for target in ["shop", "/var/www/shop", PIDFILE, pid.as_str()] {
        let run = lab.check(&[target]);
        assert_eq!(
            (run.status, run.json()["apps"][0]["name"].as_str()),
            (0, Some("shop")),
            "{target}: {run:?}"
        );
    }
    assert_eq!(lab.check(&["/var/www/nothing"]).status, 3);
}

/// What a check says apart from its times: which rule fired on what, and what could not be decided.
fn verdicts(told: &Value) -> (Vec<Value>, Value) {
    let findings = told["findings"].as_array().expect("findings is an array").iter();
    let firm =
        |f: &Value| json!([f["rule"], f["severity"], f["app"], f["pid"], f["path"], f["fix"]]);
    (findings.map(firm).collect(), told["unknowns"].clone())
}

#[test]
fn a_snapshot_gives_the_verdicts_of_its_moment() {
    for (name, looks) in [
        ("release-stale", 1),
        ("workers-missing", 2),
        ("current-missing", 2),
        ("oldbin-lingering", 1),
        ("master-dead", 1),
    ] {
        let lab = Lab::new();
        let stage = stage(name).expect("a stage");
        (stage.set)(&lab);
        let before = lab.check(stage.targets).json();
        let text = lab.snapshot(stage.targets);
        assert_eq!(text.matches("[[frame]]").count(), looks, "{name}");
        lab.write("/run/box.toml", &text);
        let replay = || lab.check(&["--from", "/run/box.toml"]).json();
        let replayed = replay();
        let after = lab.check(stage.targets).json();
        assert_eq!(verdicts(&before), verdicts(&replayed), "{name}");
        assert_eq!(verdicts(&after), verdicts(&replayed), "{name}");
        assert_eq!(replay(), replayed, "{name}");
        let taken = |told: &Value| told["taken_at"].as_str().expect("a time").to_owned();
        let in_order = [&before, &replayed, &after].map(taken);
        assert!(in_order.is_sorted(), "{name}: {in_order:?}");
    }
}

#[test]
fn a_stranger_is_told_what_is_hidden() {
    let lab = Lab::new();
    serving(&lab);
    let run = lab.farrier_as("www-data", &["check", "--format", "json"]);
    let told = run.json();
    assert_eq!(run.status, 3, "{run:?}");
    assert_eq!(told["summary"]["warning"], 0);
    assert_eq!(told["summary"]["critical"], 0);
    let denied =
        told["unknowns"].as_array().unwrap().iter().filter(|u| u["kind"] == "unreadable").count();
    assert!(denied > 0, "{told:#}");
    lab.sh("mount -o remount,hidepid=2 /proc");
    assert_eq!(lab.farrier_as("www-data", &["check"]).status, 3);
    lab.sh("mount -o remount,hidepid=0 /proc");
}

#[test]
fn the_user_who_runs_the_app_sees_all_of_it() {
    let lab = Lab::new();
    let site = serving(&lab);
    let run = lab.farrier_as(site.user, &["check", "--format", "json"]);
    assert_eq!(run.json()["findings"], json!([]));
    assert_eq!(run.json()["apps"][0]["masters"][0]["release"], FIRST);
}

#[test]
fn inspect_lists_what_lsof_lists() {
    let lab = Lab::new();
    let site = serving(&lab);
    let master = site.masters()[0];
    for pid in [master, site.workers(master)[0]] {
        let theirs = lsof(&lab, pid);
        let run = lab.farrier(&["inspect", &pid.to_string(), "--format", "json"]);
        let told = run.json();
        assert_eq!(
            (run.status, &told["schema"], &told["pid"]),
            (0, &json!("farrier.inspect/1"), &json!(pid))
        );
        let ours: BTreeSet<_> = told["entries"].as_array().unwrap().iter().map(entry).collect();
        let missing: Vec<_> = theirs.difference(&ours).collect();
        assert!(
            missing.is_empty(),
            "lsof has these and farrier has not: {missing:#?}\nfarrier: {ours:#?}"
        );
    }
}

/// What `lsof -p` says of a process: descriptor, type, and the name where both tools name it alike.
fn lsof(lab: &Lab, pid: u32) -> BTreeSet<(String, String, String)> {
    let text = lab.sh(&format!("lsof -nP -w -F ftn -p {pid}"));
    let mut entries = BTreeSet::new();
    let (mut fd, mut kind) = (String::new(), String::new());
    for line in text.lines() {
        match line.split_at(1) {
            ("f", rest) => rest.clone_into(&mut fd),
            ("t", rest) => rest.clone_into(&mut kind),
            ("n", name) => {
                let shown = if fd == "DEL" { "mem" } else { &fd };
                entries.insert((shown.to_owned(), kind.clone(), alike(&kind, name)));
            }
            _ => {}
        }
    }
    entries
}

fn entry(value: &Value) -> (String, String, String) {
    let kind = value["type"].as_str().unwrap_or_default().to_owned();
    let fd = value["fd"].as_str().map_or_else(|| value["fd"].to_string(), str::to_owned);
    let name = alike(&kind, value["name"].as_str().unwrap_or_default());
    (fd, kind, name)
}

/// The part of a name that two tools can agree on: the path of what has one.
fn alike(kind: &str, name: &str) -> String {
    match kind {
        "REG" | "DIR" | "CHR" => name.trim_end_matches(" (deleted)").to_owned(),
        "unix" if name.starts_with('/') => name.split(' ').next().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

#[test]
fn tree_shows_the_generations() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    let new = site.upgrade(old);
    let tree = lab.farrier(&["tree"]);
    assert_eq!(tree.status, 0, "{tree:?}");
    for word in
        [old, new].iter().map(ToString::to_string).chain([FIRST, SECOND, "shop"].map(str::to_owned))
    {
        assert!(tree.stdout.contains(&word), "{word} in {}", tree.stdout);
    }
}

#[test]
fn a_relative_path_names_what_it_names_here() {
    let lab = Lab::new();
    let _site = serving(&lab);
    let entrance = lab.entrance().join(" ");
    let farrier = program();
    for word in ["./shop", "shop/", "../www/shop", "shop/shared/pids/unicorn.pid"] {
        let line =
            format!("{entrance} sh -c 'cd /var/www && {} check {word}'", farrier.to_str().unwrap());
        let run = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        assert_eq!(run.status.code(), Some(0), "{word}: {run:?}");
    }
}
