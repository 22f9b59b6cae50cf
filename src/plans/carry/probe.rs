//! The step that asks the app itself: a worker of the new master has to answer one request.

use std::time::Duration;

use super::super::course::{Step, doors};
use super::super::{Event, Outcome};
use super::Carrying;
use crate::os::{Hands, Pid, Probe, Probed};

/// How long one request may take.
const PROBE_WITHIN: Duration = Duration::from_secs(10);

/// What came of one request.
pub(super) enum Heard {
    /// It was answered below 500.
    Well {
        /// The worker.
        by: Pid,
        /// The status.
        status: u16,
    },
    /// It was not, in words.
    Ill(String),
    /// Another process took it, or nobody could be asked.
    Nothing,
}

/// Asks once.
pub(super) fn ask(probe: Option<Probe>, hands: &mut dyn Hands) -> Heard {
    let Some(probe) = probe else { return Heard::Nothing };
    let path = &probe.path;
    match hands.probe(&probe, PROBE_WITHIN) {
        Ok(Probed::Answered { by, status }) if status < 500 => Heard::Well { by, status },
        Ok(Probed::Answered { by, status }) => {
            Heard::Ill(format!("{by} answered {path} with {status}"))
        }
        Ok(Probed::Hung { by }) => Heard::Ill(format!("{by} closed {path} unanswered")),
        Ok(Probed::Elsewhere) => Heard::Nothing,
        Err(why) => Heard::Ill(format!("{path} was not answered: {why}")),
    }
}

impl Carrying<'_, '_> {
    /// Asks through a listener until a worker of the new master answers below 500. Both generations accept there, so
    /// most of the requests may be taken by the other one.
    pub(super) fn probe(&mut self, step: &Step) -> Option<Outcome> {
        let path = self.course.probe.as_deref()?;
        let within = self.terms.within.unwrap_or(step.within);
        let (mut waited, begun) = (Duration::ZERO, self.census.boot_time);
        let mut last = "no worker of the new master took a request".to_owned();
        while waited < within {
            match ask(self.request(path), self.hands) {
                Heard::Well { by, status } => {
                    let words =
                        format!("{by}, a worker of the new master, answered {path}: {status}");
                    let _ = (self.helm.tell)(Event::Seen(words));
                    return None;
                }
                Heard::Ill(words) => last = words,
                Heard::Nothing => {}
            }
            match self.look_on(waited, begun, within) {
                Ok(so_far) => waited = so_far,
                Err(outcome) => return Some(outcome),
            }
        }
        let stands = self.follow.position(&self.census);
        Some(self.by_service(format!("{last}. {stands}. {}", step.way_back)))
    }

    /// The request, through the first listener that the new master holds.
    fn request(&self, path: &str) -> Option<Probe> {
        let new = self.follow.new_master()?;
        let app = self.census.app(&self.course.app)?;
        let (_, door) = doors(app).find(|(listener, _)| listener.masters.contains(&new))?;
        let by = app.master(new)?.workers_alive().map(|worker| worker.process.pid).collect();
        Some(Probe { door, path: path.to_owned(), by })
    }
}
