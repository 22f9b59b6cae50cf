//! Trees into apps: deploy roots, grouping, roles, pidfiles, listeners, names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::adopt::{Adopted, Member, Tree};
use super::contexts::Contexts;
use super::freezer;
use super::group::{Placed, best_root, group};
use super::holders;
use super::idle::Idle;
use super::leftovers;
use super::listeners;
use super::masters::Round;
use super::missed::missed;
use super::pidfiles::Pidfiles;
use super::read::Setting;
use super::realm::{self, Realm};
use super::roles::{disown_pidfiles, give_roles, name_apart};
use super::roots;
use super::threads;
use crate::contract::Server;
use crate::deploy::releases;
use crate::facts::{Fact, Place};
use crate::model::{App, AppId, Kind, Layout, Listener, Master, PidfileKind, Worker};
use crate::os::{Pid, Root, shown};
use crate::servers::{SERVERS, server};

/// Makes apps of what was adopted, and of wished-for roots that nothing serves.
pub fn apps(
    setting: &Setting<'_>,
    contexts: &Contexts,
    adopted: Adopted,
    wishes: &[PathBuf],
    idle: &Idle,
) -> Vec<App> {
    let Adopted { trees, orphans } = adopted;
    let masters = trees.iter().map(|tree| tree.master.process.pid).collect();
    let maker = Maker { setting, contexts, masters };
    let placed: Vec<Placed> = trees.into_iter().map(|tree| maker.place(tree)).collect();
    let mut apps: Vec<App> = group(placed).into_iter().map(|group| maker.app(group)).collect();
    for orphan in orphans {
        maker.keep_orphan(&mut apps, orphan);
    }
    for root in &idle.roots {
        maker.stand_up(&mut apps, root);
    }
    for proxy in SERVERS.iter().filter(|server| server.is_proxy()) {
        maker.stand_up_proxy(&mut apps, proxy);
    }
    for wish in wishes {
        maker.grant(&mut apps, wish);
    }
    for missed in missed(setting, &apps) {
        maker.miss(&mut apps, missed);
    }
    leftovers::look(setting, &mut apps);
    apps.retain(|app| app.is_judged() || app.is_asked());
    disown_pidfiles(&mut apps);
    realm::tell_apart(setting, &mut apps);
    name_apart(&mut apps);
    holders::look(setting, &mut apps);
    apps.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    apps
}

pub(super) struct Maker<'a> {
    pub(super) setting: &'a Setting<'a>,
    contexts: &'a Contexts,
    masters: BTreeSet<Pid>,
}

impl Maker<'_> {
    fn place(&self, tree: Tree) -> Placed {
        let once = self.setting.once;
        let member = &tree.master;
        let options = (member.server.options)(&member.recognised.arguments);
        let sockets = listeners::table(once, self.setting.host, &member.process);
        let layout = if member.server.is_proxy() {
            Fact::known(member.process.cwd.place.clone(), None)
        } else {
            roots::layout(once, member, &tree.workers.iter().map(|(p, _)| p).collect::<Vec<_>>())
        };
        let root_of = member.process.root;
        let server = member.server;
        let context = self.contexts.of(member.process.pid);
        let masters = &self.masters;
        let round = Round { once, layout: &layout, sockets: &sockets, masters };
        let mut master = round.master(tree, &context);
        let root = layout
            .get()
            .and_then(|layout| layout.as_ref().map(|layout| layout.root.clone()))
            .or_else(|| at_config(server, &master))
            .or_else(|| master.process.cwd.get().map(|cwd| cwd.path.clone()))
            .or_else(|| releases::candidate_root(options.config.as_deref()?))
            .or_else(|| above_config(options.config.as_deref()))
            .unwrap_or_else(|| PathBuf::from(format!("/proc/{}/cwd", master.process.pid)));
        let addresses = match (&master.listens.value, &sockets.value) {
            (Ok(inodes), Ok(table)) => inodes
                .iter()
                .filter_map(|inode| table.get(inode))
                .map(|socket| {
                    let cwd = master.process.cwd.get().map(|cwd| cwd.path.as_path());
                    listeners::address(socket, cwd).to_string()
                })
                .collect(),
            _ => Vec::new(),
        };
        if master.pidfile.get().is_none() {
            let alone = std::slice::from_ref(&master);
            let found = self
                .pidfiles(server, root_of, &root, layout.get().and_then(Option::as_ref), &[])
                .read(alone)
                .into_iter()
                .find(|pidfile| pidfile.pid == Some(master.process.pid));
            if let Some(pidfile) = found {
                let place = Place::path(&pidfile.path);
                let path = match pidfile.kind {
                    PidfileKind::Current => pidfile.path,
                    PidfileKind::Oldbin | PidfileKind::New => pidfile.path.with_extension(""),
                };
                master.pidfile = Fact::known(place, Some(path));
            }
        }
        Placed {
            realm: Realm::of(once, &master.process, &root),
            master,
            root,
            layout: layout.value.ok().flatten(),
            config: options.config,
            addresses,
        }
    }

    pub(super) fn pidfiles<'b>(
        &'b self,
        server: &'static Server,
        root: Root,
        directory: &'b Path,
        layout: Option<&'b Layout>,
        named: &'b [(PathBuf, String)],
    ) -> Pidfiles<'b> {
        Pidfiles {
            setting: self.setting,
            once: self.setting.once,
            server,
            root,
            pid_max: self.setting.host.map_or(4_194_304, |host| host.pid_max),
            directory,
            layout,
            named,
        }
    }

    fn app(&self, group: Vec<Placed>) -> App {
        let layouts: Vec<Fact<Option<Layout>>> = group
            .iter()
            .map(|placed| Fact::known(Place::path(&placed.root), placed.layout.clone()))
            .collect();
        let root = best_root(&group);
        let with_releases = layouts.iter().find(|layout| matches!(layout.get(), Some(Some(_))));
        let host_path = group.iter().find_map(|placed| {
            let own = placed.master.process.root_path.as_ref()?;
            let rest = placed.root.strip_prefix("/").ok()?;
            Some(own.join(rest))
        });
        let unknown = group.iter().find_map(|placed| {
            let cwd = &placed.master.process.cwd;
            let lack = cwd.lack()?.clone();
            placed.layout.is_none().then(|| Fact::lacking(cwd.place.clone(), lack))
        });
        let layout = with_releases
            .cloned()
            .or(unknown)
            .unwrap_or_else(|| Fact::known(Place::path(&root), None));
        let mut masters: Vec<Master> = group.into_iter().map(|placed| placed.master).collect();
        let kind = masters.first().map_or(Kind::UNKNOWN, |master| master.kind);
        let container = masters
            .first()
            .and_then(|master| realm::container(self.setting, &master.process, &root));
        let start = masters.first().map_or(Root::Own, |master| master.process.root);
        let pidfiles = server(kind).map_or_else(Vec::new, |server| {
            self.pidfiles(server, start, &root, layout.get().and_then(Option::as_ref), &[])
                .read(&masters)
        });
        give_roles(&mut masters, &pidfiles);
        let listeners = self.listeners(&masters);
        App {
            id: AppId(shown(&root)),
            name: name_for(kind, &root),
            kind,
            host_path,
            container,
            layout: layout.into(),
            masters,
            orphans: Vec::new(),
            pidfiles: pidfiles.into(),
            listeners: listeners.into(),
            wanted: Vec::new(),
            starts: None,
            holder: holders::not_asked(),
            left: None,
            tried: None,
            remains: None,
            root,
        }
    }

    fn listeners(&self, masters: &[Master]) -> Vec<Listener> {
        let Some(first) = masters.first() else { return Vec::new() };
        let table = listeners::table(self.setting.once, self.setting.host, &first.process);
        listeners::listeners(self.setting.once, masters, &table)
    }

    /// A worker without a master goes to the app in whose root it runs, else it makes one.
    fn keep_orphan(&self, apps: &mut Vec<App>, orphan: Member) {
        let layout = roots::layout(self.setting.once, &orphan, &[]);
        let found = layout.get().cloned().flatten();
        let cwd = orphan.process.cwd.get().map(|cwd| cwd.path.clone());
        let root = found
            .as_ref()
            .map(|layout| layout.root.clone())
            .or(cwd)
            .unwrap_or_else(|| PathBuf::from(format!("/proc/{}/cwd", orphan.process.pid)));
        let sockets = listeners::table(self.setting.once, self.setting.host, &orphan.process);
        let (once, masters) = (self.setting.once, &self.masters);
        let round = Round { once, layout: &layout, sockets: &sockets, masters };
        let number = match orphan.recognised.part {
            crate::contract::Part::Worker(number) => number,
            _ => None,
        };
        let worker = Worker {
            release: round.release(&orphan.process),
            frozen: freezer::frozen(once, orphan.process.pid),
            serves: threads::serves(once, orphan.server, orphan.process.pid),
            number,
            process: orphan.process,
        };
        let kind = orphan.server.kind;
        let realm = Realm::of(once, &worker.process, &root);
        let is_its = |app: &App| {
            app.processes().next().is_none_or(|one| Realm::of(once, one, &root).is_same(&realm))
        };
        let here = |app: &&mut App| app.kind == kind && app.root == root && is_its(app);
        if let Some(app) = apps.iter_mut().find(here) {
            app.orphans.push(worker);
        } else {
            let container = realm::container(self.setting, &worker.process, &root);
            let from = worker.process.root;
            let mut app = App { container, ..self.without_master(kind, from, root, layout, &[]) };
            app.orphans.push(worker);
            apps.push(app);
        }
    }
}

/// `APP/config/unicorn.rb` stands in `APP`.
fn above_config(config: Option<&Path>) -> Option<PathBuf> {
    let directory = config?.parent()?;
    if directory.file_name().is_some_and(|name| name == "config") {
        directory.parent().map(Path::to_path_buf)
    } else {
        Some(directory.to_path_buf())
    }
    .filter(|path| path.is_absolute())
}

/// A proxy runs in `/`: it stands where its configuration does.
fn at_config(server: &Server, master: &Master) -> Option<PathBuf> {
    let config = master.loaded.get().filter(|_| server.is_proxy())?;
    config.file.path.parent().map(Path::to_path_buf)
}

/// A proxy is called by its server's name.
pub(super) fn name_for(kind: Kind, root: &Path) -> String {
    match server(kind) {
        Some(server) if server.is_proxy() => kind.name().to_owned(),
        _ => name_of(root),
    }
}

fn name_of(root: &Path) -> String {
    root.file_name().map_or_else(|| shown(root), |name| shown(name.as_ref()))
}
