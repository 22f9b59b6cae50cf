//! What supervisors other than a living systemd say of an app that does not run: by files that they left, of one whose
//! pidfile tells that it was killed, and of one that was stopped cleanly.

use super::config::{Config, Hook};
use super::program::Run;
use super::site::{App, FIRST, Site};
use super::world::Lab;

const PIDFILE: &str = "shared/pids/unicorn.pid";
const ORDER: &str = "cd /var/www/shop/current && exec unicorn -c config/unicorn.rb -E production";

/// An app of which nothing lives, and its pidfile as a killed master leaves it.
fn dead(lab: &Lab) -> String {
    let site = Site::new(lab, "shop");
    let config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switched_long_ago(FIRST);
    let master = site.start();
    let pidfile = lab.read(site.path(PIDFILE));
    let all = [site.workers(master), vec![master]].concat();
    lab.signal(master, "KILL");
    for pid in all {
        site.wait_gone(pid);
    }
    pidfile
}

/// With the pidfile of a killed master, or without one as after a clean stop.
fn left(lab: &Lab, pidfile: Option<&str>) {
    let path = format!("/var/www/shop/{PIDFILE}");
    match pidfile {
        Some(text) => lab.write(&path, text),
        None => drop(lab.sh(&format!("rm -f {path}"))),
    }
}

fn check(lab: &Lab, what: &str, status: i32, says: &[&str]) -> Run {
    let run = lab.farrier(&["check", "/var/www/shop"]);
    assert_eq!(run.status, status, "{what}: {run:?}");
    let all = format!("{}{}", run.stdout, run.stderr);
    for says in says {
        assert!(all.contains(says), "{what}: {says}: {run:?}");
    }
    run
}

/// A supervisor's process, by its name, in its directory; it does nothing.
fn supervisor(lab: &Lab, name: &str, directory: &str) -> u32 {
    lab.background("root", &format!("bash -c 'cd {directory}; exec -a {name} sleep 1000'"))
}

/// Bytes of a status, by the shell's `printf`.
fn status(lab: &Lab, hex: &str) {
    let bytes: Vec<String> = hex
        .as_bytes()
        .chunks(2)
        .map(|two| format!("\\x{}", String::from_utf8_lossy(two)))
        .collect();
    let bytes = bytes.concat();
    lab.sh(&format!(
        "mkdir -p /srv/sv/shop/supervise; printf '{bytes}' > /srv/sv/shop/supervise/status"
    ));
}

#[test]
fn a_directory_of_runit_daemontools_or_s6_counts() {
    let lab = Lab::new();
    let pidfile = dead(&lab);
    lab.write("/srv/sv/shop/run", format!("#!/bin/sh\n{ORDER}\n"));
    let time = "400000006b0e404c0a919475";
    let s6 = format!("{time}{time}");
    let none = "0000000000000000";
    let kinds = [
        ("runsv", format!("{time}00000000007500 00"), format!("{time}00000000006400 00")),
        ("supervise", format!("{time}000000000075"), format!("{time}000000000064")),
        ("s6-supervise", format!("{s6}{none}000f04"), format!("{s6}{none}000f08")),
        ("s6-supervise", format!("{s6}{none}{none}000f04"), format!("{s6}{none}{none}000f00")),
    ];
    for (name, up, down) in kinds {
        let (up, down) = (up.replace(' ', ""), down.replace(' ', ""));
        let what = format!("{name}, {} bytes", up.len() / 2);
        let pid = supervisor(&lab, name, "/srv/sv/shop");
        status(&lab, &up);
        left(&lab, None);
        check(&lab, &what, 2, &["DOWN", "/srv/sv/shop has it up"]);
        status(&lab, &down);
        left(&lab, Some(&pidfile));
        let run =
            check(&lab, &what, 0, &["it was stopped on purpose: /srv/sv/shop is told to be down"]);
        assert!(!run.stdout.contains("master-dead"), "{what}: {run:?}");
        // What another version writes is not guessed at.
        status(&lab, &format!("{up}00"));
        check(&lab, &what, 3, &["a status of another supervisor"]);
        left(&lab, None);
        check(&lab, &what, 3, &["what the supervisor of shop was told"]);
        lab.signal(pid, "KILL");
    }
    // Never taken up: a `down` file says that this is meant.
    supervisor(&lab, "runsv", "/srv/sv/shop");
    lab.sh("rm -r /srv/sv/shop/supervise; touch /srv/sv/shop/down");
    left(&lab, Some(&pidfile));
    check(&lab, "down", 0, &["it was stopped on purpose: /srv/sv/shop/down"]);
}

#[test]
fn what_supervisord_logged_counts() {
    let lab = Lab::new();
    let pidfile = dead(&lab);
    lab.write(
        "/etc/supervisor/supervisord.conf",
        "[supervisord]\nlogfile=/srv/supervisord.log\n[include]\nfiles = /etc/supervisor/conf.d/*.conf\n",
    );
    let program = |more: &str| {
        lab.write(
            "/etc/supervisor/conf.d/shop.conf",
            format!("[program:shop]\ndirectory=/var/www/shop/current\ncommand=unicorn -c config/unicorn.rb\n{more}"),
        );
    };
    let log = |lines: &[&str]| {
        let at = |line: &&str| format!("2026-12-01 03:33:33,285 INFO {line}\n");
        lab.write("/srv/supervisord.log", lines.iter().map(at).collect::<Vec<_>>().concat());
    };
    let began = "supervisord started with pid 1";
    let spawned = "spawned: 'shop' with pid 13273";
    supervisor(&lab, "/usr/bin/supervisord", "/");

    // It gave up: wanted, and down, whatever its pidfile says.
    program("");
    left(&lab, None);
    log(&[began, spawned, "gave up: shop entered FATAL state, too many start retries too quickly"]);
    check(&lab, "fatal", 2, &["DOWN", "supervisord gave up on shop", "supervisorctl start shop"]);
    log(&[began, spawned]);
    check(&lab, "up", 2, &["DOWN", "supervisord, shop has it up"]);

    // Stopped by hand, or never to start by itself.
    left(&lab, Some(&pidfile));
    log(&[began, spawned, "waiting for shop to stop", "stopped: shop (terminated by SIGKILL)"]);
    check(&lab, "stopped", 0, &["it was stopped on purpose: supervisord stopped shop"]);
    log(&[began]);
    program("autostart=false\n");
    check(&lab, "autostart", 0, &["it was stopped on purpose: shop has autostart=false"]);
    left(&lab, None);
    program("");
    // Its log does not reach back, or cannot be read: unknown, with what settles it.
    check(
        &lab,
        "silent",
        3,
        &["whether supervisord has shop stopped", "supervisorctl status shop"],
    );
    lab.sh("rm /srv/supervisord.log");
    check(&lab, "no log", 3, &["supervisorctl status shop"]);
    // The pidfile of a killed master decides.
    left(&lab, Some(&pidfile));
    check(&lab, "killed", 2, &["DOWN"]);
}

#[test]
fn units_of_the_system_and_of_the_user_count() {
    let lab = Lab::new();
    let pidfile = dead(&lab);
    lab.sh("mkdir -p /run/systemd/system /run/systemd/units /etc/systemd; rm -rf /etc/systemd/system; mount -t tmpfs lab /var/log");
    let unit =
        format!("[Service]\nExecStart=/bin/sh -c '{ORDER}'\n[Install]\nWantedBy=default.target\n");
    let user = "/srv/deploy/.config/systemd/user";
    for (at, order) in [("/etc/systemd/system", "systemctl"), (user, "systemctl --user")] {
        let is_user = at == user;
        lab.write(format!("{at}/shop.service"), &unit);
        left(&lab, Some(&pidfile));
        check(&lab, at, 0, &["it was stopped on purpose: shop.service is not enabled"]);

        // Enabled: the pidfile of a killed master decides; after a clean stop nobody but systemd knows.
        lab.sh(&format!(
            "mkdir -p {at}/default.target.wants; ln -s ../shop.service {at}/default.target.wants/"
        ));
        check(&lab, at, 2, &["DOWN", &format!("{order} start shop.service")]);
        left(&lab, None);
        let what =
            ["whether shop.service failed or was stopped", "decide it by", "disable shop.service"];
        check(&lab, at, 3, &what);
        lab.sh("touch -h -d '60 days ago' /var/www/shop/current; find /var/www/shop -exec touch -h -d '60 days ago' {} +");
        let run = check(&lab, at, 3, &[]);
        assert!(!run.stdout.contains("failed or was stopped"), "retired: {run:?}");
        lab.sh("touch /var/www/shop/shared/log/unicorn.stderr.log");

        // The system's log as text tells it.
        if !is_user {
            let line = "Dec  1 03:00:00 web-1 systemd[1]: shop.service:";
            lab.write("/var/log/syslog", format!("{line} Failed with result 'exit-code'.\n"));
            check(&lab, at, 2, &["DOWN", "shop.service failed: exit-code"]);
            lab.write("/var/log/syslog", format!("{line} Deactivated successfully.\n"));
            let run = check(&lab, at, 3, &[]);
            assert!(!run.stdout.contains("failed or was stopped"), "{run:?}");
            lab.sh("rm /var/log/syslog");
        }

        // Up, and no process of it lives.
        let units = if is_user { "/run/user/1200/systemd/units" } else { "/run/systemd/units" };
        lab.sh(&format!("mkdir -p {units}; ln -s x {units}/invocation:shop.service"));
        check(&lab, at, 2, &["DOWN", "shop.service has it up"]);
        lab.sh(&format!("rm {units}/invocation:shop.service"));

        // Masked.
        left(&lab, Some(&pidfile));
        let mask = if is_user { "/srv/deploy/.config/systemd/user" } else { "/run/systemd/system" };
        if is_user {
            lab.sh(&format!(
                "mkdir -p /etc/systemd/user; mv {mask}/shop.service /etc/systemd/user/"
            ));
        } else {
            lab.sh(&format!("mkdir -p /usr/local/lib; mv {at}/shop.service {mask}/"));
        }
        lab.sh(&format!("ln -s /dev/null {at}/shop.service"));
        check(&lab, at, 0, &["it was stopped on purpose: shop.service is masked"]);
        lab.sh(&format!("rm -rf {at}/shop.service {at}/default.target.wants {mask}/shop.service /etc/systemd/user/shop.service"));
    }
}

#[test]
fn a_dead_app_tells_how_its_log_ends_and_who_holds_its_socket() {
    let lab = Lab::new();
    let site = Site::new(&lab, "shop");
    let config = Config { timeout: 3, hook: Hook::None, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switched_long_ago(FIRST);
    let master = site.start();
    let workers = site.workers(master);
    lab.signal(master, "KILL");
    for pid in workers.iter().chain([&master]) {
        site.wait_gone(*pid);
    }
    let log = site.path("shared/log/unicorn.stderr.log");
    let lines = "one\ntwo\nE: password=hunter2 refused\n\nlast words\n";
    lab.sh(&format!("printf '{lines}' >> {log}"));
    let run = check(
        &lab,
        "nobody",
        2,
        &["its log ends: last words", "its log ends: two", "nobody holds its sockets"],
    );
    assert!(
        !run.stdout.contains("hunter2") && !run.stdout.contains("its log ends: one"),
        "{run:?}"
    );
    assert!(run.stdout.contains("unicorn.stderr.log:"), "its place: {run:?}");
    let json = lab.check(&[]);
    assert!(json.stdout.contains("its log ends: last words"), "{json:?}");

    // Something that is none of its own took the place.
    let socket = site.path("shared/sockets/unicorn.sock");
    lab.write(
        "/srv/holds.py",
        format!("import os,socket,time\nos.unlink('{socket}')\ns=socket.socket(socket.AF_UNIX)\ns.bind('{socket}')\ns.listen()\ntime.sleep(1000)\n"),
    );
    let pid = lab.background("root", "python3 /srv/holds.py");
    lab.wait("it listens", || lab.sh("ss -xl").contains(&socket));
    check(&lab, "held", 2, &[&format!("{pid} still holds {socket}")]);

    // What may not be read is said.
    lab.sh(&format!("rm {log}; mkdir {log}"));
    check(&lab, "no log", 2, &["its log was not read"]);
}
