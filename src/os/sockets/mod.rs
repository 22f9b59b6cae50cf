//! Sockets of a network namespace: from the kernel's `sock_diag(7)`, or from the tables below `/proc/PID/net`.

mod diag;
mod tables;

use std::path::Path;

use rustix::fs::readlink;

use super::{Answer, Found, Pid, Protocol};

/// All sockets of farrier's own network namespace, or of that of a process. `sock_diag` answers only for farrier's
/// own; elsewhere, and on kernels without it, the tables have to do, which know neither backlog nor a socket's file.
pub fn sockets(proc: &Path, of: Option<Pid>) -> Answer {
    let base = of.map_or_else(|| proc.join("self"), |pid| proc.join(pid.to_string()));
    let namespace = |base: &Path| readlink(base.join("ns/net"), Vec::new()).ok();
    let own = proc == Path::new("/proc")
        && (of.is_none() || namespace(&base) == namespace(&proc.join("self")));
    let diag = own.then(|| diag::Diag::open().ok()).flatten();
    let mut all = Vec::new();
    for protocol in PROTOCOLS {
        let told = diag.as_ref().and_then(|diag| diag.dump(protocol).ok());
        match told.map_or_else(|| tables::read(&base.join("net"), protocol), Ok) {
            Ok(found) => all.extend(found),
            // A kernel without IPv6 has no table of it.
            Err(_) if protocol != Protocol::Unix => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(Found::Sockets(all))
}

/// The kinds that are told of.
const PROTOCOLS: [Protocol; 5] =
    [Protocol::Unix, Protocol::Tcp4, Protocol::Tcp6, Protocol::Udp4, Protocol::Udp6];
