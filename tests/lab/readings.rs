//! Configurations that are hard to read, loaded by the real `Unicorn::Configurator`: what farrier reads in them is what
//! it makes of them, or unknown with a reason. What can be told without Ruby is told.

use std::path::Path;
use std::process::Command;

use farrier::contract::{Loading, Variables};
use farrier::facts::environ::parse_live;
use farrier::model::{Config, Hook, Setting};
use farrier::os::Text;
use farrier::servers::unicorn;
use serde_json::{Value, json};

use super::site::{Site, Start};
use super::world::Lab;

/// The environment that each is loaded with, besides `PWD`.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("RAILS_ENV", "production"),
    ("WEB_CONCURRENCY", "4"),
    ("HOME", "/root"),
    ("LANG", "C.UTF-8"),
];

/// A configuration, and the keys of which farrier has to know the value.
const FILES: &[(&str, &[&str])] = &[
    (
        "rails = ENV['RAILS_ENV'] || 'development'\nworker_processes(rails == 'production' ? 6 : 1)\n\
      case rails\nwhen 'production', 'staging'\n  pid '@/shared/u.pid'\n  listen '@/shared/u.sock', :backlog => 64\n\
      else\n  listen 3001\n  listen \"#{`pwd`.strip}/u.sock\"\nend\n",
        &["worker_processes", "pid", "listen"],
    ),
    (
        "worker_processes Integer(ENV['WEB_CONCURRENCY'] || 3)\ntimeout (ENV['T'] || 45).to_i\npreload_app !ENV['LAZY']\n",
        &["worker_processes", "timeout", "preload_app"],
    ),
    (
        "worker_processes ENV.fetch('WEB_CONCURRENCY') { 2 }.to_i\nlisten ENV.fetch('PORT', 3000)\n\
      pid ENV.fetch('PIDFILE') { \"#{Dir.pwd}/tmp/u.pid\" }\n",
        &["worker_processes", "listen", "pid"],
    ),
    (
        "app = File.expand_path('../..', __FILE__)\nworking_directory app\npid \"#{app}/u.pid\"\n\
      stderr_path File.join(app, '..', '..', 'shared/e.log')\n",
        &["working_directory", "pid", "stderr_path"],
    ),
    ("working_directory '@/current/..'\npid 'tmp/u.pid'\n", &["working_directory", "pid"]),
    (
        "working_directory __dir__ + '/..'\nstderr_path File.expand_path('e.log')\n",
        &["working_directory"],
    ),
    ("root = '@'\nalso = root\nalso << '/shared'\npid \"#{root}/u.pid\"\n", &[]),
    ("root = '@'\nroot = root.dup << '/shared'\npid \"#{root}/u.pid\"\n", &[]),
    ("root = +'@'\ndef grow(text) = text << '/x'\ngrow(root)\npid \"#{root}/u.pid\"\n", &[]),
    ("root = '@/a'\n2.times { root = '@/b' }\npid \"#{root}/u.pid\"\n", &[]),
    ("root = '@/a'\nroot += '/b'\npid \"#{root}/u.pid\"\nroot = 'c'\n", &["pid"]),
    (
        "pid '@/a.pid'\npid '@/b.pid' if ENV['RAILS_ENV'] == 'staging'\nworker_processes 2 unless ENV['RAILS_ENV'].nil?\n",
        &["pid", "worker_processes"],
    ),
    ("pid '@/a.pid'\npid '@/b.pid' if File.exist?('/')\n", &[]),
    ("def settings(n)\n  worker_processes n\n  pid '@/d.pid'\nend\nsettings 3\n", &[]),
    ("def root\n  File.join('@', 'shared')\nend\npid File.join(root, 'u.pid')\n", &["pid"]),
    ("%w[pid stderr_path].each { |key| send(key, \"@/#{key}\") }\n", &[]),
    ("[:pid].each { |key| __send__ key, '@/x.pid' }\ntimeout 20\n", &["timeout"]),
    ("instance_eval \"worker_processes 5\"\npreload_app true\n", &["preload_app"]),
    ("worker_processes 2\neval 'worker_processes 7'\n", &[]),
    ("m = Module.new { def self.configure(c) = c.worker_processes(9) }\nm.configure(self)\n", &[]),
    (
        "=begin\nworker_processes 9\n=end\ntext = <<~TEXT\n  pid '/nowhere'\nTEXT\n# timeout 9\npreload_app(true)\n\
      __END__\nstderr_path '/nowhere'\n",
        &["worker_processes", "pid", "timeout", "preload_app", "stderr_path"],
    ),
    (
        "ENV['A'] ||= 'x'\nworker_processes ENV['A'] == 'x' ? 3 : 4\nENV.delete('A')\ntimeout ENV['A'] ? 9 : 11\n",
        &["worker_processes"],
    ),
    ("ENV.update('N' => '8')\nworker_processes (ENV['N'] || 2).to_i\n", &[]),
    (
        "if ENV['RAILS_ENV'] == 'production' then worker_processes 8 else worker_processes 1 end\n",
        &["worker_processes"],
    ),
    (
        "prod = %w[production staging].include?(ENV['RAILS_ENV'])\nworker_processes prod ? 3 * 2 : 1\n",
        &["worker_processes"],
    ),
    (
        "workers = if ENV['RAILS_ENV'] == 'production' then 4 else 2 end\nworker_processes workers\n",
        &[],
    ),
    (
        "listen '~/u.sock'\nlisten 'unix:@/v.sock'\nlisten '127.0.0.1:8080'\nlisten '8081'\n",
        &["listen"],
    ),
    ("listen '@/a.sock'\nlisteners ['@/b.sock']\n", &[]),
    (
        "begin\n  worker_processes Integer('x')\nrescue ArgumentError\n  worker_processes 3\nend\n",
        &[],
    ),
    ("pid '@/a.pid'\npid nil\n", &["pid"]),
    (
        "$pids = '@/p'\n@name = 'u'\npid \"#{$pids}/#{@name}.pid\"\nstderr_path '%s/e.log' % $pids\n",
        &["pid"],
    ),
    ("self.pid '@/a.pid'\nx = timeout 20\nset[:worker_processes] = 7\n", &[]),
    ("self.timeout 20\n[:pid].each(&method(:puts))\n", &["timeout"]),
    ("['@/a.sock'].each(&method(:listen))\n", &[]),
    ("worker_processes 0b11\ntimeout 0x20\n", &[]),
    ("worker_processes 1_0\ntimeout 30 # 60\n", &["worker_processes", "timeout"]),
    (
        "root = '@/current'\nbefore_exec do |server|\n  ENV['BUNDLE_GEMFILE'] = \"#{root}/Gemfile\"\nend\n",
        &["gemfile"],
    ),
    ("before_exec { |_| ENV['BUNDLE_GEMFILE'] = '/old' }\nbefore_exec { |_| }\n", &["gemfile"]),
    (
        "root = '/a'\nbefore_exec { |_| ENV['BUNDLE_GEMFILE'] = File.expand_path('Gemfile', root) }\nroot = '/b'\n",
        &["gemfile"],
    ),
    ("before_exec { |_| %w[BUNDLE_GEMFILE].each { |name| ENV[name] = '/x' } }\n", &[]),
    ("before_exec { |_| ENV.update('BUNDLE_GEMFILE' => '/x') }\n", &[]),
    ("before_exec { |_| ENV['BUNDLE_GEMFILE'] = '/x' }\nbefore_exec(nil)\n", &["gemfile"]),
    ("after_fork { |_, _| ENV['BUNDLE_GEMFILE'] = '/worker' }\n", &["gemfile"]),
];

/// Loads each file in a process of its own and says what came of it. The configurator's own checks of directories are
/// left out: it would want all of them to be there.
const ORACLE: &str = r"
require 'json'
require 'unicorn'
class Reader < Unicorn::Configurator
  attr_reader :moved
  def reload(*) = instance_eval(File.read(config_file), config_file)
  def working_directory(path)
    super
    @moved = Unicorn::HttpServer::START_CTX[:cwd]
  end
end
told = JSON.parse($stdin.read).map do |file|
  reader, writer = IO.pipe
  child = fork do
    Dir.chdir(file['root'] + '/current')
    File.write('config/unicorn.rb', file['text'])
    ENV.replace(file['environment'])
    path = file['root'] + '/current/config/unicorn.rb'
    config = Reader.new(config_file: path, use_defaults: true)
    set = config.set
    told = %i[pid stderr_path worker_processes preload_app timeout].to_h { |key| [key, set[key]] }
    told = told.transform_values { |value| value == :unset ? nil : value }
    told[:working_directory] = config.moved
    told[:listen] = set[:listeners]
    set[:before_exec].call(Struct.new(:logger).new(Logger.new(nil)))
    told[:gemfile] = ENV['BUNDLE_GEMFILE']
    writer.write(JSON.generate(told))
    exit!(0)
  end
  writer.close
  Process.wait(child)
  JSON.parse(reader.read)
end
puts JSON.generate(told)
";

/// A file as it stands below a root: a string that begins with `@` begins there.
fn at(root: &str, text: &str) -> String {
    ["'@", "\"@", ":@"]
        .iter()
        .fold(text.to_owned(), |text, mark| text.replace(mark, &format!("{}{root}", &mark[..1])))
}

/// What the real one makes of all.
fn truth(root: &str, environment: &Value) -> Vec<Value> {
    let files: Vec<Value> = FILES
        .iter()
        .map(|(text, _)| json!({"root": root, "environment": environment, "text": at(root, text)}))
        .collect();
    let input = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut &input, &serde_json::to_vec(&files).unwrap()).unwrap();
    std::io::Seek::rewind(&mut &input).unwrap();
    let output = Command::new("ruby").args(["-e", ORACLE]).stdin(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What farrier reads of one key; `None`: that it cannot tell.
fn read(config: &Config, key: &str) -> Option<Value> {
    fn told<T>(setting: &Setting<T>, unset: Value, tell: impl Fn(&T) -> Value) -> Option<Value> {
        match setting {
            Setting::Set { value, .. } => Some(tell(value)),
            Setting::NotSet => Some(unset),
            Setting::Unevaluable { text, .. } => {
                assert!(!text.is_empty(), "it says what it cannot tell");
                None
            }
        }
    }
    let path = |path: &std::path::PathBuf| json!(path.to_str().unwrap());
    match key {
        "working_directory" => told(&config.working_directory, Value::Null, path),
        "pid" => told(&config.pid, Value::Null, path),
        "stderr_path" => told(&config.stderr_path, Value::Null, path),
        "worker_processes" => told(&config.worker_processes, json!(1), |number| json!(number)),
        "timeout" => told(&config.timeout, json!(60), |number| json!(number)),
        "preload_app" => told(&config.preload_app, json!(false), |truth| json!(truth)),
        "listen" => {
            let all =
                config.listen.iter().map(|one| told(one, Value::Null, |text| json!(address(text))));
            all.collect()
        }
        _ => {
            let early = |hook: Option<Hook>| matches!(hook, None | Some(Hook::BeforeExec));
            let is_ours = |name: &Text| *name == Text::from("BUNDLE_GEMFILE");
            let mut ours =
                config.environment.iter().filter(|set| early(set.hook) && is_ours(&set.name));
            if config.sweeps.iter().any(|sweep| early(sweep.hook)) {
                return None;
            }
            ours.next_back().map_or(Some(Value::Null), |set| {
                told(&set.value, Value::Null, |text| json!(text.to_string()))
            })
        }
    }
}

/// A number alone is a port of every address.
fn address(text: &Text) -> String {
    let text = text.to_string();
    let text = text.strip_prefix("unix:").unwrap_or(&text).to_owned();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("0.0.0.0:{text}") } else { text }
}

#[test]
fn what_is_read_is_what_unicorn_makes_of_it() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("releases/7/config")).unwrap();
    std::os::unix::fs::symlink("releases/7", root.join("current")).unwrap();
    let current = root.join("current");
    let mut environment: serde_json::Map<String, Value> =
        ENVIRONMENT.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    environment.insert("PWD".into(), json!(current));
    let block: Vec<String> = environment
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap()))
        .collect();
    let variables = Variables::of(&parse_live(&Text::from(&*block.join("\0"))));
    let (given, cwd) = (current.join("config/unicorn.rb"), root.join("releases/7"));
    let mut wrong = Vec::new();
    let truths = truth(root.to_str().unwrap(), &Value::Object(environment));
    for ((source, sure), truth) in FILES.iter().zip(truths) {
        let text = Text::from(&*at(root.to_str().unwrap(), source));
        let config = (unicorn::SERVER.read_config)(&Loading {
            text: &text,
            path: Path::new(&given),
            given: &given,
            cwd: Some(&cwd),
            variables: Some(&variables),
        });
        for key in [
            "working_directory",
            "pid",
            "stderr_path",
            "worker_processes",
            "timeout",
            "preload_app",
            "listen",
            "gemfile",
        ] {
            match read(&config, key) {
                Some(value) if value == truth[key] => {}
                None if !sure.contains(&key) => {}
                other => {
                    wrong.push(format!("{key} is {}, read as {other:?}, in\n{source}", truth[key]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_master_is_read_with_the_environment_that_it_has() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| {
        config.more = "if ENV['RAILS_ENV'] == 'staging'\n  \
            worker_processes Integer(ENV['WEB_CONCURRENCY'] || 1)\nend\n"
            .to_owned();
    });
    let env = ["RAILS_ENV=staging", "WEB_CONCURRENCY=3"].map(str::to_owned).to_vec();
    site.launch(&Start { env, ..site.usual() });
    lab.wait("the master is there", || site.masters().len() == 1);
    site.wait_ready_with(site.masters()[0], 3);
    let tree = lab.farrier(&["tree"]);
    assert!(tree.stdout.contains("3/3"), "{tree:?}");
}

#[test]
fn where_a_path_starts_that_was_read_elsewhere_is_not_guessed() {
    let lab = Lab::new();
    let site = Site::deployed(&lab, "shop", |config| {
        config.working_directory = None;
        config.more =
            "pid File.expand_path('here.pid')\nworking_directory '/var/www/shop/current'\n".into();
    });
    site.launch(&Start { from: site.path("shared"), ..site.plain() });
    lab.wait("its pidfile is where it was started", || lab.has(site.path("shared/here.pid")));
    let seen = lab.farrier(&["check", "--format", "json"]).stdout;
    assert!(seen.contains("pid File.expand_path('here.pid')"), "{seen}");
    assert!(!seen.contains("/here.pid"), "{seen}");
}
