//! A restart under the same pid, followed: which workers left, whether another program runs, and who serves since.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::contract::Way;
use crate::facts::process::Stat;
use crate::model::history::{Identity, workers};
use crate::model::{AppId, Census, Master, Phase, Worker};

use super::Back;
use crate::plans::follow::AWAY;
use crate::plans::stands::who_serves;
use crate::plans::watch::living;
use crate::plans::{Expect, Plan, words};

/// How long those who serve have to stay the same, in nanoseconds.
const STEADY: i64 = 5_000_000_000;
/// How many new workers have to end before they serve until that is no accident.
const LOST: usize = 3;

/// How far it is; the later is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The signal was sent.
    Sent,
    /// In place all workers of before are gone, rolling the first of them.
    Left,
    /// The same pid runs another program.
    Executed,
    /// Its title is back.
    Titled,
    /// Whoever serves is new, and stays.
    Serves,
}

/// What a look says of it.
pub enum Turn {
    /// So far it is.
    At(Mark),
    /// It will not come true; in words, with the way back.
    Failed(String),
}

/// One restart.
pub struct Renewal {
    app: AppId,
    app_name: String,
    way: Way,
    target: Identity,
    old_program: Option<Stat>,
    before: BTreeSet<Identity>,
    back: Back,
    signal: &'static str,
    begun: i64,
    reached: Mark,
    /// New workers, and whether each was seen to serve.
    fresh: BTreeMap<Identity, bool>,
    lost: usize,
    steady: Option<(i64, BTreeSet<Identity>)>,
    away_since: Option<i64>,
    told: Option<(usize, usize)>,
    events: Vec<String>,
}

impl Renewal {
    /// Begins from the look just before the signal; `None`: the plan restarts nobody in this shape.
    pub fn new(plan: &Plan, census: &Census) -> Option<Self> {
        let way = plan.way.filter(|_| plan.expect == Expect::Renewed)?;
        let (app, master) = census.master(plan.target)?;
        let (app, master) = (census.app(&app.id)?, master);
        Some(Self {
            app: plan.app.clone(),
            app_name: plan.app_name.clone(),
            way,
            target: (plan.target, plan.started),
            old_program: master.process.stat.get().cloned(),
            before: workers(master),
            back: Back::of(app, master, way),
            signal: words::name(plan.signal),
            begun: census.boot_time,
            reached: Mark::Sent,
            fresh: BTreeMap::new(),
            lost: 0,
            steady: None,
            away_since: None,
            told: None,
            events: Vec::new(),
        })
    }

    /// What was newly seen, each once.
    pub fn events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }

    /// One look. `lives`: the process that the signal went to has not ended, whatever the look shows of it.
    pub fn look(&mut self, census: &Census, lives: bool) -> Turn {
        let Some(master) = living(census, self.target) else { return self.not_seen(census, lives) };
        self.away_since = None;
        let now = workers(master);
        self.count(master, &now);
        if self.lost >= LOST {
            return Turn::Failed(self.respawns(census, master));
        }
        let mark = match self.way {
            Way::Rolling => self.rolled(census, master, &now),
            _ => self.renewed(census, master, &now),
        };
        self.tell(master, &now, mark);
        self.reached = self.reached.max(mark);
        Turn::At(self.reached)
    }

    /// While a process becomes another program it has no command line for a moment, and a look takes it for nobody's.
    fn not_seen(&mut self, census: &Census, lives: bool) -> Turn {
        let since = *self.away_since.get_or_insert(census.boot_time);
        let long = census.boot_time.saturating_sub(since) >= AWAY;
        if lives || (!long && census.master(self.target.0).is_some()) {
            return Turn::At(self.reached);
        }
        let pid = self.target.0;
        Turn::Failed(format!(
            "{pid} ended {} after {}. {}. Way back: {}",
            words::seconds(self.since(census)),
            self.signal,
            self.who_serves(census),
            self.back.once_it_ended()
        ))
    }

    /// Which new workers came, began to serve, and ended before they did.
    fn count(&mut self, master: &Master, now: &BTreeSet<Identity>) {
        for worker in master.workers_alive() {
            let identity = worker.process.identity();
            if !self.before.contains(&identity) {
                let served = self.fresh.entry(identity).or_insert(false);
                *served |= worker.serves.get() == Some(&true);
            }
        }
        let gone: Vec<Identity> =
            self.fresh.keys().filter(|identity| !now.contains(identity)).copied().collect();
        for identity in gone {
            if self.fresh.remove(&identity) == Some(false) {
                self.lost += 1;
            }
        }
    }

    fn renewed(&mut self, census: &Census, master: &Master, now: &BTreeSet<Identity>) -> Mark {
        let left = now.is_disjoint(&self.before);
        let words = master.process.command_line.get().map_or(0, |line| line.words.raw().len());
        if !self.executed(master, words, now) {
            let begins = left && !self.before.is_empty();
            return if begins { Mark::Left } else { Mark::Sent };
        }
        if words > 1 {
            return Mark::Executed;
        }
        let who = if master.serves_alone == Some(true) {
            BTreeSet::from([self.target])
        } else {
            now.clone()
        };
        let all = left && master.phase == Phase::Ready && self.all_serve(master, now);
        if self.is_steady(census, all.then_some(who)) { Mark::Serves } else { Mark::Titled }
    }

    /// A program that was executed has other addresses than the one before it; where these are hidden, its command line
    /// or its workers show it.
    fn executed(&self, master: &Master, words: usize, now: &BTreeSet<Identity>) -> bool {
        let block = |stat: Option<&Stat>| stat.and_then(|stat| stat.block);
        let blocks = block(self.old_program.as_ref()).zip(block(master.process.stat.get()));
        if let Some((then, is)) = blocks {
            return then != is;
        }
        let fresh = !now.is_empty() && now.is_disjoint(&self.before);
        words > 1 || (fresh && !self.before.is_empty()) || self.reached >= Mark::Executed
    }

    fn rolled(&mut self, census: &Census, master: &Master, now: &BTreeSet<Identity>) -> Mark {
        if self.before.is_subset(now) && !self.before.is_empty() {
            return self.reached;
        }
        let all = now.is_disjoint(&self.before) && self.all_serve(master, now);
        if self.is_steady(census, all.then(|| now.clone())) { Mark::Serves } else { Mark::Left }
    }

    /// Whether there are as many as there should be, and none is seen to load the app still.
    fn all_serve(&self, master: &Master, now: &BTreeSet<Identity>) -> bool {
        if master.serves_alone == Some(true) {
            return true;
        }
        let set = master.workers_wanted().and_then(|wanted| usize::try_from(wanted).ok());
        let wanted = match self.way {
            // Workers that were added by hand stay as many.
            Way::Rolling => self.before.len().max(set.unwrap_or(0)),
            _ => set.unwrap_or(self.before.len()),
        }
        .max(1);
        now.len() >= wanted && master.workers_alive().all(Worker::may_answer)
    }

    /// Whether those who serve were the same long enough.
    fn is_steady(&mut self, census: &Census, who: Option<BTreeSet<Identity>>) -> bool {
        match (&self.steady, who) {
            (_, None) => {
                self.steady = None;
                false
            }
            (Some((since, then)), Some(who)) if *then == who => {
                census.boot_time.saturating_sub(*since) >= STEADY
            }
            (_, Some(who)) => {
                self.steady = Some((census.boot_time, who));
                false
            }
        }
    }

    fn tell(&mut self, master: &Master, now: &BTreeSet<Identity>, mark: Mark) {
        let pid = self.target.0;
        if mark > self.reached && self.way != Way::Rolling {
            match mark {
                Mark::Left => self.events.push(format!("the workers of {pid} left")),
                Mark::Executed => self.events.push(format!("{pid} runs another program")),
                Mark::Titled => self.events.push(format!("{pid} has its title again")),
                Mark::Sent | Mark::Serves => {}
            }
        }
        let fresh = now.difference(&self.before).count();
        let serve = master
            .workers_alive()
            .filter(|w| !self.before.contains(&w.process.identity()) && w.may_answer())
            .count();
        let news = (serve, self.before.intersection(now).count());
        if fresh > 0 && self.told != Some(news) && serve > 0 {
            let left = match news.1 {
                0 => String::new(),
                left => format!(", {left} of before are left"),
            };
            self.events.push(format!("{serve} new of {pid} serve{left}"));
            self.told = Some(news);
        }
    }

    /// What it starts does not come up: it starts it again and again.
    fn respawns(&self, census: &Census, master: &Master) -> String {
        let pid = self.target.0;
        let old =
            master.workers_alive().filter(|w| self.before.contains(&w.process.identity())).count();
        let stands = match old {
            0 => "none of before is left".to_owned(),
            left => format!("{left} of {} of before are left", words::workers(self.before.len())),
        };
        format!(
            "{pid} starts workers that end before they serve, again and again; {stands}. {}. \
             It does not end by itself. Way back: {}",
            self.who_serves(census),
            self.back.while_it_lives()
        )
    }

    fn since(&self, census: &Census) -> Duration {
        let passed = census.boot_time.saturating_sub(self.begun);
        Duration::from_nanos(u64::try_from(passed).unwrap_or(0))
    }

    /// Who serves, a sentence.
    pub fn who_serves(&self, census: &Census) -> String {
        who_serves(census, &self.app, &self.app_name)
    }

    /// The words for a restart that came true.
    pub fn completed(&self, census: &Census) -> String {
        let pid = self.target.0;
        let Some(master) = living(census, self.target) else { return self.who_serves(census) };
        let count = master.workers_alive().count();
        let with = match count {
            0 => String::new(),
            _ => format!(" with {}, all new", words::workers(count)),
        };
        let release = master.release.get().and_then(Option::as_deref);
        let release = release.map_or_else(String::new, |release| format!(", {release}"));
        format!("{pid} serves{with}{release}, after {}", words::seconds(self.since(census)))
    }

    /// What of it is not the release that `current` names.
    pub fn off_release(&self, census: &Census) -> Option<String> {
        let (app, master) = census.master(self.target.0)?;
        let current = app.layout.get()?.as_ref()?.current_release()?;
        let of_workers = master.workers_alive().map(|w| (w.process.pid, &w.release));
        let mut all = of_workers.chain([(master.process.pid, &master.release)]);
        all.find_map(|(pid, release)| {
            let runs = release.get()?.as_deref()?;
            (runs != current).then(|| format!("{pid} runs {runs}, and current names {current}"))
        })
    }

    /// What stands when its time is over.
    pub fn overdue(&self, census: &Census, bound: Duration) -> String {
        let pid = self.target.0;
        let bound = bound.as_secs();
        let what = match (self.reached, living(census, self.target)) {
            (_, None) => format!("{pid} was not seen as a server any more within {bound} s"),
            (Mark::Sent, _) => format!("{pid} shows nothing of {} after {bound} s", self.signal),
            (Mark::Left, Some(master)) if self.way == Way::Rolling => {
                let left = workers(master).intersection(&self.before).count();
                format!("{left} workers of {pid} of before are not replaced after {bound} s")
            }
            (Mark::Left, _) => format!("{pid} runs its old program still after {bound} s"),
            (Mark::Executed, _) => format!("{pid} has no title again after {bound} s"),
            (Mark::Titled | Mark::Serves, _) => {
                format!("{pid} does not serve with workers that stay after {bound} s")
            }
        };
        let back = self.back.while_it_lives();
        format!("{what}. {}. Way back: {back}", self.who_serves(census))
    }
}
