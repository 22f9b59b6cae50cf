//! Everything that one process has open or mapped: what `lsof -p` lists, and what became of each file's path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::files::{Fate, Linked, Target, path_of, target, unmarked};
use super::lsof;
use super::maps::{self, Mapped};
use super::{Fact, Lack, Place, bytes, fact};
use crate::os::{
    Ask, FileKind, FileStat, Found, Open, PathAsk, Pid, ProcLink, ProcText, Refusal, Root, Socket,
    Source, Text,
};

/// Which place of the process's tables an entry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The working directory.
    Cwd,
    /// The root directory.
    Root,
    /// The program.
    Program,
    /// A mapped file that is not the program.
    Mapped,
    /// A descriptor.
    Fd(u32),
}

/// One thing that is open or mapped.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Where it is held.
    pub slot: Slot,
    /// lsof's word for its type; `None`: not known.
    pub kind: Option<&'static str>,
    /// `r`, `w` or `u`; `None`: no descriptor, one that only names a path, or not known.
    pub mode: Option<&'static str>,
    /// Its path, address, or the kernel's name for it.
    pub name: Text,
    /// Device: of a device file its own, else the one that the file lies on.
    pub device: Option<u64>,
    /// Inode.
    pub inode: Option<u64>,
    /// Size in bytes, of a regular file.
    pub size: Option<u64>,
    /// What became of its path; `None`: it has none.
    pub fate: Option<Result<Fate, Lack>>,
}

/// What was found of one process.
#[derive(Clone, Debug, PartialEq)]
pub struct Opens {
    /// The entries: directories, program, mapped files, descriptors.
    pub entries: Vec<Entry>,
    /// What could not be read: what it would have been, where, and why.
    pub lacking: Vec<(String, Place, Lack)>,
}

/// Reads what a process has open, and nothing of any other process. Refused where the process is not there.
pub fn opens(source: &dyn Source, pid: Pid) -> Result<Opens, Lack> {
    let stat = Ask::Text(pid, ProcText::Stat);
    fact(&stat, source.ask_one(stat.clone()), bytes).value?;
    let mut reading = Reading { source, pid, lacking: Vec::new(), now: BTreeMap::new() };
    let mut entries = reading.links();
    let program = entries.iter().find(|entry| entry.slot == Slot::Program);
    let program = program.and_then(|entry| entry.inode);
    entries.extend(reading.mapped(program));
    entries.extend(reading.descriptors());
    Ok(Opens { entries, lacking: reading.lacking })
}

struct Reading<'a> {
    source: &'a dyn Source,
    pid: Pid,
    lacking: Vec<(String, Place, Lack)>,
    /// What stands at paths now, as the process sees them: asked for many at once.
    now: BTreeMap<PathBuf, Fact<Option<FileStat>>>,
}

impl Reading<'_> {
    /// A fact's value; what is lacking is noted.
    fn at<T>(&mut self, what: &str, fact: Fact<T>) -> Option<T> {
        match fact.value {
            Ok(value) => Some(value),
            Err(lack) => {
                self.lacking.push((format!("{what} of {}", self.pid), fact.place, lack));
                None
            }
        }
    }

    /// Asks what stands at paths now.
    fn look_at(&mut self, paths: Vec<PathBuf>) {
        let asks: Vec<Ask> =
            paths.iter().map(|path| Ask::path(Root::Of(self.pid), path, PathAsk::Stat)).collect();
        let answers = self.source.ask(&asks);
        for ((path, ask), answer) in paths.into_iter().zip(&asks).zip(answers) {
            self.now.insert(path, fact(ask, answer, stat));
        }
    }

    /// Asks what stands at the path of each link text, with and without the kernel's mark.
    fn look_behind<'t>(&mut self, texts: impl Iterator<Item = &'t Text>) {
        let paths = texts
            .filter(|text| text.bytes().starts_with(b"/"))
            .flat_map(|text| std::iter::once(text.path().to_path_buf()).chain(unmarked(text)));
        self.look_at(paths.collect());
    }

    fn now(&self, path: &Path) -> Fact<Option<FileStat>> {
        let known = self.now.get(path).cloned();
        known.unwrap_or_else(|| Fact::lacking(Place::path(path), Lack::NotAsked))
    }

    fn links(&mut self) -> Vec<Entry> {
        let links = [
            (Slot::Cwd, ProcLink::Cwd, "working directory"),
            (Slot::Root, ProcLink::Root, "root directory"),
            (Slot::Program, ProcLink::Exe, "program"),
        ];
        let mut entries = Vec::new();
        for (slot, link, what) in links {
            let asks = [Ask::Link(self.pid, link), Ask::LinkStat(self.pid, link)];
            let mut answers = self.source.ask(&asks).into_iter();
            let mut next = || answers.next().unwrap_or(Err(Refusal::NotRecorded));
            let [text, open] = &asks;
            let text = fact(text, next(), bytes);
            let open = fact(open, next(), stat);
            let Some(text) = self.at(what, text) else { continue };
            let open = self.at(what, open).flatten();
            self.look_behind(std::iter::once(&text));
            let (name, fate) = self.named(&text, open.as_ref());
            entries.push(Entry {
                kind: open.as_ref().map(|open| lsof::kind(open.kind)),
                name,
                fate,
                ..entry(slot, open.as_ref())
            });
        }
        entries
    }

    /// A path without the kernel's mark, and what became of it.
    fn named(&self, text: &Text, open: Option<&FileStat>) -> (Text, Option<Result<Fate, Lack>>) {
        let Some(open) = open else { return (text.clone(), None) };
        let literal = self.now(text.path());
        let path = path_of(text, Some(open), literal.get().and_then(Option::as_ref));
        let name = Text::from(path.as_path());
        let now = self.now(&path);
        let open = Fact::known(Place::path(&path), open.clone());
        (name, Some(Linked { path, open, now }.fate()))
    }

    fn mapped(&mut self, program: Option<u64>) -> Vec<Entry> {
        let ask = Ask::Text(self.pid, ProcText::Maps);
        let maps = fact(&ask, self.source.ask_one(ask.clone()), bytes);
        let Some(maps) = self.at("mapped files", maps.then(|text| maps::parse(&text))) else {
            return Vec::new();
        };
        let mut seen = BTreeSet::new();
        let files: Vec<Mapped> = maps
            .into_iter()
            .filter(|file| Some(file.inode) != program && seen.insert((file.device, file.inode)))
            .collect();
        self.look_at(files.iter().map(|file| file.path.clone()).collect());
        files.iter().map(|file| of_mapped(file, self.now(&file.path))).collect()
    }

    fn descriptors(&mut self) -> Vec<Entry> {
        let ask = Ask::Opens(self.pid);
        let opens = fact(&ask, self.source.ask_one(ask.clone()), |found| match found {
            Found::Opens(opens) => Ok(opens),
            _ => Err(Lack::Malformed("another kind of answer")),
        });
        let Some(opens) = self.at("descriptors", opens) else { return Vec::new() };
        let has_socket =
            opens.iter().any(|open| matches!(target(&open.descriptor.target), Target::Socket(_)));
        let sockets = if has_socket { self.sockets() } else { BTreeMap::new() };
        self.look_behind(opens.iter().map(|open| &open.descriptor.target));
        opens.iter().map(|open| self.descriptor(open, &sockets)).collect()
    }

    fn sockets(&mut self) -> BTreeMap<u64, Socket> {
        let ask = Ask::Sockets(Some(self.pid));
        let sockets = fact(&ask, self.source.ask_one(ask.clone()), |found| match found {
            Found::Sockets(sockets) => Ok(sockets),
            _ => Err(Lack::Malformed("another kind of answer")),
        });
        let sockets = self.at("socket addresses", sockets).unwrap_or_default();
        sockets.into_iter().map(|socket| (socket.inode, socket)).collect()
    }

    fn descriptor(&self, open: &Open, sockets: &BTreeMap<u64, Socket>) -> Entry {
        let stat = open.stat.as_ref().ok().and_then(Option::as_ref);
        let text = &open.descriptor.target;
        let base = Entry { mode: mode(open), ..entry(Slot::Fd(open.descriptor.fd), stat) };
        match target(text) {
            Target::Socket(inode) => {
                let (kind, name) = match sockets.get(&inode) {
                    Some(socket) => (lsof::socket(socket), Text::new(lsof::socket_name(socket))),
                    None => ("sock", text.clone()),
                };
                Entry { kind: Some(kind), name, inode: Some(inode), ..base }
            }
            Target::Pipe(inode) => {
                Entry { kind: Some("FIFO"), name: Text::from("pipe"), inode: Some(inode), ..base }
            }
            Target::Anonymous(name) => Entry { kind: Some("a_inode"), name, ..base },
            Target::Path(_) => {
                let (name, fate) = self.named(text, stat);
                Entry { kind: stat.map(|stat| lsof::kind(stat.kind)), name, fate, ..base }
            }
            Target::Other(name) => {
                Entry { kind: stat.map(|stat| lsof::kind(stat.kind)), name, ..base }
            }
        }
    }
}

fn stat(found: Found) -> Result<Option<FileStat>, Lack> {
    match found {
        Found::Stat(stat) => Ok(stat),
        _ => Err(Lack::Malformed("another kind of answer")),
    }
}

fn entry(slot: Slot, stat: Option<&FileStat>) -> Entry {
    let is_device =
        |stat: &FileStat| matches!(stat.kind, FileKind::CharDevice | FileKind::BlockDevice);
    Entry {
        slot,
        kind: None,
        mode: None,
        name: Text::default(),
        device: stat.map(|stat| if is_device(stat) { stat.rdev } else { stat.device }),
        inode: stat.map(|stat| stat.inode),
        size: stat.filter(|stat| stat.kind == FileKind::Regular).map(|stat| stat.size),
        fate: None,
    }
}

/// A mapping's own mark tells what became of its file: overlays and btrfs show other devices and
/// inodes in `maps` than `stat(2)` gives.
fn of_mapped(file: &Mapped, now: Fact<Option<FileStat>>) -> Entry {
    let kind = match &now.value {
        Ok(Some(now)) if !file.marked_deleted => lsof::kind(now.kind),
        _ => "REG",
    };
    let size = match &now.value {
        Ok(Some(now)) if !file.marked_deleted => Some(now.size),
        _ => None,
    };
    let fate = match (file.marked_deleted, now.value) {
        (false, _) => Ok(Fate::Same),
        (true, Ok(Some(_))) if !file.is_memory() => Ok(Fate::Replaced),
        (true, Ok(_)) => Ok(Fate::Deleted),
        (true, Err(lack)) => Err(lack),
    };
    Entry {
        slot: Slot::Mapped,
        kind: Some(kind),
        mode: None,
        name: Text::from(file.path.as_path()),
        device: Some(file.device),
        inode: Some(file.inode),
        size,
        fate: Some(fate),
    }
}

/// The access mode; a descriptor that only names a path (`O_PATH`) has none.
fn mode(open: &Open) -> Option<&'static str> {
    const O_PATH: u32 = 0o10_000_000;
    let flags = *open.flags.as_ref().ok()?;
    match flags & 3 {
        _ if flags & O_PATH != 0 => None,
        0 => Some("r"),
        1 => Some("w"),
        _ => Some("u"),
    }
}
