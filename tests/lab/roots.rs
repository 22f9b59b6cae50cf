//! Unicorn on three generations of Ruby, in systems of their own that are entered by chroot: what farrier reads in the
//! masters' memory is what Ruby itself says, and paths are those that the masters see.

use serde::Deserialize;
use serde_json::Value;

use super::program::FINE;
use super::truth::Environment;
use super::world::{DEPLOY, Lab};

/// Where `tests/run` makes them.
const CACHE: &str = "/var/cache/farrier-tests";
const RELEASE: &str = "/srv/shop/releases/20261101120000";
const PIDFILE: &str = "/srv/shop/shared/unicorn.pid";
const LOG: &str = "/srv/shop/shared/unicorn.log";
/// Another path to the same program, which a reload will put into the restart context.
const PROGRAM: &str = "/srv/shop/shared/bin/unicorn-of-the-shop";

/// The master writes down what it has, from its own mouth, whenever it is about to fork a worker.
const CONFIG: &str = r#"require "json"
working_directory "/srv/shop/current"
worker_processes 2
listen "/srv/shop/shared/unicorn.sock"
pid "/srv/shop/shared/unicorn.pid"
stderr_path "/srv/shop/shared/unicorn.log"
stdout_path "/srv/shop/shared/unicorn.log"
$forks ||= 0
before_fork do |server, worker|
  ENV["TOKEN_OF_WORKER"] = "t" * (30 + $forks)
  ENV["TO_CHANGE"] = "after"
  ENV.delete("TO_GO")
  context = Unicorn::HttpServer::START_CTX
  told = { "env" => ENV.to_h, "cwd" => context[:cwd], "exe" => context[0], "argv" => context[:argv], "forks" => $forks += 1 }
  File.write("/srv/shop/shared/told.new", JSON.generate(told))
  File.rename("/srv/shop/shared/told.new", "/srv/shop/shared/told-#{Process.pid}")
end
"#;

/// What a master says of itself.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Told {
    env: Environment,
    cwd: String,
    exe: String,
    argv: Vec<String>,
    /// How many workers it has forked, with the one that it was about to.
    forks: u32,
}

/// A lab with one such system.
struct System {
    lab: Lab,
    /// Where its root is in the lab: `/` or `/mnt`.
    root: &'static str,
}

impl System {
    /// This machine's own, or one of those that `tests/run` makes. They stay as they are: what is written goes
    /// into file systems of the lab.
    fn new(suite: Option<&str>) -> Self {
        let lab = Lab::new();
        let root = if suite.is_some() { "/mnt" } else { "/" };
        if let Some(suite) = suite {
            let whole = format!("{CACHE}/{suite}");
            assert!(lab.has(&whole), "{whole} is not there: tests/run makes it");
            lab.sh(&format!(
                "mount --bind {whole} /mnt; mount -t proc proc /mnt/proc; mount --rbind /dev /mnt/dev; \
                 mount -t tmpfs -o mode=755 srv /mnt/srv; mount -t tmpfs -o mode=1777 tmp /mnt/tmp"
            ));
        }
        let system = Self { lab, root };
        let ru = "run lambda { |env| [200, { \"content-type\" => \"text/plain\" }, [\"ok\"]] }\n";
        system.lab.write(system.at(&format!("{RELEASE}/config.ru")), ru);
        system.configure("");
        // Absolute links: outside of that root they lead elsewhere.
        system.lab.sh(&format!(
            "cd {}; ln -s {RELEASE} current; mkdir -p shared/bin; ln -s /usr/bin/unicorn {}; chown -R 1200:1200 .",
            system.at("/srv/shop"),
            system.at(PROGRAM)
        ));
        system
    }

    /// The lab's path of one of this system.
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.root.trim_end_matches('/'))
    }

    fn configure(&self, more: &str) {
        self.lab.write(self.at(&format!("{RELEASE}/config/unicorn.rb")), CONFIG.to_owned() + more);
    }

    fn start(&self) -> u32 {
        let root = self.root;
        self.lab.sh(&format!(
            "chroot --userspec=1200:1200 {root} env -C /srv/shop/current PWD=/srv/shop/current TO_CHANGE=before TO_GO=x \
             TWIN_OF_ONE=secret TWIN_OF_OTHER=secret RAILS_ENV=production \
             unicorn -D -c /srv/shop/current/config/unicorn.rb -E production"
        ));
        self.master(0)
    }

    /// The PID in the pidfile, once it is another one and its two workers are there.
    fn master(&self, before: u32) -> u32 {
        let pid = || self.lab.read(self.at(PIDFILE)).trim().parse().unwrap_or(before);
        self.lab.wait("a master has two workers", || {
            let workers = self.lab.children(pid()).into_iter();
            pid() != before
                && workers.filter(|w| self.lab.title(*w).contains(" worker[")).count() == 2
        });
        pid()
    }

    fn told(&self, master: u32) -> Told {
        let text = self.lab.read(self.at(&format!("/srv/shop/shared/told-{master}")));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// A master as `check` tells it to `user`.
    fn seen(&self, user: &str, master: u32) -> Value {
        let told = self.lab.farrier_as(user, &["check", "--format", "json"]).json();
        let apps = told["apps"].as_array().expect("apps is an array").iter();
        let mut masters = apps.flat_map(|app| app["masters"].as_array().expect("an array"));
        let found = masters.find(|seen| seen["pid"] == master);
        found.unwrap_or_else(|| panic!("no master {master}: {told:#}")).clone()
    }

    /// Holds what farrier reads in a master's memory against what the master says.
    fn assert_read(&self, master: u32) -> Told {
        let told = self.told(master);
        let change = ["TO_CHANGE", "TO_GO"].map(|name| told.env.get(name).map(String::as_str));
        assert_eq!(change, [Some("after"), None]);
        self.lab.assert_live(master, &told.env);
        for user in ["root", DEPLOY] {
            let seen = self.seen(user, master);
            let expected = serde_json::json!({
                "cwd": told.cwd, "exe": told.exe, "argv": told.argv, "source": "memory"
            });
            assert_eq!(seen["reexec"], expected, "to {user}: {seen:#}");
        }
        told
    }

    /// What a master was told to be executed last, and where: `executing ["…"] (in …)`.
    fn executed(&self) -> (Vec<String>, String) {
        let log = self.lab.read(self.at(LOG));
        let (_, last) = log.rsplit_once("executing ").expect("a re-execution is in the log");
        let (words, place) = last.lines().next().and_then(|l| l.split_once(" (in ")).unwrap();
        let place = place.strip_suffix(')').expect("its directory stands in parentheses");
        // Strings as Ruby shows them are JSON; the listeners behind them, which newer Unicorns show too, are not.
        let words =
            words.split_once(", {").map_or(words.to_owned(), |(words, _)| words.to_owned() + "]");
        (serde_json::from_str(&words).expect("strings"), place.to_owned())
    }
}

/// One system from its start through a reload that changes the restart context to the re-execution itself.
fn hold(suite: Option<&str>, ruby: &str, unicorn: &str) {
    let system = System::new(suite);
    let lab = &system.lab;
    let first = system.start();
    let seen = system.seen("root", first);
    let version = |what: &str| seen[what].as_str().unwrap_or_default().to_owned();
    assert!(version("ruby_version").starts_with(ruby), "{seen:#}");
    assert!(version("server_version").starts_with(unicorn), "{seen:#}");
    lab.judge("a healthy master in a system of its own", &[], &FINE);
    let app = &lab.check(&[]).json()["apps"][0];
    let release = RELEASE.rsplit('/').next();
    assert_eq!(
        (app["root"].as_str(), app["current_release"].as_str()),
        (Some("/srv/shop"), release)
    );
    let told = system.assert_read(first);
    assert_eq!((told.exe.as_str(), told.cwd.as_str()), ("/usr/bin/unicorn", "/srv/shop/current"));

    system.configure(&format!("Unicorn::HttpServer::START_CTX[0] = \"{PROGRAM}\"\n"));
    lab.signal(first, "HUP");
    lab.wait("the reload changed the program", || {
        let told = system.told(first);
        // Both workers are new then.
        (told.exe.as_str(), told.forks) == (PROGRAM, 4)
    });
    system.master(0);
    let told = system.assert_read(first);
    lab.judge("after a reload that names another program", &[], &FINE);

    lab.signal(first, "USR2");
    let second = system.master(first);
    let (words, place) = system.executed();
    assert_eq!(words, [&[told.exe][..], &told.argv].concat());
    assert_eq!((told.cwd.as_str(), place.as_str()), ("/srv/shop/current", RELEASE));
    system.assert_read(second);
}

#[test]
fn ruby_2_7() {
    hold(Some("bullseye"), "2.7.", "5.5.");
}

#[test]
fn ruby_3_1() {
    hold(None, "3.1.", "6.0.");
}

#[test]
fn ruby_3_3() {
    hold(Some("trixie"), "3.3.", "6.1.");
}
