//! Sockets whose path leads nowhere, or to somebody else.

use std::os::unix::net::UnixStream;

use super::healthy::serving;
use crate::lab::program::broken;
use crate::lab::{Stage, hold};

const SOCKET: &str = "/var/www/shop/shared/sockets/unicorn.sock";

pub const STAGES: &[Stage] = &[
    Stage {
        name: "socket-missing",
        tells: "the socket's file was removed: the master listens, and nobody can connect",
        targets: &[],
        expect: broken(&[("socket-missing", "critical")]),
        set: |lab| {
            let site = serving(lab);
            lab.sh(&format!("rm {SOCKET}"));
            assert_eq!(site.get(), None);
        },
    },
    Stage {
        name: "socket-replaced",
        tells: "another program listens at the socket's path: the master gets no request any more",
        targets: &[],
        expect: broken(&[("socket-replaced", "critical")]),
        set: |lab| {
            let site = serving(lab);
            let thief = format!(
                "ruby -rsocket -e 'File.unlink(\"{SOCKET}\"); UNIXServer.new(\"{SOCKET}\"); sleep'"
            );
            let thief = lab.background(site.user, &thief);
            lab.wait("another process listens there", || {
                lab.has(format!("/proc/{thief}/fd/5"))
                    && UnixStream::connect(lab.path(SOCKET)).is_ok()
            });
        },
    },
];

#[test]
fn socket_missing() {
    hold("socket-missing");
}

#[test]
fn socket_replaced() {
    hold("socket-replaced");
}
