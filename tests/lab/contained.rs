//! Unicorn in a container of its own processes and mounts, seen from outside and from within.

use super::config::Config;
use super::program::FINE;
use super::site::{App, FIRST, Site};
use super::world::{Lab, said};

/// Starts the site's master in a container whose first process is `first`, followed by the master's own command line.
fn contain<'a>(lab: &'a Lab, first: &str) -> (Site<'a>, u32) {
    let site = Site::new(lab, "shop");
    site.release(FIRST, &App::default(), &Config::at(&site.root));
    site.switched_long_ago(FIRST);
    let current = site.path("current");
    let inner = format!(
        "mount -t proc proc /proc; exec setpriv --reuid deploy --regid deploy --init-groups env -i \
         -C {current} PWD={current} PATH=/usr/bin:/bin {first} unicorn -c {current}/config/unicorn.rb -E production"
    );
    lab.background("root", &format!("unshare --pid --fork --mount sh -c '{inner}'"));
    lab.wait("the container's master is ready", || site.masters().len() == 1);
    let master = site.masters()[0];
    lab.wait("a worker answers", || site.get().is_some());
    (site, master)
}

/// What farrier says where that process lives.
fn within(lab: &Lab, pid: u32, arguments: &[&str]) -> String {
    let pid = pid.to_string();
    let enter = ["nsenter", "--target", &pid, "--pid", "--mount", "--", "farrier"];
    let output =
        lab.command("root", enter.iter().chain(arguments)).output().expect("nsenter starts");
    said(&output)
}

#[test]
fn the_first_process_of_a_container_writes_its_number_and_that_is_1() {
    let lab = Lab::new();
    let (site, master) = contain(&lab, "");
    assert_eq!(site.pidfile("shared/pids/unicorn.pid"), 1);
    lab.judge("seen from outside", &[], &FINE);
    let inside = within(&lab, master, &["check"]);
    assert!(inside.starts_with("exit status: 0"), "{inside}");
    let plan = lab.farrier(&["plan", "upgrade", "/var/www/shop"]).stdout;
    assert!(plan.contains("its container's first process"), "{plan}");
}

#[test]
fn what_is_the_first_process_ends_with_the_master_that_it_started() {
    let lab = Lab::new();
    let (_site, master) = contain(&lab, "tini --");
    lab.judge("seen from outside", &[], &FINE);
    let inside = within(&lab, master, &["check"]);
    assert!(inside.starts_with("exit status: 0"), "{inside}");
    let plan = within(&lab, master, &["plan", "upgrade", "/var/www/shop"]);
    assert!(plan.contains("tini 1 ends with "), "{plan}");
    let upgrade = within(&lab, master, &["upgrade", "/var/www/shop", "--yes"]);
    assert!(upgrade.starts_with("exit status: 3"), "{upgrade}");
    let outside = lab.farrier(&["plan", "upgrade", "/var/www/shop"]);
    assert!(outside.status == 3 && outside.stdout.contains("ends with "), "{outside:?}");
}
