//! Carries a plan out: the gate, the audit line, the one signal, and then looks until what was expected is seen.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::contract::Verdicts;
use crate::model::{Census, history, tried};
use crate::os::{AuditLine, Hands, Refusal};

use super::watch::{Seen, Watch};
use super::{Given, Guard, Outcome, Plan, Refused, guard, outlast, pace, words};

/// On what terms a plan is carried out.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What the operator gave.
    pub given: Given,
    /// How long to wait for what should follow, instead of the plan's own bound.
    pub within: Option<Duration>,
    /// Go on although the audit log takes no line. It is said in any case.
    pub unaudited: bool,
}

/// What is told while a plan is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The signal was sent.
    Sent(String),
    /// A step of a course begins.
    Step {
        /// Which of its steps, from 0.
        at: usize,
        /// `5 of 8  app loads: its title says that it is ready`.
        words: String,
    },
    /// Something was seen, a sentence.
    Seen(String),
    /// Something happened to the app.
    Happened(history::Event),
    /// Something is not as it should be, and it goes on.
    Warning(String),
    /// Nothing new: how long it has waited, and how long it will at most.
    Waiting(Duration, Duration),
}

/// Sends one plan's signal and observes. `look` takes a fresh look; `tell` hears what happens and may break off:
/// then nothing more is watched, which takes nothing back.
pub fn run(
    guard: Guard,
    terms: &Terms,
    hands: &mut dyn Hands,
    look: &mut dyn FnMut() -> (Census, Verdicts),
    tell: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Outcome {
    let outcome = match sent(&guard, terms, hands, look, tell) {
        Err(outcome) => outcome,
        Ok((watch, audited)) => {
            let outcome = observe(watch, &guard, terms, hands, look, tell);
            let written = audited
                && match &outcome {
                    Outcome::Done(words)
                    | Outcome::NotSeen(words)
                    | Outcome::NothingServes(words)
                    | Outcome::Interrupted(words) => note(&guard, "result", words, hands).is_ok(),
                    Outcome::Refused(_) | Outcome::Unaudited(_) => true,
                };
            if written { outcome } else { outcome.with("The audit log has no line of it") }
        }
    };
    guard.close(hands);
    outcome
}

/// Passes the gate, writes the intent and sends. Gives back the watch, which saw the app just before,
/// and whether the audit log took the line.
pub(super) fn sent(
    guard: &Guard,
    terms: &Terms,
    hands: &mut dyn Hands,
    look: &mut dyn FnMut() -> (Census, Verdicts),
    tell: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Result<(Watch, bool), Outcome> {
    let plan = guard.plan();
    guard.satisfied(&terms.given).map_err(Outcome::Refused)?;
    let (census, verdicts) = look();
    guard.stands(&census, &verdicts, hands).map_err(Outcome::Refused)?;
    let audited =
        match note(guard, "intent", &tried::words(&plan.title, plan.tries.as_deref()), hands) {
            Ok(()) => true,
            Err(why) if terms.unaudited => {
                let _ = tell(Event::Warning(format!("The audit log took no line: {why}")));
                false
            }
            Err(why) => {
                return Err(Outcome::Unaudited(Refused::new(
                    format!("the audit log took no line: {why}"),
                    "confirm that it goes on without one",
                )));
            }
        };
    // The audit log may have taken its time: the identity is read once more, the signal goes by the pidfd.
    hands
        .send(guard.held(), plan.signal)
        .map_err(|refusal| sending_refused(plan, &refusal))
        .inspect_err(|refused| {
            let _ = note(guard, "result", &format!("not sent: {refused}"), hands);
        })
        .map_err(Outcome::Refused)?;
    let watch = Watch::new(plan, &census);
    let name = words::name(plan.signal);
    let words = format!("{name} went to {} at {}", plan.target, census.clock(census.taken_at));
    let _ = tell(Event::Sent(words));
    Ok((watch, audited))
}

fn sending_refused(plan: &Plan, refusal: &Refusal) -> Refused {
    match refusal {
        Refusal::Gone => Refused::new(
            format!("{} ended before the signal", plan.target),
            "farrier tree shows what is left",
        ),
        other => guard::not_held(plan, other),
    }
}

/// Looks until the expectation holds, its time is over, or the listener breaks off.
fn observe(
    mut watch: Watch,
    guard: &Guard,
    terms: &Terms,
    hands: &mut dyn Hands,
    look: &mut dyn FnMut() -> (Census, Verdicts),
    tell: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Outcome {
    let plan = guard.plan();
    let within = terms.within.unwrap_or(plan.within);
    let mut waited = Duration::ZERO;
    loop {
        let pause = pace::pause(waited);
        hands.pause(pause);
        let (census, _) = look();
        waited = pace::so_far(waited, pause, watch.sent_boot, &census);
        // A dying process has lost its title already and passes for nobody's; the one that is held knows.
        let lives = hands.verify(guard.held()).is_ok();
        let seen = watch.look(&census, lives);
        for words in watch.events() {
            if tell(Event::Seen(words)).is_break() {
                return Outcome::Interrupted(watch.stands(&census, "was not watched further"));
            }
        }
        match seen {
            Seen::Done(words) => return outlast::look_on(plan, words, hands, look, tell),
            Seen::Failed(words) => return watch.verdict(&census, words),
            Seen::Hidden(why) => {
                return Outcome::Interrupted(format!(
                    "{} took {}; what followed cannot be seen: {why}",
                    plan.target,
                    words::name(plan.signal)
                ));
            }
            Seen::NotYet if waited >= within => {
                let words = watch.overdue(&census, within);
                return watch.verdict(&census, words);
            }
            Seen::NotYet => {}
        }
        if tell(Event::Waiting(waited, within)).is_break() {
            return Outcome::Interrupted(watch.stands(&census, "was not watched further"));
        }
    }
}

pub(super) fn note(
    guard: &Guard,
    stage: &str,
    words: &str,
    hands: &mut dyn Hands,
) -> Result<(), Refusal> {
    hands.note(&AuditLine {
        stage: stage.into(),
        signal: words::name(guard.plan().signal).into(),
        token: guard.token().clone(),
        app: guard.plan().app.0.clone(),
        words: words.into(),
    })
}

impl Outcome {
    /// The same with one more sentence.
    fn with(self, more: &str) -> Self {
        let add = |words: String| format!("{words}. {more}");
        match self {
            Self::Done(words) => Self::Done(add(words)),
            Self::NotSeen(words) => Self::NotSeen(add(words)),
            Self::NothingServes(words) => Self::NothingServes(add(words)),
            Self::Interrupted(words) => Self::Interrupted(add(words)),
            Self::Refused(_) | Self::Unaudited(_) => self,
        }
    }
}
