//! Pidfiles that are missing, stale, somebody else's or not a number.

use crate::lab::program::{broken, warned};
use crate::lab::site::{App, FIRST, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, config::Config, hold};

const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "pidfile-missing",
        tells: "somebody removed the pidfile of a master that serves",
        targets: &[],
        expect: warned(&[("pidfile-missing", "warning")]),
        set: |lab| {
            serving(lab);
            lab.sh(&format!("rm {PIDFILE}"));
        },
    },
    Stage {
        name: "pidfile-stale",
        tells: "the pidfile of a master that serves names a process that is gone",
        targets: &[],
        expect: broken(&[("pidfile-stale", "critical")]),
        set: |lab| {
            serving(lab);
            let gone = lab.gone();
            lab.write(PIDFILE, format!("{gone}\n"));
        },
    },
    Stage {
        name: "pidfile-zombie",
        tells: "the pidfile of a master that serves names a zombie",
        targets: &[],
        expect: broken(&[("pidfile-stale", "critical")]),
        set: |lab| {
            let site = serving(lab);
            let zombie = lab.zombie(site.user);
            lab.write(PIDFILE, format!("{zombie}\n"));
        },
    },
    Stage {
        name: "pidfile-foreign",
        tells: "the pidfile of a master that serves names somebody else's process",
        targets: &[],
        expect: broken(&[("pidfile-foreign", "critical")]),
        set: |lab| {
            let site = serving(lab);
            let stranger = lab.background(site.user, "sleep 1000");
            lab.write(PIDFILE, format!("{stranger}\n"));
        },
    },
    garbled("pidfile-empty", "the pidfile is empty", |lab| {
        serving(lab);
        lab.write(PIDFILE, "");
    }),
    garbled("pidfile-text", "the pidfile has words in it", |lab| {
        serving(lab);
        lab.write(PIDFILE, "unicorn\n");
    }),
    garbled(
        "pidfile-zero",
        "the pidfile says 0: a signal would go to the sender's own group",
        |lab| {
            serving(lab);
            lab.write(PIDFILE, "0\n");
        },
    ),
    garbled("pidfile-init", "the pidfile says 1", |lab| {
        serving(lab);
        lab.write(PIDFILE, "1\n");
    }),
    garbled("pidfile-negative", "the pidfile says -1: a signal would go to everybody", |lab| {
        serving(lab);
        lab.write(PIDFILE, "-1\n");
    }),
    garbled("pidfile-huge", "the pidfile's number is larger than any PID", |lab| {
        serving(lab);
        lab.write(PIDFILE, "99999999999999999999\n");
    }),
    garbled("pidfile-directory", "the pidfile is a directory", |lab| {
        serving(lab);
        lab.sh(&format!("rm {PIDFILE}; mkdir {PIDFILE}"));
    }),
    garbled("pidfile-fifo", "the pidfile is a pipe: who opens it to read hangs", |lab| {
        serving(lab);
        lab.sh(&format!("rm {PIDFILE}; mkfifo {PIDFILE}"));
    }),
    Stage {
        name: "pidfile-in-release",
        tells: "the pidfile lies in the release: it stays behind when current moves",
        targets: &[],
        expect: warned(&[("pidfile-in-release", "warning")]),
        set: |lab| {
            let site = Site::new(lab, "shop");
            let pid = Some(site.path("current/tmp/pids/unicorn.pid"));
            site.release(FIRST, &App::default(), &Config { pid, ..Config::at(&site.root) });
            site.switched_long_ago(FIRST);
            let below = format!("releases/{FIRST}/tmp/pids");
            lab.sh_as(site.user, &format!("mkdir -p {}", site.path(&below)));
            let master = site.start();
            assert_eq!(site.pidfile(&format!("{below}/unicorn.pid")), master);
        },
    },
];

/// A box whose pidfile is made into what is no number of a process.
const fn garbled(name: &'static str, tells: &'static str, set: fn(&Lab)) -> Stage {
    Stage { name, tells, targets: &[], expect: broken(&[("pidfile-garbled", "critical")]), set }
}

fn serving(lab: &Lab) -> Site<'_> {
    let site = super::healthy::serving(lab);
    assert_eq!(site.pidfile("shared/pids/unicorn.pid"), site.masters()[0]);
    site
}

#[test]
fn pidfile_missing() {
    hold("pidfile-missing");
}

#[test]
fn pidfile_stale() {
    hold("pidfile-stale");
}

#[test]
fn pidfile_zombie() {
    hold("pidfile-zombie");
}

#[test]
fn pidfile_foreign() {
    hold("pidfile-foreign");
}

#[test]
fn pidfile_empty() {
    hold("pidfile-empty");
}

#[test]
fn pidfile_text() {
    hold("pidfile-text");
}

#[test]
fn pidfile_zero() {
    hold("pidfile-zero");
}

#[test]
fn pidfile_init() {
    hold("pidfile-init");
}

#[test]
fn pidfile_negative() {
    hold("pidfile-negative");
}

#[test]
fn pidfile_huge() {
    hold("pidfile-huge");
}

#[test]
fn pidfile_directory() {
    hold("pidfile-directory");
}

#[test]
fn pidfile_fifo() {
    hold("pidfile-fifo");
}

#[test]
fn pidfile_in_release() {
    hold("pidfile-in-release");
}
