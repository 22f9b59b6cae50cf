//! Healthy boxes that look unlike the usual one: nothing may be said to be wrong.

use crate::lab::config::{Config, Hook};
use crate::lab::program::{Expect, FINE};
use crate::lab::site::{App, FIRST, Site, Start};
use crate::lab::world::{DEPLOY, Lab};
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "odd-empty",
        tells: "a box without any server",
        targets: &[],
        expect: super::idle::NOTHING,
        set: |_| {},
    },
    fine("odd-no-releases", "an app in a plain directory, without releases or Bundler", |lab| {
        let site = plain(lab);
        let mut start = site.plain();
        start.config = Some("/srv/app/config/unicorn.rb".to_owned());
        start.from = "/srv/app".to_owned();
        site.start_with(&start);
    }),
    fine("odd-relative", "the same, with a relative config", |lab| {
        let site = plain(lab);
        let mut start = site.plain();
        start.config = Some("config/unicorn.rb".to_owned());
        start.from = "/srv/app".to_owned();
        site.start_with(&start);
    }),
    fine("odd-slash", "an app that lives in /, with a relative config", |lab| {
        let site = plain(lab);
        let mut start = site.plain();
        start.program.push("/srv/app/config.ru".to_owned());
        start.config = Some("srv/app/config/unicorn.rb".to_owned());
        start.from = "/".to_owned();
        site.start_with(&start);
    }),
    fine("odd-mina", "releases with plain numbers as names, as Mina makes them", |lab| {
        named(lab, &["1", "2", "10"]);
    }),
    fine("odd-revisions", "releases named by their Git revision", |lab| {
        named(
            lab,
            &[
                "f00dcafe12345678f00dcafe12345678f00dcafe",
                "03ab77e1f0f0a1b2c3d4e5f60718293a4b5c6d7e",
            ],
        );
    }),
    fine(
        "odd-wrapper",
        "a wrapper with another name is what the next restart runs, by START_CTX[0]",
        |lab| {
            let wrapper = "/var/www/shop/shared/bin/shop-web";
            let site = Site::deployed(lab, "shop", |config| {
                config.more = format!("Unicorn::HttpServer::START_CTX[0] = \"{wrapper}\"");
            });
            site.switched_long_ago(FIRST);
            script(lab, wrapper, "#!/bin/sh\nexec bundle exec unicorn \"$@\"\n");
            let master = site.start_with(&program(&site, wrapper));
            assert!(lab.title(master).starts_with("shop-web master "));
        },
    ),
    fine("odd-rails", "the title's first word is unicorn_rails", |lab| {
        let site = Site::deployed(lab, "shop", |_| {});
        site.switched_long_ago(FIRST);
        let master = site.start_with(&program(&site, "unicorn_rails"));
        assert!(lab.title(master).starts_with("unicorn_rails master "));
    }),
    fine("odd-tcp", "it listens on a TCP port", |lab| {
        let site =
            Site::deployed(lab, "shop", |config| config.listen = "127.0.0.1:8080".to_owned());
        site.switched_long_ago(FIRST);
        site.start();
    }),
    fine(
        "odd-no-pwd",
        "started as by a bare supervisor: no PWD in the environment, working_directory right",
        |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let mut start = site.usual();
            start.pwd = false;
            let master = site.start_with(&start);
            assert_eq!(lab.started_with(master, "PWD"), None);
        },
    ),
    fine(
        "odd-foreground",
        "not a daemon: a script starts it, waits for it and passes signals on",
        |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let wrapper = "/var/www/shop/shared/bin/run";
            let text = "#!/bin/bash\nbundle exec unicorn \"$@\" &\nserver=$!\n\
                    trap 'kill -QUIT $server' TERM INT\ntrap 'kill -HUP $server' HUP\n\
                    while kill -0 $server 2> /dev/null; do wait $server; done\n";
            script(lab, wrapper, text);
            let master = site.start_in_foreground(&program(&site, wrapper));
            let parent = lab.stat(master).map_or(0, |stat| stat.parent);
            assert!(lab.title(parent).contains(wrapper));
        },
    ),
    fine("odd-two-apps", "two apps of one user on one box", |lab| {
        for name in ["shop", "blog"] {
            let site = Site::deployed(lab, name, |_| {});
            site.switched_long_ago(FIRST);
            site.start();
        }
    }),
    fine(
        "odd-two-servers",
        "two servers of one deploy root, each with its own config, pidfile and socket",
        |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            site.start();
            let below = format!("releases/{FIRST}/config/api.rb");
            let mut api = Config::at(&site.root);
            api.pid = Some(site.path("shared/pids/api.pid"));
            api.listen = site.path("shared/sockets/api.sock");
            lab.write(site.path(&below), api.text());
            site.launch(&Start {
                config: Some(site.path("current/config/api.rb")),
                ..site.usual()
            });
            lab.wait("both servers answer", || {
                site.masters().len() == 2 && site.ask("shared/sockets/api.sock").is_some()
            });
        },
    ),
    fine(
        "odd-long-titles",
        "its workers write titles that overwrite their start environment",
        |lab| {
            let title = "unicorn shop[03ab77e] worker[%02d]: 65 reqs, 1.2 req/s, 41ms avg, 3.1% util, 0.0% queue";
            let site = Site::deployed(lab, "shop", |config| {
                config.more = format!(
                    "after_fork do |_, worker|\n  $0 = format(\"{}\", worker.nr)\nend",
                    title.replace("% ", "%% ")
                );
            });
            site.switched_long_ago(FIRST);
            let mut start = site.plain();
            start.config = Some(site.path("current/config/unicorn.rb"));
            let master = site.start_with(&start);
            let worker = site.workers(master)[0];
            lab.wait("a worker wrote its title", || lab.title(worker).contains("65 reqs"));
        },
    ),
    fine("odd-zombies", "its workers leave zombies behind", |lab| {
        let site = Site::new(lab, "shop");
        let app = App { code: "Process.spawn(\"true\")".to_owned(), ..App::default() };
        let config = Config { preload: false, hook: Hook::WhenReady, ..Config::at(&site.root) };
        site.release(FIRST, &app, &config);
        site.switched_long_ago(FIRST);
        let master = site.start();
        let worker = site.workers(master)[0];
        lab.wait("a zombie of a worker", || {
            lab.children(worker).iter().any(|pid| !lab.lives(*pid))
        });
    }),
    fine("odd-reloaded", "HUP to a master that preloads, with nothing deployed meanwhile", |lab| {
        let site = Site::deployed(lab, "shop", |_| {});
        site.switched_long_ago(FIRST);
        let master = site.start();
        let before = site.workers(master);
        lab.signal(master, "HUP");
        lab.wait("HUP replaces every worker", || {
            let now = site.workers(master);
            now.len() == 2 && now.iter().all(|pid| !before.contains(pid))
        });
    }),
];

const fn fine(name: &'static str, tells: &'static str, set: fn(&Lab)) -> Stage {
    const NOTHING: Expect = FINE;
    Stage { name, tells, targets: &[], expect: NOTHING, set }
}

/// An app of the deploying user in `/srv/app`, not started.
fn plain(lab: &Lab) -> Site<'_> {
    let site = Site::at(lab, "/srv/app", DEPLOY);
    lab.sh("rmdir /srv/app/releases");
    let mut config = Config::at(&site.root);
    (config.working_directory, config.gemfile) = (None, None);
    site.unpack("/srv/app", "app", &App::default(), &config.text());
    site
}

/// A site with releases of those names, the last one current and serving.
fn named(lab: &Lab, names: &[&str]) {
    let site = Site::new(lab, "shop");
    for name in names {
        site.release(name, &App::default(), &Config::at(&site.root));
        site.switched_long_ago(name);
    }
    site.start();
    assert_eq!(site.get().map(|answer| answer.release).as_deref(), names.last().copied());
}

fn script(lab: &Lab, path: &str, text: &str) {
    lab.write(path, text);
    lab.sh(&format!("chmod 755 {path}"));
}

fn program(site: &Site<'_>, program: &str) -> Start {
    Start { program: vec![program.to_owned()], ..site.usual() }
}

#[test]
fn odd_empty() {
    hold("odd-empty");
}

#[test]
fn odd_no_releases() {
    hold("odd-no-releases");
}

#[test]
fn odd_relative() {
    hold("odd-relative");
}

#[test]
fn odd_slash() {
    hold("odd-slash");
}

#[test]
fn odd_mina() {
    hold("odd-mina");
}

#[test]
fn odd_revisions() {
    hold("odd-revisions");
}

#[test]
fn odd_wrapper() {
    hold("odd-wrapper");
}

#[test]
fn odd_rails() {
    hold("odd-rails");
}

#[test]
fn odd_tcp() {
    hold("odd-tcp");
}

#[test]
fn odd_no_pwd() {
    hold("odd-no-pwd");
}

#[test]
fn odd_foreground() {
    hold("odd-foreground");
}

#[test]
fn odd_two_apps() {
    hold("odd-two-apps");
}

#[test]
fn odd_two_servers() {
    hold("odd-two-servers");
}

#[test]
fn odd_long_titles() {
    hold("odd-long-titles");
}

#[test]
fn odd_zombies() {
    hold("odd-zombies");
}

#[test]
fn odd_reloaded() {
    hold("odd-reloaded");
}
