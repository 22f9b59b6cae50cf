//! Sockets of one network namespace, by inode; and whether a Unix socket's file is the one that its path leads to.

use std::collections::BTreeMap;

use super::Lack;
use super::files::Target;
use crate::os::{FileKind, FileStat, Protocol, Refusal, Socket};

/// All sockets of a network namespace by their inode.
pub type SocketTable = BTreeMap<u64, Socket>;

/// Where the path of a listening Unix socket leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketFile {
    /// To this socket.
    Same,
    /// Nowhere.
    Missing,
    /// To another socket's file; the inode of the socket that listens there, if one does.
    Replaced(Option<u64>),
    /// To something that is no socket.
    NotASocket,
}

/// Sockets by inode; of several with one inode (there are none on a healthy kernel) the last.
pub fn table(sockets: Vec<Socket>) -> SocketTable {
    sockets.into_iter().map(|socket| (socket.inode, socket)).collect()
}

/// The socket that a descriptor leads to; `None`: it is no socket, or one of another network namespace.
pub fn behind<'a>(target: &Target, table: &'a SocketTable) -> Option<&'a Socket> {
    match target {
        Target::Socket(inode) => table.get(inode),
        _ => None,
    }
}

/// The Unix socket that is bound to this file and listens there.
pub fn listener_at<'a>(file: &FileStat, table: &'a SocketTable) -> Option<&'a Socket> {
    table.values().find(|socket| {
        socket.listening
            && socket.protocol == Protocol::Unix
            && socket.file.is_some_and(|(inode, device)| {
                inode == file.inode & LOW_32_BITS && device == file.device
            })
    })
}

/// `sock_diag` has room for 32 bits of an inode number.
const LOW_32_BITS: u64 = 0xffff_ffff;

/// Where the path of a listening Unix socket leads (`algorithms.md` §4.3). `now` is what `stat`
/// finds at its path: a client that connects follows links too. The inode of the socket itself is never the file's.
pub fn file_of(
    socket: &Socket,
    now: Option<&FileStat>,
    table: &SocketTable,
) -> Result<SocketFile, Lack> {
    let Some(now) = now else {
        return Ok(SocketFile::Missing);
    };
    if now.kind != FileKind::Socket {
        return Ok(SocketFile::NotASocket);
    }
    let Some((inode, device)) = socket.file else {
        return Err(Refusal::Unsupported("the socket's file by sock_diag".into()).into());
    };
    if now.inode & LOW_32_BITS != inode {
        let owner = listener_at(now, table).map(|other| other.inode);
        return Ok(SocketFile::Replaced(owner));
    }
    if now.device == device {
        return Ok(SocketFile::Same);
    }
    // An overlay over two file systems gives the layer's inode and its own device: no proof either way,
    // unless some other socket is bound to just this file.
    match listener_at(now, table) {
        Some(other) => Ok(SocketFile::Replaced(Some(other.inode))),
        None => Err(Lack::Ambiguous(
            "the same inode on another device, as an overlay file system gives it".into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::{SocketPeer, Text};

    fn socket(inode: u64, file: Option<(u64, u64)>) -> Socket {
        Socket {
            inode,
            protocol: Protocol::Unix,
            listening: true,
            state: 1,
            path: Text::from("/run/app.sock"),
            local: None,
            peer: SocketPeer::None,
            queued: Ok(0),
            backlog: Ok(1024),
            file,
        }
    }

    fn at(inode: u64, device: u64, kind: FileKind) -> FileStat {
        FileStat {
            kind,
            device,
            inode,
            mode: 0o777,
            uid: 0,
            gid: 0,
            nlink: 1,
            size: 0,
            mtime: 0,
            ctime: 0,
            rdev: 0,
        }
    }

    #[test]
    fn where_the_path_leads() {
        let ours = socket(46_162, Some((500, 0x10_0001)));
        let table = table(vec![ours.clone(), socket(50_000, Some((501, 0x10_0001)))]);
        let leads = |now: &FileStat| file_of(&ours, Some(now), &table);
        assert_eq!(leads(&at(500, 0x10_0001, FileKind::Socket)), Ok(SocketFile::Same));
        let wide = at(500 + (7 << 32), 0x10_0001, FileKind::Socket);
        assert_eq!(leads(&wide), Ok(SocketFile::Same));
        assert_eq!(
            leads(&at(501, 0x10_0001, FileKind::Socket)),
            Ok(SocketFile::Replaced(Some(50_000)))
        );
        assert_eq!(leads(&at(502, 0x10_0001, FileKind::Socket)), Ok(SocketFile::Replaced(None)));
        assert_eq!(leads(&at(500, 1, FileKind::Regular)), Ok(SocketFile::NotASocket));
        assert_eq!(file_of(&ours, None, &table), Ok(SocketFile::Missing));
    }

    #[test]
    fn what_cannot_be_decided_is_said() {
        let ours = socket(46_162, Some((500, 0x10_0001)));
        let table = table(vec![ours.clone()]);
        let overlay = at(500, 40, FileKind::Socket);
        assert!(matches!(file_of(&ours, Some(&overlay), &table), Err(Lack::Ambiguous(_))));
        let bare = socket(46_162, None);
        let there = at(500, 40, FileKind::Socket);
        assert!(matches!(file_of(&bare, Some(&there), &table), Err(Lack::Refused(_))));
    }

    #[test]
    fn descriptors_lead_to_sockets() {
        let table = table(vec![socket(46_162, None)]);
        assert_eq!(behind(&Target::Socket(46_162), &table).map(|s| s.inode), Some(46_162));
        assert_eq!(behind(&Target::Pipe(46_162), &table), None);
    }
}
