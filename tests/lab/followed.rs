//! Masters with somebody above them: who adopted one, who only waits for it, and who ends or starts the app with it.

use super::config::{Config, Hook};
use super::program::FINE;
use super::site::{App, FIRST, SECOND, Site};
use super::world::Lab;

/// A site with two releases, `current` at the second, and nothing that runs.
fn deployed(lab: &Lab) -> Site<'_> {
    let site = Site::new(lab, "shop");
    let config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) };
    for release in [FIRST, SECOND] {
        site.release(release, &App::default(), &config);
    }
    site.switched_long_ago(SECOND);
    lab.impatient();
    site
}

/// Starts something in the background that starts the master, and waits until it serves.
fn started(site: &Site<'_>, user: &str, line: &str) -> u32 {
    site.lab.background(user, line);
    site.lab.wait("the started master is ready", || site.masters().len() == 1);
    let master = site.masters()[0];
    site.wait_ready(master);
    site.settle();
    master
}

/// The master's own command line.
fn unicorn(site: &Site<'_>) -> String {
    let current = site.path("current");
    format!("unicorn -c {current}/config/unicorn.rb -E production")
}

/// The line that starts a program where the app is.
fn from_current(site: &Site<'_>, program: &str) -> String {
    let current = site.path("current");
    format!("env -C {current} PWD={current} {program}")
}

/// A program of the deploying user.
fn program(site: &Site<'_>, name: &str, text: &str) -> String {
    let path = format!("/srv/deploy/{name}");
    site.lab.write(&path, text);
    site.lab.sh(&format!("chmod 755 {path}; chown deploy: {path}"));
    path
}

/// It is healthy as it is; an upgrade is not begun, and says who stands above the master.
fn stops(site: &Site<'_>, master: u32, says: &[&str]) {
    let lab = site.lab;
    lab.judge("nothing is wrong with it", &[], &FINE);
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 3, "{plan:?}");
    for words in says {
        assert!(plan.stdout.contains(words), "{words}: {}", plan.stdout);
    }
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 3, "{run:?}");
    assert!(run.stderr.contains(says[0]), "{run:?}");
    assert_eq!(site.masters(), [master]);
    assert!(site.get().is_some());
}

const LAUNCHER: &str = "#!/bin/bash
again() { kill -USR2 $M; }
trap 'kill $M' EXIT
trap again USR2 HUP
unicorn \"$@\" & M=$!
while kill -0 $M; do sleep 1; done
";

#[test]
fn a_launcher_that_traps_signals_is_named_and_nothing_is_sent() {
    let lab = Lab::new();
    let site = deployed(&lab);
    let launcher = program(&site, "launch-web", LAUNCHER);
    let arguments = unicorn(&site).replace("unicorn ", "");
    let line = from_current(&site, &format!("{launcher} {arguments}"));
    let master = started(&site, site.user, &line);
    stops(&site, master, &["launch-web ", "catches HUP and USR2"]);
    // An old master is not ended either: both live after a USR2 by hand.
    site.upgrade(master);
    let run = lab.farrier(&["do", "retire", "shop", "--yes"]);
    assert!(run.status == 3 && run.stderr.contains("launch-web "), "{run:?}");
    assert_eq!(site.masters().len(), 2);
}

#[test]
fn launchers_in_other_languages_and_supervisors_stop_it() {
    let python = "import subprocess, sys\nsys.exit(subprocess.call(sys.argv[1:]))\n";
    let own_session = "import subprocess, sys\nsys.exit(subprocess.Popen(sys.argv[1:], start_new_session=True).wait())\n";
    let perl = "system(@ARGV); exit 1;\n";
    for (name, interpreter, text) in [
        ("serve.py", "python3 ", python.to_owned()),
        ("supervisord", "", format!("#!/usr/bin/python3\n{own_session}")),
        ("keep.pl", "perl -w ", perl.to_owned()),
    ] {
        let lab = Lab::new();
        let site = deployed(&lab);
        let path = program(&site, name, &text);
        let line = from_current(&site, &format!("{interpreter}{path} {}", unicorn(&site)));
        let master = started(&site, site.user, &line);
        stops(&site, master, &[&format!("{name} "), "started it"]);
    }
}

#[test]
fn behind_sudo_the_one_above_it_counts() {
    let lab = Lab::new();
    let site = deployed(&lab);
    let script = program(
        &site,
        "start-shop",
        &format!(
            "#!/bin/sh\nsudo -u deploy {}\necho it ended\n",
            from_current(&site, &unicorn(&site))
        ),
    );
    let master = started(&site, "root", &script);
    stops(&site, master, &["start-shop ", "started it"]);
}

#[test]
fn sudo_alone_only_waits_and_is_told() {
    let lab = Lab::new();
    let site = deployed(&lab);
    let line = format!("sudo -u deploy {}", from_current(&site, &unicorn(&site)));
    let master = started(&site, "root", &line);
    lab.judge("started by sudo", &[], &FINE);
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 0, "{plan:?}");
    assert!(plan.stdout.contains("▲ supervisor   sudo "), "{}", plan.stdout);
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("What kept the old master up was given"), "{run:?}");
    assert!(!site.masters().contains(&master));
}

#[test]
fn a_daemon_is_nobodys_whoever_started_it() {
    let lab = Lab::new();
    let site = deployed(&lab);
    let text = format!("#!/bin/sh\n{} -D\nsleep 1000\n", from_current(&site, &unicorn(&site)));
    let path = program(&site, "start-all", &text);
    started(&site, site.user, &path);
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert!(plan.status == 0 && plan.stdout.contains("none follows it"), "{}", plan.stdout);
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(!run.stdout.contains("was given"), "nobody is waited for: {run:?}");
}
