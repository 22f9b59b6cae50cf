//! Carries out a restart under the same pid: one signal, then looks until it came true, failed, or its time is over.

use std::collections::BTreeSet;
use std::time::Duration;

use super::probe::{self, Heard};
use super::{Helm, came, ends, grave};
use crate::contract::Verdicts;
use crate::model::history::{What, between};
use crate::model::{App, Census, left};
use crate::os::{Hands, Pid, Probe};
use crate::plans::course::{Act, Course, Step, doors};
use crate::plans::pace::{self, LOOK_EVERY};
use crate::plans::procedures::renewal::{Mark, Renewal, Turn};
use crate::plans::runner;
use crate::plans::{Event, Guard, Outcome, Refused, Terms};

/// How long those who serve were the same when it counts.
const LOOKED: &str = "They were the same for 5 s; later was not looked";

struct Walk<'a, 'b, 'g> {
    course: &'a Course,
    terms: &'a Terms,
    hands: &'a mut dyn Hands,
    helm: &'a mut Helm<'b>,
    guard: &'g Guard,
    renewal: Renewal,
    reached: Mark,
    before: BTreeSet<&'static str>,
    listened: Vec<u64>,
    census: Census,
}

/// Carries it out from the guard of its signal on.
pub(super) fn carry(
    course: &Course,
    guard: Guard,
    (census, verdicts): (&Census, &Verdicts),
    terms: &Terms,
    hands: &mut dyn Hands,
    helm: &mut Helm<'_>,
) -> Outcome {
    let known = census.app(&course.app).zip(Renewal::new(&course.first, census));
    let Some((app, renewal)) = known else {
        guard.close(hands);
        let reason = format!("{} is not there any more", course.app_name);
        return Outcome::Refused(Refused::new(reason, "farrier tree shows what is"));
    };
    let master = app.master(course.first.target);
    let mut walk = Walk {
        course,
        terms,
        helm,
        renewal,
        guard: &guard,
        reached: Mark::Sent,
        before: grave(app, verdicts),
        listened: master.and_then(|m| m.listens.get().cloned()).unwrap_or_default(),
        census: census.clone(),
        hands,
    };
    let (sent, outcome) = walk.steps();
    if sent {
        let _ = runner::note(&guard, "result", &outcome.words(), walk.hands);
    }
    let hands = walk.hands;
    guard.close(hands);
    outcome
}

impl Walk<'_, '_, '_> {
    fn steps(&mut self) -> (bool, Outcome) {
        let mut sent = false;
        let course = self.course;
        for (at, step) in course.steps.iter().enumerate() {
            let words =
                format!("{} of {}  {}: {}", at + 1, course.steps.len(), step.name, step.must_see);
            if sent {
                let _ = runner::note(self.guard, "step", &words, self.hands);
            }
            let begins = Event::Step { at, words };
            if step.act != Act::Preflight && (self.helm.tell)(begins).is_break() {
                return (sent, self.broken_off(sent));
            }
            let within = self.terms.within.unwrap_or(step.within);
            let done = match step.act {
                Act::Send(..) => {
                    let went = self.send();
                    sent |= went.is_ok();
                    went
                }
                Act::Come(mark) => self.come(mark, within),
                Act::Probe => self.probe(step, within),
                Act::Settle => self.settle(within),
                _ => Ok(()),
            };
            if let Err(outcome) = done {
                return (sent, outcome);
            }
        }
        (sent, Outcome::Done(format!("{}. {LOOKED}", self.renewal.completed(&self.census))))
    }

    fn send(&mut self) -> Result<(), Outcome> {
        runner::sent(self.guard, self.terms, self.hands, self.helm.look, self.helm.tell).map(|_| ())
    }

    fn come(&mut self, mark: Mark, within: Duration) -> Result<(), Outcome> {
        let (begun, mut waited) = (self.census.boot_time, Duration::ZERO);
        while self.reached < mark {
            waited = self.look_on(waited, begun, within)?;
            if self.reached < mark && waited >= within {
                let words = self.renewal.overdue(&self.census, within);
                return Err(self.by_service(words));
            }
        }
        Ok(())
    }

    /// One look further. Gives back how long it has waited since `begun`.
    fn look_on(
        &mut self,
        waited: Duration,
        begun: i64,
        within: Duration,
    ) -> Result<Duration, Outcome> {
        let pause = pace::pause(waited);
        self.hands.pause(pause);
        let (census, _) = (self.helm.look)();
        let lives = self.hands.verify(self.guard.held()).is_ok();
        if let Some((place, why)) = &census.seen.hidden {
            let words = format!("Nothing can be seen any more: {place}: {why}");
            return Err(Outcome::Interrupted(words));
        }
        let turn = self.renewal.look(&census, lives);
        let mut go_on = true;
        for event in between(&self.census, &census, &self.course.app) {
            // Of workers that come and go its own words tell.
            let of_workers = matches!(
                event.what,
                What::WorkersStarted { .. } | What::WorkersEnded { .. } | What::Reached { .. }
            );
            if !of_workers {
                go_on &= (self.helm.tell)(Event::Happened(event)).is_continue();
            }
        }
        for words in self.renewal.events() {
            go_on &= (self.helm.tell)(Event::Seen(words)).is_continue();
        }
        let waited = pace::so_far(waited, pause, begun, &census);
        self.census = census;
        match turn {
            Turn::At(mark) => self.reached = mark,
            Turn::Failed(words) => return Err(self.by_service(words)),
        }
        go_on &= (self.helm.tell)(Event::Waiting(waited, within)).is_continue();
        if go_on { Ok(waited) } else { Err(self.broken_off(true)) }
    }

    /// A worker has to answer a request: all of them are new.
    fn probe(&mut self, step: &Step, within: Duration) -> Result<(), Outcome> {
        let Some(path) = self.course.probe.clone() else { return Ok(()) };
        let (begun, mut waited) = (self.census.boot_time, Duration::ZERO);
        let mut last = format!("nobody took a request for {path}");
        while waited < within {
            match probe::ask(self.request(&path), self.hands) {
                Heard::Well { by, status } => {
                    let words = format!("{by} answered {path}: {status}");
                    let _ = (self.helm.tell)(Event::Seen(words));
                    return Ok(());
                }
                Heard::Ill(words) => last = words,
                Heard::Nothing => {}
            }
            waited = self.look_on(waited, begun, within)?;
        }
        let serves = self.renewal.who_serves(&self.census);
        Err(self.by_service(format!("{last}. {serves}. Way back: {}", step.way_back)))
    }

    fn request(&self, path: &str) -> Option<Probe> {
        let pid = self.course.first.target;
        let app: &App = self.census.app(&self.course.app)?;
        let (_, door) = doors(app).find(|(listener, _)| listener.masters.contains(&pid))?;
        let master = app.master(pid)?;
        let mut by: Vec<Pid> = master.workers_alive().map(|w| w.process.pid).collect();
        if by.is_empty() {
            by.push(pid);
        }
        Some(Probe { door, path: path.to_owned(), by })
    }

    /// Its release, its listeners, and no finding that was not there before.
    fn settle(&mut self, within: Duration) -> Result<(), Outcome> {
        let mut waited = Duration::ZERO;
        loop {
            let (census, verdicts) = (self.helm.look)();
            let wrong = self.wrong(&census, &verdicts);
            let settled = !verdicts.want_second_look() || waited >= within;
            self.census = census;
            match wrong {
                None if settled => return Ok(()),
                Some(wrong) if waited >= within => return Err(self.by_service(wrong)),
                _ => {}
            }
            self.hands.pause(LOOK_EVERY);
            waited += LOOK_EVERY;
            if (self.helm.tell)(Event::Waiting(waited, within)).is_break() {
                return Err(self.broken_off(true));
            }
        }
    }

    fn wrong(&self, census: &Census, verdicts: &Verdicts) -> Option<String> {
        let pid = self.course.first.target;
        let Some(master) = census.master(pid).map(|(_, master)| master) else {
            return Some(format!("{pid} is not there any more"));
        };
        if !master.may_answer() {
            return Some(format!("{pid} does not serve"));
        }
        if let Some(off) = self.renewal.off_release(census) {
            return Some(off);
        }
        let holds = master.listens.get();
        if holds.is_some_and(|holds| self.listened.iter().any(|inode| !holds.contains(inode))) {
            return Some(format!("{pid} does not hold every listener that it held before"));
        }
        came(&self.course.app, verdicts, &self.before)
    }

    fn by_service(&self, words: String) -> Outcome {
        ends::by_service(&self.census, &self.course.app, words)
    }

    fn broken_off(&self, sent: bool) -> Outcome {
        let how = left::words((self.helm.left)());
        let serves = self.renewal.who_serves(&self.census);
        let on = if sent { ". What was sent cannot be called off" } else { "" };
        Outcome::Interrupted(format!("{how}. {serves}{on}"))
    }
}
