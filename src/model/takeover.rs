//! How the master that serves came to serve: started, or forked by the one before it; as far as its log, its start and
//! the link `current` tell.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::log::{Entry, Said};
use super::{App, Census, Master};
use crate::os::{Root, Text, own};

/// Between a line of a log that has a time and the next that has one: what stands between them happened then.
const NEAR: i64 = 300;
/// A switch of `current` so long before a master's start, in seconds, belongs to its takeover.
const SWITCHED_WITHIN: i64 = 3600;

/// How a master came to serve.
#[derive(Clone, Debug)]
pub struct Takeover<'a> {
    /// The master.
    pub master: &'a Master,
    /// Whether another master forked it, so that nothing stood still meanwhile; `None`: nothing tells.
    pub handed: Option<bool>,
    /// The link was switched for it: to the release that it runs.
    pub switched: Option<Timestamp>,
    /// When it was forked or started.
    pub began: Timestamp,
    /// When its log says that it is ready.
    pub ready: Option<Timestamp>,
    /// When the log says that the master before it ended.
    pub ended: Option<Timestamp>,
}

impl Takeover<'_> {
    /// The first moment of it.
    pub fn from(&self) -> Timestamp {
        self.switched.filter(|at| *at < self.began).unwrap_or(self.began)
    }

    /// The last moment of it that is known.
    pub fn until(&self) -> Timestamp {
        [self.ready, self.ended].into_iter().flatten().max().unwrap_or(self.began)
    }
}

/// How the master came to serve that serves an app now; `None`: there is none, or its start was not read.
pub fn takeover<'a>(app: &'a App, census: &Census) -> Option<Takeover<'a>> {
    let master = app.current_master()?;
    let started = *master.process.started_at.get()?;
    let own = master.process.own_number().number();
    let log = master.log.get().and_then(Option::as_ref);
    let told: Vec<(&Entry, Timestamp)> =
        log.map(|log| steps(&log.entries, master, census)).unwrap_or_default();
    // The pid may have been another's before: what it wrote before it started is not about it.
    let since = told.iter().filter(|(_, at)| at.as_second() >= started.as_second() - 1);
    let by_it = |entry: &Entry| entry.writer == Some(own);
    let executed = since
        .clone()
        .find(|(entry, _)| by_it(entry) && matches!(entry.said, Said::Executing { .. }))
        .map(|(_, at)| *at);
    let ready = since
        .clone()
        .find(|(entry, _)| by_it(entry) && entry.said == Said::Ready)
        .map(|(_, at)| *at);
    // The sockets that a second generation was handed stand in the environment that it was started with.
    let inherits = master
        .beside
        .zip(master.process.environ.get())
        .map(|(beside, environ)| environ.value(beside.sockets).is_some());
    let handed = if executed.is_some() { Some(true) } else { inherits };
    let ended = ready.filter(|_| handed == Some(true)).and_then(|ready| {
        let mut after = since.filter(|(_, at)| *at >= ready);
        let other = |entry: &Entry| entry.writer.is_some() && !by_it(entry);
        after.find(|(entry, _)| other(entry) && entry.said == Said::Complete).map(|(_, at)| *at)
    });
    let began = executed.unwrap_or(started);
    Some(Takeover { master, handed, switched: switched(app, master, began), began, ready, ended })
}

/// The lines of a takeover that have a time.
fn steps<'a>(
    entries: &'a [Entry],
    master: &Master,
    census: &Census,
) -> Vec<(&'a Entry, Timestamp)> {
    let step = |entry: &&Entry| {
        matches!(entry.said, Said::Executing { .. } | Said::Ready | Said::Complete)
    };
    let mut steps = entries.iter().filter(step).peekable();
    let zone = steps.peek().and_then(|_| zone(master, census));
    let at = |entry: &'a Entry| Some((entry, moment(entry.time.as_ref(), zone.as_ref()?)?));
    steps.filter_map(at).collect()
}

/// When `current` was switched to the release that a master runs, if that was for it.
fn switched(app: &App, master: &Master, began: Timestamp) -> Option<Timestamp> {
    let layout = app.layout.get()?.as_ref()?;
    let release = master.release.get()?.as_deref()?;
    let at = *layout.current.switched_at.get()?;
    let before = began.as_second() - at.as_second();
    let near = (0..=SWITCHED_WITHIN).contains(&before);
    (layout.current_release() == Some(release) && near).then_some(at)
}

/// The zone that a master writes its times in; `None`: that is not known.
pub fn zone(master: &Master, census: &Census) -> Option<TimeZone> {
    let name = master.process.hands_on().get().and_then(|environ| environ.value("TZ"));
    match name {
        Some(name) => own::zone_named(&name.to_string()),
        None if master.process.root == Root::Own => Some(census.zone.clone()),
        // What another root has as its own zone was not read; where everything is in UTC that is the same.
        None => (census.zone == TimeZone::UTC).then_some(TimeZone::UTC),
    }
}

/// Each entry with its time. A line without one (an exception that nobody caught) has that of the next line that has
/// one, if the one before it is near.
pub fn timed<'a>(
    entries: &'a [Entry],
    zone: &TimeZone,
) -> impl Iterator<Item = (&'a Entry, Timestamp)> {
    let times: Vec<Option<Timestamp>> =
        entries.iter().map(|entry| moment(entry.time.as_ref(), zone)).collect();
    let at = move |nth: usize| -> Option<Timestamp> {
        if let Some(own) = times.get(nth)? {
            return Some(*own);
        }
        let next = times.iter().skip(nth).flatten().next()?;
        let before = times.iter().take(nth).rev().flatten().next()?;
        (next.as_second() - before.as_second() <= NEAR).then_some(*next)
    };
    entries.iter().enumerate().filter_map(move |(nth, entry)| Some((entry, at(nth)?)))
}

/// The moment of a time as it stands in a line.
pub fn moment(time: Option<&Text>, zone: &TimeZone) -> Option<Timestamp> {
    let civil: DateTime = time?.to_string().parse().ok()?;
    civil.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}
