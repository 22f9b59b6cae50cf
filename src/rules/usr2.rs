//! What stands between a master and its next USR2, and the lines of a fix that lead to it.

use std::path::Path;

use crate::facts::files::Spot;
use crate::facts::{Lack, Place};
use crate::model::log::Said;
use crate::model::{App, Layout, Master, Phase, Pidfile, PidfileKind, PidfileState, Role};
use crate::os::shown;

use super::masters::{own_entries, takes_no_signal};
use crate::contract::line::named;
use crate::contract::quote;

/// Rules whose findings say that the new master would not come up, or not as it is meant.
pub const AGAINST: &[&str] = &[
    "gemfile-missing",
    "gemfile-mismatch",
    "gemfile-pinned",
    "reexec-missing",
    "reexec-versioned",
    "env-overgrown",
    "config-missing",
    "config-pid-relative",
    "config-quit-too-early",
    "config-hook-removed-api",
    "release-deleted",
    "release-pinned",
    "current-broken",
    "oldbin-foreign",
    "oldbin-stale",
    "pidfile-foreign",
    "pidfile-garbled",
    "pidfile-missing",
    "pidfile-stale",
    "pidfile-unwritable",
    "master-duplicate",
    "listener-in-release",
];

/// What would make a USR2 to this master come to nothing now, in words; `None`: nothing that was seen.
pub fn obstacle(app: &App, master: &Master) -> Option<String> {
    let (pid, own) = (master.process.pid, master.process.own_number());
    if master.phase != Phase::Ready {
        return Some(format!("{pid} still loads and would not take USR2 well"));
    }
    if let Some(why) = takes_no_signal(master) {
        return Some(why);
    }
    if let Some(child) = master.child {
        return Some(format!("{pid} has been replaced by {child} already"));
    }
    if let Some(old) = app.in_role(Role::Old).find(|m| !m.process.is_dead() && m.process.pid != pid)
    {
        let old = old.process.pid;
        return Some(if master.workers_alive().next().is_some() {
            format!("USR2 is refused while {old} lives. Retire it: kill -QUIT {old}")
        } else {
            format!("USR2 is refused while {old} lives, and {pid} has no worker to serve alone")
        });
    }
    let blocking = app.pidfiles.iter().find(|file| {
        file.kind == PidfileKind::Oldbin
            && matches!(file.state.get(), Some(PidfileState::Zombie | PidfileState::Foreign(_)))
    });
    if let Some(file) = blocking {
        return Some(format!("USR2 is refused while {} is there", shown(&file.path)));
    }
    if let Some(what) = renamed(app, master).and_then(|renamed| renamed.against(app, master)) {
        return Some(format!("{what}: hooks would signal that. First {own} into it"));
    }
    missing(master).map(|what| format!("USR2 comes to nothing: {what} is gone"))
}

/// The pidfile that USR2 renames to the oldbin, with what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed<'a> {
    /// Its path.
    pub path: &'a Path,
    /// What stands in it.
    pub holds: Holds<'a>,
}

/// What stands in a pidfile that is renamed: hooks and scripts signal that by the oldbin, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds<'a> {
    /// The master's own number.
    Own,
    /// There is no such file: the server writes its oldbin anew (`http_server.rb`, `pid=`).
    Missing,
    /// Something else: the rest of a sentence about the file.
    Other(String),
    /// It was not seen.
    Unseen(&'a Lack),
}

impl Renamed<'_> {
    /// What speaks against a USR2 to this master, a sentence without its end; `None`: nothing.
    pub fn against(&self, app: &App, master: &Master) -> Option<String> {
        let name = app.short(self.path);
        match &self.holds {
            Holds::Other(what) => Some(format!("{name} {what}")),
            // The server writes its own number then; a hook that reads the file at another moment finds none.
            Holds::Missing if master.hook_retires() != Some(false) => {
                Some(format!("{name} is not there"))
            }
            Holds::Missing | Holds::Own | Holds::Unseen(_) => None,
        }
    }
}

/// What USR2 to this master renames; `None`: it was given no pidfile, or which one is not known.
pub fn renamed<'a>(app: &'a App, master: &'a Master) -> Option<Renamed<'a>> {
    let pid = master.process.pid;
    let names_it = |file: &&Pidfile| {
        file.pid == Some(pid) && matches!(file.state.get(), Some(PidfileState::Live))
    };
    let mut files = app.pidfiles.iter().filter(|file| file.kind == PidfileKind::Current);
    let file = match &master.pidfile.value {
        Ok(own) => {
            let own = own.as_ref()?;
            // One file that several paths lead to is looked at under one of them.
            let mut same = files.clone().filter(|file| file.path == *own);
            same.next().or_else(|| files.find(|file| file.owner == Some(pid) || names_it(file)))?
        }
        Err(_) => files.find(names_it)?,
    };
    let holds = match &file.state.value {
        Err(lack) => Holds::Unseen(lack),
        Ok(_) if names_it(&file) => Holds::Own,
        Ok(state) => told(file, state),
    };
    Some(Renamed { path: &file.path, holds })
}

fn told<'a>(file: &Pidfile, state: &PidfileState) -> Holds<'a> {
    let number = file.pid.map_or_else(|| "no pid".into(), |pid| pid.to_string());
    Holds::Other(match state {
        PidfileState::Missing => return Holds::Missing,
        PidfileState::Garbled(what) if what == "empty" => "is empty".into(),
        PidfileState::Garbled(what) => format!("holds no pid: {what}"),
        PidfileState::Live => format!("names {number}, another master"),
        PidfileState::Dead => format!("names {number}, which is gone"),
        PidfileState::Zombie => format!("names {number}, a zombie"),
        PidfileState::Foreign(who) => format!("names {number}, a stranger: {who}"),
        PidfileState::Unreadable => "was not read".into(),
    })
}

/// The first thing that the next re-execution needs and that is known to be gone.
pub fn missing(master: &Master) -> Option<String> {
    let restart = &master.restart;
    let interpreter = restart.interpreter.get().and_then(Option::as_ref);
    let config = restart.config.get().and_then(Option::as_ref);
    let gemfile = restart.gemfile.get().and_then(Option::as_ref).map(|gemfile| &gemfile.file);
    [restart.directory.get(), restart.program.get(), interpreter, config, gemfile]
        .into_iter()
        .flatten()
        .find(|spot| is_gone(spot))
        .map(|spot| shown(&spot.path))
}

fn is_gone(spot: &Spot) -> bool {
    matches!(spot.stat.get(), Some(None))
}

/// A release that was tried and did not stay.
pub struct GivenUp<'a> {
    /// Its name: `current` names it still.
    pub release: &'a str,
    /// What became of its master, in words.
    pub how: &'static str,
    /// Where that is told.
    pub place: Place,
}

impl GivenUp<'_> {
    /// What became of it.
    pub fn words(&self) -> String {
        format!("{} was started by USR2 and {}", named(self.release), self.how)
    }
}

/// Whether this master was re-executed into the release that `current` names, and serves on without it: the same USR2 would
/// bring back what failed, or what somebody went back from. Its log tells, or farrier's own of what it did itself; `None`:
/// neither tells anything of the kind.
pub fn given_up<'a>(app: &'a App, master: &'a Master) -> Option<GivenUp<'a>> {
    let layout = app.layout.get()?.as_ref()?;
    let current = layout.current_release()?;
    if master.child.is_some() || master.release.get()?.as_deref() == Some(current) {
        return None;
    }
    by_log(layout, current, master).or_else(|| by_audit(current, app))
}

fn by_log<'a>(layout: &Layout, current: &'a str, master: &Master) -> Option<GivenUp<'a>> {
    let log = master.log.get()?.as_ref()?;
    let own = own_entries(log, master.process.status.get()?.ns_pids.last().copied());
    let start = own.iter().rposition(|entry| matches!(entry.said, Said::Executing { .. }))?;
    let Said::Executing { directory, .. } = &own.get(start)?.said else { return None };
    layout.release_of(directory).filter(|tried| tried == current)?;
    let entry = own.get(start..)?.iter().find(|entry| matches!(entry.said, Said::Ended { .. }))?;
    let Said::Ended { how, .. } = &entry.said else { return None };
    let how = if how.bytes() == b"exit 0" { "was taken back" } else { "ended with an error" };
    Some(GivenUp { release: current, how, place: log.place(entry) })
}

/// It is of the app's only master, as the survey has seen to.
fn by_audit<'a>(current: &'a str, app: &App) -> Option<GivenUp<'a>> {
    let tried = app.tried.as_ref().filter(|tried| tried.release == current)?;
    let how = if tried.taken_back { "was taken back" } else { "did not stay" };
    let place = Place::new(format!("audit lines of farrier[{}]", tried.writer));
    Some(GivenUp { release: current, how, place })
}

/// The lines of a fix that end in a USR2 to this master; where something stands in its way, that is said instead, and where
/// what it would start was given up, the way back.
pub fn lines(app: &App, master: &Master) -> Vec<String> {
    match (obstacle(app, master), given_up(app, master)) {
        (Some(why), _) => vec![format!("# {why}")],
        (None, Some(given_up)) => go_back(app, master, &given_up),
        (None, None) => send(master),
    }
}

/// `current` switched back to what serves; whoever mends what was given up deploys it anew.
fn go_back(app: &App, master: &Master, given_up: &GivenUp<'_>) -> Vec<String> {
    let mut lines = vec![
        format!("# {}; mend it and deploy it anew,", given_up.words()),
        "# or switch current back to what serves:".to_owned(),
    ];
    let layout = app.layout.get().and_then(Option::as_ref);
    let serves = master.release.get().and_then(Option::as_deref);
    if let Some((layout, serves)) = layout.zip(serves)
        && layout.release(serves).is_some()
    {
        let to = quote::seen_by(&master.process, &layout.releases_directory.join(serves));
        let current = quote::seen_by(&master.process, &layout.current.path);
        lines.push(format!("ln -s {to} {current}.back && mv -T {current}.back {current}"));
    }
    lines
}

/// USR2 itself, and what has to follow it.
pub fn send(master: &Master) -> Vec<String> {
    let pid = master.process.pid;
    let hook = master.hook_retires().unwrap_or(false);
    let then = if hook {
        format!("# the hook retires {pid} when the new master is ready")
    } else {
        format!("# when the new master is ready and has its workers: kill -QUIT {pid}")
    };
    vec![format!("kill -USR2 {pid}"), then]
}

/// Whether a HUP to this master would read the code and the configuration that it runs already: it re-reads both
/// through `current`.
pub fn reload_is_harmless(app: &App, master: &Master) -> bool {
    match app.layout.get() {
        Some(None) => true,
        Some(Some(layout)) => {
            let current = layout.current_release();
            current.is_some()
                && master.release.get().is_some_and(|release| release.as_deref() == current)
        }
        None => false,
    }
}

/// Where the next re-execution would not run what `current` names, in words; `None`: nowhere else, as far as was seen.
pub fn leads_elsewhere(layout: &Layout, master: &Master) -> Option<String> {
    let current = layout.current_release()?;
    let directory = master.restart.directory.get()?;
    let pinned = layout.release_of(&directory.path)?;
    let real = directory.real.get().and_then(Option::as_ref);
    let leads = real.and_then(|real| layout.release_of(real)).unwrap_or_else(|| pinned.clone());
    (leads != current)
        .then(|| format!("USR2 starts {pinned} again, not {current} (release-pinned)"))
        .or_else(|| {
            let gemfile = master.restart.gemfile.get()?.as_ref()?;
            let gems = gemfile.release.as_ref()?;
            (gems != current && gemfile.rescued.get() != Some(&true))
                .then(|| format!("USR2 loads the gems of {gems} (gemfile-pinned)"))
        })
}

/// The link that brings a deleted release back as another name of the live one, for a path that leads into it, and the
/// USR2 after it. `None`: the path leads into no release, the release is there, or `current` leads nowhere.
pub fn rescue(app: &App, master: &Master, path: &std::path::Path) -> Option<Vec<String>> {
    let layout = app.layout.get()?.as_ref()?;
    let release = layout.release_of(path)?;
    layout.current_release()?;
    layout.releases.get()?;
    if layout.release(&release).is_some() {
        return None;
    }
    let entry = quote::seen_by(&master.process, &layout.releases_directory.join(release));
    let mut lines = vec![format!("ln -sT {} {entry}", quote::quoted(&layout.current.path))];
    lines.extend(send(master));
    Some(lines)
}
