//! The reader's own look into another process's memory: `/proc/PID/mem` by `pread`, or `process_vm_readv(2)` where
//! only that is permitted. Never a stop, never a write.

use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::process::{Base, read_whole};
use crate::os::memory::{self, Mappings, Memory, Present, Search, Spot, StartContext};
use crate::os::{Pid, Refusal, Text};

/// Processes whose `environ` is remembered; beyond them all are forgotten.
const REMEMBERED: usize = 256;
/// How much of `maps` is read.
const MAPS: usize = 32 << 20;
/// How long a search may take: a little less than farrier waits for it.
const SEARCH: Duration = Duration::from_millis(800);
/// How much of a mapping's pagemap is read at once: a word for each page.
const PAGEMAP: usize = 1 << 16;

/// One process's memory.
enum Target {
    /// Bound to the address space that it had when it was opened: after `exec` and after the end nothing is read.
    Mem(OwnedFd),
    /// By the process's number, which has to be checked afterwards.
    Numbered(nix::unistd::Pid),
}

impl Memory for Target {
    fn read(&self, at: u64, into: &mut [u8]) -> usize {
        match self {
            Self::Mem(memory) => loop {
                match rustix::io::pread(memory, &mut *into, at) {
                    Err(Errno::INTR) => {}
                    read => return read.unwrap_or(0),
                }
            },
            Self::Numbered(pid) => {
                let Ok(base) = usize::try_from(at) else { return 0 };
                let remote = [RemoteIoVec { base, len: into.len() }];
                process_vm_readv(*pid, &mut [IoSliceMut::new(into)], &remote).unwrap_or(0)
            }
        }
    }
}

/// A file on disk, read like memory.
struct OnDisk(OwnedFd);

impl Memory for OnDisk {
    fn read(&self, at: u64, into: &mut [u8]) -> usize {
        rustix::io::pread(&self.0, into, at).unwrap_or(0)
    }
}

/// An address space: start time, and where the program and its initial stack were put (`proc_pid_stat(5)`, fields 22,
/// 26, 28, 48). An `exec` changes it, although pid and start time stay.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Space(Vec<Vec<u8>>);

impl Space {
    fn of(base: &Base<'_>) -> Result<Self, Refusal> {
        let stat = base.read("stat", 4096).map_err(|errno| base.refused(errno))?;
        let stat = stat.bytes();
        let name = stat.iter().rposition(|byte| *byte == b')').map_or(0, |at| at + 1);
        let rest = stat.get(name..).unwrap_or_default();
        let fields: Vec<&[u8]> =
            rest.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty()).collect();
        if matches!(fields.first(), Some([b'Z' | b'X'])) {
            return Err(Refusal::Zombie);
        }
        // The first field here is number 3 of the manual page.
        let wanted = [22, 26, 28, 48].map(|number: usize| fields.get(number - 3).copied());
        Ok(Self(wanted.into_iter().flatten().map(<[u8]>::to_vec).collect()))
    }
}

/// What is remembered of one process.
struct Known {
    space: Space,
    found: Result<Found, Vain>,
}

/// A look that did not find where the environment is.
struct Vain {
    refusal: Refusal,
    /// What was mapped when it was looked for: a program that was just executed has not its libraries yet.
    mappings: Option<Mappings>,
}

impl Vain {
    /// Whether another look would end in the same way. Each denial is logged by Yama and stays one.
    fn lasts(&self, base: &Base<'_>) -> bool {
        self.refusal == Refusal::Denied
            || self.mappings.is_some() && mappings(base).ok() == self.mappings
    }
}

struct Found {
    target: Target,
    mappings: Mappings,
    spot: Spot,
}

/// Processes whose environments have been looked for.
#[derive(Default)]
pub struct Peeks {
    known: BTreeMap<Pid, Known>,
}

impl Peeks {
    /// The environment of a process as it is now.
    pub fn environ(&mut self, proc: BorrowedFd<'_>, pid: Pid) -> Result<Text, Refusal> {
        let base = Base::numbered(proc, pid);
        let space = Space::of(&base)?;
        if let Some(known) = self.known.get(&pid).filter(|known| known.space == space) {
            match &known.found {
                Ok(found) => {
                    if let Ok(block) = found.read() {
                        return same(&base, &space).map(|()| block);
                    }
                }
                Err(vain) if vain.lasts(&base) => return Err(vain.refusal.clone()),
                Err(_) => {}
            }
        }
        let found = Found::look(&base, proc, pid);
        let block = found.as_ref().map_err(|vain| vain.refusal.clone()).and_then(Found::read);
        same(&base, &space)?;
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(pid, Known { space, found });
        block
    }
}

impl Found {
    fn look(base: &Base<'_>, proc: BorrowedFd<'_>, pid: Pid) -> Result<Self, Vain> {
        let vain = |refusal| Vain { refusal, mappings: None };
        let target = target(base, proc, pid).map_err(vain)?;
        let mappings = mappings(base).map_err(vain)?;
        let exe = rustix::fs::readlinkat(proc, format!("{pid}/exe"), Vec::with_capacity(256));
        let exe = exe.map_err(|errno| vain(base.refused(errno)))?;
        let exe = Text::new(exe.into_bytes());
        let disk = || {
            let file = base.open("exe", OFlags::RDONLY | OFlags::NOCTTY).ok()?;
            Some(Box::new(OnDisk(file)) as Box<dyn Memory>)
        };
        match memory::locate(&target, &mappings, &exe, &disk) {
            Ok(spot) => Ok(Self { target, mappings, spot }),
            Err(refusal) => Err(Vain { refusal, mappings: Some(mappings) }),
        }
    }

    fn read(&self) -> Result<Text, Refusal> {
        memory::read(&self.target, &self.mappings, &self.spot, &crate::os::own::pause)
    }
}

/// Whether it is still the same process with the same program.
fn same(base: &Base<'_>, space: &Space) -> Result<(), Refusal> {
    if Space::of(base)? == *space {
        Ok(())
    } else {
        Err(Refusal::Opaque("it has executed another program meanwhile".into()))
    }
}

fn target(base: &Base<'_>, proc: BorrowedFd<'_>, pid: Pid) -> Result<Target, Refusal> {
    match base.open("mem", OFlags::RDONLY) {
        Ok(memory) => Ok(Target::Mem(memory)),
        Err(Errno::ACCESS) => {
            // It takes one capability less, but goes by number: only where that number is this namespace's own.
            let own = rustix::fs::readlinkat(proc, "self", Vec::new()).ok();
            let itself = rustix::process::getpid().to_string();
            let is_own = own.is_some_and(|own| own.as_bytes() == itself.as_bytes());
            let target = Target::Numbered(nix::unistd::Pid::from_raw(pid.number()));
            let start = mappings(base)?.iter().find(|mapping| mapping.private).map(|m| m.start);
            let readable = start.is_some_and(|start| target.read(start, &mut [0]) == 1);
            if is_own && readable { Ok(target) } else { Err(Refusal::Denied) }
        }
        Err(errno) => Err(base.refused(errno)),
    }
}

fn mappings(base: &Base<'_>) -> Result<Mappings, Refusal> {
    let maps = base.open("maps", OFlags::RDONLY).and_then(|maps| read_whole(&maps, MAPS));
    match maps {
        Ok((_, true)) => Err(Refusal::TooLarge(MAPS as u64)),
        Ok((text, false)) if text.is_empty() => {
            Err(Refusal::Opaque("its memory is being given up or replaced".into()))
        }
        Ok((text, false)) => Mappings::parse(&text),
        Err(errno) => Err(base.refused(errno)),
    }
}

/// What a Ruby server will start again.
pub fn start_context(
    proc: BorrowedFd<'_>,
    pid: Pid,
    arguments: &[Text],
) -> Result<StartContext, Refusal> {
    let until = now() + SEARCH;
    let base = Base::numbered(proc, pid);
    let space = Space::of(&base)?;
    let target = target(&base, proc, pid)?;
    let present = present(&base, &mappings(&base)?)?;
    let is_late = || now() > until;
    let search = Search { memory: &target, present: &present, arguments, is_late: &is_late };
    let found = search.run();
    same(&base, &space)?;
    found
}

/// The present pages of its writable anonymous memory, the stack left out.
fn present(base: &Base<'_>, mappings: &Mappings) -> Result<Present, Refusal> {
    let page = rustix::param::page_size() as u64;
    let pagemap = base.open("pagemap", OFlags::RDONLY).map_err(|errno| base.refused(errno))?;
    let mut present = Present::default();
    let mut entries = vec![0; PAGEMAP];
    let wanted =
        mappings.iter().filter(|m| m.writable && m.is_anonymous() && m.name.bytes() != b"[stack]");
    for mapping in wanted {
        let mut at = mapping.start;
        while at < mapping.end {
            let pages = ((mapping.end - at) / page).min(PAGEMAP as u64 / 8);
            let length = usize::try_from(pages * 8).unwrap_or(PAGEMAP);
            let part = entries.get_mut(..length).unwrap_or_default();
            let read = rustix::io::pread(&pagemap, &mut *part, at / page * 8);
            let read = read.map_err(|errno| base.refused(errno))? / 8 * 8;
            if read == 0 {
                break;
            }
            present.add(at, page, part.get(..read).unwrap_or_default());
            at += read as u64 / 8 * page;
        }
    }
    Ok(present)
}

#[expect(clippy::disallowed_methods, reason = "this is os: the search's own clock")]
fn now() -> Instant {
    Instant::now()
}
