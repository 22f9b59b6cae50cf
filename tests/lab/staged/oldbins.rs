//! Old pidfiles and old masters that stay behind after an upgrade.

use super::healthy::two_releases;
use crate::lab::config::{Config, Hook};
use crate::lab::program::{broken, warned};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

const OLDBIN: &str = "shared/pids/unicorn.pid.oldbin";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "oldbin-lingering",
        tells: "the hook looks for the old pidfile where it is not: both generations have served for longer than a handover takes",
        targets: &[],
        expect: warned(&[
            ("oldbin-lingering", "warning"),
            ("release-mixed", "warning"),
            ("config-hook-wrong-path", "warning"),
        ]),
        set: |lab| {
            lingering(lab);
        },
    },
    Stage {
        name: "reexec-refused",
        tells: "the old master was never retired, so that the next deploy's USR2 was refused",
        targets: &[],
        expect: warned(&[("oldbin-lingering", "warning"), ("reexec-refused", "info")]).besides(&[
            "release-stale",
            "release-mixed",
            "config-hook-wrong-path",
        ]),
        set: |lab| {
            let (site, _) = lingering(lab);
            let third = "20261115120000";
            let config = Config { hook: Hook::WrongPath, timeout: 3, ..Config::at(&site.root) };
            site.release(third, &App::default(), &config);
            site.switched_long_ago(third);
            let newest = *site.masters().last().expect("two masters serve");
            lab.signal(newest, "USR2");
            let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
            lab.wait("the log says that USR2 is refused", || log().contains("refusing rexec"));
        },
    },
    Stage {
        name: "oldbin-drained",
        tells: "the old master was told by WINCH to let its workers go, and is kept for a rollback",
        targets: &[],
        expect: warned(&[("oldbin-lingering", "info"), ("config-hook-wrong-path", "warning")]),
        set: |lab| {
            let (site, old) = lingering(lab);
            lab.signal(old, "WINCH");
            lab.wait("the old master's workers leave", || site.workers(old).is_empty());
        },
    },
    Stage {
        name: "oldbin-stale",
        tells: "an upgrade was killed: its old pidfile names a process that is gone",
        targets: &[],
        expect: warned(&[("oldbin-stale", "warning")]),
        set: |lab| {
            let site = serving(lab);
            let gone = lab.gone();
            lab.write(site.path(OLDBIN), format!("{gone}\n"));
        },
    },
    Stage {
        name: "oldbin-zombie",
        tells: "the old pidfile names a zombie: it looks alive to Unicorn, which refuses USR2",
        targets: &[],
        expect: broken(&[("oldbin-stale", "critical")]),
        set: |lab| {
            let site = serving(lab);
            let zombie = lab.zombie(site.user);
            lab.write(site.path(OLDBIN), format!("{zombie}\n"));
            refused(&site);
        },
    },
    Stage {
        name: "oldbin-foreign",
        tells: "the old pidfile's number now belongs to somebody else's process: USR2 is refused",
        targets: &[],
        expect: broken(&[("oldbin-foreign", "critical")]),
        set: |lab| {
            let site = serving(lab);
            let stranger = lab.background(site.user, "sleep 1000");
            lab.write(site.path(OLDBIN), format!("{stranger}\n"));
            refused(&site);
        },
    },
];

fn serving(lab: &Lab) -> Site<'_> {
    let site = Site::deployed(lab, "shop", |config| config.hook = Hook::None);
    site.switched_long_ago(FIRST);
    site.start();
    site
}

/// Shows that an upgrade is refused now.
fn refused(site: &Site<'_>) {
    let master = site.masters()[0];
    site.lab.signal(master, "USR2");
    let log = || site.lab.read(site.path("shared/log/unicorn.stderr.log"));
    site.lab.wait("the log says that USR2 is refused", || log().contains("refusing rexec"));
    assert_eq!(site.masters(), [master]);
}

/// Two generations that have both been ready for longer than a handover may take; gives the old master too.
fn lingering(lab: &Lab) -> (Site<'_>, u32) {
    let (site, old) = two_releases(lab, Hook::WrongPath);
    let new = site.upgrade(old);
    site.wait_ready(new);
    assert_eq!(site.pidfile(OLDBIN), old);
    assert!(lab.title(old).contains("master (old)"));
    site.settle();
    (site, old)
}

#[test]
fn oldbin_lingering() {
    hold("oldbin-lingering");
}

#[test]
fn reexec_refused() {
    hold("reexec-refused");
}

#[test]
fn oldbin_drained() {
    hold("oldbin-drained");
}

#[test]
fn oldbin_stale() {
    hold("oldbin-stale");
}

#[test]
fn oldbin_zombie() {
    hold("oldbin-zombie");
}

#[test]
fn oldbin_foreign() {
    hold("oldbin-foreign");
}
