//! Pidfiles: those that masters were given and those in the usual places, each with what lives under its number.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::directories::directories;
use super::leftovers::local;
use super::named::counted_elsewhere;
use super::once::Once;
use super::read;
use super::scan::recognise;
use crate::contract::Server;
use crate::facts::pidfile::{Content, parse};
use crate::facts::process::{Stat, parse_command_line, parse_stat};
use crate::facts::{Fact, Lack, bytes, fact};
use crate::model::{Layout, Master, Pidfile, PidfileKind, PidfileState, Setting};
use crate::os::{Arguments, Ask, FileStat, Found, Pid, ProcText, Refusal, Root, Text};

/// How much of a pidfile is read.
const PIDFILE_BOUND: u32 = 65;

/// A pidfile that is worth a look, and who names it.
type Wanted = BTreeMap<(PathBuf, PidfileKind), Vec<String>>;

/// Reads an app's pidfiles.
pub struct Pidfiles<'a> {
    /// What is looked at.
    pub setting: &'a read::Setting<'a>,
    /// The look.
    pub once: &'a Once<'a>,
    /// The server.
    pub server: &'static Server,
    /// Where paths start.
    pub root: Root,
    /// The highest pid.
    pub pid_max: i32,
    /// Deploy root or working directory.
    pub directory: &'a Path,
    /// Releases.
    pub layout: Option<&'a Layout>,
    /// Pidfiles that a configuration names which no living master was given, and where it does.
    pub named: &'a [(PathBuf, String)],
}

impl Pidfiles<'_> {
    /// All pidfiles of an app. Those in the usual places count only if they are there.
    pub fn read(&self, masters: &[Master]) -> Vec<Pidfile> {
        let mut wanted = Wanted::new();
        for master in masters {
            let Some(Some(path)) = master.pidfile.get() else { continue };
            let by = match master.loaded.get().map(|config| &config.pid) {
                Some(Setting::Set { line, .. }) if *line > 0 => {
                    master.loaded.get().map_or_else(String::new, |c| c.at(*line).to_string())
                }
                _ => format!("the arguments of {}", master.process.pid),
            };
            self.want(&mut wanted, path, &by);
        }
        for (path, by) in self.named {
            self.want(&mut wanted, path, by);
        }
        let configured: Vec<PathBuf> = wanted.keys().map(|(path, _)| path.clone()).collect();
        let usual = self.usual();
        self.once.fetch(
            usual
                .iter()
                .chain(&configured)
                .flat_map(|path| {
                    [
                        Ask::path(self.root, path, crate::os::PathAsk::Stat),
                        Ask::path(self.root, path, crate::os::PathAsk::Real),
                        Ask::path(self.root, path, crate::os::PathAsk::Head(PIDFILE_BOUND)),
                    ]
                })
                .collect(),
        );
        for path in &usual {
            // One that could not be looked at may be there.
            if !matches!(self.once.stat(self.root, path).get(), Some(None)) {
                self.want(&mut wanted, path, "");
            }
        }
        self.unique(wanted)
            .into_iter()
            .map(|((path, kind), by)| self.look(path, kind, by, masters))
            .filter(|pidfile| {
                // A second generation's that is not there is the normal state, and says nothing.
                pidfile.kind == PidfileKind::Current
                    || !matches!(pidfile.state.get(), Some(PidfileState::Missing))
            })
            .collect()
    }

    fn want(&self, wanted: &mut Wanted, path: &Path, by: &str) {
        if is_none(path) {
            return;
        }
        let by: Vec<String> = (!by.is_empty()).then(|| by.to_string()).into_iter().collect();
        let mut add = |path: PathBuf, kind| {
            let names = wanted.entry((path, kind)).or_default();
            names.extend(by.iter().filter(|by| !names.contains(by)).cloned().collect::<Vec<_>>());
        };
        let ends = |suffix: &str| path.as_os_str().as_encoded_bytes().ends_with(suffix.as_bytes());
        let of = |suffix: Option<&'static str>, kind| suffix.map(|suffix| (suffix, kind));
        let second = of(self.server.old_suffix, PidfileKind::Oldbin)
            .or_else(|| of(self.server.new_suffix, PidfileKind::New));
        match second {
            Some((suffix, kind)) if ends(suffix) => add(path.to_path_buf(), kind),
            Some((suffix, kind)) => {
                add(path.to_path_buf(), PidfileKind::Current);
                add(with_suffix(path, suffix), kind);
            }
            None => add(path.to_path_buf(), PidfileKind::Current),
        }
    }

    /// The usual places below the deploy root, in `current`, and in the working directory; their oldbins too.
    fn usual(&self) -> Vec<PathBuf> {
        let mut bases = vec![self.directory.to_path_buf()];
        if let Some(layout) = self.layout {
            bases.push(layout.current.path.clone());
            bases.extend(layout.shared.clone());
        }
        let mut all = Vec::new();
        for base in bases {
            for relative in self.server.usual_pidfiles {
                let path = base.join(relative);
                if let Some(suffix) = self.server.old_suffix.or(self.server.new_suffix) {
                    all.push(with_suffix(&path, suffix));
                }
                all.push(path);
            }
        }
        all
    }

    /// One file under several names is one pidfile: the name that somebody gives it wins over one that was found.
    fn unique(&self, wanted: Wanted) -> Wanted {
        let mut by_real: BTreeMap<PathBuf, (PathBuf, PidfileKind)> = BTreeMap::new();
        let mut kept = Wanted::new();
        let mut all: Vec<_> = wanted.into_iter().collect();
        all.sort_by_key(|((path, _), by)| (by.is_empty(), path.clone()));
        for ((path, kind), by) in all {
            if let Some(real) = self.once.real(self.root, &path).get().cloned().flatten() {
                if let Some(first) = by_real.get(&real) {
                    kept.entry(first.clone()).or_default().extend(by);
                    continue;
                }
                by_real.insert(real, (path.clone(), kind));
            }
            kept.entry((path, kind)).or_default().extend(by);
        }
        kept
    }

    fn look(
        &self,
        path: PathBuf,
        kind: PidfileKind,
        named_by: Vec<String>,
        masters: &[Master],
    ) -> Pidfile {
        let stat = self.once.stat(self.root, &path);
        let content = self.once.head(self.root, &path, PIDFILE_BOUND);
        let place = content.place.clone();
        let owner = masters
            .iter()
            .filter(|master| !master.process.is_dead())
            .find(|master| {
                let given = master.pidfile.get().cloned().flatten();
                given.is_some_and(|given| match kind {
                    PidfileKind::Current => given == path,
                    PidfileKind::Oldbin | PidfileKind::New => false,
                })
            })
            .map(|master| master.process.pid);
        let mut pid = None;
        let value = match content.value {
            Ok(None) => Ok(PidfileState::Missing),
            Ok(Some(bytes)) => match named(&bytes, self.pid_max, masters) {
                Ok(number) => {
                    let state = self.state(number, masters);
                    let live = matches!(state, Ok(PidfileState::Live));
                    let state = state
                        .and_then(|state| self.counted_here(&path, Some(number), masters, state));
                    // A living master goes by its number here; what else stands in a file stays as it stands there.
                    pid = here(number, masters).filter(|_| live).or(Some(number));
                    state
                }
                Err(what) => Ok(PidfileState::Garbled(what.into())),
            },
            Err(Lack::Refused(Refusal::Unsupported(_))) => {
                Ok(PidfileState::Garbled(kind_of(stat.get().and_then(Option::as_ref)).into()))
            }
            Err(lack) => Err(lack),
        };
        Pidfile {
            real: self.once.real(self.root, &path),
            directories: directories(self.once, self.root, &path),
            stat,
            kind,
            pid,
            state: Fact { place, value },
            named_by,
            owner,
            leftover: None,
            path,
        }
    }

    /// A number that is nobody's here, or a stranger's, may have been written elsewhere: by a container that has the file's
    /// directory mounted and counts its own processes, or by another machine that shares the file system. Of an app without
    /// a master that is asked where it is asked why the file was left.
    fn counted_here(
        &self,
        path: &Path,
        number: Option<Pid>,
        masters: &[Master],
        state: PidfileState,
    ) -> Result<PidfileState, Lack> {
        let is_nobodys =
            matches!(state, PidfileState::Dead | PidfileState::Foreign(_) | PidfileState::Zombie);
        if !is_nobodys || self.root != Root::Own || masters.iter().all(|m| m.process.is_dead()) {
            return Ok(state);
        }
        // Only a number that nobody has here can be nobody's there as well: a stranger's is never told to be one.
        let gone = number.filter(|_| state == PidfileState::Dead);
        if let Some(lack) = counted_elsewhere(self.setting, path, gone) {
            return Err(lack);
        }
        match local(self.setting, path) {
            Err((_, lack @ Lack::Depends(_))) => Err(lack),
            _ => Ok(state),
        }
    }

    /// What lives under a number. The number is a hint; the process has to prove that it is this app's master.
    fn state(&self, number: Pid, masters: &[Master]) -> Result<PidfileState, Lack> {
        let Some(here) = here(number, masters) else { return self.inside(number, masters) };
        if let Some(master) = masters.iter().find(|master| master.process.pid == here) {
            return Ok(if master.process.is_dead() {
                PidfileState::Zombie
            } else {
                PidfileState::Live
            });
        }
        let ask = Ask::Text(here, ProcText::Stat);
        let answer = self.once.one(&ask);
        let stat: Fact<Stat> =
            fact(&ask, answer, |found| bytes(found).and_then(|b| parse_stat(&b)));
        match stat.value {
            Ok(stat) if stat.state.is_dead() => Ok(PidfileState::Zombie),
            Ok(stat) => {
                self.told_apart(here)?;
                Ok(PidfileState::Foreign(self.who(here, &stat)))
            }
            Err(Lack::Refused(Refusal::Gone)) => Ok(PidfileState::Dead),
            Err(lack) => Err(lack),
        }
    }

    /// Whether it was seen that a process is no server: its title, and where that could be a server's, its libraries.
    fn told_apart(&self, pid: Pid) -> Result<(), Lack> {
        let line = bytes(self.once.one(&Ask::Text(pid, ProcText::Cmdline))?)?;
        if recognise(&parse_command_line(&line)).is_some() {
            self.once.one(&Ask::Text(pid, ProcText::Maps))?;
        }
        Ok(())
    }

    /// What a number means in another pid namespace, by the `/proc` that is mounted there, if it is that namespace's.
    fn inside(&self, number: Pid, masters: &[Master]) -> Result<PidfileState, Lack> {
        let there = |pid: Pid| {
            let entry = PathBuf::from(format!("/proc/{pid}"));
            self.once.stat(self.root, &entry).value.ok().map(|stat| stat.is_some())
        };
        let mut living = masters.iter().filter(|master| !master.process.is_dead());
        let is_theirs = living.any(|master| there(master.process.own_number()) == Some(true));
        match there(number).filter(|_| is_theirs) {
            Some(true) => Ok(PidfileState::Foreign("a process of the same pid namespace".into())),
            Some(false) => Ok(PidfileState::Dead),
            None => Err(Lack::Depends("the processes of another pid namespace".into())),
        }
    }

    /// Who a stranger is: its title, else its name.
    fn who(&self, pid: Pid, stat: &Stat) -> String {
        const LONGEST: usize = 60;
        let line = match self.once.one(&Ask::Text(pid, ProcText::Cmdline)) {
            Ok(Found::Bytes(text)) => parse_command_line(&text).words,
            _ => Arguments::default(),
        };
        let title = if line.is_empty() { stat.comm.to_string() } else { line.to_string() };
        if title.chars().count() > LONGEST {
            title.chars().take(LONGEST - 1).chain(std::iter::once('…')).collect()
        } else {
            title
        }
    }
}

/// The process of a number as farrier numbers it. A pidfile of another pid namespace holds that namespace's
/// numbers.
fn here(number: Pid, masters: &[Master]) -> Option<Pid> {
    masters
        .iter()
        .find(|master| master.process.own_number() == number)
        .map(|master| master.process.pid)
        .or_else(|| (!lives_in_other_namespace(masters)).then_some(number))
}

/// The number that a pidfile names; 1 is one only where a master is the first process of its pid namespace.
fn named(text: &Text, pid_max: i32, masters: &[Master]) -> Result<Pid, &'static str> {
    match parse(text, pid_max) {
        Content::Pid(number) => Ok(number),
        Content::First => {
            let mut numbers = masters.iter().map(|master| master.process.own_number());
            numbers.find(|own| own.number() == 1).ok_or("1, which is no server's")
        }
        Content::Garbled(what) => Err(what),
    }
}

fn lives_in_other_namespace(masters: &[Master]) -> bool {
    masters.iter().any(|m| m.process.status.get().is_some_and(|s| s.ns_pids.len() > 1))
}

fn kind_of(stat: Option<&FileStat>) -> &'static str {
    use crate::os::FileKind;
    match stat.map(|stat| stat.kind) {
        Some(FileKind::Directory) => "a directory",
        Some(FileKind::Fifo) => "a FIFO",
        Some(FileKind::Socket) => "a socket",
        Some(FileKind::CharDevice | FileKind::BlockDevice) => "a device",
        _ => "not a regular file",
    }
}

/// A path with something appended to its last name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = path.as_os_str().to_os_string();
    whole.push(suffix);
    PathBuf::from(whole)
}

/// Whether a path that is given for a pidfile says that there is to be none.
pub fn is_none(path: &Path) -> bool {
    path == Path::new("/dev/null")
}
