//! `farrier watch --format json`: `farrier.watch/1`, one object a line, the verdict last.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::VERSION;
use crate::model::AppId;
use crate::model::history::Event;

/// The document's name.
pub const SCHEMA: &str = "farrier.watch/1";

/// One line: something that happened, or the verdict.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// `farrier.watch/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// When the look began that saw it, in UTC, with milliseconds.
    pub at: String,
    /// What happened, by its fixed name; `watching` in the first line, `verdict` in the last.
    pub event: &'static str,
    /// The app's id.
    pub app: String,
    /// The process; null: it is about none.
    pub pid: Option<i32>,
    /// In words.
    pub words: String,
    /// Of the verdict: the status that the command ends with.
    pub status: Option<u8>,
}

impl Line {
    /// The line about an event.
    pub fn event(event: &Event) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            at: moment(event.at),
            event: event.what.name(),
            app: event.app.to_string(),
            pid: event.pid.map(crate::os::Pid::number),
            words: event.words(),
            status: None,
        }
    }

    /// The first line: where it stands.
    pub fn watching(app: &AppId, at: Timestamp, words: &str) -> Self {
        Self { event: "watching", status: None, ..Self::verdict(app, at, words, 0) }
    }

    /// The last line.
    pub fn verdict(app: &AppId, at: Timestamp, words: &str, status: u8) -> Self {
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            at: moment(at),
            event: "verdict",
            app: app.to_string(),
            pid: None,
            words: words.to_owned(),
            status: Some(status),
        }
    }
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
