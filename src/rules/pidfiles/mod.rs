//! Rules about pidfiles and the oldbins of superseded masters.

pub mod oldbin_foreign;
pub mod oldbin_lingering;
pub mod oldbin_stale;
pub mod pidfile_foreign;
pub mod pidfile_garbled;
pub mod pidfile_in_release;
pub mod pidfile_missing;
pub mod pidfile_stale;
pub mod pidfile_unwritable;
pub mod pidfile_world_writable;

use crate::facts::Place;
use crate::model::{App, Pidfile, PidfileKind, PidfileState};
use crate::os::{Pid, shown};

use crate::contract::line::cut;
use crate::contract::{Finding, Look, Severity};

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
    let path = crate::contract::quote::of_app(app, &file.path);
    match file.pid {
        Some(pid) => format!("[ \"$(cat {path})\" = {pid} ] && rm {path}"),
        None => format!("rm {path}"),
    }
}

/// Pidfiles whose process ended, each with whether it is a zombie: one has to last, since a parent reaps late.
fn ended<'a>(look: &mut Look<'a>, of: fn(PidfileKind) -> bool) -> Vec<(&'a Pidfile, bool)> {
    let sought = |state: &PidfileState| matches!(state, PidfileState::Dead | PidfileState::Zombie);
    let mut all = Vec::new();
    for file in look.app().pidfiles.iter().filter(|file| of(file.kind)) {
        match settled(look, file, sought) {
            Some(PidfileState::Zombie) if !lasts(look, file, sought) => {}
            Some(state) => all.push((file, *state == PidfileState::Zombie)),
            None => {}
        }
    }
    all
}

/// Pidfiles whose number belongs to a living process that is no master of the app, each with who that is.
fn foreign<'a>(look: &mut Look<'a>, of: fn(PidfileKind) -> bool) -> Vec<(&'a Pidfile, &'a str)> {
    let sought = |state: &PidfileState| matches!(state, PidfileState::Foreign(_));
    let files: Vec<&Pidfile> = look.app().pidfiles.iter().filter(|f| of(f.kind)).collect();
    files
        .into_iter()
        .filter_map(|file| match settled(look, file, sought) {
            Some(PidfileState::Foreign(who)) => Some((file, who.as_str())),
            _ => None,
        })
        .collect()
}

/// What every finding about a number begins with: which file names it, and what became of it.
fn about_number(look: &Look<'_>, severity: Severity, file: &Pidfile, is: &str) -> Finding {
    let pid = number(file);
    look.finding(severity, format!("{} names {pid}, {is}", cut(&name(file), 26)))
        .at_path(&file.path)
        .seen(format!("{} holds {pid}", shown(&file.path)), file.stat.place.clone())
}

/// Puts a pidfile right: the living master's number into it where one was given it, else it goes; and says who names it.
fn put_right(app: &App, file: &Pidfile, mut finding: Finding) -> Finding {
    for by in &file.named_by {
        finding = finding.seen("names this file", Place::new(by.clone()));
    }
    let fix = match (file.owner, file.pid) {
        (Some(owner), Some(pid)) => {
            let (path, number) =
                (crate::contract::quote::of_app(app, &file.path), written(app, owner));
            format!("[ \"$(cat {path})\" = {pid} ] && echo {number} > {path}")
        }
        _ => remove(app, file),
    };
    finding.fix(fix).for_good(super::advice::ends_cleanly(app))
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
