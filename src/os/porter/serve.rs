//! The porter's own side: it opens what it was told to open, and reads, writes or holds it. Any of this may hang.

use std::ffi::OsString;
use std::io::Read as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::{MOST, PIECE, Told, Work, inherited};
use crate::os::{live, lock};

/// File systems whose server may be gone (`statfs(2)`, and each one's `magic.h`).
const REMOTE: &[i64] = &[
    0x0102_1997, // 9p
    0x5346_414f, // afs
    0x0187,      // autofs
    0x00c3_6400, // ceph
    0xff53_4d42, // cifs
    0xfe53_4d42, // smb2
    0x6573_5546, // fuse
    0x6969,      // nfs
    0x517b,      // smb
];
/// The longest that is written at once, in bytes.
const LONGEST: usize = 256 << 20;

/// Does the work that its arguments name, until its input ends. Returns the program's exit status.
pub fn serve(words: &[OsString]) -> u8 {
    let [work, path] = words else { return 64 };
    let (Some(work), path) = (Work::named(work), Path::new(path)) else { return 64 };
    let _ = rustix::thread::set_no_new_privs(true);
    if work != Work::Read {
        // An interrupt from the keyboard is farrier's to take: what it wrote is still to be written.
        let _ = rustix::process::setsid();
    }
    live::close_inherited(inherited(path).filter(|_| work == Work::Read));
    if tell(&Told::Here).is_err() {
        return 1;
    }
    match carry(work, path) {
        Ok(()) => 0,
        Err(told) => {
            let _ = tell(&told);
            1
        }
    }
}

fn carry(work: Work, path: &Path) -> Result<(), Told> {
    let owner = Mode::RUSR | Mode::WUSR;
    let open = |flags: OFlags| {
        let flags = flags | OFlags::CLOEXEC | OFlags::NOCTTY;
        rustix::fs::open(path, flags, owner).map_err(refused)
    };
    let append = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOFOLLOW;
    match work {
        Work::Read => read(&open(OFlags::RDONLY)?),
        Work::ReadRegular => {
            // Opening a pipe would wait for its writer.
            let file = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
            if !is_regular(&file)? {
                let words = "it is no regular file, and is read more than once";
                return Err(Told::Unfit(words.into()));
            }
            read(&file)
        }
        Work::New => {
            let file = open(OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL)?;
            take_in(|bytes| {
                write(&file, bytes)?;
                rustix::fs::fsync(&file).or_else(|errno| match errno {
                    // What is no disk has nothing to be synchronised.
                    Errno::INVAL | Errno::ROFS => Ok(()),
                    other => Err(refused(other)),
                })
            })
        }
        Work::Append => {
            let file = open(append)?;
            take_in(|bytes| write(&file, bytes))
        }
        Work::AppendRegular => {
            let file = open(append | OFlags::NONBLOCK)?;
            if !is_regular(&file)? {
                return Err(Told::Unfit("no regular file".into()));
            }
            take_in(|bytes| match rustix::io::write(&file, bytes) {
                Ok(count) if count == bytes.len() => Ok(()),
                Ok(_) => Err(Told::Unfit("it took a part of the line only".into())),
                Err(errno) => Err(refused(errno)),
            })
        }
        Work::Lock => {
            let file = open(OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NONBLOCK)?;
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::AGAIN) => return Err(Told::Busy(lock::holder(&file))),
                Err(other) => return Err(Told::Unfit(format!("a lock on a directory ({other})"))),
            }
            take_in(|_| Ok(()))
        }
        Work::Near => {
            let place = open(OFlags::PATH)?;
            let system = rustix::fs::fstatfs(&place).map_err(refused)?;
            if REMOTE.contains(&system.f_type) {
                return Err(Told::Unfit("it lies on a file system that may not answer".into()));
            }
            tell(&Told::Open { at_once: true })
        }
    }
}

fn is_regular(file: &OwnedFd) -> Result<bool, Told> {
    let stat = rustix::fs::fstat(file).map_err(refused)?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

/// Tells all that is in a file.
fn read(file: &OwnedFd) -> Result<(), Told> {
    tell(&Told::Open { at_once: is_regular(file)? })?;
    let (mut bytes, mut length) = (vec![0; PIECE], 0);
    while length < MOST {
        match rustix::io::read(file, &mut bytes[..]) {
            Ok(0) => break,
            Ok(count) => {
                length += count;
                tell(&Told::Bytes(bytes.get(..count).unwrap_or_default().to_vec()))?;
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(refused(errno)),
        }
    }
    tell(&Told::Done)
}

/// Takes what farrier gives, piece by piece, until it gives no more.
fn take_in(mut each: impl FnMut(&[u8]) -> Result<(), Told>) -> Result<(), Told> {
    tell(&Told::Open { at_once: true })?;
    let mut input = std::io::stdin().lock();
    loop {
        let mut length = [0; 4];
        if input.read_exact(&mut length).is_err() {
            return Ok(());
        }
        let length = u32::from_le_bytes(length) as usize;
        let mut bytes = Vec::new();
        let whole = length <= LONGEST
            && input
                .by_ref()
                .take(length as u64)
                .read_to_end(&mut bytes)
                .is_ok_and(|n| n == length);
        if !whole {
            return Ok(());
        }
        match each(&bytes) {
            Ok(()) => tell(&Told::Done)?,
            Err(told) => tell(&told)?,
        }
    }
}

fn write(file: &OwnedFd, mut bytes: &[u8]) -> Result<(), Told> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(refused(errno)),
        }
    }
    Ok(())
}

fn refused(errno: Errno) -> Told {
    Told::Refused(errno.raw_os_error())
}

/// One frame to farrier; where nobody listens any more, there is nobody to be told.
fn tell(told: &Told) -> Result<(), Told> {
    let bytes = postcard::to_stdvec(told).map_err(|_| Told::Done)?;
    let length = u32::try_from(bytes.len()).map_err(|_| Told::Done)?;
    let frame = [&length.to_le_bytes()[..], &bytes].concat();
    let output = std::io::stdout();
    let mut rest = frame.as_slice();
    while !rest.is_empty() {
        match rustix::io::write(output.as_fd(), rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(refused(errno)),
        }
    }
    Ok(())
}
