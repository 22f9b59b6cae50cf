//! Sizes and what bounds them: the control groups' limits, and proportional sizes where resident ones do not tell.

use super::once::Once;
use crate::facts::process::parse_stat;
use crate::facts::room::{Room, tightest};
use crate::facts::{Fact, Lack, bytes, memory};
use crate::model::headroom::{generation, headroom};
use crate::model::{Census, Master, Process};
use crate::os::{Ask, Found, Pid, ProcText, Refusal};

/// The most processes whose proportional size is read because a resident one does not tell.
const MOST: usize = 512;

/// What its control groups leave a process, where one of them has a limit.
pub fn room(once: &Once<'_>, pid: Pid) -> Fact<Option<Room>> {
    let room = once.fact(&Ask::MemoryGroups(pid), |found| match found {
        Found::Groups(groups) => tightest(&groups),
        _ => Err(Lack::Malformed("another kind of answer")),
    });
    match room.value {
        // In a container or a chroot they may not be mounted: no grant and no second try would show them.
        Err(Lack::Refused(Refusal::Unsupported(what))) => {
            Fact::lacking(room.place, Lack::Untold(what))
        }
        _ => room,
    }
}

/// Reads the proportional sizes of the generations that may have to fit in twice and, by their resident sizes, do not:
/// these count shared pages once for each process. It is dear, and mostly not needed.
pub fn look(once: &Once<'_>, census: &mut Census) {
    let mut wanted: Vec<Pid> = census
        .apps
        .iter()
        .filter(|app| app.uses_reexec())
        .flat_map(|app| app.upgradable().into_iter().map(move |master| (app, master)))
        .filter(|(app, master)| headroom(census, app, master).fits().is_none())
        .flat_map(|(_, master)| generation(master))
        .filter(|process| process.pss.lack() == Some(&Lack::NotAsked))
        .map(|process| process.pid)
        .take(MOST)
        .collect();
    wanted.sort();
    let ask = |pid| Ask::Text(pid, ProcText::SmapsRollup);
    once.fetch(wanted.iter().map(|pid| ask(*pid)).collect());
    let masters = census.apps.iter_mut().flat_map(|app| &mut app.masters);
    for process in masters.flat_map(members) {
        if wanted.binary_search(&process.pid).is_ok() {
            let rollup = once.fact(&ask(process.pid), bytes);
            process.pss = rollup.then(|text| memory::parse_pss(&text));
        }
    }
    for master in census.apps.iter_mut().flat_map(|app| &mut app.masters) {
        if ended(once, master.process.pid, &master.room) {
            master.room = Fact::known(master.room.place.clone(), None);
        }
        for process in members(master).filter(|process| ended(once, process.pid, &process.pss)) {
            process.pss = Fact::known(process.pss.place.clone(), 0);
        }
    }
}

/// Whether it was not told because the process has ended in the middle of the look: it holds nothing any more, and
/// nothing bounds it.
fn ended<T>(once: &Once<'_>, pid: Pid, told: &Fact<T>) -> bool {
    let lost = matches!(told.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie)));
    lost && match once.again(Ask::Text(pid, ProcText::Stat)) {
        Ok(Found::Bytes(text)) => parse_stat(&text).is_ok_and(|stat| stat.state.is_dead()),
        Err(Refusal::Gone) => true,
        _ => false,
    }
}

fn members(master: &mut Master) -> impl Iterator<Item = &mut Process> {
    std::iter::once(&mut master.process)
        .chain(master.workers.iter_mut().map(|worker| &mut worker.process))
}
