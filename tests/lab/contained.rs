//! Unicorn in a container of its own processes and mounts, seen from outside and from within.

use super::config::Config;
use super::program::{FINE, broken};
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

/// Puts what the site has where containers start from, and leaves it in place.
fn seeded(lab: &Lab) -> Site<'_> {
    let site = Site::deployed(lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    lab.sh(&format!("cp -a {} /run/seed", site.root));
    site
}

/// Ends the site's own master the hard way, and waits until nothing of it is left.
fn kill_own(lab: &Lab, site: &Site<'_>) {
    let master = site.start();
    site.settle();
    let workers = site.workers(master);
    lab.signal(master, "KILL");
    for pid in workers.into_iter().chain([master]) {
        site.wait_gone(pid);
    }
}

/// The app at a path of the machine itself is down, whatever lives at the same path elsewhere, and that is fine.
fn tells_both(lab: &Lab, elsewhere: &str) {
    let run = lab.check(&[]);
    let json = run.json();
    let ids: Vec<&str> = json["apps"]
        .as_array()
        .expect("apps")
        .iter()
        .filter_map(|app| app["id"].as_str())
        .collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    let other = ids.iter().find(|id| id.starts_with(elsewhere)).expect("it is named by its world");
    let found = json["findings"].as_array().expect("findings");
    let dead = |finding: &serde_json::Value| {
        finding["rule"] == "master-dead" && finding["app"] == "/var/www/shop"
    };
    assert!(run.status == 2 && found.iter().any(dead), "{run:?}");
    assert!(found.iter().all(|finding| finding["app"] != **other), "{run:?}");
    for named in ["/var/www/shop", "/var/www/shop/shared/pids/unicorn.pid"] {
        let run = lab.farrier(&["check", named]);
        assert!(run.status == 2 && run.stdout.contains("DOWN"), "{named}: {run:?}");
    }
    lab.judge("the other one", &[other], &FINE);
}

#[test]
fn a_container_does_not_hide_the_dead_app_of_the_machine() {
    for more in ["--pid --mount-proc", ""] {
        let lab = Lab::new();
        let site = seeded(&lab);
        kill_own(&lab, &site);
        contain_apart(&lab, &site, more);
        lab.wait("it has its master", || masters(&lab).len() == 1);
        lab.wait("it has its workers", || site.workers(masters(&lab)[0]).len() == 2);
        tells_both(&lab, "/var/www/shop@");
    }
}

#[test]
fn another_root_directory_does_not_hide_the_dead_app_of_the_machine() {
    let lab = Lab::new();
    let site = seeded(&lab);
    kill_own(&lab, &site);
    let (jail, current) = ("/srv/one", site.path("current"));
    lab.sh(&format!(
        "mkdir {jail}; mount --rbind / {jail}; mount -t tmpfs -o mode=755 box {jail}/var/www; \
         cp -a /run/seed {jail}/var/www/shop"
    ));
    let start = format!(
        "chroot {jail} setpriv --reuid deploy --regid deploy --init-groups env -i -C {current} PWD={current} \
         PATH=/usr/bin:/bin unicorn -c {current}/config/unicorn.rb -E production"
    );
    lab.background("root", &start);
    lab.wait("it has its master", || masters(&lab).len() == 1);
    lab.wait("it has its workers", || site.workers(masters(&lab)[0]).len() == 2);
    tells_both(&lab, "/var/www/shop@/srv/one");
}

/// A number in a pidfile of a directory that a container mounts may be one of that container's.
#[test]
fn a_pidfile_that_a_container_may_have_written_is_not_judged_by_numbers_of_the_machine() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| config.timeout = 3);
    site.switched_long_ago(FIRST);
    let master = site.start();
    site.settle();
    let pidfile = site.path("shared/pids/unicorn.pid");
    let inner = "mount --bind /var/www /var/www; for i in $(seq 200); do true & wait; done; sleep 3000 & exec sleep 1000";
    lab.background("root", &format!("unshare --pid --fork --mount-proc --mount sh -c '{inner}'"));
    lab.wait("the container runs", || lab.pids().iter().any(|pid| lab.title(*pid) == "sleep 1000"));
    lab.judge("its number is the machine's", &[], &FINE);
    let (_, theirs) = numbers(&lab);
    let stranger = lab.background("root", "sleep 2000");
    for number in [stranger, theirs] {
        lab.write(&pidfile, format!("{number}\n"));
        for targets in [vec![], vec!["shop"]] {
            let run = lab.check(&targets);
            assert_eq!(
                (run.status, run.json()["findings"].as_array().map(Vec::len)),
                (3, Some(0)),
                "{run:?}"
            );
            assert!(!run.stdout.contains("rm "), "{run:?}");
        }
    }
    // What nobody has, here or there, was left behind.
    lab.write(&pidfile, format!("{}\n", lab.gone()));
    lab.judge("gone everywhere", &[], &broken(&[("pidfile-stale", "critical")]));
    assert!(lab.lives(master));
}

/// A process of the container, as the machine numbers it and as the container does: one whose own number is nobody's here.
fn numbers(lab: &Lab) -> (u32, u32) {
    let of = |pid: u32| {
        let status = lab.read(format!("/proc/{pid}/status"));
        let line = status.lines().find_map(|line| line.strip_prefix("NSpid:")).map(str::to_owned);
        let all: Vec<u32> =
            line.iter().flat_map(|l| l.split_whitespace()).filter_map(|n| n.parse().ok()).collect();
        (pid, all)
    };
    let mut found = (0, 0);
    lab.wait("a process of the container has a number that is nobody's here", || {
        let all: Vec<_> = lab.pids().into_iter().map(of).collect();
        let depth = all.iter().map(|(_, numbers)| numbers.len()).max().unwrap_or(0);
        let inner = all.iter().filter(|(_, numbers)| numbers.len() == depth);
        let mut inner = inner.filter_map(|(pid, numbers)| Some((*pid, *numbers.last()?)));
        found = inner.find(|(_, own)| *own > 1 && lab.stat(*own).is_none()).unwrap_or((0, 0));
        found.1 != 0
    });
    found
}
