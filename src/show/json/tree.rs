//! `farrier tree --format json`: `farrier.tree/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::census::{Unknown, Unknowns};
use super::{Outside, VERSION, moment};
use crate::model::{self, Census, Layout, Phase};
use crate::os::Pid;

/// The document's name.
pub const SCHEMA: &str = "farrier.tree/1";

/// Apps, masters and workers of one machine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Tree {
    /// `farrier.tree/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The machine's name.
    pub host: Option<Outside>,
    /// When the look began.
    pub taken_at: String,
    /// The apps, by name.
    pub apps: Vec<App>,
    /// What could not be read.
    pub unknowns: Vec<Unknown>,
}

/// One app.
#[derive(Debug, Serialize, JsonSchema)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its short name.
    pub name: String,
    /// The server's name.
    pub server: &'static str,
    /// The release that `current` names.
    pub current_release: Option<String>,
    /// Its masters, each with its workers.
    pub masters: Vec<Node>,
    /// Workers whose master is gone.
    pub orphans: Vec<Node>,
}

/// One process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Node {
    /// Its pid.
    pub pid: i32,
    /// `current`, `old`, `new`, `duplicate` or `worker`.
    pub role: &'static str,
    /// A worker's number; null for a master.
    pub nr: Option<u32>,
    /// `starting`, `loading`, `ready`, `stopped` or `zombie`.
    pub state: &'static str,
    /// The release whose directory it runs in.
    pub release: Option<String>,
    /// How far that is from the one that `current` names; null where either is not on disk.
    pub offset: Option<i64>,
    /// Seconds since it started.
    pub age_seconds: Option<u64>,
    /// Proportional set size, else resident set size.
    pub memory_bytes: Option<u64>,
    /// `pss` or `rss`; null where neither is known.
    pub memory_kind: Option<&'static str>,
    /// Its workers.
    pub workers: Vec<Node>,
}

impl Tree {
    /// The document of one look.
    pub fn new(census: &Census) -> Self {
        let mut unknowns = Unknowns::default();
        let host = unknowns.at("host", None, None, &census.host).map(|host| (&host.name).into());
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            host,
            taken_at: moment(census.taken_at),
            apps: census.apps.iter().map(|app| App::new(app, &mut unknowns)).collect(),
            unknowns: unknowns.list(),
        }
    }
}

impl App {
    fn new(app: &model::App, unknowns: &mut Unknowns) -> Self {
        let layout =
            unknowns.at("releases", Some(&app.id), None, &app.layout).and_then(Option::as_ref);
        let worker = |worker: &model::Worker, unknowns: &mut Unknowns| Node {
            role: model::Role::Worker.name(),
            nr: worker.number,
            state: state(&worker.process, Phase::Ready),
            ..Node::new(app, layout, &worker.process, &worker.release, unknowns)
        };
        let masters = app
            .masters
            .iter()
            .map(|master| Node {
                role: master.role.name(),
                state: state(&master.process, master.phase),
                workers: master.workers.iter().map(|w| worker(w, unknowns)).collect(),
                ..Node::new(app, layout, &master.process, &master.release, unknowns)
            })
            .collect();
        Self {
            id: app.id.to_string(),
            name: app.name.clone(),
            server: app.kind.name(),
            current_release: layout.and_then(Layout::current_release).map(str::to_owned),
            masters,
            orphans: app.orphans.iter().map(|w| worker(w, unknowns)).collect(),
        }
    }
}

fn state(process: &model::Process, phase: Phase) -> &'static str {
    match phase {
        _ if process.is_dead() => "zombie",
        _ if process.is_stopped() => "stopped",
        Phase::Starting => "starting",
        Phase::Loading => "loading",
        Phase::Ready => "ready",
        Phase::Zombie => "zombie",
    }
}

impl Node {
    fn new(
        app: &model::App,
        layout: Option<&Layout>,
        process: &model::Process,
        release: &crate::facts::Fact<Option<String>>,
        unknowns: &mut Unknowns,
    ) -> Self {
        let pid = process.pid;
        let (id, of) = (Some(&app.id), |what: &str| format!("{what} of {pid}"));
        let release = unknowns.at(of("release"), id, Some(pid), release).cloned().flatten();
        let (memory_bytes, memory_kind) = match (process.pss.get(), process.rss.get()) {
            (Some(pss), _) => (Some(*pss), Some("pss")),
            (None, Some(rss)) => (Some(*rss), Some("rss")),
            (None, None) => {
                unknowns.at(of("memory"), id, Some(pid), &process.rss);
                (None, None)
            }
        };
        Self {
            pid: Pid::number(pid),
            role: "",
            nr: None,
            state: "",
            offset: release.as_deref().and_then(|name| layout?.offset(name)),
            release,
            age_seconds: unknowns.at(of("start time"), id, Some(pid), &process.age).copied(),
            memory_bytes,
            memory_kind,
            workers: Vec::new(),
        }
    }
}
