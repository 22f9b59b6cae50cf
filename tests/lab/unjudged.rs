//! Pidfiles of daemons that farrier does not judge, each with its real program: the process is named, nothing is called
//! foreign, and no fix removes the file.

use super::site::Site;
use super::staged::healthy::serving;
use super::world::{DEPLOY, Lab};

/// A daemon: its name, how it is started, and the file that has its number.
struct Daemon {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    start: &'static str,
    pidfile: &'static str,
}

const DAEMONS: &[Daemon] = &[
    Daemon {
        name: "haproxy",
        files: &[(
            "/srv/api/haproxy.cfg",
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n\
             frontend www\n  bind 127.0.0.1:8097\n",
        )],
        start: "haproxy -D -W -f /srv/api/haproxy.cfg -p /srv/api/tmp/pids/unicorn.pid",
        pidfile: "/srv/api/tmp/pids/unicorn.pid",
    },
    Daemon {
        name: "php-fpm",
        files: &[(
            "/srv/api/fpm.conf",
            "[global]\npid = /run/php-fpm.pid\nerror_log = /srv/api/log\n[www]\nuser = deploy\n\
             listen = /srv/api/fpm.sock\npm = static\npm.max_children = 1\n",
        )],
        start: "$(ls /usr/sbin/php-fpm*) -D -y /srv/api/fpm.conf",
        pidfile: "/run/php-fpm.pid",
    },
    Daemon {
        name: "haproxy",
        files: &[(
            "/srv/api/haproxy.cfg",
            "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n\
             frontend www\n  bind 127.0.0.1:8099\n",
        )],
        start: "haproxy -D -W -f /srv/api/haproxy.cfg -p /run/haproxy.pid",
        pidfile: "/run/haproxy.pid",
    },
    Daemon {
        name: "uwsgi",
        files: &[("/srv/api/app.py", "def application(environ, start):\n    return [b\"ok\"]\n")],
        start: "cd /srv/api; uwsgi_python3 --master --http-socket 127.0.0.1:8098 --wsgi-file app.py \
                --safe-pidfile /run/uwsgi.pid --daemonize /srv/api/log",
        pidfile: "/run/uwsgi.pid",
    },
    Daemon {
        name: "sleep",
        files: &[],
        start: "sleep 1000 & echo $! > /run/postmaster.pid; echo /var/lib/db >> /run/postmaster.pid",
        pidfile: "/run/postmaster.pid",
    },
];

#[test]
fn each_is_named_and_left_alone() {
    for daemon in DAEMONS {
        let lab = Lab::new();
        lab.sh("mkdir -p /srv/api/tmp/pids");
        for (path, text) in daemon.files {
            lab.write(path, text);
        }
        lab.sh(&format!("({}) < /dev/null > /dev/null 2>&1", daemon.start));
        lab.wait("its pidfile", || !lab.read(daemon.pidfile).trim().is_empty());
        let pid = lab.read(daemon.pidfile).lines().next().expect("a number").trim().to_owned();
        lab.wait("it lives", || lab.lives(pid.parse().expect("a number")));
        for user in ["root", "nobody"] {
            for words in
                [&["check", daemon.pidfile][..], &["check", "--allow-none", daemon.pidfile]]
            {
                let run = if user == "root" {
                    lab.farrier(words)
                } else {
                    lab.farrier_unprivileged(words)
                };
                let said = format!("{}{}", run.stdout, run.stderr);
                assert_eq!(run.status, 3, "{} as {user}: {said}", daemon.name);
                assert!(!said.contains("foreign") && !said.contains("rm "), "{said}");
                if user == "root" {
                    assert!(said.contains(&format!("{pid}, which is {}", daemon.name)), "{said}");
                }
            }
        }
        let run = lab.farrier(&["check"]);
        assert_eq!(run.status, 3, "{}: {run:?}", daemon.name);
        assert!(!run.stdout.contains("DOWN"), "{run:?}");
        // Once it is gone the file is still nobody's that farrier knows.
        lab.sh(&format!("kill -9 {pid}"));
        lab.wait("it is gone", || !lab.lives(pid.parse().expect("a number")));
    }
}

/// runit's own file leads to the master that it watches, and is no pidfile of the app.
#[test]
fn the_file_of_a_supervisor_leads_to_the_master() {
    let lab = Lab::new();
    let site = supervised(&lab);
    let file = "/etc/service/shop/supervise/pid";
    for words in [["check", file], ["check", "/var/www/shop"], ["check", "shop"]] {
        let run = lab.farrier(&words);
        assert_eq!(run.status, 0, "{words:?}: {run:?}");
        assert!(run.stdout.contains("FINE"), "{words:?}: {run:?}");
    }
    let plan = lab.farrier(&["plan", "reopen-logs", file]);
    assert!(plan.stdout.contains(&site.masters()[0].to_string()), "{plan:?}");
}

/// What runit has down is down on purpose; what it has up and cannot start is down.
#[test]
fn what_runit_was_told_counts() {
    let lab = Lab::new();
    let site = supervised(&lab);
    let master = site.masters()[0];
    lab.sh("sv -w 20 down shop");
    site.wait_gone(master);
    lab.write(site.path("shared/pids/unicorn.pid"), format!("{}\n", lab.gone()));
    let run = lab.farrier(&["check"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("stopped on purpose"), "{run:?}");
    lab.sh("rm /var/www/shop/shared/pids/unicorn.pid");
    let run = lab.farrier(&["check", "shop"]);
    assert_eq!(run.status, 3, "{run:?}");
    lab.sh("sed -i '2i exit 1' /etc/service/shop/run; sv up shop");
    lab.wait("runit tries in vain", || {
        let run = lab.farrier(&["check"]);
        run.status == 2 && run.stdout.contains("DOWN   shop")
    });
}

/// A Unicorn that a real runit keeps up.
fn supervised(lab: &Lab) -> Site<'_> {
    let site = serving(lab);
    let master = site.masters()[0];
    lab.signal(master, "QUIT");
    site.wait_gone(master);
    let run = format!(
        "#!/bin/sh\ncd /var/www/shop/current || exit 1\nexec setpriv --reuid {DEPLOY} --regid {DEPLOY} --init-groups \
         env HOME=/srv/deploy unicorn -c /var/www/shop/current/config/unicorn.rb -E production\n"
    );
    lab.write("/etc/service/shop/run", run);
    lab.sh("chmod 755 /etc/service/shop/run");
    lab.background("root", "runsvdir -P /etc/service");
    lab.wait("runit starts it", || site.masters().len() == 1);
    site.wait_ready(site.masters()[0]);
    site.age_switch();
    lab.outlast_handover(site.masters()[0]);
    site
}
