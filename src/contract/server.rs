//! A server's card: how it is recognised, what its titles, signals and pidfiles mean, how its configuration is read.

use std::path::{Path, PathBuf};

use crate::facts::process::Status;
use crate::model::{Beside, Config, Kind, Log, Master, Operation, Process, Role, Signal};
use crate::os::{Arguments, Text};

use super::{OperationUse, Restart, SignalUse, Variables};

/// A process as recognition sees it: little enough to be read of every process of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The words of its command line or title.
    pub words: &'a [Text],
}

/// What recognition made of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Master or worker, as its title or command line says.
    pub part: Part,
    /// The arguments that follow in the title, split as a shell would split plain words.
    pub arguments: Arguments,
    /// The program's name in the title, the first word; in a raw command line the script as it stands there.
    pub program: Text,
    /// The revision in the title (rack-statsd: `app[SHA]`), with the app's name before it.
    pub tag: Option<(Text, String)>,
    /// The name alone tells that it is this server. Else only the form does, and other software may have the
    /// same: what it maps and catches has to confirm it (`failures.md` §4).
    pub certain: bool,
}

/// What a title says that a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A master that has set its title.
    Master {
        /// The title says that it was superseded.
        old: bool,
    },
    /// A worker with its number.
    Worker(Option<u32>),
    /// The raw command line of the server: a master that starts or loads, or one whose title was never set.
    Raw,
}

/// What the arguments of a server say, as far as farrier needs them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The configuration file, as given.
    pub config: Option<PathBuf>,
    /// `-l`: listeners given on the command line.
    pub listen: Vec<Text>,
    /// A pidfile given on the command line.
    pub pid: Option<PathBuf>,
    /// It was asked to daemonise.
    pub daemonize: bool,
    /// `-E`: the environment's name.
    pub environment: Option<Text>,
    /// The rackup file, as given: the first argument that is no option.
    pub rackup: Option<PathBuf>,
    /// They are all: what they do not name was not given. Else a title may hide some.
    pub whole: bool,
}

/// What executes a server's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    /// The machine itself.
    Native,
    /// Ruby: gems, Bundler.
    Ruby,
    /// Python: a virtual environment, its interpreter by another name than its executable's own.
    Python,
}

/// A title, or a raw command line, by example.
#[derive(Clone, Copy, Debug)]
pub struct Title {
    /// As a process of the server has it.
    pub example: &'static str,
    /// What recognition makes of it.
    pub means: Part,
}

/// A configuration file that is about to be read, and what its code could ask for.
#[derive(Clone, Copy, Debug)]
pub struct Loading<'a> {
    /// Its text.
    pub text: &'a Text,
    /// Where it was read.
    pub path: &'a Path,
    /// Its path as the server is given it: what the file itself sees as its name.
    pub given: &'a Path,
    /// The working directory of the process that loads it, links resolved; `None`: not known.
    pub cwd: Option<&'a Path>,
    /// The environment that it is loaded with; `None`: not known.
    pub variables: Option<&'a Variables>,
}

/// What one file of a proxy's configuration says of where requests go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxied {
    /// Patterns of the files that stand in it, as written.
    pub includes: Vec<Text>,
    /// What requests are passed to.
    pub passes: Vec<Pass>,
    /// The servers of named groups.
    pub members: Vec<GroupMember>,
}

/// A place that requests are passed to: an address or the name of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// As written, without the scheme and the path of the URL.
    pub to: Text,
    /// The port where none is written: that of the scheme.
    pub port: u16,
    /// The line, from 1.
    pub line: usize,
}

/// A server of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// The group's name.
    pub group: Text,
    /// Its address, as written.
    pub to: Text,
    /// `fail_timeout`, as written: how long it counts as down after failures; `0` never.
    pub fail_timeout: Option<Text>,
    /// The line where the group begins, from 1.
    pub line: usize,
}

/// A server's card.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the software")]
pub struct Server {
    /// Its kind.
    pub kind: Kind,
    /// Its name as its authors write it.
    pub name: &'static str,
    /// What its titles look like, for the reader; recognition is held to them by a test.
    pub titles: &'static [Title],
    /// Recognises a process by its title or raw command line.
    pub recognise: fn(&Candidate<'_>) -> Option<Recognised>,
    /// What a process with the raw command line is by its signal masks, where a title may never be set: then master and
    /// workers have the same words. `None`: the title tells.
    pub untitled: Option<fn(&Status) -> Part>,
    /// Whether a process is seen to be no other program that only bears the title; `None`: that was not seen.
    pub is_run_by: fn(&Process) -> Option<bool>,
    /// Reads its arguments.
    pub options: fn(&Arguments) -> Options,
    /// Whether its signal handlers are set: the mask bits that its language's own runtime never sets.
    pub handlers_set: fn(&Status) -> bool,
    /// Reads a configuration file's text.
    pub read_config: fn(&Loading<'_>) -> Config,
    /// Puts what arguments and variables say over what the file says. `None`: the file has the last word.
    pub overrule: Option<fn(&mut Config, &Arguments, Option<&Variables>)>,
    /// Where its configuration is where no argument names it, relative to the working directory. None: there is none.
    pub usual_configs: &'static [&'static str],
    /// Whether a configuration from a usual place agrees with what the title says: then it is the server's own.
    pub agrees: fn(&Config, &Options) -> bool,
    /// Reads what it passes requests to from a configuration file; `None`: it serves an app by itself.
    pub read_proxy: Option<fn(&Text) -> Proxied>,
    /// Reads the end of its log: the bytes, the file, and whether they are all that it has.
    pub read_log: fn(&Text, &Path, bool) -> Log,
    /// What a superseded master's pidfile gets appended (`.oldbin`); `None`: nothing.
    pub old_suffix: Option<&'static str>,
    /// What the pidfile of a new master gets appended (`.2`), until the old one has ended; `None`: nothing.
    pub new_suffix: Option<&'static str>,
    /// How a master starts a second generation beside itself; `None`: it never does.
    pub beside: Option<Beside>,
    /// The server's own library, which a process of it has mapped: a title that other software could have written counts
    /// only with it. `None`: there is none.
    pub library: Option<&'static str>,
    /// A master executes its program again without being started anew: what it does then is followed, from the directory
    /// and the environment that it keeps.
    pub reexecutes: bool,
    /// Before it executes its program again it takes back what Bundler made of its environment: the Gemfile is that of the
    /// directory then, unless one was named before Bundler came.
    pub restores_bundle: bool,
    /// It executes its interpreter, the one that runs it, with the program as an argument: no `#!` line is asked.
    pub names_interpreter: bool,
    /// It keeps what it will start again in a Hash of Ruby's, as Unicorn's `START_CTX` is: how it restarts is followed.
    pub keeps_start_context: bool,
    /// What executes its program.
    pub runtime: Runtime,
    /// The variable that its launcher sets to the environment's name before it reads the configuration, by the program;
    /// `None`: it sets none.
    pub mode: Option<fn(&Text) -> &'static str>,
    /// Variables that it sets itself once it has read the configuration.
    pub sets_late: &'static [&'static str],
    /// What its signals do.
    pub signals: &'static [SignalUse],
    /// How its operations are carried out. One that is not listed, it does not have.
    pub operations: &'static [OperationUse],
    /// How a master comes to new code by a signal, the best way first. None: only its service brings it new code.
    pub restarts: &'static [Restart],
    /// The name of the thread that a process of it has once it serves (`proc_pid_comm(5)`); `None`: threads tell nothing.
    pub serving_thread: Option<&'static str>,
    /// Where its pidfile usually is, relative to the deploy root or working directory.
    pub usual_pidfiles: &'static [&'static str],
    /// Where deploys keep its configuration, relative to the deploy root or absolute: asked where no master lives that was
    /// given one.
    pub deployed_configs: &'static [&'static str],
    /// Whether it removes its pidfile when it is stopped by a signal that asks it to end.
    pub removes_pidfile: bool,
    /// Whether a ready master forks workers, by the signals that it catches; else it serves by itself.
    pub forks_workers: fn(&Status) -> bool,
    /// Which worker it takes away when it is told to, without an article.
    pub takes_away: &'static str,
    /// Names of sockets by which it is controlled: no app answers there.
    pub control_sockets: &'static [&'static str],
    /// Its reload binds a Unix socket anew whose path is gone or another's.
    pub rebinds: bool,
    /// The number of workers that it cannot be brought below.
    pub fewest_workers: u32,
    /// A worker carries out what its master passes on only when it wakes: an idle one some time later.
    pub idle_workers_lag: bool,
    /// Workers when nothing says how many.
    pub default_workers: u32,
    /// The setting that names its working directory.
    pub directory_setting: &'static str,
    /// Seconds that a graceful stop waits for workers when nothing says how long.
    pub default_timeout: u32,
}

impl Server {
    /// Whether it passes requests on to apps, and is none itself.
    pub fn is_proxy(&self) -> bool {
        self.read_proxy.is_some()
    }

    /// What a signal does to a master as it is; `None`: the card does not say, or what decides it was not seen.
    pub fn effect(&self, signal: Signal, on: &Master) -> Option<&'static SignalUse> {
        self.signals
            .iter()
            .filter(|used| used.signal == signal && used.to != Role::Worker)
            .find(|used| used.when.is_none_or(|when| (when.holds)(on) == Some(true)))
    }

    /// The signal that carries out an operation.
    pub fn signal_for(&self, operation: Operation) -> Option<Signal> {
        self.operations.iter().find(|by| by.operation == operation).map(|by| by.signal)
    }
}
