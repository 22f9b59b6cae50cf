//! Programs that Bundler loads in its own process: until it is ready, a master bears its command line as one word.

use super::config::{Config, Hook};
use super::site::{App, FIRST, SECOND, Site};
use super::watched::{beside, ended};
use super::world::Lab;

/// What the programs of a release are: a binstub as RubyGems writes it, and a wrapper that ends in it.
const BINSTUB: &str = "#!/usr/bin/env ruby\nload \"/usr/bin/unicorn\"\n";

/// A site whose releases carry their own binstub, which the wrapper `bin/web` executes; `before` is what that does first,
/// and `exec` whether it is replaced by Bundler.
struct Wrapped<'a> {
    site: Site<'a>,
    before: &'static str,
    exec: &'static str,
    hook: Hook,
}

impl<'a> Wrapped<'a> {
    fn new(lab: &'a Lab) -> Self {
        Self { site: Site::new(lab, "shop"), before: "", exec: "exec ", hook: Hook::BeforeFork }
    }

    fn release(&self, id: &str, app: &App) {
        let Site { lab, root, .. } = &self.site;
        let more = format!("Unicorn::HttpServer::START_CTX[0] = \"{root}/current/bin/web\"");
        let config = Config { more, timeout: 3, hook: self.hook, ..Config::at(root) };
        self.site.release(id, app, &config);
        let directory = format!("{root}/releases/{id}/bin");
        let (before, exec) = (self.before, self.exec);
        let wrapper =
            format!("#!/bin/bash\n{before}\n{exec}bundle exec {root}/current/bin/unicorn \"$@\"\n");
        lab.write(format!("{directory}/unicorn"), BINSTUB);
        lab.write(format!("{directory}/web"), wrapper);
        lab.sh(&format!("chmod +x {directory}/*; chown -R deploy: {directory}"));
    }

    /// The command line of a start by the wrapper.
    fn start(&self, more: &str) -> String {
        let root = &self.site.root;
        format!(
            "env -C {root}/current PWD={root}/current bin/web {more} -c {root}/current/config/unicorn.rb -E production"
        )
    }

    /// Serves the first release, with `current` at the second.
    fn serving(&self, second: &App) -> u32 {
        self.release(FIRST, &App::default());
        self.site.switched_long_ago(FIRST);
        self.site.lab.sh_as("deploy", &self.start("-D"));
        self.site.lab.wait("it is ready", || self.site.masters().len() == 1);
        let master = self.site.masters()[0];
        self.site.wait_ready(master);
        self.release(SECOND, second);
        self.site.switch(SECOND);
        master
    }
}

/// Whether the command line of a process is one word with blanks in it.
fn is_one_word(lab: &Lab, pid: u32) -> bool {
    let line = lab.read(format!("/proc/{pid}/cmdline"));
    let line = line.trim_end_matches('\0');
    line.starts_with(['/', 'b']) && line.contains(' ') && !line.contains('\0')
}

#[test]
fn a_cold_start_is_a_start_and_nothing_else() {
    for foreground in [false, true] {
        let lab = Lab::new();
        let wrapped = Wrapped::new(&lab);
        wrapped.release(FIRST, &App { boot: 6.0, ..App::default() });
        wrapped.site.switched_long_ago(FIRST);
        lab.background("deploy", &wrapped.start(if foreground { "" } else { "-D" }));
        let pidfile = || wrapped.site.pidfile("shared/pids/unicorn.pid");
        lab.wait("the pidfile names it", || pidfile() > 0 && is_one_word(&lab, pidfile()));
        for targets in [&[][..], &["/var/www/shop"]] {
            lab.judge("it boots", targets, &super::program::FINE);
        }
        let json = lab.check(&[]).json();
        let masters = json["apps"][0]["masters"].as_array().expect("masters").clone();
        assert_eq!(masters.len(), 1, "its starter is none: {masters:?}");
        assert_eq!(masters[0]["pid"], pidfile());
        assert_eq!(json["apps"][0]["pidfiles"][0]["state"], "live");
        let said = lab.farrier(&["check", "/var/www/shop"]).stdout;
        assert!(!said.contains("rm ") && !said.contains("DOWN"), "{said}");
        let plan = lab.farrier(&["plan", "upgrade", "/var/www/shop"]);
        assert_eq!(plan.status, 3, "what still boots takes no USR2: {plan:?}");
        lab.wait("it is ready", || wrapped.site.masters().len() == 1);
        lab.judge("it serves", &[], &super::program::FINE);
    }
}

/// Upgrades by farrier, and by hand beside `watch`; the wrapper sleeps first, as one that sources a version manager does.
#[test]
fn an_upgrade_is_followed_to_its_end() {
    for (exec, watched) in [("exec ", false), ("exec ", true), ("", false)] {
        let lab = Lab::new();
        let wrapped = Wrapped { before: "sleep 2", exec, ..Wrapped::new(&lab) };
        let old = wrapped.serving(&App { boot: 3.0, ..App::default() });
        let run = if watched {
            let watch = beside(&lab, &["watch", "shop"]);
            lab.signal(old, "USR2");
            ended(&lab, watch)
        } else {
            // Of a wrapper that stays, nobody knows what it does when the master ends.
            lab.farrier(&["upgrade", "shop", "--yes", "--force"])
        };
        assert_eq!(run.status, 0, "{run:?}\n{}", lab.picture());
        assert!(run.stdout.contains(&format!("serves alone with 2 workers, {SECOND}")), "{run:?}");
        assert_eq!(wrapped.site.get().map(|answer| answer.release).as_deref(), Some(SECOND));
    }
}

#[test]
fn a_boot_that_fails_is_told_as_failed() {
    let lab = Lab::new();
    let wrapped = Wrapped::new(&lab);
    let old = wrapped.serving(&App { boot: 2.0, fails: true, ..App::default() });
    let run = lab.farrier(&["upgrade", "shop", "--yes", "--force"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stderr.contains("does not boot"), "{run:?}");
    assert_eq!(wrapped.site.masters(), [old]);
    assert_eq!(wrapped.site.get().map(|answer| answer.release).as_deref(), Some(FIRST));
}

#[test]
fn while_the_new_one_boots_the_old_one_is_left_alone() {
    let lab = Lab::new();
    let wrapped = Wrapped { hook: Hook::None, ..Wrapped::new(&lab) };
    let old = wrapped.serving(&App { boot: 6.0, ..App::default() });
    lab.signal(old, "USR2");
    lab.wait("the new one boots under one word", || {
        lab.children(old).iter().any(|child| is_one_word(&lab, *child))
    });
    let json = lab.check(&[]).json();
    let masters = json["apps"][0]["masters"].as_array().expect("masters").clone();
    let roles: Vec<_> = masters.iter().map(|master| master["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["old", "new"], "{masters:?}");
    for refused in ["retire", "rollback", "upgrade"] {
        let run = lab.farrier(&["plan", refused, "shop"]);
        assert_eq!(run.status, 3, "{refused}: {run:?}");
    }
    lab.wait("both are ready", || wrapped.site.masters().len() == 2);
    assert_eq!(lab.farrier(&["rollback", "shop", "--yes"]).status, 0);
    assert_eq!(wrapped.site.masters(), [old]);
}

/// Puma loads its configuration before it sets a title, at a start and after a USR2.
#[test]
fn puma_under_bundler_boots_too() {
    let lab = Lab::new();
    let site = Site::new(&lab, "api");
    let root = &site.root;
    let config = format!(
        "sleep 5\ndirectory \"{root}/current\"\nworkers 2\nthreads 1, 1\npidfile \"{root}/shared/pids/puma.pid\"\n\
         bind \"unix://{root}/shared/sockets/puma.sock\"\n"
    );
    site.release(FIRST, &App { gems: &["puma"], ..App::default() }, &Config::at(root));
    let release = format!("{root}/releases/{FIRST}");
    lab.write(format!("{release}/config/puma.rb"), config);
    lab.write(format!("{release}/bin/puma"), "#!/usr/bin/env ruby\nload \"/usr/bin/puma\"\n");
    lab.sh(&format!("chmod +x {release}/bin/puma; chown -R deploy: {release}"));
    site.switched_long_ago(FIRST);
    let master = lab.background(
        "deploy",
        &format!("env -C {root}/current PWD={root}/current bundle exec bin/puma -C config/puma.rb"),
    );
    lab.wait("its title is one word", || is_one_word(&lab, master));
    lab.judge("it starts", &[], &super::program::FINE);
    assert_eq!(lab.check(&[]).json()["apps"][0]["masters"][0]["pid"], master);
    lab.wait("it is ready", || {
        lab.title(master).starts_with("puma ") && lab.children(master).len() == 2
    });
    lab.judge("it serves", &[], &super::program::FINE);
    lab.signal(master, "USR2");
    lab.wait("it starts anew", || !lab.title(master).starts_with("puma "));
    lab.judge("it starts anew", &["/var/www/api"], &super::program::FINE);
}
