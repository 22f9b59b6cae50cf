//! The gatherer: looks at the machine every second, and more rarely when a look takes longer than that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::history::Played;
use super::place::Identity;
use super::rehearsal::Script;
use crate::contract::Verdicts;
use crate::facts::opens::{Opens, opens};
use crate::facts::{Fact, Lack};
use crate::model::{Census, Process};
use crate::os::terminal::Watch;
use crate::os::{Pid, Source};
use crate::rules::judge;
use crate::survey::{Surveyor, Wish};

/// The longest time between two looks.
const SLOWEST: Duration = Duration::from_secs(10);
/// A rule that compares two looks wants them about a second apart, nanoseconds.
const APART: i64 = 900_000_000;
/// How often proportional set sizes are read: they are dear.
const MEMORY_EVERY: Duration = Duration::from_secs(30);

/// What the gatherer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Look now.
    LookNow,
    /// Read at each look what these processes have open and mapped.
    Focus(Vec<Pid>),
    /// Look only when it is asked for, or go on.
    Stand(bool),
    /// Go on in a rehearsal, although what it waits for was not done.
    GoOn,
    /// Look no more often than this: the terminal is slow.
    NoFasterThan(Duration),
}

/// Takes looks at one machine and keeps what a rule needs of the look before.
pub struct Looker {
    source: Box<dyn Source + Send>,
    surveyor: Surveyor,
    wish: Wish,
    ignore: Vec<String>,
    before: Option<Arc<Census>>,
    /// The look before, and what the rules said to it.
    last: Option<(Arc<Census>, Arc<Verdicts>)>,
    looked: bool,
    sizes: BTreeMap<Identity, Fact<u64>>,
    sized: Option<Duration>,
    watch: Watch,
}

impl Looker {
    /// One that has not looked yet, and leaves these rules unasked.
    pub fn new(source: Box<dyn Source + Send>, wish: Wish, ignore: Vec<String>) -> Self {
        Self {
            source,
            surveyor: Surveyor::default(),
            wish,
            ignore,
            before: None,
            last: None,
            looked: false,
            sizes: BTreeMap::new(),
            sized: None,
            watch: Watch::start(),
        }
    }

    /// Looks, and asks the rules.
    pub fn look(&mut self) -> (Arc<Census>, Arc<Verdicts>) {
        let now = self.watch.elapsed();
        // The first look is for the eye: sizes come with the second.
        let first = !std::mem::replace(&mut self.looked, true);
        if !first {
            self.source.next_look();
        }
        let due = self.sized.is_none_or(|sized| now.saturating_sub(sized) >= MEMORY_EVERY);
        // What a recording holds costs nothing.
        let memory = self.wish.memory || due && !first;
        let wish = Wish { memory, live: self.wish.live || !first, ..self.wish.clone() };
        let mut census = self.surveyor.look(&*self.source, &wish);
        if memory {
            self.sized = Some(now);
        }
        self.keep_sizes(&mut census);
        if let Some((last, _)) = &self.last {
            census.join(last);
        }
        let mut verdicts = judge(&census, self.before.as_deref());
        verdicts.0.retain(|answered| !self.ignore.iter().any(|name| name == answered.rule));
        let census = Arc::new(census);
        let said = self.last.take().map(|(_, said)| said).filter(|said| **said == verdicts);
        let verdicts = said.unwrap_or_else(|| Arc::new(verdicts));
        self.last = Some((Arc::clone(&census), Arc::clone(&verdicts)));
        // A rule that compares two looks wants them a second apart.
        let old = self
            .before
            .as_ref()
            .is_none_or(|before| census.boot_time.saturating_sub(before.boot_time) >= APART);
        if old {
            self.before = Some(Arc::clone(&census));
        }
        (census, verdicts)
    }

    /// Sizes stand until they are read again, and while they differ by less than three in a hundred.
    fn keep_sizes(&mut self, census: &mut Census) {
        let mut kept = BTreeMap::new();
        for process in processes(census) {
            let identity = process.identity();
            let before = self.sizes.get(&identity);
            let size = match (&process.pss.value, before) {
                (Err(Lack::NotAsked), Some(before)) => before.clone(),
                (Ok(now), Some(Fact { value: Ok(was), .. }))
                    if now.abs_diff(*was) * 100 < was * 3 =>
                {
                    Fact::known(process.pss.place.clone(), *was)
                }
                _ => process.pss.clone(),
            };
            process.pss = size.clone();
            if size.lack() != Some(&Lack::NotAsked) {
                kept.insert(identity, size);
            }
        }
        self.sizes = kept;
    }
}

fn processes(census: &mut Census) -> impl Iterator<Item = &mut Process> {
    census.apps.iter_mut().flat_map(|app| {
        let masters = app.masters.iter_mut().flat_map(|master| {
            std::iter::once(&mut master.process)
                .chain(master.workers.iter_mut().map(|w| &mut w.process))
        });
        masters.chain(app.orphans.iter_mut().map(|worker| &mut worker.process))
    })
}

/// Looks until nobody listens any more, and of a recording as long as it has looks and its script goes on. `came` is
/// given each look, and the time until the next; `opened` what each process in focus has open.
pub fn gather(
    mut looker: Looker,
    wished: Duration,
    (played, script): (Option<Played>, Option<&Script>),
    orders: &Receiver<Order>,
    came: impl Fn(Arc<Census>, Arc<Verdicts>, Duration) -> bool,
    opened: impl Fn(Pid, Result<Opens, Lack>),
) {
    let mut period = wished;
    let mut least = wished;
    let mut focus = Vec::new();
    let (mut stands, mut looks) = (false, 0);
    for _ in 0..played.map_or(0, |played| played.unseen) {
        looker.look();
    }
    let show = |looker: &Looker, focus: &[Pid]| {
        for pid in focus.iter().copied() {
            opened(pid, opens(&*looker.source, pid));
        }
    };
    loop {
        if let Some(script) = script.filter(|_| looks > 0) {
            script.step();
        }
        let watch = Watch::start();
        let (census, verdicts) = looker.look();
        let took = watch.elapsed();
        looks += 1;
        let ended = played.is_some_and(|played| looks >= played.looks);
        if took > period {
            period = (period * 2).min(SLOWEST);
        } else if took * 4 < period && period > wished {
            period = (period / 2).max(wished);
        }
        let next = period.max(least);
        if !came(census, verdicts, next) {
            return;
        }
        show(&looker, &focus);
        let mut wait = next.saturating_sub(took).max(Duration::from_millis(100));
        // The first look has no sizes yet: they come soon after it.
        if looker.sized.is_none() {
            wait = Duration::from_millis(200).min(wait);
        }
        loop {
            let left = wait.saturating_sub(watch.elapsed().saturating_sub(took));
            let waits = script.is_some_and(|script| script.waits_for().is_some());
            let order = if stands || ended || waits {
                orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                orders.recv_timeout(left)
            };
            match order {
                // There is nothing behind the last look of a recording.
                Ok(Order::LookNow) if ended || waits => {}
                Ok(Order::GoOn) => {
                    script.into_iter().for_each(Script::pass);
                }
                Ok(Order::Stand(now)) => stands = now,
                Ok(Order::LookNow) => {
                    looker.surveyor.forget();
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Ok(Order::Focus(pids)) => {
                    focus = pids;
                    show(&looker, &focus);
                }
                Ok(Order::NoFasterThan(bound)) => least = bound,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}
