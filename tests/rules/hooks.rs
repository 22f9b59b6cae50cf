//! What hooks do at an upgrade: configurations as people write them, read by the program itself.

use std::path::Path;

use farrier::contract::Severity::{self, Critical, Info, Warning};
use farrier::contract::{Loading, Verdict};
use farrier::model::config::OldPath;
use farrier::model::*;
use farrier::os::Text;
use farrier::rules::judge;
use farrier::servers::server;

use super::broken::{Case, case};
use super::sound::LookAlike;
use crate::built::*;

/// A configuration with this text, as the master of [`crate::built::app`] has it.
pub fn read(source: &str) -> Config {
    let cwd = format!("{ROOT}/current");
    let path = Path::new(CONFIG);
    let loading = Loading {
        text: &Text::from(source),
        path,
        given: path,
        cwd: Some(Path::new(&cwd)),
        variables: None,
    };
    let mut read = (server(farrier::servers::unicorn::KIND).unwrap().read_config)(&loading);
    read.file = config().file;
    read
}

/// The app runs by this configuration, and so will the next generation.
fn written(source: &str) -> impl FnOnce(&mut App) + use<> {
    let config = read(source);
    move |app| {
        app.masters[0].loaded.value = Ok(config.clone());
        app.masters[0].config.value = Ok(config);
    }
}

/// `pid` and the working directory of the app, `preload_app`, and more lines.
pub fn usual(preload: bool, more: &str) -> String {
    format!(
        "working_directory \"{ROOT}/current\"\npid \"{PIDFILE}\"\nworker_processes 4\n\
         preload_app {preload}\n{more}"
    )
}

/// GitHub's hook of 2009, with the call that Ruby 3.2 still has.
const GITHUB: &str = "before_fork do |server, worker|
  old_pid = \"#{server.config[:pid]}.oldbin\"
  if File.exist?(old_pid) && server.pid != old_pid
    begin
      Process.kill(\"QUIT\", File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
      # someone else did our job for us
    end
  end
end
";

/// The ladder of Unicorn's own example, and its pause.
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
end
";

const READY: &str = "after_worker_ready do |server, worker|
  old = \"/var/www/shop/shared/pids/unicorn.pid.oldbin\"
  if worker.nr == server.worker_processes - 1 && File.exist?(old)
    Process.kill(:QUIT, File.read(old).to_i)
  end
end
";

/// Heroku's: the hooks speak to their own process.
const HEROKU: &str = "worker_processes Integer(ENV[\"WEB_CONCURRENCY\"] || 3)
timeout 15
preload_app true

before_fork do |server, worker|
  Signal.trap 'TERM' do
    puts 'Unicorn master intercepting TERM and sending myself QUIT instead'
    Process.kill 'QUIT', Process.pid
  end

  defined?(ActiveRecord::Base) and
    ActiveRecord::Base.connection.disconnect!
end

after_fork do |server, worker|
  Signal.trap 'TERM' do
    puts 'Unicorn worker intercepting TERM and doing nothing. Wait for master to send QUIT'
  end

  defined?(ActiveRecord::Base) and
    ActiveRecord::Base.establish_connection
end
";

/// Those that are wrong.
pub fn cases() -> Vec<Case> {
    let mut all = too_early();
    all.extend(removed());
    all.extend(pinning());
    all.extend(wrong_paths());
    all.push(case("config-old-master", Info, "nothing retires it", |app| {
        written(&usual(true, "before_exec { |s| ENV['BUNDLE_GEMFILE'] = '/x/current/Gemfile' }\n"))(
            app,
        );
    }));
    all.push(case("config-old-master", Info, "upgraded by hand", |app| {
        reexecuted(app, 600, Phase::Ready);
        app.masters[1].config.value = Ok(read(HEROKU));
    }));
    all
}

/// The next re-execution runs this interpreter.
fn by_ruby(app: &mut App, path: &str) {
    let interpreter = spot(path, farrier::os::FileKind::Regular, path);
    app.masters[0].restart.interpreter.value = Ok(Some(interpreter));
}

/// The running Ruby is of this version, and the next one is the same file.
fn on_ruby(app: &mut App, version: &str) {
    by_ruby(app, "/usr/local/bin/ruby");
    app.masters[0].process.exe.value.as_mut().unwrap().path = "/usr/local/bin/ruby".into();
    app.masters[0].ruby_version = Some(version.into());
}

const RUBY_3_3: &str = "/opt/rubies/ruby-3.3.0/bin/ruby";

fn removed() -> Vec<Case> {
    let rule = "config-hook-removed-api";
    let old = GITHUB.replace("exist?", "exists?");
    let next = |severity, name, source: &str| {
        let change = written(source);
        case(rule, severity, name, |app| {
            change(app);
            by_ruby(app, RUBY_3_3);
        })
    };
    let before_exec = "before_exec { |s| x if File.exists?('/a') }\n";
    vec![
        next(Critical, "in before_fork", &usual(true, &old)),
        next(Critical, "in after_fork", "after_fork { |s, w| File.exists?('/a') }\n"),
        next(Critical, "in the last worker", &READY.replace("exist?", "exists?")),
        next(Critical, "as the file is loaded", "preload_app true if Dir.exists?('/a')\n"),
        next(Warning, "where loading may reach it", "def old\n  File.exists?('/a')\nend\n"),
        next(Warning, "in before_exec, for the USR2 after the next", before_exec),
        case(rule, Critical, "in before_exec of a newer Ruby", |app| {
            written(before_exec)(app);
            on_ruby(app, "3.3.0");
        }),
        case(rule, Critical, "the same Ruby, and the file is new", |app| {
            app.masters[0].config.value = Ok(read(&usual(true, &old)));
            on_ruby(app, "3.2.2");
        }),
        case(rule, Info, "the running one has survived it", |app| {
            written(&usual(true, &old))(app);
            on_ruby(app, "3.2.2");
        }),
        case(rule, Critical, "Debian's name of it", |app| {
            written(&usual(true, &old))(app);
            by_ruby(app, "/usr/bin/ruby3.3");
        }),
    ]
}

const SEED: &str = "before_fork do |server, worker|
  old_pid = app_root + '/log/unicorn.pid.oldbin'
  if File.exist?(old_pid) && server.pid != old_pid
    Process.kill(\"QUIT\", File.read(old_pid).to_i)
  end
end
";

/// Hooks that look elsewhere than Unicorn writes.
fn wrong_paths() -> Vec<Case> {
    let rule = "config-hook-wrong-path";
    let root = format!("app_root = '{ROOT}/current'\n");
    let apart = |app: &mut App| {
        let there = format!("{ROOT}/releases/{LIVE}/log/unicorn.pid.oldbin");
        really(&mut app.masters[0].config, &there);
    };
    let (first, second) = (usual(true, &format!("{root}{SEED}")), format!("{root}{SEED}"));
    let nowhere = first.clone();
    vec![
        case(rule, Warning, "in the log directory", move |app| {
            written(&first)(app);
            apart(app);
        }),
        case(rule, Warning, "no pidfile is configured", move |app| {
            written(&second)(app);
            app.masters[0].pidfile = known(CONFIG, None);
        }),
        case(rule, Warning, "by asking for a pidfile that is not configured", |app| {
            written(GITHUB)(app);
            app.masters[0].pidfile = known(CONFIG, None);
        }),
        case(rule, Warning, "its directory is not there", move |app| {
            written(&nowhere)(app);
            let config = &mut app.masters[0].config;
            really(config, "/x");
            for one in &mut config.value.as_mut().unwrap().hooks[0].old_paths {
                if let Setting::Set { value: OldPath::Path { real, .. }, .. } = one {
                    real.value = Ok(None);
                }
            }
        }),
    ]
}

/// Where the old pidfile of the first hook really is.
fn really(config: &mut farrier::facts::Fact<Config>, there: &str) {
    let config = config.value.as_mut().unwrap();
    config.pid_real = known(PIDFILE, Some(PIDFILE.into()));
    for one in &mut config.hooks[0].old_paths {
        if let Setting::Set { value: OldPath::Path { real, .. }, .. } = one {
            *real = known(there, Some(there.into()));
        }
    }
}

/// What makes a start pin a release.
fn pinning() -> Vec<Case> {
    let directory = |app: &mut App, release: &str| {
        let path = format!("{ROOT}/releases/{release}");
        let directory = spot(&path, farrier::os::FileKind::Directory, &path);
        app.masters[0].restart.directory.value = Ok(directory);
    };
    let pinned = |app: &mut App| {
        let file = gemfile(&format!("{ROOT}/releases/{OLD}/Gemfile"), Some(OLD));
        app.masters[0].restart.gemfile.value = Ok(Some(file));
    };
    let without = |source: &str| written(&source.replace("working_directory", "# "));
    let rule = "config-working-directory";
    let used = usual(true, GITHUB);
    let (bare, lone) = (used.clone(), used.clone());
    let named = used.replace("/current\"", &format!("/releases/{OLD}\""));
    vec![
        case(rule, Warning, "not set, and started from a release", move |app| {
            without(&bare)(app);
            directory(app, OLD);
        }),
        case(rule, Warning, "it names a release", move |app| {
            written(&named)(app);
            directory(app, LIVE);
        }),
        case(rule, Info, "nobody uses USR2 here", move |app| {
            without("working_directory '/x'")(app);
            directory(app, OLD);
        }),
        case("config-gemfile-hook", Warning, "Bundler's own path", move |app| {
            written(&lone)(app);
            pinned(app);
        }),
        case("config-gemfile-hook", Warning, "set by ||=", move |app| {
            let more = "before_exec { |s| ENV['BUNDLE_GEMFILE'] ||= '/x/current/Gemfile' }\n";
            written(&format!("{used}{more}"))(app);
            pinned(app);
        }),
        case("config-gemfile-hook", Info, "nobody uses USR2 here", move |app| {
            written("worker_processes 2\n")(app);
            pinned(app);
        }),
    ]
}

fn too_early() -> Vec<Case> {
    let early = |severity: Severity, name: &'static str, source: &str| {
        case("config-quit-too-early", severity, name, written(source))
    };
    let lone = usual(false, LADDER).replace("worker_processes 4", "worker_processes 1");
    vec![
        early(Critical, "QUIT at the first fork", &usual(false, GITHUB)),
        early(Critical, "preload_app is not set", &format!("pid \"{PIDFILE}\"\n{GITHUB}")),
        early(
            Critical,
            "the path is a variable of the file's top level",
            &usual(
                false,
                "old = \"/x/unicorn.pid.oldbin\"\nbefore_fork do |s, w|\n  if File.exist?(old)\n    \
                 pid = IO.read(old).to_i\n    Process.kill :TERM, pid\n  end\nend\n",
            ),
        ),
        early(
            Critical,
            "each worker, before it loads the app",
            &usual(false, &GITHUB.replace("before_fork", "after_fork")),
        ),
        early(
            Critical,
            "before the new master is executed",
            &usual(true, &GITHUB.replace("before_fork", "before_exec")),
        ),
        early(Critical, "a ladder without a pause", &usual(false, &LADDER.replace("sleep 1", ""))),
        early(Critical, "a ladder of one step", &lone),
        early(Warning, "a ladder", &usual(false, LADDER)),
        early(
            Warning,
            "TTOU alone",
            &usual(
                false,
                "before_fork { |s, w| Process.kill(:TTOU, File.read(\"#{s.pid}.oldbin\").to_i) }",
            ),
        ),
    ]
}

/// Those that are right.
pub fn look_alikes() -> Vec<LookAlike> {
    let early = "config-quit-too-early";
    let right = |rule, why, source: &str| (rule, why, with(written(source)));
    let mut all = vec![
        right(early, "GitHub's, preloading", &usual(true, GITHUB)),
        right(early, "the example's ladder, preloading", &usual(true, LADDER)),
        right(early, "the last worker is ready", &usual(false, READY)),
        right(early, "Heroku's speaks to itself", HEROKU),
        right(early, "Heroku's without preloading", &HEROKU.replace("app true", "app false")),
        right(
            early,
            "another program is ended",
            &usual(
                false,
                "before_fork { |s, w| Process.kill(:QUIT, File.read(\"/run/queue.pid\").to_i) }",
            ),
        ),
        right(early, "only a comment", &usual(false, &GITHUB.replace('\n', "\n# "))),
        right(
            early,
            "a later one replaces it",
            &usual(false, &format!("{GITHUB}before_fork {{ |s, w| }}\n")),
        ),
    ];
    all.extend(more_look_alikes());
    all
}

/// Those that a start does not pin, and calls that every Ruby has.
fn more_look_alikes() -> Vec<LookAlike> {
    let old = GITHUB.replace("exist?", "exists?");
    let pinned = |source: &'static str, change: fn(&mut App)| {
        with(move |app| {
            written(source)(app);
            change(app);
        })
    };
    vec![
        ("config-hook-removed-api", "Ruby 3.1 only warns", with(written(&usual(true, &old)))),
        (
            "config-hook-removed-api",
            "another Ruby, old as well",
            pinned("before_fork { |s, w| File.exists?('/a') }", |app| {
                by_ruby(app, "/home/d/.rbenv/versions/2.7.4/bin/ruby");
            }),
        ),
        ("config-hook-removed-api", "File.exist?", pinned(GITHUB, |app| by_ruby(app, RUBY_3_3))),
        (
            "config-hook-removed-api",
            "the file asks",
            pinned("before_fork { |s, w| File.exists?(x) if RUBY_VERSION < '3' }", |app| {
                by_ruby(app, RUBY_3_3);
            }),
        ),
        (
            "config-hook-wrong-path",
            "another name of the same directory",
            with(|app| {
                let root = format!("app_root = '{ROOT}/current'\n");
                written(&usual(true, &format!("{root}{SEED}")))(app);
                really(&mut app.masters[0].config, &format!("{PIDFILE}.oldbin"));
            }),
        ),
        ("config-hook-wrong-path", "as it is written", with(written(&usual(true, READY)))),
        ("config-hook-wrong-path", "by asking the server", with(written(&usual(true, LADDER)))),
        (
            "config-hook-wrong-path",
            "-P names the pidfile",
            with(|app| {
                written(
                    "before_fork { |s, w| Process.kill(:QUIT, File.read(\"#{s.pid}.oldbin\").to_i) }",
                )(app);
                app.masters[0].pidfile = known("/proc/14740/cmdline", Some(PIDFILE.into()));
            }),
        ),
        ("config-old-master", "Heroku's, where nobody uses USR2", with(written(HEROKU))),
        ("config-working-directory", "started through current", with(written(GITHUB))),
        (
            "config-gemfile-hook",
            "the master does not know the hook yet: gemfile-pinned says so",
            with(|app| {
                let file = gemfile(&format!("{ROOT}/releases/{OLD}/Gemfile"), Some(OLD));
                app.masters[0].restart.gemfile.value = Ok(Some(file));
                app.masters[0].loaded.value = Ok(read(GITHUB));
            }),
        ),
        (
            "config-gemfile-hook",
            "outside the releases",
            pinned(GITHUB, |app| {
                let file = gemfile("/etc/shop/Gemfile", None);
                let file = Gemfile { set_by_config: false, ..file };
                app.masters[0].restart.gemfile.value = Ok(Some(file));
            }),
        ),
    ]
}

/// The kinds of what was lacking.
fn lacking(rule: &str, source: &str) -> Vec<String> {
    let census = with(written(source));
    let verdict = judge(&census, None).0.into_iter().find(|a| a.rule == rule).unwrap().verdict;
    match verdict {
        Verdict::Blind(blind) => blind.iter().map(|one| one.why.to_string()).collect(),
        other => panic!("{source}: {other:?}"),
    }
}

#[test]
fn what_only_ruby_can_evaluate_is_undecided() {
    let rule = "config-quit-too-early";
    for (source, wanted) in [
        (usual(false, GITHUB).replace("app false", "app ENV['X'] == '1'"), "preload_app ENV['X']"),
        (usual(false, GITHUB).replace("\"QUIT\"", "SIGNAL"), "the signal that before_fork sends"),
        (usual(false, &format!("if x\n{GITHUB}end\n")), "before_fork under a condition"),
        (usual(false, "before_fork(&method(:retire))"), "before_fork(&method(:retire))"),
        (usual(false, "instance_eval(File.read('/etc/unicorn.rb'))"), "instance_eval"),
    ] {
        let why = lacking(rule, &source);
        assert!(why.iter().all(|why| why.contains(wanted)), "{source}: {why:?}");
    }
}

#[test]
fn a_ruby_that_cannot_be_told_leaves_it_undecided() {
    let source = GITHUB.replace("exist?", "exists?");
    for path in ["/home/d/.rbenv/shims/ruby", "/usr/local/bin/ruby", "/bin/bash"] {
        let census = with(|app| {
            written(&source)(app);
            by_ruby(app, path);
        });
        let verdict = super::verdict(&census, None, "config-hook-removed-api");
        assert!(matches!(verdict, Verdict::Blind(_)), "{path}: {verdict:?}");
    }
}

#[test]
fn a_hook_that_cannot_be_told_may_retire_the_old_master() {
    let conditional = usual(true, &format!("if x\n{GITHUB}end\n"));
    let census = with(|app| {
        written(&conditional)(app);
        reexecuted(app, 600, Phase::Ready);
        let config = read(&conditional);
        app.masters[1].config.value = Ok(config);
    });
    let verdict = super::verdict(&census, None, "config-old-master");
    assert!(matches!(verdict, Verdict::Blind(_)), "{verdict:?}");
}

#[test]
fn paths_that_only_ruby_knows_are_undecided() {
    let by_env =
        READY.replace("\"/var/www/shop/shared/pids/unicorn.pid.oldbin\"", "\"#{ENV['P']}.oldbin\"");
    for (source, wanted) in [
        (usual(true, &by_env), "old"),
        (usual(true, READY).replace("pid \"", "pid ENV['P'] || \""), "pid ENV['P']"),
    ] {
        let why = lacking("config-hook-wrong-path", &source);
        assert!(why.iter().all(|why| why.contains(wanted)), "{source}: {why:?}");
    }
}

/// A hook that never finds the old master ends nobody: a plan must not count on it.
#[test]
fn a_hook_that_looks_for_another_file_retires_nobody() {
    let hook = |file: &str| {
        let source = usual(
            true,
            &format!(
                "before_fork do |server, worker|\n  old = \"{file}\"\n  \
                 Process.kill(:QUIT, File.read(old).to_i) if File.exist?(old)\nend\n"
            ),
        );
        let mut config = read(&source);
        let paths = config.hooks.iter_mut().flat_map(|hook| &mut hook.old_paths);
        for path in paths {
            if let Setting::Set { value: OldPath::Path { real, .. }, .. } = path {
                *real = known("elsewhere", Some(file.into()));
            }
        }
        config.pid_real = known("pid", Some(PIDFILE.into()));
        config
    };
    let right = hook(&format!("{PIDFILE}.oldbin"));
    assert!(right.retires_old_master && right.retires(None));
    let mut wrong = hook("/var/www/shop/shared/pids/unicorn.oldbin");
    assert!(wrong.retires_old_master && !wrong.retires(None));
    // Where its file really lies was not seen: it may be the right one.
    for path in wrong.hooks.iter_mut().flat_map(|hook| &mut hook.old_paths) {
        if let Setting::Set { value: OldPath::Path { real, .. }, .. } = path {
            *real = farrier::facts::Fact::lacking(
                farrier::facts::Place::new("elsewhere"),
                farrier::facts::Lack::NotAsked,
            );
        }
    }
    assert!(wrong.retires(None));
}
