//! Where an app stands after a signal: who serves, and what to say when the expected was not seen.

use std::time::Duration;

use crate::model::{AppId, Census, Phase};
use crate::os::Pid;

use super::watch::{Watch, living};
use super::{Expect, Outcome, words};

impl Watch {
    /// What stands when the time is over.
    pub(super) fn overdue(&self, census: &Census, within: Duration) -> String {
        let (pid, signal, bound) = (self.target.0, self.signal, within.as_secs());
        let left =
            || living(census, self.target).map_or(0, |master| master.workers_alive().count());
        let what = match &self.expect {
            Expect::Ended => {
                format!(
                    "{pid} still lives {bound} s after {signal}, with {}",
                    words::workers(left())
                )
            }
            Expect::NewMaster => match self.child {
                Some(((child, _), Phase::Ready)) => {
                    format!("{child} is ready, but none of its workers stays, after {bound} s")
                }
                Some(((child, _), _)) => format!("{child} still loads after {bound} s"),
                None => format!("no new master of {pid} was seen within {bound} s"),
            },
            Expect::WorkersReplaced => {
                format!("{pid} has workers of before {signal} still, after {bound} s")
            }
            Expect::Workers(wanted) => format!(
                "{pid} has {} after {bound} s, {wanted} were expected",
                words::workers(left())
            ),
            Expect::Renewed => {
                let renewal = self.renewal.as_ref().map(|renewal| renewal.overdue(census, within));
                return renewal.unwrap_or_else(|| self.who_serves(census));
            }
            Expect::Running => format!("{pid} is still stopped {bound} s after {signal}"),
            Expect::Taken => format!("{signal} still waits to be taken by {pid} after {bound} s"),
        };
        let log = match self.expect {
            Expect::NewMaster | Expect::WorkersReplaced | Expect::Workers(_) => self.log_words(),
            _ => String::new(),
        };
        format!("{what}. {}{log}", self.who_serves(census))
    }

    /// Where it stands when nobody watches on.
    pub(super) fn stands(&self, census: &Census, why: &str) -> String {
        format!(
            "{} took {} at {}; what followed {why}. {}",
            self.target.0,
            self.signal,
            census.clock(self.sent_at),
            self.who_serves(census)
        )
    }

    /// The outcome of what did not come true: whether somebody serves decides.
    pub(super) fn verdict(&self, census: &Census, words: String) -> Outcome {
        let somebody = census.apps.iter().any(|app| app.id == self.app)
            && !serving_all(census, &self.app).is_empty();
        if somebody || self.ends_service {
            Outcome::NotSeen(words)
        } else {
            Outcome::NothingServes(words)
        }
    }

    pub(super) fn who_serves(&self, census: &Census) -> String {
        let alone = self.expect == Expect::Ended || self.operation.is_none();
        match serving_all(census, &self.app).as_slice() {
            [one] if alone => format!("{one} serves alone"),
            _ => who_serves(census, &self.app, &self.app_name),
        }
    }

    pub(super) fn log_words(&self) -> String {
        self.log.as_ref().map_or_else(String::new, |log| format!("; {log} says why"))
    }
}

/// Who serves an app, a sentence.
pub(super) fn who_serves(census: &Census, app: &AppId, name: &str) -> String {
    match serving_all(census, app).as_slice() {
        [] => format!("No master of {name} serves"),
        [one] => format!("{one} serves"),
        several => format!("{} serve", words::list(several)),
    }
}

/// Ready masters that may answer: with a worker that runs and has begun to serve, or by themselves.
pub(super) fn serving_all(census: &Census, app: &AppId) -> Vec<Pid> {
    let Some(app) = census.app(app) else { return Vec::new() };
    app.living_masters()
        .filter(|master| master.may_answer())
        .map(|master| master.process.pid)
        .collect()
}

pub(super) fn serving(census: &Census, app: &AppId, without: Pid) -> Vec<Pid> {
    serving_all(census, app).into_iter().filter(|pid| *pid != without).collect()
}
