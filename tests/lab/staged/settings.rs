//! What the configuration sets, and what a master hands on to the next generation.

use crate::lab::config::{Config, Hook};
use crate::lab::program::{Expect, FINE, warned};
use crate::lab::site::{App, FIRST, SECOND, Site, Start};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "env-overgrown",
        tells: "a wrapper puts its own directory in front of PATH, and there were two upgrades",
        targets: &[],
        expect: warned(&[("env-overgrown", "warning")]),
        set: |lab| {
            let (site, start) = wrapped(lab, "PATH=/var/www/shop/shared/bin:$PATH");
            let mut master = site.start_with(&start);
            for _ in 0..2 {
                let old = master;
                master = site.upgrade(old);
                site.wait_gone(old);
                site.wait_ready(master);
            }
            let path = lab.started_with(master, "PATH").unwrap_or_default();
            assert_eq!(path.matches("/var/www/shop/shared/bin").count(), 3, "{path}");
            site.settle();
        },
    },
    Stage {
        name: "env-steady",
        tells: "a wrapper sets PATH as a whole: no upgrade adds to it",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let (site, start) = wrapped(lab, "PATH=/var/www/shop/shared/bin:/usr/bin:/bin");
            let old = site.start_with(&start);
            let new = site.upgrade(old);
            site.wait_gone(old);
            site.wait_ready(new);
            site.settle();
        },
    },
    Stage {
        name: "reexec-versioned",
        tells: "started by a binstub of the first release, by its own path; the second one serves",
        targets: &[],
        expect: warned(&[("reexec-versioned", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| config.timeout = 3);
            let stub = site.path(&format!("releases/{FIRST}/bin/unicorn"));
            script(lab, &stub, "#!/usr/bin/ruby\nload \"/usr/bin/unicorn\"\n");
            let old = site.start_with(&program(&site, &stub));
            second(&site, |_| {});
            let new = site.upgrade(old);
            site.wait_gone(old);
            site.wait_ready(new);
            site.settle();
        },
    },
    Stage {
        name: "reexec-version-manager",
        tells: "started by the program of one Ruby's directory, and the app asks for that Ruby",
        targets: &[],
        expect: Expect { found: &[("reexec-versioned", "info")], ..FINE },
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            let lock = site.path(&format!("releases/{FIRST}/Gemfile.lock"));
            let version = lab.sh("ruby -e 'print RUBY_VERSION'");
            lab.write(&lock, format!("{}\nRUBY VERSION\n   ruby {version}\n", lab.read(&lock)));
            site.switched_long_ago(FIRST);
            let bin = format!("/srv/rbenv/versions/{version}/bin/unicorn");
            script(lab, &bin, "#!/usr/bin/ruby\nload \"/usr/bin/unicorn\"\n");
            site.start_with(&program(&site, &bin));
        },
    },
    Stage {
        name: "config-pid-none",
        tells: "no pidfile is configured, and the configuration is prepared for USR2",
        targets: &[],
        expect: warned(&[("config-pid-none", "warning")]),
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| {
                config.pid = None;
                config.hook = Hook::None;
            });
            site.switched_long_ago(FIRST);
            site.start();
        },
    },
    Stage {
        name: "pid-none-unused",
        tells: "no pidfile is configured, and nothing shows that USR2 is ever sent",
        targets: &[],
        expect: Expect { found: &[("config-pid-none", "info")], ..FINE },
        set: |lab| {
            let site = Site::deployed(lab, "shop", |config| {
                (config.pid, config.gemfile) = (None, None);
                config.hook = Hook::None;
            });
            site.switched_long_ago(FIRST);
            site.start_in_foreground(&site.plain());
        },
    },
    Stage {
        name: "config-pid-relative",
        tells: "pid is relative, and tmp/pids is a directory of the release",
        targets: &[],
        expect: warned(&[("config-pid-relative", "warning"), ("pidfile-in-release", "warning")]),
        set: |lab| {
            relative(lab, "mkdir");
        },
    },
    Stage {
        name: "pid-relative-shared",
        tells: "pid is relative, and tmp/pids is a link to shared",
        targets: &[],
        expect: Expect { found: &[("config-pid-relative", "info")], ..FINE },
        set: |lab| {
            relative(lab, "ln -s /var/www/shop/shared/pids");
        },
    },
    Stage {
        name: "config-reload-preload",
        tells: "a deploy that ends with HUP to a master that preloads: the old code serves on",
        targets: &[],
        expect: Expect { found: &[("config-reload-preload", "info")], ..FINE },
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            let master = site.start();
            second(&site, |_| {});
            reload(&site, master);
        },
    },
    Stage {
        name: "config-after-fork",
        tells: "it preloads PostgreSQL's adapter with an old Active Record, and no hook connects anew",
        targets: &[],
        expect: warned(&[("config-after-fork", "warning")]),
        set: |lab| {
            adapted(lab, "activerecord (5.1.7)", "");
        },
    },
    Stage {
        name: "after-fork-other",
        tells: "it preloads an adapter, the lock file has no Active Record, and it is connected itself",
        targets: &[],
        expect: warned(&[("config-after-fork", "warning")]),
        set: |lab| {
            connected(lab, "sequel (5.70.0)");
        },
    },
    Stage {
        name: "after-fork-new",
        tells: "the same with an Active Record that gives workers connections of their own",
        targets: &[],
        expect: FINE,
        set: |lab| {
            connected(lab, "activerecord (7.0.8)");
            says_nothing(lab, "config-after-fork");
        },
    },
    Stage {
        name: "config-unloaded",
        tells: "somebody edited the configuration of the live release, and reloaded nothing",
        targets: &[],
        expect: Expect { found: &[("config-unloaded", "info")], ..FINE },
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            site.start();
            edit(&site, FIRST);
        },
    },
    Stage {
        name: "unloaded-workers-replaced",
        tells: "the same, and each worker has been replaced by itself since",
        targets: &[],
        expect: Expect { found: &[("config-unloaded", "info")], ..FINE },
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let master = site.start();
            edit(&site, FIRST);
            let before = site.workers(master);
            for worker in &before {
                lab.signal(*worker, "QUIT");
            }
            replaced(&site, master, &before);
            lab.sh("sleep 4");
        },
    },
    Stage {
        name: "unloaded-reloaded",
        tells: "the same, and HUP has read it since",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.switched_long_ago(FIRST);
            let master = site.start();
            edit(&site, FIRST);
            reload(&site, master);
            says_nothing(lab, "config-unloaded");
        },
    },
    Stage {
        name: "unloaded-deployed",
        tells: "the next release has another configuration and is not served yet",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::deployed(lab, "shop", |_| {});
            site.start();
            lab.sh("sleep 2");
            second(&site, |config| config.workers = 3);
            says_nothing(lab, "config-unloaded");
        },
    },
];

/// A site whose program is a wrapper that sets this first, and how it is started by it.
fn wrapped<'l>(lab: &'l Lab, sets: &str) -> (Site<'l>, Start) {
    let wrapper = "/var/www/shop/shared/bin/unicorn";
    let site = Site::deployed(lab, "shop", |config| {
        config.timeout = 3;
        config.more = format!("Unicorn::HttpServer::START_CTX[0] = \"{wrapper}\"");
    });
    site.switched_long_ago(FIRST);
    script(
        lab,
        wrapper,
        &format!("#!/bin/sh\n{sets}\nexport PATH\nexec /usr/bin/unicorn \"$@\"\n"),
    );
    let start = program(&site, wrapper);
    (site, start)
}

/// Deploys the second release, and does not restart.
fn second(site: &Site<'_>, change: impl FnOnce(&mut Config)) {
    let mut config = Config { timeout: 3, ..Config::at(&site.root) };
    change(&mut config);
    site.release(SECOND, &App::default(), &config);
    site.switch(SECOND);
}

/// A site whose pidfile is `tmp/pids/unicorn.pid`; `makes` is the command that makes `tmp/pids` in the release.
fn relative(lab: &Lab, makes: &str) {
    let site =
        Site::deployed(lab, "shop", |config| config.pid = Some("tmp/pids/unicorn.pid".into()));
    let release = site.path(&format!("releases/{FIRST}"));
    lab.sh_as(site.user, &format!("mkdir -p {release}/tmp; {makes} {release}/tmp/pids"));
    site.switched_long_ago(FIRST);
    let master = site.start();
    let named = lab.sh(&format!("cat {release}/tmp/pids/unicorn.pid"));
    assert_eq!(named.trim(), master.to_string());
}

/// HUP, and the workers are others.
fn reload(site: &Site<'_>, master: u32) {
    let before = site.workers(master);
    site.lab.signal(master, "HUP");
    replaced(site, master, &before);
}

/// Waits until all workers are others.
fn replaced(site: &Site<'_>, master: u32, before: &[u32]) {
    site.lab.wait("every worker is another one", || {
        let now = site.workers(master);
        now.len() == before.len() && now.iter().all(|pid| !before.contains(pid))
    });
}

/// The live release's configuration is written anew, later than anything that started by it.
fn edit(site: &Site<'_>, release: &str) {
    let file = site.path(&format!("releases/{release}/config/unicorn.rb"));
    site.lab.sh(&format!("sleep 2; echo '# reviewed' >> {file}"));
}

/// The rule finds nothing here, and lacks nothing.
fn says_nothing(lab: &Lab, rule: &str) {
    let said = lab.check(&[]).stdout;
    assert!(!said.contains(rule), "{said}");
}

/// A preloading site with PostgreSQL's adapter in its master (a file of its name, mapped as Ruby does it), this line in
/// its lock file, and this Ruby in the app.
fn adapted<'l>(lab: &'l Lab, locked: &str, code: &str) -> Site<'l> {
    let site = Site::new(lab, "shop");
    let adapter = "/var/www/shop/shared/bundle/ruby/3.1.0/gems/pg-1.1.4/lib/pg_ext.so";
    let code = format!("require \"fiddle\"\n$adapter = Fiddle.dlopen(\"{adapter}\")\n{code}");
    site.release(FIRST, &App { code, ..App::default() }, &Config::at(&site.root));
    let source = lab.sh("ruby -rsocket -e 'print $\".grep(/socket.so/).first'");
    lab.sh(&format!("mkdir -p $(dirname {adapter}); cp {source} {adapter}"));
    let lock = site.path(&format!("releases/{FIRST}/Gemfile.lock"));
    let text = lab.read(&lock).replacen("  specs:\n", &format!("  specs:\n    {locked}\n"), 1);
    assert!(text.contains(locked), "{text}");
    lab.write(&lock, text);
    site.switched_long_ago(FIRST);
    let master = site.start_with(&site.plain());
    assert!(lab.read(format!("/proc/{master}/maps")).contains(adapter));
    site
}

/// The same, and the master has connected to a database before it forked.
fn connected(lab: &Lab, locked: &str) {
    let database = "s = TCPServer.new(\"127.0.0.1\", 5432); a = []; loop { a << s.accept }";
    lab.background("root", &format!("ruby -rsocket -e '{database}'"));
    let code = "50.times do\n  $db = TCPSocket.new(\"127.0.0.1\", 5432)\n  break\nrescue \
                Errno::ECONNREFUSED\n  sleep 0.1\nend";
    adapted(lab, locked, code);
}

fn program(site: &Site<'_>, program: &str) -> Start {
    Start { program: vec![program.to_owned()], ..site.usual() }
}

fn script(lab: &Lab, path: &str, text: &str) {
    lab.write(path, text);
    lab.sh(&format!("chmod 755 {path}"));
}

#[test]
fn env_overgrown() {
    hold("env-overgrown");
}

#[test]
fn env_steady() {
    hold("env-steady");
}

#[test]
fn reexec_versioned() {
    hold("reexec-versioned");
}

#[test]
fn reexec_version_manager() {
    hold("reexec-version-manager");
}

#[test]
fn config_pid_none() {
    hold("config-pid-none");
}

#[test]
fn pid_none_unused() {
    hold("pid-none-unused");
}

#[test]
fn config_pid_relative() {
    hold("config-pid-relative");
}

#[test]
fn pid_relative_shared() {
    hold("pid-relative-shared");
}

#[test]
fn config_reload_preload() {
    hold("config-reload-preload");
}

#[test]
fn config_after_fork() {
    hold("config-after-fork");
}

#[test]
fn after_fork_other() {
    hold("after-fork-other");
}

#[test]
fn after_fork_new() {
    hold("after-fork-new");
}

#[test]
fn config_unloaded() {
    hold("config-unloaded");
}

#[test]
fn unloaded_workers_replaced() {
    hold("unloaded-workers-replaced");
}

#[test]
fn unloaded_reloaded() {
    hold("unloaded-reloaded");
}

#[test]
fn unloaded_deployed() {
    hold("unloaded-deployed");
}
