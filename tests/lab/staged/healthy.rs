//! Whole deployments: nothing is wrong, and nothing may be said to be.

use crate::lab::config::Hook;
use crate::lab::program::FINE;
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, config::Config, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "healthy",
        tells: "a user's app in Capistrano's layout, preloaded, started through current by Bundler",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert_eq!(site.pidfile("shared/pids/unicorn.pid"), master);
            assert_eq!(lab.link(master, "cwd"), site.path(&format!("releases/{FIRST}")));
            assert_eq!(lab.started_with(master, "PWD"), Some(site.path("current")));
        },
    },
    Stage {
        name: "healthy-named",
        tells: "the usual app, asked for by its deploy root",
        targets: &["/var/www/shop"],
        expect: FINE,
        set: |lab| {
            serving(lab);
        },
    },
    Stage {
        name: "healthy-root",
        tells: "the same, run by root",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::at(lab, "/var/www/shop", "root");
            site.release(FIRST, &App::default(), &Config::at(&site.root));
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert!(lab.read(format!("/proc/{master}/status")).contains("Uid:\t0\t"));
        },
    },
    Stage {
        name: "healthy-lazy",
        tells: "each worker loads the app by itself; the last one that is ready retires the old master",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| {
                config.preload = false;
                config.hook = Hook::WhenReady;
            });
            site.switched_long_ago(FIRST);
            site.start();
        },
    },
    Stage {
        name: "healthy-upgraded",
        tells: "a second release, deployed and upgraded to; the hook retired the old master",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let (site, old) = two_releases(lab, Hook::BeforeFork);
            let new = site.upgrade(old);
            site.wait_gone(old);
            site.wait_ready(new);
            assert_eq!(site.pidfile("shared/pids/unicorn.pid"), new);
            assert!(!lab.has(site.path("shared/pids/unicorn.pid.oldbin")));
            assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
        },
    },
    Stage {
        name: "healthy-reloaded",
        tells: "HUP was just sent to a master that does not preload: its workers serve the new release",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| {
                config.preload = false;
                config.hook = Hook::WhenReady;
            });
            let master = site.start();
            let before = site.workers(master);
            site.release(SECOND, &App::default(), &reloadable(&site));
            site.switch(SECOND);
            lab.signal(master, "HUP");
            lab.wait("HUP replaces every worker", || {
                let now = site.workers(master);
                now.len() == 2 && now.iter().all(|pid| !before.contains(pid))
            });
            lab.wait("the new release answers", || site.get().is_some_and(|a| a.release == SECOND));
        },
    },
];

/// A healthy site that has served for longer than a handover takes, in an impatient lab.
pub fn serving(lab: &Lab) -> Site<'_> {
    let site = Site::deployed(lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    site.start();
    site.settle();
    site
}

fn reloadable(site: &Site<'_>) -> Config {
    Config { preload: false, hook: Hook::WhenReady, ..Config::at(&site.root) }
}

/// A site that serves its first release while `current` names the second, just now; gives its master.
pub fn two_releases(lab: &Lab, hook: Hook) -> (Site<'_>, u32) {
    let site = Site::deployed(lab, "shop", |config| (config.hook, config.timeout) = (hook, 3));
    let master = site.start();
    site.release(SECOND, &App::default(), &Config { hook, timeout: 3, ..Config::at(&site.root) });
    site.switch(SECOND);
    (site, master)
}

#[test]
fn healthy() {
    hold("healthy");
}

#[test]
fn healthy_named() {
    hold("healthy-named");
}

#[test]
fn healthy_root() {
    hold("healthy-root");
}

#[test]
fn healthy_lazy() {
    hold("healthy-lazy");
}

#[test]
fn healthy_upgraded() {
    hold("healthy-upgraded");
}

#[test]
fn healthy_reloaded() {
    hold("healthy-reloaded");
}
