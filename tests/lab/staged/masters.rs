//! Masters that are doubled, hollow, stopped or dead, and workers that are missing.

use super::healthy::serving;
use crate::lab::config::{Config, Hook};
use crate::lab::freezer::Freezer;
use crate::lab::program::{FINE, broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "master-duplicate",
        tells: "pidfile and socket were removed while the master lived, and a second one was started",
        targets: &[],
        expect: broken(&[("master-duplicate", "critical")]).besides(&[
            "socket-replaced",
            "pidfile-foreign",
            "pidfile-missing",
        ]),
        set: |lab| {
            let site = serving(lab);
            lab.sh(&format!("rm {PIDFILE} /var/www/shop/shared/sockets/unicorn.sock"));
            site.launch(&site.usual());
            lab.wait("a second master is ready", || site.masters().len() == 2);
            let masters = site.masters();
            lab.wait("the second one is nobody's child", || {
                lab.stat(masters[1]).is_some_and(|stat| stat.parent == 1)
            });
            site.wait_ready(masters[1]);
        },
    },
    Stage {
        name: "app-frozen",
        tells: "the control group of the app is frozen: nothing of it runs",
        targets: &[],
        expect: broken(&[("app-frozen", "critical")]),
        set: |lab| {
            frozen(lab, &Freezer::unified(lab), "");
        },
    },
    Stage {
        name: "app-frozen-above",
        tells: "a group above that of the app is frozen",
        targets: &[],
        expect: broken(&[("app-frozen", "critical")]),
        set: |lab| {
            frozen(lab, &Freezer::unified(lab), "/shop.service/app");
        },
    },
    Stage {
        name: "workers-frozen",
        tells: "all workers are in a group of their own, which is frozen: the master runs, nobody answers",
        targets: &[],
        expect: broken(&[("app-frozen", "critical")]),
        set: |lab| {
            workers_frozen(lab, &Freezer::unified(lab), 2);
        },
    },
    Stage {
        name: "worker-frozen",
        tells: "one worker of two is in a group of its own, which is frozen",
        targets: &[],
        expect: warned(&[("app-frozen", "warning")]),
        set: |lab| {
            workers_frozen(lab, &Freezer::unified(lab), 1);
        },
    },
    Stage {
        name: "app-thawed",
        tells: "the control group of the app was frozen and goes on again",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let freezer = Freezer::unified(lab);
            let site = frozen(lab, &freezer, "");
            freezer.thaw(lab);
            lab.wait("it answers again", || site.get().is_some());
        },
    },
    Stage {
        name: "master-hollow",
        tells: "WINCH went to the only master: it lives, the socket is there, and nothing answers",
        targets: &[],
        expect: broken(&[("master-hollow", "critical")]).besides(&["workers-missing"]),
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            lab.signal(master, "WINCH");
            lab.wait("every worker leaves", || lab.children(master).is_empty());
        },
    },
    Stage {
        name: "master-hollow-ttou",
        tells: "TTOU went to the only master once for each worker",
        targets: &[],
        expect: broken(&[("master-hollow", "critical")]).besides(&["workers-missing"]),
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            lab.signal(master, "TTOU");
            lab.wait("one worker is left", || lab.children(master).len() == 1);
            lab.signal(master, "TTOU");
            lab.wait("every worker leaves", || lab.children(master).is_empty());
        },
    },
    Stage {
        name: "workers-respawning",
        tells: "HUP brought code that does not load: every worker dies at boot and is started again",
        targets: &[],
        expect: broken(&[("workers-respawning", "critical")]).besides(&["workers-missing"]),
        set: |lab| {
            let lazy = |config: &mut Config| {
                (config.preload, config.hook) = (false, Hook::WhenReady);
            };
            let site = Site::deployed(lab, "shop", lazy);
            let master = site.start();
            let before = site.workers(master);
            let broken = App { boot: 1.0, fails: true, ..App::default() };
            let mut config = Config::at(&site.root);
            lazy(&mut config);
            site.release(SECOND, &broken, &config);
            site.switched_long_ago(SECOND);
            lab.signal(master, "HUP");
            lab.wait("the workers that loaded are gone", || {
                site.workers(master).iter().all(|pid| !before.contains(pid))
            });
            lab.outlast_handover(master);
        },
    },
    Stage {
        name: "master-stopped",
        tells: "the master is stopped: no signal will be acted on, no worker replaced",
        targets: &[],
        expect: broken(&[("master-stopped", "critical")]),
        set: |lab| {
            let site = serving(lab);
            stop(lab, site.masters()[0]);
        },
    },
    Stage {
        name: "worker-stopped",
        tells: "one of the workers is stopped",
        targets: &[],
        expect: warned(&[("master-stopped", "warning")]),
        set: |lab| {
            let site = serving(lab);
            stop(lab, site.workers(site.masters()[0])[0]);
        },
    },
    Stage {
        name: "master-dead",
        tells: "the master was killed and nobody started it again; asked for by its deploy root",
        targets: &["/var/www/shop"],
        expect: broken(&[("master-dead", "critical")]).besides(&["pidfile-stale"]),
        set: killed,
    },
    Stage {
        name: "master-dead-pidfile",
        tells: "the same, asked for by its pidfile",
        targets: &[PIDFILE],
        expect: broken(&[("master-dead", "critical")]).besides(&["pidfile-stale"]),
        set: killed,
    },
    Stage {
        name: "workers-missing",
        tells: "TTOU took one of two workers away, and the config still asks for two",
        targets: &[],
        expect: warned(&[("workers-missing", "warning")]),
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            lab.signal(master, "TTOU");
            lab.wait("one worker is left", || lab.children(master).len() == 1);
        },
    },
];

fn stop(lab: &Lab, pid: u32) {
    lab.signal(pid, "STOP");
    lab.wait("it is stopped", || lab.stat(pid).is_some_and(|stat| stat.state == 'T'));
}

/// A master ended by KILL: its pidfile and socket stay.
fn killed(lab: &Lab) {
    let site = serving(lab);
    let master = site.masters()[0];
    let workers = site.workers(master);
    lab.signal(master, "KILL");
    site.wait_gone(master);
    for worker in workers {
        site.wait_gone(worker);
    }
    assert_eq!(site.pidfile("shared/pids/unicorn.pid"), master);
}

/// A site whose master and workers are in a group below one that is frozen.
pub fn frozen<'a>(lab: &'a Lab, freezer: &Freezer, below: &str) -> Site<'a> {
    let site = serving(lab);
    freezer.takes(lab, below, site.masters()[0]);
    freezer.freeze(lab);
    site
}

/// A site of which some workers are in a group of their own that is frozen. Its time-out is long: past it the master ends
/// them, and forks others into its own group.
pub fn workers_frozen<'a>(lab: &'a Lab, freezer: &Freezer, count: usize) -> Site<'a> {
    let site = Site::deployed(lab, "shop", |config| config.timeout = 300);
    site.switched_long_ago(FIRST);
    site.start();
    let workers = site.workers(site.masters()[0]);
    freezer.takes_only(lab, "/workers", &workers[..count]);
    freezer.freeze(lab);
    site
}

#[test]
fn workers_frozen_all() {
    hold("workers-frozen");
}

#[test]
fn workers_frozen_one() {
    hold("worker-frozen");
}

#[test]
fn app_frozen() {
    hold("app-frozen");
}

#[test]
fn app_frozen_above() {
    hold("app-frozen-above");
}

#[test]
fn app_thawed() {
    hold("app-thawed");
}

#[test]
fn master_duplicate() {
    hold("master-duplicate");
}

#[test]
fn master_hollow() {
    hold("master-hollow");
}

#[test]
fn master_hollow_ttou() {
    hold("master-hollow-ttou");
}

#[test]
fn workers_respawning() {
    hold("workers-respawning");
}

#[test]
fn master_stopped() {
    hold("master-stopped");
}

#[test]
fn worker_stopped() {
    hold("worker-stopped");
}

#[test]
fn master_dead() {
    hold("master-dead");
}

#[test]
fn master_dead_pidfile() {
    hold("master-dead-pidfile");
}

#[test]
fn workers_missing() {
    hold("workers-missing");
}
