//! Upgrades and rollbacks under way: what a healthy one shows by itself is no finding.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::healthy::two_releases;
use crate::lab::config::{Config, Hook};
use crate::lab::program::{FINE, broken};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "upgrade-booting",
        tells: "USR2 was just sent: the new master boots for a minute, the old one serves",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let (site, old) = slow(lab, 60.0);
            lab.signal(old, "USR2");
            lab.wait("the new master writes its pidfile", || {
                site.pidfile("shared/pids/unicorn.pid.oldbin") == old
                    && ![0, old].contains(&site.pidfile("shared/pids/unicorn.pid"))
            });
            assert_eq!(site.get().map(|answer| answer.release), Some(FIRST.to_owned()));
        },
    },
    Stage {
        name: "upgrade-both",
        tells: "both generations serve, for seconds only: somebody is about to retire the old one",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let (site, old) = two_releases(lab, Hook::None);
            let new = site.upgrade(old);
            site.wait_ready(new);
            assert_eq!(site.masters(), [old, new]);
        },
    },
    Stage {
        name: "reexec-failed",
        tells: "the new release does not boot: the old master took its pidfile back and serves, moments ago",
        targets: &[],
        expect: broken(&[("reexec-failed", "critical")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            let old = site.start();
            let app = App { fails: true, ..App::default() };
            site.release(SECOND, &app, &Config::at(&site.root));
            site.switch(SECOND);
            lab.signal(old, "USR2");
            let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
            lab.wait("the new master dies", || log().contains("exec()-ed"));
            lab.wait("the old one takes its pidfile back", || {
                site.pidfile("shared/pids/unicorn.pid") == old && site.masters() == [old]
            });
        },
    },
    Stage {
        name: "rolled-back",
        tells: "after an upgrade the old master serves again and current names its release",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let (site, old) = two_releases(lab, Hook::None);
            let new = site.upgrade(old);
            site.wait_ready(new);
            drain(&site, old);
            site.switch(FIRST);
            recall(&site, old);
            lab.signal(new, "QUIT");
            site.wait_gone(new);
            lab.wait("the old master takes its pidfile back", || {
                site.pidfile("shared/pids/unicorn.pid") == old && site.masters() == [old]
            });
        },
    },
];

/// A site whose second release, current since now, takes that many seconds to load.
fn slow(lab: &Lab, boot: f32) -> (Site<'_>, u32) {
    let site = Site::deployed(lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    let master = site.start();
    site.release(SECOND, &App { boot, ..App::default() }, &Config::at(&site.root));
    site.switch(SECOND);
    (site, master)
}

/// Lets a master's workers go by WINCH.
fn drain(site: &Site<'_>, master: u32) {
    site.lab.signal(master, "WINCH");
    site.lab.wait("its workers leave", || site.workers(master).is_empty());
}

/// Brings two workers of a drained master back by TTIN.
fn recall(site: &Site<'_>, master: u32) {
    for count in 1..=2 {
        site.lab.signal(master, "TTIN");
        site.lab.wait("a worker comes back", || site.workers(master).len() == count);
    }
}

/// Asks farrier, which must not see anything wrong.
fn quiet(lab: &Lab, when: &str) {
    lab.judge(when, &[], &FINE);
}

/// Upgrades for real, with a boot of two seconds, and asks farrier every 50 ms until it is long over.
fn sampled(change: impl Fn(&mut Config)) {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", &change);
    site.switched_long_ago(FIRST);
    let old = site.start();
    quiet(&lab, "before the deploy");
    let mut config = Config::at(&site.root);
    change(&mut config);
    site.release(SECOND, &App { boot: 2.0, ..App::default() }, &config);
    site.switch(SECOND);
    quiet(&lab, "before USR2");
    lab.signal(old, "USR2");
    let until = Instant::now() + Duration::from_secs(30);
    let (mut looks, mut after) = (0, 0);
    while after < 10 {
        let answer = site.get();
        assert!(answer.is_some(), "a request was not answered\n{}", lab.picture());
        quiet(&lab, &format!("look {looks}: masters {:?}, of them old {old}", site.masters()));
        looks += 1;
        after += u32::from(lab.stat(old).is_none());
        assert!(Instant::now() < until, "the upgrade does not end\n{}", lab.picture());
        sleep(Duration::from_millis(50));
    }
    assert!(looks > 10, "only {looks} looks at a boot of two seconds");
    assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
}

#[test]
fn no_moment_of_a_real_upgrade_is_a_finding() {
    sampled(|_| {});
}

#[test]
fn no_moment_of_an_upgrade_whose_workers_load_the_app_is_a_finding() {
    sampled(|config| (config.preload, config.hook) = (false, Hook::WhenReady));
}

#[test]
fn no_moment_of_a_real_rollback_is_a_finding() {
    let lab = Lab::new();
    let (site, old) = two_releases(&lab, Hook::None);
    let new = site.upgrade(old);
    site.wait_ready(new);
    quiet(&lab, "both serve");
    drain(&site, old);
    quiet(&lab, "the old master is drained");
    assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
    site.switch(FIRST);
    quiet(&lab, "current names the first release again");
    recall(&site, old);
    quiet(&lab, "the old master's workers are back");
    lab.signal(new, "QUIT");
    while lab.stat(new).is_some() {
        quiet(&lab, "the new master leaves");
        sleep(Duration::from_millis(50));
    }
    lab.wait("the old master takes its pidfile back", || {
        site.pidfile("shared/pids/unicorn.pid") == old
    });
    quiet(&lab, "rolled back");
    assert_eq!(site.get().map(|answer| answer.release), Some(FIRST.to_owned()));
}

#[test]
fn upgrade_booting() {
    hold("upgrade-booting");
}

#[test]
fn upgrade_both() {
    hold("upgrade-both");
}

#[test]
fn reexec_failed() {
    hold("reexec-failed");
}

#[test]
fn rolled_back() {
    hold("rolled-back");
}
