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

/// Starts a master of the site in a container of its own processes and mounts, which has a tree of its own at the site's
/// path; `more`: further namespaces.
fn contain_apart(lab: &Lab, site: &Site<'_>, more: &str) {
    let (root, current) = (&site.root, site.path("current"));
    let inner = format!(
        "mount -t tmpfs -o mode=755 box /var/www; cp -a /run/seed /var/www/; mv /var/www/seed {root}; \
         exec setpriv --reuid deploy --regid deploy --init-groups env -i -C {current} PWD={current} PATH=/usr/bin:/bin \
         tini -s -- unicorn -c {current}/config/unicorn.rb -E production"
    );
    lab.background("root", &format!("unshare --mount --fork {more} sh -c '{inner}'"));
}

/// The processes that are titled as masters.
fn masters(lab: &Lab) -> Vec<u32> {
    let is_master = |pid: &u32| lab.title(*pid).starts_with("unicorn master");
    lab.pids().into_iter().filter(is_master).collect()
}

#[test]
fn two_containers_with_one_path_are_two_apps() {
    for (more, count) in
        [("--pid --mount-proc --uts", 2), ("", 2), ("--pid --mount-proc --net", 12)]
    {
        let lab = Lab::new();
        let site = Site::new(&lab, "shop");
        site.release(FIRST, &App::default(), &Config::at(&site.root));
        site.switched_long_ago(FIRST);
        lab.sh(&format!("mv {} /run/seed", site.root));
        for _ in 0..count {
            contain_apart(&lab, &site, more);
        }
        lab.wait("each has its master", || masters(&lab).len() == count);
        let settled = || masters(&lab).iter().all(|pid| site.workers(*pid).len() == 2);
        lab.wait("each has its workers", settled);
        let run = lab.check(&[]);
        let json = run.json();
        // The kernel tells of another network's sockets no more than their names.
        let wanted: &[i32] = if more.contains("--net") { &[0, 3] } else { &[0] };
        assert!(wanted.contains(&run.status), "{more}: {run:?}");
        assert_eq!(json["findings"].as_array().map(Vec::len), Some(0), "{more}: {run:?}");
        let apps = json["apps"].as_array().expect("apps");
        assert_eq!(apps.len(), count, "{more}: {json:#}");
        let ids: std::collections::BTreeSet<&str> =
            apps.iter().filter_map(|app| app["id"].as_str()).collect();
        assert_eq!(ids.len(), count, "{ids:?}");
        for id in &ids {
            assert!(id.starts_with("/var/www/shop@"), "{id}");
            // A namespace goes by its first process: a number that `ps` shows.
            let first = id.rsplit('@').next().and_then(|pid| pid.parse().ok()).unwrap_or(0);
            assert!(lab.lives(first), "{id}");
            let one = lab.check(&[id]).json();
            assert_eq!(one["apps"].as_array().map(Vec::len), Some(1), "{id}");
        }
        for word in ["shop", "/var/www/shop"] {
            let run = lab.farrier(&["plan", "reload", word]);
            assert_eq!(run.status, 3, "{run:?}");
            assert!(ids.iter().all(|id| run.stderr.contains(id)), "{word}: {run:?}");
        }
    }
}

/// A service with mounts of its own shares the machine's files: a second master of the same root is a duplicate.
#[test]
fn a_service_with_mounts_of_its_own_is_no_container() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    let current = site.path("current");
    let start = format!(
        "mount -t tmpfs private /tmp; exec setpriv --reuid deploy --regid deploy --init-groups env -i \
         -C {current} PWD={current} PATH=/usr/bin:/bin unicorn -c {current}/config/unicorn.rb -E production"
    );
    lab.background("root", &format!("unshare --mount sh -c '{start}'"));
    lab.wait("it is ready", || site.masters().len() == 1);
    let master = site.masters()[0];
    site.wait_ready(master);
    lab.judge("by itself", &[], &FINE);
    assert_eq!(lab.check(&[]).json()["apps"][0]["id"], "/var/www/shop");
    lab.sh(&format!("rm {0}/shared/pids/unicorn.pid {0}/shared/sockets/unicorn.sock", site.root));
    site.launch(&site.usual());
    lab.wait("a second one is ready", || site.masters().len() == 2);
    site.settle();
    let json = lab.check(&[]).json();
    assert_eq!(json["apps"].as_array().map(Vec::len), Some(1));
    let found = json["findings"].as_array().expect("findings");
    assert!(found.iter().any(|finding| finding["rule"] == "master-duplicate"), "{found:?}");
}

/// Two systems below one machine, each in a root directory of its own with the same path for the app.
#[test]
fn two_root_directories_with_one_path_are_two_apps() {
    let lab = Lab::new();
    let site = Site::new(&lab, "shop");
    site.release(FIRST, &App::default(), &Config::at(&site.root));
    site.switched_long_ago(FIRST);
    lab.sh(&format!("mv {} /run/seed", site.root));
    let current = site.path("current");
    for jail in ["/srv/one", "/srv/two"] {
        lab.sh(&format!(
            "mkdir {jail}; mount --rbind / {jail}; mount -t tmpfs -o mode=755 box {jail}/var/www; \
             cp -a /run/seed {jail}/var/www/shop"
        ));
        lab.background(
            "root",
            &format!(
                "chroot {jail} setpriv --reuid deploy --regid deploy --init-groups env -i -C {current} PWD={current} \
                 PATH=/usr/bin:/bin unicorn -c {current}/config/unicorn.rb -E production"
            ),
        );
    }
    lab.wait("each has its master", || masters(&lab).len() == 2);
    lab.wait("each has its workers", || {
        masters(&lab).iter().all(|pid| site.workers(*pid).len() == 2)
    });
    lab.judge("seen from outside", &[], &FINE);
    let json = lab.check(&[]).json();
    let ids: Vec<&str> = json["apps"]
        .as_array()
        .expect("apps")
        .iter()
        .filter_map(|app| app["id"].as_str())
        .collect();
    assert_eq!(ids, ["/var/www/shop@/srv/one", "/var/www/shop@/srv/two"]);
    for id in ids {
        let run = lab.check(&[id]);
        assert_eq!((run.status, &run.json()["apps"][0]["id"]), (0, &id.into()), "{run:?}");
    }
}
