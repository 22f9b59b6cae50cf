//! The tables below `/proc/PID/net`: a namespace that farrier does not live in, or a kernel without `sock_diag`.

use std::net::SocketAddr;
use std::path::Path;

use procfs::net::{TcpNetEntries, TcpNetEntry, TcpState, UdpNetEntries, UdpNetEntry};
use procfs::{ExplicitSystemInfo, FromBufReadSI};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::os::{Protocol, Refusal, Socket, SocketPeer, Text};

/// The most that is read of one table.
const BOUND: usize = 64 << 20;
/// The flag of a listening socket in `/proc/net/unix` (`__SO_ACCEPTCON`).
const ACCEPTS: u64 = 0x10000;

/// Reads one table of a `net` directory. What it does not tell is lacking.
pub fn read(net: &Path, protocol: Protocol) -> Result<Vec<Socket>, Refusal> {
    match protocol {
        Protocol::Unix => table(net, "unix").map(|bytes| unix(&bytes)),
        Protocol::Tcp4 => table(net, "tcp").map(|bytes| tcp(&bytes, protocol)),
        Protocol::Tcp6 => table(net, "tcp6").map(|bytes| tcp(&bytes, protocol)),
        Protocol::Udp4 => table(net, "udp").map(|bytes| udp(&bytes, protocol)),
        Protocol::Udp6 => table(net, "udp6").map(|bytes| udp(&bytes, protocol)),
        Protocol::Netlink => Err(Refusal::Unsupported("netlink sockets".into())),
    }
}

fn table(net: &Path, file: &str) -> Result<Vec<u8>, Refusal> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let read = rustix::fs::open(net.join(file), flags, Mode::empty())
        .and_then(|table| crate::os::live::read_whole(&table, BOUND));
    match read {
        Ok((_, true)) => Err(Refusal::TooLarge(BOUND as u64)),
        Ok((bytes, false)) => Ok(bytes),
        Err(Errno::ACCESS | Errno::PERM) => Err(Refusal::Denied),
        Err(_) => Err(Refusal::Gone),
    }
}

fn untold() -> Refusal {
    Refusal::Unsupported("sock_diag, which alone knows a backlog and a socket's file".into())
}

/// The lines of `/proc/net/unix`, on bytes: a path may hold any of them but a line break, which would cut it.
fn unix(bytes: &[u8]) -> Vec<Socket> {
    bytes.split(|byte| *byte == b'\n').skip(1).filter_map(unix_line).collect()
}

fn unix_line(line: &[u8]) -> Option<Socket> {
    let mut fields = line.splitn(8, |byte| *byte == b' ').map(<[u8]>::trim_ascii);
    let hex =
        |field: Option<&[u8]>| u64::from_str_radix(std::str::from_utf8(field?).ok()?, 16).ok();
    let (_, _, _) = (fields.next()?, fields.next()?, fields.next()?);
    let flags = hex(fields.next())?;
    let kind = hex(fields.next())?;
    let _ = fields.next()?;
    // The inode is padded on its left, the path follows it.
    let rest: Vec<&[u8]> = fields.collect();
    let rest = rest.join(&b' ');
    let rest = rest.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (inode, path) = rest.split_at_checked(digits)?;
    let path = path.strip_prefix(b" ").unwrap_or_default();
    let path = match path.strip_prefix(b"@") {
        Some(name) => [&b"\0"[..], name].concat(),
        None => path.to_vec(),
    };
    Some(Socket {
        inode: std::str::from_utf8(inode).ok()?.parse().ok()?,
        protocol: Protocol::Unix,
        listening: flags & ACCEPTS != 0,
        state: u8::try_from(kind).ok()?,
        path: Text::new(path),
        local: None,
        peer: SocketPeer::None,
        queued: Err(untold()),
        backlog: Err(untold()),
        file: None,
    })
}

fn tcp(bytes: &[u8], protocol: Protocol) -> Vec<Socket> {
    let entries = TcpNetEntries::from_buf_read(bytes, &system());
    let read = |entry: TcpNetEntry| Socket {
        listening: entry.state == TcpState::Listen,
        state: entry.state.to_u8(),
        queued: Ok(entry.rx_queue),
        ..internet(protocol, entry.inode, entry.local_address, entry.remote_address)
    };
    entries.map(|all| all.0.into_iter().map(read).collect()).unwrap_or_default()
}

fn udp(bytes: &[u8], protocol: Protocol) -> Vec<Socket> {
    let entries = UdpNetEntries::from_buf_read(bytes, &system());
    let read = |entry: UdpNetEntry| Socket {
        state: entry.state.to_u8(),
        queued: Ok(entry.rx_queue),
        ..internet(protocol, entry.inode, entry.local_address, entry.remote_address)
    };
    entries.map(|all| all.0.into_iter().map(read).collect()).unwrap_or_default()
}

/// What every socket with internet addresses has.
fn internet(protocol: Protocol, inode: u64, local: SocketAddr, remote: SocketAddr) -> Socket {
    Socket {
        inode,
        protocol,
        listening: false,
        state: 0,
        path: Text::default(),
        local: Some(local),
        peer: peer(remote),
        queued: Err(untold()),
        backlog: Err(untold()),
        file: None,
    }
}

fn peer(address: SocketAddr) -> SocketPeer {
    if address.port() == 0 { SocketPeer::None } else { SocketPeer::Address(address) }
}

/// The tables hold addresses in the machine's byte order; nothing else of this is used by them.
fn system() -> ExplicitSystemInfo {
    ExplicitSystemInfo {
        boot_time_secs: 0,
        ticks_per_second: 100,
        page_size: 4096,
        is_little_endian: cfg!(target_endian = "little"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_unix_socket_is_read_from_the_table() {
        let table = b"Num       RefCount Protocol Flags    Type St Inode Path\n\
            0000000000000000: 00000002 00000000 00010000 0001 01 126949 /var/www/my shop/unicorn.sock\n\
            0000000000000000: 00000003 00000000 00000000 0001 03   123\n";
        let all = unix(table);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].inode, all[0].listening), (126_949, true));
        assert_eq!(all[0].path.to_string(), "/var/www/my shop/unicorn.sock");
        assert_eq!((all[1].inode, all[1].listening), (123, false));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_tables(bytes: Vec<u8>) {
            let _ = (unix(&bytes), tcp(&bytes, Protocol::Tcp4), udp(&bytes, Protocol::Udp6));
        }
    }
}
