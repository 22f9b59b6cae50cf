//! Rules about pidfiles and the oldbins of superseded masters.

pub mod oldbin_foreign;
pub mod oldbin_lingering;
pub mod oldbin_stale;
pub mod pidfile_foreign;
pub mod pidfile_garbled;
pub mod pidfile_in_release;
pub mod pidfile_missing;
pub mod pidfile_stale;

use crate::model::{App, Pidfile, PidfileState};
use crate::os::{Pid, shown};

use super::Look;

/// What a pidfile says now, where the rule may count on it: in a young handover pidfiles are renamed and written anew,
/// so that it has to say the same at two looks.
fn settled<'a>(
    look: &mut Look<'a>,
    file: &'a Pidfile,
    sought: fn(&PidfileState) -> bool,
) -> Option<&'a PidfileState> {
    if is_anothers(look, file) {
        return None;
    }
    let state = look.at(format!("what {} names", shown(&file.path)), &file.state)?;
    if !sought(state) || (look.young()? && !lasts(look, file, sought)) {
        return None;
    }
    Some(state)
}

/// Whether a file that no master of this app was given belongs to another app: several may share a deploy root, and each
/// sees the pidfiles of all in the usual places.
fn is_anothers(look: &Look<'_>, file: &Pidfile) -> bool {
    let others = look.census().apps.iter().filter(|other| other.id != look.app().id);
    let theirs = |other: &App| {
        let named = other.pidfiles.iter().any(|f| f.path == file.path && f.owner.is_some());
        named || file.pid.is_some_and(|pid| other.master(pid).is_some())
    };
    file.owner.is_none() && others.into_iter().any(theirs)
}

/// Whether it was so at the look before as well.
fn lasts(look: &mut Look<'_>, file: &Pidfile, sought: fn(&PidfileState) -> bool) -> bool {
    let Some(before) = look.before() else { return false };
    let Some(earlier) = same(before, file) else { return false };
    earlier.pid == file.pid
        && look.at(format!("what {} named", shown(&file.path)), &earlier.state).is_some_and(sought)
}

fn same<'a>(before: &'a App, file: &Pidfile) -> Option<&'a Pidfile> {
    before.pidfiles.iter().find(|other| other.path == file.path && other.kind == file.kind)
}

/// Removes a pidfile only while it still says what was seen.
fn remove(app: &App, file: &Pidfile) -> String {
    let path = super::quote::of_app(app, &file.path);
    match file.pid {
        Some(pid) => format!("[ \"$(cat {path})\" = {pid} ] && rm {path}"),
        None => format!("rm {path}"),
    }
}

/// The number in it, in words.
fn number(file: &Pidfile) -> String {
    file.pid.map_or_else(|| "no pid".into(), |pid| pid.to_string())
}

/// What a master writes into its pidfile: its number in its own pid namespace.
fn written(app: &App, owner: Pid) -> Pid {
    app.master(owner).map_or(owner, |master| master.process.own_number())
}

/// Its name without its directory.
fn name(file: &Pidfile) -> String {
    file.path.file_name().map(|name| shown(name.as_ref())).unwrap_or_default()
}
