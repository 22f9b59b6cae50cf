//! One operator at a time: the directory of the app's pidfile is locked while something is sent and watched.

use crate::contract::quote::farrier;
use std::path::PathBuf;

use crate::model::{App, Census, Process};
use crate::os::{Hands, Locked, Refusal, shown};

use super::at_work::at_work;
use super::check::{blind, holds, warns};
use super::{Case, Plan, Refused};

/// The directory that is locked for an app's process.
pub(super) fn place(app: &App, process: &Process) -> Option<PathBuf> {
    let own = |pid| app.master(pid);
    // A worker's own master, else any of the app: they share the directory.
    let master = own(process.pid)
        .or_else(|| process.parent().and_then(own))
        .or_else(|| app.living_masters().next())?;
    master.lock_place()
}

impl Case<'_> {
    /// Refused while another farrier works on the app.
    pub(super) fn is_free(&self) -> Result<(), Refused> {
        is_free(self.census, self.app)
    }

    /// Says in a plan whether anybody else works on the app.
    pub(super) fn holders(&self, mut plan: Plan) -> Plan {
        let name = &self.app.name;
        plan.checks.push(match &self.app.holder.value {
            Ok(None) => holds("lock", format!("nobody else works on {name}")),
            Ok(Some(holder)) => warns(
                "lock",
                format!(
                    "{} ({} of {}) holds the lock of {name}, and is no farrier that may act on it",
                    holder.pid, holder.program, holder.user
                ),
            ),
            Err(why) => blind("lock", format!("whether somebody else works on {name}: {why}")),
        });
        plan
    }
}

/// Whether nobody else works on an app.
///
/// # Errors
/// A farrier does: who, and how far he is.
pub fn is_free(census: &Census, app: &App) -> Result<(), Refused> {
    at_work(app).map_or(Ok(()), |work| Err(work.refuses(census, app)))
}

/// Keeps a second operator out. Where no lock can be had it goes on, and the words say so. `look` takes a fresh look.
///
/// # Errors
/// Somebody else holds it: who, and what he does.
pub fn take(
    plan: &Plan,
    hands: &mut dyn Hands,
    look: impl FnOnce() -> Census,
) -> Result<Option<String>, Refused> {
    let (name, id) = (&plan.app_name, &plan.app);
    let Some(directory) = &plan.lock else {
        let why = format!("No lock is held: the place of {name}'s pidfile is not known");
        return Ok(Some(why));
    };
    let place = shown(directory);
    let holder = match hands.lock(directory) {
        Ok(Locked::Mine) => return Ok(None),
        Ok(Locked::Theirs(holder)) => holder,
        // Whoever works there may do so unseen, and what is sent could not be followed.
        Err(Refusal::TimedOut) => {
            return Err(Refused::new(
                format!(
                    "{place}, the directory of the pidfile, does not answer: no lock, nothing is sent"
                ),
                "see to its file system first",
            ));
        }
        Err(why) => return Ok(Some(format!("No lock is held on {place}: {why}"))),
    };
    let census = look();
    let app = census.app(id);
    if let Some((work, app)) = app.and_then(|app| Some((at_work(app)?, app))) {
        return Err(work.refuses(&census, app));
    }
    match (app.and_then(|app| app.holder.get()?.as_ref()), holder) {
        (Some(other), _) => Ok(Some(format!(
            "No lock is held on {place}: {} ({} of {}) has it, and is no farrier that may act on {name}",
            other.pid, other.program, other.user
        ))),
        (None, holder) => {
            let who = holder.map_or_else(|| "a process out of sight".into(), |pid| pid.to_string());
            Err(Refused::new(
                format!("{who} holds the lock on {place}: it may work on {name}"),
                farrier("watch", id) + " follows what it does",
            ))
        }
    }
}
