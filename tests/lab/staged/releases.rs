//! Release directories: stale, deleted, pinned, and a broken `current`.

use super::healthy::serving;
use crate::lab::config::{Config, Hook};
use crate::lab::program::{broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "release-stale",
        tells: "a release was deployed three hours ago, and nobody restarted",
        targets: &[],
        expect: warned(&[("release-stale", "warning")]),
        set: |lab| {
            let site = stale(lab);
            assert_eq!(site.get().map(|answer| answer.release), Some(FIRST.to_owned()));
        },
    },
    Stage {
        name: "release-deleted",
        tells: "the release that serves was cleaned up; the next restart finds all it needs through current",
        targets: &[],
        expect: warned(&[("release-deleted", "warning")]).besides(&["release-stale"]),
        set: |lab| {
            let site = stale(lab);
            let master = site.masters()[0];
            lab.sh(&format!("rm -r {}/releases/{FIRST}", site.root));
            assert!(lab.link(master, "cwd").ends_with(" (deleted)"));
        },
    },
    Stage {
        name: "release-pinned",
        tells: "started in the release itself without working_directory: every USR2 restarts the same code",
        targets: &[],
        expect: warned(&[("release-pinned", "warning"), ("config-working-directory", "warning")]),
        set: |lab| {
            let site = pinned(lab);
            site.switched_long_ago(FIRST);
        },
    },
    Stage {
        name: "release-pinned-gone",
        tells: "the same, and the release was cleaned up: USR2 fails at chdir",
        targets: &[],
        expect: broken(&[
            ("release-pinned", "critical"),
            ("release-deleted", "critical"),
            ("reexec-failed", "critical"),
        ])
        .besides(&["release-stale", "reexec-missing", "config-working-directory"]),
        set: |lab| {
            let site = pinned(lab);
            let master = site.masters()[0];
            site.release(SECOND, &App::default(), &config_of_pinned(&site));
            site.switched_long_ago(SECOND);
            lab.sh(&format!("rm -r {}/releases/{FIRST}", site.root));
            lab.signal(master, "USR2");
            let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
            lab.wait("the upgrade fails at chdir", || log().contains("dir_s_chdir"));
            lab.wait("the master takes its pidfile back", || {
                site.pidfile("shared/pids/unicorn.pid") == master && site.masters() == [master]
            });
        },
    },
    Stage {
        name: "current-missing",
        tells: "current is not there: a deploy was cut off between rm and ln",
        targets: &[],
        expect: broken(&[("current-broken", "critical")]).besides(THROUGH_CURRENT),
        set: |lab| {
            let site = serving(lab);
            lab.sh(&format!("rm {}/current", site.root));
        },
    },
    Stage {
        name: "current-dangling",
        tells: "current names a release that is not there",
        targets: &[],
        expect: broken(&[("current-broken", "critical")]).besides(THROUGH_CURRENT),
        set: |lab| {
            let site = serving(lab);
            site.switched_long_ago("20261231000000");
        },
    },
    Stage {
        name: "current-directory",
        tells: "current is a plain directory: somebody copied a release there",
        targets: &[],
        expect: warned(&[("current-broken", "warning")]),
        set: |lab| {
            let site = serving(lab);
            lab.sh_as(
                site.user,
                &format!("cd {}; rm current; cp -a releases/{FIRST} current", site.root),
            );
        },
    },
    Stage {
        name: "current-nested",
        tells: "ln -s without -n put the link to the new release into the old one",
        targets: &[],
        expect: warned(&[("current-broken", "warning")]),
        set: |lab| {
            let site = serving(lab);
            site.release(SECOND, &App::default(), &Config::at(&site.root));
            lab.sh_as(
                site.user,
                &format!("cd {0}; ln -s {0}/releases/{SECOND} current", site.root),
            );
            assert!(lab.has(site.path(&format!("releases/{FIRST}/{SECOND}"))));
        },
    },
];

/// What a healthy config reaches through `current`, and so misses with it.
const THROUGH_CURRENT: &[&str] =
    &["config-missing", "gemfile-missing", "reexec-missing", "release-stale"];

/// A site that serves its first release while `current` has long named the second.
fn stale(lab: &Lab) -> Site<'_> {
    let site = serving(lab);
    site.release(SECOND, &App::default(), &Config { timeout: 3, ..Config::at(&site.root) });
    site.switched_long_ago(SECOND);
    site
}

fn config_of_pinned(site: &Site<'_>) -> Config {
    Config { working_directory: None, timeout: 3, hook: Hook::BeforeFork, ..Config::at(&site.root) }
}

/// A site whose master was started in the release's own directory.
fn pinned(lab: &Lab) -> Site<'_> {
    let site = Site::new(lab, "shop");
    site.release(FIRST, &App::default(), &config_of_pinned(&site));
    site.switch(FIRST);
    let mut start = site.usual();
    start.from = site.path(&format!("releases/{FIRST}"));
    let master = site.start_with(&start);
    assert_eq!(lab.started_with(master, "PWD"), Some(start.from));
    site
}

#[test]
fn release_stale() {
    hold("release-stale");
}

#[test]
fn release_deleted() {
    hold("release-deleted");
}

#[test]
fn release_pinned() {
    hold("release-pinned");
}

#[test]
fn release_pinned_gone() {
    hold("release-pinned-gone");
}

#[test]
fn current_missing() {
    hold("current-missing");
}

#[test]
fn current_dangling() {
    hold("current-dangling");
}

#[test]
fn current_directory() {
    hold("current-directory");
}

#[test]
fn current_nested() {
    hold("current-nested");
}
