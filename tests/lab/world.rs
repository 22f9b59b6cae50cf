//! One lab: a machine of its own, with its own processes, paths, host name and network, which ends with the value.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::freezer::Freezer;

/// How long evidence may take to appear before a wait gives up: ample for a loaded machine of two cores.
const PATIENCE: Duration = Duration::from_secs(30);

/// The user whom `setup.sh` adds: masters that are not root's run as this one.
pub const DEPLOY: &str = "deploy";

/// A machine with nothing on it but the lab's own processes; dropping it ends every one of them.
pub struct Lab {
    /// `unshare`, outside: its namespaces are the lab's, and its end is theirs.
    outside: Child,
    /// The control group that was made for its systemd.
    group: Option<String>,
    /// Control groups that were made for what is frozen, by name.
    frozen: Mutex<Vec<Freezer>>,
    /// Held open: the lab's init reads it and leaves at its end, also when the test itself is killed.
    _lifeline: ChildStdin,
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    pub state: char,
    pub parent: u32,
    /// Clock ticks since boot: with the PID, what tells two processes apart.
    pub started: u64,
}

/// Where Cargo put the program that the tests run: beside the directory of the test or example itself.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own path");
    let built =
        own.parent().and_then(Path::parent).expect("it lies in deps or examples").to_owned();
    let program = built.join("farrier");
    assert!(program.is_file(), "{} is not built: run cargo build", program.display());
    program
}

impl Lab {
    /// Makes a machine. Needs root and the packages that `tests/run` installs.
    ///
    /// # Panics
    /// When the namespaces cannot be made: a lab that is not there is a failure, never a skip.
    pub fn new() -> Self {
        Self::with_init("tini", None)
    }

    /// A machine whose first process is systemd, for the units that a test writes; nothing else is started.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn with_systemd() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        Self::with_init("systemd", Some(format!("farrier-lab-{}-{number}", std::process::id())))
    }

    fn with_init(init: &str, group: Option<String>) -> Self {
        let mut outside = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--net", "--uts"])
            .arg("--cgroup")
            .args(["--", "sh", "-c", include_str!("setup.sh")])
            .env("FARRIER", program())
            .env("INIT", init)
            .env("GROUP", group.as_deref().unwrap_or_default())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare (package util-linux) starts; tests/run installs what a lab needs");
        let lifeline = outside.stdin.take().expect("piped");
        let mut said = String::new();
        let heard = BufReader::new(outside.stdout.take().expect("piped")).read_line(&mut said);
        if heard.is_err() || said != "ready\n" {
            drop(lifeline);
            let output = outside.wait_with_output().expect("unshare ends");
            panic!(
                "a lab could not be made (it needs root, or sudo as in tests/run): {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Self { outside, group, frozen: Mutex::default(), _lifeline: lifeline }
    }

    /// Keeps a control group until the lab's end, which thaws and removes it.
    pub fn keep(&self, freezer: Freezer) {
        self.frozen.lock().expect("no test panics holding it").push(freezer);
    }

    /// The words that put a command into this lab, to be followed by the command's own.
    pub fn entrance(&self) -> Vec<String> {
        let ns = |kind| format!("/proc/{}/ns/{kind}", self.outside.id());
        vec![
            "nsenter".to_owned(),
            format!("--mount={}", ns("mnt")),
            format!("--pid={}", ns("pid_for_children")),
            format!("--net={}", ns("net")),
            format!("--uts={}", ns("uts")),
            format!("--cgroup={}", ns("cgroup")),
            // Where the tests themselves run in a chroot, the namespace's own root is not the lab's.
            format!("--root=/proc/{}/root", self.outside.id()),
            "--".to_owned(),
        ]
    }

    /// A command of `user` in the lab, from the directory `/`, with a clean environment and no input.
    pub fn command<S: AsRef<OsStr>>(
        &self,
        user: &str,
        words: impl IntoIterator<Item = S>,
    ) -> Command {
        let entrance = self.entrance();
        let mut command = Command::new(&entrance[0]);
        command.args(&entrance[1..]).args(["env", "-i", "-C", "/"]);
        let home = if user == "root" { "/root".to_owned() } else { format!("/srv/{user}") };
        command.arg(format!("HOME={home}")).arg(format!("USER={user}"));
        command.args(["LANG=C.UTF-8", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]);
        if user != "root" {
            command.args(["setpriv", "--reuid", user, "--regid", user, "--init-groups"]);
        }
        command.args(words).current_dir("/").stdin(Stdio::null());
        command
    }

    /// Runs a shell line as root in the lab and gives its standard output.
    pub fn sh(&self, line: &str) -> String {
        self.sh_as("root", line)
    }

    /// Runs a shell line as `user` in the lab and gives its standard output.
    ///
    /// # Panics
    /// When the line does not end with 0.
    pub fn sh_as(&self, user: &str, line: &str) -> String {
        let output = self.command(user, ["bash", "-euc", line]).output().expect("nsenter starts");
        assert!(
            output.status.success(),
            "`{line}` as {user}: {}\n{}",
            said(&output),
            self.picture()
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Starts a shell line that goes on after its shell, as a daemon would, and gives its PID in the lab.
    pub fn background(&self, user: &str, line: &str) -> u32 {
        let line = format!("setsid {line} < /dev/null > /dev/null 2>&1 & echo $!");
        self.sh_as(user, &line).trim().parse().expect("the shell prints a PID")
    }

    /// The outside path of an absolute path of the lab. Links on the way that are absolute lead astray here.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        let inside = inside.as_ref();
        let relative = inside.strip_prefix("/").expect("an absolute path");
        // `unshare` itself stands in the lab's mount namespace, where the lab's own /proc is mounted.
        PathBuf::from(format!("/proc/{}/root", self.outside.id())).join(relative)
    }

    /// Writes a file of the lab, with the directories above it.
    pub fn write(&self, inside: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(inside);
        fs::create_dir_all(path.parent().expect("not /")).expect("the directories are made");
        fs::write(path, text).expect("the file is written");
    }

    /// A file of the lab as text; empty when it is not there.
    pub fn read(&self, inside: impl AsRef<Path>) -> String {
        fs::read(self.path(inside))
            .map_or_else(|_| String::new(), |b| String::from_utf8_lossy(&b).into_owned())
    }

    /// Whether the lab has something at that path, a dangling link included.
    pub fn has(&self, inside: impl AsRef<Path>) -> bool {
        self.path(inside).symlink_metadata().is_ok()
    }

    /// Sends a signal by its name, from outside farrier: this is the hand of the person who deploys.
    pub fn signal(&self, pid: u32, signal: &str) {
        self.sh(&format!("kill -{signal} {pid}"));
    }

    /// Waits for evidence, and fails with what was awaited and a picture of the lab when it does not come.
    pub fn wait(&self, what: &str, holds: impl FnMut() -> bool) {
        self.wait_for(what, PATIENCE, holds);
    }

    /// [`Lab::wait`] with another patience.
    pub fn wait_for(&self, what: &str, patience: Duration, mut holds: impl FnMut() -> bool) {
        let until = Instant::now() + patience;
        while !holds() {
            assert!(
                Instant::now() < until,
                "waited {patience:?} in vain: {what}\n{}",
                self.picture()
            );
            sleep(Duration::from_millis(20));
        }
    }

    /// Every process of the lab, its init included.
    pub fn pids(&self) -> Vec<u32> {
        let entries = fs::read_dir(self.path("/proc")).expect("the lab has /proc");
        let mut pids: Vec<u32> =
            entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok()).collect();
        pids.sort_unstable();
        pids
    }

    /// The command line as it is now, NULs as blanks; empty for a zombie or no process.
    pub fn title(&self, pid: u32) -> String {
        self.read(format!("/proc/{pid}/cmdline"))
            .trim_end_matches('\0')
            .replace('\0', " ")
            .trim_end()
            .to_owned()
    }

    /// State, parent and start of a process; `None` when there is none of that PID.
    pub fn stat(&self, pid: u32) -> Option<Stat> {
        let text = self.read(format!("/proc/{pid}/stat"));
        let (_, after) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        Some(Stat {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// Whether a process of that PID lives: a zombie does not.
    pub fn lives(&self, pid: u32) -> bool {
        self.stat(pid).is_some_and(|stat| stat.state != 'Z')
    }

    /// A link under `/proc/PID`, as text: `cwd`, `exe`, `root`.
    pub fn link(&self, pid: u32, name: &str) -> String {
        fs::read_link(self.path(format!("/proc/{pid}/{name}")))
            .map_or_else(|_| String::new(), |path| path.to_string_lossy().into_owned())
    }

    /// One variable of the environment that a process was started with.
    pub fn started_with(&self, pid: u32, name: &str) -> Option<String> {
        self.read(format!("/proc/{pid}/environ"))
            .split('\0')
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }

    /// The processes whose parent is `pid`, zombies included.
    pub fn children(&self, pid: u32) -> Vec<u32> {
        self.pids()
            .into_iter()
            .filter(|child| self.stat(*child).is_some_and(|s| s.parent == pid))
            .collect()
    }

    /// The PID of a process that was here and is gone.
    pub fn gone(&self) -> u32 {
        let pid = self.sh("true & echo $!; wait").trim().parse().expect("the shell prints a PID");
        self.wait("a short-lived process is gone", || self.stat(pid).is_none());
        pid
    }

    /// The PID of a zombie of `user`: its parent never asks how it ended.
    pub fn zombie(&self, user: &str) -> u32 {
        let parent = self.background(user, "ruby -e 'fork { exit! }; sleep'");
        self.wait("a zombie", || self.children(parent).iter().any(|pid| !self.lives(*pid)));
        self.children(parent)[0]
    }

    /// Tells farrier that a handover here is over after a second, so that a test need not wait for minutes. A
    /// config's `timeout` counts too: three seconds are the least that Unicorn takes.
    pub fn impatient(&self) {
        self.write("/etc/farrier.toml", "handover_grace = 1\n");
    }

    /// Waits until that process is older than a handover of an impatient lab may take.
    pub fn outlast_handover(&self, newest: u32) {
        let uptime =
            || self.read("/proc/uptime").split('.').next().and_then(|s| s.parse::<u64>().ok());
        // Clock ticks are hundredths of a second on every Linux that this runs on.
        let started = self.stat(newest).expect("the newest master lives").started / 100;
        self.wait("the handover is no longer young", || {
            uptime().is_some_and(|now| now > started + 4)
        });
    }

    /// What a person would look at first: the processes and the end of every log.
    pub fn picture(&self) -> String {
        let look = "ps -eo pid,ppid,stat,user,args --forest; \
             for log in /var/www/*/shared/log/*.log /srv/*/log/*.log; do \
             test -f $log && echo == $log && tail -n 12 $log; done";
        self.command("root", ["bash", "-c", look])
            .output()
            .map_or_else(|e| e.to_string(), |o| said(&o))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // What the old hierarchy froze does not even end by KILL.
        let frozen = std::mem::take(self.frozen.get_mut().expect("no test panics holding it"));
        for freezer in &frozen {
            freezer.thaw(self);
        }
        // Its end ends the lab's init (--kill-child), and the kernel then ends all others of that namespace.
        let _ = self.outside.kill();
        let _ = self.outside.wait();
        for group in frozen.iter().map(Freezer::name).chain(self.group.as_deref()) {
            remove_group(group);
        }
    }
}

/// Removes a control group with all below it, once the kernel has ended the last process there. It is where the machine has
/// them mounted: at the usual place, or below it on a machine with both kinds.
fn remove_group(group: &str) {
    let roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/freezer", "/sys/fs/cgroup"];
    let places = roots.map(|root| Path::new(root).join(group));
    let until = Instant::now() + PATIENCE;
    while let Some(place) = places.iter().find(|place| place.exists())
        && Instant::now() < until
    {
        let _ = Command::new("find")
            .arg(place)
            .args(["-depth", "-type", "d", "-exec", "rmdir", "{}", "+"])
            .output();
        sleep(Duration::from_millis(20));
    }
}

/// Both outputs of a command and how it ended, for a failing test's words.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
