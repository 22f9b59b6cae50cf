//! What a log says of a handover that is followed: only what was written since it began.

use super::Follow;
use crate::model::log::{Entry, Said};
use crate::model::{App, Census, Log, Master};

impl Follow {
    /// What the log says since this handover's execution was logged: its last error, with its place.
    pub(super) fn reason(&self, census: &Census) -> Option<String> {
        let log = app_log(census.app(&self.app)?)?;
        let since = self.since_then(log);
        let executes = |entry: &Entry| matches!(entry.said, Said::Executing { .. });
        // What fails at chdir ends before it logs that it executes.
        let ended = |entry: &Entry| matches!(entry.said, Said::Ended { .. });
        let at =
            since.iter().rposition(executes).or_else(|| since.iter().any(ended).then_some(0))?;
        since.iter().skip(at).rev().find_map(|entry| match &entry.said {
            Said::Error(text) => Some(format!("{}: {text}", log.place(entry))),
            _ => None,
        })
    }

    /// What the log says since this handover began.
    fn since_then<'l>(&self, log: &'l Log) -> &'l [Entry] {
        let Some(last) = &self.log_before else { return &log.entries };
        let same = |entry: &Entry| {
            (&entry.time, &entry.writer, &entry.said) == (&last.time, &last.writer, &last.said)
        };
        let at = log.entries.iter().rposition(same).map_or(0, |at| at + 1);
        log.entries.get(at..).unwrap_or_default()
    }

    /// What the old master, by its own number, logged of a re-execution that nobody saw: it refused it, or it reaped it
    /// already.
    pub(super) fn told_by_log(&self, census: &Census, own: i32) -> Option<String> {
        let log = app_log(census.app(&self.app)?)?;
        let own = |entry: &&Entry| entry.writer == Some(own);
        self.since_then(log).iter().filter(own).find_map(|entry| match &entry.said {
            Said::Refused(why) => {
                Some(format!("USR2 was refused, {} says: {why}", log.place(entry)))
            }
            Said::Ended { pid, how } => Some(format!("its re-execution {pid} ended: {how}")),
            _ => None,
        })
    }
}

/// The end of the log of an app's masters.
fn app_log(app: &App) -> Option<&Log> {
    app.living_masters().find_map(|master| master.log.get()?.as_ref())
}

/// What the log ends with, where no new master is on its way yet; else what stands before its execution.
pub(super) fn before(app: &App, new: Option<&Master>) -> Option<Entry> {
    let entries = &app_log(app)?.entries;
    let executes = |entry: &Entry| matches!(entry.said, Said::Executing { .. });
    let end = match new {
        None => entries.len(),
        Some(_) => entries.iter().rposition(executes).unwrap_or(entries.len()),
    };
    entries.get(..end)?.last().cloned()
}
