//! Files below `/proc/PID`, relative to a directory descriptor: the same code in place and in the reader.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{name, refusal};
use crate::os::{
    Answer, Ask, Descriptor, FileKind, FileStat, Found, Open, Pid, ProcText, Refusal, Text,
};

/// The most descriptors of one process that are listed.
const DESCRIPTORS: usize = 65_536;
/// The most threads of one process whose names are read.
const THREADS: usize = 1024;
/// The longest string that is read from memory: the longest path (`limits.h`, PATH_MAX).
const C_STRING: usize = 4096;
/// How often a read that a signal interrupted is tried again.
const INTERRUPTIONS: u32 = 5;

/// Where a process's files start: its own held directory, or `/proc` and its number.
pub struct Base<'a> {
    directory: BorrowedFd<'a>,
    prefix: String,
}

impl<'a> Base<'a> {
    /// A process's own directory.
    pub fn held(directory: BorrowedFd<'a>) -> Self {
        Self { directory, prefix: String::new() }
    }

    /// `/proc`, with the process's number before each path.
    pub fn numbered(proc: BorrowedFd<'a>, pid: Pid) -> Self {
        Self { directory: proc, prefix: format!("{pid}/") }
    }

    fn path(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }

    pub fn open(&self, file: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        rustix::fs::openat(self.directory, self.path(file), flags | OFlags::CLOEXEC, Mode::empty())
    }

    /// A refusal about this process: a missing file means that it ended, or that it is a zombie (`algorithms.md` §3.1).
    pub fn refused(&self, errno: Errno) -> Refusal {
        match errno {
            Errno::NOENT | Errno::SRCH | Errno::INVAL => match self.read("stat", 4096) {
                Ok(stat) if is_zombie(stat.bytes()) => Refusal::Zombie,
                // It lives: this is a kernel thread's, or this kernel has no such file.
                Ok(_) => Refusal::Failed(name(errno)),
                Err(_) => Refusal::Gone,
            },
            other => refusal(other),
        }
    }

    /// Nothing, of a process that has nothing left to show: the kernel says so without an error.
    fn is_zombie(&self) -> bool {
        self.read("stat", 4096).is_ok_and(|stat| is_zombie(stat.bytes()))
    }

    pub fn read(&self, file: &str, bound: usize) -> Result<Text, Errno> {
        let descriptor = self.open(file, OFlags::RDONLY)?;
        read_shown(&descriptor, bound).map(|(bytes, _)| Text::new(bytes))
    }
}

/// Reads a descriptor to its end or to the bound; whether the bound cut it.
pub fn read_whole(descriptor: &OwnedFd, bound: usize) -> Result<(Vec<u8>, bool), Errno> {
    read(descriptor, bound, false)
}

/// Reads a file that the kernel shows as one piece: a read that leaves room has reached its end, and nobody asks again.
pub fn read_shown(descriptor: &OwnedFd, bound: usize) -> Result<(Vec<u8>, bool), Errno> {
    read(descriptor, bound, true)
}

fn read(descriptor: &OwnedFd, bound: usize, in_one_piece: bool) -> Result<(Vec<u8>, bool), Errno> {
    let mut bytes = Vec::with_capacity(4096.min(bound));
    let mut interrupted = 0;
    loop {
        if bytes.len() >= bound {
            return Ok((bytes, true));
        }
        bytes.reserve(4096);
        match rustix::io::read(descriptor, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => return Ok((bytes, false)),
            Ok(_) if in_one_piece && bytes.len() < bytes.capacity() => return Ok((bytes, false)),
            Ok(_) => {}
            Err(Errno::INTR) if interrupted < INTERRUPTIONS => interrupted += 1,
            Err(errno) => return Err(errno),
        }
    }
}

fn is_zombie(stat: &[u8]) -> bool {
    let after = stat.iter().rposition(|byte| *byte == b')').and_then(|at| stat.get(at + 2));
    matches!(after, Some(b'Z' | b'X'))
}

/// Whether the process of a held directory still exists (a zombie does).
pub fn still_there(directory: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::statat(directory, "stat", AtFlags::empty()).map(|_| ())
}

/// How many bytes of a file are read at most.
fn bound(text: ProcText) -> usize {
    match text {
        ProcText::Cmdline => 2 << 20,
        ProcText::Environ => 16 << 20,
        ProcText::Maps | ProcText::Mountinfo => 32 << 20,
        _ => 1 << 20,
    }
}

/// Whether the kernel shows a text as one piece, as far as there is room for it (`single_open`, and those of memory that
/// copy all that is asked for); of the others a read ends with a line.
fn is_one_piece(text: ProcText) -> bool {
    !matches!(text, ProcText::Maps | ProcText::Mountinfo | ProcText::Children)
}

/// Whether a text shows memory, which a zombie has not. An empty command line is left as it is: a kernel thread has
/// none either, and the first pass asks thousands.
fn is_of_memory(text: ProcText) -> bool {
    text.can_hang() && text != ProcText::Cmdline
}

/// Answers a question about one process.
pub fn answer(base: &Base<'_>, ask: &Ask) -> Answer {
    match ask {
        Ask::Text(pid, text) => {
            let read = base
                .open(&text.file(*pid), OFlags::RDONLY)
                .and_then(|descriptor| read(&descriptor, bound(*text), is_one_piece(*text)));
            match read {
                Ok((_, true)) => Err(Refusal::TooLarge(bound(*text) as u64)),
                Ok((bytes, false))
                    if bytes.is_empty() && is_of_memory(*text) && base.is_zombie() =>
                {
                    Err(Refusal::Zombie)
                }
                Ok((bytes, false)) => Ok(Found::Bytes(Text::new(bytes))),
                Err(errno) => Err(base.refused(errno)),
            }
        }
        Ask::Link(_, link) => {
            rustix::fs::readlinkat(base.directory, base.path(link.file()), Vec::with_capacity(256))
                .map(|target| Found::Bytes(Text::new(target.into_bytes())))
                .map_err(|errno| base.refused(errno))
        }
        Ask::LinkStat(_, link) => {
            rustix::fs::statat(base.directory, base.path(link.file()), AtFlags::empty())
                .map(|found| Found::Stat(Some(stat(&found))))
                .map_err(|errno| base.refused(errno))
        }
        Ask::Descriptors(_) => descriptors(base).map(Found::Descriptors),
        Ask::Threads(_) => threads(base).map(|names| Found::Names(Some(names))),
        Ask::Opens(_) => opens(base).map(Found::Opens),
        Ask::CString(_, address) => c_string(base, *address).map(Found::Bytes),
        Ask::Host
        | Ask::Clock
        | Ask::Pids
        | Ask::Flocks
        | Ask::Sockets(_)
        | Ask::LiveEnviron(_)
        | Ask::StartContext(..)
        | Ask::Stream(..)
        | Ask::MemoryGroups(_)
        | Ask::Freezers(_)
        | Ask::Path(..) => Err(Refusal::NotRecorded),
    }
}

/// A string in the process's memory, up to its NUL.
fn c_string(base: &Base<'_>, address: u64) -> Result<Text, Refusal> {
    let memory = base.open("mem", OFlags::RDONLY).map_err(|errno| base.refused(errno))?;
    let mut bytes = vec![0; C_STRING];
    let read = match rustix::io::pread(&memory, &mut bytes[..], address) {
        // Nothing is mapped there: the address was of a program that has been replaced.
        Ok(0) | Err(Errno::IO) => return Err(Refusal::Gone),
        Ok(read) => read,
        Err(errno) => return Err(base.refused(errno)),
    };
    let end = bytes.iter().take(read).position(|byte| *byte == 0);
    match end {
        Some(end) => {
            bytes.truncate(end);
            Ok(Text::new(bytes))
        }
        None => Err(Refusal::TooLarge(C_STRING as u64)),
    }
}

/// The names of its threads. One that ends meanwhile is left out.
fn threads(base: &Base<'_>) -> Result<Vec<Text>, Refusal> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY;
    let directory = base.open("task", flags).map_err(|errno| base.refused(errno))?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&directory).map_err(|errno| base.refused(errno))?.take(THREADS) {
        let entry = entry.map_err(|errno| base.refused(errno))?;
        let Some(number) = entry.file_name().to_str().ok().filter(|name| !name.starts_with('.'))
        else {
            continue;
        };
        if let Ok(name) = base.read(&format!("task/{number}/comm"), 64) {
            names.push(Text::new(name.bytes().strip_suffix(b"\n").unwrap_or(name.bytes())));
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn descriptors(base: &Base<'_>) -> Result<Vec<Descriptor>, Refusal> {
    let directory =
        base.open("fd", OFlags::RDONLY | OFlags::DIRECTORY).map_err(|errno| base.refused(errno))?;
    let mut numbers: Vec<u32> = Vec::new();
    for entry in Dir::read_from(&directory).map_err(|errno| base.refused(errno))? {
        let entry = entry.map_err(|errno| base.refused(errno))?;
        if numbers.len() >= DESCRIPTORS {
            return Err(Refusal::TooMany(DESCRIPTORS as u64));
        }
        numbers.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
    }
    numbers.sort_unstable();
    let mut all = Vec::with_capacity(numbers.len());
    for fd in numbers {
        match rustix::fs::readlinkat(&directory, fd.to_string(), Vec::with_capacity(256)) {
            Ok(target) => all.push(Descriptor { fd, target: Text::new(target.into_bytes()) }),
            // Closed since the listing.
            Err(Errno::NOENT) => {}
            Err(errno) => return Err(base.refused(errno)),
        }
    }
    if all.is_empty() && base.is_zombie() {
        return Err(Refusal::Zombie);
    }
    Ok(all)
}

fn opens(base: &Base<'_>) -> Result<Vec<Open>, Refusal> {
    Ok(descriptors(base)?
        .into_iter()
        .map(|descriptor| {
            let info = base
                .read(&format!("fdinfo/{}", descriptor.fd), 1 << 16)
                .map_err(|errno| base.refused(errno));
            let field = |name: &str, radix| {
                let text = info.as_ref().map_err(Clone::clone)?;
                text.utf8()
                    .and_then(|text| text.lines().find_map(|line| line.strip_prefix(name)))
                    .and_then(|value| u64::from_str_radix(value.trim(), radix).ok())
                    .ok_or(Refusal::Gone)
            };
            let flags = field("flags:", 8);
            let path = base.path(&format!("fd/{}", descriptor.fd));
            Open {
                flags: flags.and_then(|flags| u32::try_from(flags).map_err(|_| Refusal::Gone)),
                offset: field("pos:", 10),
                stat: rustix::fs::statat(base.directory, path, AtFlags::empty())
                    .map(|found| Some(stat(&found)))
                    .map_err(|errno| base.refused(errno)),
                descriptor,
            }
        })
        .collect())
}

/// The numbers in `/proc`.
pub fn pids(proc: BorrowedFd<'_>) -> Answer {
    let mut pids: Vec<Pid> = Vec::new();
    for entry in Dir::read_from(proc).map_err(refusal)? {
        let entry = entry.map_err(refusal)?;
        pids.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<Pid>().ok()));
    }
    pids.sort_unstable();
    Ok(Found::Pids(pids))
}

/// The kernel's form of a device number that `sock_diag` uses too.
pub(crate) fn device(number: u64) -> u64 {
    (u64::from(rustix::fs::major(number)) << 20) | u64::from(rustix::fs::minor(number))
}

/// What `stat(2)` found.
#[expect(
    clippy::useless_conversion,
    reason = "the link count is narrower elsewhere than on x86-64"
)]
pub fn stat(found: &rustix::fs::Stat) -> FileStat {
    let nanoseconds = |seconds: i64, rest: u64| {
        seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(rest).unwrap_or(0))
    };
    FileStat {
        kind: match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => FileKind::Regular,
            FileType::Directory => FileKind::Directory,
            FileType::Symlink => FileKind::Symlink,
            FileType::Socket => FileKind::Socket,
            FileType::Fifo => FileKind::Fifo,
            FileType::CharacterDevice => FileKind::CharDevice,
            FileType::BlockDevice => FileKind::BlockDevice,
            FileType::Unknown => FileKind::Anonymous,
        },
        device: device(found.st_dev),
        inode: found.st_ino,
        mode: found.st_mode & 0o7777,
        uid: found.st_uid,
        gid: found.st_gid,
        nlink: found.st_nlink.into(),
        size: u64::try_from(found.st_size).unwrap_or(0),
        mtime: nanoseconds(found.st_mtime, found.st_mtime_nsec),
        ctime: nanoseconds(found.st_ctime, found.st_ctime_nsec),
        rdev: device(found.st_rdev),
    }
}
