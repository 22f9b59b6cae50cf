//! What is seen after a signal: each expectation's evidence, look after look.

use crate::contract::quote::farrier;
use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::history::{Identity, workers as identities};
use crate::model::{App, AppId, Census, Master, Operation, Phase, Process};
use crate::os::Pid;

use super::case::running_config;
use super::follow::AWAY;
use super::procedures::renewal::{Mark, Renewal, Turn};
use super::stands::serving;
use super::{CheckState, Expect, Plan, words};

/// How long a state has to hold before it counts, in nanoseconds: workers of a crash loop do not live that long.
const STEADY: i64 = 1_000_000_000;

/// How long a master may take to fork its successor; it does so at once or refuses.
const FORKS_WITHIN: Duration = Duration::from_secs(15);

/// What one look says about the expectation.
pub(super) enum Seen {
    /// It has come true; in words.
    Done(String),
    /// It cannot come true any more; in words.
    Failed(String),
    /// Nothing can be seen any more; why.
    Hidden(String),
    /// Not yet.
    NotYet,
}

/// A watch over one app after one signal.
pub(super) struct Watch {
    pub(super) expect: Expect,
    pub(super) operation: Option<Operation>,
    pub(super) signal: &'static str,
    pub(super) app: AppId,
    pub(super) app_name: String,
    pub(super) target: Identity,
    pub(super) sent_at: Timestamp,
    pub(super) sent_boot: i64,
    pub(super) masters: BTreeSet<Pid>,
    pub(super) workers: BTreeSet<Identity>,
    pub(super) children_cpu: Option<u64>,
    pub(super) ends_service: bool,
    pub(super) could_see: bool,
    pub(super) log: Option<String>,
    pub(super) child: Option<(Identity, Phase)>,
    pub(super) steady: Option<(i64, BTreeSet<Identity>)>,
    pub(super) told: Option<usize>,
    pub(super) away_since: Option<i64>,
    pub(super) events: Vec<String>,
    pub(super) renewal: Option<Renewal>,
}

impl Watch {
    /// Begins from the look just before the signal.
    pub(super) fn new(plan: &Plan, census: &Census) -> Self {
        let master = census.master(plan.target).map(|(_, master)| master);
        let log = master.and_then(|master| {
            let config = running_config(master)?;
            let app = census.app(&plan.app)?;
            config.stderr_path.value().map(|path| app.short(path))
        });
        Self {
            expect: plan.expect.clone(),
            operation: plan.operation,
            signal: words::name(plan.signal),
            app: plan.app.clone(),
            app_name: plan.app_name.clone(),
            target: (plan.target, plan.started),
            sent_at: census.taken_at,
            sent_boot: census.boot_time,
            masters: census.apps.iter().flat_map(|a| &a.masters).map(|m| m.process.pid).collect(),
            workers: master.map(identities).unwrap_or_default(),
            children_cpu: master.and_then(children_cpu),
            ends_service: plan
                .checks
                .iter()
                .any(|check| check.what == "only" && check.state == CheckState::Stops),
            could_see: census.seen.hidden.is_none(),
            log,
            child: None,
            steady: None,
            told: None,
            away_since: None,
            events: Vec::new(),
            renewal: Renewal::new(plan, census),
        }
    }

    /// How long ago the signal was sent, by the machine's own clock.
    pub(super) fn since(&self, census: &Census) -> Duration {
        let passed = census.boot_time.saturating_sub(self.sent_boot);
        Duration::from_nanos(u64::try_from(passed).unwrap_or(0))
    }

    /// What was newly seen, each once.
    pub(super) fn events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    /// One look. `lives`: the process that the signal went to has not ended, whatever the look shows of it.
    pub(super) fn look(&mut self, census: &Census, lives: bool) -> Seen {
        if let Some((place, why)) = census.seen.hidden.as_ref().filter(|_| self.could_see) {
            return Seen::Hidden(format!("{place}: {why}"));
        }
        let alive = self.alive(census);
        match self.expect.clone() {
            Expect::NewMaster => self.new_master(census),
            Expect::Renewed => self.renewed(census, lives),
            _ if alive.is_none() && lives => Seen::NotYet,
            Expect::Ended => self.ended(census),
            _ if alive.is_none() => Seen::Failed(format!(
                "{} ended at {} after {}",
                self.target.0,
                census.clock(census.taken_at),
                self.signal
            )),
            Expect::WorkersReplaced => self.replaced(census),
            Expect::Workers(count) => self.counted(census, count),
            Expect::Running => match alive {
                Some(process) if !process.is_stopped() => Seen::Done(format!(
                    "{} runs again since {}",
                    self.target.0,
                    census.clock(census.taken_at)
                )),
                _ => Seen::NotYet,
            },
            Expect::Taken => match alive.and_then(|process| process.status.get()) {
                Some(status) if !self.pending(status) => Seen::Done(format!(
                    "{} took {} at {}: it does not wait for it any more",
                    self.target.0,
                    self.signal,
                    census.clock(self.sent_at)
                )),
                _ => Seen::NotYet,
            },
        }
    }

    fn renewed(&mut self, census: &Census, lives: bool) -> Seen {
        let Some(renewal) = &mut self.renewal else { return Seen::NotYet };
        let turn = renewal.look(census, lives);
        self.events.extend(renewal.events());
        match turn {
            Turn::At(Mark::Serves) => Seen::Done(renewal.completed(census)),
            Turn::At(_) => Seen::NotYet,
            Turn::Failed(words) => Seen::Failed(words),
        }
    }

    fn pending(&self, status: &crate::facts::process::Status) -> bool {
        crate::model::Signal::iterator()
            .any(|signal| words::name(signal) == self.signal && status.pending.has(signal))
    }

    fn alive<'a>(&self, census: &'a Census) -> Option<&'a Process> {
        census
            .member(self.target.0)
            .map(|(_, process)| process)
            .filter(|process| process.identity() == self.target && !process.is_dead())
    }

    fn ended(&mut self, census: &Census) -> Seen {
        let pid = self.target.0;
        if self.alive(census).is_some() {
            let left =
                living(census, self.target).map_or(0, |master| master.workers_alive().count());
            if left < self.workers.len() && self.told != Some(left) {
                let all = self.workers.len();
                self.events.push(format!("{left} of {all} workers of {pid} are left"));
                self.told = Some(left);
            }
            return Seen::NotYet;
        }
        let mut words = format!(
            "{pid} took {} at {} and ended at {}",
            self.signal,
            census.clock(self.sent_at),
            census.clock(census.taken_at)
        );
        if census.member(pid).is_some_and(|(_, process)| process.is_dead()) {
            words.push_str(", not reaped yet");
        }
        let words = format!("{words}. {}", self.who_serves(census));
        let others_serve = !serving(census, &self.app, pid).is_empty();
        if others_serve || self.ends_service { Seen::Done(words) } else { Seen::Failed(words) }
    }

    fn new_master(&mut self, census: &Census) -> Seen {
        let pid = self.target.0;
        if self.child.is_none() {
            let child = census.apps.iter().flat_map(|app| &app.masters).find(|master| {
                !self.masters.contains(&master.process.pid)
                    && !master.process.is_dead()
                    && (master.parent == Some(pid) || master.process.parent() == Some(pid))
            });
            let Some(child) = child else { return self.no_child_yet(census) };
            let number = child.process.pid;
            self.events.push(format!("{number}, child of {pid}, appeared"));
            self.child = Some((child.process.identity(), Phase::Starting));
        }
        let Some((identity, phase)) = self.child else { return Seen::NotYet };
        if let Some(below) = instead_of(census, identity) {
            self.child = Some((below.process.identity(), phase));
            return Seen::NotYet;
        }
        let number = identity.0;
        let Some(child) = living(census, identity) else {
            // In the moment in which it becomes another program a look takes it for nobody's.
            let since = *self.away_since.get_or_insert(census.boot_time);
            let long = census.boot_time.saturating_sub(since) >= AWAY;
            if !long && phase == Phase::Starting && census.member(number).is_none() {
                return Seen::NotYet;
            }
            return Seen::Failed(format!(
                "{number} ended {} after {}. {}{}",
                words::seconds(self.since(census)),
                self.signal,
                self.who_serves(census),
                self.log_words()
            ));
        };
        self.away_since = None;
        if child.phase != phase {
            match child.phase {
                Phase::Loading => self.events.push(format!("{number} has its handlers and loads")),
                Phase::Ready => self.events.push(format!(
                    "{number} is ready with {}",
                    words::workers(child.workers_alive().count())
                )),
                Phase::Starting | Phase::Zombie => {}
            }
            self.child = Some((identity, child.phase));
        }
        if child.phase != Phase::Ready || !self.is_steady(census, identities(child)) {
            return Seen::NotYet;
        }
        let beside = match self.alive(census) {
            Some(_) => format!("{pid} serves beside it; next: {}", farrier("do retire", &self.app)),
            None => format!("{pid} has ended"),
        };
        Seen::Done(format!(
            "{number} is ready with {}, {} after {} to {pid}. {beside}",
            words::workers(child.workers_alive().count()),
            words::seconds(self.since(census)),
            self.signal,
        ))
    }

    fn no_child_yet(&self, census: &Census) -> Seen {
        if self.alive(census).is_none() {
            return Seen::Failed(format!("{} ended. {}", self.target.0, self.who_serves(census)));
        }
        if self.reaped_another(census) {
            return Seen::Failed(format!(
                "{} reaped a child that ended before it was seen: the new master did not come up. {}{}",
                self.target.0,
                self.who_serves(census),
                self.log_words()
            ));
        }
        if self.since(census) < FORKS_WITHIN {
            return Seen::NotYet;
        }
        Seen::Failed(format!(
            "no new master of {} was seen within {} s. {}{}",
            self.target.0,
            FORKS_WITHIN.as_secs(),
            self.who_serves(census),
            self.log_words()
        ))
    }

    /// Whether the target reaped a child that was none of its workers: the time that its reaped children had used grew
    /// (`proc_pid_stat(5)`, cutime and cstime) while its workers are the same.
    fn reaped_another(&self, census: &Census) -> bool {
        living(census, self.target).is_some_and(|master| {
            identities(master) == self.workers
                && children_cpu(master).zip(self.children_cpu).is_some_and(|(now, then)| now > then)
        })
    }

    fn replaced(&mut self, census: &Census) -> Seen {
        let Some(master) = living(census, self.target) else { return Seen::NotYet };
        let now = identities(master);
        let left = now.intersection(&self.workers).count();
        if left < self.workers.len() && self.told != Some(left) {
            let all = self.workers.len();
            self.events.push(format!("{} of {all} workers are replaced", all - left));
            self.told = Some(left);
        }
        if left > 0 || !self.is_steady(census, now) {
            return Seen::NotYet;
        }
        Seen::Done(format!(
            "{} took {} at {} and has {}, all new, since {}",
            self.target.0,
            self.signal,
            census.clock(self.sent_at),
            words::workers(master.workers_alive().count()),
            census.clock(census.taken_at)
        ))
    }

    fn counted(&mut self, census: &Census, wanted: u32) -> Seen {
        let Some(master) = living(census, self.target) else { return Seen::NotYet };
        let now = identities(master);
        let count = now.len();
        for (pid, _) in now.difference(&self.workers) {
            self.events.push(format!("{pid} appeared, a worker of {}", self.target.0));
        }
        for (pid, _) in self.workers.difference(&now) {
            self.events.push(format!("{pid} ended, a worker of {}", self.target.0));
        }
        self.workers.clone_from(&now);
        if u32::try_from(count) != Ok(wanted) {
            self.steady = None;
            return Seen::NotYet;
        }
        if wanted > 0 && !self.is_steady(census, now) {
            return Seen::NotYet;
        }
        Seen::Done(format!(
            "{} took {} at {} and has {} since {}",
            self.target.0,
            self.signal,
            census.clock(self.sent_at),
            words::workers(count),
            census.clock(census.taken_at)
        ))
    }

    /// Whether there are workers, and at least one of them was there a second ago already.
    fn is_steady(&mut self, census: &Census, now: BTreeSet<Identity>) -> bool {
        match &self.steady {
            Some((since, then)) if !then.is_disjoint(&now) => {
                census.boot_time.saturating_sub(*since) >= STEADY
            }
            _ => {
                self.steady = (!now.is_empty()).then_some((census.boot_time, now));
                false
            }
        }
    }
}

pub(super) fn living(census: &Census, identity: Identity) -> Option<&Master> {
    census
        .master(identity.0)
        .map(|(_, master)| master)
        .filter(|m| m.process.identity() == identity && !m.process.is_dead())
}

/// The master that a process started which stood for one until then: a wrapper that waits for the server.
pub(super) fn instead_of(census: &Census, identity: Identity) -> Option<&Master> {
    if census.member(identity.0).is_some() {
        return None;
    }
    let mut masters = census.apps.iter().flat_map(App::living_masters);
    masters.find(|master| master.process.parent() == Some(identity.0))
}

pub(super) fn children_cpu(master: &Master) -> Option<u64> {
    master.process.stat.get().map(|stat| stat.children_cpu)
}
