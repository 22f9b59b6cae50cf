//! Who may write where the pidfile lies.

use crate::lab::config::Config;
use crate::lab::program::{Expect, FINE, broken, warned};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::{Stage, hold};

const PIDS: &str = "/var/www/shop/shared/pids";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "pidfile-unwritable",
        tells: "somebody gave the pidfiles' directory to root: USR2 is refused",
        targets: &[],
        expect: Expect {
            found: &[("pidfile-unwritable", "critical"), ("reexec-refused", "info")],
            ..broken(&[])
        },
        set: |lab| {
            let site = super::healthy::serving(lab);
            lab.sh(&format!("chown root:root {PIDS}"));
            refused(&site, "Errno::EACCES");
        },
    },
    Stage {
        name: "pidfile-read-only",
        tells: "the pidfiles' directory is mounted read-only now, and the master is root's",
        targets: &[],
        expect: Expect {
            found: &[("pidfile-unwritable", "critical"), ("reexec-refused", "info")],
            ..broken(&[])
        },
        set: |lab| {
            let site = Site::at(lab, "/var/www/shop", "root");
            site.release(FIRST, &App::default(), &Config { timeout: 3, ..Config::at(&site.root) });
            site.switched_long_ago(FIRST);
            site.start();
            site.settle();
            lab.sh(&format!("mount --bind {PIDS} {PIDS}; mount -o remount,bind,ro {PIDS}"));
            refused(&site, "Errno::EROFS");
        },
    },
    Stage {
        name: "pidfile-group",
        tells: "the pidfiles' directory is root's, and the group of those who deploy may write there",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = super::healthy::serving(lab);
            lab.sh(&format!("chown root:deploy {PIDS}; chmod 2775 {PIDS}"));
            upgraded(&site);
        },
    },
    Stage {
        name: "pidfile-listed",
        tells: "an access control list lets the master write: the mode does not tell",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = super::healthy::serving(lab);
            lab.sh(&format!("chown root:root {PIDS}; setfacl -m u:deploy:rwx {PIDS}"));
            upgraded(&site);
        },
    },
    Stage {
        name: "pidfile-world-writable",
        tells: "anyone may put another pidfile in the place of the master's",
        targets: &[],
        expect: warned(&[("pidfile-world-writable", "warning")]),
        set: |lab| {
            super::healthy::serving(lab);
            lab.sh(&format!("chmod 777 {PIDS}"));
            lab.sh(&format!("setpriv --reuid 65534 --clear-groups mv {PIDS}/unicorn.pid {PIDS}/x"));
            lab.sh(&format!("mv {PIDS}/x {PIDS}/unicorn.pid"));
        },
    },
    Stage {
        name: "pidfile-sticky",
        tells: "the pidfile lies in a directory as /tmp is one: nobody else may replace it",
        targets: &[],
        expect: FINE,
        set: |lab| {
            lab.sh("mkdir -m 1777 /run/lock");
            let pid = Some("/run/lock/shop.pid".to_owned());
            let site = Site::deployed(lab, "shop", |config| config.pid = pid);
            site.switched_long_ago(FIRST);
            upgraded(&site);
        },
    },
    Stage {
        name: "pidfile-out-of-reach",
        tells: "all may write to the pidfiles' directory, and nobody else gets there",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = super::healthy::serving(lab);
            lab.sh(&format!("chmod 777 {PIDS}; chmod 750 {}", site.root));
        },
    },
];

/// Shows that USR2 is refused, and by what.
fn refused(site: &Site<'_>, error: &str) {
    let masters = site.masters();
    site.lab.signal(masters[0], "USR2");
    let log = || site.lab.read(site.path("shared/log/unicorn.stderr.log"));
    site.lab.wait("the log says that the oldbin cannot be written", || {
        log().lines().any(|line| line.contains("error writing pid=") && line.contains(error))
    });
    assert_eq!(site.masters(), masters);
}

/// Shows that USR2 works: starts a master where none serves, and upgrades it.
fn upgraded(site: &Site<'_>) {
    let old = site.masters().first().copied().unwrap_or_else(|| site.start());
    let new = site.upgrade(old);
    site.wait_gone(old);
    site.wait_ready(new);
}

#[test]
fn pidfile_unwritable() {
    hold("pidfile-unwritable");
}

#[test]
fn pidfile_read_only() {
    hold("pidfile-read-only");
}

#[test]
fn pidfile_group() {
    hold("pidfile-group");
}

#[test]
fn pidfile_listed() {
    hold("pidfile-listed");
}

#[test]
fn pidfile_world_writable() {
    hold("pidfile-world-writable");
}

#[test]
fn pidfile_sticky() {
    hold("pidfile-sticky");
}

#[test]
fn pidfile_out_of_reach() {
    hold("pidfile-out-of-reach");
}
