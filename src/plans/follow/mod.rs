//! A handover as it goes, look after look: how far the new master is, who serves, and what was lost on the way.

mod log;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::history::{Event, Identity, between, workers};
use crate::model::log::Entry;
use crate::model::{App, AppId, Census, Master, Phase, Role};
use crate::os::Pid;

use super::case::running_config;
use super::stands::{serving_all, who_serves};
use super::watch::{children_cpu, instead_of, living};
use super::words;

/// How long workers have to live before they count, in nanoseconds: those of a crash loop do not live that long.
const STEADY: i64 = 1_000_000_000;

/// The same where each worker loads the app by itself, so that its title says nothing about the app.
const STEADY_LAZY: i64 = 5_000_000_000;

/// How long a new master has to be away before it counts as ended, in nanoseconds.
pub(super) const AWAY: i64 = 1_000_000_000;

/// How far a handover is; the later is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No second generation.
    Idle,
    /// The new master was forked.
    Forked,
    /// It has its handlers and loads the app.
    Loads,
    /// Its title says that it is ready; its workers did not prove themselves yet.
    Ready,
    /// Its workers stay, and it holds every listener of the old one, which still lives.
    Serves,
    /// The same, and the old one is gone.
    Alone,
}

/// Where a handover stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// So far it is.
    At(Stage),
    /// The new master ended, and somebody serves.
    Back(String),
    /// Nobody serves, and nobody is on the way.
    Nobody(String),
    /// Nothing can be seen any more; why.
    Hidden(String),
}

/// One handover, followed.
pub struct Follow {
    app: AppId,
    app_name: String,
    old: Option<Identity>,
    new: Option<Identity>,
    known: BTreeSet<Identity>,
    held: Vec<u64>,
    old_workers: BTreeSet<Identity>,
    children_cpu: Option<u64>,
    could_see: bool,
    log: Option<String>,
    /// What the log ended with when it began: only what follows is about this handover.
    log_before: Option<Entry>,
    lazy: bool,
    was_ready: bool,
    begun: i64,
    steady: Option<(i64, BTreeSet<Identity>)>,
    away_since: Option<i64>,
    before: Census,
}

impl Follow {
    /// Begins with a look, in whatever state the handover is then.
    pub fn new(census: &Census, app: &App) -> Self {
        let old = app.in_role(Role::Old).filter(|m| !m.process.is_dead()).last();
        let newest = app.living_masters().filter(|m| m.role != Role::Old).last();
        let (old, new) = match (old, newest) {
            (Some(old), newest) => (Some(old), newest),
            (None, Some(only)) if only.phase != Phase::Ready => (None, Some(only)),
            (None, current) => (app.current_master().or(current), None),
        };
        let serving = old.or(new);
        let log = serving.and_then(|master| {
            let config = running_config(master)?;
            config.stderr_path.value().map(|path| app.short(path))
        });
        Self {
            app: app.id.clone(),
            app_name: app.name.clone(),
            old: old.map(|master| master.process.identity()),
            new: new.map(|master| master.process.identity()),
            known: app.masters.iter().map(|master| master.process.identity()).collect(),
            held: old.and_then(|old| old.listens.get().cloned()).unwrap_or_default(),
            old_workers: old.map(workers).unwrap_or_default(),
            children_cpu: old.and_then(children_cpu),
            could_see: census.seen.hidden.is_none(),
            log,
            log_before: log::before(app, new),
            lazy: false,
            was_ready: new.is_some_and(|new| new.phase == Phase::Ready),
            begun: census.boot_time,
            steady: None,
            away_since: None,
            before: census.clone(),
        }
    }

    /// The same where it is known which master will be superseded.
    #[must_use]
    pub fn of(mut self, census: &Census, old: Pid) -> Self {
        if let Some((_, master)) = census.master(old) {
            self.old = Some(master.process.identity());
            self.held = master.listens.get().cloned().unwrap_or_default();
            self.old_workers = workers(master);
            self.children_cpu = children_cpu(master);
        }
        self
    }

    /// The old master.
    pub fn old(&self) -> Option<Pid> {
        self.old.map(|(pid, _)| pid)
    }

    /// The new master, once it was seen.
    pub fn new_master(&self) -> Option<Pid> {
        self.new.map(|(pid, _)| pid)
    }

    /// How long it has been followed, by the machine's own clock.
    pub fn since(&self, census: &Census) -> Duration {
        let passed = census.boot_time.saturating_sub(self.begun);
        Duration::from_nanos(u64::try_from(passed).unwrap_or(0))
    }

    /// One look: what happened since the one before, and where it stands.
    pub fn look(&mut self, census: &Census) -> (Vec<Event>, Turn) {
        if let Some(below) = self.new.and_then(|new| instead_of(census, new)) {
            self.new = Some(below.process.identity());
        }
        if self.may_be_executing(census) {
            return (Vec::new(), Turn::At(Stage::Forked));
        }
        let events = between(&self.before, census, &self.app);
        let turn = self.turn(census);
        self.before = census.clone();
        (events, turn)
    }

    /// While a process becomes another program it has no command line for a moment, and a look takes it for nobody's;
    /// a slow look may have listed the processes before the new one came and read them after the old one went. What
    /// is not there counts as ended only when it stays away.
    fn may_be_executing(&mut self, census: &Census) -> bool {
        let missed = match (self.new, self.old) {
            (Some((pid, _)), _) => !self.was_ready && census.member(pid).is_none(),
            (None, Some(old)) => living(census, old).is_none() && self.successor(census).is_none(),
            (None, None) => false,
        };
        let away = missed && census.seen.hidden.is_none();
        if !away {
            self.away_since = None;
            return false;
        }
        let since = *self.away_since.get_or_insert(census.boot_time);
        census.boot_time.saturating_sub(since) < AWAY
    }

    fn turn(&mut self, census: &Census) -> Turn {
        if let Some((place, why)) = census.seen.hidden.as_ref().filter(|_| self.could_see) {
            return Turn::Hidden(format!("{place}: {why}"));
        }
        if self.new.is_none() {
            self.new = self.successor(census).map(|master| master.process.identity());
        }
        let Some(new) = self.new else { return self.no_successor(census) };
        let Some(master) = living(census, new) else {
            return self.ended(census, &format!("{} ended", new.0));
        };
        self.lazy = running_config(master)
            .is_none_or(|config| config.preload_app.value().copied() != Some(true));
        match master.phase {
            Phase::Starting | Phase::Zombie => Turn::At(Stage::Forked),
            Phase::Loading => Turn::At(Stage::Loads),
            Phase::Ready => {
                self.was_ready = true;
                let stays = self.is_steady(census, workers(master));
                if !stays || !self.lost(census, master).is_empty() {
                    return Turn::At(Stage::Ready);
                }
                let old_lives = self.old.is_some_and(|old| living(census, old).is_some());
                Turn::At(if old_lives { Stage::Serves } else { Stage::Alone })
            }
        }
    }

    /// A master that was not there at first: the old one's child, wherever it was put, or another of the app.
    fn successor<'a>(&self, census: &'a Census) -> Option<&'a Master> {
        let old = self.old();
        let fresh = |master: &&Master| {
            !self.known.contains(&master.process.identity()) && !master.process.is_dead()
        };
        let child = |master: &&Master| {
            old.is_some() && (master.parent == old || master.process.parent() == old)
        };
        let all = || census.apps.iter().flat_map(|app| &app.masters).filter(fresh);
        all().find(child).or_else(|| census.app(&self.app)?.masters.iter().rfind(fresh))
    }

    fn no_successor(&self, census: &Census) -> Turn {
        let Some(old) = self.old else { return Turn::Nobody(self.who_serves(census)) };
        let Some(master) = living(census, old) else {
            return self.ended(census, &format!("{} ended", old.0));
        };
        // The time that its reaped children used grew while its workers are the same (proc_pid_stat(5), cutime).
        if let Some(told) = self.told_by_log(census, master.process.own_number().number()) {
            return self.ended(census, &format!("{}: {told}", old.0));
        }
        let grew =
            children_cpu(master).zip(self.children_cpu).is_some_and(|(now, then)| now > then);
        if grew && workers(master) == self.old_workers {
            let what = format!("{} reaped a child that ended before it was seen", old.0);
            return self.ended(census, &what);
        }
        Turn::At(Stage::Idle)
    }

    fn ended(&self, census: &Census, what: &str) -> Turn {
        let after = words::seconds(self.since(census));
        let rolled = if self.was_ready { ", though it was ready" } else { "" };
        let why = match (self.reason(census), &self.log) {
            _ if self.was_ready => String::new(),
            (Some(reason), _) => format!(". {reason}"),
            (None, Some(log)) => format!("; {log} says why"),
            (None, None) => String::new(),
        };
        let told = format!("{what}{rolled}, after {after}. {}{why}", self.who_serves(census));
        if serving_all(census, &self.app).is_empty() {
            Turn::Nobody(told)
        } else {
            Turn::Back(told)
        }
    }

    /// The listeners of the old master that the new one does not hold, by address.
    pub fn lost(&self, census: &Census, new: &Master) -> Vec<String> {
        let Some(holds) = new.listens.get() else { return Vec::new() };
        let app = census.app(&self.app);
        let address = |inode: &u64| {
            app.and_then(|app| app.listeners.iter().find(|l| l.inode == *inode))
                .map_or_else(|| format!("socket {inode}"), |listener| listener.address.to_string())
        };
        self.held.iter().filter(|inode| !holds.contains(inode)).map(address).collect()
    }

    /// Whether the same workers were there long enough ago already.
    fn is_steady(&mut self, census: &Census, now: BTreeSet<Identity>) -> bool {
        let long = if self.lazy { STEADY_LAZY } else { STEADY };
        match &self.steady {
            Some((since, then)) if !now.is_empty() && then.is_subset(&now) => {
                census.boot_time.saturating_sub(*since) >= long
            }
            _ => {
                self.steady = (!now.is_empty()).then_some((census.boot_time, now));
                false
            }
        }
    }

    /// Where it stands, a sentence: what is told first, and to whoever comes back to it.
    pub fn position(&self, census: &Census) -> String {
        let serves = self.who_serves(census);
        let new = self.new.and_then(|new| living(census, new));
        match (new, self.old()) {
            (None, _) => format!("{serves}; no handover of {} is under way", self.app_name),
            (Some(new), None) => format!("{} loads, and no other master lives", new.process.pid),
            (Some(new), Some(old)) => match new.phase {
                Phase::Ready => {
                    format!("{} is ready beside the old master {old}. {serves}", new.process.pid)
                }
                _ => format!("{} loads beside {old}. {serves}", new.process.pid),
            },
        }
    }

    /// Who serves, a sentence.
    pub fn who_serves(&self, census: &Census) -> String {
        who_serves(census, &self.app, &self.app_name)
    }

    /// Whether anybody serves.
    pub fn somebody_serves(&self, census: &Census) -> bool {
        !serving_all(census, &self.app).is_empty()
    }

    /// What the new master is, compared with what it should be: the release that `current` names.
    pub fn off_release(&self, census: &Census) -> Option<String> {
        let (app, new) = census.master(self.new_master()?)?;
        let runs = new.release.get()?.as_deref()?;
        let current = app.layout.get()?.as_ref()?.current_release()?;
        (runs != current)
            .then(|| format!("{} runs {runs}, and current names {current}", new.process.pid))
    }

    /// The words for a completed handover.
    pub fn completed(&self, census: &Census) -> String {
        let Some((_, new)) = self.new_master().and_then(|pid| census.master(pid)) else {
            return self.who_serves(census);
        };
        let release = new.release.get().and_then(Option::as_deref);
        format!(
            "{} serves alone with {}{}, after {}",
            new.process.pid,
            words::workers(new.workers_alive().count()),
            release.map_or_else(String::new, |release| format!(", {release}")),
            words::seconds(self.since(census)),
        )
    }

    /// What stands when its time is over.
    pub fn overdue(&self, census: &Census, bound: Duration) -> String {
        let bound = bound.as_secs();
        let new = self.new.and_then(|new| living(census, new));
        let what = match (new, self.old()) {
            (None, Some(old)) => format!("no new master of {old} was seen within {bound} s"),
            (None, None) => format!("no master of {} was seen within {bound} s", self.app_name),
            (Some(new), old) => {
                let pid = new.process.pid;
                let lost = self.lost(census, new);
                let beside =
                    old.filter(|_| self.old.is_some_and(|old| living(census, old).is_some()));
                match (new.phase, beside) {
                    (Phase::Ready, _) if !lost.is_empty() => {
                        format!(
                            "{pid} is ready and does not hold {}, after {bound} s",
                            lost.join(", ")
                        )
                    }
                    (Phase::Ready, _) if !self.steady_by_now(census) => {
                        format!("{pid} is ready, but its workers do not stay, after {bound} s")
                    }
                    (Phase::Ready, Some(old)) => {
                        format!("{old} still lives beside {pid} after {bound} s")
                    }
                    _ => format!("{pid} still loads after {bound} s"),
                }
            }
        };
        format!("{what}. {}", self.who_serves(census))
    }

    fn steady_by_now(&self, census: &Census) -> bool {
        self.steady
            .as_ref()
            .is_some_and(|(since, _)| census.boot_time.saturating_sub(*since) >= STEADY)
    }
}
