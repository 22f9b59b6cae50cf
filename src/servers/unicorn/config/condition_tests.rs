//! Conditions and the environment, as far as they can be told.

use std::path::Path;

use super::read;
use super::tests::shown;
use crate::contract::{Loading, Variables};
use crate::facts::environ::parse_live;
use crate::model::{Config, Hook, Setting};
use crate::os::Text;

/// Read with an environment.
fn with(environ: &str, source: &str) -> Config {
    let path = Path::new("/srv/app/current/config/unicorn.rb");
    let variables = Variables::of(&parse_live(&Text::from(&*environ.replace(' ', "\0"))));
    let cwd = Some(Path::new("/srv/app/releases/7"));
    let text = Text::from(source);
    read(&Loading { text: &text, path, given: path, cwd, variables: Some(&variables) })
}

#[test]
fn what_the_environment_decides() {
    const ENV: &str = "RAILS_ENV=production WEB_CONCURRENCY=4 HOME=/home/shop PATH= SECRET=x";
    for (source, wanted) in [
        ("Integer(ENV['WEB_CONCURRENCY'] || 3)", "=4@1"),
        ("ENV.fetch('WEB_CONCURRENCY', 2).to_i", "=4@1"),
        ("(ENV['PORT'] || 3).to_i", "=3@1"),
        ("ENV.fetch('PORT') { 2 + 5 }", "=7@1"),
        ("ENV.fetch('WEB_CONCURRENCY') { Etc.nprocessors }.to_i", "=4@1"),
        (
            "ENV.fetch('PORT') { Etc.nprocessors }.to_i",
            "?ENV.fetch('PORT') { Etc.nprocessors }.to_i@1",
        ),
        ("ENV['RAILS_ENV'] == 'production' ? 6 : 1", "=6@1"),
        ("ENV['PATH'].empty? ? 6 : 1", "=6@1"),
        ("ENV.key?('PORT') ? Etc.nprocessors : 1", "=1@1"),
        // What may be a secret is not evaluated, since it would be shown.
        ("ENV['SECRET'] ? 6 : 1", "?ENV['SECRET'] ? 6 : 1@1"),
        ("ENV[name].to_i", "?ENV[name].to_i@1"),
        ("2 if ENV['RAILS_ENV'] == 'production'", "=2@1"),
        ("2 unless ENV['RAILS_ENV'] == 'production'", "-"),
        ("2 if x", "?2 if x@1"),
    ] {
        let config = with(ENV, &format!("worker_processes {source}"));
        assert_eq!(shown(&config.worker_processes), wanted, "{source}");
    }
    let config = with(ENV, "working_directory '~/app/../b'\nstderr_path ENV['PWD'] + '/log'");
    assert_eq!(shown(&config.working_directory), "=/home/shop/b@1");
    assert_eq!(shown(&config.stderr_path), "?ENV['PWD'] + '/log'@2");
}

#[test]
fn what_changes_the_environment_on_the_way() {
    for (before, wanted) in [
        ("", "=1@1"),
        ("ENV['A'] = '2'", "=2@2"),
        ("ENV['A'] ||= '2'", "=2@2"),
        ("ENV['RAILS_ENV'] ||= 'x'; ENV['A'] ||= ENV['RAILS_ENV'] == 'x' ? '8' : '9'", "=9@2"),
        ("ENV['A'] = '2' if x", "?@2"),
        ("ENV.delete('A')", "?@2"),
        ("ENV.update('A' => '2')", "?@2"),
        ("require 'dotenv/load'", "?@2"),
        ("Dotenv.load", "?@2"),
        ("load_settings(ENV)", "?@2"),
        ("%w(A).each { |name| ENV[name] = '2' }", "?@2"),
        ("require 'etc'\nENV['B'] = '2'", "=1@3"),
    ] {
        let config = with(
            "RAILS_ENV=p",
            format!("{before}\nworker_processes (ENV['A'] || 1).to_i").trim_start(),
        );
        let told = shown(&config.worker_processes).replace("(ENV['A'] || 1).to_i", "");
        assert_eq!(told, wanted, "{before}");
    }
}

#[test]
fn which_arm_is_run() {
    for (source, wanted) in [
        ("if rails == 'p'\n pid '/a'\nelse\n pid '/b'\nend", "=/a@3"),
        ("unless rails == 'p'\n pid '/a'\nelse\n pid '/b'\nend", "=/b@5"),
        (
            "if rails == 'x' then pid '/a' elsif rails == 'p' then pid '/b' else pid '/c' end",
            "=/b@2",
        ),
        ("case rails\nwhen 'x', 'p'\n pid '/a'\nelse\n pid '/b'\nend", "=/a@4"),
        (
            "case rails\nwhen 'x' then pid '/a'\nwhen /p/ then pid '/b'\nend",
            "?'/b' (inside case)@4",
        ),
        ("case rails\nwhen y then pid '/a'\nelse pid '/b'\nend", "?'/b' (inside case)@4"),
        ("if x\n pid '/a'\nelsif rails == 'p'\n pid '/b'\nend", "?'/b' (inside if)@5"),
        ("if rails == 'x'\n pid '/a'\nend", "-"),
        ("if rails == 'p'\n if x\n  pid '/a'\n end\nend", "?'/a' (inside if)@4"),
        ("if rails == 'p' && x\n pid '/a'\nend", "?'/a' (inside if)@3"),
        ("if rails == 'x' && y\n pid '/a'\nend\npid '/b'", "=/b@5"),
        ("if rails == 'p'\n base = '/a'\nelse\n base = '/b'\nend\npid base + '/c'", "=/a/c@7"),
        ("if x\n base = '/a'\nend\nbase ||= '/b'\npid base", "?base@6"),
        ("pid(rails == 'p' ? '/a' : y)", "=/a@2"),
        ("[1].each { pid '/a' if rails == 'p' }", "?'/a' if rails == 'p' (inside a block)@2"),
    ] {
        let config = with("RAILS_ENV=p", &format!("rails = ENV['RAILS_ENV']\n{source}"));
        assert_eq!(shown(&config.pid), wanted, "{source}");
    }
}

#[test]
fn hooks_under_a_condition_that_is_told() {
    const HOOK: &str =
        "before_fork do |s, w|\n Process.kill(:QUIT, File.read('/a.oldbin').to_i)\nend";
    for (source, hooks, obscure) in [
        (format!("if ENV['RAILS_ENV'] == 'p'\n{HOOK}\nend"), 1, 0),
        (format!("if ENV['RAILS_ENV'] == 'x'\n{HOOK}\nend"), 0, 0),
        (format!("{HOOK} if ENV['RAILS_ENV'] == 'x'"), 0, 0),
        (format!("{HOOK} if ENV['RAILS_ENV'] == 'p'"), 1, 0),
        (format!("{HOOK} if x"), 0, 1),
        (format!("{HOOK}\nbefore_fork nil"), 0, 0),
    ] {
        let config = with("RAILS_ENV=p", &source);
        assert_eq!((config.hooks.len(), config.obscure_hooks.len()), (hooks, obscure), "{source}");
        // One of which it is not known whether it is set may end it.
        assert_eq!(config.retires_old_master, hooks + obscure == 1, "{source}");
    }
    let method = "def retire(path)\n Process.kill(:QUIT, File.read(path).to_i)\nend\n\
        before_fork { |s, w| retire(\"#{s.config[:pid]}.oldbin\") }";
    let config = with("", method);
    assert!(config.retires_old_master && config.hooks[0].kills.len() == 1, "{:?}", config.hooks);
}

#[test]
fn a_hook_counts_as_it_is_at_the_end_of_the_file() {
    let config = with(
        "",
        "root = '/a'\nbefore_exec { |s| ENV['G'] = '/old' }\n\
         before_exec { |s| ENV['G'] = root }\nroot = '/b'\n",
    );
    let [set] = config.environment.as_slice() else { panic!("{:?}", config.environment) };
    assert_eq!((shown(&set.value), set.hook), ("=/b@3".into(), Some(Hook::BeforeExec)));
    for (source, sweeps) in [
        ("ENV.keep_if { |name, _| name == 'HOME' }", 1),
        ("ENV.clear", 1),
        ("ENV.replace(saved)", 1),
        ("%w(A B).each { |name| ENV[name] = nil }", 1),
        ("ENV.delete('A')", 0),
        ("x = ENV.fetch('A', 1)", 0),
    ] {
        let config = with("", &format!("before_exec do |s|\n {source}\nend"));
        assert_eq!(config.sweeps.len(), sweeps, "{source}");
    }
}

#[test]
fn where_its_logger_writes() {
    for (source, wanted) in [
        ("", "-"),
        ("logger Logger.new($stderr)", "=Stderr@1"),
        ("logger Logger.new(STDOUT)", "=Stdout@1"),
        ("logger(Logger.new('/var/log/x.log'))", "=File(/var/log/x.log)@1"),
        ("logger Logger.new('/x.log', 'daily')", "=File(/x.log)@1"),
        ("logger Syslog::Logger.new('shop')", "?Syslog::Logger.new('****')@1"),
        ("logger Logger.new($stderr).tap { |l| l.level = 1 }", "?Logger.new($stderr).tap@1"),
        ("logger LOG if x", "?LOG if x@1"),
    ] {
        assert_eq!(shown(&with("", source).logger), wanted, "{source}");
    }
}

#[test]
fn where_it_listens() {
    for (source, wanted) in [
        ("listen '~/a.sock'", "=/home/shop/a.sock@1"),
        ("listen 'unix:~/a.sock'", "=/home/shop/a.sock@1"),
        ("listen 'unix:tmp/a.sock'", "=unix:tmp/a.sock@1"),
        ("listen 'unix:/a/../b.sock'", "=unix:/a/../b.sock@1"),
        ("listen ENV.fetch('PORT', 3000), tcp_nopush: true", "=3000@1"),
        ("listeners ['/a']", "?['/a']@1"),
    ] {
        let config = with("HOME=/home/shop", source);
        let told: Vec<String> = config.listen.iter().map(shown::<Text>).collect();
        assert_eq!(told, [wanted], "{source}");
    }
    assert!(matches!(with("", "listen '~/a'").listen.as_slice(), [Setting::Unevaluable { .. }]));
}
