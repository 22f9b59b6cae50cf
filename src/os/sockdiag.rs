//! Sockets of farrier's network namespace from `NETLINK_SOCK_DIAG`.

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload, Nla as _,
};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags, UnixRequest, nlas::Nla};
use netlink_sys::{Socket as Netlink, SocketAddr, protocols::NETLINK_SOCK_DIAG};

use super::{Protocol, Refusal, Socket, SocketPeer, Text};

/// All Unix sockets.
pub fn dump() -> Result<Vec<Socket>, Refusal> {
    let failed = |e: std::io::Error| Refusal::Failed(e.to_string());
    let mut socket = Netlink::new(NETLINK_SOCK_DIAG).map_err(failed)?;
    socket.bind_auto().map_err(failed)?;
    socket.connect(&SocketAddr::new(0, 0)).map_err(failed)?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut packet = NetlinkMessage::new(
        header,
        SockDiagMessage::UnixRequest(UnixRequest {
            state_flags: StateFlags::all(),
            inode: 0,
            show_flags: ShowFlags::NAME | ShowFlags::VFS | ShowFlags::PEER | ShowFlags::RQLEN,
            cookie: [0xff; 8],
        })
        .into(),
    );
    packet.finalize();
    let mut request = vec![0; packet.header.length as usize];
    packet.serialize(&mut request);
    socket.send(&request, 0).map_err(failed)?;
    let mut all = Vec::new();
    loop {
        let (bytes, _) = socket.recv_from_full().map_err(failed)?;
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let Ok(message) = NetlinkMessage::<SockDiagMessage>::deserialize(rest) else {
                return Ok(all);
            };
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::UnixResponse(response)) => {
                    all.push(unix(&response));
                }
                NetlinkPayload::Done(_) => return Ok(all),
                NetlinkPayload::Error(_) => return Err(Refusal::Unsupported("sock_diag".into())),
                _ => {}
            }
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
}

fn unix(response: &netlink_packet_sock_diag::unix::UnixResponse) -> Socket {
    let mut socket = Socket {
        inode: u64::from(response.header.inode),
        protocol: Protocol::Unix,
        listening: response.header.state == 10,
        state: response.header.kind,
        path: Text::default(),
        local: None,
        peer: SocketPeer::None,
        queued: Err(Refusal::NotRecorded),
        backlog: Err(Refusal::NotRecorded),
        file: None,
    };
    for nla in &response.nlas {
        // The crate keeps these fields to itself; the attribute's own bytes hold them (`sock_diag(7)`).
        let mut value = vec![0; nla.value_len()];
        nla.emit_value(&mut value);
        let word = |at: usize| {
            let bytes = value.get(at..at + 4).and_then(|b| <[u8; 4]>::try_from(b).ok());
            bytes.map(u32::from_ne_bytes)
        };
        match nla {
            // The kernel ends a path with NUL, an abstract name it begins with one.
            Nla::Name(_) if value.first() != Some(&0) => {
                let path = value.split(|byte| *byte == 0).next().unwrap_or_default();
                socket.path = Text::new(path);
            }
            Nla::Name(_) => socket.path = Text::new(value.clone()),
            Nla::Vfs(_) => {
                socket.file =
                    word(0).zip(word(4)).map(|(inode, device)| (inode.into(), device.into()));
            }
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
