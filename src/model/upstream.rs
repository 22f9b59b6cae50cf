//! Where a proxy passes requests to.

use std::net::IpAddr;

use crate::facts::Place;
use crate::os::Text;

use super::{Address, App, Census, Listener, Master};

/// One server that a proxy passes requests to, as its configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The name of the group that it belongs to; `None`: requests are passed to its address.
    pub group: Option<Text>,
    /// Where requests go.
    pub to: Address,
    /// Where that is written.
    pub place: Place,
}

impl Upstream {
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
