//! Looks that are of two moments: a process became a server, or a master ended, while the rest was read.

use super::scan::{Scanned, is_server};
use crate::facts::{Fact, Lack};
use crate::model::{App, Census, PidfileState};
use crate::os::{Refusal, Source};

/// Whether a look has to be taken anew. A pidfile that names a server which the list of processes did not have yet calls it a
/// stranger, and of a master that ended or became another program meanwhile it is not known what it would execute.
pub fn is_torn(source: &dyn Source, scanned: &Scanned, census: &Census) -> bool {
    let came = census.apps.iter().flat_map(|app| app.pidfiles.iter()).any(|file| {
        let foreign = matches!(file.state.get(), Some(PidfileState::Foreign(_)));
        file.pid
            .filter(|_| foreign)
            .is_some_and(|pid| !scanned.recognised.contains_key(&pid) && is_server(source, pid))
    });
    let mut masters = census.apps.iter().flat_map(App::living_masters);
    came || masters.any(|master| went(&master.restart.program))
}

fn went<T>(fact: &Fact<T>) -> bool {
    matches!(fact.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie)))
}
