//! What the machine is loaded with: sleeping processes and one real Unicorn; and what the machine is.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Sleeping children; they end with this value.
pub struct Sleepers(Vec<Child>);

impl Sleepers {
    /// Starts them.
    pub fn start(number: usize) -> Self {
        let start = |_| Command::new("sleep").arg("3600").spawn().expect("sleep starts");
        Self((0..number).map(start).collect())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

/// A real Unicorn in the foreground.
pub struct Unicorn {
    child: Child,
    _directory: tempfile::TempDir,
    /// The master's pid.
    pub master: u32,
    /// What it was started with.
    pub arguments: Vec<String>,
}

impl Unicorn {
    /// Starts it with an app of so many MiB that the master loads, and waits until its workers are there.
    pub fn start(workers: usize, size: usize) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name).to_str().expect("UTF-8").to_owned();
        let app = format!(
            "KEPT = Array.new({size} * 1024) {{ |n| n.to_s * (1024 / n.to_s.size) }}\n\
            run ->(_) {{ [200, {{}}, ['ok']] }}\n"
        );
        std::fs::write(at("config.ru"), app).expect("written");
        let config = format!(
            "preload_app true\nworker_processes {workers}\nlisten '{}'\npid '{}'\nworking_directory '{}'\n",
            at("unicorn.sock"),
            at("unicorn.pid"),
            directory.path().to_str().expect("UTF-8")
        );
        std::fs::write(at("unicorn.rb"), config).expect("written");
        let arguments = vec!["-c".to_owned(), at("unicorn.rb"), at("config.ru")];
        let child = Command::new("unicorn")
            .args(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("unicorn starts");
        let master = child.id();
        let unicorn = Self { child, _directory: directory, master, arguments };
        let patience = Instant::now() + Duration::from_secs(30);
        while unicorn.workers().len() < workers {
            assert!(Instant::now() < patience, "unicorn has its workers within 30 s");
            std::thread::sleep(Duration::from_millis(100));
        }
        unicorn
    }

    /// The pids of its workers that are titled as such.
    pub fn workers(&self) -> Vec<u32> {
        let children = format!("/proc/{0}/task/{0}/children", self.master);
        let pids = std::fs::read_to_string(children).unwrap_or_default();
        let title = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/cmdline"));
        pids.split_whitespace()
            .filter(|pid| title(pid).is_ok_and(|title| title.contains("worker[")))
            .filter_map(|pid| pid.parse().ok())
            .collect()
    }

    /// The master's resident memory in MiB.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.master));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
            / 1024
    }
}

impl Drop for Unicorn {
    fn drop(&mut self) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.master).expect("a pid"));
        let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// How many processes there are.
pub fn processes() -> usize {
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok()))
        .count()
}

/// What was measured on, and with which versions.
pub fn about() -> String {
    let said = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok();
        let text = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines()
            .find(|line| line.contains(|c: char| c.is_ascii_digit()))
            .unwrap_or("-")
            .trim()
            .to_owned()
    };
    let cpus = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let size = std::fs::metadata(Path::new(super::FARRIER)).map_or(0, |file| file.len()) / 1024;
    format!(
        "# Performance\n\nWritten by `FARRIER_BENCH_WRITE=1 cargo bench`. Each figure is the median of several runs, farrier and its \
         peer in turn, on one machine\nwith a real Unicorn of 16 workers among sleeping processes. The ratio is farrier's \
         part of the peer's: below 1 is less.\nAbsolute figures are of that machine only.\n\n\
         {cpus} cores, Linux {}; {}; {}; {}; farrier {} ({size} KiB).\n",
        said("uname", "-r"),
        said("ps", "--version"),
        said("lsof", "-v").replace("revision:", "lsof"),
        said("htop", "--version"),
        env!("CARGO_PKG_VERSION"),
    )
}
