//! `socket-missing`: the path of a listening Unix socket is gone.

use crate::contract::line::{Line, cut, tail};
use crate::contract::{Look, Need, Rule, Severity};
use crate::facts::sockets::SocketFile;
use crate::model::Operation;
use crate::rules::sockets::{broken, holder, rebind};

/// The card.
pub const RULE: Rule = Rule {
    name: "socket-missing",
    needs: &[Need::Listeners],
    worst: Severity::Critical,
    stops_service: false,
    summary: "The path of a listening Unix socket is gone: nobody can connect by it.",
    meaning: MEANING,
    offers: Some(Operation::Reload),
    causes: &["upstream-unserved", "pidfile-stale", "runit-down"],
    check,
};

const MEANING: &str = "\
## What it means

A master listens on a Unix socket, and nothing stands at the path that it was bound to.

## Why it matters

The master is healthy and nobody reaches it: the proxy answers 502, its log has `No such file or directory`.

## How farrier decides

The socket that the master holds bears the path of its `bind`; that path is looked up as the master sees it. A
path through `current` has to be missing at two looks.

## When it stays silent

Abstract sockets have no path. A socket that only a superseded master beside a ready one holds goes with it.
Where the path was not seen, nothing is decided.

## How to fix it

HUP: Unicorn binds a listener anew whose file is gone. HUP re-reads code and configuration through `current`, so
do it only where the running release is the current one; else upgrade first. Keep sockets in `shared/` or
`/run`, not in a release and not in `/tmp`.
";

fn check(look: &mut Look<'_>) {
    let app = look.app();
    for listener in broken(look, |file| *file == SocketFile::Missing) {
        let Some(master) = holder(app, listener) else { continue };
        let pid = master.process.pid;
        let path = match &listener.address {
            crate::model::Address::Unix(path) => path.as_path(),
            _ => continue,
        };
        let mut finding = look
            .finding(
                Severity::Critical,
                format!("{} is gone, {pid} listens on it", tail(&app.short(path), 24)),
            )
            .about(pid)
            .at_path(path)
            .told(
                Line::new(format!(
                    "{}: nobody can connect, its socket is gone",
                    cut(&app.name, 16)
                )),
                Line::new(app.short(path)).aside(format!(" is what {pid} listens on")),
                Line::new("bind it anew").aside(": see the fix"),
            )
            .seen(format!("{pid} listens on {}", listener.address), &master.listens.place)
            .leads_to("The proxy answers 502 although the master is healthy.");
        if let Some(file) = &listener.file {
            finding = finding.seen("nothing stands there", &file.place);
        }
        finding.fix = rebind(app, master);
        look.found(finding.for_good("keep sockets in shared/ or /run"));
    }
}
