//! Configurations that many people have copied, on a healthy app: what they do well must not be told as a fault.

use farrier::contract::{Severity, Verdict};

use super::hooks::{read, usual};
use crate::built::*;

/// The sample of Unicorn's own documentation (`examples/unicorn.conf.rb`), its comments left off.
const UNICORN: &str = r##"worker_processes 4
working_directory "/var/www/shop/current" # available in 0.94.0+
listen "/path/to/.unicorn.sock", :backlog => 64
listen 8080, :tcp_nopush => true
timeout 30
pid "/var/www/shop/shared/pids/unicorn.pid"
preload_app true
check_client_connection false
run_once = true

before_fork do |server, worker|
  defined?(ActiveRecord::Base) and
    ActiveRecord::Base.connection.disconnect!
  if run_once
    run_once = false # prevent from firing again
  end
  # old_pid = "#{server.config[:pid]}.oldbin"
  # if old_pid != server.pid
  #   begin
  #     sig = (worker.nr + 1) >= server.worker_processes ? :QUIT : :TTOU
  #     Process.kill(sig, File.read(old_pid).to_i)
  #   rescue Errno::ENOENT, Errno::ESRCH
  #   end
  # end
  # sleep 1
end

after_fork do |server, worker|
  # addr = "127.0.0.1:#{9293 + worker.nr}"
  defined?(ActiveRecord::Base) and
    ActiveRecord::Base.establish_connection
end
"##;

/// GitLab's, as its packages write it.
const GITLAB: &str = r##"require_relative "/opt/gitlab/lib/gitlab/cluster/lifecycle_events"

before_exec do |server|
  Gitlab::Cluster::LifecycleEvents.do_before_master_restart
end

run_once = true

before_fork do |server, worker|
  if run_once
    run_once = false
    Gitlab::Cluster::LifecycleEvents.do_before_fork
  end

  old_pid = "#{server.config[:pid]}.oldbin"
  if old_pid != server.pid
    begin
      sig = (worker.nr + 1) >= server.worker_processes ? :QUIT : :TTOU
      Process.kill(sig, File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
    end
  end
end

after_fork do |server, worker|
  Gitlab::Cluster::LifecycleEvents.do_worker_start
end
"##;

/// Discourse's: it signals itself when its supervisor is gone, and asks for another daemon's hooks.
const DISCOURSE: &str = r##"discourse_path = File.expand_path(File.expand_path(File.dirname(__FILE__)) + "/../")
worker_processes (ENV["UNICORN_WORKERS"] || 3).to_i
working_directory discourse_path
if !File.exist?("#{discourse_path}/tmp/pids")
  FileUtils.mkdir_p("#{discourse_path}/tmp/pids")
end
pid (ENV["UNICORN_PID_PATH"] || "#{discourse_path}/tmp/pids/unicorn.pid")
preload_app true
initialized = false
before_fork do |server, worker|
  unless initialized
    Discourse.preload_rails!
    initialized = true
    supervisor = ENV['UNICORN_SUPERVISOR_PID'].to_i
    if supervisor > 0
      Thread.new do
        while true
          unless File.exist?("/proc/#{supervisor}")
            puts "Kill self supervisor is gone"
            Process.kill "TERM", Process.pid
          end
          sleep 2
        end
      end
    end
    Demon::Sidekiq.after_fork { require 'sidekiq' }
  end
  Redis.current.client.disconnect
  sleep ENV['UNICORN_SLEEP'].to_i
end
"##;

/// The talk of 2013 on deploys without downtime: its hook, and `pid` inside of `case`.
const TALK: &str = r##"rails_env = ENV['RAILS_ENV'] || 'development'
worker_processes (rails_env == 'production' ? 6 : 1)
preload_app true
check_client_connection true
timeout 30
case rails_env
when 'production', 'staging'
  pid '/var/www/shop/shared/pids/unicorn.pid'
  listen "/var/www/shop/tmp/sockets/#{rails_env}.sock", :backlog => 2048
else
  listen 3001
  listen "#{`pwd`.strip}/tmp/sockets/#{rails_env}.sock"
end
before_exec do |server|
  ENV["BUNDLE_GEMFILE"] = "/var/www/shop/current/Gemfile"
end
before_fork do |server, worker|
  old_pid = '/var/www/shop/shared/pids/unicorn.pid.oldbin'
  if File.exists?(old_pid) && server.pid != old_pid
    begin
      Process.kill("QUIT", File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
      # someone else did our job for us
    end
  end
end
after_fork do |server, worker|
  # defined?(ActiveRecord::Base) and ActiveRecord::Base.establish_connection
end
"##;

/// As deploy tools generate it, with every path below one variable.
const CAPISTRANO: &str = r##"app_path = "/var/www/shop"
working_directory "#{app_path}/current"
pid "#{app_path}/shared/pids/unicorn.pid"
listen "#{app_path}/shared/sockets/unicorn.sock"
worker_processes 2
timeout 60
preload_app true

before_exec do |server|
  ENV['BUNDLE_GEMFILE'] = "#{app_path}/current/Gemfile"
end

before_fork do |server, worker|
  if defined?(ActiveRecord::Base)
    ActiveRecord::Base.connection.disconnect!
  end

  old_pid = "#{app_path}/shared/pids/unicorn.pid.oldbin"
  if File.exist?(old_pid) && server.pid != old_pid
    begin
      Process.kill("QUIT", File.read(old_pid).to_i)
    rescue Errno::ENOENT, Errno::ESRCH
      puts "Old master already dead"
    end
  end
end
"##;

const RULES: &[&str] = &[
    "config-working-directory",
    "config-gemfile-hook",
    "config-quit-too-early",
    "config-hook-removed-api",
    "config-old-master",
    "config-hook-wrong-path",
];

#[test]
fn none_is_told_as_a_fault() {
    for (name, source, undecided) in [
        ("unicorn", UNICORN.to_owned(), &[][..]),
        ("gitlab", usual(true, GITLAB), &[]),
        ("discourse", DISCOURSE.to_owned(), &[]),
        // Which pidfile it has, only Ruby can tell.
        ("talk", TALK.to_owned(), &["config-hook-wrong-path"]),
        ("capistrano", CAPISTRANO.to_owned(), &[]),
    ] {
        let config = read(&source);
        let census = with(|app| {
            app.masters[0].loaded.value = Ok(config.clone());
            app.masters[0].config.value = Ok(config);
        });
        for rule in RULES {
            let verdict = super::verdict(&census, None, rule);
            let decided = match &verdict {
                Verdict::Found(found, _) => {
                    assert!(
                        found.iter().all(|f| f.severity == Severity::Info),
                        "{name}: {found:#?}"
                    );
                    true
                }
                Verdict::Blind(_) => false,
                Verdict::Fine | Verdict::NotHere => true,
            };
            assert_eq!(decided, !undecided.contains(rule), "{name}: {rule}: {verdict:#?}");
        }
    }
}
