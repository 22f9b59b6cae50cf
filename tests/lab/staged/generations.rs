//! Generations that do not hand over as they should: chains, orphans, boots without end, lost listeners.

use super::healthy::two_releases;
use crate::lab::config::{Config, Hook};
use crate::lab::program::{FINE, broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

const PIDFILE: &str = "shared/pids/unicorn.pid";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "masters-chain",
        tells: "the oldbin was removed by hand, so that USR2 was not refused: three generations serve",
        targets: &[],
        expect: broken(&[("masters-chain", "critical")])
            .besides(&["oldbin-lingering", "release-mixed"]),
        set: |lab| {
            let (site, old) = two_releases(lab, Hook::None);
            let new = site.upgrade(old);
            site.wait_ready(new);
            lab.sh(&format!("rm {}.oldbin", site.path(PIDFILE)));
            for master in [old, new] {
                lab.signal(master, "TTOU");
                lab.wait("one worker is left", || site.workers(master).len() == 1);
            }
            let third = site.upgrade(new);
            site.wait_ready(third);
            assert_eq!(site.masters(), [old, new, third]);
            site.settle();
        },
    },
    Stage {
        name: "handover-orphaned",
        tells: "a script sent QUIT to the old master three seconds after USR2: the new one loads for a minute more",
        targets: &[],
        expect: broken(&[("handover-orphaned", "critical")]),
        set: |lab| {
            let (site, old, _) = booting(lab);
            lab.signal(old, "QUIT");
            site.wait_gone(old);
            assert!(site.masters().is_empty());
        },
    },
    Stage {
        name: "handover-orphaned-first",
        tells: "nothing serves yet: a first start loads for a minute",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::new(lab, "shop");
            let app = App { boot: 60.0, ..App::default() };
            site.release(FIRST, &app, &Config::at(&site.root));
            site.switched_long_ago(FIRST);
            let words = format!(
                "env -C {0}/current PWD={0}/current unicorn -c {0}/current/config/unicorn.rb",
                site.root
            );
            let master = lab.background(site.user, &words);
            lab.wait("it writes its pidfile", || site.pidfile(PIDFILE) == master);
        },
    },
    Stage {
        name: "handover-stuck",
        tells: "the new master has been loading for longer than a handover takes; the old one serves",
        targets: &[],
        expect: warned(&[("handover-stuck", "warning")]).besides(&["release-stale"]),
        set: |lab| {
            let (site, old, new) = booting(lab);
            lab.impatient();
            site.age_switch();
            lab.outlast_handover(new);
            assert_eq!(site.masters(), [old]);
        },
    },
    Stage {
        name: "listener-lost",
        tells: "HUP to the new master: a condition in the configuration came out differently, and it let the second port go",
        targets: &[],
        expect: warned(&[("listener-lost", "warning")]),
        set: |lab| {
            let site = conditional(lab, true);
            let old = site.masters()[0];
            let new = site.upgrade(old);
            site.wait_ready(new);
            let before = site.workers(new);
            lab.signal(new, "HUP");
            lab.wait("HUP replaces its workers", || {
                let now = site.workers(new);
                now.len() == 2 && now.iter().all(|pid| !before.contains(pid))
            });
            assert_eq!(site.masters(), [old, new]);
        },
    },
    Stage {
        name: "listener-kept",
        tells: "two listeners, and both generations hold both; a third port of the app itself is nobody's listener",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = conditional(lab, false);
            let old = site.masters()[0];
            let new = site.upgrade(old);
            site.wait_ready(new);
            assert_eq!(site.masters(), [old, new]);
        },
    },
];

/// A new master that loads for a minute, beside the old one, both as short of patience as Unicorn takes.
fn booting(lab: &Lab) -> (Site<'_>, u32, u32) {
    let site = Site::deployed(lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    let old = site.start();
    let config = Config { timeout: 3, ..Config::at(&site.root) };
    site.release(SECOND, &App { boot: 60.0, ..App::default() }, &config);
    site.switch(SECOND);
    lab.signal(old, "USR2");
    lab.wait("the new master writes its pidfile", || {
        site.pidfile(&format!("{PIDFILE}.oldbin")) == old
            && ![0, old].contains(&site.pidfile(PIDFILE))
    });
    let new = site.pidfile(PIDFILE);
    (site, old, new)
}

/// A site that listens on a second port if a file of the release says so, and on a third one that the app opens for
/// itself; `drops`: the second release has no such file.
fn conditional(lab: &Lab, drops: bool) -> Site<'_> {
    let config = |site: &Site<'_>| Config {
        hook: Hook::None,
        more: format!("listen 8081 if File.exist?(\"{}/current/admin\")\n", site.root),
        ..Config::at(&site.root)
    };
    let metrics = "$metrics = begin\n  require \"socket\"\n  TCPServer.new(\"127.0.0.1\", 9394)\nrescue Errno::EADDRINUSE\n  nil\nend\n";
    let app = || App { code: metrics.to_owned(), ..App::default() };
    let site = Site::new(lab, "shop");
    site.release(FIRST, &app(), &config(&site));
    lab.write(site.path(&format!("releases/{FIRST}/admin")), "");
    site.switched_long_ago(FIRST);
    site.start();
    site.release(SECOND, &app(), &config(&site));
    if !drops {
        lab.write(site.path(&format!("releases/{SECOND}/admin")), "");
    }
    site.switch(SECOND);
    site
}

#[test]
fn masters_chain() {
    hold("masters-chain");
}

#[test]
fn handover_orphaned() {
    hold("handover-orphaned");
}

#[test]
fn handover_orphaned_first() {
    hold("handover-orphaned-first");
}

#[test]
fn handover_stuck() {
    hold("handover-stuck");
}

#[test]
fn listener_lost() {
    hold("listener-lost");
}

#[test]
fn listener_kept() {
    hold("listener-kept");
}
