//! The reader: farrier itself, started again to read what may never answer. It can be killed; nobody waits for it.

use std::io::Read as _;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::Signal;
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::files;
use super::groups;
use super::peek::{self, Peeks};
use super::process::{self, Base};
use super::refusal;
use crate::os::{Answer, Ask, Found, PathAsk, Pid, Refusal, Root};

/// The largest question or answer, in bytes, that is believed.
pub const FRAME: usize = 256 << 20;

/// Questions in one frame.
pub const BATCH: usize = 64;
/// Answers in one frame, at most: when the reader falls silent, one of so many is the reason.
pub const CHUNK: usize = BATCH;
/// A frame is sent though it is not full when its first answer has waited so long: many that take their time are no
/// silence.
const HELD_BACK: Duration = Duration::from_millis(20);
/// Bytes of answers after which a frame is sent though it is not full.
const ENOUGH: usize = 1 << 16;

/// Answers questions from standard input on standard output until either ends. The proc file system is named by the caller.
/// Returns the program's exit status.
pub fn serve(proc: &Path) -> u8 {
    shrink();
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let proc = rustix::fs::open(proc, flags, Mode::empty()).map_err(refusal);
    let (mut input, output) = (std::io::stdin().lock(), std::io::stdout());
    // An empty frame is the greeting: the program has started.
    let mut going = send(output.as_fd(), &[]).is_ok();
    let mut peeks = Peeks::default();
    while going {
        let Some(asks) = receive(&mut input) else { return 0 };
        let mut answers: Vec<Answer> = Vec::new();
        let (mut size, mut since) = (0, now());
        for ask in &asks {
            let answer = match &proc {
                Ok(proc) => answer(proc.as_fd(), ask, &mut peeks),
                Err(refusal) => Err(refusal.clone()),
            };
            size += weight(&answer);
            answers.push(answer);
            if answers.len() >= CHUNK || size >= ENOUGH || since.elapsed() >= HELD_BACK {
                going = send(output.as_fd(), &answers).is_ok();
                answers.clear();
                (size, since) = (0, now());
            }
        }
        if !answers.is_empty() {
            going = send(output.as_fd(), &answers).is_ok();
        }
    }
    0
}

#[expect(clippy::disallowed_methods, reason = "this is os: the reader's own clock")]
fn now() -> Instant {
    Instant::now()
}

/// Roughly how many bytes an answer takes.
fn weight(answer: &Answer) -> usize {
    match answer {
        Ok(Found::Bytes(text) | Found::File(Some(text))) => text.len(),
        Ok(Found::Opens(all)) => all.len() * 128,
        Ok(Found::Names(Some(all))) => all.len() * 32,
        _ => 64,
    }
}

/// One frame, in as few writes as the pipe takes it.
fn send(output: BorrowedFd<'_>, answers: &[Answer]) -> Result<(), Errno> {
    let bytes = postcard::to_stdvec(answers).map_err(|_| Errno::INVAL)?;
    let length = u32::try_from(bytes.len()).map_err(|_| Errno::TOOBIG)?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend(bytes);
    let mut rest = frame.as_slice();
    while !rest.is_empty() {
        match rustix::io::write(output, rest) {
            Ok(written) => rest = rest.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn receive(input: &mut impl std::io::Read) -> Option<Vec<Ask>> {
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let length = u32::from_le_bytes(length) as usize;
    if length > FRAME {
        return None;
    }
    let mut bytes = Vec::new();
    input.take(length as u64).read_to_end(&mut bytes).ok()?;
    postcard::from_bytes(&bytes).ok()
}

fn answer(proc: BorrowedFd<'_>, ask: &Ask, peeks: &mut Peeks) -> Answer {
    match ask {
        Ask::Path(root, path, what) => files::answer(proc, *root, path.path(), *what),
        Ask::Text(pid, _)
        | Ask::Link(pid, _)
        | Ask::LinkStat(pid, _)
        | Ask::Opens(pid)
        | Ask::CString(pid, _)
        | Ask::Threads(pid)
        | Ask::Descriptors(pid) => process::answer(&Base::numbered(proc, *pid), ask),
        Ask::Stream(pid, descriptor, bound) => stream(proc, *pid, *descriptor, *bound),
        Ask::LiveEnviron(pid) => peeks.environ(proc, *pid).map(Found::Bytes),
        Ask::MemoryGroups(pid) => groups::memory(proc, *pid),
        Ask::Freezers(pid) => groups::freezers(proc, *pid),
        Ask::StartContext(pid, arguments) => peek::start_context(proc, *pid, arguments)
            .map(|found| Found::StartContext(Box::new(found))),
        Ask::Host | Ask::Clock | Ask::Pids | Ask::Flocks | Ask::Sockets(_) => {
            Err(Refusal::NotRecorded)
        }
    }
}

/// The end of what a descriptor of a process leads to: it is held here, and read by the name that it has here.
fn stream(proc: BorrowedFd<'_>, pid: Pid, descriptor: u32, bound: u32) -> Answer {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let held = rustix::fs::openat(proc, format!("{pid}/fd/{descriptor}"), flags, Mode::empty())
        .map_err(|errno| if errno == Errno::NOENT { Refusal::Gone } else { refusal(errno) })?;
    let own = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
    files::answer(proc, Root::Own, Path::new(&own), PathAsk::Tail(bound))
}

/// Gives up what a reader does not need: the terminal's session, a life after its parent, new privileges, and every
/// capability but the two that reading takes (`reliability.md` §8). What cannot be given up is not held either.
fn shrink() {
    let _ = rustix::process::setsid();
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let _ = rustix::thread::set_no_new_privs(true);
    let needed = CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH;
    if let Ok(now) = rustix::thread::capabilities(None) {
        let _ = rustix::thread::set_capabilities(
            None,
            CapabilitySets {
                effective: now.effective & needed,
                permitted: now.permitted & needed,
                inheritable: CapabilitySet::empty(),
            },
        );
    }
    close_inherited(None);
}

/// Closes every descriptor but the two pipes and the sink for errors, and one that is to be read: what hangs must hold
/// nothing of its caller's.
pub fn close_inherited(but: Option<i32>) {
    const FIRST: i32 = 3;
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let Ok(directory) = rustix::fs::open("/proc/self/fd", flags, Mode::empty()) else { return };
    let Ok(entries) = rustix::fs::Dir::read_from(&directory) else { return };
    let open: Vec<i32> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str().ok()?.parse().ok())
        .filter(|fd| *fd >= FIRST && Some(*fd) != but)
        .collect();
    drop(directory);
    for fd in open {
        let _ = nix::unistd::close(fd);
    }
}
