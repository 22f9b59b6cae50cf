//! A deployed app in a lab: its releases, its `current`, and the real Unicorn that serves it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::config::{Config, WORKERS};
use super::world::{DEPLOY, Lab};

/// Two releases to deploy, named as Capistrano names them.
pub const FIRST: &str = "20261101120000";
pub const SECOND: &str = "20261108120000";

/// A deploy root in a lab, in Capistrano's layout: `releases/`, `current`, `shared/`.
pub struct Site<'a> {
    pub lab: &'a Lab,
    /// `/var/www/shop`, say.
    pub root: String,
    /// Who owns the files and runs the master.
    pub user: &'static str,
}

/// What one release does besides answering.
#[derive(Debug, Clone, Default)]
pub struct App {
    /// Seconds that loading it takes.
    pub boot: f32,
    /// Loading it raises.
    pub fails: bool,
    /// Its Gemfile names one gem more, so that its lock file differs.
    pub gems: &'static [&'static str],
    /// Ruby that runs once, when the app is loaded.
    pub code: String,
}

/// How a master is started.
#[derive(Debug, Clone)]
pub struct Start {
    /// The words before the arguments: `unicorn`, `bundle exec unicorn`, a wrapper.
    pub program: Vec<String>,
    /// What `-c` is given; none leaves it out.
    pub config: Option<String>,
    /// The directory that the master is started from, as the shell's PWD has it.
    pub from: String,
    /// Whether the environment has PWD at all: a login shell's has, a bare supervisor's has not.
    pub pwd: bool,
    /// Assignments besides the usual ones.
    pub env: Vec<String>,
}

/// What the app answers to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub release: String,
    /// The worker that answered, as the lab numbers it.
    pub pid: u32,
}

/// The lock file that Bundler makes here of a Gemfile with these gems: the versions are Debian's.
fn lock_of(gemfile: &str) -> String {
    static PLAIN: OnceLock<String> = OnceLock::new();
    let make = || {
        let place = tempfile::tempdir().expect("a directory to resolve gems in");
        std::fs::write(place.path().join("Gemfile"), gemfile).expect("written");
        let locked = Command::new("bundle")
            .args(["lock", "--local"])
            .current_dir(place.path())
            .env("BUNDLE_GEMFILE", place.path().join("Gemfile"))
            .output()
            .expect("bundle (package bundler) starts");
        assert!(locked.status.success(), "{}", super::world::said(&locked));
        std::fs::read_to_string(place.path().join("Gemfile.lock")).expect("Bundler writes it")
    };
    if gemfile == gemfile_of(&[]) { PLAIN.get_or_init(make).clone() } else { make() }
}

/// A Gemfile for gems that are installed already.
fn gemfile_of(more: &[&str]) -> String {
    let gems = ["rack", "unicorn"].iter().chain(more);
    gems.fold(String::new(), |text, gem| text + "gem \"" + gem + "\"\n")
}

impl<'a> Site<'a> {
    /// An empty deploy root of the deploying user at `/var/www/NAME`.
    pub fn new(lab: &'a Lab, name: &str) -> Self {
        Self::at(lab, &format!("/var/www/{name}"), DEPLOY)
    }

    /// An empty deploy root of `user` at `root`.
    pub fn at(lab: &'a Lab, root: &str, user: &'static str) -> Self {
        lab.sh(&format!("mkdir -p {root}; chown {user}:{user} {root}"));
        lab.sh_as(user, &format!("cd {root}; mkdir -p releases shared/{{pids,sockets,log}}"));
        Self { lab, root: root.to_owned(), user }
    }

    /// A site with a first release that is current; `config` is a healthy one unless it was changed.
    pub fn deployed(lab: &'a Lab, name: &str, config: impl FnOnce(&mut Config)) -> Self {
        let site = Self::new(lab, name);
        let mut first = Config::at(&site.root);
        config(&mut first);
        site.release(FIRST, &App::default(), &first);
        site.switch(FIRST);
        site
    }

    /// The path of something under this root.
    pub fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.root)
    }

    /// Puts a release into `releases/`, with its config file.
    pub fn release(&self, id: &str, app: &App, config: &Config) {
        self.unpack(&self.path(&format!("releases/{id}")), id, app, &config.text());
    }

    /// Puts the app's files into `directory`, whatever the layout round it.
    pub fn unpack(&self, directory: &str, id: &str, app: &App, config: &str) {
        let fails = if app.fails { "raise \"this release does not boot\"\n" } else { "" };
        let ru = format!(
            "sleep {}\n{fails}{}\nrun lambda {{ |env|\n  sleep env[\"QUERY_STRING\"].to_f\n  \
             [200, {{ \"content-type\" => \"text/plain\" }}, [\"{id} #{{Process.pid}}\\n\"]]\n}}\n",
            app.boot, app.code
        );
        let gemfile = gemfile_of(app.gems);
        self.lab.write(format!("{directory}/config.ru"), ru);
        self.lab.write(format!("{directory}/Gemfile.lock"), lock_of(&gemfile));
        self.lab.write(format!("{directory}/Gemfile"), gemfile);
        self.lab.write(format!("{directory}/config/unicorn.rb"), config);
        self.lab
            .write(format!("{directory}/REVISION"), "03ab77e1f0f0a1b2c3d4e5f60718293a4b5c6d7e\n");
        self.lab.sh(&format!("chown -R {0}:{0} {directory}", self.user));
    }

    /// Makes `current` name that release, as Capistrano does: a new link, renamed over the old one.
    pub fn switch(&self, id: &str) {
        let line = format!(
            "cd {0}; ln -s {0}/releases/{id} releases/current; mv -T releases/current current",
            self.root
        );
        self.lab.sh_as(self.user, &line);
    }

    /// [`Site::switch`] a while ago, so that no handover is young.
    pub fn switched_long_ago(&self, id: &str) {
        self.switch(id);
        self.age_switch();
    }

    /// Dates the last switch of `current` back.
    pub fn age_switch(&self) {
        self.lab.sh(&format!("touch -h -d '3 hours ago' {}/current", self.root));
    }

    /// How a careful person starts it: by Bundler, from `current`, with the config through `current`.
    pub fn usual(&self) -> Start {
        Start {
            program: ["bundle", "exec", "unicorn"].map(str::to_owned).to_vec(),
            config: Some(self.path("current/config/unicorn.rb")),
            from: self.path("current"),
            pwd: true,
            env: Vec::new(),
        }
    }

    /// The same without Bundler.
    pub fn plain(&self) -> Start {
        Start { program: vec!["unicorn".to_owned()], ..self.usual() }
    }

    /// Starts a master as [`Site::usual`] and waits until it serves.
    pub fn start(&self) -> u32 {
        self.start_with(&self.usual())
    }

    /// Starts a master and waits until it serves; gives its PID.
    pub fn start_with(&self, start: &Start) -> u32 {
        self.launch(start);
        self.lab.wait("the started master is ready", || self.masters().len() == 1);
        let master = self.masters()[0];
        self.wait_ready(master);
        master
    }

    /// Starts a daemon and returns once its starter has: Unicorn's waits until the master says that it is ready.
    pub fn launch(&self, start: &Start) {
        let words = Self::words(start, &["-D"]);
        let output = self.lab.command(self.user, &words).output().expect("nsenter starts");
        let said = super::world::said(&output);
        assert!(output.status.success(), "{words:?}: {said}\n{}", self.lab.picture());
    }

    /// Starts a master that stays the child of its starter, as under a supervisor, and waits until it serves.
    pub fn start_in_foreground(&self, start: &Start) -> u32 {
        self.lab.background(self.user, &Self::words(start, &[]).join(" "));
        self.lab.wait("the started master is ready", || self.masters().len() == 1);
        let master = self.masters()[0];
        self.wait_ready(master);
        master
    }

    /// The command line of a start.
    fn words(start: &Start, more: &[&str]) -> Vec<String> {
        let mut words = vec!["env".to_owned(), "-C".to_owned(), start.from.clone()];
        if start.pwd {
            words.push(format!("PWD={}", start.from));
        }
        words.push("BUNDLE_SILENCE_ROOT_WARNING=1".to_owned());
        words.extend(start.env.iter().cloned());
        words.extend(start.program.iter().cloned());
        words.extend(more.iter().map(|word| (*word).to_owned()));
        if let Some(config) = &start.config {
            words.extend(["-c".to_owned(), config.clone()]);
        }
        words.extend(["-E".to_owned(), "production".to_owned()]);
        words
    }

    /// The ready masters of this site, oldest first; one that boots has no such title yet.
    pub fn masters(&self) -> Vec<u32> {
        let mut masters: Vec<u32> =
            self.lab.pids().into_iter().filter(|pid| self.is_master(*pid)).collect();
        masters.sort_by_key(|pid| self.lab.stat(*pid).map(|stat| stat.started));
        masters
    }

    /// Whether that process is titled as a master and has files of this root open or is there.
    fn is_master(&self, pid: u32) -> bool {
        let title = self.lab.title(pid);
        let mut words = title.split(' ');
        let ours = || {
            self.lab.link(pid, "cwd").starts_with(&self.root)
                || self.lab.link(pid, "fd/2").starts_with(&self.root)
        };
        words.next().is_some() && words.next() == Some("master") && ours()
    }

    /// The processes that a master forked to serve.
    pub fn workers(&self, master: u32) -> Vec<u32> {
        let titled = |pid: &u32| self.lab.title(*pid).contains(" worker[");
        self.lab.children(master).into_iter().filter(titled).collect()
    }

    /// Waits until a master is titled as ready, has all its workers, and the app answers from one of them.
    pub fn wait_ready(&self, master: u32) {
        self.wait_ready_with(master, WORKERS);
    }

    /// The same with another number of workers.
    pub fn wait_ready_with(&self, master: u32, workers: u32) {
        self.lab.wait(&format!("master {master} is ready"), || {
            self.is_master(master) && self.workers(master).len() == workers as usize
        });
        self.lab.wait(&format!("a worker of master {master} answers"), || {
            self.get().is_some_and(|answer| self.workers(master).contains(&answer.pid))
        });
    }

    /// Sends USR2 and waits for the new master, which it gives; what becomes of the old one is the config's business.
    pub fn upgrade(&self, master: u32) -> u32 {
        let before = self.masters();
        self.lab.signal(master, "USR2");
        let mut new = 0;
        self.lab.wait("USR2 brings a new master", || {
            new = self.masters().into_iter().find(|pid| !before.contains(pid)).unwrap_or(0);
            new != 0
        });
        self.lab.wait("its workers are ready", || !self.workers(new).is_empty());
        new
    }

    /// Waits until the newest master is no longer young, and `current` was switched long ago.
    pub fn settle(&self) {
        self.lab.impatient();
        self.age_switch();
        self.lab.outlast_handover(*self.masters().last().expect("a master serves"));
    }

    /// Waits until that process is gone.
    pub fn wait_gone(&self, pid: u32) {
        self.lab.wait(&format!("process {pid} is gone"), || self.lab.stat(pid).is_none());
    }

    /// The number in a pidfile below this root; 0 when there is none.
    pub fn pidfile(&self, below: &str) -> u32 {
        self.lab.read(self.path(below)).trim().parse().unwrap_or(0)
    }

    /// One request through the usual socket, or port 8080 where there is none; `None` when nothing answers.
    pub fn get(&self) -> Option<Answer> {
        let socket = "shared/sockets/unicorn.sock";
        if self.lab.has(self.path(socket)) {
            return self.ask(socket);
        }
        let line =
            "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3";
        let output = self.lab.command("root", ["bash", "-c", line]).output().ok()?;
        Answer::of(&String::from_utf8_lossy(&output.stdout))
    }

    /// One request through the Unix socket below this root.
    pub fn ask(&self, below: &str) -> Option<Answer> {
        ask(&self.lab.path(self.path(below)))
    }
}

/// One HTTP request through a Unix socket, by its path outside the lab.
fn ask(socket: &Path) -> Option<Answer> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: web-1\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Answer::of(&text)
}

impl Answer {
    /// Reads the app's answer from the whole HTTP response.
    fn of(response: &str) -> Option<Self> {
        let (_, body) = response.split_once("\r\n\r\n")?;
        let (release, pid) = body.trim().split_once(' ')?;
        Some(Self { release: release.to_owned(), pid: pid.parse().ok()? })
    }
}
