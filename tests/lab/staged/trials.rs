//! Healthy boxes at which a tool that guesses would cry wolf: each answers one of the false positives known of a rule.

use crate::lab::config::{Config, Hook};
use crate::lab::program::FINE;
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    fine(
        "trial-deployed",
        "a release was deployed moments ago, and the restart is still to come",
        |lab| {
            let site = serving(lab, |_| {});
            site.release(SECOND, &App::default(), &Config::at(&site.root));
            site.switch(SECOND);
        },
    ),
    fine(
        "trial-undeployed",
        "a newer release was unpacked, and its deploy ended before current was switched",
        |lab| {
            let site = serving(lab, |_| {});
            site.release(SECOND, &App::default(), &Config::at(&site.root));
        },
    ),
    fine(
        "trial-linked-pids",
        "the pidfile is set in the release, whose tmp/pids is a link into shared",
        |lab| {
            let site = Site::new(lab, "shop");
            let pid = Some(site.path("current/tmp/pids/unicorn.pid"));
            site.release(FIRST, &App::default(), &Config { pid, ..Config::at(&site.root) });
            let release = site.path(&format!("releases/{FIRST}"));
            lab.sh_as(
                site.user,
                &format!(
                    "mkdir {release}/tmp; ln -s {0}/shared/pids {release}/tmp/pids",
                    site.root
                ),
            );
            site.switched_long_ago(FIRST);
            let master = site.start();
            assert_eq!(site.pidfile("shared/pids/unicorn.pid"), master);
        },
    ),
    fine("trial-relative-link", "current is a relative link", |lab| {
        let site = Site::new(lab, "shop");
        site.release(FIRST, &App::default(), &Config::at(&site.root));
        lab.sh_as(site.user, &format!("cd {}; ln -s releases/{FIRST} current", site.root));
        site.age_switch();
        site.start();
    }),
    fine("trial-shared-gemfile", "one Gemfile outside the releases is used on purpose", |lab| {
        let site = Site::new(lab, "shop");
        let config = Config { gemfile: None, ..Config::at(&site.root) };
        site.release(FIRST, &App::default(), &config);
        lab.sh_as(site.user, &format!("cp {0}/releases/{FIRST}/Gemfile* {0}/shared/", site.root));
        site.switched_long_ago(FIRST);
        let mut start = site.usual();
        start.env = vec![format!("BUNDLE_GEMFILE={}", site.path("shared/Gemfile"))];
        let master = site.start_with(&start);
        assert_eq!(lab.started_with(master, "BUNDLE_GEMFILE"), Some(site.path("shared/Gemfile")));
    }),
    fine(
        "trial-gemfile-setting",
        "the config sets BUNDLE_GEMFILE at its top level, whatever it was before",
        |lab| {
            serving(lab, |config| {
                config.gemfile = None;
                config.more =
                    "ENV[\"BUNDLE_GEMFILE\"] = \"/var/www/shop/current/Gemfile\"".to_owned();
            });
        },
    ),
    fine("trial-variables", "the config is written with variables, as most are", |lab| {
        let site = Site::new(lab, "shop");
        let root = "root = \"/var/www/shop\"\ncurrent = \"#{root}/current\"\nshared = File.join(root, \"shared\")\n";
        let text = Config::at(&site.root)
            .text()
            .replace("\"/var/www/shop/current\"", "current")
            .replace("/var/www/shop/current", "#{current}")
            .replace("/var/www/shop/shared", "#{shared}");
        site.unpack(
            &site.path(&format!("releases/{FIRST}")),
            FIRST,
            &App::default(),
            &(root.to_owned() + &text),
        );
        site.switched_long_ago(FIRST);
        site.start();
    }),
    fine(
        "trial-rescued",
        "the first release was cleaned up and put back as a link to the live one, to save the upgrade",
        |lab| {
            lab.impatient();
            let site =
                Site::deployed(lab, "shop", |config| (config.gemfile, config.timeout) = (None, 3));
            let old = site.start();
            site.release(
                SECOND,
                &App::default(),
                &Config { gemfile: None, timeout: 3, ..Config::at(&site.root) },
            );
            site.switched_long_ago(SECOND);
            lab.sh_as(
                site.user,
                &format!("cd {}/releases; rm -r {FIRST}; ln -s {SECOND} {FIRST}", site.root),
            );
            let new = site.upgrade(old);
            site.wait_gone(old);
            site.wait_ready(new);
            let gemfile = site.path(&format!("releases/{FIRST}/Gemfile"));
            assert_eq!(lab.started_with(new, "BUNDLE_GEMFILE"), Some(gemfile));
            lab.outlast_handover(new);
        },
    ),
    fine(
        "trial-retiring",
        "the old master was told to quit and waits for a long request to end",
        |lab| {
            let (site, old) = super::healthy::two_releases(lab, Hook::BeforeFork);
            let long = "ruby -rsocket -e 's = UNIXSocket.new(\"/var/www/shop/shared/sockets/unicorn.sock\"); \
                    s.write(\"GET /?20 HTTP/1.0\\r\\n\\r\\n\"); s.read'";
            lab.background(site.user, long);
            lab.wait("a worker has taken the long request", || {
                site.workers(old).into_iter().any(|worker| sockets(lab, worker) > 1)
            });
            let new = site.upgrade(old);
            site.wait_ready(new);
            lab.wait("one worker of the old master is left", || site.workers(old).len() == 1);
            assert!(lab.title(old).contains("master (old)"));
        },
    ),
    fine(
        "trial-quitting",
        "the only master was told to quit and waits for a long request: it has fewer workers, and needs no more",
        |lab| {
            let site = serving(lab, |_| {});
            let master = site.masters()[0];
            let long = "ruby -rsocket -e 's = UNIXSocket.new(\"/var/www/shop/shared/sockets/unicorn.sock\"); \
                    s.write(\"GET /?20 HTTP/1.0\\r\\n\\r\\n\"); s.read'";
            lab.background(site.user, long);
            lab.wait("a worker has accepted the long request", || {
                site.workers(master).into_iter().any(|worker| sockets(lab, worker) > 1)
            });
            lab.signal(master, "QUIT");
            lab.wait("one worker is left", || site.workers(master).len() == 1);
        },
    ),
    fine("trial-other-link", "the link that names the live release is not called current", |lab| {
        let site = Site::new(lab, "shop");
        let mut config = Config::at(&site.root);
        config.working_directory = Some(site.path("live"));
        config.gemfile = Some(site.path("live/Gemfile"));
        site.release(FIRST, &App::default(), &config);
        lab.sh_as(site.user, &format!("cd {}; ln -s releases/{FIRST} live", site.root));
        let mut start = site.usual();
        start.config = Some(site.path("live/config/unicorn.rb"));
        start.from = site.path("live");
        site.start_with(&start);
    }),
    fine("trial-respawned", "a worker was killed and replaced", |lab| {
        let site = serving(lab, |_| {});
        let master = site.masters()[0];
        let killed = site.workers(master)[0];
        lab.signal(killed, "KILL");
        lab.wait("another worker is there", || {
            let workers = site.workers(master);
            workers.len() == 2 && !workers.contains(&killed)
        });
    }),
    fine(
        "trial-neighbours",
        "other programs with servers' names: an editor, a shell that waits, a Ruby script",
        |lab| {
            serving(lab, |_| {});
            lab.background("deploy", "tail -f /var/www/shop/current/config/unicorn.rb");
            lab.background(
                "deploy",
                "ruby -e 'sleep' unicorn master -c /var/www/shop/current/config/unicorn.rb",
            );
            lab.background("deploy", "bash -c 'exec -a \"unicorn master\" sleep 1000'");
            lab.background("deploy", "bash -c 'exec -a unicorn sleep 1000'");
            lab.background("deploy", "perl -e '$0 = \"unicorn master -c x\"; sleep'");
            lab.wait("a script has written a master's title", || {
                lab.pids().iter().any(|pid| lab.title(*pid) == "unicorn master -c x")
            });
        },
    ),
];

const fn fine(name: &'static str, tells: &'static str, set: fn(&Lab)) -> Stage {
    Stage { name, tells, targets: &[], expect: FINE, set }
}

fn serving(lab: &Lab, change: impl FnOnce(&mut Config)) -> Site<'_> {
    let site = Site::deployed(lab, "shop", change);
    site.switched_long_ago(FIRST);
    site.start();
    site
}

/// How many sockets a process has open: a worker has its listener's, and one for the request that it serves.
fn sockets(lab: &Lab, pid: u32) -> usize {
    let Ok(open) = std::fs::read_dir(lab.path(format!("/proc/{pid}/fd"))) else { return 0 };
    open.flatten()
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .filter(|link| link.to_string_lossy().starts_with("socket:"))
        .count()
}

#[test]
fn trial_deployed() {
    hold("trial-deployed");
}

#[test]
fn trial_undeployed() {
    hold("trial-undeployed");
}

#[test]
fn trial_linked_pids() {
    hold("trial-linked-pids");
}

#[test]
fn trial_relative_link() {
    hold("trial-relative-link");
}

#[test]
fn trial_shared_gemfile() {
    hold("trial-shared-gemfile");
}

#[test]
fn trial_gemfile_setting() {
    hold("trial-gemfile-setting");
}

#[test]
fn trial_variables() {
    hold("trial-variables");
}

#[test]
fn trial_rescued() {
    hold("trial-rescued");
}

#[test]
fn trial_retiring() {
    hold("trial-retiring");
}

#[test]
fn trial_quitting() {
    hold("trial-quitting");
}

#[test]
fn trial_other_link() {
    hold("trial-other-link");
}

#[test]
fn trial_respawned() {
    hold("trial-respawned");
}

#[test]
fn trial_neighbours() {
    hold("trial-neighbours");
}
