//! Sockets that a proxy passes requests to and where nobody listens: what is down is not seen among the processes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::listeners;
use super::read::Setting;
use crate::contract::Server;
use crate::facts::Place;
use crate::facts::sockets::{SocketTable, listener_at};
use crate::model::{Address, App, Master, Upstream};
use crate::os::{Pid, Protocol, Root, Socket, Text};
use crate::servers::server;

/// Such a socket, and the proxy.
pub struct Missed {
    /// The proxy's master.
    pub by: Pid,
    /// Its server's name.
    pub name: &'static str,
    /// Where requests go.
    pub socket: PathBuf,
}

/// Every such socket. Of a group that has another server to go to none is told: its requests are answered.
pub fn missed(setting: &Setting<'_>, apps: &[App]) -> Vec<Missed> {
    let mut all = Vec::new();
    for app in apps.iter().filter(|app| server(app.kind).is_some_and(Server::is_proxy)) {
        // What stands at a path is known from the proxy's own files.
        for master in app.living_masters().filter(|master| master.process.root == Root::Own) {
            let table = listeners::table(setting.once, setting.host, &master.process);
            let Some(table) = table.get() else { continue };
            for socket in of(master, &|to| is_unserved(to, apps, table)) {
                all.push(Missed { by: master.process.pid, name: app.kind.name(), socket });
            }
        }
    }
    all
}

/// The sockets of groups in which nobody answers; an address without a group is one by itself.
fn of(proxy: &Master, is_unserved: &dyn Fn(&Upstream) -> bool) -> Vec<PathBuf> {
    let mut groups: BTreeMap<(Option<&Text>, Option<&Address>), Vec<&Upstream>> = BTreeMap::new();
    for to in proxy.upstreams.get().into_iter().flatten() {
        let alone = to.group.is_none().then_some(&to.to);
        groups.entry((to.group.as_ref(), alone)).or_default().push(to);
    }
    // A name or a variable may be a server of a group that is written in the same file.
    let is_open = |to: &&Upstream| {
        let file = file(&to.place);
        to.group.is_some()
            && proxy.elsewhere.iter().any(|other| self::file(&other.known.place) == file)
    };
    let dead = groups
        .into_values()
        .filter(|group| group.iter().all(|to| is_unserved(to)) && !group.iter().any(is_open));
    dead.flatten()
        .filter_map(|to| match &to.to {
            Address::Unix(path) => Some(path.clone()),
            Address::Abstract(_) | Address::Tcp(_) => None,
        })
        .collect()
}

/// The file of a place that is a line of one.
fn file(place: &Place) -> String {
    let whole = place.to_string();
    whole.rsplit_once(':').map_or(whole.clone(), |(file, _)| file.to_owned())
}

/// Whether nobody listens at a socket, by its path or by the file that stands there. What is reached over a network may
/// be another machine's.
fn is_unserved(to: &Upstream, apps: &[App], table: &SocketTable) -> bool {
    let (Address::Unix(path), Some(way)) = (&to.to, &to.way) else { return false };
    match &way.stat.value {
        Ok(file) => {
            // A socket of that path in another world is bound to another file.
            let is_others = |socket: &Socket| {
                socket.file.is_some_and(|(inode, device)| {
                    let here = file.as_ref().map(|file| (file.inode & 0xffff_ffff, file.device));
                    here.is_some_and(|here| here != (inode, device))
                })
            };
            let named = table.values().any(|socket| {
                socket.listening
                    && socket.protocol == Protocol::Unix
                    && socket.path.path() == path
                    && !is_others(socket)
            });
            let here = apps.iter().filter(|app| app.container.is_none());
            let known = here.flat_map(|app| app.listeners.iter()).any(|at| to.reaches(at));
            let held = file.as_ref().is_some_and(|file| listener_at(file, table).is_some());
            !named && !known && !held
        }
        Err(_) => false,
    }
}
