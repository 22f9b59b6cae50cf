//! The step that asks the app itself: a worker of the new master has to answer one request.

use std::time::Duration;

use super::super::course::{Step, doors};
use super::super::{Event, Outcome};
use super::Carrying;
use crate::os::{Probe, Probed};

/// How long one request may take.
const PROBE_WITHIN: Duration = Duration::from_secs(10);

impl Carrying<'_, '_> {
    /// Asks through a listener until a worker of the new master answers below 500. Both generations accept there, so
    /// most of the requests may be taken by the other one.
    pub(super) fn probe(&mut self, step: &Step) -> Option<Outcome> {
        let path = self.course.probe.as_deref()?;
        let within = self.terms.within.unwrap_or(step.within);
        let (mut waited, begun) = (Duration::ZERO, self.census.boot_time);
        let mut last = "no worker of the new master took a request".to_owned();
        while waited < within {
            match self.request(path).map(|probe| self.hands.probe(&probe, PROBE_WITHIN)) {
                Some(Ok(Probed::Answered { by, status })) if status < 500 => {
                    let words =
                        format!("{by}, a worker of the new master, answered {path}: {status}");
                    let _ = (self.helm.tell)(Event::Seen(words));
                    return None;
                }
                Some(Ok(Probed::Answered { by, status })) => {
                    last = format!("{by} answered {path} with {status}");
                }
                Some(Ok(Probed::Hung { by })) => last = format!("{by} closed {path} unanswered"),
                Some(Ok(Probed::Elsewhere)) | None => {}
                Some(Err(why)) => last = format!("{path} was not answered: {why}"),
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
