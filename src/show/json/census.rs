//! The parts that `check` and `tree` share: apps, masters, workers, pidfiles, listeners; and what could not be read.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outside, moment};
use crate::facts::{Fact, Lack};
use crate::model;
use crate::os::Pid;

/// A fact that could not be read, and the rules that stay undecided without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unknown {
    /// Whether a grant or another try could decide it.
    pub kind: UnknownKind,
    /// The fact, in words.
    pub what: String,
    /// Why it is lacking.
    pub why: String,
    /// Where it was looked for.
    pub place: String,
    /// The app's id; null: it is about the machine.
    pub app: Option<String>,
    /// The process; null: it is about none.
    pub pid: Option<i32>,
    /// The rules that lacked it.
    pub rules: Vec<String>,
}

/// Whether a grant or another try could decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownKind {
    /// It could: denied, timed out, raced.
    Unreadable,
    /// It could not: an expression that only the server's own language evaluates.
    Unevaluable,
}

impl From<&Lack> for UnknownKind {
    fn from(lack: &Lack) -> Self {
        if lack.is_unreadable() { Self::Unreadable } else { Self::Unevaluable }
    }
}

/// Collects what could not be read while a document is made, so that no null stands without its reason.
#[derive(Default)]
pub struct Unknowns(Vec<Unknown>);

impl Unknowns {
    /// A fact's value; what is lacking is noted.
    pub fn at<'f, T>(
        &mut self,
        what: impl Into<String>,
        app: Option<&model::AppId>,
        pid: Option<Pid>,
        fact: &'f Fact<T>,
    ) -> Option<&'f T> {
        if let Some(lack) = fact.lack() {
            self.note(Unknown {
                kind: lack.into(),
                what: what.into(),
                why: lack.to_string(),
                place: fact.place.to_string(),
                app: app.map(ToString::to_string),
                pid: pid.map(Pid::number),
                rules: Vec::new(),
            });
        }
        fact.get()
    }

    /// Notes something that could not be read. The same thing twice is one, with the rules of both.
    pub fn note(&mut self, unknown: Unknown) {
        let same = self.0.iter_mut().find(|known| {
            (&known.place, &known.why, &known.app, known.pid)
                == (&unknown.place, &unknown.why, &unknown.app, unknown.pid)
                && (known.what == unknown.what || unknown.rules.is_empty())
        });
        match same {
            Some(known) => {
                known.rules.extend(unknown.rules);
                known.rules.sort();
                known.rules.dedup();
            }
            None => self.0.push(unknown),
        }
    }

    /// All of them, in the order of apps, processes, and words.
    pub fn list(mut self) -> Vec<Unknown> {
        self.0.sort_by(|a, b| (&a.app, a.pid, &a.what).cmp(&(&b.app, b.pid, &b.what)));
        self.0
    }
}

/// A deployed application, served by one server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct App {
    /// Its id: what a TARGET may name, and `app` in a finding.
    pub id: String,
    /// Its short name.
    pub name: String,
    /// The server's name.
    pub server: &'static str,
    /// The deploy root or working directory, as its processes see it.
    pub root: Outside,
    /// The same as farrier sees it; only there where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_path: Option<Outside>,
    /// The release that `current` names; null where it names none, or could not be read.
    pub current_release: Option<String>,
    /// Its masters, oldest first.
    pub masters: Vec<Master>,
    /// Its pidfiles.
    pub pidfiles: Vec<Pidfile>,
    /// What it listens on.
    pub listeners: Vec<Listener>,
}

/// A process that owns listeners and forks workers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Master {
    /// Its pid in farrier's pid namespace.
    pub pid: i32,
    /// `current`, `old`, `new` or `duplicate`.
    pub role: &'static str,
    /// The release whose directory it runs in; null where it runs in none, or that could not be read.
    pub release: Option<String>,
    /// When it started.
    pub started_at: Option<String>,
    /// The server's version.
    pub server_version: Option<String>,
    /// The interpreter's version.
    pub ruby_version: Option<String>,
    /// The revision of its code.
    pub revision: Option<String>,
    /// What the next re-execution would run.
    pub reexec: Reexec,
    /// Its workers by number.
    pub workers: Vec<Worker>,
}

/// What the next re-execution would run.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reexec {
    /// The directory.
    pub cwd: Option<Outside>,
    /// The program.
    pub exe: Option<Outside>,
    /// The arguments, without the program.
    pub argv: Option<Vec<Outside>>,
    /// How it is known: `memory`, `log`, `inferred` or `unknown`.
    pub source: &'static str,
}

/// A child that serves requests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Worker {
    /// Its pid.
    pub pid: i32,
    /// Its number; null where its title has none.
    pub nr: Option<u32>,
    /// The release whose directory it runs in.
    pub release: Option<String>,
}

/// A pidfile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Pidfile {
    /// Its path.
    pub path: Outside,
    /// `current`, `oldbin` or `new`.
    pub kind: &'static str,
    /// The number in it; null where it holds none.
    pub pid: Option<i32>,
    /// `live`, `dead`, `foreign`, `missing`, `garbled` or `unreadable`.
    pub state: &'static str,
}

/// An address that is listened on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listener {
    /// `unix:PATH`, `unix:@NAME` or `HOST:PORT`.
    pub address: String,
    /// How many connections may wait.
    pub backlog: Option<u32>,
    /// How many wait.
    pub queued: Option<u32>,
}

impl App {
    /// An app of the census.
    pub fn new(app: &model::App, unknowns: &mut Unknowns) -> Self {
        let layout = unknowns.at("releases", Some(&app.id), None, &app.layout);
        let current = layout.and_then(Option::as_ref).and_then(|layout| {
            unknowns.at("current", Some(&app.id), None, &layout.current.state)?;
            layout.current_release().map(str::to_owned)
        });
        Self {
            id: app.id.to_string(),
            name: app.name.clone(),
            server: app.kind.name(),
            root: app.root.as_path().into(),
            host_path: app.host_path.as_deref().map(Outside::from),
            current_release: current,
            masters: app.masters.iter().map(|m| Master::new(app, m, unknowns)).collect(),
            pidfiles: app.pidfiles.iter().map(|p| Pidfile::new(app, p, unknowns)).collect(),
            listeners: app.listeners.iter().map(|l| Listener::new(app, l, unknowns)).collect(),
        }
    }
}

impl Master {
    fn new(app: &model::App, master: &model::Master, unknowns: &mut Unknowns) -> Self {
        let pid = master.process.pid;
        let of = |what: &str| format!("{what} of {pid}");
        let id = Some(&app.id);
        let restart = &master.restart;
        let cwd = unknowns.at(of("next directory"), id, Some(pid), &restart.directory);
        let exe = unknowns.at(of("next program"), id, Some(pid), &restart.program);
        let argv = unknowns.at(of("next arguments"), id, Some(pid), &restart.arguments);
        if master.ruby_version.is_none() || master.server_version.is_none() {
            unknowns.at(of("mapped files"), id, Some(pid), &master.process.maps);
        }
        Self {
            pid: pid.number(),
            role: master.role.name(),
            release: unknowns.at(of("release"), id, Some(pid), &master.release).cloned().flatten(),
            started_at: unknowns
                .at(of("start time"), id, Some(pid), &master.process.started_at)
                .map(|at| moment(*at)),
            server_version: master.server_version.clone(),
            ruby_version: master.ruby_version.clone(),
            revision: master.revision.clone(),
            reexec: Reexec {
                cwd: cwd.map(|spot| spot.path.as_path().into()),
                exe: exe.map(|spot| spot.path.as_path().into()),
                argv: argv.map(|words| words.shown().iter().map(Outside::from).collect()),
                source: restart.origin.name(),
            },
            workers: master.workers.iter().map(|w| Worker::new(app, w, unknowns)).collect(),
        }
    }
}

impl Worker {
    fn new(app: &model::App, worker: &model::Worker, unknowns: &mut Unknowns) -> Self {
        let pid = worker.process.pid;
        // One that ended and was not reaped yet runs nothing: there is nothing to know of it.
        let release = if worker.process.is_dead() {
            None
        } else {
            unknowns.at(format!("release of {pid}"), Some(&app.id), Some(pid), &worker.release)
        };
        Self { pid: pid.number(), nr: worker.number, release: release.cloned().flatten() }
    }
}

impl Pidfile {
    fn new(app: &model::App, pidfile: &model::Pidfile, unknowns: &mut Unknowns) -> Self {
        let what = format!("pidfile {}", crate::os::shown(&pidfile.path));
        let state = unknowns.at(what, Some(&app.id), None, &pidfile.state);
        Self {
            path: pidfile.path.as_path().into(),
            kind: pidfile_kind(pidfile.kind),
            pid: pidfile.pid.map(Pid::number),
            state: state.map_or("unreadable", pidfile_state),
        }
    }
}

/// The word for what a pidfile is for.
pub fn pidfile_kind(kind: model::PidfileKind) -> &'static str {
    match kind {
        model::PidfileKind::Current => "current",
        model::PidfileKind::Oldbin => "oldbin",
        model::PidfileKind::New => "new",
    }
}

/// The word for what became of a pidfile's process. A zombie has ended: only its entry is left.
pub fn pidfile_state(state: &model::PidfileState) -> &'static str {
    match state {
        model::PidfileState::Live => "live",
        model::PidfileState::Dead | model::PidfileState::Zombie => "dead",
        model::PidfileState::Foreign(_) => "foreign",
        model::PidfileState::Missing => "missing",
        model::PidfileState::Garbled(_) => "garbled",
        model::PidfileState::Unreadable => "unreadable",
    }
}

impl Listener {
    fn new(app: &model::App, listener: &model::Listener, unknowns: &mut Unknowns) -> Self {
        let of = |what: &str| format!("{what} of {}", listener.address);
        Self {
            address: listener.address.to_string(),
            backlog: unknowns.at(of("backlog"), Some(&app.id), None, &listener.backlog).copied(),
            queued: unknowns.at(of("queue"), Some(&app.id), None, &listener.queued).copied(),
        }
    }
}
