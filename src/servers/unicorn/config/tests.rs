//! Configurations as people write them, and as nobody should.

use std::path::Path;

use super::read;
use crate::contract::Loading;
use crate::model::{Config, Hook, Setting};
use crate::os::Text;
use crate::servers::effort;

pub(super) fn of(source: &str) -> Config {
    let path = Path::new("config/unicorn.rb");
    read(&Loading { text: &Text::from(source), path, given: path, cwd: None, variables: None })
}

/// `=VALUE@LINE`, `?TEXT@LINE`, or `-`.
pub(super) fn shown<T: std::fmt::Debug>(setting: &Setting<T>) -> String {
    match setting {
        Setting::NotSet => "-".into(),
        Setting::Set { value, line } => format!("={value:?}@{line}").replace('"', ""),
        Setting::Unevaluable { line, text } => format!("?{text}@{line}"),
    }
}

#[test]
fn settings_one_by_one() {
    for (source, wanted) in [
        ("working_directory \"/srv/app/current\"", "=/srv/app/current@1"),
        ("working_directory '/srv/app/current' # the link", "=/srv/app/current@1"),
        ("working_directory(\"/srv/app\")", "=/srv/app@1"),
        ("working_directory \"/srv\" \"/app\"", "=/srv/app@1"),
        ("working_directory \"/srv\".freeze", "=/srv@1"),
        ("root = '/srv/app'\nworking_directory root", "=/srv/app@2"),
        ("root = '/srv/app'\nworking_directory \"#{root}/current\"", "=/srv/app/current@2"),
        ("a = '/srv'\nb = \"#{a}/app\"\nworking_directory b + '/current'", "=/srv/app/current@3"),
        ("ROOT = '/srv'; working_directory ROOT", "=/srv@1"),
        ("working_directory '/a'\nworking_directory '/b'", "=/b@2"),
        ("working_directory '/a' if x\nworking_directory '/b'", "=/b@2"),
        ("working_directory '/a'\nworking_directory '/b' if x", "?'/b' if x@2"),
        ("working_directory '/a' unless x", "?'/a' unless x@1"),
        ("if x\n  working_directory '/a'\nend", "?'/a' (inside if)@2"),
        ("if x then working_directory '/a' end", "?'/a' (inside if)@1"),
        ("case x\nwhen 1\n  working_directory '/a'\nend", "?'/a' (inside case)@3"),
        ("x and working_directory '/a'", "?'/a'@1"),
        ("x ? working_directory('/a') : 1", "?('/a') : 1@1"),
        ("%w[/a].each { |d| working_directory d }", "?d (inside a block)@1"),
        ("[1].each do |d|\n  working_directory '/a'\nend", "?'/a' (inside do)@2"),
        (
            "working_directory File.expand_path('..', __FILE__)",
            "?File.expand_path('..', __FILE__)@1",
        ),
        ("working_directory \"/srv/#{app}\"", "?\"/srv/#{app}\"@1"),
        ("working_directory ENV['ROOT'] || '/srv'", "?ENV['ROOT'] || '/srv'@1"),
        ("working_directory `pwd`.strip", "?`pwd`.strip@1"),
        ("working_directory(if x\n '/a'\nelse\n '/b'\nend)", "?(@1"),
        ("working_directory 7", "?7@1"),
        ("working_directory \"/a\\x41\"", "?\"******\"@1"),
        ("x = '/a'\nx = '/b'\nworking_directory x", "=/b@3"),
        ("x = '/a'\ny = x\ny << '/b'\nworking_directory x", "?x@4"),
        ("x = '/a'\nx += '/b'\nworking_directory x", "=/a/b@3"),
        ("x = '/a'\n[1].each { x = '/b' }\nworking_directory x", "?x@3"),
        ("x = '/a'\nf(x = '/b')\nworking_directory x", "?x@3"),
        ("x = '/a'\nx << '/b'\nworking_directory x", "?x@3"),
        ("x = '/a'\nx.gsub!('a', 'b')\nworking_directory x", "?x@3"),
        ("x, y = '/a', '/b'\nworking_directory x", "?x@2"),
        ("x = '/a' if y\nworking_directory x", "?x@2"),
        ("x ||= '/a'\nworking_directory x", "=/a@2"),
        ("x = y\nx ||= '/a'\nworking_directory x", "?x@3"),
        ("def root\n  '/srv'\nend\nworking_directory root + '/a'", "=/srv/a@4"),
        ("def set\n  working_directory '/a'\nend\nset", "?'/a' (inside def)@2"),
        ("working_directory '/a'\nShop.configure(self)", "?Shop.configure(self)@2"),
        ("send(:working_directory, '/a')", "?send(:working_directory, '/a')@1"),
        ("working_directory '/a/../b/'", "=/b@1"),
        ("working_directory '~/a'", "?'~/a'@1"),
        ("working_directory 'a'", "?'a'@1"),
        ("# working_directory '/a'", "-"),
        ("=begin\nworking_directory '/a'\n=end", "-"),
        ("pid '/x'\n__END__\nworking_directory '/a'", "-"),
        ("x = <<TEXT\nworking_directory '/a'\nTEXT\n", "-"),
        ("x = <<-'TEXT'.strip\nworking_directory '/a'\n  TEXT\nworking_directory '/b'", "=/b@4"),
        ("x = \"\nworking_directory '/a'\n\"", "-"),
        ("def f\n  working_directory '/a'\nend", "-"),
        ("def f = 1\nworking_directory '/a'", "=/a@2"),
        ("working_directory = '/a'", "-"),
        ("x.working_directory '/a'", "-"),
        ("f working_directory: '/a'", "-"),
        ("x = /if '/\nworking_directory '/a'", "=/a@2"),
        ("x = y / 2; z = 4 / 2\nworking_directory '/a'", "=/a@2"),
        ("x = { if: 1, end: 2 }\nworking_directory '/a'", "=/a@2"),
        ("x.end\nx.if\nworking_directory '/a'", "=/a@3"),
        ("begin\n f\nend while x\nworking_directory '/a'", "=/a@4"),
        ("while x do f end\nworking_directory '/a'", "=/a@2"),
        ("x = if y then 1 else 2 end\nworking_directory '/a'", "=/a@2"),
        ("f(a,\n  b)\nworking_directory(\n  '/a'\n)", "=/a@3"),
        ("x = [1].\n  map { |y| \"#{y + \"}\"}\" }\nworking_directory '/a'", "=/a@3"),
        ("x = ?\"\nworking_directory '/a'", "=/a@2"),
        ("Unicorn::HttpServer::START_CTX[:cwd] = '/a'", "='/a'@1"),
        ("instance_eval File.read('shared.rb')", "?instance_eval File.read('shared.rb')@1"),
    ] {
        let wanted = wanted.replace("='/a'", "=/a");
        assert_eq!(shown(&of(source).working_directory), wanted, "{source}");
    }
}

/// Loaded as `/srv/app/current/config/unicorn.rb`, which the server runs in `/srv/app/releases/7`.
fn deployed(given: &str, source: &str) -> Config {
    let path = Path::new("/srv/app/releases/7/config/unicorn.rb");
    let cwd = Some(Path::new("/srv/app/releases/7"));
    read(&Loading {
        text: &Text::from(source),
        path,
        given: Path::new(given),
        cwd,
        variables: None,
    })
}

#[test]
fn what_file_does_to_paths() {
    let given = "/srv/app/current/config/unicorn.rb";
    for (source, wanted) in [
        ("File.expand_path(File.join(File.dirname(__FILE__), '..'))", "=/srv/app/current"),
        ("File.expand_path('../..', __FILE__)", "=/srv/app/current"),
        ("File.expand_path '../..', __FILE__", "=/srv/app/current"),
        ("File.expand_path('..', __dir__)", "=/srv/app/current"),
        ("File.expand_path('../../../shared', File.dirname(__FILE__))", "=/srv/shared"),
        ("File.expand_path('tmp')", "=/srv/app/releases/7/tmp"),
        ("File.expand_path('tmp', 'x')", "=/srv/app/releases/7/x/tmp"),
        ("File.expand_path('/a/./b//../c/')", "=/a/c"),
        ("File.expand_path('/..')", "=/"),
        ("File.expand_path('~/x')", "?"),
        ("File.dirname('/a/b/')", "=/a"),
        ("File.dirname('/a')", "=/"),
        ("File.dirname('a')", "=."),
        ("File.dirname('/')", "=/"),
        ("File.join('/a/', '/b', 'c/', 'd')", "=/a/b/c/d"),
        ("File.join('/a', '')", "=/a/"),
        ("File.join(['/a', 'b'])", "?"),
        ("File.realpath('/a')", "?"),
        ("Dir.pwd", "=/srv/app/releases/7"),
        ("Dir.pwd + '/x'", "=/srv/app/releases/7/x"),
        ("\"#{File.expand_path('..', __dir__)}/x\"", "=/srv/app/current/x"),
        ("\"#{Dir.pwd}/#{1 + 2}\"", "=/srv/app/releases/7/3"),
        ("('/a' + '/b').freeze", "=/a/b"),
        ("'/a'.to_s", "=/a"),
        ("ENV['ROOT'] || '/srv'", "?"),
        ("ENV.fetch('ROOT', '/srv')", "?"),
        ("File.expand_path('..', __dir__).sub('a', 'b')", "?"),
        ("\"#{`pwd`.strip}/x\"", "?"),
        ("'/a' unless __FILE__", "-"),
    ] {
        let set = deployed(given, &format!("stderr_path {source}")).stderr_path;
        let shown: String = match &set {
            Setting::Set { value, .. } => format!("={}", crate::os::shown(value)),
            Setting::Unevaluable { .. } => "?".into(),
            Setting::NotSet => "-".into(),
        };
        assert_eq!(shown, wanted, "{source}");
    }
}

#[test]
fn a_relative_path_counts_from_the_directory_of_the_moment() {
    let source = "root = File.expand_path('..', __dir__)\nworking_directory root\n\
        pid \"#{root}/tmp/u.pid\"\nstderr_path File.expand_path('log')\n";
    let config = deployed("config/unicorn.rb", source);
    // The kernel knows the working directory by its real path only: that is what Ruby pins.
    assert_eq!(shown(&config.working_directory), "=/srv/app/releases/7@2");
    assert_eq!(shown(&config.pid), "=/srv/app/releases/7/tmp/u.pid@3");
    assert_eq!(shown(&config.stderr_path), "?File.expand_path('log')@4");
}

#[test]
fn numbers() {
    for (source, wanted) in [
        ("Integer('4')", "=4@1"),
        ("'4'.to_i", "=4@1"),
        ("\"4 of them\".to_i", "=4@1"),
        ("(2)", "=2@1"),
        ("2 + 3", "=5@1"),
        ("Integer(ENV['WEB'] || 3)", "?Integer(ENV['WEB'] || 3)@1"),
        ("ENV.fetch('WEB', 2).to_i", "?ENV.fetch('WEB', 2).to_i@1"),
        ("(x == 'production' ? 6 : 1)", "?(x == 'production' ? 6 : 1)@1"),
        ("Etc.nprocessors", "?Etc.nprocessors@1"),
        ("4 * 2", "=8@1"),
        ("(1 > 2 ? 6 : 1)", "=1@1"),
        ("(%w[a b].include?('b') && 3) || 4", "=3@1"),
    ] {
        assert_eq!(shown(&of(&format!("worker_processes {source}")).worker_processes), wanted);
    }
}

#[test]
fn what_is_set_only_by_default_is_told_apart() {
    let config = of("before_exec do |s|\n  ENV['BUNDLE_GEMFILE'] ||= '/a'\nend");
    assert!(config.environment.is_empty());
    let [only] = config.defaulted.as_slice() else { panic!("one") };
    assert_eq!((only.name.to_string(), only.line), ("BUNDLE_GEMFILE".into(), 2));
    assert_eq!(only.hook, Some(Hook::BeforeExec));
}

#[test]
fn a_whole_file() {
    let config = of("# encoding: utf-8\n\
        app_root = \"/srv/shop/current\"\n\
        worker_processes 4\npreload_app true\ntimeout 30\ncheck_client_connection true\n\
        user 'www-data', 'www-data'\n\
        listen \"/run/shop.sock\", :backlog => 2048\nlisten 3001\nlisten ENV['PORT']\n\
        pid \"/srv/shop/shared/pids/unicorn.pid\"\nstderr_path \"#{app_root}/log/err.log\"\n\
        Unicorn::HttpServer::START_CTX[0] = \"#{app_root}/bin/unicorn\"\n\
        ENV[\"LANG\"] = \"C.UTF-8\"\n\
        before_exec do |server|\n  ENV[\"BUNDLE_GEMFILE\"] = \"#{app_root}/Gemfile\"\nend\n");
    assert_eq!(shown(&config.worker_processes), "=4@3");
    assert_eq!(shown(&config.preload_app), "=true@4");
    assert_eq!(shown(&config.timeout), "=30@5");
    assert_eq!(shown(&config.user), "=www-data@7");
    let listen: Vec<_> = config.listen.iter().map(shown).collect();
    assert_eq!(listen, ["=/run/shop.sock@8", "=3001@9", "?ENV['PORT']@10"]);
    assert_eq!(shown(&config.pid), "=/srv/shop/shared/pids/unicorn.pid@11");
    assert_eq!(shown(&config.stderr_path), "=/srv/shop/current/log/err.log@12");
    assert_eq!(shown(&config.program), "=/srv/shop/current/bin/unicorn@13");
    let [lang, gemfile] = config.environment.as_slice() else { panic!("two assignments") };
    assert_eq!((lang.name.to_string(), lang.hook), ("LANG".into(), None));
    assert_eq!(gemfile.hook, Some(Hook::BeforeExec));
    assert_eq!(shown(&gemfile.value), "=/srv/shop/current/Gemfile@16");
    assert!(!config.retires_old_master);
}

#[test]
fn assignments_to_the_environment() {
    let gemfile = |source: &str| {
        let config = of(source);
        let all: Vec<_> = config
            .environment
            .iter()
            .map(|a| {
                format!("{}{}{}", a.name, if a.hook.is_some() { "*" } else { "" }, shown(&a.value))
            })
            .collect();
        all.join(" ")
    };
    for (source, wanted) in [
        ("ENV['G'] = '/a'", "G=/a@1"),
        ("ENV['G'] ||= '/a'", ""),
        ("x = ENV['G'] || '/a'", ""),
        ("ENV['G'] = '/a' if x", "G?'/a' if x@1"),
        ("x && ENV['G'] = '/a'", "G?'/a'@1"),
        ("ENV['G'] = nil", "G?nil@1"),
        ("ENV[key] = '/a'", ""),
        ("ENV.delete('G')", "G?('G')@1"),
        ("before_exec { |server| ENV['G'] = '/a' }", "G*=/a@1"),
        ("before_exec do |_|\n  ENV['G'] = '/a'\nend", "G*=/a@2"),
        ("before_exec(lambda do |server|\n  ENV['G'] = '/a'\nend)", "G*=/a@2"),
        ("before_exec do |s|\n  if x\n    ENV['G'] = '/a'\n  end\nend", "G*?'/a' (inside do)@3"),
        ("if x\n  before_exec { |s| ENV['G'] = '/a' }\nend", "G?'/a' (inside if)@2"),
        ("after_fork do |s, w|\n  ENV['A'] = '1'\n  ENV['B'] = '2'\nend", "A*=1@2 B*=2@3"),
        ("before_exec do |s|\n  # ENV['G'] = '/a'\nend", ""),
    ] {
        assert_eq!(gemfile(source), wanted, "{source}");
    }
}

#[test]
fn hostile_source_takes_no_time() {
    for piece in [
        "%( ",
        "<<A ",
        "x do ",
        "}",
        "{",
        "\"#{",
        "a = \"#{a}#{a}\"\n",
        "\n",
        "/ ",
        "end ",
        "x <<~A\n",
    ] {
        let source = piece.repeat(200_000 / piece.len());
        // Whole, or given up: never a part that is taken for the whole.
        if let Ok(config) = effort::text(|| of(&source)) {
            assert_eq!(shown(&config.pid), "-", "{piece}");
        }
    }
    let lines: Vec<_> = (1..200).map(|n| format!("v{n} = \"#{{v{0}}}#{{v{0}}}\"", n - 1)).collect();
    let doubling = format!("{}\n", lines.join("\n"));
    let doubled = effort::text(|| of(&format!("v0 = 'xy'\n{doubling}pid v199")));
    assert_eq!(doubled.map(|config| shown(&config.pid)), Ok("?v199@201".to_owned()));
}
