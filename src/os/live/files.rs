//! Paths outside `/proc`, as farrier or as a process sees them. Only the reader comes here: any of this may hang.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, StatVfs, StatVfsMountFlags,
    StatxAttributes, StatxFlags,
};
use rustix::io::Errno;

use super::process::{read_whole, stat};
use super::refusal;
use crate::os::{Access, Answer, Found, PathAsk, Refusal, Root, Text};

/// How many links are followed when a path is resolved (`path_resolution(7)`).
const LINKS: usize = 40;
/// How often a path is resolved again that was renamed meanwhile.
const RENAMES: usize = 8;
/// The most names in a directory that are listed.
const NAMES: usize = 65_536;
/// How much of a `#!` line is read; the kernel itself reads 256 bytes (`execve(2)`).
const SHEBANG: usize = 256;

/// File systems whose regular files are no files: reading one may do something (`statfs(2)`, and each one's `magic.h`).
const NOT_FILES: &[i64] = &[
    0x9fa0,      // proc
    0x6265_6572, // sysfs
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x0027_e0eb, // cgroup
    0x6367_7270, // cgroup2
];

/// What the kernel puts behind the name of a file that has none any more.
const GONE: &[u8] = b" (deleted)";

/// Answers a question about a path.
pub fn answer(proc: BorrowedFd<'_>, root: Root, path: &Path, ask: PathAsk) -> Answer {
    let start = match Start::new(proc, root) {
        Ok(start) => start,
        Err(Errno::NOENT) => return Err(Refusal::Gone),
        Err(errno) => return Err(refusal(errno)),
    };
    let answer = match ask {
        PathAsk::Stat => start.status(path, AtFlags::empty()),
        PathAsk::Lstat => start.status(path, AtFlags::SYMLINK_NOFOLLOW),
        PathAsk::ReadLink => {
            start.open(path, OFlags::PATH | OFlags::NOFOLLOW).and_then(|it| read_link(&it))
        }
        PathAsk::Real => start.resolve(path),
        PathAsk::List => {
            match start.open(path, OFlags::RDONLY | OFlags::DIRECTORY).and_then(list) {
                Ok(names) if names.len() > NAMES => return Err(Refusal::TooMany(NAMES as u64)),
                names => names.map(|names| Found::Names(Some(names))),
            }
        }
        PathAsk::Read(bound) => return start.whole(path, bound),
        PathAsk::Head(bound) => return start.part(path, |_| 0, bound as usize),
        PathAsk::Tail(bound) => {
            let from = move |size: u64| size.saturating_sub(u64::from(bound));
            return start.part(path, from, bound as usize);
        }
        PathAsk::Shebang => return start.shebang(path),
        PathAsk::Access => start.open(path, OFlags::PATH).and_then(|it| access(&it)),
    };
    answer.or_else(|errno| match errno {
        Errno::NOENT | Errno::NOTDIR => Ok(nothing(ask)),
        Errno::NOSYS if root != Root::Own => {
            Err(Refusal::Unsupported("paths inside another root (openat2)".into()))
        }
        other => Err(refusal(other)),
    })
}

/// "There is no such file", for each question.
fn nothing(ask: PathAsk) -> Found {
    match ask {
        PathAsk::Stat | PathAsk::Lstat => Found::Stat(None),
        PathAsk::Access => Found::Access(None),
        PathAsk::ReadLink | PathAsk::Real => Found::Link(None),
        PathAsk::List => Found::Names(None),
        PathAsk::Read(_) | PathAsk::Head(_) | PathAsk::Tail(_) | PathAsk::Shebang => {
            Found::File(None)
        }
    }
}

/// Where a path starts: farrier's root, or a process's, out of which no link leads.
enum Start {
    Own,
    Inside(OwnedFd),
}

impl Start {
    fn new(proc: BorrowedFd<'_>, root: Root) -> Result<Self, Errno> {
        match root {
            Root::Own => Ok(Self::Own),
            Root::Of(pid) => {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                rustix::fs::openat(proc, format!("{pid}/root"), flags, Mode::empty())
                    .map(Self::Inside)
            }
        }
    }

    fn open(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC;
        match self {
            Self::Own => rustix::fs::open(path, flags, Mode::empty()),
            Self::Inside(root) => {
                let inside = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
                let open = || rustix::fs::openat2(root, path, flags, Mode::empty(), inside);
                // AGAIN: something was renamed on the way, and the kernel cannot tell that nothing led outside.
                (0..RENAMES)
                    .map(|_| open())
                    .find(|opened| opened.as_ref().err() != Some(&Errno::AGAIN))
                    .unwrap_or(Err(Errno::AGAIN))
            }
        }
    }

    /// What is there; of a link itself with `SYMLINK_NOFOLLOW`.
    fn status(&self, path: &Path, flags: AtFlags) -> Result<Found, Errno> {
        match self {
            Self::Own => rustix::fs::statat(rustix::fs::CWD, path, flags)
                .map(|found| Found::Stat(Some(stat(&found)))),
            Self::Inside(_) => {
                let is_link = flags.contains(AtFlags::SYMLINK_NOFOLLOW);
                let follow = if is_link { OFlags::NOFOLLOW } else { OFlags::empty() };
                self.open(path, OFlags::PATH | follow).and_then(|it| status(&it))
            }
        }
    }

    /// The path with every link resolved, in the words of this root.
    fn resolve(&self, path: &Path) -> Result<Found, Errno> {
        match self {
            Self::Own => self.told(path),
            Self::Inside(_) => self.walk(path),
        }
    }

    /// What the kernel calls the place that a path leads to: one question in place of three for each name on the way.
    /// Where that is no name in this root, or may be one of a file that is gone, the way is walked.
    fn told(&self, path: &Path) -> Result<Found, Errno> {
        let place = self.open(&Path::new("/").join(path), OFlags::PATH)?;
        let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&place));
        match rustix::fs::readlink(link, Vec::with_capacity(256)) {
            Ok(name) if name.as_bytes().starts_with(b"/") && !name.as_bytes().ends_with(GONE) => {
                Ok(Found::Link(Some(Text::new(name.into_bytes()))))
            }
            _ => self.walk(path),
        }
    }

    fn walk(&self, path: &Path) -> Result<Found, Errno> {
        let mut done = PathBuf::from("/");
        let mut rest: Vec<PathBuf> = components(path);
        let mut links = 0;
        while let Some(next) = rest.pop() {
            if next.as_os_str() == ".." {
                done.pop();
                continue;
            }
            let here = done.join(&next);
            let descriptor = self.open(&here, OFlags::PATH | OFlags::NOFOLLOW)?;
            let found = rustix::fs::fstat(&descriptor)?;
            if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
                done = here;
                continue;
            }
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP);
            }
            let target = rustix::fs::readlinkat(&descriptor, c"", Vec::with_capacity(256))?;
            let target = Text::new(target.into_bytes());
            if target.path().is_absolute() {
                done = PathBuf::from("/");
            }
            rest.extend(components(target.path()));
        }
        Ok(Found::Link(Some(Text::from(done.as_path()))))
    }

    /// A regular file's bytes, all of them.
    fn whole(&self, path: &Path, bound: u32) -> Answer {
        // One more than that: a file that has just as many is whole.
        match self.part(path, |_| 0, bound as usize + 1)? {
            Found::File(Some(text)) if text.len() > bound as usize => {
                Err(Refusal::TooLarge(u64::from(bound)))
            }
            found => Ok(found),
        }
    }

    /// A part of a regular file. It is looked at before it is opened: opening a pipe or a device may block or do something.
    fn part(&self, path: &Path, from: impl Fn(u64) -> u64, bound: usize) -> Answer {
        let looked = match self.open(path, OFlags::PATH) {
            Ok(looked) => looked,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Found::File(None)),
            Err(errno) => return Err(refusal(errno)),
        };
        let found = rustix::fs::fstat(&looked).map_err(refusal)?;
        let system = rustix::fs::fstatfs(&looked).map_err(refusal)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
            return Err(Refusal::Unsupported("not a regular file".into()));
        }
        if NOT_FILES.contains(&system.f_type) {
            return Err(Refusal::Unsupported("a file of the kernel, not of a disk".into()));
        }
        // Opened again through the same descriptor, it can be no other file.
        let again = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&looked.as_fd()));
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = rustix::fs::open(again, flags, Mode::empty()).map_err(refusal)?;
        let start = from(u64::try_from(found.st_size).unwrap_or(0));
        if start > 0 {
            rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(start)).map_err(refusal)?;
        }
        let (mut bytes, _) = read_whole(&file, bound).map_err(refusal)?;
        bytes.truncate(bound);
        Ok(Found::File(Some(Text::new(bytes))))
    }

    /// A script's first line.
    fn shebang(&self, path: &Path) -> Answer {
        let Found::File(Some(start)) = self.part(path, |_| 0, SHEBANG)? else {
            return Ok(Found::File(None));
        };
        let line = start.bytes().split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = if line.starts_with(b"#!") { line } else { b"" };
        Ok(Found::File(Some(Text::new(line))))
    }
}

/// The components of a path, the last one first; `.` and the root are left out.
fn components(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter(|component| matches!(component, Component::Normal(_) | Component::ParentDir))
        .map(|component| PathBuf::from(component.as_os_str()))
        .collect()
}

fn status(descriptor: &OwnedFd) -> Result<Found, Errno> {
    let found = rustix::fs::statat(descriptor, c"", AtFlags::EMPTY_PATH)?;
    Ok(Found::Stat(Some(stat(&found))))
}

fn access(descriptor: &OwnedFd) -> Result<Found, Errno> {
    let mounted = rustix::fs::fstatvfs(descriptor)?;
    // An old kernel has no statx: then nothing tells that it is marked.
    let marks = rustix::fs::statx(descriptor, c"", AtFlags::EMPTY_PATH, StatxFlags::empty())
        .map_or(StatxAttributes::empty(), |found| found.stx_attributes);
    // The list is no content: asking for it opens nothing. The number leads to what is open already.
    let number = std::os::fd::AsRawFd::as_raw_fd(descriptor);
    let mut list = [0; 4];
    let asked = rustix::fs::getxattr(
        format!("/proc/self/fd/{number}"),
        "system.posix_acl_access",
        &mut list[..],
    );
    let listed = match asked {
        Ok(_) | Err(Errno::RANGE) => true,
        Err(Errno::NODATA | Errno::OPNOTSUPP) => false,
        Err(errno) => return Err(errno),
    };
    Ok(Found::Access(Some(Access {
        read_only: mounted.f_flag.contains(StatVfsMountFlags::RDONLY),
        fixed: marks.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND),
        listed,
        full: Some(full(&mounted)),
    })))
}

/// Without room for an ordinary user. Where nothing is counted (a `tmpfs` without a bound, a disk without a table of
/// inodes) that is no shortage.
fn full(mounted: &StatVfs) -> bool {
    let short = |all: u64, left: u64| all > 0 && left == 0;
    short(mounted.f_blocks, mounted.f_bavail) || short(mounted.f_files, mounted.f_favail)
}

fn read_link(descriptor: &OwnedFd) -> Result<Found, Errno> {
    match rustix::fs::readlinkat(descriptor, c"", Vec::with_capacity(256)) {
        Ok(target) => Ok(Found::Link(Some(Text::new(CString::into_bytes(target))))),
        // It is there and is no link.
        Err(Errno::INVAL | Errno::NOENT) => Ok(Found::Link(None)),
        Err(errno) => Err(errno),
    }
}

/// The names in a directory, or more than may be listed.
fn list(descriptor: OwnedFd) -> Result<Vec<Text>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::new(descriptor)? {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(Text::new(name.as_bytes()));
        }
        if names.len() > NAMES {
            break;
        }
    }
    names.sort();
    Ok(names)
}
