//! What the hooks of a configuration do to the old master at an upgrade.

use std::time::{Duration, Instant};

use crate::lab::config::{Config, Hook};
use crate::lab::program::{Expect, FINE, broken, warned};
use crate::lab::site::{App, FIRST, SECOND, Site};
use crate::lab::world::Lab;
use crate::lab::{Stage, hold};

pub const STAGES: &[Stage] = &[
    Stage {
        name: "config-quit-too-early",
        tells: "GitHub's hook, and each worker loads the app by itself, after the old master was ended",
        targets: &[],
        expect: broken(&[("config-quit-too-early", "critical")]),
        set: |lab| {
            unhurried(lab, |config| config.preload = false);
        },
    },
    Stage {
        name: "config-quit-by-and-by",
        tells: "the ladder of Unicorn's example, which sleeps between two forks, without preloading",
        targets: &[],
        expect: warned(&[("config-quit-too-early", "warning")]),
        set: |lab| {
            unhurried(lab, |config| {
                (config.preload, config.hook) = (false, Hook::None);
                config.more = LADDER.to_owned();
            });
        },
    },
    Stage {
        name: "hook-ladder",
        tells: "the same ladder with preloading",
        targets: &[],
        expect: FINE,
        set: |lab| {
            unhurried(lab, |config| {
                config.hook = Hook::None;
                config.more = LADDER.to_owned();
            });
        },
    },
    Stage {
        name: "config-hook-wrong-path",
        tells: "the hook looks for an oldbin in another directory than the pidfile's",
        targets: &[],
        expect: warned(&[("config-hook-wrong-path", "warning")]),
        set: |lab| {
            unhurried(lab, |config| config.hook = Hook::WrongPath);
        },
    },
    Stage {
        name: "hook-by-link",
        tells: "the pidfile lies in current/tmp/pids, a link to shared/pids, where the hook looks",
        targets: &[],
        expect: FINE,
        set: |lab| {
            let site = Site::new(lab, "shop");
            let mut config = Config::at(&site.root);
            config.pid = Some(site.path("current/tmp/pids/unicorn.pid"));
            config.hook = Hook::None;
            config.more = retiring("File.exist?", &site.path("shared/pids/unicorn.pid.oldbin"));
            site.release(FIRST, &App::default(), &config);
            lab.sh_as(
                site.user,
                &format!(
                    "cd {0}/releases/{FIRST}; mkdir tmp; ln -s {0}/shared/pids tmp/pids",
                    site.root
                ),
            );
            site.switched_long_ago(FIRST);
            site.start();
        },
    },
    Stage {
        name: "config-hook-removed-api",
        tells: "the hook calls File.exists?, and the program of the next restart runs Ruby 3.3",
        targets: &[],
        expect: broken(&[("config-hook-removed-api", "critical")]),
        set: |lab| {
            newer_ruby(lab, "/opt/rubies/ruby-3.3.0/bin/ruby");
        },
    },
    Stage {
        name: "hook-removed-later",
        tells: "the same hook with Debian's Ruby 3.1, which only warns",
        targets: &[],
        expect: FINE,
        set: |lab| {
            unhurried(lab, |config| {
                config.hook = Hook::None;
                config.more =
                    retiring("File.exists?", "/var/www/shop/shared/pids/unicorn.pid.oldbin");
            });
        },
    },
    Stage {
        name: "config-old-master",
        tells: "nothing retires the old master: for information only",
        targets: &[],
        expect: Expect { found: &[("config-old-master", "info")], ..FINE },
        set: |lab| {
            unhurried(lab, |config| config.hook = Hook::None);
        },
    },
];

/// GitHub's hook with a path of its own.
fn retiring(exists: &str, old: &str) -> String {
    format!(
        "before_fork do |server, worker|
  old_pid = '{old}'
  if {exists}(old_pid) && server.pid != old_pid
    begin
      Process.kill(\"QUIT\", File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
      # someone else did our job for us
    end
  end
end"
    )
}

/// The next restart is by a program with another interpreter, and the hook is of the time before Ruby 3.2.
fn newer_ruby<'a>(lab: &'a Lab, ruby: &str) -> Site<'a> {
    let old = "/var/www/shop/shared/pids/unicorn.pid.oldbin";
    let more = retiring("File.exists?", old);
    by_another_ruby(lab, ruby, &more)
}

/// A site whose next restart runs `current/bin/unicorn` by that interpreter: Debian's Ruby under another name, and
/// without the method, so that it does what the newer one would.
fn by_another_ruby<'a>(lab: &'a Lab, ruby: &str, more: &str) -> Site<'a> {
    lab.sh(&format!("mkdir -p $(dirname {ruby}); cp /usr/bin/ruby3.1 {ruby}"));
    let site = Site::new(lab, "shop");
    let stub = site.path("current/bin/unicorn");
    let config = Config {
        hook: Hook::None,
        more: format!("Unicorn::HttpServer::START_CTX[0] = '{stub}'\n{more}"),
        ..Config::at(&site.root)
    };
    site.release(FIRST, &App::default(), &config);
    let own = site.path(&format!("releases/{FIRST}/bin/unicorn"));
    lab.write(
        &own,
        format!("#!{ruby}\nclass << File; undef_method :exists?; end\nload '/usr/bin/unicorn'\n"),
    );
    lab.sh(&format!("chmod 755 {own}"));
    site.switched_long_ago(FIRST);
    site.start();
    site
}

const LADDER: &str = "before_fork do |server, worker|
  old_pid = \"#{server.config[:pid]}.oldbin\"
  if old_pid != server.pid
    begin
      sig = (worker.nr + 1) >= server.worker_processes ? :QUIT : :TTOU
      Process.kill(sig, File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
    end
  end
  sleep 1
end";

/// The usual app with a changed configuration, long after its deploy.
fn unhurried(lab: &Lab, change: impl FnOnce(&mut Config)) -> Site<'_> {
    let site = Site::deployed(lab, "shop", change);
    site.switched_long_ago(FIRST);
    site.start();
    site
}

#[test]
fn config_quit_too_early() {
    hold("config-quit-too-early");
}

#[test]
fn config_quit_by_and_by() {
    hold("config-quit-by-and-by");
}

#[test]
fn hook_ladder() {
    hold("hook-ladder");
}

#[test]
fn config_hook_wrong_path() {
    hold("config-hook-wrong-path");
}

#[test]
fn hook_by_link() {
    hold("hook-by-link");
}

#[test]
fn config_hook_removed_api() {
    hold("config-hook-removed-api");
}

#[test]
fn hook_removed_later() {
    hold("hook-removed-later");
}

#[test]
fn config_old_master() {
    hold("config-old-master");
}

/// Deploys a second release by the same configuration, and asks what a USR2 would do: the plan has to name the rule
/// and stop.
fn predicted<'a>(
    lab: &'a Lab,
    change: impl Fn(&mut Config),
    second: &App,
    rule: &str,
) -> (Site<'a>, u32) {
    let site = Site::deployed(lab, "shop", &change);
    let old = site.start();
    let mut config = Config::at(&site.root);
    change(&mut config);
    site.release(SECOND, second, &config);
    site.switch(SECOND);
    let plan = lab.farrier(&["plan", "upgrade", "shop"]);
    assert_eq!(plan.status, 3, "{plan:?}");
    assert!(plan.stdout.contains(rule), "{plan:?}");
    let run = lab.farrier(&["upgrade", "shop", "--yes"]);
    assert_eq!(run.status, 3, "{run:?}");
    assert_eq!(site.masters(), [old], "nothing was sent");
    (site, old)
}

#[test]
fn an_early_quit_with_a_broken_release_is_predicted_and_reported() {
    let lab = Lab::new();
    let lazy = |config: &mut Config| config.preload = false;
    let second = App { boot: 1.0, fails: true, ..App::default() };
    let (site, old) = predicted(&lab, lazy, &second, "config-quit-too-early");
    lab.signal(old, "USR2");
    site.wait_gone(old);
    assert_eq!(site.masters().len(), 1);
    let wanted =
        broken(&[("config-quit-too-early", "critical"), ("workers-respawning", "critical")])
            .besides(&["workers-missing", "master-hollow"]);
    lab.judge("right after the signal", &[], &wanted);
}

#[test]
fn an_early_quit_means_an_outage_as_long_as_the_boot() {
    for (hook, more) in
        [(Hook::BeforeFork, String::new()), (Hook::None, LADDER.replace("sleep 1", ""))]
    {
        let lab = Lab::new();
        let lazy = |config: &mut Config| {
            (config.preload, config.hook) = (false, hook);
            config.more.clone_from(&more);
        };
        let second = App { boot: 3.0, ..App::default() };
        let (site, old) = predicted(&lab, lazy, &second, "config-quit-too-early");
        lab.signal(old, "USR2");
        site.wait_gone(old);
        let since = Instant::now();
        assert_eq!(site.get().map(|answer| answer.release), Some(SECOND.to_owned()));
        assert!(since.elapsed() > Duration::from_secs(1), "{hook:?}: nobody answered for a while");
    }
}

#[test]
fn a_removed_call_ends_the_upgrade_in_whichever_hook_it_stands() {
    // What hooks do besides takes its time: a worker that ends at once is hardly ever seen.
    let ready = "after_worker_ready do |server, worker|\n  sleep 1\n  File.exists?('/x')\nend";
    let forked = "after_fork do |server, worker|\n  sleep 1\n  File.exists?('/x')\nend";
    let old = "/var/www/shop/shared/pids/unicorn.pid.oldbin";
    for (more, wanted) in [
        (retiring("File.exists?", old), "reexec-failed"),
        (ready.to_owned(), "workers-respawning"),
        (forked.to_owned(), "workers-respawning"),
    ] {
        let lab = Lab::new();
        let site = by_another_ruby(&lab, "/opt/rubies/ruby-3.3.0/bin/ruby", &more);
        let old = site.masters()[0];
        let plan = lab.farrier(&["plan", "upgrade", "shop"]);
        assert_eq!(plan.status, 3, "{plan:?}");
        assert!(plan.stdout.contains("config-hook-removed-api"), "{plan:?}");
        lab.signal(old, "USR2");
        let log = || lab.read(site.path("shared/log/unicorn.stderr.log"));
        lab.wait("the call raises", || log().contains("undefined method `exists?'"));
        let said = || lab.check(&[]).stdout;
        lab.wait(wanted, || said().contains(wanted));
        assert_eq!(site.get().map(|answer| answer.release), Some(FIRST.to_owned()), "{wanted}");
        assert!(lab.lives(old), "{wanted}");
    }
}
