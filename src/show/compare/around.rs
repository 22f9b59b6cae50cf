//! What differs round an app's processes: `current`, the releases on disk, pidfiles, listeners, workers without a master.

use super::{Change, Compare, Value, changed};
use crate::model::{App, CurrentState, Layout, Listener, Pidfile, PidfileState, Release};
use crate::os::{Pid, Text, shown};

impl Compare<'_> {
    /// What differs of an app that is on both sides.
    pub(super) fn around(&mut self, before: &App, after: &App) -> Vec<Change> {
        let mut changes = Vec::new();
        if let Some((was, is)) =
            self.both("releases", (None, &before.layout), (None, &after.layout))
        {
            match (was, is) {
                (Some(was), Some(is)) => changes.extend(self.layouts(was, is)),
                (was, is) => {
                    let root = |layout: &Option<Layout>| {
                        Value::of(layout.as_ref().map(|layout| layout.releases_directory.as_path()))
                    };
                    changes.extend(changed("releases", root(was), root(is)));
                }
            }
        }
        changes.extend(self.pidfiles(&before.pidfiles, &after.pidfiles));
        changes.extend(self.listeners(&before.listeners, &after.listeners));
        let orphans = |app: &App| {
            let pids: Vec<Pid> = app.orphans.iter().map(|worker| worker.process.pid).collect();
            Value::of((!pids.is_empty()).then(|| Text::from(&*crate::show::words::pids(&pids))))
        };
        changes.extend(changed("workers without a master", orphans(before), orphans(after)));
        changes
    }

    fn layouts(&mut self, before: &Layout, after: &Layout) -> Vec<Change> {
        let mut changes = Vec::new();
        let states = ((None, &before.current.state), (None, &after.current.state));
        if let Some((was, is)) = self.both("current", states.0, states.1) {
            changes.extend(changed("current", names(was), names(is)));
        }
        if let Some((was, is)) =
            self.both("releases", (None, &before.releases), (None, &after.releases))
        {
            let what = |one: &Release| Text::from(&*format!("release {}", one.name));
            let path = |one: &Release| Value::of(Some(one.path.as_path()));
            for release in is.iter().filter(|is| was.iter().all(|was| was.name != is.name)) {
                changes.extend(changed(what(release), Value::Nothing, path(release)));
            }
            for release in was.iter().filter(|was| is.iter().all(|is| was.name != is.name)) {
                changes.extend(changed(what(release), path(release), Value::Nothing));
            }
        }
        changes
    }

    fn pidfiles(&mut self, before: &[Pidfile], after: &[Pidfile]) -> Vec<Change> {
        let mut changes = Vec::new();
        let paths = after.iter().chain(before).map(|file| &file.path);
        let mut told = Vec::new();
        for path in paths {
            if told.contains(&path) {
                continue;
            }
            told.push(path);
            let at = |all: &'_ [Pidfile]| all.iter().find(|file| &file.path == path).cloned();
            let (was, is) = (at(before), at(after));
            let words = |file: &Option<Pidfile>| {
                Value::of(file.as_ref().and_then(pidfile).map(|words| Text::from(&*words)))
            };
            let known = match (&was, &is) {
                (Some(was), Some(is)) => {
                    let what = format!("pidfile {}", shown(path));
                    self.both(&what, (None, &was.state), (None, &is.state)).is_some()
                }
                _ => true,
            };
            if known {
                let what = Text::from(&*format!("pidfile {}", shown(path)));
                changes.extend(changed(what, words(&was), words(&is)));
            }
        }
        changes
    }

    fn listeners(&mut self, before: &[Listener], after: &[Listener]) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut told = Vec::new();
        for address in after.iter().chain(before).map(|listener| &listener.address) {
            if told.contains(&address) {
                continue;
            }
            told.push(address);
            let at = |all: &[Listener]| {
                Value::of(all.iter().find(|one| &one.address == address).map(|one| {
                    let backlog = one.backlog.get().map(|many| format!("backlog {many}"));
                    // An inode names a socket as long as the machine runs.
                    let socket = (!self.other_boot).then(|| format!("socket {}", one.inode));
                    let words: Vec<String> = socket.into_iter().chain(backlog).collect();
                    Text::from(&*words.join(", "))
                }))
            };
            let what = Text::from(&*format!("listener {address}"));
            changes.extend(changed(what, at(before), at(after)));
        }
        changes
    }
}

/// What `current` is, in words.
fn names(state: &CurrentState) -> Value {
    Value::of(match state {
        CurrentState::Release(name) => Some(Text::from(name.as_str())),
        CurrentState::Elsewhere(path) => Some(Text::from(path.as_path())),
        CurrentState::Dangling(path) => {
            Some(Text::from(&*format!("{}, which is not there", shown(path))))
        }
        CurrentState::Directory => Some(Text::from("a directory, no link")),
        CurrentState::Missing => None,
    })
}

/// A pidfile's number and what lives under it; `None`: there is no such file.
fn pidfile(file: &Pidfile) -> Option<String> {
    let state = match file.state.get()? {
        PidfileState::Missing => return None,
        PidfileState::Live => "live",
        PidfileState::Dead => "dead",
        PidfileState::Zombie => "a zombie",
        PidfileState::Foreign(_) => "of somebody else",
        PidfileState::Garbled(_) => "garbled",
        PidfileState::Unreadable => "unreadable",
    };
    Some(match file.pid {
        Some(pid) => format!("{pid}, {state}"),
        None => state.to_owned(),
    })
}
