//! What keeps the master up, and what that makes of a master that is replaced by another process.

use super::{Next, Said, Upcoming, blind, holds, stops, warns};
use crate::model::{Above, App, Follows, Main, Master, Supervisor, Unit};
use crate::os::shown;
use crate::plans::words;

/// First processes of a container, or of another pid namespace, that end with the one that they started.
const ENDS_WITH_ITS_CHILD: &[&[u8]] = &[b"tini", b"docker-init", b"dumb-init", b"catatonit"];

impl Upcoming<'_> {
    pub(super) fn supervisor(&self) -> Next {
        self.need("supervisor", &self.master.supervisor, |by| {
            when_it_ends(self.app, self.master, by)
        })
    }
}

/// What becomes of the others of an app's processes when this master ends.
pub(in crate::plans) fn when_it_ends(app: &App, master: &Master, supervisor: &Supervisor) -> Said {
    let pid = master.process.pid;
    match supervisor {
        Supervisor::Nobody => holds("none follows it"),
        Supervisor::First => stops(format!(
            "{pid} is its container's first process: when it ends, everything in there ends"
        )),
        Supervisor::Session(name) => holds(format!("none; it lives in the login session {name}")),
        Supervisor::Unit(unit) => follows(app, master, unit),
        Supervisor::Service { by, name, script: None } => stops(format!(
            "{name} {by} follows {pid}: when it ends, {name} starts another master. Restart it through {name}"
        )),
        Supervisor::Service { by, name, script: Some(script) } => stops(format!(
            "{name} {by} follows the script {script}, which may end when {pid} does. Restart it through {name}"
        )),
        Supervisor::Parent { by, name, does: Follows::Waits } => warns(format!(
            "{name} {by} started it and waits for it: it ends when {pid} does, and starts none"
        )),
        Supervisor::Parent { by, name, .. } if ENDS_WITH_ITS_CHILD.contains(&name.bytes()) => {
            stops(format!("{name} {by} ends with {pid}, and everything in its container with it"))
        }
        Supervisor::Parent { by, name, does: Follows::Acts(catches) } => {
            let catches: Vec<&str> = catches.iter().map(|signal| words::name(*signal)).collect();
            let (also, way) = match catches.as_slice() {
                [] => (String::new(), format!("by what {name} has for it")),
                some => {
                    let some = some.join(" and ");
                    (
                        format!(" and catches {some}"),
                        format!("by {name}: see what it does on {some}"),
                    )
                }
            };
            stops(format!(
                "{name} {by} started it{also}: it may end the app, or start another, when {pid} ends. \
                 Restart it {way}"
            ))
        }
    }
}

/// What systemd makes of a main process that ends while its re-execution serves (`systemd.service(5)`,
/// `failures.md` F15, F50).
fn follows(app: &App, master: &Master, unit: &Unit) -> Said {
    let (pid, name, kind) = (master.process.pid, &unit.name, unit.kind());
    if unit.file.is_none() {
        return blind(format!("{name}; its file was not found"));
    }
    if let Main::Is { pid: main, name: above, above: Above::Acts } = &unit.main {
        return stops(format!(
            "{name} follows {above} {main}, which started {pid}: it may end the app, or start another, \
             when {pid} ends. Restart it by systemctl restart {name}"
        ));
    }
    if unit.exit_type.as_ref().is_some_and(|exit| exit.bytes() == b"cgroup") {
        return holds(format!("{name} lasts as long as its last process (ExitType=cgroup)"));
    }
    let ends = |with: String| match &unit.restart {
        _ if unit.ends_all() => {
            stops(format!("{name} (Type={kind}) ends with {with}, and the new master with it"))
        }
        _ if unit.remains == Some(true) => warns(format!(
            "{name} follows {with}, and none once that has ended (RemainAfterExit=yes)"
        )),
        Some(restart) if unit.starts_again() => warns(format!(
            "{name} (Type={kind}) counts as ended with {with}, and starts another master (Restart={restart})"
        )),
        _ => warns(format!("{name} (Type={kind}) counts as ended with {with}")),
    };
    match &unit.main {
        Main::Named { own: Some(true), .. } => holds(format!("{name} follows the pidfile")),
        Main::Named { file, own: Some(false) } => {
            warns(format!("{name} follows {}, which is another pidfile", shown(file)))
        }
        Main::Named { file, own: None } => {
            blind(format!("{name} follows {}; its own pidfile is not known", shown(file)))
        }
        Main::None => holds(format!("{name} follows none of its processes")),
        Main::Ended(_) => warns(format!("{name} follows none: its main process has ended")),
        Main::Is { pid: main, .. } if *main == pid || app.master(*main).is_some() => {
            ends(main.to_string())
        }
        Main::Is { pid: main, name: shell, above: Above::Waits } => {
            ends(format!("{shell} {main}, which waits for {pid}"))
        }
        Main::Is { pid: main, name: other, .. } => {
            holds(format!("{name} follows {other} {main}, which stays"))
        }
        Main::Unknown => {
            blind(format!("{name} (Type={kind}); which process it follows is not known"))
        }
    }
}
