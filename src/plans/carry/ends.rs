//! How a course ends: the last words, what is let go, and how to go on.

use super::super::outlast;
use super::super::runner;
use super::super::words::seconds;
use super::{Carrying, Outcome};
use crate::contract::quote::farrier;
use crate::model::{AppId, Census, Operation, left};
use crate::plans::course::Whom;
use crate::plans::follow::Stage;
use crate::plans::stands::serving_all;
use std::time::Duration;

impl Carrying<'_, '_> {
    /// The last line of the audit log about the first signal: what came of the whole. Nobody is held any more.
    pub(super) fn closed(&mut self, outcome: Outcome) -> Outcome {
        if let Some(confirmed) = self.confirmed.take() {
            confirmed.close(self.hands);
        }
        if let Some(begun) = self.begun.take() {
            let _ = runner::note(&begun, "result", &outcome.words(), self.hands);
            begun.close(self.hands);
        }
        outcome
    }

    pub(super) fn done(&mut self) -> Outcome {
        let words = match self.course.operation {
            Operation::Rollback => {
                let serves = self.follow.who_serves(&self.census);
                format!("{serves} alone, after {}", seconds(self.follow.since(&self.census)))
            }
            _ => match self.outlast(Whom::New) {
                Duration::ZERO => self.follow.completed(&self.census),
                looked => {
                    format!("{}. {}", self.follow.completed(&self.census), outlast::told(looked))
                }
            },
        };
        Outcome::Done(match &self.course.left {
            Some(left) => format!("{words}. {left}"),
            None => words,
        })
    }

    pub(super) fn by_service(&self, words: String) -> Outcome {
        by_service(&self.census, &self.course.app, words)
    }

    pub(super) fn broken_off(&self) -> Outcome {
        let how = left::words((self.helm.left)());
        Outcome::Interrupted(format!("{how}. {}", self.follow.position(&self.census)))
    }

    /// Something was sent before: a refusal is no refusal of the whole any more, and how to go on is said.
    pub(super) fn after_sending(&mut self, outcome: Outcome) -> Outcome {
        let on = match self.course.operation {
            Operation::Rollback => farrier("rollback", &self.course.app) + " goes on",
            _ if self.stage == Stage::Serves => {
                let id = &self.course.app;
                format!("{} goes on, {} goes back", farrier("upgrade", id), farrier("rollback", id))
            }
            _ => farrier("watch", &self.course.app) + " follows it on",
        };
        match outcome {
            Outcome::Refused(refused) | Outcome::Unaudited(refused) => {
                let (census, _) = (self.helm.look)();
                self.census = census;
                let stands = self.follow.position(&self.census);
                self.by_service(format!("Not sent: {refused}. {}. {stands}", refused.way_out))
            }
            Outcome::Interrupted(words) => Outcome::Interrupted(format!("{words}. {on}")),
            other => other,
        }
    }
}

/// What did not come true, by whether anybody serves the app now.
pub(super) fn by_service(census: &Census, app: &AppId, words: String) -> Outcome {
    if serving_all(census, app).is_empty() {
        Outcome::NothingServes(words)
    } else {
        Outcome::NotSeen(words)
    }
}
