//! Why a pidfile is there although its process is gone: what makes an app without a master one that is down, and what
//! does not.

use std::path::{Path, PathBuf};

use super::masterless::stands;
use super::named::{counted_elsewhere, name};
use super::once::Once;
use super::read::Setting;
use super::remains;
use super::standing::{Standing, standing};
use crate::facts::files::{Target, target};
use crate::facts::mounts;
use crate::facts::process::parse_stat;
use crate::facts::{Fact, Lack, Place, bytes};
use crate::model::{App, Leftover, Pidfile, PidfileKind, PidfileState, RETIRED_AFTER_DAYS, Wanted};
use crate::os::{Ask, Found, PathAsk, Pid, ProcLink, ProcText, Refusal, Root, shown};
use crate::servers::server;

/// So many files of a directory of logs are looked at for a sign of life.
const LOGS: usize = 64;

/// Says of each app of which nothing lives why its pidfiles are there, and who says that it should run.
pub fn look(setting: &Setting<'_>, apps: &mut [App]) {
    for app in apps.iter_mut() {
        if app.is_alive() || !(app.is_asked() || has_left(app) || has_layout(app)) {
            continue;
        }
        if app.container.is_some() {
            tell_nothing(app);
            continue;
        }
        let stance = standing(setting, app);
        if let Ok(Standing::Up(service)) = &stance {
            app.wanted.push(Wanted::Supervisor(service.clone()));
        }
        if let Ok(
            Standing::Down(starts)
            | Standing::Failed { starts, .. }
            | Standing::Untold { starts, .. },
        ) = &stance
        {
            app.starts = Some(starts.clone());
        }
        let files: Vec<Pidfile> = app
            .pidfiles
            .iter()
            .cloned()
            .map(|file| {
                let leftover =
                    is_left(setting, &file).then(|| leftover(setting, app, &file, &stance));
                Pidfile { leftover, ..file }
            })
            .collect();
        app.pidfiles = files.into();
        let wanted = may_want(setting, app, &stance);
        app.wanted.extend(wanted);
        if app.is_judged() {
            app.remains = remains::look(setting, app).map(Box::new);
        }
    }
}

/// Of an app in another world it is not asked why a pidfile is there: who supervises it, and what else serves there, is not
/// seen from here.
fn tell_nothing(app: &mut App) {
    let files: Vec<Pidfile> = app
        .pidfiles
        .iter()
        .cloned()
        .map(|file| {
            let lack = Lack::Depends("the processes of its container".into());
            let leftover = (file.kind == PidfileKind::Current && stands(&file))
                .then(|| Fact::lacking(Place::path(&file.path), lack));
            Pidfile { leftover, ..file }
        })
        .collect();
    app.pidfiles = files.into();
}

/// Whether a supervisor wants an app up, or may: its pidfile decides where it can, and one that has long been idle is
/// retired.
fn may_want(
    setting: &Setting<'_>,
    app: &App,
    stance: &Result<Standing, (Place, Lack)>,
) -> Option<Wanted> {
    let (what, place, why) = match stance {
        Ok(Standing::Failed { how, place, .. }) => {
            return Some(Wanted::Failed { how: how.clone(), place: place.clone() });
        }
        Ok(Standing::Untold { what, place, why, .. }) => (what.clone(), place, why),
        Ok(Standing::Unseen(place, why)) => {
            (format!("what the supervisor of {} was told", app.name), place, why)
        }
        _ => return None,
    };
    let decides = |file: &Pidfile| match file.leftover.as_ref().map(|left| &left.value) {
        Some(Ok(left)) => !matches!(left, Leftover::BeforeStart | Leftover::Kept),
        Some(Err(_)) => true,
        None => false,
    };
    let idle = || {
        let since = setting.clock?.wall.checked_sub(sign_of_life(setting.once, app)?)?;
        u64::try_from(since / 1_000_000_000 / 86_400).ok()
    };
    let is_retired = || idle().is_some_and(|days| days >= RETIRED_AFTER_DAYS);
    (!app.pidfiles.iter().any(decides) && !is_retired()).then(|| Wanted::Untold {
        what,
        place: place.clone(),
        why: why.clone(),
    })
}

fn has_left(app: &App) -> bool {
    app.pidfiles.iter().any(stands)
}

fn has_layout(app: &App) -> bool {
    matches!(app.layout.get(), Some(Some(_)))
}

/// A pidfile that no master of the app stands behind; what could not be read may be one. Where a living process may be
/// the one that it was written for, only a configuration that names the file makes it the app's.
fn is_left(setting: &Setting<'_>, file: &Pidfile) -> bool {
    if file.kind != PidfileKind::Current || !stands(file) {
        return false;
    }
    match file.state.get() {
        Some(PidfileState::Garbled(_) | PidfileState::Live) => false,
        Some(PidfileState::Foreign(_)) => !file.named_by.is_empty() || is_younger(setting, file),
        _ => true,
    }
}

/// Whether the process that has a pidfile's number started after the file was written.
fn is_younger(setting: &Setting<'_>, file: &Pidfile) -> bool {
    let stat = file.stat.get().and_then(Option::as_ref);
    let started = file.pid.and_then(|pid| setting.started(pid));
    stat.zip(started).is_some_and(|(stat, started)| started > stat.mtime)
}

fn leftover(
    setting: &Setting<'_>,
    app: &App,
    file: &Pidfile,
    stance: &Result<Standing, (Place, Lack)>,
) -> Fact<Leftover> {
    let place = Place::path(&file.path);
    match why(setting, app, file, stance) {
        Ok(why) => Fact::known(place, why),
        Err((place, lack)) => Fact::lacking(place, lack),
    }
}

fn why(
    setting: &Setting<'_>,
    app: &App,
    file: &Pidfile,
    stance: &Result<Standing, (Place, Lack)>,
) -> Result<Leftover, (Place, Lack)> {
    let once = setting.once;
    let at = Place::path(&file.path);
    if let Err(lack) = &file.state.value {
        return Err((file.state.place.clone(), lack.clone()));
    }
    let written = match &file.stat.value {
        Ok(Some(stat)) => stat.mtime,
        Ok(None) => return Err((at, Lack::NotAsked)),
        Err(lack) => return Err((file.stat.place.clone(), lack.clone())),
    };
    if let Some(lack) = counted_elsewhere(setting, &file.path, gone(file)) {
        return Err((at, lack));
    }
    if let Some(PidfileState::Foreign(who)) = file.state.get()
        && let Some(pid) = file.pid
        && !is_younger(setting, file)
    {
        // It is old enough to be the one that the file was written for.
        return Err((
            at,
            Lack::Depends(format!("{pid}, which is {who}: farrier does not judge it")),
        ));
    }
    if !server(app.kind).is_some_and(|server| server.removes_pidfile) {
        return Ok(Leftover::Kept);
    }
    if let Some((pid, name)) = serves(setting, &app.root)? {
        return Ok(Leftover::Served(pid, name));
    }
    local(setting, &file.path)?;
    match stance {
        Ok(Standing::Stopped(who)) => return Ok(Leftover::Stopped(who.clone())),
        Ok(Standing::Unseen(place, lack)) | Err((place, lack)) => {
            return Err((place.clone(), lack.clone()));
        }
        Ok(_) => {}
    }
    let clock = setting.clock.ok_or_else(|| (Place::new("the clock"), Lack::NotAsked))?;
    let last = sign_of_life(once, app).unwrap_or(written).max(written);
    let idle = u64::try_from((clock.wall - last) / 1_000_000_000 / 86_400).unwrap_or(0);
    if idle >= RETIRED_AFTER_DAYS {
        return Ok(Leftover::Retired(idle));
    }
    let first = Pid::new(1).and_then(|first| setting.started(first));
    let began = first.or(setting.host.map(|host| host.booted_at));
    match began {
        None => Err((Place::new("/proc/1/stat"), Lack::Depends("when the machine started".into()))),
        Some(began) if written < began => Ok(Leftover::BeforeStart),
        Some(_) => Ok(Leftover::Killed),
    }
}

/// The number in a file that is nobody's here.
fn gone(file: &Pidfile) -> Option<Pid> {
    file.pid.filter(|_| matches!(file.state.get(), Some(PidfileState::Dead)))
}

/// Every process.
pub fn pids(once: &Once<'_>) -> Vec<Pid> {
    match once.one(&Ask::Pids) {
        Ok(Found::Pids(pids)) => pids,
        _ => Vec::new(),
    }
}

/// A process that works below a directory and listens. Where some did not show where they work, it is not known that none
/// does.
fn serves(setting: &Setting<'_>, root: &Path) -> Result<Option<(Pid, String)>, (Place, Lack)> {
    let once = setting.once;
    let real = once.real(Root::Own, root).value.ok().flatten();
    let real = real.unwrap_or_else(|| root.to_path_buf());
    let all = pids(once);
    once.fetch(all.iter().map(|pid| Ask::Link(*pid, ProcLink::Cwd)).collect());
    let table = once.sockets(&Ask::Sockets(None));
    let mut unseen = 0;
    for pid in all {
        let cwd = once.fact(&Ask::Link(pid, ProcLink::Cwd), bytes);
        match &cwd.value {
            Ok(cwd) if cwd.path().starts_with(&real) => match is_there(setting, pid, cwd.path()) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    unseen += 1;
                    continue;
                }
            },
            Ok(_) | Err(Lack::Refused(Refusal::Gone | Refusal::Zombie)) => continue,
            Err(_) => {
                unseen += 1;
                continue;
            }
        }
        let descriptors = once.fact(&Ask::Descriptors(pid), |found| match found {
            Found::Descriptors(all) => Ok(all),
            _ => Err(Lack::Malformed("another kind of answer")),
        });
        let table = table.value.as_ref().map_err(|lack| (table.place.clone(), lack.clone()))?;
        let listens =
            descriptors.get().into_iter().flatten().any(|open| match target(&open.target) {
                Target::Socket(inode) => table.get(&inode).is_some_and(|socket| socket.listening),
                _ => false,
            });
        if listens {
            let stat = once.fact(&Ask::Text(pid, ProcText::Stat), |f| parse_stat(&bytes(f)?));
            let comm = stat.get().map_or_else(String::new, |stat| stat.comm.to_string());
            return Ok(Some((pid, name(setting, pid, &comm))));
        }
    }
    if unseen == 0 {
        return Ok(None);
    }
    let what = format!("the working directories of {unseen} other processes");
    Err((Place::new("/proc"), Lack::Depends(what)))
}

/// Whether a process that says it works in a directory does so in the one that farrier finds there: in another world the
/// same path is another directory. `None`: that was not seen.
fn is_there(setting: &Setting<'_>, pid: Pid, cwd: &Path) -> Option<bool> {
    let once = setting.once;
    let own = setting.host.and_then(|host| host.namespaces.first());
    let mounts = once.fact(&Ask::Link(pid, ProcLink::NsMnt), bytes).value.ok();
    if mounts.is_none() || mounts.as_ref() == own {
        return Some(true);
    }
    let Ok(Found::Stat(theirs)) = once.one(&Ask::LinkStat(pid, ProcLink::Cwd)) else {
        return None;
    };
    let here = once.stat(Root::Own, cwd).value.ok()?;
    let spot = |stat: crate::os::FileStat| (stat.device, stat.inode);
    Some(theirs.map(spot) == here.map(spot))
}

/// Whether a file lies on a file system of this machine alone: on another, its number may be another machine's.
pub fn local(setting: &Setting<'_>, path: &Path) -> Result<(), (Place, Lack)> {
    let once = setting.once;
    let place = Place::path(path);
    let own = setting.host.map(|host| host.own_pid).ok_or((place.clone(), Lack::NotAsked))?;
    let ask = Ask::Text(own, ProcText::Mountinfo);
    let mounts = once.fact(&ask, |found| Ok(mounts::parse(&bytes(found)?)));
    let mounts = mounts.value.map_err(|lack| (Place::new("/proc/self/mountinfo"), lack))?;
    let real = once.real(Root::Own, path);
    let real = real.value.map_err(|lack| (place.clone(), lack))?;
    let real = real.unwrap_or_else(|| path.to_path_buf());
    match mounts::holding(&mounts, &real) {
        Some(mount) if mount.is_local() => Ok(()),
        Some(mount) => Err((
            place,
            Lack::Depends(format!(
                "the machine that wrote it: {} is shared ({})",
                shown(&mount.point),
                mount.kind
            )),
        )),
        None => Err((place, Lack::NotAsked)),
    }
}

/// When something of the app was changed last: the link to the release, its logs, its releases. Nanoseconds since 1970.
fn sign_of_life(once: &Once<'_>, app: &App) -> Option<i64> {
    let below = ["shared/log", "log", "current/log", "shared/sockets", "releases"];
    let mut places: Vec<PathBuf> = below.iter().map(|below| app.root.join(below)).collect();
    let mut files = Vec::new();
    for place in &places {
        let names = once.list(Root::Own, place).value.ok().flatten().unwrap_or_default();
        files.extend(names.iter().take(LOGS).map(|name| place.join(name.path())));
    }
    places.extend(files);
    once.fetch(places.iter().map(|path| Ask::path(Root::Own, path, PathAsk::Stat)).collect());
    let link = once.lstat(Root::Own, &app.root.join("current"));
    let link = link.get().and_then(Option::as_ref).map(|stat| stat.mtime);
    let changed = |path: &PathBuf| {
        once.stat(Root::Own, path).get().and_then(Option::as_ref).map(|stat| stat.mtime)
    };
    places.iter().filter_map(changed).chain(link).max()
}
