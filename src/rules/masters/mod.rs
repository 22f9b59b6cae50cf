//! Rules about masters and workers.

pub mod app_frozen;
pub mod handover_orphaned;
pub mod handover_stuck;
mod lacking;
pub mod master_dead;
pub mod master_duplicate;
pub mod master_hollow;
pub mod master_stopped;
pub mod masters_chain;
pub mod memory_headroom;
pub mod reexec_failed;
pub mod reexec_refused;
pub mod workers_missing;
pub mod workers_respawning;

use crate::model::log::{Entry, Log, Said};
use crate::model::takeover::{timed, zone};
use crate::model::{App, Census, CurrentState, Master, Phase};
use crate::os::Text;
use crate::servers::server;

use jiff::Timestamp;

use crate::contract::Look;

/// Whether a ready master forks workers; one that serves by itself has none. Noted where its signals were not seen.
fn forks(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    let status = look.of(master.process.pid, "signal masks", &master.process.status)?;
    Some(server(master.kind).is_some_and(|server| (server.forks_workers)(status)))
}

/// How many of its workers live; `None`, and noted, where the state of one was not seen.
fn alive(look: &mut Look<'_>, master: &Master) -> Option<usize> {
    if !look.knows_children(master) {
        return None;
    }
    let states: Vec<bool> = master
        .workers
        .iter()
        .filter_map(|worker| look.of(worker.process.pid, "state", &worker.process.stat))
        .map(|stat| !stat.state.is_dead())
        .collect();
    (states.len() == master.workers.len()).then(|| states.iter().filter(|alive| **alive).count())
}

/// Whether a master ends: at QUIT or TERM Unicorn closes its listeners first and then waits for its workers. `None`,
/// and noted, where its sockets were not seen.
pub(super) fn is_ending(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    look.of(master.process.pid, "listeners", &master.listens).map(Vec::is_empty)
}

/// Why no signal that is sent to a master now is acted on; `None`: nothing that was seen.
pub(super) fn takes_no_signal(master: &Master) -> Option<String> {
    let pid = master.process.pid;
    if master.process.is_stopped() {
        return Some(format!("{pid} is stopped and takes no signal: kill -CONT {pid}"));
    }
    let frozen = || format!("{pid} is frozen with its control group: a signal acts at the thaw");
    master.is_frozen().then(frozen)
}

/// The same for a restart, which one that still loads does not carry out either.
pub(super) fn cannot_act(master: &Master) -> Option<String> {
    let loads = master.phase != Phase::Ready;
    loads.then(|| format!("{} still loads", master.process.pid)).or_else(|| takes_no_signal(master))
}

/// The numbers of the sockets that the master before handed to this one; none: it was not re-executed. The variable stays
/// as it is, so that a title written over the start environment hides nothing.
pub(super) fn handed_on(look: &mut Look<'_>, master: &Master) -> Option<Vec<u32>> {
    let (start, live) = (&master.process.environ, &master.process.live);
    let known = if start.get().is_none() && live.get().is_some() { live } else { start };
    let environ = look.of(master.process.pid, "environment", known)?;
    let handed = master.beside.and_then(|beside| environ.value(beside.sockets));
    let numbers = handed.and_then(Text::utf8).unwrap_or_default();
    Some(numbers.split(',').filter_map(|number| number.parse().ok()).collect())
}

/// The living master that re-executed itself into this one; noted where a parent was not seen beside another master.
pub(super) fn generation_before<'a>(look: &mut Look<'a>, new: &Master) -> Option<&'a Master> {
    let app = look.app();
    if app.living_masters().count() > 1 {
        look.of(new.process.pid, "parent", &new.process.stat);
    }
    app.master(new.parent?).filter(|old| !old.process.is_dead())
}

/// The same master at the look before; noted where its state was not seen then.
fn earlier<'a>(look: &mut Look<'_>, before: &'a App, master: &Master) -> Option<&'a Master> {
    let earlier = before.master(master.process.pid)?;
    look.of(master.process.pid, "state", &master.process.stat)?;
    look.of(master.process.pid, "state before", &earlier.process.stat)?;
    (earlier.process.identity() == master.process.identity()).then_some(earlier)
}

/// Whether a master is busy by itself between two looks and reaps nobody: a reload of a preloading master asks its
/// workers to leave and loads the app before it starts new ones. A crash loop reaps; a drained master idles.
fn loads(earlier: &Master, master: &Master) -> bool {
    /// Clock ticks; a master that only waits uses none.
    const BUSY: u64 = 5;
    match (earlier.process.stat.get(), master.process.stat.get()) {
        (Some(then), Some(now)) => {
            now.cpu.saturating_sub(then.cpu) >= BUSY && now.children_cpu == then.children_cpu
        }
        _ => false,
    }
}

/// The masters that the next USR2 goes to, each with its log and the lines that are about its own restarts. Where no
/// master writes to a file there is no subject.
fn own_logs<'a>(look: &mut Look<'a>) -> Vec<(&'a Master, &'a Log, Vec<&'a Entry>)> {
    let (mut all, mut has_log) = (Vec::new(), false);
    // One that boots took no USR2 yet.
    let ready = |master: &&Master| master.phase == Phase::Ready;
    for master in look.app().upgradable().into_iter().filter(ready) {
        let pid = master.process.pid;
        let known = look.of(pid, "log", &master.log);
        has_log |= known.is_none_or(Option::is_some);
        let Some(Some(log)) = known else { continue };
        let Some(status) = look.of(pid, "status", &master.process.status) else { continue };
        all.push((master, log, own_entries(log, status.ns_pids.last().copied())));
    }
    if !has_log {
        look.not_here();
    }
    all
}

/// The lines of a log that are about a master's own restarts: those of its own hand since it was ready, and what its
/// children are about to execute. Several generations, and several apps, may write to one file.
pub(super) fn own_entries(log: &Log, number: Option<i32>) -> Vec<&Entry> {
    let by_it = |entry: &Entry| entry.writer.is_none() || entry.writer == number;
    let began = log.entries.iter().rposition(|entry| entry.said == Said::Ready && by_it(entry));
    let since = log.entries.get(began.map_or(0, |at| at + 1)..).unwrap_or_default();
    since
        .iter()
        .filter(|entry| match entry.said {
            Said::Executing { .. } => true,
            _ => by_it(entry),
        })
        .collect()
}

/// The USR2 that a master refused last, where nothing was executed since.
pub(super) struct Refusal<'a> {
    /// The log.
    pub log: &'a Log,
    /// Its line.
    pub entry: &'a Entry,
    /// What it says.
    pub why: &'a Text,
    /// When, where the line's time and its zone are known.
    pub at: Option<Timestamp>,
}

/// What a master's log tells of a USR2 that it refused.
pub(super) fn refusal<'a>(census: &Census, master: &'a Master) -> Option<Refusal<'a>> {
    let log = master.log.get()?.as_ref()?;
    let own = own_entries(log, master.process.status.get()?.ns_pids.last().copied());
    let last = |entry: &&Entry| matches!(entry.said, Said::Refused(_) | Said::Executing { .. });
    let entry = own.into_iter().rfind(last)?;
    let Said::Refused(why) = &entry.said else { return None };
    let zone = zone(master, census);
    let at = zone.and_then(|zone| {
        timed(&log.entries, &zone).find(|(timed, _)| timed.line == entry.line).map(|(_, at)| at)
    });
    Some(Refusal { log, entry, why, at })
}

/// Whether a master serves the very release that `current` names; `None`, and noted, where that was not seen.
fn serves_current(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    let Some(layout) = look.at("the releases", &look.app().layout)? else { return Some(false) };
    let state = look.at("what current is", &layout.current.state)?;
    let own = look.of(master.process.pid, "release", &master.release)?;
    Some(matches!((state, own), (CurrentState::Release(current), Some(own)) if current == own))
}
