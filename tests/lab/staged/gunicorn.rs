//! gunicorn, whole: with titles and without, by a virtual environment and by Debian's package, one generation and two.

use crate::lab::program::FINE;
use crate::lab::site::{FIRST, Site};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "gunicorn",
        tells: "gunicorn without titles, by its own environment, in Capistrano's layout; farrier has sent it signals",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = deployed(lab, Titles::No, CHDIR);
            let master = start(&site);
            strangers(lab);
            judge(lab, &[(master, "current", 2)]);
            operated(lab, &site, master);
        },
    },
    Stage {
        name: "gunicorn-titled",
        tells: "gunicorn 23 with titles",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            let master = start(&site);
            assert_eq!(lab.title(master), "gunicorn: master [shop:app]");
            judge(lab, &[(master, "current", 2)]);
            let run = lab.farrier(&["check", "--format", "json"]);
            assert_eq!(run.json()["apps"][0]["masters"][0]["server_version"], "23.0.0");
        },
    },
    Stage {
        name: "gunicorn-single",
        tells: "Debian's gunicorn as a daemon, one worker with threads, the app preloaded; no releases",
        targets: &[],
        expect: FINE,
        set: |lab| {
            lab.write("/srv/deploy/one/one.py", app("one", ""));
            lab.sh("chown -R deploy: /srv/deploy/one");
            lab.sh_as(
                DEPLOY,
                "cd /srv/deploy/one; gunicorn -D -p /srv/deploy/one/g.pid -b 127.0.0.1:8000 --preload \
                 -k gthread --threads 4 one:app",
            );
            lab.wait("it listens", || lab.sh("ss -ltn").contains(":8000"));
            let master = lab.read("/srv/deploy/one/g.pid").trim().parse().expect("a number");
            lab.wait("its worker", || lab.children(master).len() == 1);
            judge(lab, &[(master, "current", 1)]);
        },
    },
    Stage {
        name: "gunicorn-module",
        tells: "python -m gunicorn, which found its configuration by itself; upgraded by hand",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = deployed(lab, Titles::No, "");
            let line = format!(
                "env -C {0} PWD={0} {1}/bin/python -m gunicorn shop:app",
                site.path("current"),
                site.path("venv")
            );
            lab.background(DEPLOY, &line);
            let old = ready(&site);
            judge(lab, &[(old, "current", 2)]);
            let new = second(&site, old);
            judge(lab, &[(old, "old", 2), (new, "current", 2)]);
            promote(&site, old, new);
            judge(lab, &[(new, "current", 2)]);
        },
    },
    Stage {
        name: "gunicorn-released-venv",
        tells: "each release has its own environment",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            venv(lab, &site.path(&format!("releases/{FIRST}/venv")), Titles::Yes);
            site.age_switch();
            let master = start_by(&site, &site.path("current/venv/bin/gunicorn"));
            judge(lab, &[(master, "current", 2)]);
        },
    },
    Stage {
        name: "gunicorn-both",
        tells: "two generations serve, just after USR2: the pidfile is the old one's, that with .2 the new one's",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = deployed(lab, Titles::Yes, CHDIR);
            let old = start(&site);
            let new = second(&site, old);
            assert_eq!(lab.title(new), "gunicorn: master [shop:app.2]");
            judge(lab, &[(old, "old", 2), (new, "current", 2)]);
            let refused = lab.farrier(&["plan", "stop", "shop"]);
            assert_eq!(refused.status, 3, "{refused:?}");
            let by_hand = format!("kill -TERM {old}");
            assert!(format!("{refused:?}").contains(&by_hand), "{refused:?}");
        },
    },
];

/// The setting with which a new generation finds the release that `current` names.
pub const CHDIR: &str = "chdir = \"/var/www/shop/current\"\n";

/// Whether processes get titles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Titles {
    Yes,
    No,
}

/// An app that answers with its release and the worker's number.
pub fn app(release: &str, code: &str) -> String {
    format!(
        "import os\n{code}\ndef app(environ, start):\n    \
         start(\"200 OK\", [(\"Content-Type\", \"text/plain\")])\n    \
         return [(\"{release} %d\\n\" % os.getpid()).encode()]\n"
    )
}

/// A virtual environment with gunicorn: Debian's own, or a newer one with what gives titles.
pub fn venv(lab: &Lab, directory: &str, titles: Titles) {
    lab.sh_as(DEPLOY, &format!("/usr/bin/python3 -m venv --without-pip {directory}"));
    let packages = format!("{directory}/lib/python3.11/site-packages");
    lab.sh(&match titles {
        Titles::Yes => format!("cp -r /var/cache/farrier-tests/python/. {packages}/"),
        Titles::No => format!(
            "cd /usr/lib/python3/dist-packages; cp -r gunicorn gunicorn-*.egg-info pkg_resources {packages}/"
        ),
    });
    let script = format!(
        "#!{directory}/bin/python3\nimport sys\nfrom gunicorn.app.wsgiapp import run\nsys.exit(run())\n"
    );
    lab.write(format!("{directory}/bin/gunicorn"), script);
    lab.sh(&format!("chmod 755 {directory}/bin/gunicorn; chown -R {DEPLOY}: {directory}"));
    lab.sh(&format!("touch -d '3 hours ago' {packages}/gunicorn-*"));
}

/// A release of the app, with its configuration.
pub fn release(site: &Site<'_>, id: &str, settings: &str, code: &str) {
    let (lab, directory) = (site.lab, site.path(&format!("releases/{id}")));
    let shared = site.path("shared");
    let config = format!(
        "bind = \"unix:{shared}/sockets/gunicorn.sock\"\nworkers = 2\n\
         pidfile = \"{shared}/pids/gunicorn.pid\"\nerrorlog = \"{shared}/log/gunicorn.log\"\n{settings}"
    );
    lab.write(format!("{directory}/shop.py"), app(id, code));
    lab.write(format!("{directory}/gunicorn.conf.py"), config);
    lab.sh(&format!("chown -R {DEPLOY}: {directory}"));
}

/// A site with a first release and an environment beside the releases.
pub fn deployed<'a>(lab: &'a Lab, titles: Titles, settings: &str) -> Site<'a> {
    let site = Site::new(lab, "shop");
    release(&site, FIRST, settings, "");
    site.switched_long_ago(FIRST);
    venv(lab, &site.path("venv"), titles);
    site
}

/// Starts it in `current`, as a shell that changed there; gives its master.
pub fn start(site: &Site<'_>) -> u32 {
    start_by(site, &site.path("venv/bin/gunicorn"))
}

pub fn start_by(site: &Site<'_>, program: &str) -> u32 {
    let current = site.path("current");
    let line =
        format!("env -C {current} PWD={current} {program} -c {current}/gunicorn.conf.py shop:app");
    site.lab.background(DEPLOY, &line);
    ready(site)
}

/// The master, once it has its workers and answers.
pub fn ready(site: &Site<'_>) -> u32 {
    let (lab, file) = (site.lab, site.path("shared/pids/gunicorn.pid"));
    let pid = || lab.read(&file).trim().parse::<u32>().ok();
    lab.wait("it has its workers", || pid().is_some_and(|pid| lab.children(pid).len() == 2));
    lab.wait("it answers", || site.ask("shared/sockets/gunicorn.sock").is_some());
    pid().expect("a number")
}

/// Sends USR2, and gives the new master once it has its workers.
pub fn second(site: &Site<'_>, old: u32) -> u32 {
    let (lab, file) = (site.lab, site.path("shared/pids/gunicorn.pid.2"));
    lab.signal(old, "USR2");
    let pid = || lab.read(&file).trim().parse::<u32>().ok();
    lab.wait("the new one has its workers", || {
        pid().is_some_and(|new| lab.children(new).len() == 2)
    });
    pid().expect("a number")
}

/// Retires the old master, and looks again and again until the new one has its name: each time one of them is current.
fn promote(site: &Site<'_>, old: u32, new: u32) {
    let lab = site.lab;
    lab.signal(old, "TERM");
    let file = site.path("shared/pids/gunicorn.pid");
    lab.wait("it is promoted", || {
        let run = lab.check(&[]);
        assert_eq!(run.status, 0, "{run:?}");
        let json = run.json();
        let masters = json["apps"][0]["masters"].as_array().expect("masters");
        let current = masters.iter().find(|master| master["role"] == "current");
        assert_eq!(current.expect("a current one")["pid"], new, "{json}");
        lab.read(&file).trim() == new.to_string()
    });
}

/// What only looks like gunicorn.
fn strangers(lab: &Lab) {
    lab.background(DEPLOY, "/usr/bin/python3 -c 'import time; time.sleep(900)' gunicorn shop:app");
    lab.background(DEPLOY, "bash -c 'sleep 900; : gunicorn shop:app'");
    lab.background(DEPLOY, "bash -c 'exec -a \"gunicorn: master [shop]\" sleep 900'");
}

/// The signals that farrier sends it, each for real; and those that it refuses.
fn operated(lab: &Lab, site: &Site<'_>, master: u32) {
    let done = |words: &[&str], says: &str| {
        let run = lab.farrier(words);
        assert_eq!(run.status, 0, "{words:?}: {run:?}");
        assert!(run.stdout.contains(says), "{words:?}: {}", run.stdout);
    };
    done(&["do", "add-worker", "shop", "--yes"], "has 3 workers since");
    done(&["do", "remove-worker", "shop", "--yes"], "its oldest worker ends its request");
    done(&["do", "remove-worker", "shop", "--yes"], "has 1 worker since");
    let last = lab.farrier(&["do", "remove-worker", "shop", "--yes"]);
    assert_eq!(last.status, 3, "{last:?}");
    assert!(format!("{last:?}").contains("has 1 worker and keeps at least 1"), "{last:?}");
    done(&["do", "add-worker", "shop", "--yes"], "has 2 workers since");
    let log = site.path("shared/log/gunicorn.log");
    lab.sh(&format!("mv {log} {log}.1"));
    done(&["do", "reopen-logs", "shop", "--yes"], "took USR1");
    lab.wait("it opens its log anew", || lab.has(&log));
    lab.signal(master, "STOP");
    done(&["do", "continue", "shop", "--yes"], "CONT");
    let pid = master.to_string();
    for (signal, says) in [
        ("QUIT", "farrier signal TERM"),
        ("HUP", "reads the configuration again"),
        ("USR2", "no operation of gunicorn"),
    ] {
        let run = lab.farrier(&["signal", signal, &pid, "--yes", "--force"]);
        assert_eq!(run.status, 3, "{signal}: {run:?}");
        assert!(format!("{run:?}").contains(says), "{signal}: {run:?}");
    }
    assert!(lab.lives(master));
}

/// The tree shows these masters, with their roles and so many workers, and no other process.
pub fn judge(lab: &Lab, expected: &[(u32, &str, usize)]) {
    let run = lab.farrier(&["tree", "--format", "json"]);
    let tree = run.json();
    let apps = tree["apps"].as_array().expect("apps");
    assert_eq!(apps.len(), 1, "{tree:#}");
    assert_eq!(apps[0]["server"], "gunicorn", "{tree:#}");
    let found: Vec<_> = apps[0]["masters"]
        .as_array()
        .expect("masters")
        .iter()
        .map(|master| {
            let workers = master["workers"].as_array().map_or(0, Vec::len);
            (master["pid"].as_u64(), master["role"].as_str(), workers)
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(pid, role, workers)| (Some(u64::from(*pid)), Some(*role), *workers))
        .collect();
    assert_eq!(found, expected, "{tree:#}");
}

/// systemd started it, stops it, and starts it again.
#[test]
fn by_systemd() {
    let lab = Lab::with_systemd();
    let site = deployed(&lab, Titles::Yes, CHDIR);
    let unit = format!(
        "[Service]\nUser={DEPLOY}\nWorkingDirectory={0}\nExecStart={1} -c {0}/gunicorn.conf.py shop:app\n\
         ExecReload=/bin/kill -s HUP $MAINPID\nKillMode=mixed\nTimeoutStopSec=5\n\
         [Install]\nWantedBy=lab.target\n",
        site.path("current"),
        site.path("venv/bin/gunicorn")
    );
    lab.write("/etc/systemd/system/shop.service", unit);
    lab.sh("systemctl daemon-reload; systemctl enable --now shop.service");
    let master = ready(&site);
    judge(&lab, &[(master, "current", 2)]);
    lab.judge("by systemd", &[], &FINE);
    lab.signal(master, "KILL");
    lab.wait("systemd has seen it", || {
        lab.sh("systemctl is-active shop || true").trim() == "failed"
    });
    lab.wait("its workers are gone", || lab.children(master).is_empty());
    let run = lab.farrier(&["check", "/var/www/shop"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stdout.contains("systemctl start shop"), "{run:?}");
}

#[test]
fn cluster() {
    hold("gunicorn");
}

#[test]
fn titled() {
    hold("gunicorn-titled");
}

#[test]
fn single() {
    hold("gunicorn-single");
}

#[test]
fn module() {
    hold("gunicorn-module");
}

#[test]
fn released_venv() {
    hold("gunicorn-released-venv");
}

#[test]
fn both() {
    hold("gunicorn-both");
}
