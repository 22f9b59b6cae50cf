//! Releases that are served side by side, that the next clean-up deletes, and that hold a socket.

use super::healthy::serving;
use crate::lab::config::{Config, Hook};
use crate::lab::program::{FINE, broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site, Start};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "release-mixed",
        tells: "HUP after a deploy, with preload_app true: the directory is the new release's, the classes are not",
        targets: &[],
        expect: warned(&[("release-mixed", "warning"), ("release-stale", "warning")]),
        set: |lab| reloaded(lab, true),
    },
    Stage {
        name: "release-reloaded",
        tells: "HUP after a deploy, without preload_app: every worker has loaded the new release",
        targets: &[],
        expect: FINE,
        set: |lab| reloaded(lab, false),
    },
    Stage {
        name: "release-prune-risk",
        tells: "the deploy keeps two releases, and the older of them still serves: the next one deletes it",
        targets: &[],
        expect: warned(&[("release-prune-risk", "warning"), ("release-stale", "warning")]),
        set: |lab| {
            let site = serving(lab);
            site.release(SECOND, &App::default(), &Config { timeout: 3, ..Config::at(&site.root) });
            lab.write(
                site.path(&format!("releases/{SECOND}/config/deploy.rb")),
                "lock \"~> 3.17\"\nset :application, \"shop\"\nset :keep_releases, 2\n",
            );
            site.switched_long_ago(SECOND);
        },
    },
    Stage {
        name: "listener-in-release",
        tells: "listen \"unix:tmp/sockets/…\", and tmp/sockets is a link to shared: each release makes another path of it",
        targets: &[],
        expect: broken(&[("listener-in-release", "critical")]),
        set: |lab| {
            linked(lab);
        },
    },
    Stage {
        name: "listener-of-file",
        tells: "a second socket by a path made of __FILE__, where -c is relative: each release makes another one of it",
        targets: &[],
        expect: broken(&[("listener-in-release", "critical")]),
        set: |lab| {
            let site = Site::new(lab, "shop");
            release(&site, FIRST);
            let more = "listen File.expand_path(\"../../tmp/sockets/second.sock\", __FILE__)\n";
            let config =
                Config { working_directory: None, more: more.to_owned(), ..Config::at(&site.root) };
            lab.write(site.path(&format!("releases/{FIRST}/config/unicorn.rb")), config.text());
            site.switched_long_ago(FIRST);
            let relative = Some("config/unicorn.rb".to_owned());
            site.start_with(&Start { config: relative, ..site.usual() });
        },
    },
    Stage {
        name: "listener-in-use",
        tells: "the same after the next deploy: the new master found the socket in use and ended",
        targets: &[],
        expect: broken(&[("listener-in-release", "critical"), ("reexec-failed", "critical")])
            .besides(&["release-stale"]),
        set: |lab| {
            let site = linked(lab);
            let master = site.masters()[0];
            release(&site, SECOND);
            site.switch(SECOND);
            lab.signal(master, "USR2");
            let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
            lab.wait("the new master finds it in use", || log().contains("(in use)"));
            lab.wait("the new master ends", || log().contains("exec()-ed"));
            lab.wait("the old one takes its pidfile back", || {
                site.pidfile("shared/pids/unicorn.pid") == master && site.masters() == [master]
            });
        },
    },
    Stage {
        name: "listener-of-release",
        tells: "a second socket lies in the release itself: the next one has none at that path",
        targets: &[],
        expect: warned(&[("listener-in-release", "warning")]),
        set: |lab| {
            second(lab, "tmp");
        },
    },
    Stage {
        name: "listener-through-current",
        tells: "a second socket by a path through current into shared: both generations know it by the same text",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = second(lab, "tmp/sockets");
            let old = site.masters()[0];
            release(&site, SECOND);
            site.switch(SECOND);
            let new = site.upgrade(old);
            site.wait_ready(new);
        },
    },
];

/// A site that was deployed to a second release and reloaded, longer ago than a handover takes.
fn reloaded(lab: &Lab, preload: bool) {
    let hook = if preload { Hook::BeforeFork } else { Hook::WhenReady };
    let config = |config: &mut Config| {
        (config.preload, config.hook, config.timeout) = (preload, hook, 3);
    };
    let site = Site::deployed(lab, "shop", config);
    let master = site.start();
    let before = site.workers(master);
    let mut second = Config::at(&site.root);
    config(&mut second);
    site.release(SECOND, &App::default(), &second);
    site.switch(SECOND);
    lab.signal(master, "HUP");
    lab.wait("HUP replaces every worker", || {
        let now = site.workers(master);
        now.len() == 2 && now.iter().all(|pid| !before.contains(pid))
    });
    assert_eq!(lab.link(master, "cwd"), site.path(&format!("releases/{SECOND}")));
    lab.impatient();
    lab.outlast_handover(site.workers(master)[1]);
}

/// A site that listens by a relative path, expanded by Unicorn, in a directory that is a link in each release.
fn linked(lab: &Lab) -> Site<'_> {
    let site = Site::new(lab, "shop");
    release(&site, FIRST);
    site.switched_long_ago(FIRST);
    site.start();
    site
}

/// A release with `tmp/sockets` as Capistrano's `linked_dirs` makes it.
fn release(site: &Site<'_>, id: &str) {
    let listen = "unix:tmp/sockets/unicorn.sock".to_owned();
    let known = site.lab.read(site.path(&format!("releases/{FIRST}/config/unicorn.rb")));
    site.release(id, &App::default(), &Config { listen, ..Config::at(&site.root) });
    if !known.is_empty() {
        site.lab.write(site.path(&format!("releases/{id}/config/unicorn.rb")), known);
    }
    let line =
        format!("cd {0}/releases/{id}; mkdir -p tmp; ln -s {0}/shared/sockets tmp", site.root);
    site.lab.sh_as(site.user, &line);
}

/// A site that listens on a second socket below `current`.
fn second<'a>(lab: &'a Lab, directory: &str) -> Site<'a> {
    let site = Site::new(lab, "shop");
    let more = format!("listen \"{}/current/{directory}/second.sock\"\n", site.root);
    release(&site, FIRST);
    let config = Config { more, ..Config::at(&site.root) };
    lab.write(site.path(&format!("releases/{FIRST}/config/unicorn.rb")), config.text());
    site.switched_long_ago(FIRST);
    site.start();
    site
}

#[test]
fn release_mixed() {
    hold("release-mixed");
}

#[test]
fn release_reloaded() {
    hold("release-reloaded");
}

#[test]
fn release_prune_risk() {
    hold("release-prune-risk");
}

#[test]
fn listener_in_release() {
    hold("listener-in-release");
}

#[test]
fn listener_of_file() {
    hold("listener-of-file");
}

#[test]
fn listener_in_use() {
    hold("listener-in-use");
}

#[test]
fn listener_of_release() {
    hold("listener-of-release");
}

#[test]
fn listener_through_current() {
    hold("listener-through-current");
}
