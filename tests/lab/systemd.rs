//! Unicorn as a service of a real systemd: what `plan` says of the supervisor before the signals, and what systemd then
//! makes of the service and of the app.

use super::config::Config;
use super::site::{App, FIRST, Site};
use super::world::Lab;

/// What becomes of the service and of the app once the old master has ended.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// systemd follows the new master.
    Followed,
    /// The app serves on; systemd follows none of its processes any more.
    Left,
    /// systemd ends the new master with the old one.
    Ended,
}
use Fate::{Ended, Followed, Left};

/// One way to write the unit.
struct Way {
    /// Lines of its `[Service]` section; `{pidfile}` and `{unicorn}` are put in.
    service: &'static str,
    /// The mark that `plan upgrade` sets before the supervisor.
    mark: &'static str,
    /// What it says, in part.
    says: &'static str,
    fate: Fate,
    /// What it says of the new master afterwards, in part.
    then: &'static str,
}

const WAYS: &[Way] = &[
    Way {
        service: "Type=forking\nPIDFile={pidfile}\nExecStart={unicorn} -D",
        mark: "✓",
        says: "shop.service follows the pidfile",
        fate: Followed,
        then: "shop.service follows the pidfile",
    },
    Way {
        service: "Type=simple\nPIDFile={pidfile}\nExecStart={unicorn}",
        mark: "✓",
        says: "shop.service follows the pidfile",
        fate: Followed,
        then: "shop.service follows the pidfile",
    },
    Way {
        service: "Type=forking\nPIDFile= \\\n# a comment\n  %p/unicorn.pid\nExecStart={unicorn} -D",
        mark: "✓",
        says: "shop.service follows the pidfile",
        fate: Followed,
        then: "shop.service follows the pidfile",
    },
    Way {
        service: "ExecStart={unicorn}",
        mark: "✗",
        says: "and the new master with it",
        fate: Ended,
        then: "",
    },
    Way {
        service: "Restart=always\nKillMode=process\nExecStart={unicorn}",
        mark: "▲",
        says: "and starts another master (Restart=always)",
        fate: Left,
        then: "its main process has ended",
    },
    Way {
        service: "RemainAfterExit=yes\nExecStart={unicorn}",
        mark: "▲",
        says: "none once that has ended",
        fate: Left,
        then: "its main process has ended",
    },
    Way {
        service: "ExecStart=/bin/sh -c '{unicorn}; true'",
        mark: "✗",
        says: "ends with sh ",
        fate: Ended,
        then: "",
    },
    Way {
        service: "Type=forking\nExecStart={unicorn} -D",
        mark: "✗",
        says: "and the new master with it",
        fate: Ended,
        then: "",
    },
    Way {
        service: "Type=forking\nKillMode=process\nExecStart={unicorn} -D",
        mark: "▲",
        says: "counts as ended with",
        fate: Left,
        then: "its main process has ended",
    },
    Way {
        service: "Type=forking\nGuessMainPID=no\nExecStart={unicorn} -D",
        mark: "✓",
        says: "follows none of its processes",
        fate: Left,
        then: "follows none of its processes",
    },
    Way {
        service: "Type=oneshot\nRemainAfterExit=yes\nExecStart={unicorn} -D",
        mark: "✓",
        says: "follows none of its processes",
        fate: Left,
        then: "follows none of its processes",
    },
    Way {
        service: "ExitType=cgroup\nExecStart={unicorn}",
        mark: "✓",
        says: "lasts as long as its last process",
        fate: Left,
        then: "lasts as long as its last process",
    },
];

/// A healthy site whose pidfile lies in `/run/shop`, for a unit to start.
fn site(lab: &Lab) -> Site<'_> {
    let site = Site::new(lab, "shop");
    lab.sh("mkdir /run/shop; chown deploy: /run/shop");
    // What it was started with is not what the app answers by: the hook sends QUIT, as everywhere.
    let config =
        Config { pid: Some("/run/shop/unicorn.pid".into()), timeout: 3, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switched_long_ago(FIRST);
    site
}

/// Writes the unit, and starts it.
fn start(site: &Site<'_>, service: &str) -> u32 {
    let current = site.path("current");
    let unicorn = format!("/usr/bin/unicorn -c {current}/config/unicorn.rb -E production");
    let service =
        service.replace("{pidfile}", "/run/shop/unicorn.pid").replace("{unicorn}", &unicorn);
    site.lab.write(
        "/etc/systemd/system/shop.service",
        format!(
            "[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=600\nStartLimitBurst=8\n[Service]\nUser=deploy\nWorkingDirectory={current}\n\
             Environment=PWD={current}\n{service}\n"
        ),
    );
    site.lab.sh("systemctl daemon-reload; systemctl start shop.service");
    site.lab.wait("the service's master is ready", || site.masters().len() == 1);
    let master = site.masters()[0];
    site.wait_ready(master);
    master
}

/// The process that systemd itself says it follows; 0: none.
fn main_process(lab: &Lab) -> u32 {
    lab.sh("systemctl show --value -p MainPID shop.service").trim().parse().expect("a number")
}

/// The state of the service as systemd has it.
fn state(lab: &Lab) -> String {
    lab.sh("systemctl show --value -p ActiveState shop.service").trim().to_owned()
}

/// What a plan says of the supervisor: its line.
fn said(lab: &Lab) -> String {
    let run = lab.farrier(&["plan", "upgrade", "/var/www/shop"]);
    let line = run.stdout.lines().find(|line| line.contains(" supervisor "));
    line.unwrap_or_else(|| panic!("{run:?}")).trim().to_owned()
}

fn hold(ways: &[Way]) {
    let lab = Lab::with_systemd();
    let site = site(&lab);
    for way in ways {
        let what = way.service;
        let old = start(&site, what);
        let line = said(&lab);
        assert!(line.starts_with(way.mark) && line.contains(way.says), "{what}: {line}");

        lab.signal(old, "USR2");
        site.wait_gone(old);
        if way.fate == Ended {
            lab.wait("systemd ends the new master too", || site.masters().is_empty());
            lab.wait("the service has ended", || state(&lab) == "inactive");
        } else {
            lab.wait("the new master is ready", || site.masters().len() == 1);
            let new = site.masters()[0];
            site.wait_ready(new);
            let main = if way.fate == Followed { new } else { 0 };
            lab.wait("systemd has seen it", || main_process(&lab) == main);
            // What it starts again finds the pidfile taken, until systemd gives up.
            lab.wait("systemd starts no more", || {
                !what.contains("Restart=") || state(&lab) == "failed"
            });
            let line = said(&lab);
            assert!(line.contains(way.then), "{what}, afterwards: {line}");
            lab.judge(what, &[], &super::program::FINE);
            lab.sh(&format!("systemctl stop shop.service; kill -QUIT {new} || true"));
            site.wait_gone(new);
        }
        lab.sh("systemctl reset-failed");
    }
}

#[test]
fn units_that_follow_the_pidfile() {
    hold(&WAYS[..3]);
}

#[test]
fn units_that_follow_the_process_they_started() {
    hold(&WAYS[3..7]);
}

#[test]
fn units_that_guess_or_follow_none() {
    hold(&WAYS[7..]);
}
