//! Hooks as people write them.

use super::tests::{of, shown};
use crate::model::config::{HookBody, OldPath};
use crate::model::{Config, Hook, Setting};

/// What a hook does, in one line.
fn told(config: &Config) -> String {
    let paths = |hook: &HookBody| {
        let one = |path: &Setting<OldPath>| match path {
            Setting::Set { value: OldPath::Configured, line } => format!("=configured@{line}"),
            Setting::Set { value: OldPath::Path { path, .. }, line } => {
                format!("={}@{line}", crate::os::shown(path))
            }
            other => shown(other),
        };
        let all: Vec<_> = hook.old_paths.iter().map(one).collect();
        all.join(",")
    };
    let one = |hook: &HookBody| {
        let kills: Vec<_> =
            hook.kills.iter().map(|k| format!("{}@{}", k.signals.join("/"), k.line)).collect();
        let apart = if hook.tells_workers_apart { " nr" } else { "" };
        format!("{}@{}: {} [{}]{apart}", hook.hook.name(), hook.line, kills.join(","), paths(hook))
    };
    config.hooks.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_hooks_do() {
    let at_once = "app_root = '/srv'\nbefore_fork do |server, worker|\n  \
        old_pid = app_root + '/log/unicorn.pid.oldbin'\n  \
        if File.exists?(old_pid) && server.pid != old_pid\n    begin\n      \
        Process.kill(\"QUIT\", File.read(old_pid).to_i)\n    rescue Errno::ENOENT\n    end\n  end\nend";
    let config = of(at_once);
    let path = "=/srv/log/unicorn.pid.oldbin";
    assert_eq!(told(&config), format!("before_fork@2: QUIT@6 [{path}@4,{path}@6]"));
    let [call] = config.removed_calls.as_slice() else { panic!("one call") };
    assert_eq!((call.class, call.line, call.hook), ("File", 4, Some(Hook::BeforeFork)));
    let ladder = "before_fork do |server, worker|\n  old_pid = \"#{server.config[:pid]}.oldbin\"\n  \
        if old_pid != server.pid\n    begin\n      \
        sig = (worker.nr + 1) >= server.worker_processes ? :QUIT : :TTOU\n      \
        Process.kill(sig, File.read(old_pid).to_i)\n    rescue Errno::ENOENT, Errno::ESRCH\n    \
        end\n  end\n  sleep 1\nend";
    assert_eq!(told(&of(ladder)), "before_fork@1: QUIT/TTOU@6 [=configured@6] nr");
    for (source, wanted) in [
        (
            "before_fork { |s, w| Process.kill(:QUIT, File.read(\"#{s.pid}.oldbin\").to_i) }",
            "before_fork@1: QUIT@1 [=configured@1]",
        ),
        (
            "before_fork do |s, w|\n old = ENV['P'] + '.oldbin'\n Process.kill 3, File.read(old).to_i\nend",
            "before_fork@1: QUIT@3 [?old@3]",
        ),
        ("after_fork do |s, w|\n Process.kill('TERM', Process.pid)\nend", "after_fork@1:  []"),
        ("before_fork { |s, w| x }\nbefore_fork { |s, w| y }", "before_fork@2:  []"),
        (
            "old = '/a.oldbin'\nbefore_fork do |s, w|\n File.exist?(old)\nend",
            "before_fork@2:  [=/a.oldbin@3]",
        ),
        (
            "old = '/a.oldbin'\nbefore_fork do |s, w|\n old = x\n File.exist?(old)\nend",
            "before_fork@2:  [?old@4]",
        ),
        (
            "before_fork do |s, w|\n old = '/a.oldbin'\n File.exist?(old)\nend\n\
          after_fork do |s, w|\n old = '/b.oldbin'\n File.exist?(old)\nend",
            "before_fork@1:  [=/a.oldbin@3]; after_fork@5:  [=/b.oldbin@7]",
        ),
        ("# before_fork { |s, w| Process.kill(:QUIT, 1) }", ""),
    ] {
        assert_eq!(told(&of(source)), wanted, "{source}");
    }
}

#[test]
fn calls_that_newer_rubies_lack() {
    for (source, wanted) in [
        ("File.exists?('/a')", 1),
        ("x if Dir.exists?(y) || File.exists? y", 2),
        ("File.exist?('/a')", 0),
        ("hash.exists?('/a')", 0),
        ("# File.exists?('/a')", 0),
        ("x = \"File.exists?('/a')\"", 0),
        ("File.respond_to?(:exists?) ? File.exists?('/a') : File.exist?('/a')", 0),
        ("class << File; alias exists? exist?; end\nFile.exists?('/a')", 0),
        ("before_fork do |s, w|\n begin\n  File.exists?(x)\n rescue => e\n end\nend", 0),
        ("before_fork do |s, w|\n File.exists?(x)\nrescue\nend", 0),
        ("before_fork do |s, w|\n File.exists?(x) rescue nil\nend", 0),
        ("before_fork do |s, w|\n begin\n  File.exists?(x)\n rescue Errno::ENOENT\n end\nend", 1),
        ("before_fork do |s, w|\n File.exists?(x)\nend\nafter_fork do\n y\nrescue\n z\nend", 1),
    ] {
        assert_eq!(of(source).removed_calls.len(), wanted, "{source}");
    }
}

#[test]
fn what_loading_the_file_calls_for_certain() {
    for (source, wanted) in [
        ("File.exists?('/a')", true),
        ("if File.exists?('/a')\n x\nend", true),
        ("x if File.exists?('/a')", true),
        ("File.exists?('/a') if x", false),
        ("y && File.exists?('/a')", false),
        ("if x\n File.exists?('/a')\nend", false),
        ("def f\n File.exists?('/a')\nend", false),
        ("after_worker_exit { |s, w, t| File.exists?('/a') }", false),
        ("before_fork do |s, w|\n File.exists?('/a') if x\nend", true),
    ] {
        let calls = of(source).removed_calls;
        assert_eq!(calls.iter().map(|call| call.sure).collect::<Vec<_>>(), [wanted], "{source}");
    }
}

#[test]
fn hooks_that_cannot_be_told() {
    let quit = "Process.kill(:QUIT, File.read('/a.oldbin').to_i)";
    for (source, hooks, wanted) in [
        ("before_fork { |s, w| Q }", 1, ""),
        ("before_fork(lambda do |s, w|\n Q\nend)", 1, ""),
        ("before_fork nil", 0, ""),
        ("before_fork = 1\nx.before_fork 2", 0, ""),
        ("if x\n before_fork do |s, w|\n  Q\n end\nend", 0, "before_fork@2"),
        ("case x\nwhen 'production'\n before_fork { |s, w| Q }\nend", 0, "before_fork@3"),
        ("before_fork do |s, w|\n Q\nend if x", 0, "before_fork@3"),
        ("before_fork(&method(:retire))", 0, "before_fork@1"),
        ("before_fork &RETIRE", 0, "before_fork@1"),
        ("before_fork RETIRE", 0, "before_fork@1"),
        ("if x\n before_fork { |s, w| Q }\nend\nbefore_fork { |s, w| Q }", 1, ""),
        ("before_fork { |s, w| Q }\nbefore_fork { |s, w| Q } if x", 0, "before_fork@2"),
        ("instance_eval File.read('shared.rb')", 0, "any@1"),
    ] {
        let config = of(&source.replace('Q', quit));
        let told: Vec<_> = config
            .obscure_hooks
            .iter()
            .map(|one| format!("{}@{}", one.hook.map_or("any", Hook::name), one.line))
            .collect();
        assert_eq!((config.hooks.len(), told.join(" ").as_str()), (hooks, wanted), "{source}");
    }
}

#[test]
fn who_ends_the_old_master() {
    let hook = "before_fork do |server, worker|\n  old_pid = \"#{server.config[:pid]}.oldbin\"\n  \
        if File.exist?(old_pid) && server.pid != old_pid\n    begin\n      \
        sig = (worker.nr + 1) >= server.worker_processes ? :QUIT : :TTOU\n      \
        Process.kill(sig, File.read(old_pid).to_i)\n    rescue Errno::ENOENT, Errno::ESRCH\n    \
        end\n  end\nend\npid '/x'\n";
    let config = of(hook);
    assert!(config.retires_old_master);
    assert_eq!(shown(&config.pid), "=/x@11");
    for source in [
        "old = '/x.pid.oldbin'\nbefore_fork do |s, w|\n  Process.kill(\"QUIT\", File.read(old).to_i)\nend",
        "before_fork { |s, w| Process.kill(:QUIT, File.read('x.oldbin').to_i) }",
    ] {
        assert!(of(source).retires_old_master, "{source}");
    }
    let commented = format!("# {}", hook.replace('\n', "\n# "));
    for source in [
        commented.as_str(),
        "before_fork do |s, w|\n  Signal.trap('TERM') { Process.kill('QUIT', Process.pid) }\nend",
        "before_fork do |s, w|\n  x = 'oldbin'\nend",
        "Process.kill('QUIT', File.read('x.oldbin').to_i)",
    ] {
        assert!(!of(source).retires_old_master, "{source}");
    }
}
