//! `farrier tree --format json`: `farrier.tree/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::census::{Unknown, Unknowns};
use super::{Outside, VERSION, moment};
use crate::model::{self, Census, Entry, Layout, Phase};
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
    /// Where its masters pass requests to, as their configuration says now; empty for what is no proxy.
    pub upstreams: Vec<Upstream>,
}

/// One server that a proxy passes requests to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Upstream {
    /// The proxy's master.
    pub pid: i32,
    /// `unix:PATH` or `ADDRESS:PORT`.
    pub address: String,
    /// The group that it belongs to; null: requests are passed to the address.
    pub group: Option<Outside>,
    /// The file and the line that name it.
    pub place: String,
    /// The ids of the apps of this machine that listen there.
    pub apps: Vec<String>,
    /// Whether the proxy's workers may connect to a Unix socket; null for a network's address, and where nothing
    /// stands there or it is not known.
    pub may_connect: Option<bool>,
    /// The directory or socket whose mode forbids it.
    pub barred_by: Option<Outside>,
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
            apps: census.apps.iter().map(|app| App::new(census, app, &mut unknowns)).collect(),
            unknowns: unknowns.list(),
        }
    }
}

impl App {
    fn new(census: &Census, app: &model::App, unknowns: &mut Unknowns) -> Self {
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
        let mut upstreams = Vec::new();
        for master in app.living_masters() {
            let pid = master.process.pid;
            let what = format!("upstreams of {pid}");
            let all = unknowns.at(what, Some(&app.id), Some(pid), &master.upstreams);
            let all = all.into_iter().flatten();
            for one in &master.elsewhere {
                let what = format!("where {pid} passes requests for {} to", one.to);
                unknowns.at(what, Some(&app.id), Some(pid), &one.known);
            }
            upstreams.extend(all.map(|upstream| Upstream::new(census, master, upstream)));
        }
        Self {
            id: app.id.to_string(),
            name: app.name.clone(),
            server: app.kind.name(),
            current_release: layout.and_then(Layout::current_release).map(str::to_owned),
            masters,
            orphans: app.orphans.iter().map(|w| worker(w, unknowns)).collect(),
            upstreams,
        }
    }
}

impl Upstream {
    fn new(census: &Census, proxy: &model::Master, upstream: &model::Upstream) -> Self {
        let entry = upstream.entry(proxy).map(|(_, entry)| entry);
        let barred_by = match (&entry, &upstream.to) {
            (Some(Entry::Unsearchable(path, _)), _)
            | (Some(Entry::Closed(_)), model::Address::Unix(path)) => Some(path.as_path().into()),
            _ => None,
        };
        Self {
            pid: proxy.process.pid.number(),
            address: upstream.to.to_string(),
            group: upstream.group.as_ref().map(Outside::from),
            place: upstream.place.to_string(),
            apps: census.reached(proxy, upstream).map(|app| app.id.to_string()).collect(),
            may_connect: match entry {
                Some(Entry::Open(_)) => Some(true),
                Some(Entry::Unsearchable(..) | Entry::Closed(_)) => Some(false),
                Some(Entry::Missing | Entry::Unknown(_)) | None => None,
            },
            barred_by,
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
