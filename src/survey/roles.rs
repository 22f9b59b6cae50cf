//! What apps and masters are to each other: roles, pidfiles of neighbours, names that tell them apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::model::{App, AppId, Master, Phase, Pidfile, PidfileKind, PidfileState, Role};
use crate::os::{Pid, shown};

/// Roles by title, generation, phase and pidfile (`cli.md`, Vocabulary).
pub fn give_roles(masters: &mut [Master], pidfiles: &[Pidfile]) {
    let living: BTreeSet<Pid> =
        masters.iter().filter(|m| !m.process.is_dead()).map(|m| m.process.pid).collect();
    let held = |kind| -> BTreeSet<Pid> {
        pidfiles
            .iter()
            .filter(|p| p.kind == kind && matches!(p.state.get(), Some(PidfileState::Live)))
            .filter_map(|p| p.pid)
            .collect()
    };
    let (current, old) = (held(PidfileKind::Current), held(PidfileKind::Oldbin));
    for master in masters.iter_mut() {
        let superseded = master.role == Role::Old
            || master.child.is_some_and(|child| living.contains(&child))
            || (old.contains(&master.process.pid) && !current.contains(&master.process.pid));
        master.role = if superseded {
            Role::Old
        } else if master.phase == Phase::Ready {
            Role::Current
        } else {
            Role::New
        };
    }
    let ready: Vec<Pid> =
        masters.iter().filter(|m| m.role == Role::Current).map(|m| m.process.pid).collect();
    if ready.len() < 2 {
        return;
    }
    let keeper =
        ready.iter().rev().find(|pid| current.contains(pid)).or_else(|| ready.last()).copied();
    for master in masters.iter_mut() {
        if master.role == Role::Current && Some(master.process.pid) != keeper {
            master.role = Role::Duplicate;
        }
    }
}

/// A pidfile in a usual place that nobody here was given, and that names a master of another app, is that app's.
pub fn disown_pidfiles(apps: &mut [App]) {
    let masters: BTreeSet<Pid> =
        apps.iter().flat_map(|app| app.masters.iter().map(|m| m.process.pid)).collect();
    for app in apps.iter_mut() {
        let own: BTreeSet<Pid> = app.masters.iter().map(|m| m.process.pid).collect();
        app.pidfiles.retain(|pidfile| {
            !pidfile.named_by.is_empty()
                || pidfile.pid.is_none_or(|pid| own.contains(&pid) || !masters.contains(&pid))
        });
    }
}

/// Apps of a container carry it in their id and name, behind an `@`. Apps that share a root get `#` and their pidfile or listener behind it.
pub fn name_apart(apps: &mut [App]) {
    for app in apps.iter_mut() {
        if let Some(container) = &app.container {
            // A root directory goes by its last name.
            let short = container.rsplit('/').next().unwrap_or(container);
            app.name = format!("{}@{short}", app.name);
            app.id = AppId(format!("{}@{container}", app.id));
        }
    }
    let shared = shared_ids(apps);
    for app in apps.iter_mut().filter(|app| shared.contains(&app.id)) {
        let given = app.masters.iter().find_map(|m| m.pidfile.get().cloned().flatten());
        let apart = given
            .as_ref()
            .map(|path| app.short(path))
            .or_else(|| app.listeners.first().map(|listener| listener.address.to_string()))
            .or_else(|| app.masters.first().map(|m| m.process.pid.to_string()));
        if let Some(apart) = apart {
            let stem = given.as_deref().and_then(Path::file_stem);
            if let Some(stem) = stem.filter(|stem| *stem != "unicorn") {
                app.name = format!("{}#{}", app.name, shown(stem.as_ref()));
            }
            app.id = AppId(format!("{}#{apart}", app.id));
        }
    }
    // What was not seen may leave two with one id: then a pid tells them apart.
    let shared = shared_ids(apps);
    for app in apps.iter_mut().filter(|app| shared.contains(&app.id)) {
        let first = app.processes().next().map(|process| process.pid);
        if let Some(pid) = first {
            app.id = AppId(format!("{}#{pid}", app.id));
        }
    }
}

fn shared_ids(apps: &[App]) -> BTreeSet<AppId> {
    let mut count: BTreeMap<&AppId, usize> = BTreeMap::new();
    for app in apps {
        *count.entry(&app.id).or_default() += 1;
    }
    count.into_iter().filter(|(_, times)| *times > 1).map(|(id, _)| id.clone()).collect()
}
