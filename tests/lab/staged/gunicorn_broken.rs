//! gunicorn, broken: its release, socket, pidfile, master, app or interpreter.

use super::gunicorn::{CHDIR, Titles, deployed, ready, release, start};
use crate::lab::program::{broken, warned};
use crate::lab::site::{FIRST, SECOND};
use crate::lab::world::DEPLOY;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "gunicorn-stale",
        tells: "a release was deployed long ago, and nobody restarted gunicorn",
        targets: &[],
        expect: warned(&[("release-stale", "warning")]),
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            start(&site);
            release(&site, SECOND, CHDIR, "");
            site.switched_long_ago(SECOND);
        },
    },
    Stage {
        name: "gunicorn-deleted",
        tells: "the release that it runs was deleted",
        targets: &[],
        expect: warned(&[("release-stale", "warning"), ("release-deleted", "warning")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            start(&site);
            release(&site, SECOND, CHDIR, "");
            site.switched_long_ago(SECOND);
            lab.sh(&format!("rm -r {}", site.path(&format!("releases/{FIRST}"))));
        },
    },
    Stage {
        name: "gunicorn-pinned",
        tells: "started in its release by whoever sets no PWD, and again by itself: it starts that release for ever",
        targets: &[],
        expect: warned(&[("release-pinned", "warning")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, "");
            lab.background(
                DEPLOY,
                &format!(
                    "env -C {} -u PWD {} shop:app",
                    site.path("current"),
                    site.path("venv/bin/gunicorn")
                ),
            );
            let old = ready(&site);
            let new = super::gunicorn::second(&site, old);
            lab.signal(old, "TERM");
            lab.wait("it is promoted", || {
                lab.read(site.path("shared/pids/gunicorn.pid")).trim() == new.to_string()
            });
        },
    },
    Stage {
        name: "gunicorn-socket-gone",
        tells: "its socket's file was removed",
        targets: &[],
        expect: broken(&[("socket-missing", "critical")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            start(&site);
            lab.sh(&format!("rm {}", site.path("shared/sockets/gunicorn.sock")));
        },
    },
    Stage {
        name: "gunicorn-pidfile-gone",
        tells: "its pidfile was removed",
        targets: &[],
        expect: warned(&[("pidfile-missing", "warning")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            start(&site);
            lab.sh(&format!("rm {}", site.path("shared/pids/gunicorn.pid")));
        },
    },
    Stage {
        name: "gunicorn-dead",
        tells: "its master was killed, and its workers have left",
        targets: &[],
        expect: broken(&[("master-dead", "critical"), ("pidfile-stale", "warning")]),
        set: |lab| {
            let site = deployed(lab, Titles::Yes, "timeout = 4\n");
            let master = start(&site);
            let workers = lab.children(master);
            lab.signal(master, "KILL");
            lab.wait("its workers leave", || workers.iter().all(|pid| !lab.lives(*pid)));
        },
    },
    Stage {
        name: "gunicorn-stopped",
        tells: "its master is stopped",
        targets: &[],
        expect: broken(&[("master-stopped", "critical")]),
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            let master = start(&site);
            lab.signal(master, "STOP");
            lab.wait("it is stopped", || lab.stat(master).is_some_and(|stat| stat.state == 'T'));
        },
    },
    Stage {
        name: "gunicorn-respawning",
        tells: "its workers end as soon as they load the app",
        targets: &[],
        expect: broken(&[("workers-respawning", "critical")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            let master = start(&site);
            let first = lab.children(master);
            release(&site, FIRST, CHDIR, "os._exit(1)");
            lab.signal(master, "HUP");
            lab.wait("the old workers have left", || first.iter().all(|pid| !lab.lives(*pid)));
            lab.outlast_handover(master);
        },
    },
    Stage {
        name: "venv-missing",
        tells: "the environment of a master that runs by it was deleted",
        targets: &[],
        expect: broken(&[("venv-missing", "critical")]),
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            start(&site);
            lab.sh(&format!("rm -r {}", site.path("venv")));
        },
    },
    Stage {
        name: "gunicorn-python-gone",
        tells: "the Python that an environment leads to was removed; the processes have titles",
        targets: &[],
        expect: broken(&[("venv-missing", "critical")]),
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            start(&site);
            lab.sh(&format!("ln -sfn /usr/bin/python3.9 {}", site.path("venv/bin/python3")));
        },
    },
];

#[test]
fn stale() {
    hold("gunicorn-stale");
}

#[test]
fn deleted() {
    hold("gunicorn-deleted");
}

#[test]
fn pinned() {
    hold("gunicorn-pinned");
}

#[test]
fn socket_gone() {
    hold("gunicorn-socket-gone");
}

#[test]
fn pidfile_gone() {
    hold("gunicorn-pidfile-gone");
}

#[test]
fn dead() {
    hold("gunicorn-dead");
}

#[test]
fn stopped() {
    hold("gunicorn-stopped");
}

#[test]
fn respawning() {
    hold("gunicorn-respawning");
}

#[test]
fn venv_missing() {
    hold("venv-missing");
}

#[test]
fn python_gone() {
    hold("gunicorn-python-gone");
}
