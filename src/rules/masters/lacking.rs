//! Why a ready master has fewer workers than it should. Unicorn starts a lost worker by itself as soon as it has reaped it;
//! what lasts while it idles is a number that was lowered: by TTOU, or by WINCH.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{Blind, Look};
use crate::facts::{Lack, Place};
use crate::model::log::{Became, Entry, Log, OfWorkers, Said};
use crate::model::takeover::{moment, zone};
use crate::model::{Config, Hook, Master, Worker};
use crate::os::Text;

use jiff::tz::TimeZone;

use super::loads;

/// A worker that is younger, in seconds, shows that others are still to come; a fork takes no longer than this.
const FILLS: u64 = 10;

/// The same where no hook makes a fork wait: then all come at once.
const FILLS_AT_ONCE: u64 = 4;

/// One worker that ends twice within so many seconds does not stay.
const TWICE_WITHIN: i64 = 60;

/// Why workers lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// The master is about to fork them, or loads the app before it does.
    Filling,
    /// The number that it wants was lowered: nothing but TTIN or a reload brings them back.
    Lowered,
    /// They end again, or it does not come to fork them: more of them help nobody.
    Lost,
    /// What tells was not seen; that is noted.
    Unclear,
}

/// Why a master has fewer workers at this look and at the one before than the `wanted`.
pub(super) fn lacking(
    look: &mut Look<'_>,
    earlier: &Master,
    master: &Master,
    wanted: usize,
) -> Lacking {
    if loads(earlier, master) {
        return Lacking::Filling;
    }
    let (now, then) = (living(master), living(earlier));
    let identities: BTreeSet<_> = now.iter().map(|worker| worker.process.identity()).collect();
    let gone: Vec<&&Worker> =
        then.iter().filter(|worker| !identities.contains(&worker.process.identity())).collect();
    let Some(at_once) = forks_at_once(look, master) else { return Lacking::Unclear };
    let limit = if at_once { FILLS_AT_ONCE } else { FILLS };
    let is_young = |worker: &Worker| worker.process.age.get().is_some_and(|age| *age < limit);
    let young_left = gone.iter().any(|worker| is_young(worker));
    // Old ones that leave while new ones come are a reload, as many or more are a start.
    if young_left || now.iter().any(|worker| is_young(worker)) {
        let Some(told) = Told::of(look, master) else { return Lacking::Unclear };
        let fewer = young_left && now.len() < then.len();
        let dies = if told.log.is_some() { told.end_twice() } else { fewer };
        return if dies { Lacking::Lost } else { Lacking::Filling };
    }
    let lost = missing(&now, wanted);
    if !lost.is_subset(&missing(&then, wanted)) {
        return Lacking::Filling;
    }
    let below = lost.iter().any(|number| usize::try_from(*number).is_ok_and(|n| n < now.len()));
    if at_once && !below && !Told::of(look, master).is_some_and(|told| told.reloads()) {
        return Lacking::Lowered;
    }
    let Some(told) = Told::of(look, master) else { return Lacking::Unclear };
    match told.last_reaped() {
        _ if told.drained() => Lacking::Lowered,
        _ if told.reloads() => Lacking::Filling,
        Some(seconds) if seconds < FILLS.cast_signed() => Lacking::Filling,
        Some(_) if below => Lacking::Lost,
        Some(_) => Lacking::Lowered,
        None => {
            told.no_time(look);
            Lacking::Unclear
        }
    }
}

fn living(master: &Master) -> Vec<&Worker> {
    master.workers_alive().collect()
}

/// The numbers that no worker has. Where a title shows none, those count as missing that come last: TTOU takes these.
fn missing(workers: &[&Worker], wanted: usize) -> BTreeSet<u32> {
    let known: Option<BTreeSet<u32>> = workers.iter().map(|worker| worker.number).collect();
    let end = u32::try_from(wanted).unwrap_or(u32::MAX);
    match known {
        Some(known) => (0..end).filter(|number| !known.contains(number)).collect(),
        None => (u32::try_from(workers.len()).unwrap_or(end)..end).collect(),
    }
}

/// Whether no hook makes a fork wait; `None`, and noted, where that is not known.
fn forks_at_once(look: &mut Look<'_>, master: &Master) -> Option<bool> {
    let config: &Config = look.of(master.process.pid, "configuration", &master.loaded)?;
    let obscure = |hook: Option<Hook>| hook.is_none_or(|hook| hook == Hook::BeforeFork);
    if config.obscure_hooks.iter().any(|other| obscure(other.hook)) {
        // Then the log has to tell, as where it sleeps.
        return Some(false);
    }
    let sleeps = config.hooks.iter().any(|body| body.hook == Hook::BeforeFork && body.sleeps);
    Some(!sleeps)
}

/// What a master's log tells of its workers since it was ready.
struct Told<'a> {
    master: &'a Master,
    log: Option<&'a Log>,
    lines: Vec<&'a OfWorkers>,
    /// When the look was taken, and the zone of the log's times, in which it is not known where that is `None`.
    now: i64,
    zone: Option<TimeZone>,
}

impl<'a> Told<'a> {
    /// `None`, and noted, where the log was not read.
    fn of(look: &mut Look<'_>, master: &'a Master) -> Option<Self> {
        let log = look.of(master.process.pid, "log", &master.log)?.as_ref();
        let own = master.process.own_number().number();
        let by_it = |writer: Option<i32>| writer.is_none_or(|writer| writer == own);
        let lines = log.iter().flat_map(|log| &log.workers);
        Some(Self {
            master,
            log,
            lines: lines.filter(|one| by_it(one.writer)).collect(),
            now: look.census().taken_at.as_second(),
            zone: zone(master, look.census()),
        })
    }

    fn seconds_ago(&self, time: Option<&Text>) -> Option<i64> {
        Some(self.now - moment(time, self.zone.as_ref()?)?.as_second())
    }

    /// The line at which its last reload was carried out or failed.
    fn reloaded(&self) -> Option<&'a Entry> {
        let own = self.master.process.own_number().number();
        let ends = |entry: &&Entry| match &entry.said {
            Said::Reloaded => true,
            Said::Error(text) => text.bytes().starts_with(b"error reloading config_file="),
            _ => false,
        };
        let by_it = |entry: &&Entry| entry.writer.is_none_or(|writer| writer == own);
        self.log?.entries.iter().filter(by_it).rfind(ends)
    }

    /// Whether it is in a reload: the line that ends one lacks.
    fn reloads(&self) -> bool {
        let begun = self.lines.iter().rfind(|one| one.what == Became::Reloads);
        begun.is_some_and(|begun| self.reloaded().is_none_or(|entry| entry.line < begun.line))
    }

    /// Whether its workers were asked to leave for good, and no reload came after.
    fn drained(&self) -> bool {
        let mut asked = self.lines.iter().rev().map(|one| one.what);
        asked.find(|what| !matches!(what, Became::Reaped(_))) == Some(Became::Drained)
    }

    /// Whether one worker ended twice of late. A reload ends each once besides.
    fn end_twice(&self) -> bool {
        let reloaded = self.reloaded();
        let since = reloaded.map_or(0, |entry| entry.line);
        let ordered = usize::from(reloaded.is_some());
        let late = |one: &&&OfWorkers| {
            let seconds = self.seconds_ago(one.time.as_ref());
            one.line > since && seconds.is_some_and(|seconds| seconds < TWICE_WITHIN)
        };
        let mut ended: BTreeMap<u32, usize> = BTreeMap::new();
        for one in self.lines.iter().filter(late) {
            if let Became::Reaped(number) = one.what {
                *ended.entry(number).or_default() += 1;
            }
        }
        ended.values().any(|times| *times > 1 + ordered)
    }

    /// How many seconds ago a worker ended last; `None`: no line tells.
    fn last_reaped(&self) -> Option<i64> {
        let reaped = |one: &&&OfWorkers| matches!(one.what, Became::Reaped(_));
        self.seconds_ago(self.lines.iter().rfind(reaped)?.time.as_ref())
    }

    fn no_time(&self, look: &mut Look<'_>) {
        let pid = self.master.process.pid;
        look.cannot_see(Blind {
            what: format!("when a worker of {pid} ended last"),
            place: self.log.map_or_else(|| self.master.log.place.clone(), |l| Place::path(&l.path)),
            why: Lack::Depends("the times in its log".into()),
            pid: Some(pid),
        });
    }
}
