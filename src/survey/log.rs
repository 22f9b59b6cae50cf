//! A master's log: what its standard error leads to, since that is where its messages really go, unless its `logger`
//! writes elsewhere.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::once::Once;
use super::read::as_seen_inside;
use crate::contract::Server;
use crate::facts::files::{Target, target, unmarked};
use crate::facts::{Fact, Lack, Place};
use crate::model::config::LogTo;
use crate::model::{Config, Log, Process, Setting};
use crate::os::{Ask, FileKind, Found, PathAsk, secrets};
use crate::servers::effort;

/// How much of its end is read.
const BOUND: u32 = 64 * 1024;

/// The end of a master's log; `None`: its messages go to no file (a pipe, a socket, a terminal, `/dev/null`).
pub fn read(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    loaded: &Fact<Config>,
) -> Fact<Option<Log>> {
    let logger = loaded.get().map(|config| (&config.logger, &config.file.path));
    let number = match logger {
        Some((Setting::Unevaluable { line, text }, file)) => {
            let lack = Lack::Unevaluable(format!("logger {text}"));
            return Fact::lacking(Place::line(file, *line), lack);
        }
        Some((Setting::Set { value: LogTo::File(path), line }, file)) => {
            return written_to(once, server, process, path, Place::line(file, *line));
        }
        Some((Setting::Set { value: LogTo::Stdout, .. }, _)) => 1,
        Some((Setting::Set { value: LogTo::Stderr, .. } | Setting::NotSet, _)) | None => 2,
    };
    let place = Place::new(format!("/proc/{}/fd/{number}", process.pid));
    let descriptors = match &process.descriptors.value {
        Ok(all) => all,
        Err(lack) => return Fact::lacking(process.descriptors.place.clone(), lack.clone()),
    };
    let Some(stream) = descriptors.iter().find(|descriptor| descriptor.fd == number) else {
        return Fact::known(place, None);
    };
    let Target::Path(path) = target(&stream.target) else { return Fact::known(place, None) };
    let path = as_seen_inside(&path, process.root_path.as_deref());
    let stat = once.stat(process.root, &path);
    let (log, own) = match &stat.value {
        Ok(Some(stat)) if stat.kind == FileKind::Regular => {
            (tail(once, server, process, &path), Some((stat.device, stat.inode)))
        }
        Ok(Some(_)) => return Fact::known(place, None),
        // Its name is gone, what it says is not: the master has it open.
        Ok(None) => (open(once, server, process, number), None),
        Err(lack) => return Fact::lacking(stat.place.clone(), lack.clone()),
    };
    let written = loaded.get().map(|config| match number {
        1 => &config.stdout_path,
        _ => &config.stderr_path,
    });
    let named = written.and_then(Setting::value).filter(|path| path.is_absolute()).cloned();
    let before =
        unmarked(&stream.target).map(|path| as_seen_inside(&path, process.root_path.as_deref()));
    let is_other = |path: &PathBuf| {
        let stat = once.stat(process.root, path);
        let stat = stat.get().and_then(Option::as_ref);
        stat.is_some_and(|stat| {
            stat.kind == FileKind::Regular && Some((stat.device, stat.inode)) != own
        })
    };
    let aside = [named, before].into_iter().flatten().find(is_other);
    let aside = aside.and_then(|path| tail(once, server, process, &path).value.ok().flatten());
    log.map(|log| log.map(|log| Log { aside: aside.map(Box::new), ..log }))
}

/// The end of what one of its streams leads to.
fn open(once: &Once<'_>, server: &Server, process: &Process, number: u32) -> Fact<Option<Log>> {
    let path = PathBuf::from(format!("/proc/{}/fd/{number}", process.pid));
    read_end(once, server, &Ask::Stream(process.pid, number, BOUND), &path)
}

/// The end of the log that a `logger` opens by its path: whoever opened it, that is where it stands.
fn written_to(
    once: &Once<'_>,
    server: &Server,
    process: &Process,
    path: &Path,
    place: Place,
) -> Fact<Option<Log>> {
    if !path.is_absolute() {
        // It was opened from the directory of that moment.
        let what = format!("the directory where {} was opened", crate::os::shown(path));
        return Fact::lacking(place, Lack::Depends(what));
    }
    let stat = once.stat(process.root, path);
    match &stat.value {
        Ok(Some(stat)) if stat.kind == FileKind::Regular => tail(once, server, process, path),
        Ok(Some(_)) => Fact::known(place, None),
        Ok(None) => {
            let what = format!("the log {}, which is not there", crate::os::shown(path));
            Fact::lacking(place, Lack::Depends(what))
        }
        Err(lack) => Fact::lacking(stat.place.clone(), lack.clone()),
    }
}

fn tail(once: &Once<'_>, server: &Server, process: &Process, path: &Path) -> Fact<Option<Log>> {
    read_end(once, server, &Ask::path(process.root, path, PathAsk::Tail(BOUND)), path)
}

fn read_end(once: &Once<'_>, server: &Server, ask: &Ask, path: &Path) -> Fact<Option<Log>> {
    once.fact(ask, |found| match found {
        Found::File(Some(bytes)) => {
            let whole = bytes.len() < BOUND as usize;
            let read = || {
                effort::spend(bytes.len());
                // Only what is told of it has to be masked, and that is little of a log.
                let told: BTreeSet<usize> = (server.read_log)(&bytes, path, whole)
                    .entries
                    .iter()
                    .map(|entry| entry.line)
                    .collect();
                let (masked, _) = secrets::mask_log_lines(&bytes, &|line| told.contains(&line));
                (server.read_log)(&masked, path, whole)
            };
            effort::text(read).map(Some)
        }
        Found::File(None) => Err(Lack::Depends("a log that was just moved".into())),
        _ => Err(Lack::Malformed("another kind of answer")),
    })
}
