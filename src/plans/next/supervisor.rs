//! What keeps the master up, and what that makes of a master that is replaced by another process.

use super::{Next, Said, Upcoming, blind, holds, stops, warns};
use crate::model::{Supervisor, Unit};
use crate::os::shown;

impl Upcoming<'_> {
    pub(super) fn supervisor(&self) -> Next {
        let pid = self.master.process.pid;
        self.of("supervisor", &self.master.supervisor, |supervisor| match supervisor {
            Supervisor::Nobody => holds("none follows it"),
            Supervisor::First => stops(format!(
                "{pid} is its container's first process: when it ends, everything in there ends"
            )),
            Supervisor::Session(name) => {
                holds(format!("none; it lives in the login session {name}"))
            }
            Supervisor::Unit(unit) => self.unit(unit),
            Supervisor::Service { by, name, script: None } => warns(format!(
                "{name} {by} follows {pid}: when it ends, {name} starts another master"
            )),
            Supervisor::Service { by, name, script: Some(script) } => blind(format!(
                "{name} {by} follows the script {script}: what that does is not known"
            )),
            Supervisor::Parent { by, name } => blind(format!(
                "{name} {by} started it: what that does when {pid} ends is not known"
            )),
        })
    }

    /// What systemd makes of a main process that ends while its re-execution serves (`systemd.service(5)`,
    /// `failures.md` F15, F50).
    fn unit(&self, unit: &Unit) -> Said {
        let (pid, name) = (self.master.process.pid, &unit.name);
        if unit.file.is_none() {
            return blind(format!("{name}; its file was not found"));
        }
        let kind = unit.kind.as_ref().map_or_else(|| "simple".to_owned(), ToString::to_string);
        let own = self.master.pidfile.get().and_then(Option::as_ref);
        if unit.exit_type.as_ref().is_some_and(|exit| exit.bytes() == b"cgroup") {
            return holds(format!("{name} lasts as long as its last process (ExitType=cgroup)"));
        }
        match (&*kind, &unit.pidfile, own) {
            ("forking", Some(file), Some(own)) if file == own => {
                holds(format!("{name} follows the pidfile"))
            }
            ("forking", Some(file), _) if self.master.pidfile.lack().is_some() => {
                blind(format!("{name} follows {}; its own pidfile is not known", shown(file)))
            }
            ("forking", Some(file), _) => {
                warns(format!("{name} follows {}, which is another pidfile", shown(file)))
            }
            ("forking", None, _) => {
                warns(format!("{name} names no PIDFile: which process it follows is a guess"))
            }
            _ => match unit.main {
                Some(main) if main == self.master.process.own_number() => {
                    let keeps = unit
                        .kill_mode
                        .as_ref()
                        .is_some_and(|mode| matches!(mode.bytes(), b"process" | b"none"));
                    if keeps {
                        warns(format!("{name} (Type={kind}) counts as ended with {pid}"))
                    } else {
                        stops(format!(
                            "{name} (Type={kind}) ends with {pid}, and the new master with it"
                        ))
                    }
                }
                Some(main) => holds(format!("{name} follows {main}, which stays")),
                None => {
                    blind(format!("{name} (Type={kind}); which process it follows is not known"))
                }
            },
        }
    }
}
