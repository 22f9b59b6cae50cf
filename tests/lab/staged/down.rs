//! Apps that are down, although nobody asks about them: whatever ended their master, and whichever server it was.

use super::idle::killed;
use super::others::cluster;
use crate::lab::program::{Expect, broken};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, config::Config, hold};

/// Nothing of it lives, and its pidfile tells so.
const DOWN: Expect = broken(&[("master-dead", "critical"), ("pidfile-stale", "warning")]);

pub const STAGES: &[Stage] = &[
    Stage {
        name: "down-killed",
        tells: "the only master was killed, and nobody names the app",
        targets: &[],
        expect: DOWN,
        set: killed,
    },
    Stage {
        name: "down-no-socket",
        tells: "the same, and its socket is gone too",
        targets: &[],
        expect: DOWN,
        set: |lab| {
            killed(lab);
            lab.sh("rm /var/www/shop/shared/sockets/unicorn.sock");
        },
    },
    Stage {
        name: "down-pidfile-elsewhere",
        tells: "the configuration names a pidfile in /run; the app has no releases",
        targets: &[],
        expect: DOWN,
        set: |lab| {
            let site = Site::at(lab, "/srv/app", DEPLOY);
            lab.sh("rmdir /srv/app/releases; mkdir /run/app; chown deploy: /run/app");
            let mut config = Config::at(&site.root);
            (config.working_directory, config.gemfile) = (None, None);
            config.pid = Some("/run/app/web.pid".to_owned());
            site.unpack("/srv/app", "app", &App::default(), &config.text());
            let mut start = site.plain();
            (start.config, start.from) =
                (Some("/srv/app/config/unicorn.rb".to_owned()), "/srv/app".to_owned());
            let master = site.start_with(&start);
            let all = [site.workers(master), vec![master]].concat();
            lab.signal(master, "KILL");
            for pid in all {
                site.wait_gone(pid);
            }
        },
    },
    Stage {
        name: "down-puma",
        tells: "Puma was killed with all its workers",
        targets: &[],
        expect: DOWN,
        set: |lab| {
            cluster(lab, "");
            lab.sh("kill -9 $(pgrep -f '^puma')");
            lab.wait("all are gone", || lab.sh("pgrep -fc '^puma' || true").trim() == "0");
        },
    },
    Stage {
        name: "down-rainbows",
        tells: "Rainbows! was killed",
        targets: &[],
        expect: DOWN,
        set: |lab| {
            let site = Site::at(lab, "/srv/chat", DEPLOY);
            lab.sh("rmdir /srv/chat/releases");
            lab.write(
                "/srv/chat/config/rainbows.rb",
                "worker_processes 1\npid \"/srv/chat/shared/pids/rainbows.pid\"\n\
                 listen \"/srv/chat/shared/sockets/r.sock\"\nstderr_path \"/srv/chat/shared/log/err.log\"\n\
                 Rainbows! do\n  use :ThreadSpawn\nend\n",
            );
            lab.write("/srv/chat/config.ru", "run lambda { |env| [200, {}, [\"chat\"]] }\n");
            lab.sh_as(site.user, "cd /srv/chat; rainbows -D -c config/rainbows.rb -E production");
            lab.wait("a worker", || lab.sh("pgrep -fc '^rainbows worker' || true").trim() == "1");
            lab.sh("kill -9 $(pgrep -f '^rainbows')");
            lab.wait("all are gone", || lab.sh("pgrep -fc '^rainbows' || true").trim() == "0");
        },
    },
    Stage {
        name: "down-nginx",
        tells: "nginx was killed with its workers",
        targets: &[],
        expect: DOWN,
        set: |lab| {
            lab.sh("nginx");
            lab.wait("a worker", || lab.sh("pgrep -fc '^nginx: worker' || true").trim() != "0");
            lab.sh("kill -9 $(pgrep -f '^nginx')");
            lab.wait("all are gone", || lab.sh("pgrep -fc '^nginx' || true").trim() == "0");
        },
    },
    Stage {
        name: "down-number-reused",
        tells: "the master was killed, and a process that started later has its number",
        targets: &[],
        expect: broken(&[("master-dead", "critical")]).besides(&["pidfile-foreign"]),
        set: |lab| {
            killed(lab);
            let pidfile = "/var/www/shop/shared/pids/unicorn.pid";
            lab.sh(&format!("touch -r {pidfile} /run/before; sleep 1"));
            let stranger = lab.background("root", "sleep 1000");
            lab.write(pidfile, format!("{stranger}\n"));
            lab.sh(&format!("touch -r /run/before {pidfile}"));
        },
    },
];

#[test]
fn killed_unnamed() {
    hold("down-killed");
    let lab = Lab::new();
    killed(&lab);
    lab.sh("ln -s /var/www/shop /srv/link");
    for word in ["shop", "/var/www/shop", "/srv/link", "/var/www/shop/shared/pids/unicorn.pid"] {
        let run = lab.farrier(&["check", word]);
        assert_eq!(run.status, 2, "{word}: {run:?}");
        assert!(run.stdout.contains("DOWN   shop"), "{word}: {run:?}");
    }
    let run = lab.farrier(&["check", "--allow-none"]);
    assert_eq!(run.status, 2, "{run:?}");
    // Who may see less is told no more and no less than that it is not known, or the same.
    lab.sh("chmod 700 /var/www/shop/shared/pids");
    let run = lab.farrier_unprivileged(&["check"]);
    assert_eq!(run.status, 3, "{run:?}");
}

#[test]
fn no_socket() {
    hold("down-no-socket");
}

#[test]
fn pidfile_elsewhere() {
    hold("down-pidfile-elsewhere");
}

#[test]
fn puma() {
    hold("down-puma");
}

#[test]
fn rainbows() {
    hold("down-rainbows");
}

#[test]
fn nginx() {
    hold("down-nginx");
}

#[test]
fn number_reused() {
    hold("down-number-reused");
}

/// Workers that outlive their master answer on: nothing is down.
#[test]
fn workers_that_outlived_their_master() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    let master = site.start();
    let worker = site.workers(master)[0];
    lab.signal(worker, "STOP");
    lab.signal(master, "KILL");
    site.wait_gone(master);
    let run = lab.farrier(&["check"]);
    assert!(!run.stdout.contains("DOWN") && run.status != 0, "{run:?}");
}
