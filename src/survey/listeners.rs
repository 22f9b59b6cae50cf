//! Listeners: which sockets masters listen on, how full their queues are, and whether their files are still theirs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::once::Once;
use crate::contract::Server;
use crate::deploy::releases::candidate_root;
use crate::facts::files::target;
use crate::facts::sockets::{SocketTable, behind, file_of};
use crate::facts::{Fact, Lack, Place};
use crate::model::{Address, Listener, Master, Process};
use crate::os::{Ask, Descriptor, Found, Host, ProcLink, Protocol, Socket};

/// The sockets of the network namespace that a process lives in.
pub fn table(once: &Once<'_>, host: Option<&Host>, process: &Process) -> Rc<Fact<SocketTable>> {
    let theirs = match once.one(&Ask::Link(process.pid, ProcLink::NsNet)) {
        Ok(Found::Bytes(text)) => Some(text),
        _ => None,
    };
    let ours = host.and_then(|host| host.namespaces.get(2));
    let elsewhere = matches!((&theirs, ours), (Some(theirs), Some(ours)) if theirs != ours);
    once.sockets(&Ask::Sockets(elsewhere.then_some(process.pid)))
}

/// The sockets that a process has open, each with the number of its descriptor.
pub fn open<'t>(process: &Process, table: &'t Fact<SocketTable>) -> Fact<Vec<(u32, &'t Socket)>> {
    let place = process.descriptors.place.clone();
    let descriptors = match &process.descriptors.value {
        Ok(descriptors) => descriptors,
        Err(lack) => return Fact::lacking(place, lack.clone()),
    };
    let table = match &table.value {
        Ok(table) => table,
        Err(lack) => return Fact::lacking(table.place.clone(), lack.clone()),
    };
    let socket = |descriptor: &Descriptor| {
        Some((descriptor.fd, behind(&target(&descriptor.target), table)?))
    };
    Fact::known(place, descriptors.iter().filter_map(socket).collect())
}

/// The inodes of the sockets that a server's process listens on, without those by which it is controlled.
pub fn listens(process: &Process, server: &Server, table: &Fact<SocketTable>) -> Fact<Vec<u64>> {
    let controls = |socket: &Socket| {
        let name = socket.path.path().file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| server.control_sockets.contains(&name))
    };
    open(process, table).map(|sockets| {
        let listening =
            sockets.into_iter().filter(|(_, socket)| socket.listening && !controls(socket));
        let mut inodes: Vec<u64> = listening.map(|(_, socket)| socket.inode).collect();
        inodes.sort_unstable();
        inodes.dedup();
        inodes
    })
}

/// A socket's address.
pub fn address(socket: &Socket, cwd: Option<&Path>) -> Address {
    match (socket.protocol, socket.local) {
        (Protocol::Unix, _) => match socket.path.bytes().strip_prefix(b"\0") {
            Some(name) => Address::Abstract(crate::os::Text::new(name)),
            None => Address::Unix(absolute(socket.path.path(), cwd)),
        },
        (_, Some(local)) => Address::Tcp(local),
        (_, None) => Address::Abstract(socket.path.clone()),
    }
}

/// A relative name stays relative to the working directory of its `bind`; the present one has to stand for it.
fn absolute(path: &Path, cwd: Option<&Path>) -> PathBuf {
    match cwd {
        Some(cwd) if path.is_relative() && !path.as_os_str().is_empty() => cwd.join(path),
        _ => path.to_path_buf(),
    }
}

/// An app's listeners, by address.
pub fn listeners(once: &Once<'_>, masters: &[Master], table: &Fact<SocketTable>) -> Vec<Listener> {
    let Some(table) = table.get() else { return Vec::new() };
    let mut by_inode: BTreeMap<u64, Listener> = BTreeMap::new();
    for master in masters.iter().filter(|master| !master.process.is_dead()) {
        for inode in master.listens.get().into_iter().flatten() {
            let Some(socket) = table.get(inode) else { continue };
            by_inode
                .entry(*inode)
                .or_insert_with(|| listener(once, &master.process, socket, table))
                .masters
                .push(master.process.pid);
        }
    }
    let mut all: Vec<Listener> = by_inode.into_values().collect();
    all.sort_by(|a, b| (&a.address, a.inode).cmp(&(&b.address, b.inode)));
    all
}

fn listener(once: &Once<'_>, process: &Process, socket: &Socket, table: &SocketTable) -> Listener {
    let cwd = process.cwd.get().map(|cwd| cwd.path.as_path());
    let address = address(socket, cwd);
    let place = Place::new(format!("sock_diag, inode {}", socket.inode));
    let number = |value: &Result<u32, crate::os::Refusal>| Fact {
        place: place.clone(),
        value: value.clone().map_err(Lack::Refused),
    };
    let file = match &address {
        Address::Unix(path) => {
            let stat = once.stat(process.root, path);
            Some(Fact {
                place: Place::path(path),
                value: stat.value.and_then(|stat| file_of(socket, stat.as_ref(), table)),
            })
        }
        Address::Abstract(_) | Address::Tcp(_) => None,
    };
    let directory = match &address {
        Address::Unix(path) if candidate_root(path).is_some() => {
            path.parent().map(|above| once.real(process.root, above))
        }
        Address::Unix(_) | Address::Abstract(_) | Address::Tcp(_) => None,
    };
    Listener {
        inode: socket.inode,
        queued: number(&socket.queued),
        backlog: number(&socket.backlog),
        file,
        directory,
        bound_relative: socket.protocol == Protocol::Unix && socket.path.path().is_relative(),
        masters: Vec::new(),
        address,
    }
}
