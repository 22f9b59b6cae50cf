//! What stands in the pidfile that USR2 renames to the oldbin: hooks and scripts signal whatever it names then. 0, of an
//! empty file, is the whole process group of the one that signals.

use crate::contract::quote;
use crate::model::{Master, PidfileKind, PidfileState};
use crate::rules::usr2::{Holds, renamed};

use super::check::{blind, holds, needed, stops, unseen, warns};
use super::{Case, Plan};

impl Case<'_> {
    /// Whether the pidfile of the receiver holds the number of the receiver.
    pub(super) fn pidfile(&self, master: &Master, plan: &mut Plan) {
        const WHAT: &str = "pidfile-content";
        let (pid, number) = (master.process.pid, master.process.own_number());
        let Some(renamed) = renamed(self.app, master) else {
            // Without a pidfile nothing is renamed: the lines of NEXT say so.
            if master.pidfile.get().is_none_or(Option::is_some) {
                let words = format!("what the pidfile of {pid} holds is not known");
                plan.checks.push(match master.pidfile.lack() {
                    Some(lack) => needed(WHAT, format!("{words}: {lack}"), lack),
                    None => blind(WHAT, words),
                });
            }
            return;
        };
        let name = self.app.short(renamed.path);
        let against = renamed.against(self.app, master);
        plan.checks.push(match (&renamed.holds, against) {
            (_, Some(what)) => {
                let path = quote::seen_by(&master.process, renamed.path);
                let words = format!(
                    "{what}, and hooks would signal that; first, as its user: echo {number} > {path}"
                );
                stops(WHAT, words)
            }
            (Holds::Unseen(lack), None) => {
                needed(WHAT, format!("{name}, not seen: {lack}"), lack)
            }
            (Holds::Missing, None) => {
                warns(WHAT, format!("{name} is not there: {pid} writes its oldbin anew"))
            }
            (Holds::Own | Holds::Other(_), None) => {
                holds(WHAT, format!("{name} holds {number}, the number of the receiver"))
            }
        });
    }

    /// Whether a hook that runs at each fork would find an oldbin that names no master of the app: what is left of an
    /// upgrade that ended otherwise than it should.
    pub(super) fn left_oldbin(&self, master: &Master, plan: &mut Plan) {
        if master.hook_retires() == Some(false) {
            return;
        }
        for file in self.app.pidfiles.iter().filter(|file| file.kind == PidfileKind::Oldbin) {
            let path = &file.path;
            let what = match &file.state.value {
                // Whoever looks for it waits as long: a hook in the master itself.
                Err(lack) if unseen(lack).stops() => {
                    let words = format!("{}, not seen: {lack}", self.app.short(path));
                    plan.checks.push(needed("oldbin-content", words, lack));
                    continue;
                }
                Ok(PidfileState::Garbled(what)) => format!("holds no pid: {what}"),
                Ok(PidfileState::Foreign(who)) => format!("names a stranger: {who}"),
                _ => continue,
            };
            let rm = format!("first: rm {}", quote::of_app(self.app, path));
            plan.checks.push(stops(
                "oldbin-content",
                format!(
                    "{} {what}: a hook would signal that when a worker is forked; {rm}",
                    self.app.short(path)
                ),
            ));
        }
    }
}
