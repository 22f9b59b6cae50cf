//! File systems that stop answering, each at another question: the tests answer what the kernel asks, up to there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::fcntl::{F_SETFD, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};

/// The question that gets no answer (`linux/fuse.h`, `enum fuse_opcode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silent {
    /// Nothing is answered, as by a daemon that was stopped before it began.
    All,
    Lookup,
    Getattr,
    Open,
    Read,
    Write,
    Statfs,
    List,
    /// Every question is answered with this error, as by a server that is gone.
    Error(i32),
}

impl Silent {
    pub const EACH: [Self; 8] = [
        Self::All,
        Self::Lookup,
        Self::Getattr,
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Statfs,
        Self::List,
    ];

    fn covers(self, opcode: u32) -> bool {
        match self {
            Self::All => true,
            Self::Error(_) => false,
            Self::Lookup => opcode == LOOKUP,
            Self::Getattr => opcode == GETATTR,
            Self::Open => matches!(opcode, OPEN | OPENDIR | CREATE),
            Self::Read => opcode == READ,
            Self::Write => matches!(opcode, WRITE | FSYNC | FLUSH),
            Self::Statfs => opcode == STATFS,
            Self::List => matches!(opcode, READDIR | READDIRPLUS),
        }
    }
}

const LOOKUP: u32 = 1;
const FORGET: u32 = 2;
const GETATTR: u32 = 3;
const OPEN: u32 = 14;
const READ: u32 = 15;
const WRITE: u32 = 16;
const STATFS: u32 = 17;
const RELEASE: u32 = 18;
const FSYNC: u32 = 20;
const FLUSH: u32 = 25;
const INIT: u32 = 26;
const OPENDIR: u32 = 27;
const READDIR: u32 = 28;
const RELEASEDIR: u32 = 29;
const ACCESS: u32 = 34;
const CREATE: u32 = 35;
const INTERRUPT: u32 = 36;
const BATCH_FORGET: u32 = 42;
const READDIRPLUS: u32 = 44;

/// One that is mounted; unmounted in the end.
pub struct Hung {
    directory: PathBuf,
    unmounts: Box<dyn Fn(&Path)>,
    place: Option<tempfile::TempDir>,
    ends: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Hung {
    /// In a directory of its own.
    pub fn new(silent: Silent) -> Self {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().to_path_buf();
        let unmounts = Box::new(|path: &Path| {
            let _ = Command::new("umount").arg("-l").arg(path).status();
        });
        let mount = |options: &str| {
            let mut mount = Command::new("mount");
            mount.args(["-i", "-n", "-t", "fuse", "-o", options, "hung"]).arg(&directory);
            mount
        };
        let mut hung = Self::mounted(silent, directory.clone(), mount, unmounts);
        hung.place = Some(place);
        hung
    }

    /// Where `mount` mounts it, given the options.
    pub fn mounted(
        silent: Silent,
        directory: PathBuf,
        mount: impl FnOnce(&str) -> Command,
        unmounts: Box<dyn Fn(&Path)>,
    ) -> Self {
        let connection = File::options().read(true).write(true).open("/dev/fuse").unwrap();
        let fd = connection.as_raw_fd();
        fcntl(&connection, F_SETFD(FdFlag::empty())).unwrap();
        let options = format!("fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other");
        assert!(mount(&options).status().unwrap().success());
        fcntl(&connection, F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let serving = thread::spawn(move || {
            while !ended.load(Relaxed) {
                let mut asked = [PollFd::new(connection.as_fd(), PollFlags::POLLIN)];
                match poll(&mut asked, 100_u16) {
                    Ok(0) | Err(Errno::EINTR) => {}
                    Ok(_) if answer(&connection, silent).is_some() => {}
                    _ => return,
                }
            }
        });
        Self { directory, unmounts, place: None, ends, serving: Some(serving) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Hung {
    /// With its last descriptor the kernel ends what waits for an answer.
    fn drop(&mut self) {
        (self.unmounts)(&self.directory);
        self.ends.store(true, Relaxed);
        let _ = self.serving.take().map(JoinHandle::join);
    }
}

/// Answers one question, or not; `None`: nobody asks any more.
fn answer(connection: &File, silent: Silent) -> Option<()> {
    let mut question = vec![0; 1 << 18];
    let length = (&*connection).read(&mut question).ok()?;
    let question = &question[..length];
    let number = |at: usize| u32::from_le_bytes(question[at..at + 4].try_into().unwrap());
    let (opcode, unique) = (number(4), &question[8..16]);
    let node = u64::from_le_bytes(question[16..24].try_into().unwrap());
    if matches!(opcode, FORGET | BATCH_FORGET | INTERRUPT) {
        return Some(());
    }
    if opcode != INIT && silent.covers(opcode) || silent == Silent::All {
        return Some(());
    }
    let body: Result<Vec<u8>, i32> = match (opcode, silent) {
        (opcode, Silent::Error(number)) if opcode != INIT => Err(-number),
        (opcode, _) => reply(opcode, node, question),
    };
    let (error, body) = body.map_or_else(|error| (error, Vec::new()), |body| (0, body));
    let length = u32::try_from(16 + body.len()).unwrap();
    let reply = [&length.to_le_bytes()[..], &error.to_le_bytes(), unique, &body].concat();
    let _ = (&*connection).write(&reply);
    Some(())
}

/// The answer to a question, or an error's number below zero.
fn reply(opcode: u32, node: u64, question: &[u8]) -> Result<Vec<u8>, i32> {
    match opcode {
        INIT => Ok([7_u32, 31, 0, 0, 0, 1 << 17, 1, 0]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .chain([0; 32])
            .collect()),
        GETATTR => Ok([&[0; 16][..], &attributes(node)].concat()),
        LOOKUP => {
            let name = question[40..].split(|byte| *byte == 0).next().unwrap_or_default();
            entry(name).ok_or(-2)
        }
        OPEN | OPENDIR => Ok(vec![0; 16]),
        CREATE => Ok([entry(b"file").unwrap(), vec![0; 16]].concat()),
        WRITE => Ok([&question[56..60], &[0; 4]].concat()),
        STATFS => Ok([1_000_u64; 5]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .chain([0, 16, 0, 0, 255, 0, 0, 0, 0, 16, 0, 0])
            .chain([0; 28])
            .collect()),
        READ | READDIR | READDIRPLUS | RELEASE | RELEASEDIR | FLUSH | FSYNC | ACCESS => {
            Ok(Vec::new())
        }
        _ => Err(-38),
    }
}

/// What a name leads to: `new…` to nothing, what has a dot to a file, all else to a directory.
fn entry(name: &[u8]) -> Option<Vec<u8>> {
    if name.starts_with(b"new") {
        return None;
    }
    let node = if name == b"file" || name.contains(&b'.') { 2_u64 } else { 3 };
    let head = [node.to_le_bytes(), 0_u64.to_le_bytes()].concat();
    Some([&head[..], &[0; 24], &attributes(node)].concat())
}

fn attributes(node: u64) -> Vec<u8> {
    let mode: u32 = if node == 2 { 0o100_644 } else { 0o040_755 };
    let long = [node, 4096, 8, 0, 0, 0];
    let short = [0, 0, 0, mode, 1, 0, 0, 0, 4096, 0];
    let long = long.iter().flat_map(|n: &u64| n.to_le_bytes());
    long.chain(short.iter().flat_map(|n: &u32| n.to_le_bytes())).collect()
}
