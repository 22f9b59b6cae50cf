//! Carries a course out, step by step: each goes on only when the one before it was seen to come true, and
//! nothing that serves is ever taken down for it.

mod ends;
mod meanwhile;
mod probe;
mod same;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::contract::{Severity, Verdict, Verdicts};
use crate::model::{App, AppId, Census, Master, Operation};
use crate::os::own::Leave;
use crate::os::{Hands, Pid};

use super::course::{Act, Course, Step, Whom};
use super::follow::{AWAY, Follow, Stage, Turn};
use super::pace::{self, LOOK_EVERY};
use super::runner;
use super::{Event, Expect, Given, Guard, Outcome, Plan, Refused, Terms, outlast, plan, words};

/// A question to the operator: whether to go on; `None`: he broke off instead of an answer.
pub type Question<'a> = &'a mut dyn FnMut(&str) -> Option<bool>;

/// What the one who carries it out has.
pub struct Helm<'a> {
    /// Takes a fresh look.
    pub look: &'a mut dyn FnMut() -> (Census, Verdicts),
    /// Hears what happens and may break off.
    pub tell: &'a mut dyn FnMut(Event) -> ControlFlow<()>,
    /// Asks whether to go on; `None`: nobody can be asked, so it goes on.
    pub ask: Option<Question<'a>>,
    /// How the operator left, once he did.
    pub left: &'a dyn Fn() -> Leave,
}

struct Carrying<'a, 'b> {
    course: &'a Course,
    terms: &'a Terms,
    hands: &'a mut dyn Hands,
    helm: &'a mut Helm<'b>,
    follow: Follow,
    /// What was found of warning or above before the first signal.
    before: BTreeSet<&'static str>,
    stage: Stage,
    census: Census,
    /// The USR2 that was sent: its process is held until its result is told.
    begun: Option<Guard>,
    /// The signal that was confirmed, until it is sent: its process is held.
    confirmed: Option<Guard>,
    /// What was sent so far, and to whom.
    sent: Vec<(Pid, &'static str)>,
    /// A hook may end the old master by itself.
    hooked: bool,
    /// Since when the old master is in no look while it has not ended, in nanoseconds of boot time.
    dies_since: Option<i64>,
}

/// Carries it out from the guard of its first signal on. `census` is the look that the course was planned on.
pub fn carry(
    course: &Course,
    guard: Guard,
    census: &Census,
    verdicts: &Verdicts,
    terms: &Terms,
    hands: &mut dyn Hands,
    helm: &mut Helm<'_>,
) -> Outcome {
    if course.first.expect == Expect::Renewed {
        return same::carry(course, guard, (census, verdicts), terms, hands, helm);
    }
    let Some(app) = census.app(&course.app) else {
        guard.close(hands);
        let reason = format!("{} is not there any more", course.app_name);
        return Outcome::Refused(Refused::new(reason, "farrier tree shows what is"));
    };
    let mut carrying = Carrying {
        course,
        terms,
        hands,
        helm,
        follow: match course.operation {
            Operation::Upgrade => Follow::new(census, app).of(census, course.first.target),
            _ => Follow::new(census, app),
        },
        before: grave(app, verdicts),
        stage: Stage::Idle,
        census: census.clone(),
        begun: None,
        confirmed: Some(guard),
        sent: Vec::new(),
        dies_since: None,
        hooked: app.master(course.first.target).and_then(Master::hook_retires) != Some(false),
    };
    let outcome = carrying.steps();
    carrying.closed(outcome)
}

impl Carrying<'_, '_> {
    fn steps(&mut self) -> Outcome {
        let mut sent = false;
        let course = self.course;
        for (at, step) in course.steps.iter().enumerate() {
            let words =
                format!("{} of {}  {}: {}", at + 1, course.steps.len(), step.name, step.must_see);
            if let Some(begun) = &self.begun {
                let _ = runner::note(begun, "step", &words, self.hands);
            }
            let begins = Event::Step { at, words };
            if step.act != Act::Preflight && (self.helm.tell)(begins).is_break() {
                let stopped = self.broken_off();
                return if sent { self.after_sending(stopped) } else { stopped };
            }
            let outcome = match step.act {
                Act::Preflight | Act::Come(_) | Act::Settle => None,
                Act::Send(Operation::Upgrade, _) => match self.confirmed.take() {
                    Some(guard) => self.usr2(guard),
                    None => None,
                },
                Act::Send(operation, whom) => {
                    // What was confirmed is one signal to one process; the rest is planned when it is due.
                    let fits = |guard: &mut Guard| guard.plan().operation == Some(operation);
                    let confirmed = self.confirmed.take_if(fits);
                    self.send(operation, whom, confirmed, step.within)
                }
                Act::Await(stage) => self.reach(stage, step),
                Act::Probe => self.probe(step),
                Act::Ask => self.asked(step),
                Act::Retire { by_hook } => self.retire(by_hook, step),
                Act::Verify(whom) => self.verify(whom, step),
            };
            match outcome {
                None => sent |= matches!(step.act, Act::Send(..) | Act::Retire { .. }),
                Some(outcome) if sent => return self.after_sending(outcome),
                Some(outcome) => return outcome,
            }
        }
        self.done()
    }

    /// Sends the first signal of an upgrade; what follows it is followed by the next steps.
    fn usr2(&mut self, guard: Guard) -> Option<Outcome> {
        match runner::sent(&guard, self.terms, self.hands, self.helm.look, self.helm.tell) {
            Ok(_) => {
                self.sent.push((guard.plan().target, words::name(guard.plan().signal)));
                self.begun = Some(guard);
                None
            }
            Err(outcome) => {
                guard.close(self.hands);
                Some(outcome)
            }
        }
    }

    /// One signal as its own operation plans it now. The guard is that of the first signal, which was confirmed.
    fn send(
        &mut self,
        operation: Operation,
        whom: Whom,
        confirmed: Option<Guard>,
        within: Duration,
    ) -> Option<Outcome> {
        let first = confirmed.is_some();
        let guard = match confirmed.map_or_else(|| self.guard(operation, whom), Ok) {
            Ok(guard) => guard,
            Err(refused) => return Some(Outcome::Refused(refused)),
        };
        // What was confirmed by force is the first signal, and nothing that a later step finds.
        let given = if first { self.terms.given.clone() } else { Given::Button };
        let within = self.terms.within.or(Some(within));
        self.sent.push((guard.plan().target, words::name(guard.plan().signal)));
        let terms = Terms { given, within, unaudited: self.terms.unaudited };
        match runner::run(guard, &terms, self.hands, self.helm.look, self.helm.tell) {
            Outcome::Done(words) => {
                let _ = (self.helm.tell)(Event::Seen(words));
                None
            }
            other => Some(other),
        }
    }

    fn guard(&mut self, operation: Operation, whom: Whom) -> Result<Guard, Refused> {
        let (census, verdicts) = (self.helm.look)();
        let gone = || Refused::new("its master is gone", "farrier tree shows what is left");
        let pid = self.pid(whom).ok_or_else(gone)?;
        let (app, _) = census.master(pid).ok_or_else(gone)?;
        let plan = plan(&census, &verdicts, app, Some(pid), operation)?;
        // What follows the old master's end is looked at in the last step.
        let plan = Plan { outlast: Duration::ZERO, ..plan };
        Guard::open(plan, &census, self.hands)
    }

    fn pid(&self, whom: Whom) -> Option<Pid> {
        match whom {
            Whom::Old => self.follow.old(),
            Whom::New => self.follow.new_master(),
        }
    }

    /// Looks until the handover has come this far.
    fn reach(&mut self, stage: Stage, step: &Step) -> Option<Outcome> {
        let reached = self.until(stage, self.terms.within.unwrap_or(step.within));
        if let Err(outcome) = reached {
            return Some(outcome);
        }
        if stage == Stage::Serves
            && let Some(off) = self.follow.off_release(&self.census)
        {
            let stands = self.follow.position(&self.census);
            return Some(Outcome::NotSeen(format!("{off}. {stands}")));
        }
        None
    }

    fn until(&mut self, stage: Stage, within: Duration) -> Result<(), Outcome> {
        let mut waited = Duration::ZERO;
        let begun = self.census.boot_time;
        while self.stage < stage {
            waited = self.look_on(waited, begun, within)?;
            if self.stage < stage && waited >= within {
                let words = self.follow.overdue(&self.census, within);
                return Err(self.by_service(words));
            }
        }
        Ok(())
    }

    /// One look further: what happened is told, and whatever ends the handover ends this. Gives back how long it has
    /// waited since `begun`.
    fn look_on(
        &mut self,
        waited: Duration,
        begun: i64,
        within: Duration,
    ) -> Result<Duration, Outcome> {
        let pause = pace::pause(waited);
        self.hands.pause(pause);
        let (census, _) = (self.helm.look)();
        if self.still_dies(&census) {
            let _ = (self.helm.tell)(Event::Waiting(waited, within));
            return Ok(waited + pause);
        }
        let waited = pace::so_far(waited, pause, begun, &census);
        let (events, turn) = self.follow.look(&census);
        self.census = census;
        let mut go_on = (self.helm.tell)(Event::Waiting(waited, within)).is_continue();
        let foreign = events.iter().find_map(|event| self.unexpected(event));
        for event in events {
            if self.is_own(&event) {
                continue;
            }
            go_on &= (self.helm.tell)(Event::Happened(event)).is_continue();
        }
        match turn {
            Turn::At(at) => self.stage = at,
            Turn::Back(words) => return Err(Outcome::NotSeen(words)),
            Turn::Nobody(words) => return Err(Outcome::NothingServes(words)),
            Turn::Hidden(why) => {
                let words = format!("Nothing can be seen any more: {why}");
                return Err(Outcome::Interrupted(words));
            }
        }
        if let Some(foreign) = foreign {
            return Err(self.stopped_by(&foreign));
        }
        if go_on { Ok(waited) } else { Err(self.broken_off()) }
    }

    fn asked(&mut self, step: &Step) -> Option<Outcome> {
        let old = self.follow.old()?;
        let question = format!("Retire {old}, which cannot be taken back? [retire/stop] ");
        let answer = self.helm.ask.as_mut().map_or(Some(true), |ask| ask(&question));
        // The drain before it took its own looks, and the operator his time.
        self.census = (self.helm.look)().0;
        let position = self.follow.position(&self.census);
        // The answer is the newer confirmation: what was held for the older one is let go.
        if let Some(older) = self.confirmed.take() {
            older.close(self.hands);
        }
        match answer {
            Some(true) => None,
            Some(false) => {
                Some(Outcome::NotSeen(format!("Stopped here. {position}. {}", step.way_back)))
            }
            None => Some(self.broken_off()),
        }
    }

    fn retire(&mut self, by_hook: bool, step: &Step) -> Option<Outcome> {
        if by_hook {
            match self.until(Stage::Alone, step.within) {
                Ok(()) => return None,
                // The hook did not end it in time: QUIT does, and does no harm where it comes second.
                Err(Outcome::NotSeen(_)) if self.stage == Stage::Serves => {}
                Err(other) => return Some(other),
            }
        }
        let old = self.follow.old()?;
        let (census, _) = (self.helm.look)();
        if census.master(old).is_none_or(|(_, master)| master.process.is_dead()) {
            return None;
        }
        let timeout = step.within.max(self.course.first.within);
        self.send(Operation::Retire, Whom::Old, None, timeout)
    }

    /// One master, its listeners, and no finding that was not there before.
    fn verify(&mut self, whom: Whom, step: &Step) -> Option<Outcome> {
        let mut waited = Duration::ZERO;
        loop {
            let (census, verdicts) = (self.helm.look)();
            let wrong = self.wrong(whom, &census, &verdicts);
            let settled = !verdicts.want_second_look() || waited >= step.within;
            self.census = census;
            match wrong {
                None if settled && waited >= self.outlast(whom) => return None,
                Some(wrong) if waited >= step.within => return Some(self.by_service(wrong)),
                _ => {}
            }
            self.hands.pause(LOOK_EVERY);
            waited += LOOK_EVERY;
            if (self.helm.tell)(Event::Waiting(waited, step.within)).is_break() {
                return Some(self.broken_off());
            }
        }
    }

    /// How long to look on, so that whoever kept the old master up has had his turn.
    fn outlast(&self, whom: Whom) -> Duration {
        let stays = self.pid(whom).and_then(|pid| self.census.master(pid));
        let planned = self.course.first.outlast;
        stays.map_or(planned, |(_, master)| outlast::with_boot(planned, master))
    }

    /// What is not as it should be in the end.
    fn wrong(&self, whom: Whom, census: &Census, verdicts: &Verdicts) -> Option<String> {
        let name = &self.course.app_name;
        let Some((stays, app)) = self.pid(whom).zip(census.app(&self.course.app)) else {
            return Some(format!("{name} has no master"));
        };
        let living: Vec<Pid> = app.living_masters().map(|m| m.process.pid).collect();
        if living != [stays] {
            return Some(format!("{stays} is not the only master of {name}"));
        }
        let master = app.master(stays)?;
        if master.workers_alive().next().is_none() {
            return Some(format!("{stays} has no workers"));
        }
        let lost = self.follow.lost(census, master);
        if !lost.is_empty() {
            return Some(format!("{stays} does not hold {}", lost.join(", ")));
        }
        // A rollback leaves current at the newer release, which is a finding by its nature.
        if whom == Whom::Old {
            return None;
        }
        if let Some(off) = self.follow.off_release(census) {
            return Some(off);
        }
        let full = app.listeners.iter().find_map(|listener| {
            let (queued, backlog) = (*listener.queued.get()?, *listener.backlog.get()?);
            let half = u64::from(queued) * 2 > u64::from(backlog);
            half.then(|| format!("{queued} of {backlog} wait at {}", listener.address))
        });
        if full.is_some() {
            return full;
        }
        came(&app.id, verdicts, &self.before)
    }
}

/// A finding of warning or above about an app that was not there before, in words.
fn came(app: &AppId, verdicts: &Verdicts, before: &BTreeSet<&'static str>) -> Option<String> {
    verdicts
        .findings()
        .into_iter()
        .filter(|finding| &finding.app == app && finding.severity != Severity::Info)
        .find(|finding| !before.contains(finding.rule))
        .map(|finding| format!("{} is new: {}", finding.rule, finding.summary))
}

/// The rules that found something of warning or above about an app.
fn grave(app: &App, verdicts: &Verdicts) -> BTreeSet<&'static str> {
    verdicts
        .0
        .iter()
        .filter(|answered| answered.app == app.id)
        .filter(|answered| match &answered.verdict {
            Verdict::Found(findings, _) => findings.iter().any(|f| f.severity != Severity::Info),
            _ => false,
        })
        .map(|answered| answered.rule)
        .collect()
}
