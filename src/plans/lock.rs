//! One operator at a time: the directory of the app's pidfile is locked while something is sent and watched.

use std::path::PathBuf;

use crate::model::{App, Process};
use crate::os::{Hands, Locked, Root, shown};

use super::{Plan, Refused};

/// The directory of the pidfile of an app's process, where farrier sees it under the same path.
pub(super) fn place(app: &App, process: &Process) -> Option<PathBuf> {
    let own = |pid| app.master(pid);
    // A worker's own master, else any of the app: they share the directory.
    let master = own(process.pid)
        .or_else(|| process.parent().and_then(own))
        .or_else(|| app.living_masters().next())?;
    let pidfile = master.pidfile.get()?.as_ref().filter(|_| master.process.root == Root::Own)?;
    pidfile.parent().filter(|directory| directory.is_absolute()).map(std::path::Path::to_owned)
}

/// Keeps a second operator out. Where no lock can be had it goes on, and the words say so.
///
/// # Errors
/// Somebody else holds it: who, and how to see what he does.
pub fn take(plan: &Plan, hands: &mut dyn Hands) -> Result<Option<String>, Refused> {
    let (name, id) = (&plan.app_name, &plan.app);
    let Some(directory) = &plan.lock else {
        let why = format!("No lock is held: the place of {name}'s pidfile is not known");
        return Ok(Some(why));
    };
    match hands.lock(directory) {
        Ok(Locked::Mine) => Ok(None),
        Ok(Locked::Theirs(holder)) => {
            let who = holder.map_or_else(|| "another process".into(), |pid| pid.to_string());
            Err(Refused::new(
                format!("{who} works on {name}: it holds the lock on {}", shown(directory)),
                format!("farrier watch {id} follows what it does"),
            ))
        }
        Err(why) => Ok(Some(format!("No lock is held on {}: {why}", shown(directory)))),
    }
}
