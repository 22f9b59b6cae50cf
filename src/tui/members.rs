//! The processes of a tree with their places in it, the living and those that ended lately.

use std::time::Duration;

use jiff::Timestamp;

use super::place::Identity;
use crate::model::{App, AppId, Kind, Master, Process, Role, Worker};

/// A process of a tree with its place in it, be it alive or a ghost.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its app.
    pub app: &'a AppId,
    /// The process, as it was last seen.
    pub process: &'a Process,
    /// The master that it is, if it is one.
    pub master: Option<&'a Master>,
    /// The worker that it is, if it is one.
    pub worker: Option<&'a Worker>,
    /// When it ended; `None`: it lives.
    pub ended: Option<Timestamp>,
}

/// A process that ended: its row stays for a while in its place.
#[derive(Clone, Debug)]
pub struct Ghost {
    /// Its app.
    pub app: AppId,
    /// The app's name and server, for when the app is gone too.
    pub name: String,
    /// The server.
    pub kind: Kind,
    /// The master, with the workers that ended with it; or the worker and its master's identity.
    pub was: Was,
    /// The look that did not show it any more.
    pub ended: Timestamp,
    /// When its row goes, on farrier's own clock, unless it is selected.
    pub until: Duration,
}

/// What a ghost was.
#[derive(Clone, Debug)]
pub enum Was {
    /// A master.
    Master(Box<Master>),
    /// A worker of a master; `None`: of none.
    Worker(Box<Worker>, Option<Identity>),
}

impl Ghost {
    /// The process.
    pub fn process(&self) -> &Process {
        match &self.was {
            Was::Master(master) => &master.process,
            Was::Worker(worker, _) => &worker.process,
        }
    }

    /// The ghost as a member of its tree.
    pub fn member(&self) -> Member<'_> {
        let (master, worker) = match &self.was {
            Was::Master(master) => (Some(&**master), None),
            Was::Worker(worker, _) => (None, Some(&**worker)),
        };
        Member { app: &self.app, process: self.process(), master, worker, ended: Some(self.ended) }
    }
}

/// Whether two identities are one process's: an unknown start tick decides nothing.
pub fn same(a: Identity, b: Identity) -> bool {
    a.0 == b.0 && (a.1 == b.1 || a.1.is_none() || b.1.is_none())
}

/// A worker's name in its tree.
pub fn worker_name(worker: &Worker) -> String {
    worker.number.map_or_else(|| "worker".into(), |number| format!("w{number}"))
}

/// All processes of an app with their place in the tree.
pub fn members(app: &App) -> impl Iterator<Item = Member<'_>> {
    let id = &app.id;
    let masters = app.masters.iter().flat_map(move |master| {
        let this = Member {
            app: id,
            process: &master.process,
            master: Some(master),
            worker: None,
            ended: None,
        };
        std::iter::once(this)
            .chain(master.workers.iter().map(move |worker| member_worker(id, worker)))
    });
    masters.chain(app.orphans.iter().map(move |worker| member_worker(id, worker)))
}

fn member_worker<'a>(app: &'a AppId, worker: &'a Worker) -> Member<'a> {
    Member { app, process: &worker.process, master: None, worker: Some(worker), ended: None }
}

impl Member<'_> {
    /// Its role.
    pub fn role(&self) -> Role {
        self.master.map_or(Role::Worker, |master| master.role)
    }

    /// Who it is in its tree, in words: `14740 current`, `14743 w0`.
    pub fn name(&self) -> String {
        let pid = self.process.pid;
        match (self.master, self.worker) {
            (Some(master), _) => format!("{pid} {}", crate::show::words::role(master.role)),
            (_, Some(worker)) => format!("{pid} {}", worker_name(worker)),
            _ => pid.to_string(),
        }
    }
}
