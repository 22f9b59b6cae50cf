//! `socket-replaced`: the path of a listening Unix socket leads to another socket.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity, quote};
use crate::facts::sockets::SocketFile;
use crate::model::{Address, Census, Listener, Master};
use crate::rules::advice;
use crate::rules::sockets::{broken, holder, rebind};

/// The card.
pub const RULE: Rule = Rule {
    name: "socket-replaced",
    needs: &[Need::Listeners],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The path of a listening Unix socket leads to another socket, or to no socket at all.",
    meaning: MEANING,
    offers: None,
    causes: &["upstream-unserved", "pidfile-stale", "runit-down"],
    check,
};

const MEANING: &str = "\
## What it means

A master listens on a Unix socket, and something else stands at its path: the socket of another process, one
that nobody listens on any more, or a plain file.

## Why it matters

Nobody reaches this master by the path: requests go to another server, or nowhere. When the other server ends,
the path may vanish with it.

## How farrier decides

The kernel knows inode and device of the file that a socket was bound to. They are compared with what stands at
the path now, as the master sees it. A path through `current` has to differ at two looks.

## When it stays silent

A socket that was inherited is the same one in both masters. Where the kernel does not tell, or on file systems
that give one file two devices, nothing is decided.

## How to fix it

Where another master owns the path, one of the two is too many: retire the one that should not be. Where nobody
listens behind it, HUP to the master binds it anew, with the care that HUP needs.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    let sought =
        |file: &SocketFile| matches!(file, SocketFile::Replaced(_) | SocketFile::NotASocket);
    for listener in broken(look, sought) {
        if let (Some(master), Address::Unix(path)) = (holder(app, listener), &listener.address) {
            report(look, listener, master, path);
        }
    }
}

fn report(look: &mut Look<'_>, listener: &Listener, master: &Master, path: &std::path::Path) {
    let app = look.app();
    let pid = master.process.pid;
    let state = listener.file.as_ref().and_then(|file| file.get());
    let owner = match state {
        Some(SocketFile::Replaced(Some(inode))) => owner(look.census(), *inode),
        _ => None,
    };
    let leads = match (state, &owner) {
        (Some(SocketFile::NotASocket), _) => "is no socket".to_owned(),
        (_, Some(other)) => format!("leads to {other}"),
        (Some(SocketFile::Replaced(Some(inode))), None) => format!("leads to socket {inode}"),
        _ => "leads to a socket that nobody listens on".to_owned(),
    };
    let mut finding = look
        .finding(
            Severity::Critical,
            format!("{} no longer leads to {pid}", tail(&app.short(path), 24)),
        )
        .about(pid)
        .at_path(path)
        .told(
            Line::new(format!("{}: the socket's path no longer leads", cut(&app.name, 16)))
                .keep(format!(" to {pid}")),
            Line::new(app.short(path)).keep(format!(" {leads}")),
            match &owner {
                Some(other) => Line::new(format!("decide which serves, {pid} or {other}")),
                None => Line::new("bind it anew").aside(": see the fix"),
            },
        )
        .seen(
            format!("{pid} listens on {}, socket {}", listener.address, listener.inode),
            &master.listens.place,
        )
        .leads_to("Requests by this path reach another server, or none.");
    if let Some(file) = &listener.file {
        finding = finding.seen(format!("the path {leads}"), &file.place);
    }
    finding.fix = match (&owner, state) {
        (Some(other), _) => {
            let ended = |pid| advice::end_in_words(app, pid);
            vec![format!(
                "# end the one that should not serve: {}, or {}",
                ended(pid),
                ended(*other)
            )]
        }
        (None, Some(SocketFile::NotASocket)) => {
            let path = quote::seen_by(&master.process, path);
            let mut lines = vec![format!("mv -T {path} {path}.was-no-socket")];
            lines.extend(rebind(app, master));
            lines
        }
        (None, Some(SocketFile::Replaced(Some(inode)))) => {
            vec![format!("# find who listens on socket {inode}: ss -xlpe | grep {inode}")]
        }
        (None, _) => {
            let path = quote::seen_by(&master.process, path);
            let mut lines = vec![format!("mv -T {path} {path}.was-replaced")];
            lines.extend(rebind(app, master));
            lines
        }
    };
    look.found(finding.for_good("let no other server bind this path, and no start remove it"));
}

/// The master that listens on the socket with this inode.
fn owner(census: &Census, inode: u64) -> Option<crate::os::Pid> {
    let mut listeners = census.apps.iter().flat_map(|app| &app.listeners);
    listeners.find(|listener| listener.inode == inode)?.masters.first().copied()
}
