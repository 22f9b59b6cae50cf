//! Sockets of a network namespace: from the kernel's `sock_diag(7)`, or from the tables below `/proc/PID/net`.

mod diag;
mod tables;

use std::path::Path;

use rustix::fs::readlink;

use super::{Answer, Found, Pid};

/// All sockets of farrier's own network namespace, or of that of a process. `sock_diag` answers only for farrier's
/// own; elsewhere, and on kernels without it, the tables have to do, which know neither backlog nor a socket's file.
pub fn sockets(proc: &Path, of: Option<Pid>) -> Answer {
    let base = of.map_or_else(|| proc.join("self"), |pid| proc.join(pid.to_string()));
    let namespace = |base: &Path| readlink(base.join("ns/net"), Vec::new()).ok();
    let own = proc == Path::new("/proc")
        && (of.is_none() || namespace(&base) == namespace(&proc.join("self")));
    if own && let Ok(all) = diag::dump() {
        return Ok(Found::Sockets(all));
    }
    tables::read(&base.join("net")).map(Found::Sockets)
}
