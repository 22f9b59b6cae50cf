//! What happened, for the time line: what the looks showed since farrier was started, what farrier sent, and what logs,
//! links and start times tell of the time before.

use std::sync::Arc;

use jiff::Timestamp;

use super::place::Identity;
use crate::model::history::{self, What, between};
use crate::model::log::{Entry, Said};
use crate::model::takeover::{timed, zone};
use crate::model::{App, AppId, Census, Master};
use crate::os::Pid;
use crate::show::words::counted;

/// So many moments are kept; the oldest go first.
const KEPT: usize = 900;

/// A live event and a link's own time that are so near tell of one thing.
const SAME: i64 = 30;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The app; `None`: it is about farrier itself.
    pub app: Option<AppId>,
    /// The process that it is about.
    pub process: Option<Identity>,
    /// The release that it is about.
    pub release: Option<String>,
    /// What happened, a sentence.
    pub words: String,
    /// How it is known.
    pub source: String,
    /// One of many that say the same of their own process: it is told only where there is room for all.
    pub minor: bool,
    /// The line of a log that tells it, in words that stay the same whatever became of its writer since.
    pub line: Option<String>,
}

/// All that is remembered.
#[derive(Debug, Default)]
pub struct Chronicle {
    /// The oldest first.
    moments: Vec<Moment>,
    /// How many there were, with those that are not kept any more.
    told: usize,
    before: Option<Arc<Census>>,
    /// The app that farrier itself acts on now: what reaches its masters is told by that.
    pub acting: Option<AppId>,
    /// The look before missed a master: it may have been about to become another program.
    missed: bool,
}

impl Chronicle {
    /// What happened, the oldest first.
    pub fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// How many things happened, with those that are not kept any more.
    pub fn told(&self) -> usize {
        self.told
    }

    /// Takes in a look: what changed since the one before, and what it tells of earlier times.
    pub fn look(&mut self, census: &Arc<Census>, recorded: bool) {
        match self.before.take() {
            None => {
                let words =
                    if recorded { "the recording begins" } else { "farrier was opened" }.to_owned();
                self.farrier(census.taken_at, None, None, words);
                for app in &census.apps {
                    self.started(app);
                }
                self.before = Some(Arc::clone(census));
            }
            Some(before) => {
                // Between two programs a process has no command line, and a look takes it for nobody's. What is
                // missing once is looked for once more.
                let missed = !self.missed && misses(&before, census);
                let blind = census.seen.hidden.is_some();
                self.missed = missed;
                if missed || blind {
                    self.before = Some(before);
                } else {
                    self.compare(&before, census);
                    self.before = Some(Arc::clone(census));
                }
            }
        }
        for app in &census.apps {
            self.deployed(app);
            self.logged(app, census);
        }
        let over = self.moments.len().saturating_sub(KEPT);
        self.moments.drain(..over);
    }

    /// Something that farrier did, or what came of it.
    pub fn farrier(
        &mut self,
        at: Timestamp,
        app: Option<AppId>,
        process: Option<Identity>,
        words: String,
    ) {
        let source = "farrier".into();
        self.put(Moment {
            at,
            app,
            process,
            release: None,
            words,
            source,
            minor: false,
            line: None,
        });
    }

    /// Behind everything that is not later. What is there already is not told twice.
    fn put(&mut self, moment: Moment) {
        let end = self.moments.partition_point(|other| other.at <= moment.at);
        let told = |other: &Moment| {
            let same = match (&other.line, &moment.line) {
                (Some(one), Some(other)) => one == other,
                _ => other.words == moment.words,
            };
            same && other.app == moment.app
        };
        let before = self.moments.get(..end).unwrap_or_default().iter().rev();
        if !before.take_while(|other| other.at == moment.at).any(told) {
            self.moments.insert(end, moment);
            self.told += 1;
        }
    }

    fn compare(&mut self, before: &Census, now: &Census) {
        let new = now.apps.iter().filter(|app| before.app(&app.id).is_none());
        for app in before.apps.iter().chain(new) {
            for event in between(before, now, &app.id) {
                self.event(before, now, event);
            }
        }
    }

    fn event(&mut self, before: &Census, now: &Census, event: history::Event) {
        let then = event.pid.and_then(|pid| before.master(pid));
        let here = event.pid.and_then(|pid| now.master(pid));
        // An app's id may change while its processes go on.
        if let (Some((was, old)), Some((is, new))) = (then, here)
            && was.id != is.id
            && old.process.identity() == new.process.identity()
        {
            return;
        }
        if matches!(event.what, What::Reached { .. }) && self.sent(&event) {
            return;
        }
        // The link's own time is exact: it is told with that.
        if matches!(event.what, What::Switched { .. })
            && let Some(switched) = now.app(&event.app).and_then(switched_at)
            && (event.at.as_second() - switched.as_second()).abs() <= SAME
        {
            return;
        }
        let release = match &event.what {
            What::Switched { to, .. } => Some(to.clone()),
            _ => None,
        };
        let (process, ended) = match (here, then) {
            (Some((_, master)), _) => (Some(master), None),
            (None, then) => (None, then.map(|(_, master)| master.process.identity())),
        };
        self.put(Moment {
            at: event.at,
            process: process.map(|master| master.process.identity()).or(ended),
            release,
            words: event.words(),
            source: event.what.source().into(),
            app: Some(event.app),
            minor: false,
            line: None,
        });
    }

    /// Whether farrier itself sent it, or may have.
    fn sent(&self, event: &history::Event) -> bool {
        let What::Reached { signal, .. } = event.what else { return false };
        let Some(pid) = event.pid else { return false };
        let told = format!("{signal} went to {pid} ");
        let near = |moment: &&Moment| (event.at.as_second() - moment.at.as_second()).abs() <= SAME;
        self.acting.as_ref() == Some(&event.app)
            || self.moments.iter().rev().filter(near).any(|moment| moment.words.starts_with(&told))
    }

    /// When masters started that were there before farrier.
    fn started(&mut self, app: &App) {
        for master in app.living_masters() {
            let Some(at) = master.process.started_at.get() else { continue };
            self.put(Moment {
                at: *at,
                app: Some(app.id.clone()),
                process: Some(master.process.identity()),
                release: None,
                words: format!("{} started", master.process.pid),
                source: "start".into(),
                minor: false,
                line: None,
            });
        }
    }

    /// When releases arrived and `current` was switched.
    fn deployed(&mut self, app: &App) {
        let Some(layout) = app.layout.get().and_then(Option::as_ref) else { return };
        let moment = |at, words, name: &str, source: &str| Moment {
            at,
            app: Some(app.id.clone()),
            process: None,
            release: Some(name.to_owned()),
            words,
            source: source.into(),
            minor: false,
            line: None,
        };
        for release in layout.releases.get().into_iter().flatten() {
            let Some(at) = release.arrived.get() else { continue };
            let words = format!("release {} arrived", release.name);
            // A directory's time moves while it is filled: the first one that was seen stands.
            let told = |other: &Moment| other.words == words && other.app.as_ref() == Some(&app.id);
            if !self.moments.iter().any(told) {
                self.put(moment(*at, words, &release.name, "release"));
            }
        }
        if let (Some(at), Some(name)) = (switched_at(app), layout.current_release()) {
            self.put(moment(at, format!("current now names {name}"), name, "symlink"));
        }
    }

    /// What the logs of an app's masters say.
    fn logged(&mut self, app: &App, census: &Census) {
        let mut read: Vec<&std::path::Path> = Vec::new();
        for master in &app.masters {
            let Some(log) = master.log.get().and_then(Option::as_ref) else { continue };
            let Some(zone) = zone(master, census) else { continue };
            if read.contains(&log.path.as_path()) {
                continue;
            }
            read.push(&log.path);
            let file = app.short(&log.path);
            for (entry, at) in timed(&log.entries, &zone) {
                if at.as_second() > census.taken_at.as_second() + 2 {
                    continue;
                }
                let writer = app.masters.iter().find(|master| is(master, entry.writer));
                let source =
                    if log.whole { format!("{file}:{}", entry.line) } else { file.clone() };
                self.put(Moment {
                    at,
                    app: Some(app.id.clone()),
                    process: writer.map(|master| master.process.identity()),
                    release: None,
                    words: said(app, &log.entries, entry, writer),
                    source,
                    minor: entry.said == Said::WorkerReady,
                    line: Some(format!("{:?} {:?}", entry.writer, entry.said)),
                });
            }
        }
    }
}

/// Whether a master of the look before is not in this one.
fn misses(before: &Census, now: &Census) -> bool {
    before
        .apps
        .iter()
        .flat_map(App::living_masters)
        .any(|master| now.member(master.process.pid).is_none())
}

fn switched_at(app: &App) -> Option<Timestamp> {
    app.layout.get()?.as_ref()?.current.switched_at.get().copied()
}

fn is(master: &Master, writer: Option<i32>) -> bool {
    writer.is_some_and(|number| master.process.own_number().number() == number)
}

/// What a line of a log says, a sentence.
fn said(app: &App, log: &[Entry], entry: &Entry, writer: Option<&Master>) -> String {
    let who = match (writer, entry.writer) {
        (Some(master), _) => master.process.pid.to_string(),
        (None, Some(number)) => number.to_string(),
        (None, None) => "a process".into(),
    };
    match &entry.said {
        Said::Executing { directory, .. } => match writer.and_then(|master| master.parent) {
            Some(parent) => format!("USR2 to {parent}: {who} forked"),
            None => format!("{who} executes its program in {}", crate::os::shown(directory)),
        },
        Said::Ended { pid, how } => format!("{who} reaped its new master {pid}: {how}"),
        Said::Refused(why) => match still_lives(&why.to_string()) {
            Some(other) => format!("USR2 to {who} refused: {other} lives"),
            None => format!("USR2 to {who} refused: \"{why}\""),
        },
        Said::Ready => {
            let all = writer.and_then(Master::workers_wanted).filter(|all| *all > 0);
            let all = all.and_then(|all| usize::try_from(all).ok());
            match all.filter(|all| workers_ready(log, entry) >= *all) {
                Some(all) => format!("{who} ready: {}", counted(all, "worker")),
                None => format!("{who} ready"),
            }
        }
        Said::Complete => match serves_alone(app, log, entry) {
            Some(pid) => format!("{who} gone; {pid} serves alone"),
            None => format!("{who} gone"),
        },
        Said::WorkerReady => format!("{who} says: a worker is ready"),
        Said::Reloaded => format!("{who} says: done reloading its configuration"),
        Said::Error(text) => format!("\"{text}\""),
    }
}

/// The process that a refusal names as the one in the way: `old PID:9120 running with …`.
fn still_lives(why: &str) -> Option<&str> {
    let rest = why.strip_prefix("old PID:")?;
    let number = rest.split(' ').next()?;
    let running = rest.contains(" running") && number.bytes().all(|byte| byte.is_ascii_digit());
    running.then_some(number)
}

/// How many workers said that they are ready, next to the line in which their master did.
fn workers_ready(log: &[Entry], ready: &Entry) -> usize {
    let Some(at) = log.iter().position(|entry| std::ptr::eq(entry, ready)) else { return 0 };
    let is_one = |entry: &&Entry| entry.said == Said::WorkerReady;
    let above = log.iter().take(at).rev().take_while(is_one);
    above.chain(log.iter().skip(at + 1).take_while(is_one)).count()
}

/// The only master that is left after the last one that ended, where it was ready before.
fn serves_alone(app: &App, log: &[Entry], complete: &Entry) -> Option<Pid> {
    let mut living = app.living_masters();
    let master = living.next().filter(|_| living.next().is_none())?;
    let at = log.iter().position(|entry| std::ptr::eq(entry, complete))?;
    let step =
        |entry: &Entry| matches!(entry.said, Said::Executing { .. } | Said::Ready | Said::Complete);
    let before = log.get(..at)?.iter().rfind(|entry| step(entry))?;
    let last = !log.get(at + 1..)?.iter().any(step);
    (last && before.said == Said::Ready && is(master, before.writer)).then_some(master.process.pid)
}
