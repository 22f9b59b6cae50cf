//! Rules about listening sockets.

pub mod listener_in_release;
pub mod listener_lost;
pub mod socket_missing;
pub mod socket_replaced;

use crate::facts::sockets::SocketFile;
use crate::model::{Address, App, Listener, Master, Role};
use crate::servers::server;

use super::advice;
use crate::contract::Look;

/// The listeners with a path whose file is as sought. What goes through `current` has to be so at two looks. A socket
/// that only a superseded master beside a ready one holds leaves with it, and one that no master holds is a worker's own.
fn broken<'a>(look: &mut Look<'a>, sought: fn(&SocketFile) -> bool) -> Vec<&'a Listener> {
    let app = look.app();
    let mut found = Vec::new();
    for master in app.living_masters() {
        look.of(master.process.pid, "listening sockets", &master.listens);
    }
    for listener in &app.listeners {
        let (Some(file), Some(_)) = (&listener.file, holder(app, listener)) else { continue };
        let Some(state) = look.at(format!("where {} leads", listener.address), file) else {
            continue;
        };
        if !sought(state) {
            continue;
        }
        if let Address::Unix(path) = &listener.address
            && look.through_current(path)
        {
            let Some(before) = look.before() else { continue };
            let earlier = before.listeners.iter().find(|other| other.inode == listener.inode);
            let earlier = earlier.and_then(|listener| listener.file.as_ref());
            let was = format!("where {} led", listener.address);
            if !earlier.and_then(|file| look.at(was, file)).is_some_and(sought) {
                continue;
            }
        }
        found.push(listener);
    }
    found
}

/// The master that serves from it.
fn holder<'a>(app: &'a App, listener: &Listener) -> Option<&'a Master> {
    let stays = |master: &&Master| master.role != Role::Old || app.current_master().is_none();
    let masters = listener.masters.iter().filter_map(|pid| app.master(*pid));
    masters.filter(|master| !master.process.is_dead()).find(stays)
}

/// A reload binds a listener anew whose file is gone; it also re-reads code and configuration through `current`.
fn rebind(app: &App, master: &Master) -> Vec<String> {
    let pid = master.process.pid;
    if !server(app.kind).is_some_and(|server| server.rebinds) {
        // It keeps the descriptors that it has, whatever became of their paths.
        vec![format!("# {pid} keeps its old socket: stop and start it by what starts it at boot")]
    } else if let Some(reload) = advice::harmless_reload(app, master) {
        vec![reload]
    } else {
        let mut lines =
            vec![format!("# no HUP to {pid} yet: it would load what current names now")];
        lines.extend(advice::new_code(app, master));
        lines.push("# then HUP to the new master binds the path anew".into());
        lines
    }
}
