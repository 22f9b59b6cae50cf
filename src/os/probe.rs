//! One request through a listener, counted only for the process that answers it: the request is finished when its
//! connection is seen to be open in one of the wanted processes, and hung up when another one took it.
#![expect(clippy::disallowed_methods, reason = "this is os: how long it waits")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::sockets::sockets;
use super::{Door, Found, Pid, Probe, Probed, Protocol, Refusal, SocketPeer};

/// How long a look at who took the connection waits before the next.
const BETWEEN: Duration = Duration::from_millis(5);
/// The bytes of an answer that are read: its first line is in them.
const ANSWER: usize = 512;
/// The longest path that the kernel takes in an address (`unix(7)`), with room for the NUL.
const LONGEST: usize = 107;

/// Asks once. A socket's path has to be one that answers. An answer of another process is [`Probed::Elsewhere`]: ask again.
pub fn probe(request: &Probe, patience: Duration) -> Result<Probed, Refusal> {
    let until = Instant::now() + patience;
    let connection = dial(&request.door, until)?;
    // Without the empty line at its end no worker answers it, while one that took it waits for the rest.
    let head =
        format!("GET {} HTTP/1.0\r\nHost: localhost\r\nUser-Agent: farrier\r\n", request.path);
    write(&connection, head.as_bytes())?;
    let Some(by) = taken_by(&connection, request, until)? else { return Ok(Probed::Elsewhere) };
    write(&connection, b"\r\n")?;
    let mut answer = Vec::new();
    while answer.len() < ANSWER && !answer.contains(&b'\n') {
        let mut bytes = [0; ANSWER];
        match rustix::io::read(&connection, &mut bytes) {
            Ok(0) => break,
            Ok(count) => answer.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(Errno::AGAIN | Errno::INTR) => wait(&connection, PollFlags::IN, until)?,
            Err(errno) => return Err(failed(errno)),
        }
    }
    Ok(match status(&answer) {
        Some(status) => Probed::Answered { by, status },
        None => Probed::Hung { by },
    })
}

/// The number in the first line: `HTTP/1.1 200 OK`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    words.next().filter(|word| word.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

fn dial(door: &Door, until: Instant) -> Result<OwnedFd, Refusal> {
    let family = match door {
        Door::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
        Door::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
        Door::Unix(_) | Door::Abstract(_) => AddressFamily::UNIX,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None).map_err(failed)?;
    let connected = match door {
        Door::Tcp(address) => connect(&socket, &reachable(*address)),
        Door::Abstract(name) => {
            let address = SocketAddrUnix::new_abstract_name(name.bytes()).map_err(failed)?;
            connect(&socket, &address)
        }
        Door::Unix(path) => return by_path(socket, path),
    };
    match connected {
        Ok(()) => Ok(socket),
        Err(Errno::INPROGRESS) => {
            wait(&socket, PollFlags::OUT, until)?;
            match rustix::net::sockopt::socket_error(&socket).map_err(failed)? {
                Ok(()) => Ok(socket),
                Err(errno) => Err(failed(errno)),
            }
        }
        Err(errno) => Err(failed(errno)),
    }
}

/// Through the parent's descriptor where the path is longer than an address may be.
fn by_path(socket: OwnedFd, path: &Path) -> Result<OwnedFd, Refusal> {
    let parent = path.parent().filter(|_| path.as_os_str().len() > LONGEST);
    let held = match parent {
        Some(parent) => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Some(rustix::fs::open(parent, flags, Mode::empty()).map_err(failed)?)
        }
        None => None,
    };
    let short = held.as_ref().zip(path.file_name()).map(|(held, name)| {
        use std::os::fd::AsRawFd as _;
        Path::new("/proc/self/fd").join(held.as_raw_fd().to_string()).join(name)
    });
    let address = SocketAddrUnix::new(short.as_deref().unwrap_or(path)).map_err(failed)?;
    connect(&socket, &address).map_err(failed)?;
    Ok(socket)
}

/// A listener on any address is reached by the loopback's.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, address.port())
}

/// Which of the wanted processes has the other end; `None`: somebody else.
fn taken_by(connection: &OwnedFd, request: &Probe, until: Instant) -> Result<Option<Pid>, Refusal> {
    loop {
        if let Some(inode) = other_end(connection, &request.door)? {
            return Ok(request.by.iter().copied().find(|pid| has_open(*pid, inode)));
        }
        if Instant::now() >= until {
            return Err(Refusal::Unsupported("an answer: nobody takes the connection".into()));
        }
        super::own::pause(BETWEEN);
    }
}

/// The inode of the accepted socket; `None`: nobody has accepted it yet, and it has none.
fn other_end(connection: &OwnedFd, door: &Door) -> Result<Option<u64>, Refusal> {
    let Found::Sockets(all) = sockets(Path::new("/proc"), None)? else {
        return Err(Refusal::Unsupported("the kernel's socket tables".into()));
    };
    let inode = match door {
        Door::Unix(_) | Door::Abstract(_) => {
            let own = rustix::fs::fstat(connection).map_err(failed)?.st_ino;
            let socket =
                all.iter().find(|socket| socket.protocol == Protocol::Unix && socket.inode == own);
            match socket.map(|socket| &socket.peer) {
                Some(SocketPeer::Inode(inode)) => Some(*inode),
                _ => None,
            }
        }
        Door::Tcp(_) => {
            let own = rustix::net::getsockname(connection).map_err(failed)?;
            let own = SocketAddr::try_from(own).map_err(failed)?;
            let accepted = |socket: &&super::Socket| {
                !socket.listening
                    && matches!(&socket.peer, SocketPeer::Address(at) if same(*at, own))
            };
            all.iter().find(accepted).map(|socket| socket.inode)
        }
    };
    Ok(inode.filter(|inode| *inode != 0))
}

/// The same address, be it written as IPv4 or as IPv4 within IPv6.
fn same(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port() && a.ip().to_canonical() == b.ip().to_canonical()
}

/// Whether a process has this socket open.
fn has_open(pid: Pid, inode: u64) -> bool {
    let wanted = format!("socket:[{inode}]");
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(directory) = rustix::fs::open(format!("/proc/{pid}/fd"), flags, Mode::empty()) else {
        return false;
    };
    let Ok(entries) = rustix::fs::Dir::read_from(&directory) else { return false };
    entries.filter_map(Result::ok).any(|entry| {
        rustix::fs::readlinkat(&directory, entry.file_name(), Vec::new())
            .is_ok_and(|target| target.as_bytes() == wanted.as_bytes())
    })
}

fn write(connection: &OwnedFd, bytes: &[u8]) -> Result<(), Refusal> {
    match rustix::net::send(connection, bytes, rustix::net::SendFlags::NOSIGNAL) {
        Ok(written) if written == bytes.len() => Ok(()),
        Ok(_) => Err(Refusal::Unsupported("a whole request: the connection took a part".into())),
        Err(errno) => Err(failed(errno)),
    }
}

fn wait(connection: &OwnedFd, what: PollFlags, until: Instant) -> Result<(), Refusal> {
    let left = until.saturating_duration_since(Instant::now());
    let time = Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(left.subsec_nanos()),
    };
    let mut ready = [PollFd::from_borrowed_fd(connection.as_fd(), what)];
    match poll(&mut ready, Some(&time)) {
        Ok(0) => Err(Refusal::Unsupported("an answer: its time was over".into())),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

fn failed(errno: Errno) -> Refusal {
    match errno {
        Errno::ACCESS | Errno::PERM => Refusal::Denied,
        Errno::AGAIN => Refusal::Unsupported("a connection: the listener's queue is full".into()),
        other => Refusal::Failed(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_types, reason = "a test stages a listener")]

    use std::os::unix::net::UnixListener;

    use super::*;

    fn own() -> Pid {
        Pid::new(std::process::id().cast_signed()).unwrap()
    }

    fn asked(door: Door, by: Vec<Pid>) -> Result<Probed, Refusal> {
        let request = Probe { door, path: "/health".into(), by };
        probe(&request, Duration::from_secs(5))
    }

    /// Takes one connection and answers its request; gives back what it read.
    fn answers(mut connection: impl std::io::Read + std::io::Write, answer: &str) -> String {
        let mut text = Vec::new();
        let mut bytes = [0; 256];
        while !text.ends_with(b"\r\n\r\n") {
            match connection.read(&mut bytes).unwrap() {
                0 => break,
                count => text.extend_from_slice(&bytes[..count]),
            }
        }
        let _ = connection.write_all(answer.as_bytes());
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn an_answer_counts_for_the_process_that_gave_it() {
        let place = tempfile::tempdir().unwrap();
        // Longer than an address may be.
        let directory = place.path().join("d".repeat(120));
        std::fs::create_dir(&directory).unwrap();
        let short = place.path().join("s");
        std::os::unix::fs::symlink(&directory, &short).unwrap();
        let listener = UnixListener::bind(short.join("u.sock")).unwrap();
        let server = std::thread::spawn(move || {
            answers(listener.accept().unwrap().0, "HTTP/1.1 503 Busy\r\n\r\n")
        });
        let told = asked(Door::Unix(directory.join("u.sock")), vec![own()]);
        assert_eq!(told, Ok(Probed::Answered { by: own(), status: 503 }));
        let text = server.join().unwrap();
        assert!(text.starts_with("GET /health HTTP/1.0\r\nHost: localhost\r\n"), "{text}");
    }

    #[test]
    fn another_process_gets_no_whole_request() {
        let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || answers(listener.accept().unwrap().0, ""));
        assert_eq!(asked(Door::Tcp(address), vec![]), Ok(Probed::Elsewhere));
        assert!(!server.join().unwrap().ends_with("\r\n\r\n"));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("u.sock");
        assert!(matches!(asked(Door::Unix(path.clone()), vec![]), Err(Refusal::Failed(_))));
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || answers(listener.accept().unwrap().0, "no\r\n"));
        assert_eq!(asked(Door::Unix(path), vec![own()]), Ok(Probed::Hung { by: own() }));
        server.join().unwrap();
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), Some(200));
        assert_eq!((status(b"HTTP/1.1 x\r\n"), status(b"SSH-2.0\r\n")), (None, None));
    }
}
