//! The words in which `lsof` names types and sockets: people read them everywhere, so farrier uses the same.

use crate::os::{FileKind, Protocol, Socket, SocketPeer};

/// The word for a kind of file.
pub fn kind(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Regular => "REG",
        FileKind::Directory => "DIR",
        FileKind::Symlink => "LINK",
        FileKind::Socket => "sock",
        FileKind::Fifo => "FIFO",
        FileKind::CharDevice => "CHR",
        FileKind::BlockDevice => "BLK",
        FileKind::Anonymous => "a_inode",
    }
}

/// The word for a socket's kind.
pub fn socket(socket: &Socket) -> &'static str {
    match socket.protocol {
        Protocol::Unix => "unix",
        Protocol::Tcp4 | Protocol::Udp4 => "IPv4",
        Protocol::Tcp6 | Protocol::Udp6 => "IPv6",
        Protocol::Netlink => "netlink",
    }
}

/// A socket's name as lsof gives it: `TCP 127.0.0.1:8080 (LISTEN)`, `/run/app.sock type=STREAM (LISTEN)`.
pub fn socket_name(socket: &Socket) -> Vec<u8> {
    match socket.protocol {
        Protocol::Unix => unix_name(socket),
        Protocol::Tcp4 | Protocol::Tcp6 => {
            let state = tcp_state(socket.state);
            format!("TCP {} ({state})", addresses(socket)).into_bytes()
        }
        Protocol::Udp4 | Protocol::Udp6 => format!("UDP {}", addresses(socket)).into_bytes(),
        Protocol::Netlink => b"netlink".to_vec(),
    }
}

fn unix_name(socket: &Socket) -> Vec<u8> {
    let mut name = match socket.path.bytes() {
        [0, rest @ ..] => [b"@", rest].concat(),
        path => path.to_vec(),
    };
    if !name.is_empty() {
        name.push(b' ');
    }
    let kind = match socket.state {
        1 => "STREAM",
        2 => "DGRAM",
        5 => "SEQPACKET",
        _ => "unknown",
    };
    let state = match (&socket.peer, socket.listening) {
        (_, true) => "LISTEN",
        (SocketPeer::None, _) => "UNCONNECTED",
        _ => "CONNECTED",
    };
    name.extend(format!("type={kind} ({state})").into_bytes());
    name
}

fn addresses(socket: &Socket) -> String {
    let local = socket.local.map_or_else(|| "*:*".to_owned(), address);
    match socket.peer {
        SocketPeer::Address(peer) if peer.port() != 0 => format!("{local}->{}", address(peer)),
        _ => local,
    }
}

fn address(address: std::net::SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("*:{}", address.port());
    }
    address.to_string()
}

/// The states of `tcp_states.h`.
fn tcp_state(state: u8) -> &'static str {
    const STATES: [&str; 12] = [
        "ESTABLISHED",
        "SYN_SENT",
        "SYN_RECV",
        "FIN_WAIT1",
        "FIN_WAIT2",
        "TIME_WAIT",
        "CLOSE",
        "CLOSE_WAIT",
        "LAST_ACK",
        "LISTEN",
        "CLOSING",
        "NEW_SYN_RECV",
    ];
    usize::from(state).checked_sub(1).and_then(|at| STATES.get(at)).copied().unwrap_or("UNKNOWN")
}
