//! Looks that are of two moments: a process became a server, or a master ended, while the rest was read.

use super::scan::{Scanned, is_server};
use crate::facts::process::parse_stat;
use crate::facts::{Fact, Lack};
use crate::model::{Census, PidfileState, Process};
use crate::os::{Ask, Found, ProcText, Refusal, Source};

/// Whether a look has to be taken anew. A pidfile that names a server which the list of processes did not have yet calls it a
/// stranger, and of a master that ended meanwhile it is not known what it would execute.
pub fn is_torn(source: &dyn Source, scanned: &Scanned, census: &Census) -> bool {
    let came = census.apps.iter().flat_map(|app| app.pidfiles.iter()).any(|file| {
        let foreign = matches!(file.state.get(), Some(PidfileState::Foreign(_)));
        file.pid
            .filter(|_| foreign)
            .is_some_and(|pid| !scanned.recognised.contains_key(&pid) && is_server(source, pid))
    });
    came || census
        .apps
        .iter()
        .flat_map(|app| app.living_masters())
        .any(|master| went(&master.restart.program) && has_ended(source, &master.process))
}

fn went<T>(fact: &Fact<T>) -> bool {
    matches!(fact.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie)))
}

fn has_ended(source: &dyn Source, process: &Process) -> bool {
    match source.ask_one(Ask::Text(process.pid, ProcText::Stat)) {
        Ok(Found::Bytes(text)) => parse_stat(&text).is_ok_and(|stat| stat.state.is_dead()),
        Err(Refusal::Gone | Refusal::Zombie) => true,
        _ => false,
    }
}
