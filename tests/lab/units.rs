//! Apps of a real systemd that do not run: stopped, masked, disabled, killed; and twins of one template, which do.

use super::config::Config;
use super::program::FINE;
use super::site::{App, FIRST, Site};
use super::world::Lab;

/// A site and the words that serve it.
fn site<'a>(lab: &'a Lab, name: &str) -> Site<'a> {
    let site = Site::new(lab, name);
    let config = Config { timeout: 3, ..Config::at(&site.root) };
    site.release(FIRST, &App::default(), &config);
    site.switched_long_ago(FIRST);
    site
}

fn unit(root: &str) -> String {
    format!(
        "[Unit]\nDefaultDependencies=no\n[Service]\nUser=deploy\nWorkingDirectory={root}/current\n\
         Environment=PWD={root}/current\nExecStart=/usr/bin/unicorn -c {root}/current/config/unicorn.rb -E production\n\
         [Install]\nWantedBy=lab.target\n"
    )
}

#[test]
fn what_systemd_was_told_counts() {
    let lab = Lab::with_systemd();
    let site = site(&lab, "shop");
    lab.write("/etc/systemd/system/shop.service", unit(&site.root));
    let pidfile = site.path("shared/pids/unicorn.pid");
    let start = || {
        lab.sh(
            "systemctl daemon-reload; systemctl reset-failed; systemctl enable --now shop.service",
        );
        lab.wait("it is ready", || site.masters().len() == 1);
        let master = site.masters()[0];
        site.wait_ready(master);
        master
    };
    let check = |status: i32, says: &str| {
        let run = lab.farrier(&["check", "shop"]);
        let run = if run.stderr.contains("is named") { lab.farrier(&["check"]) } else { run };
        assert_eq!(run.status, status, "{run:?}");
        assert!(run.stdout.contains(says), "{says}: {run:?}");
    };

    // Killed, and it is to run at boot.
    let master = start();
    lab.signal(master, "KILL");
    lab.wait("systemd has seen it", || {
        lab.sh("systemctl is-active shop || true").trim() == "failed"
    });
    site.wait_gone(master);
    assert!(lab.has(&pidfile));
    check(2, "systemctl start shop.service");

    // The same, and nobody starts it at boot: it was taken out of service.
    lab.sh("systemctl disable shop.service");
    check(0, "shop.service is not enabled");

    // Stopped cleanly, and to run at boot: systemd alone knows whether that was meant. No outage is invented.
    let master = start();
    lab.sh("systemctl stop shop.service");
    site.wait_gone(master);
    assert!(!lab.has(&pidfile));
    check(3, "whether shop.service failed or was stopped");

    // The fix of the one, and of the other.
    lab.sh("systemctl disable shop.service");
    check(3, "NONE");
    lab.sh("systemctl enable --now shop.service");
    lab.wait("it is ready", || site.masters().len() == 1);
    site.wait_ready(site.masters()[0]);
    check(0, "FINE");

    // Masked while it is stopped, and killed before.
    let master = site.masters()[0];
    lab.signal(master, "KILL");
    site.wait_gone(master);
    lab.sh("mv /etc/systemd/system/shop.service /run/systemd/system/; systemctl daemon-reload; \
         systemctl mask shop.service");
    check(0, "shop.service is masked");

    // It fails before it has a pidfile: as unknown as a stop, never fine.
    lab.sh(&format!(
        "rm {pidfile}; systemctl unmask shop.service; systemctl enable shop.service; \
         mkdir /etc/systemd/system/shop.service.d; \
         printf '[Service]\\nExecStartPre=/bin/false\\n' > /etc/systemd/system/shop.service.d/fails.conf; \
         systemctl daemon-reload; systemctl reset-failed; systemctl start shop.service || true"
    ));
    lab.wait("it failed", || lab.sh("systemctl is-active shop || true").trim() == "failed");
    check(3, "whether shop.service failed or was stopped");
}

#[test]
fn twins_of_one_template_are_healthy() {
    let lab = Lab::with_systemd();
    let sites = ["one", "two"].map(|name| site(&lab, name));
    lab.write("/etc/systemd/system/web@.service", unit("/var/www/%i"));
    lab.sh("systemctl daemon-reload; systemctl enable --now web@one.service web@two.service");
    for site in &sites {
        lab.wait("it is ready", || site.masters().len() == 1);
        site.wait_ready(site.masters()[0]);
    }
    lab.impatient();
    lab.outlast_handover(sites[1].masters()[0]);
    lab.judge("twins", &[], &FINE);
    // One of them is stopped: the other one is judged, and nothing is down.
    lab.sh("systemctl stop web@two.service");
    let run = lab.farrier(&["check"]);
    assert!(run.status == 3 && !run.stdout.contains("DOWN"), "{run:?}");
    assert!(run.stdout.contains("whether web@two.service failed or was stopped"), "{run:?}");
    lab.sh("systemctl disable web@two.service");
    lab.judge("one was stopped, and for good", &[], &FINE);
    let master = sites[0].masters()[0];
    lab.signal(master, "KILL");
    sites[0].wait_gone(master);
    let run = lab.farrier(&["check", "one"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(run.stdout.contains("systemctl start web@one.service"), "{run:?}");
}
