//! Apps that no master was seen of: those that were named, those that a proxy asks for, and those whose files stand where
//! deploys put them. Whether one of them should run is not said here.

use std::path::{Path, PathBuf};

use super::apps::{Maker, name_for};
use super::config;
use super::holders;
use super::missed::Missed;
use super::place::{has_pidfile, is_at};
use super::roles::give_roles;
use crate::contract::Server;
use crate::deploy::releases;
use crate::facts::process::parse_stat;
use crate::facts::{Fact, Place, bytes};
use crate::model::{App, AppId, Kind, Layout, Pidfile, PidfileKind, PidfileState, Setting, Wanted};
use crate::os::{Ask, FileKind, Pid, ProcText, Root, shown};
use crate::servers::{SERVERS, server};

/// A file may bear a time that is so much earlier than the start of the process that wrote it: the kernel's clocks for
/// both are coarse. In nanoseconds.
const COARSE: i64 = 1_000_000_000;

/// A configuration that a deploy put there: the pidfile that it names, if it says one, with the place where it does.
struct Deployed {
    pid: Option<(PathBuf, String)>,
}

impl Maker<'_> {
    /// A root or a pidfile that was named: its app is marked, or made if nothing serves it.
    pub(super) fn grant(&self, apps: &mut Vec<App>, wish: &Path) {
        let word = Wanted::Target(shown(wish));
        // A link to the root is another name of it.
        let real = self.real(wish);
        let once = self.setting.once;
        let belongs = |app: &App| {
            let is_led = real.is_some() && app.host_path == real;
            is_led || is_at(once, app, wish) || has_pidfile(once, app, wish)
        };
        let mut any = false;
        for app in apps.iter_mut() {
            let is_here = belongs(app);
            // An app elsewhere may be called so where it lives; what lies here is looked for all the same.
            if is_here || app.root == wish {
                app.wanted.push(word.clone());
            }
            any |= is_here;
        }
        if any || !wish.is_absolute() {
            return;
        }
        let stat = self.setting.once.stat(Root::Own, wish);
        let is_directory =
            matches!(stat.get(), Some(Some(stat)) if stat.kind == FileKind::Directory);
        let is_link = matches!(
            self.setting.once.lstat(Root::Own, wish).get(),
            Some(Some(stat)) if stat.kind == FileKind::Symlink
        );
        let led = real.as_deref().filter(|_| is_link).unwrap_or(wish);
        let root = if is_directory { led } else { above(wish) };
        if !apps.iter().any(|app| is_at(once, app, root) && app.is_alive()) {
            self.stand_up(apps, root);
        }
        if let Some(app) = apps.iter_mut().find(|app| belongs(app)) {
            app.wanted.push(word);
            return;
        }
        if !is_directory || apps.iter().any(|app| is_at(once, app, root)) {
            return;
        }
        // Nothing of a server stands there; what is deployed can be spoken of all the same.
        let layout = releases::read(self.setting.once, Root::Own, root, &[]);
        if matches!(layout.get(), Some(Some(_))) {
            let app =
                self.without_master(Kind::UNKNOWN, Root::Own, root.to_path_buf(), layout, &[]);
            apps.push(App { wanted: vec![word], ..app });
        }
    }

    /// A socket that a proxy passes requests to, and where nobody listens: the app below whose root it lies is marked, or
    /// made, unless a master of it lives. Whose it is, a pidfile or a configuration of a server there tells.
    pub(super) fn miss(&self, apps: &mut Vec<App>, missed: Missed) {
        let once = self.setting.once;
        let Missed { by, name, socket } = missed;
        let wanted = Wanted::Proxy { pid: by, name, socket: socket.clone() };
        let mut above = socket.ancestors().skip(1).filter(|above| above.parent().is_some());
        let Some(root) = above
            .find(|root| matches!(releases::read(once, Root::Own, root, &[]).get(), Some(Some(_))))
        else {
            return;
        };
        let is_its = |app: &App| is_at(once, app, root);
        if !apps.iter().any(is_its) {
            self.stand_up(apps, root);
        }
        for app in
            apps.iter_mut().filter(|app| is_its(app) && app.living_masters().next().is_none())
        {
            app.wanted.push(wanted.clone());
        }
    }

    /// Makes the app of a root where no master lives, as far as a server's files stand there. Masters of which only a
    /// pidfile there tells where they belong get their root.
    pub(super) fn stand_up(&self, apps: &mut Vec<App>, root: &Path) {
        if apps.iter().any(|app| is_at(self.setting.once, app, root)) {
            return;
        }
        let layout = releases::read(self.setting.once, Root::Own, root, &[]);
        let mut best: Option<(i64, App)> = None;
        for server in SERVERS.iter().copied().filter(|server| !server.is_proxy()) {
            let config = self.deployed_config(server, root);
            let named: Vec<_> = config.iter().filter_map(|config| config.pid.clone()).collect();
            let at = root.to_path_buf();
            let app = self.without_master(server.kind, Root::Own, at, layout.clone(), &named);
            let written = app.pidfiles.iter().filter(|file| stands(file)).map(written).max();
            // The youngest pidfile tells who served last; a configuration who is to.
            let telling = written.or(config.is_some().then_some(i64::MIN));
            if let Some(telling) = telling
                && best.as_ref().is_none_or(|(before, _)| telling > *before)
            {
                best = Some((telling, app));
            }
        }
        let Some((_, app)) = best else { return };
        if is_of_another(apps, &app) {
            return;
        }
        if let Some(placeless) = self.placeless(apps, &app) {
            self.place_at(placeless, app);
            return;
        }
        apps.push(app);
    }

    /// A proxy that is gone: it stands where its configuration does, and that names its pidfile.
    pub(super) fn stand_up_proxy(&self, apps: &mut Vec<App>, server: &'static Server) {
        let once = self.setting.once;
        for config in server.deployed_configs.iter().map(Path::new) {
            let Some(named) = self.deployed_config_at(server, config) else { continue };
            let Some(root) = config.parent() else { continue };
            if apps.iter().any(|app| app.kind == server.kind && is_at(once, app, root)) {
                continue;
            }
            let named: Vec<_> = named.pid.into_iter().collect();
            let layout = Fact::known(Place::path(root), None);
            let at = root.to_path_buf();
            let app = self.without_master(server.kind, Root::Own, at, layout, &named);
            if app.pidfiles.iter().any(stands) && !is_of_another(apps, &app) {
                apps.push(app);
            }
        }
    }

    /// The app of a master whose own directory was not seen, and whose number stands in a pidfile of this root.
    fn placeless<'b>(&self, apps: &'b mut [App], app: &App) -> Option<&'b mut App> {
        let is_named = |other: &&mut App| {
            other.is_placeless()
                && other.kind == app.kind
                && app.pidfiles.iter().any(|file| {
                    let named = other.living_masters().find(|master| {
                        let alone = |s: &crate::facts::process::Status| s.ns_pids.len() <= 1;
                        Some(master.process.pid) == file.pid
                            && master.process.status.get().is_some_and(alone)
                    });
                    named.is_some_and(|master| self.has_written(master.process.pid, file))
                })
        };
        apps.iter_mut().find(is_named)
    }

    /// Whether a process is old enough to have written a file.
    pub(super) fn has_written(&self, pid: Pid, file: &Pidfile) -> bool {
        let stat = file.stat.get().and_then(Option::as_ref);
        let started = self.setting.started(pid);
        stat.zip(started).is_some_and(|(stat, started)| started <= stat.mtime + COARSE)
    }

    fn place_at(&self, placeless: &mut App, at: App) {
        let Some(server) = server(placeless.kind) else { return };
        let named: Vec<_> = at
            .pidfiles
            .iter()
            .filter_map(|file| Some((file.path.clone(), file.named_by.first()?.clone())))
            .collect();
        let layout = at.layout.get().and_then(Option::as_ref);
        let pidfiles =
            self.pidfiles(server, Root::Own, &at.root, layout, &named).read(&placeless.masters);
        for master in &mut placeless.masters {
            let its = |file: &&Pidfile| {
                file.pid == Some(master.process.pid) && file.kind == PidfileKind::Current
            };
            if let Some(file) = pidfiles.iter().find(its).filter(|_| master.pidfile.get().is_none())
            {
                master.pidfile = Fact::known(Place::path(&file.path), Some(file.path.clone()));
            }
        }
        give_roles(&mut placeless.masters, &pidfiles);
        placeless.pidfiles = pidfiles.into();
        placeless.layout = at.layout;
        (placeless.id, placeless.name, placeless.root) = (at.id, at.name, at.root);
    }

    /// The configuration that a deploy put there.
    fn deployed_config(&self, server: &Server, root: &Path) -> Option<Deployed> {
        let mut all = server.deployed_configs.iter().map(|path| root.join(path));
        all.find_map(|path| self.deployed_config_at(server, &path))
    }

    fn deployed_config_at(&self, server: &Server, path: &Path) -> Option<Deployed> {
        let once = self.setting.once;
        let stat = once.stat(Root::Own, path);
        if !matches!(stat.get(), Some(Some(stat)) if stat.kind == FileKind::Regular) {
            return None;
        }
        let seen = config::Seen { given: path, cwd: None, from_there: false, variables: None };
        let config = config::read(once, server, Root::Own, path, seen);
        let Some(config) = config.get() else { return Some(Deployed { pid: None }) };
        let Setting::Set { value, line } = &config.pid else { return Some(Deployed { pid: None }) };
        let whole = match (value.is_absolute(), config.working_directory.value()) {
            (true, _) => value.clone(),
            (false, Some(directory)) => directory.join(value),
            (false, None) => return Some(Deployed { pid: None }),
        };
        Some(Deployed { pid: Some((whole, Place::line(path, *line).to_string())) })
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        self.setting.once.real(Root::Own, path).value.ok().flatten()
    }

    /// An app without a master, whose files are seen from `from`.
    pub(super) fn without_master(
        &self,
        kind: Kind,
        from: Root,
        root: PathBuf,
        layout: Fact<Option<Layout>>,
        named: &[(PathBuf, String)],
    ) -> App {
        let pidfiles = server(kind).map_or_else(Vec::new, |server| {
            self.pidfiles(server, from, &root, layout.get().and_then(Option::as_ref), named)
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
            starts: None,
            holder: holders::not_asked(),
            left: None,
            tried: None,
            remains: None,
            root,
        }
    }
}

impl super::read::Setting<'_> {
    /// When a process started, by the wall clock in nanoseconds.
    pub(super) fn started(&self, pid: Pid) -> Option<i64> {
        let host = self.host?;
        let ask = Ask::Text(pid, ProcText::Stat);
        let stat = self.once.fact(&ask, |found| parse_stat(&bytes(found)?));
        let ticks = i64::try_from(stat.get()?.started).ok()?;
        let tick = 1_000_000_000_i64.checked_div(i64::try_from(host.ticks).ok()?)?;
        ticks.checked_mul(tick)?.checked_add(host.booted_at)
    }
}

/// A pidfile below `shared` or in the app: the root is what lies above these directories.
fn above(file: &Path) -> &Path {
    let usual = |name: &std::ffi::OsStr| {
        ["pids", "tmp", "shared", "log", "run", "sockets"].iter().any(|usual| name == *usual)
    };
    let mut above = file.ancestors().skip(1);
    above.find(|dir| !dir.file_name().is_some_and(usual)).unwrap_or(Path::new("/"))
}

/// Whether something is at a pidfile's path, or may be.
pub(super) fn stands(file: &Pidfile) -> bool {
    !matches!(file.state.get(), Some(PidfileState::Missing))
}

fn written(file: &Pidfile) -> i64 {
    file.stat.get().and_then(Option::as_ref).map_or(0, |stat| stat.mtime)
}

/// Whether a living app has one of these pidfiles, by whatever name: another server of it, or one in a container.
fn is_of_another(apps: &[App], app: &App) -> bool {
    let file = |file: &Pidfile| {
        file.stat.get().and_then(Option::as_ref).map(|stat| (stat.device, stat.inode))
    };
    let mine: Vec<_> = app.pidfiles.iter().filter_map(file).collect();
    let living = apps.iter().filter(|other| other.living_masters().next().is_some());
    let mut theirs = living.flat_map(|other| other.pidfiles.iter()).filter_map(file);
    theirs.any(|one| mine.contains(&one))
}
