//! Where a proxy passes requests to.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::facts::permission::{Actor, SEARCH, WRITE};
use crate::facts::{Fact, Lack, Place};
use crate::os::{Access, FileStat, Text};

use super::{Address, App, Census, Directory, Listener, Master, Process};

/// One server that a proxy passes requests to, as its configuration names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Upstream {
    /// The name of the group that it belongs to; `None`: requests are passed to its address.
    pub group: Option<Text>,
    /// Where requests go.
    pub to: Address,
    /// How long it counts as down after failures, as written; `None`: nothing is written.
    pub fail_timeout: Option<Text>,
    /// Where that is written.
    pub place: Place,
    /// What stands on the way to a Unix socket; `None`: requests go over a network.
    pub way: Option<Way>,
}

/// A place that requests are passed to, of which the configuration alone does not tell where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Elsewhere {
    /// As it is written: a name that is looked up, or a variable.
    pub to: Text,
    /// Where that is written, and why it is not known.
    pub known: Fact<()>,
}

/// The way to the socket of a Unix address: what decides who may connect (`unix(7)`, `path_resolution(7)`).
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// The directories that are searched.
    pub directories: Vec<Directory>,
    /// What stands at the path, links followed; `None`: nothing.
    pub stat: Fact<Option<FileStat>>,
    /// What decides besides its mode; `None`: nothing is there.
    pub access: Fact<Option<Access>>,
}

/// Whether a process may connect to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It may: it can search every directory and write to the socket, which has this mode.
    Open(u32),
    /// It may not search this directory, which has this mode.
    Unsearchable(PathBuf, u32),
    /// It may not write to the socket, which has this mode.
    Closed(u32),
    /// Nothing stands there.
    Missing,
    /// Not known.
    Unknown(Lack),
}

impl Way {
    /// Whether a process may go it to its end. What was not read is no obstacle, and no permission either.
    fn entry(&self, who: &Process) -> Entry {
        match self.walk(who) {
            Ok(entry) => entry,
            Err(lack) => Entry::Unknown(lack),
        }
    }

    fn walk(&self, who: &Process) -> Result<Entry, Lack> {
        let status = who.status.value.as_ref().map_err(Clone::clone)?;
        let actor = Actor { status, shares_users: who.shares_users.get().copied() };
        let mut open = None;
        let mut may = |want, stat: &FileStat, access: Access| {
            let answer = actor.may(want, stat, access);
            if answer.is_none() {
                open = Some(Lack::Ambiguous(
                    "an access control list or another user namespace decides it".into(),
                ));
            }
            answer != Some(false)
        };
        for directory in &self.directories {
            let stat = directory.stat.value.as_ref().map_err(Clone::clone)?;
            let access = directory.access.value.as_ref().map_err(Clone::clone)?;
            let (Some(stat), Some(access)) = (stat, access) else { return Ok(Entry::Missing) };
            if !may(SEARCH, stat, *access) {
                return Ok(Entry::Unsearchable(directory.path.clone(), stat.mode & 0o7777));
            }
        }
        let stat = self.stat.value.as_ref().map_err(Clone::clone)?;
        let access = self.access.value.as_ref().map_err(Clone::clone)?;
        let (Some(stat), Some(access)) = (stat, access) else { return Ok(Entry::Missing) };
        if !may(WRITE, stat, *access) {
            return Ok(Entry::Closed(stat.mode & 0o7777));
        }
        open.map_or(Ok(Entry::Open(stat.mode & 0o7777)), Err)
    }
}

impl Upstream {
    /// Whether a proxy's workers may connect by the path of a Unix socket, and the process that this was decided for;
    /// `None`: requests go over a network.
    pub fn entry<'a>(&self, proxy: &'a Master) -> Option<(&'a Process, Entry)> {
        let who = proxy.workers_alive().next().map_or(&proxy.process, |worker| &worker.process);
        Some((who, self.way.as_ref()?.entry(who)))
    }

    /// Whether requests that go there come in at a listener of the same machine.
    pub fn reaches(&self, listener: &Listener) -> bool {
        match (&self.to, &listener.address) {
            (Address::Tcp(to), Address::Tcp(at)) => {
                let everywhere = at.ip().is_unspecified();
                // An address of this machine's own network is not told from another machine's here.
                to.port() == at.port()
                    && (to.ip() == at.ip() || (everywhere && is_own(to.ip(), at.ip())))
            }
            (to, at) => to == at,
        }
    }
}

impl Census {
    /// The proxies that pass requests to a listener of an app, as far as both see the same files and networks.
    pub fn proxies<'a>(
        &'a self,
        app: &'a App,
        listener: &'a Listener,
    ) -> impl Iterator<Item = (&'a App, &'a Master, &'a Upstream)> {
        let root = app.masters.first().map(|master| master.process.root);
        let masters =
            self.apps.iter().flat_map(|proxy| proxy.masters.iter().map(move |m| (proxy, m)));
        masters.filter(move |(_, master)| Some(master.process.root) == root).flat_map(
            move |(proxy, master)| {
                let upstreams = master.upstreams.get().into_iter().flatten();
                upstreams
                    .filter(|upstream| upstream.reaches(listener))
                    .map(move |upstream| (proxy, master, upstream))
            },
        )
    }

    /// The apps at whose listeners requests come in that a proxy passes there.
    pub fn reached<'a>(
        &'a self,
        proxy: &'a Master,
        upstream: &'a Upstream,
    ) -> impl Iterator<Item = &'a App> {
        let root = proxy.process.root;
        self.apps.iter().filter(move |app| {
            app.masters.first().is_some_and(|master| master.process.root == root)
                && app.listeners.iter().any(|listener| upstream.reaches(listener))
        })
    }
}

fn is_own(to: IpAddr, listening: IpAddr) -> bool {
    to.is_loopback() && (to.is_ipv4() == listening.is_ipv4() || listening.is_ipv6())
}
