//! A systemd service: its file with all drop-ins, and the process that systemd follows as its main one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Around;
use super::parent::SHELLS;
use crate::deploy::unit::{self, Specifiers};
use crate::facts::process::Stat;
use crate::facts::{Fact, Lack, Place, bytes, cgroup, environ, fact};
use crate::model::{Above, Main, Signal, Supervisor, Unit};
use crate::os::{Ask, Pid, ProcText, Refusal, Root, Text};
use crate::survey::adopt::{stat, status};

/// Where the machine's own systemd finds units, the first wins (`systemd.unit(5)`).
const SYSTEM: &[&str] = &[
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where a user's systemd finds them; `~` is the home directory, `%t` the user's directory below `/run/user`.
const USER: &[&str] = &[
    "~/.config/systemd/user.control",
    "%t/systemd/user.control",
    "%t/systemd/transient",
    "%t/systemd/generator.early",
    "~/.config/systemd/user",
    "/etc/systemd/user",
    "%t/systemd/user",
    "/run/systemd/user",
    "%t/systemd/generator",
    "~/.local/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
    "%t/systemd/generator.late",
];

/// How much of a unit file is read.
const BOUND: u32 = 1 << 16;

/// How far up the ancestors are looked at.
const ANCESTORS: usize = 8;

/// The manager that a service belongs to, the machine's own or a user's.
struct Manager {
    directories: Vec<PathBuf>,
    runtime: Text,
    home: Option<Text>,
}

impl Manager {
    fn of(around: &Around<'_>, group: &Text) -> Self {
        let user = cgroup::user_manager(group);
        let home = match user {
            Some(_) => around.process.hands_on().get().and_then(|own| own.value("HOME")).cloned(),
            None => Some(Text::from("/root")),
        };
        let runtime = user.map_or_else(|| "/run".to_owned(), |uid| format!("/run/user/{uid}"));
        let place = |name: &&str| match (name.strip_prefix("~/"), name.strip_prefix("%t/")) {
            (Some(rest), _) => home.as_ref().map(|home| home.path().join(rest)),
            (_, Some(rest)) => Some(Path::new(&runtime).join(rest)),
            _ => Some(PathBuf::from(*name)),
        };
        let names = if user.is_some() { USER } else { SYSTEM };
        Self {
            directories: names.iter().filter_map(place).collect(),
            runtime: Text::from(&*runtime),
            home,
        }
    }
}

/// The service of that name which the master's control group belongs to.
pub(super) fn of(around: &Around<'_>, group: &Text, name: &Text) -> Fact<Supervisor> {
    let manager = Manager::of(around, group);
    let mut found = Unit { name: name.clone(), ..Unit::default() };
    let names = std::iter::once(name.clone()).chain(unit::template(name));
    let places = names.flat_map(|name| {
        manager.directories.iter().map(move |directory| directory.join(name.path()))
    });
    for file in places {
        match around.once.file(Root::Own, &file, BOUND).value {
            Ok(Some(text)) => {
                unit::read(&text, &mut found);
                found.file = Some(file);
                break;
            }
            Ok(None) => {}
            Err(lack) => return Fact::lacking(Place::path(&file), lack),
        }
    }
    for part in drop_ins(around, &manager, name) {
        match around.once.file(Root::Own, &part, BOUND).value {
            Ok(Some(text)) => unit::read(&text, &mut found),
            // `/dev/null` in the place of one takes it away.
            Ok(None) | Err(Lack::Refused(Refusal::Unsupported(_))) => {}
            Err(lack) => return Fact::lacking(Place::path(&part), lack),
        }
    }
    found.main = around.main(&manager, &found);
    let process = around.process;
    let place = found.file.as_deref().map_or_else(|| process.cgroup.place.clone(), Place::path);
    Fact::known(place, Supervisor::Unit(found))
}

/// Every drop-in that counts, in the order of their names, whichever directory they lie in; of two with one name the
/// one in the directory that comes first hides the other.
fn drop_ins(around: &Around<'_>, manager: &Manager, name: &Text) -> Vec<PathBuf> {
    let own = unit::drop_ins(name);
    let of_all = [Text::from("service.d")];
    let mut counts: BTreeMap<Text, PathBuf> = BTreeMap::new();
    for names in [&own[..], &of_all[..]] {
        for above in &manager.directories {
            for directory in names.iter().map(|name| above.join(name.path())) {
                let listed = around.once.list(Root::Own, &directory).value.ok().flatten();
                for part in listed.unwrap_or_default() {
                    if part.bytes().ends_with(b".conf") {
                        let path = directory.join(part.path());
                        counts.entry(part).or_insert(path);
                    }
                }
            }
        }
    }
    counts.into_values().collect()
}

impl Around<'_> {
    /// Which process systemd follows (`service.c`, `service_load_pid_file`, `service_search_main_pid`). A pidfile is read
    /// again whenever the main process ends, whatever the type is.
    fn main(&self, manager: &Manager, unit: &Unit) -> Main {
        if let Some(file) = &unit.pidfile {
            let name = &unit.name;
            let (runtime, home) = (&manager.runtime, manager.home.as_ref());
            let Some(file) = (Specifiers { name, runtime, home }).put_into(file) else {
                return Main::Unknown;
            };
            // A relative one lies below `/run` (`systemd.service(5)`).
            let file = runtime.path().join(file.path());
            let own = self.is_own(&file);
            return Main::Named { file, own };
        }
        match &*unit.kind() {
            "forking" if unit.guesses == Some(false) => Main::None,
            // What a oneshot service started has ended, else it would not be up.
            "oneshot" => Main::None,
            "forking" => self.first(),
            _ => match self.told() {
                Some(pid) => self.living(pid, &unit.name),
                None => self.first(),
            },
        }
    }

    /// Whether a pidfile is the one that the master writes, by whatever path.
    fn is_own(&self, file: &Path) -> Option<bool> {
        let own = self.pidfile.value.as_ref().ok()?;
        let Some(own) = own else { return Some(false) };
        if own == file {
            return Some(true);
        }
        let cwd = || self.process.cwd.get().map(|cwd| cwd.path.join(own));
        let own = if own.is_absolute() { own.clone() } else { cwd()? };
        let real = |root, path: &Path| {
            let directory = self.once.real(root, path.parent()?).value.ok()?;
            Some(directory.map(|directory| directory.join(path.file_name().unwrap_or_default())))
        };
        let (own, file) = (real(self.process.root, &own)?, real(Root::Own, file)?);
        Some(own.is_some() && own == file)
    }

    /// The main process as systemd told it to all that it started (`SYSTEMD_EXEC_PID`, since version 248).
    fn told(&self) -> Option<Pid> {
        let environ = self.process.environ.get().or_else(|| self.process.live.get())?;
        environ.value("SYSTEMD_EXEC_PID")?.utf8()?.parse().ok()
    }

    fn living(&self, pid: Pid, service: &Text) -> Main {
        if pid == self.process.pid {
            return self.is(pid);
        }
        let ask = Ask::Text(pid, ProcText::Cgroup);
        let group = fact(&ask, self.once.one(&ask), |found| {
            bytes(found).and_then(|text| cgroup::parse(&text))
        });
        match (group.get(), self.once.one(&Ask::Text(pid, ProcText::Stat))) {
            (_, Err(Refusal::Gone)) => Main::Ended(Some(pid)),
            (Some(group), _) if cgroup::service(group).as_ref() != Some(service) => {
                Main::Ended(Some(pid))
            }
            (Some(_), _) => self.is(pid),
            (None, _) => Main::Unknown,
        }
    }

    /// The one that the manager itself started, or, of a daemon, adopted: the topmost below it. A re-executed master there
    /// has outlived it.
    fn first(&self) -> Main {
        let Some(first) = self.line().last().map(|(pid, _)| *pid) else { return Main::Unknown };
        if !self.masters.contains(&first) {
            return self.is(first);
        }
        let Some(variable) = self.server.beside.map(|beside| beside.sockets) else {
            return Main::Unknown;
        };
        let environ = if first == self.process.pid {
            self.process.environ.clone()
        } else {
            environ::of(self.once, first).into()
        };
        match environ.get().map(|environ| environ.value(variable).is_some()) {
            Some(true) => Main::Ended(None),
            Some(false) => self.is(first),
            None => Main::Unknown,
        }
    }

    fn is(&self, pid: Pid) -> Main {
        let Some(stat) = stat(self.once, pid) else { return Main::Unknown };
        if stat.state.is_dead() {
            return Main::Ended(Some(pid));
        }
        let is_above =
            pid != self.process.pid && self.line().iter().any(|(other, _)| *other == pid);
        let above = match is_above {
            false => Above::No,
            true if SHELLS.contains(&stat.comm.bytes()) && !self.traps(pid) => Above::Waits,
            true => Above::Acts,
        };
        Main::Is { pid, name: stat.comm, above }
    }

    /// Whether a shell catches a signal that it leaves alone by itself, so that its script does something of its own.
    fn traps(&self, pid: Pid) -> bool {
        let signals =
            [Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGUSR2];
        status(self.once, pid)
            .is_none_or(|status| signals.iter().any(|signal| status.caught.has(*signal)))
    }

    /// The master and its ancestors below the manager; empty where they do not lead up to one.
    fn line(&self) -> Vec<(Pid, Stat)> {
        let mut line: Vec<(Pid, Stat)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut at = self.process.pid;
        while let Some(found) = stat(self.once, at).filter(|_| seen.insert(at)) {
            let parent = found.ppid;
            line.push((at, found));
            let Some(parent) = Pid::new(parent).filter(|_| line.len() <= ANCESTORS) else { break };
            let manages = |stat: Stat| stat.comm.bytes() == b"systemd";
            if parent.number() == 1 || stat(self.once, parent).is_some_and(manages) {
                return line;
            }
            at = parent;
        }
        Vec::new()
    }
}
