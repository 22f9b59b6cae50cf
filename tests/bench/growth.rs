//! What more processes and more apps cost.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::load::{self, Sleepers};
use super::measure::median_ms;
use super::{FARRIER, screen, words};

/// Processes that are no server, few and many.
const STRANGERS: [usize; 2] = [1_000, 20_000];
/// Apps of so many workers, few and many.
const APPS: [usize; 2] = [50, 200];
const WORKERS: usize = 16;

/// A master of each app with its workers, as far as titles, masks, sockets and files of real ones go: they share what
/// Ruby maps, which lets a machine hold so many.
const MASTERS: &str = r##"
require 'socket'
base, apps, workers = ARGV[0], ARGV[1].to_i, ARGV[2].to_i
apps.times do |number|
  root = "#{base}/app#{number}"
  release = "#{root}/releases/20261101120000"
  system('mkdir', '-p', "#{release}/config", "#{root}/shared/pids")
  File.symlink(release, "#{root}/current")
  config = "#{root}/current/config/unicorn.rb"
  File.write(config, "worker_processes #{workers}\nlisten '#{root}/shared/u.sock'\n" \
    "pid '#{root}/shared/pids/unicorn.pid'\nworking_directory '#{root}/current'\n")
  fork do
    Dir.chdir(release)
    $kept = UNIXServer.new("#{root}/shared/u.sock")
    File.write("#{root}/shared/pids/unicorn.pid", Process.pid.to_s)
    %w[USR1 USR2 HUP WINCH TTIN TTOU QUIT].each { |name| trap(name) {} }
    $0 = "unicorn master -c #{config}"
    workers.times do |index|
      fork do
        %w[USR2 HUP WINCH TTIN TTOU].each { |name| trap(name, 'IGNORE') }
        $0 = "unicorn worker[#{index}] -c #{config}"
        sleep
      end
    end
    sleep
  end
end
sleep
"##;

/// Masters that end with this value.
struct Masters {
    first: Child,
    _directory: tempfile::TempDir,
}

impl Masters {
    fn start(apps: usize) -> Self {
        use std::os::unix::process::CommandExt as _;
        let directory = tempfile::tempdir().expect("a directory");
        let before = load::processes();
        let first = Command::new("ruby")
            .args(["-e", MASTERS])
            .arg(directory.path())
            .args([apps.to_string(), WORKERS.to_string()])
            .process_group(0)
            .spawn()
            .expect("ruby starts");
        let patience = Instant::now() + Duration::from_secs(60);
        while load::processes() < before + apps * (WORKERS + 1) {
            assert!(Instant::now() < patience, "the masters have their workers within 60 s");
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_secs(2));
        Self { first, _directory: directory }
    }
}

impl Drop for Masters {
    fn drop(&mut self) {
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.first.id()).expect("a pid"));
        let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        let _ = self.first.wait();
    }
}

/// The rows.
pub fn table() -> String {
    let size = std::fs::metadata(Path::new(FARRIER)).map_or(0, |file| file.len()) / 1024;
    let check = words(&format!("{FARRIER} check --looks 1"));
    let mut table = String::from("What more costs.\n\n| measure | farrier |\n| --- | --: |\n");
    let mut row = |what: &str, figure: f64| {
        let _ = writeln!(table, "| {what} | {figure:.1} |");
    };
    row("size of the program, KiB", size as f64);
    let [few, many] = STRANGERS.map(|strangers| {
        let _sleepers = Sleepers::start(strangers);
        median_ms(&check)
    });
    let between = (STRANGERS[1] - STRANGERS[0]) as f64;
    row("`check`, each process from 1,000 to 20,000, µs", (many - few) / between * 1e3);
    let [few, many] = APPS.map(|apps| {
        let _masters = Masters::start(apps);
        (median_ms(&check), screen::shown(&[FARRIER], "app0"))
    });
    let between = (APPS[1] - APPS[0]) as f64;
    row("`check`, each app of 17 processes from 50 to 200, ms", (many.0 - few.0) / between);
    row("first screen of 200 apps of 17 processes, ms", many.1);
    table
}
