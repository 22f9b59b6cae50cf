//! Trees into apps: deploy roots, grouping, roles, pidfiles, listeners, names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::adopt::{Adopted, Member, Tree};
use super::contexts::Contexts;
use super::group::{Placed, best_root, group};
use super::holders;
use super::listeners;
use super::masters::Round;
use super::missed::{Missed, missed};
use super::pidfiles::Pidfiles;
use super::read::Setting;
use super::realm::{self, Realm};
use super::roles::{disown_pidfiles, give_roles, name_apart};
use super::roots;
use crate::deploy::releases;
use crate::facts::{Fact, Place};
use crate::model::{
    App, AppId, Kind, Layout, Listener, Master, Pidfile, PidfileKind, PidfileState, Wanted, Worker,
};
use crate::os::{Pid, Root, shown};
use crate::servers::{Server, server};

/// Makes apps of what was adopted, and of wished-for roots that nothing serves.
pub fn apps(
    setting: &Setting<'_>,
    contexts: &Contexts,
    adopted: Adopted,
    wishes: &[PathBuf],
) -> Vec<App> {
    let Adopted { trees, orphans } = adopted;
    let masters = trees.iter().map(|tree| tree.master.process.pid).collect();
    let maker = Maker { setting, contexts, masters };
    let placed: Vec<Placed> = trees.into_iter().map(|tree| maker.place(tree)).collect();
    let mut apps: Vec<App> =
        group(placed).into_iter().map(|group| maker.app(group, wishes)).collect();
    for orphan in orphans {
        maker.keep_orphan(&mut apps, orphan);
    }
    for wish in wishes {
        maker.grant(&mut apps, wish);
    }
    for missed in missed(setting, &apps) {
        maker.miss(&mut apps, missed);
    }
    disown_pidfiles(&mut apps);
    name_apart(&mut apps);
    holders::look(setting, &mut apps);
    apps.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    apps
}

struct Maker<'a> {
    setting: &'a Setting<'a>,
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
                    PidfileKind::Current | PidfileKind::New => pidfile.path,
                    PidfileKind::Oldbin => pidfile.path.with_extension(""),
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

    fn pidfiles<'b>(
        &'b self,
        server: &'static Server,
        root: Root,
        directory: &'b Path,
        layout: Option<&'b Layout>,
        named: &'b [PathBuf],
    ) -> Pidfiles<'b> {
        Pidfiles {
            once: self.setting.once,
            server,
            root,
            pid_max: self.setting.host.map_or(4_194_304, |host| host.pid_max),
            directory,
            layout,
            named,
        }
    }

    fn app(&self, group: Vec<Placed>, wishes: &[PathBuf]) -> App {
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
        let kind = masters.first().map_or(Kind::Unicorn, |master| master.kind);
        let container = masters
            .first()
            .and_then(|master| realm::container(self.setting, &master.process, &root));
        let start = masters.first().map_or(Root::Own, |master| master.process.root);
        let named: Vec<PathBuf> = wishes
            .iter()
            .filter(|wish| {
                **wish != root
                    && wish.starts_with(&root)
                    && masters.iter().any(|m| {
                        m.pidfile.get().cloned().flatten().as_deref() == Some(wish.as_path())
                    })
            })
            .cloned()
            .collect();
        let pidfiles = server(kind).map_or_else(Vec::new, |server| {
            self.pidfiles(server, start, &root, layout.get().and_then(Option::as_ref), &named)
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
            holder: holders::not_asked(),
            left: None,
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
            crate::servers::Part::Worker(number) => number,
            _ => None,
        };
        let worker =
            Worker { release: round.release(&orphan.process), number, process: orphan.process };
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
            let mut app = App { container, ..self.without_master(kind, root, layout, &[]) };
            app.orphans.push(worker);
            apps.push(app);
        }
    }

    /// A root or a pidfile that was named: its app is marked, or made if nothing serves it.
    fn grant(&self, apps: &mut Vec<App>, wish: &Path) {
        let word = Wanted::Target(shown(wish));
        // A link to the root is another name of it.
        let real = self.setting.once.real(Root::Own, wish).value.ok().flatten();
        let is_wished = |path: &Path, led: Option<&Path>| {
            path == wish || (real.is_some() && led == real.as_deref())
        };
        let belongs = |app: &App| {
            let led = self.setting.once.real(Root::Own, &app.root).value.ok().flatten();
            let files = &app.pidfiles;
            is_wished(&app.root, led.as_deref())
                || app.host_path.as_deref().is_some_and(|host| is_wished(host, Some(host)))
                || files
                    .iter()
                    .any(|file| is_wished(&file.path, file.real.get().and_then(Option::as_deref)))
        };
        let mut any = false;
        for app in apps.iter_mut().filter(|app| belongs(app)) {
            app.wanted.push(word.clone());
            any = true;
        }
        if any || !wish.is_absolute() {
            return;
        }
        let once = self.setting.once;
        let is_directory = matches!(
            once.stat(Root::Own, wish).get(),
            Some(Some(stat)) if stat.kind == crate::os::FileKind::Directory
        );
        let root = if is_directory {
            wish.to_path_buf()
        } else {
            // A pidfile below `shared` or in the app: the root is what lies above these directories.
            wish.ancestors()
                .skip(1)
                .find(|dir| {
                    !dir.file_name().is_some_and(|name| {
                        ["pids", "tmp", "shared", "log", "run"].iter().any(|usual| name == *usual)
                    })
                })
                .unwrap_or(Path::new("/"))
                .to_path_buf()
        };
        let layout = releases::read(once, Root::Own, &root, &[]);
        let named: Vec<PathBuf> = if is_directory { Vec::new() } else { vec![wish.to_path_buf()] };
        let mut app = self.without_master(Kind::Unicorn, root, layout, &named);
        let is_there = |file: &Pidfile| !matches!(file.state.get(), Some(PidfileState::Missing));
        let stands = |app: &App| app.pidfiles.iter().any(|f| f.path == wish && is_there(f));
        if apps.iter().any(|other| other.root == app.root) && !stands(&app) {
            // A file that is not there, of an app that is: it names nothing.
            return;
        }
        let is_deployed = matches!(app.layout.get(), Some(Some(_)));
        if is_deployed || app.pidfiles.iter().any(is_there) {
            app.wanted.push(word);
            apps.push(app);
        }
    }

    /// A socket that a proxy passes requests to, and where nobody listens: the app below whose root it lies is marked, or
    /// made, unless a master of it lives. Whose it is, a pidfile or a configuration of a server there tells.
    fn miss(&self, apps: &mut Vec<App>, missed: Missed) {
        const KINDS: [Kind; 3] = [Kind::Unicorn, Kind::Rainbows, Kind::Puma];
        let once = self.setting.once;
        let Missed { by, name, socket } = missed;
        let above = socket.ancestors().skip(1).filter(|above| above.parent().is_some());
        let found = above.map(|root| (root, releases::read(once, Root::Own, root, &[])));
        let Some((root, layout)) =
            found.into_iter().find(|(_, layout)| matches!(layout.get(), Some(Some(_))))
        else {
            return;
        };
        let real = |path: &Path| once.real(Root::Own, path).value.ok().flatten();
        let led = real(root);
        let is_its = |app: &App| app.root == root || (led.is_some() && real(&app.root) == led);
        let wanted = Wanted::Proxy { pid: by, name, socket: socket.clone() };
        if apps.iter().any(is_its) {
            for app in
                apps.iter_mut().filter(|app| is_its(app) && app.living_masters().next().is_none())
            {
                app.wanted.push(wanted.clone());
            }
            return;
        }
        let stands = |file: &Pidfile| !matches!(file.state.get(), Some(PidfileState::Missing));
        let made = KINDS
            .iter()
            .map(|kind| self.without_master(*kind, root.to_path_buf(), layout.clone(), &[]));
        let app = made.into_iter().find(|app| {
            let config = root.join("current/config").join(format!("{}.rb", app.kind.name()));
            app.pidfiles.iter().any(stands)
                || matches!(once.stat(Root::Own, &config).get(), Some(Some(_)))
        });
        apps.extend(app.map(|app| App { wanted: vec![wanted], ..app }));
    }

    fn without_master(
        &self,
        kind: Kind,
        root: PathBuf,
        layout: Fact<Option<Layout>>,
        named: &[PathBuf],
    ) -> App {
        let pidfiles = server(kind).map_or_else(Vec::new, |server| {
            self.pidfiles(server, Root::Own, &root, layout.get().and_then(Option::as_ref), named)
                .read(&[])
        });
        App {
            id: AppId(shown(&root)),
            name: name_for(kind, &root),
            kind,
            host_path: None,
            container: None,
            layout: layout.into(),
            masters: Vec::new(),
            orphans: Vec::new(),
            pidfiles: pidfiles.into(),
            listeners: Vec::new().into(),
            wanted: Vec::new(),
            holder: holders::not_asked(),
            left: None,
            root,
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
fn name_for(kind: Kind, root: &Path) -> String {
    match server(kind) {
        Some(server) if server.is_proxy() => kind.name().to_owned(),
        _ => name_of(root),
    }
}

fn name_of(root: &Path) -> String {
    root.file_name().map_or_else(|| shown(root), |name| shown(name.as_ref()))
}
