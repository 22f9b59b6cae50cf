//! A master's log: what its standard error leads to, since that is where its messages really go.

use super::once::Once;
use super::read::as_seen_inside;
use crate::facts::files::{Target, target, unmarked};
use crate::facts::{Fact, Lack, Place};
use crate::model::{Log, Process};
use crate::os::{Ask, FileKind, Found, PathAsk, secrets};
use crate::servers::Server;

/// How much of its end is read.
const BOUND: u32 = 64 * 1024;

/// The end of a master's log; `None`: its messages go to no file (a pipe, a socket, a terminal, `/dev/null`).
pub fn read(once: &Once<'_>, server: &Server, process: &Process) -> Fact<Option<Log>> {
    let place = Place::new(format!("/proc/{}/fd/2", process.pid));
    let descriptors = match &process.descriptors.value {
        Ok(all) => all,
        Err(lack) => return Fact::lacking(process.descriptors.place.clone(), lack.clone()),
    };
    let Some(stderr) = descriptors.iter().find(|descriptor| descriptor.fd == 2) else {
        return Fact::known(place, None);
    };
    let Target::Path(path) = target(&stderr.target) else { return Fact::known(place, None) };
    let path = as_seen_inside(&path, process.root_path.as_deref());
    let stat = once.stat(process.root, &path);
    match &stat.value {
        Ok(Some(stat)) if stat.kind == FileKind::Regular => {}
        Ok(Some(_)) => return Fact::known(place, None),
        Ok(None) => {
            let path = unmarked(&stderr.target).unwrap_or(path);
            let what = format!("the open log {}, which was deleted", crate::os::shown(&path));
            return Fact::lacking(place, Lack::Depends(what));
        }
        Err(lack) => return Fact::lacking(stat.place.clone(), lack.clone()),
    }
    let ask = Ask::path(process.root, &path, PathAsk::Tail(BOUND));
    once.fact(&ask, |found| match found {
        Found::File(Some(bytes)) => {
            let whole = bytes.len() < BOUND as usize;
            let (bytes, _) = secrets::mask_text(&bytes);
            Ok(Some((server.read_log)(&bytes, &path, whole)))
        }
        Found::File(None) => Err(Lack::Depends("a log that was just moved".into())),
        _ => Err(Lack::Malformed("another kind of answer")),
    })
}
