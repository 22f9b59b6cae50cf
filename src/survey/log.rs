//! A master's log: what its standard error leads to, since that is where its messages really go, unless its `logger`
//! writes elsewhere.

use std::path::Path;

use super::once::Once;
use super::read::as_seen_inside;
use crate::facts::files::{Target, target, unmarked};
use crate::facts::{Fact, Lack, Place};
use crate::model::config::LogTo;
use crate::model::{Config, Log, Process, Setting};
use crate::os::{Ask, FileKind, Found, PathAsk, secrets};
use crate::servers::{Server, effort};

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
    match &stat.value {
        Ok(Some(stat)) if stat.kind == FileKind::Regular => {}
        Ok(Some(_)) => return Fact::known(place, None),
        Ok(None) => {
            let path = unmarked(&stream.target).unwrap_or(path);
            let what = format!("the open log {}, which was deleted", crate::os::shown(&path));
            return Fact::lacking(place, Lack::Depends(what));
        }
        Err(lack) => return Fact::lacking(stat.place.clone(), lack.clone()),
    }
    tail(once, server, process, &path)
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
    let ask = Ask::path(process.root, path, PathAsk::Tail(BOUND));
    once.fact(&ask, |found| match found {
        Found::File(Some(bytes)) => {
            let whole = bytes.len() < BOUND as usize;
            let read = || {
                effort::spend(bytes.len());
                let (bytes, _) = secrets::mask_text(&bytes);
                (server.read_log)(&bytes, path, whole)
            };
            effort::text(read).map(Some)
        }
        Found::File(None) => Err(Lack::Depends("a log that was just moved".into())),
        _ => Err(Lack::Malformed("another kind of answer")),
    })
}
