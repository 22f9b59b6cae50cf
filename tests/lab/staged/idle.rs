//! Boxes where an app does not run and nothing is wrong: nothing may be said to be down.

use super::healthy::serving;
use crate::lab::program::{Expect, warned};
use crate::lab::site::{FIRST, Site};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, hold};

const ROOT: &str = "/var/www/shop";
const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";

/// Nothing was found to judge.
pub const NOTHING: Expect = Expect { status: 3, found: &[], besides: &[] };
/// What is left is worth a note.
const NOTED: Expect = Expect { status: 0, found: &[("pidfile-stale", "info")], besides: &[] };
/// A file is left, and nothing is down.
const LEFT: Expect = warned(&[("pidfile-stale", "warning")]);

pub const STAGES: &[Stage] = &[
    Stage {
        name: "idle-job-host",
        tells: "a host of the fleet that runs the app's job workers and never a web server",
        targets: &[],
        expect: NOTHING,
        set: job_host,
    },
    Stage {
        name: "idle-job-host-asked",
        tells: "the same, asked about by its deploy root",
        targets: &[ROOT],
        expect: NOTHING,
        set: job_host,
    },
    Stage {
        name: "idle-stopped",
        tells: "the app was stopped by QUIT: its pidfile went with it",
        targets: &[],
        expect: NOTHING,
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            lab.signal(master, "QUIT");
            site.wait_gone(master);
            assert!(!lab.has(PIDFILE));
        },
    },
    Stage {
        name: "idle-stopped-by-farrier",
        tells: "farrier itself stopped the app",
        targets: &[ROOT],
        expect: NOTHING,
        set: |lab| {
            let site = serving(lab);
            let master = site.masters()[0];
            let run = lab.farrier(&["do", "stop", "shop", "--yes", "--force"]);
            site.wait_gone(master);
            assert!(!lab.has(PIDFILE), "{run:?}");
        },
    },
    Stage {
        name: "idle-since-boot",
        tells: "the machine went down with the app's pidfile on its disk, and nothing has started the app since",
        targets: &[],
        expect: LEFT,
        set: |lab| {
            killed(lab);
            dated(lab, "$(($(sed -n 's/^btime //p' /proc/stat) - 60))");
        },
    },
    Stage {
        name: "idle-since-container-start",
        tells: "the container was started anew with the app's pidfile in its volume",
        targets: &[],
        expect: LEFT,
        set: |lab| {
            killed(lab);
            dated(lab, "$(($(date +%s) - $(ps -o etimes= -p 1) - 5))");
        },
    },
    Stage {
        name: "idle-retired",
        tells: "an app that was left long ago, with all its files",
        targets: &[],
        expect: NOTED,
        set: |lab| {
            killed(lab);
            lab.sh(&format!("find {ROOT} -exec touch -h -d '60 days ago' {{}} +"));
        },
    },
    Stage {
        name: "idle-network",
        tells: "the pidfile lies on a file system that another machine has mounted too: its process may live there",
        targets: &[],
        expect: NOTHING,
        set: |lab| {
            killed(lab);
            let script = "/usr/local/bin/shared-disk";
            lab.write(script, SHARED.replace("{pid}", lab.read(PIDFILE).trim()));
            lab.sh(&format!("chmod 755 {script}"));
            lab.background("root", &format!("{script} /var/www/shop/shared/pids"));
            lab.wait("it is mounted", || lab.sh("cat /proc/mounts").contains("fuse.sshfs"));
        },
    },
];

/// A file system with one file, of the type that sshfs has.
const SHARED: &str = r#"#!/usr/bin/python3
import errno, fuse, os, stat, sys, time
fuse.fuse_python_api = (0, 2)
TEXT = b"{pid}\n"
class Disk(fuse.Fuse):
    def getattr(self, path):
        told = fuse.Stat()
        told.st_atime = told.st_mtime = told.st_ctime = int(time.time())
        told.st_uid = told.st_gid = 1200
        if path == "/":
            told.st_mode, told.st_nlink = stat.S_IFDIR | 0o755, 2
        elif path == "/unicorn.pid":
            told.st_mode, told.st_nlink, told.st_size = stat.S_IFREG | 0o644, 1, len(TEXT)
        else:
            return -errno.ENOENT
        return told
    def readdir(self, path, offset):
        for name in ".", "..", "unicorn.pid":
            yield fuse.Direntry(name)
    def read(self, path, size, offset):
        return TEXT[offset:offset + size]
disk = Disk()
disk.parse(["-f", "-o", "fsname=files,subtype=sshfs,nonempty,allow_other", sys.argv[1]], errex=1)
disk.main()
"#;

fn job_host(lab: &Lab) {
    let site = Site::deployed(lab, "shop", |_| {});
    site.switched_long_ago(FIRST);
    let worker = "ruby -e '$0 = \"sidekiq 6.5 shop [0 of 5 busy]\"; sleep'";
    let pid = lab.background(DEPLOY, &format!("env -C {ROOT}/current {worker}"));
    lab.wait("the worker has its title", || lab.title(pid).starts_with("sidekiq"));
}

/// A master that was ended by KILL, its workers too: pidfile and socket stay.
pub fn killed(lab: &Lab) {
    let site = serving(lab);
    let master = site.masters()[0];
    let workers = site.workers(master);
    lab.signal(master, "KILL");
    for pid in workers.into_iter().chain([master]) {
        site.wait_gone(pid);
    }
    assert_eq!(site.pidfile("shared/pids/unicorn.pid"), master);
}

/// Dates the pidfile back to that second.
fn dated(lab: &Lab, second: &str) {
    lab.sh(&format!("touch -d \"@{second}\" {PIDFILE}"));
}

#[test]
fn job_host_silent() {
    hold("idle-job-host");
}

#[test]
fn job_host_asked() {
    hold("idle-job-host-asked");
    let lab = Lab::new();
    job_host(&lab);
    for (words, status) in [
        (&["check", "--allow-none"][..], 0),
        (&["check", "--allow-none", ROOT], 0),
        (&["check", "--allow-none", "shop"], 3),
        (&["check", "--allow-none", "/var/www/shopp"], 3),
    ] {
        let run = lab.farrier(words);
        assert_eq!(run.status, status, "{words:?}: {run:?}");
        assert!(!run.stdout.contains("DOWN"), "{run:?}");
    }
}

#[test]
fn stopped() {
    hold("idle-stopped");
}

#[test]
fn stopped_by_farrier() {
    hold("idle-stopped-by-farrier");
}

#[test]
fn since_boot() {
    hold("idle-since-boot");
}

#[test]
fn since_container_start() {
    hold("idle-since-container-start");
}

#[test]
fn retired() {
    hold("idle-retired");
}

#[test]
fn network() {
    hold("idle-network");
    let lab = Lab::new();
    (crate::lab::stage("idle-network").expect("a stage").set)(&lab);
    let run = lab.farrier(&["check", ROOT]);
    assert_eq!(run.status, 3, "{run:?}");
    assert!(!run.stdout.contains("rm "), "{run:?}");
}
