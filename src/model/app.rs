//! An app: one deployed application served by one server, its pidfiles and its listeners.

use std::path::{Path, PathBuf};

use crate::facts::sockets::SocketFile;
use crate::facts::{Fact, Lack, Place, Shared};
use crate::os::{Access, FileStat, Pid, Text};

use super::{
    Beside, Holder, Hook, Kind, Layout, Left, Leftover, Master, Phase, Process, Remains, Role,
    Setting, Tried, Worker,
};

/// An app's id: its deploy root, else its working directory; in a container `@` and what names that follow; where several
/// share it, `#` and the pidfile or listener. Escaped: it is for people and scripts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub String);

impl std::fmt::Display for AppId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// An app.
#[derive(Clone, Debug)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its short name, escaped.
    pub name: String,
    /// The server.
    pub kind: Kind,
    /// The deploy root or working directory, as its processes see it.
    pub root: PathBuf,
    /// The same as farrier sees it, where that differs.
    pub host_path: Option<PathBuf>,
    /// The container that it lives in, as its id carries it; `None`: farrier's own world.
    pub container: Option<String>,
    /// `releases/` and `current`; `None`: it is not deployed by releases.
    pub layout: Shared<Fact<Option<Layout>>>,
    /// Its masters, oldest first.
    pub masters: Vec<Master>,
    /// Workers whose master is gone.
    pub orphans: Vec<Worker>,
    /// Its pidfiles, by path.
    pub pidfiles: Shared<Vec<Pidfile>>,
    /// Its listeners, by address.
    pub listeners: Shared<Vec<Listener>>,
    /// Who says that it should run.
    pub wanted: Vec<Wanted>,
    /// What starts it, as a supervisor's files tell, where no master lives.
    pub starts: Option<String>,
    /// Who works on it: who has locked the directory of its pidfile, farrier itself left out.
    pub holder: Fact<Option<Holder>>,
    /// An upgrade that a farrier left half done, where the audit log's file tells of one.
    pub left: Option<Left>,
    /// What its only master was upgraded to and went back from, where the audit log's file tells of it.
    pub tried: Option<Tried>,
    /// What is left of it, where nothing of it lives.
    pub remains: Option<Box<Remains>>,
}

impl App {
    /// The masters as they are listed for people, the newest first: the one that serves above those that it replaced.
    pub fn newest_first(&self) -> impl Iterator<Item = &Master> {
        self.masters.iter().rev()
    }

    /// The masters with a role.
    pub fn in_role(&self, role: Role) -> impl Iterator<Item = &Master> {
        self.masters.iter().filter(move |master| master.role == role)
    }

    /// The master that serves as the current one: ready, and not superseded.
    pub fn current_master(&self) -> Option<&Master> {
        self.in_role(Role::Current).next()
    }

    /// The master with this pid.
    pub fn master(&self, pid: Pid) -> Option<&Master> {
        self.masters.iter().find(|master| master.process.pid == pid)
    }

    /// Masters that live (a zombie does not).
    pub fn living_masters(&self) -> impl Iterator<Item = &Master> {
        self.masters.iter().filter(|master| !master.process.is_dead())
    }

    /// Who works on it and keeps others out meanwhile.
    pub fn operator(&self) -> Option<&Holder> {
        self.holder.get()?.as_ref().filter(|holder| holder.counts)
    }

    /// All its processes: each master, then its workers; orphans last.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        self.masters
            .iter()
            .flat_map(|master| {
                std::iter::once(&master.process).chain(master.workers.iter().map(|w| &w.process))
            })
            .chain(self.orphans.iter().map(|worker| &worker.process))
    }

    /// The masters that the next USR2 goes to: the ready ones that nothing superseded. While a new one still
    /// loads, that is the old one, since the new one may not come up; at a first start, whatever lives.
    pub fn upgradable(&self) -> Vec<&Master> {
        let serving = |master: &&Master| {
            master.phase == Phase::Ready && matches!(master.role, Role::Current | Role::Duplicate)
        };
        let ready: Vec<&Master> = self.living_masters().filter(serving).collect();
        if !ready.is_empty() {
            return ready;
        }
        let newest_old = self.living_masters().filter(|m| m.role == Role::Old).last();
        newest_old.map_or_else(|| self.living_masters().collect(), |old| vec![old])
    }

    /// Whether USR2 is used here, as far as anything shows it: a re-executed master (its listeners stand in its start
    /// environment), a second generation, an oldbin on disk, or a configuration that prepares for it. Where the
    /// environment or the configuration could not be read it counts as used: lacking knowledge calms nobody.
    pub fn uses_reexec(&self) -> bool {
        let generations = self
            .masters
            .iter()
            .filter(|m| m.beside.is_some())
            .any(|m| matches!(m.role, Role::Old | Role::New) || m.parent.or(m.child).is_some());
        let oldbin = self.pidfiles.iter().any(|file| {
            file.kind == PidfileKind::Oldbin
                && !matches!(file.state.get(), Some(PidfileState::Missing))
        });
        let prepared = |master: &Master| match master.config.get() {
            _ if master.beside.is_none() => false,
            None => true,
            Some(config) => {
                config.retires_old_master
                    || config.program != Setting::NotSet
                    || config.environment.iter().any(|set| set.hook == Some(Hook::BeforeExec))
            }
        };
        let inherited = |master: &Master| {
            let environ = master.process.environ.get();
            let handed =
                |beside: Beside| environ.is_none_or(|env| env.value(beside.sockets).is_some());
            master.beside.is_some_and(handed)
        };
        generations || oldbin || self.living_masters().any(|m| prepared(m) || inherited(m))
    }

    /// Whether a process of it may answer: a master that lives, or a worker that outlived its own.
    pub fn is_alive(&self) -> bool {
        self.living_masters().next().is_some() || self.orphans.iter().any(|o| !o.process.is_dead())
    }

    /// Whether it is only known that masters live, not where: no directory, no releases, no argument that leads anywhere.
    pub fn is_placeless(&self) -> bool {
        let unplaced = |master: &Master| master.process.cwd.get().is_none();
        self.layout.get().is_none() && !self.masters.is_empty() && self.masters.iter().all(unplaced)
    }

    /// Whether anything was found of it that a rule can judge: a process, or who says that it should run. That it was
    /// asked about says nothing.
    pub fn is_judged(&self) -> bool {
        !self.masters.is_empty()
            || !self.orphans.is_empty()
            || self.wanted.iter().any(|wanted| !matches!(wanted, Wanted::Target(_)))
            || self.pidfiles.iter().any(|file| file.leftover.is_some())
    }

    /// Whether it was named on the command line by this path.
    pub fn is_asked_as(&self, path: &Path) -> bool {
        let word = crate::os::shown(path);
        self.wanted.iter().any(|wanted| matches!(wanted, Wanted::Target(told) if *told == word))
    }

    /// Whether it was named on the command line.
    pub fn is_asked(&self) -> bool {
        self.wanted.iter().any(|wanted| matches!(wanted, Wanted::Target(_)))
    }

    /// A path as this app's own views show it: relative to the root where it lies below it.
    pub fn short(&self, path: &Path) -> String {
        match path.strip_prefix(&self.root) {
            Ok(rest) if !rest.as_os_str().is_empty() && self.root.parent().is_some() => {
                crate::os::shown(rest)
            }
            _ => crate::os::shown(path),
        }
    }
}

/// Who says that an app should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It was named on the command line.
    Target(String),
    /// It is named in the settings.
    Settings,
    /// A supervisor has it up; the text names the service.
    Supervisor(String),
    /// A supervisor wants it up and has given up on it.
    Failed {
        /// How that is told, subject first.
        how: String,
        /// Where.
        place: Place,
    },
    /// A supervisor that has a service for it may want it up; which, only that one knows.
    Untold {
        /// What is not told.
        what: String,
        /// Where it was looked for.
        place: Place,
        /// Why it is not.
        why: Lack,
    },
    /// A proxy passes requests to a socket of it, where nobody listens.
    Proxy {
        /// The proxy's master.
        pid: Pid,
        /// Its server's name.
        name: &'static str,
        /// The socket.
        socket: PathBuf,
    },
}

/// What a pidfile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PidfileKind {
    /// The current master's.
    Current,
    /// `PIDFILE.oldbin`: the superseded master's (Unicorn, Rainbows!, nginx).
    Oldbin,
    /// `PIDFILE.2`: the new master's (gunicorn).
    New,
}

/// What became of the process that a pidfile names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PidfileState {
    /// A master of this app.
    Live,
    /// No such process.
    Dead,
    /// A zombie: `kill -0` still succeeds on it.
    Zombie,
    /// A living process that is not a master of this app; who it is, in words.
    Foreign(String),
    /// There is no such file.
    Missing,
    /// The file holds no pid; what it holds instead, in words.
    Garbled(String),
    /// It could not be read; `Pidfile::content` has the reason.
    Unreadable,
}

/// A pidfile, and what lives under its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Pidfile {
    /// Its path, as it was configured or found.
    pub path: PathBuf,
    /// Its path with links resolved; `None`: it leads nowhere.
    pub real: Fact<Option<PathBuf>>,
    /// The file.
    pub stat: Fact<Option<FileStat>>,
    /// The directories that lead to it, the one that holds it first.
    pub directories: Vec<Directory>,
    /// What it is for.
    pub kind: PidfileKind,
    /// The number in it, if it holds one. A hint, never proof.
    pub pid: Option<Pid>,
    /// The number's process.
    pub state: Fact<PidfileState>,
    /// Who names this file, in words with their place: `config/unicorn.rb:12`, `the usual place`, `TARGET`.
    /// Empty for one that was merely found.
    pub named_by: Vec<String>,
    /// The living master that was given this pidfile.
    pub owner: Option<Pid>,
    /// Why it is there, where its process is gone and the app has no master; `None`: that is not asked.
    pub leftover: Option<Fact<Leftover>>,
}

impl Pidfile {
    /// Whether its number is a master's of this app, or was one's: one that a judged server's configuration or card names.
    pub fn leads_home(&self, app: &App) -> bool {
        match self.state.get() {
            Some(PidfileState::Foreign(_)) => !self.named_by.is_empty(),
            Some(_) => true,
            None => app.living_masters().next().is_some() || !self.named_by.is_empty(),
        }
    }
}

/// A directory on the way to a file: who may write and search in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Directory {
    /// Its path, links resolved as far as they could be.
    pub path: PathBuf,
    /// What is there; `None`: nothing.
    pub stat: Fact<Option<FileStat>>,
    /// What decides besides its mode; `None`: nothing is there.
    pub access: Fact<Option<Access>>,
}

/// An address that is listened on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// A Unix socket's path, as it was bound.
    Unix(PathBuf),
    /// An abstract Unix socket's name, without the leading NUL.
    Abstract(Text),
    /// An internet address.
    Tcp(std::net::SocketAddr),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => f.pad(&format!("unix:{}", crate::os::shown(path))),
            Self::Abstract(name) => f.pad(&format!("unix:@{name}")),
            Self::Tcp(address) => f.pad(&address.to_string()),
        }
    }
}

/// A listening socket of an app.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// Where it listens.
    pub address: Address,
    /// The socket's inode: equal for all processes that share it.
    pub inode: u64,
    /// Connections that wait to be accepted.
    pub queued: Fact<u32>,
    /// How many may wait (the kernel admits one more).
    pub backlog: Fact<u32>,
    /// Where the path of a Unix socket leads; `None` for other addresses.
    pub file: Option<Fact<SocketFile>>,
    /// Where the directory of a Unix socket's file really is, the inner `None`: it is gone. Asked only where the path
    /// goes through `current` or a release by its text.
    pub directory: Option<Fact<Option<PathBuf>>>,
    /// It was bound by a relative path: the next generation finds it by the same string wherever it runs.
    pub bound_relative: bool,
    /// The masters that hold it.
    pub masters: Vec<Pid>,
}
