//! `farrier signal` to real servers, and what it then saw; the environment that `farrier env` shows.

use serde_json::json;

use super::config::Hook;
use super::site::{FIRST, SECOND, Site};
use super::staged::healthy::{serving, two_releases};
use super::world::Lab;

const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

#[test]
fn hup_is_sent_and_followed() {
    let lab = Lab::new();
    let site = serving(&lab);
    let master = site.masters()[0];
    let before = site.workers(master);
    let dry = lab.farrier(&["signal", "HUP", "shop", "--dry-run"]);
    assert_eq!(dry.status, 0, "{dry:?}");
    assert!(dry.stdout.contains(&format!("kill -HUP {master}")), "{dry:?}");
    let asked = lab.farrier(&["signal", "HUP", "shop"]);
    assert_eq!(asked.status, 3, "nobody can answer without a terminal: {asked:?}");
    assert_eq!(site.workers(master), before);
    let sent = lab.farrier(&["signal", "HUP", "shop", "--yes"]);
    assert_eq!(sent.status, 0, "{sent:?}\n{}", lab.picture());
    assert!(site.workers(master).iter().all(|pid| !before.contains(pid)));
    assert_eq!(
        lab.read(site.path("shared/log/unicorn.stderr.log")).matches("done reloading").count(),
        1
    );
}

#[test]
fn usr2_is_sent_and_followed_to_the_new_master() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    let sent = lab.farrier(&["signal", "USR2", PIDFILE, "--yes"]);
    assert_eq!(sent.status, 0, "{sent:?}\n{}", lab.picture());
    let masters = site.masters();
    assert_eq!(masters[0], old);
    assert_eq!(masters.len(), 2);
    assert!(sent.stdout.contains(&masters[1].to_string()), "{sent:?}");
    let again = lab.farrier(&["signal", "USR2", &old.to_string(), "--yes"]);
    assert_eq!(again.status, 3, "a second upgrade during the first: {again:?}");
    let retired = lab.farrier(&["signal", "QUIT", &old.to_string(), "--yes"]);
    assert_eq!(retired.status, 0, "{retired:?}");
    site.wait_gone(old);
    assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
}

#[test]
fn what_would_end_service_wants_more_than_yes() {
    let lab = Lab::new();
    let site = serving(&lab);
    let master = site.masters()[0];
    for signal in ["QUIT", "TERM", "WINCH"] {
        let refused = lab.farrier(&["signal", signal, "shop", "--yes"]);
        assert_eq!(refused.status, 3, "{signal}: {refused:?}");
    }
    assert_eq!(site.workers(master).len(), 2);
    let worker = site.workers(master)[0].to_string();
    assert_eq!(
        lab.farrier(&["signal", "HUP", &worker, "--yes"]).status,
        3,
        "a worker is no TARGET"
    );
    assert_eq!(lab.farrier(&["--read-only", "signal", "HUP", "shop", "--yes"]).status, 3);
    assert_eq!(site.get().map(|answer| answer.release), Some(FIRST.to_owned()));
    let forced = lab.farrier(&["signal", "QUIT", "shop", "--yes", "--force"]);
    assert!(forced.stdout.contains("ended"), "{forced:?}");
    site.wait_gone(master);
}

#[test]
fn env_shows_the_harmless_and_hides_the_rest() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    let mut start = site.usual();
    let secret = "postgres://shop:hunter2@db/shop";
    start.env = vec![format!("DATABASE_URL={secret}")];
    let master = site.start_with(&start);
    let run = lab.farrier(&["env", &master.to_string(), "--format", "json"]);
    let told = run.json();
    assert_eq!((run.status, &told["schema"]), (0, &json!("farrier.env/1")));
    assert_eq!(told["start_state"], "intact");
    assert_eq!(told["start"]["PWD"], site.path("current"));
    assert_eq!(told["start"]["DATABASE_URL"]["hidden"], true);
    assert_eq!(told["start"]["DATABASE_URL"]["length"], secret.len());
    let text = lab.farrier(&["env", &master.to_string()]);
    assert!(!text.stdout.contains("hunter2") && !run.stdout.contains("hunter2"));
}

/// Two lines for each signal, in a file of the settings: who meant to send what, and what came of it.
#[test]
fn each_signal_leaves_its_intent_and_its_result() {
    let lab = Lab::new();
    let site = serving(&lab);
    let master = site.masters()[0];
    lab.write("/etc/farrier.toml", "audit_file = \"/srv/farrier-audit\"\n");
    let sent = lab.farrier(&["do", "add-worker", "shop", "--yes"]);
    assert_eq!(sent.status, 0, "{sent:?}\n{}", lab.picture());
    let lines = lab.read("/srv/farrier-audit");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    for (line, stage) in lines.iter().zip(["intent", "result"]) {
        let told = format!("{stage} TTIN pid={master} ");
        assert!(line.contains(&told) && line.contains("app=/var/www/shop"), "{line}");
        assert!(line.contains("by=euid:0,loginuid:"), "{line}");
    }
    lab.sh("rm /srv/farrier-audit; mkdir /srv/farrier-audit");
    let told = lab.farrier(&["do", "add-worker", "shop", "--yes"]);
    assert!(told.stderr.contains("the audit file /srv/farrier-audit"), "{told:?}");
}
