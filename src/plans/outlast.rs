//! What follows the end of a master: whoever kept it up gets his turn before success is told.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::contract::Verdicts;
use crate::model::takeover::takeover;
use crate::model::{Census, Master};
use crate::os::Hands;

use super::pace::LOOK_EVERY;
use super::stands::{serving_all, who_serves};
use super::{Case, CheckState, Event, Outcome, Plan, next, words};

/// How long a supervisor or a launcher takes until it reacts: most look each second, or each few.
const DELAY: Duration = Duration::from_secs(5);
/// The longest that is waited for it.
const MOST: Duration = Duration::from_secs(60);
/// How long nobody has to serve before that counts: a look may fall between two processes.
const AWAY: Duration = Duration::from_secs(1);

impl Case<'_> {
    /// How long to look on when this master has ended; nothing where nobody follows it.
    pub(super) fn outlast(&self, master: &Master) -> Duration {
        let state = match &master.supervisor.value {
            Ok(by) => next::supervisor::when_it_ends(self.app, master, by).0,
            Err(_) => CheckState::Blind,
        };
        if state == CheckState::Holds {
            return Duration::ZERO;
        }
        let told = takeover(self.app, self.census)
            .filter(|told| told.master.process.pid == master.process.pid);
        let boot = told.and_then(|told| Some(told.ready?.duration_since(told.began).as_secs()));
        at_most(boot.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0))
    }
}

/// The same once the new master has shown how long it takes to be ready: its workers came then.
pub(super) fn with_boot(planned: Duration, new: &Master) -> Duration {
    let oldest = new.workers_alive().filter_map(|w| w.process.age.get()).max();
    let boot = new.process.age.get().zip(oldest).map_or(0, |(age, of)| age.saturating_sub(*of));
    if planned.is_zero() { planned } else { planned.max(at_most(boot)) }
}

fn at_most(boot: u64) -> Duration {
    (DELAY + Duration::from_secs(boot)).min(MOST)
}

/// What is said of it in the end.
pub(super) fn told(looked: Duration) -> String {
    format!(
        "What kept the old master up was given {}; later was not looked",
        words::seconds(looked)
    )
}

/// Looks on after a plan came true, as long as it says: it still has to be served then.
pub(super) fn look_on(
    plan: &Plan,
    done: String,
    hands: &mut dyn Hands,
    look: &mut dyn FnMut() -> (Census, Verdicts),
    tell: &mut dyn FnMut(Event) -> ControlFlow<()>,
) -> Outcome {
    let (mut waited, mut away) = (Duration::ZERO, Duration::ZERO);
    while waited < plan.outlast {
        hands.pause(LOOK_EVERY);
        waited += LOOK_EVERY;
        let (census, _) = look();
        if serving_all(&census, &plan.app).is_empty() {
            away += LOOK_EVERY;
        } else {
            away = Duration::ZERO;
        }
        if away >= AWAY {
            let serves = who_serves(&census, &plan.app, &plan.app_name);
            return Outcome::NothingServes(format!(
                "{done}. {serves} {} later",
                words::seconds(waited)
            ));
        }
        if tell(Event::Waiting(waited, plan.outlast)).is_break() {
            return Outcome::Interrupted(format!("{done}. It was not looked on"));
        }
    }
    Outcome::Done(match plan.outlast {
        Duration::ZERO => done,
        looked => format!("{done}. {}", told(looked)),
    })
}
