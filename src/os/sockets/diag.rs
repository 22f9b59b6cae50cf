//! `NETLINK_SOCK_DIAG`: one dump for each family; unprivileged users may ask for it.

use std::net::SocketAddr;

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload, Nla as _,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::{self, ExtensionFlags, InetRequest, InetResponse, SocketId};
use netlink_packet_sock_diag::unix::{self, ShowFlags, UnixRequest, UnixResponse, nlas::Nla};
use netlink_sys::{Socket as Netlink, SocketAddr as Address, protocols::NETLINK_SOCK_DIAG};
use rustix::io::Errno;

use crate::os::{Protocol, Refusal, Socket, SocketPeer, Text};

/// The number of the state LISTEN (`net/tcp_states.h`).
const LISTEN: u8 = 10;

/// A question to the kernel's socket tables.
pub struct Diag(Netlink);

impl Diag {
    /// Opens the door. An error means that this kernel has none.
    pub fn open() -> Result<Self, Errno> {
        let mut netlink = Netlink::new(NETLINK_SOCK_DIAG).map_err(|error| errno(&error))?;
        netlink.bind_auto().map_err(|error| errno(&error))?;
        netlink.connect(&Address::new(0, 0)).map_err(|error| errno(&error))?;
        Ok(Self(netlink))
    }

    /// All sockets of one kind in farrier's network namespace. An error means that this kernel does not tell of this kind.
    pub fn dump(&self, protocol: Protocol) -> Result<Vec<Socket>, Errno> {
        let (family, transport) = match protocol {
            Protocol::Unix => {
                return self.request(SockDiagMessage::UnixRequest(every_unix_socket()));
            }
            Protocol::Tcp4 => (AF_INET, IPPROTO_TCP),
            Protocol::Tcp6 => (AF_INET6, IPPROTO_TCP),
            Protocol::Udp4 => (AF_INET, IPPROTO_UDP),
            Protocol::Udp6 => (AF_INET6, IPPROTO_UDP),
            Protocol::Netlink => return Err(Errno::NOTSUP),
        };
        let mut all = self.request(SockDiagMessage::InetRequest(InetRequest {
            family,
            protocol: transport,
            extensions: ExtensionFlags::empty(),
            states: inet::StateFlags::all(),
            socket_id: if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() },
        }))?;
        for socket in &mut all {
            socket.protocol = protocol;
            socket.listening &= transport == IPPROTO_TCP;
        }
        Ok(all)
    }
}

fn every_unix_socket() -> UnixRequest {
    UnixRequest {
        // The crate names two states; the third is that of datagram sockets and of unconnected ones.
        state_flags: unix::StateFlags::from_bits_retain(u32::MAX),
        inode: 0,
        show_flags: ShowFlags::NAME | ShowFlags::VFS | ShowFlags::PEER | ShowFlags::RQLEN,
        cookie: [0xff; 8],
    }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

impl Diag {
    fn request(&self, message: SockDiagMessage) -> Result<Vec<Socket>, Errno> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut packet = NetlinkMessage::new(header, message.into());
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.0.send(&bytes, 0).map_err(|error| errno(&error))?;
        let mut all = Vec::new();
        loop {
            let (received, _) = self.0.recv_from_full().map_err(|error| errno(&error))?;
            let mut rest = received.as_slice();
            while !rest.is_empty() {
                let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest)
                    .map_err(|_| Errno::PROTO)?;
                match message.payload {
                    NetlinkPayload::InnerMessage(SockDiagMessage::UnixResponse(found)) => {
                        all.push(unix_socket(&found));
                    }
                    NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => {
                        all.push(inet_socket(&found));
                    }
                    NetlinkPayload::Done(_) => return Ok(all),
                    NetlinkPayload::Error(_) => return Err(Errno::NOTSUP),
                    _ => {}
                }
                let length = (message.header.length as usize).next_multiple_of(4).max(4);
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }
}

fn unix_socket(response: &UnixResponse) -> Socket {
    let untold = || Refusal::Unsupported("queue lengths in sock_diag".into());
    let mut socket = Socket {
        inode: u64::from(response.header.inode),
        protocol: Protocol::Unix,
        listening: response.header.state == LISTEN,
        state: response.header.kind,
        path: Text::default(),
        local: None,
        peer: SocketPeer::None,
        queued: Err(untold()),
        backlog: Err(untold()),
        file: None,
    };
    for attribute in &response.nlas {
        // The crate keeps some fields to itself; the attribute's own bytes hold them.
        let mut value = vec![0; attribute.value_len()];
        attribute.emit_value(&mut value);
        let word = |at: usize| {
            let bytes = value.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
            bytes.map(|bytes| u64::from(u32::from_ne_bytes(bytes)))
        };
        match attribute {
            // The kernel ends a path with a NUL and begins an abstract name with one.
            Nla::Name(_) if value.first() != Some(&0) => {
                socket.path = Text::new(value.split(|byte| *byte == 0).next().unwrap_or_default());
            }
            Nla::Name(_) => socket.path = Text::new(value),
            Nla::Vfs(_) => socket.file = word(0).zip(word(4)),
            Nla::Peer(inode) => socket.peer = SocketPeer::Inode(u64::from(*inode)),
            Nla::ReceiveQueueLength(now, most) => {
                socket.queued = Ok(*now);
                socket.backlog = Ok(*most);
            }
            _ => {}
        }
    }
    socket
}

fn inet_socket(response: &InetResponse) -> Socket {
    let header = &response.header;
    let id = &header.socket_id;
    let peer = SocketAddr::new(id.destination_address, id.destination_port);
    Socket {
        inode: u64::from(header.inode),
        protocol: Protocol::Tcp4,
        listening: header.state == LISTEN,
        state: header.state,
        path: Text::default(),
        local: Some(SocketAddr::new(id.source_address, id.source_port)),
        peer: if peer.port() == 0 { SocketPeer::None } else { SocketPeer::Address(peer) },
        queued: Ok(header.recv_queue),
        backlog: Ok(header.send_queue),
        file: None,
    }
}
