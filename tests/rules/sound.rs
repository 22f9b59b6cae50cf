//! Apps that are as they should be: the moments of a healthy upgrade, and what only looks like a fault.

use farrier::facts::process::State;
use farrier::facts::sockets::SocketFile;
use farrier::model::log::Said;
use farrier::model::*;
use farrier::os::FileKind;

use super::broken::{failed, left, logged, refused};
use crate::built::*;

/// A healthy app, idle first, then through a deploy, an upgrade and a restart.
pub fn healthy_moments() -> Vec<(&'static str, Census)> {
    vec![
        ("idle", healthy()),
        (
            "nothing prepared for USR2",
            with(|app| {
                app.masters[0].config.value = Ok(plain_config());
                app.masters[0].loaded.value = Ok(plain_config());
            }),
        ),
        ("just started", with(|app| app.masters = vec![master(14740, 3, LIVE)])),
        (
            "starting",
            with(|app| {
                app.masters = vec![master(14740, 1, LIVE)];
                app.masters[0].phase = Phase::Loading;
                app.masters[0].role = Role::New;
                app.masters[0].workers.clear();
            }),
        ),
        ("current switched, USR2 to come", with(|app| deployed(app, 5))),
        (
            "forked",
            with(|app| {
                deployed(app, 6);
                reexecuted(app, 1, Phase::Starting);
            }),
        ),
        (
            "loading",
            with(|app| {
                deployed(app, 15);
                reexecuted(app, 10, Phase::Loading);
            }),
        ),
        (
            "ready, both serve",
            with(|app| {
                deployed(app, 35);
                reexecuted(app, 30, Phase::Ready);
            }),
        ),
        (
            "the old one is draining",
            with(|app| {
                deployed(app, 45);
                reexecuted(app, 40, Phase::Ready);
                app.masters[0].workers.clear();
                app.masters[0].listens = known("/proc/14740/fd", vec![]);
            }),
        ),
        (
            "done",
            with(|app| {
                deployed(app, 65);
                reexecuted(app, 60, Phase::Ready);
                app.masters.remove(0);
                app.masters[0].parent = None;
                app.pidfiles.truncate(1);
                app.listeners[0].masters.remove(0);
            }),
        ),
        (
            "a day later",
            with(|app| {
                deployed(app, 86_500);
                reexecuted(app, 86_400, Phase::Ready);
                app.masters.remove(0);
                app.masters[0].parent = None;
                app.pidfiles.truncate(1);
                app.listeners[0].masters.remove(0);
            }),
        ),
        ("no releases", with(|app| app.layout = known("/srv/app", None).into())),
    ]
}

/// What looks like a fault and is none: the rule that might be taken in, why it is none, the app.
pub fn look_alikes() -> Vec<(&'static str, &'static str, Census)> {
    let mut all = of_releases();
    all.extend(super::settings::look_alikes());
    all.extend(of_ruby());
    all.extend(of_pidfiles());
    all.extend(super::hooks::look_alikes());
    all.extend(of_masters());
    all.extend(super::generations::look_alikes());
    all.extend(super::kept::look_alikes());
    all.extend(super::access::look_alikes());
    all.extend(super::memory::look_alikes());
    all
}

pub type LookAlike = (&'static str, &'static str, Census);

fn of_releases() -> Vec<LookAlike> {
    vec![
        (
            "release-stale",
            "a complete rollback",
            with(|app| {
                app.masters = vec![master(14740, 600, OLD)];
                layout_of(app).current.state.value = Ok(CurrentState::Release(OLD.into()));
                layout_of(app).current.switched_at.value = Ok(ago(700));
            }),
        ),
        (
            "release-stale",
            "it runs in no release",
            with(|app| {
                deployed(app, 1800);
                app.masters[0].release.value = Ok(None);
            }),
        ),
        (
            "release-stale",
            "current is a link to elsewhere",
            with(|app| {
                layout_of(app).current.state.value = Ok(CurrentState::Elsewhere("/srv/x".into()));
            }),
        ),
        (
            "release-stale",
            "HUP without preload loads new code",
            with(|app| {
                deployed(app, 1800);
                let master = &mut app.masters[0];
                master.release.value = Ok(Some(NEW.into()));
                master.loaded.value.as_mut().unwrap().preload_app = Setting::NotSet;
                for worker in &mut master.workers {
                    worker.process.started_at.value = Ok(ago(1700));
                }
            }),
        ),
        (
            "release-stale",
            "current was linked anew to the same release, workers are older",
            with(|app| {
                layout_of(app).current.switched_at.value = Ok(ago(1800));
                for release in layout_of(app).releases.value.as_mut().unwrap() {
                    release.arrived.value = Ok(ago(1800));
                }
            }),
        ),
        (
            "release-deleted",
            "the directory was renamed",
            with(|app| {
                app.masters[0].process.cwd.value.as_mut().unwrap().path =
                    "/var/www/shop/moved".into();
            }),
        ),
        (
            "release-deleted",
            "another file system is mounted over it",
            with(|app| {
                let link = app.masters[0].process.cwd.value.as_mut().unwrap();
                link.now.value.as_mut().unwrap().as_mut().unwrap().inode = 2;
            }),
        ),
        (
            "release-deleted",
            "the old tree of a young handover",
            with(|app| {
                deployed(app, 35);
                reexecuted(app, 30, Phase::Ready);
                app.masters[0].process.cwd.value.as_mut().unwrap().now.value = Ok(None);
            }),
        ),
        (
            "release-pinned",
            "a rescue: the entry is a link to the live release",
            with(|app| {
                let path = format!("{ROOT}/releases/{GONE}");
                let real = format!("{ROOT}/releases/{LIVE}");
                app.masters[0].restart.directory.value =
                    Ok(spot(&path, FileKind::Directory, &real));
            }),
        ),
        (
            "current-broken",
            "nothing leads into these releases",
            with(|app| {
                let master = &mut app.masters[0];
                master.release.value = Ok(None);
                master.restart.directory.value = Ok(spot("/srv", FileKind::Directory, "/srv"));
                master.restart.gemfile.value = Ok(None);
                layout_of(app).current.state.value = Ok(CurrentState::Missing);
            }),
        ),
    ]
}

fn of_ruby() -> Vec<LookAlike> {
    let with_gemfile = |change: fn(&mut Gemfile)| {
        with(move |app| {
            let mut file = gemfile(&format!("{ROOT}/releases/{OLD}/Gemfile"), Some(OLD));
            change(&mut file);
            app.masters[0].restart.gemfile.value = Ok(Some(file));
        })
    };
    vec![
        ("gemfile-pinned", "a rescue", with_gemfile(|file| file.rescued.value = Ok(true))),
        (
            "gemfile-pinned",
            "the configuration sets it",
            with_gemfile(|file| file.set_by_config = true),
        ),
        ("gemfile-pinned", "outside the releases", with_gemfile(|file| file.release = None)),
        ("gemfile-mismatch", "equal lock files", with_gemfile(|_| {})),
        ("gemfile-mismatch", "no lock file", with_gemfile(|file| file.lock.value = Ok(None))),
        (
            "gemfile-missing",
            "no Bundler",
            with(|app| {
                app.masters[0].restart.gemfile.value = Ok(None);
            }),
        ),
        (
            "config-missing",
            "no configuration was given",
            with(|app| {
                app.masters[0].restart.config.value = Ok(None);
            }),
        ),
        (
            "exe-replaced",
            "the old one of a handover after an upgrade of Ruby",
            with(|app| {
                deployed(app, 35);
                reexecuted(app, 30, Phase::Ready);
                app.masters[0].process.exe.value.as_mut().unwrap().now.value = Ok(None);
            }),
        ),
        (
            "libs-replaced",
            "shared memory",
            with(|app| {
                let mut memory = linked("/proc/14740/maps", "/dev/zero".as_ref(), 50);
                memory.now.value = Ok(None);
                app.masters[0].process.libraries.value.as_mut().unwrap().push(memory);
            }),
        ),
        (
            "reexec-missing",
            "the directory of the process is gone, not that of the restart",
            with(|app| {
                app.masters[0].process.cwd.value.as_mut().unwrap().now.value = Ok(None);
            }),
        ),
    ]
}

fn of_pidfiles() -> Vec<LookAlike> {
    vec![
        (
            "oldbin-lingering",
            "closes its sockets and waits for the last requests",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                app.masters[0].listens = known("/proc/14740/fd", vec![]);
            }),
        ),
        (
            "oldbin-lingering",
            "the new one still loads",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Loading);
            }),
        ),
        (
            "oldbin-lingering",
            "within the app's own long timeout",
            with(|app| {
                deployed(app, 400);
                reexecuted(app, 390, Phase::Ready);
                for master in &mut app.masters {
                    let timeout = Setting::Set { value: 600, line: 6 };
                    master.loaded.value.as_mut().unwrap().timeout = timeout;
                }
            }),
        ),
        (
            "pidfile-missing",
            "none is configured",
            with(|app| {
                app.masters[0].pidfile.value = Ok(None);
                app.pidfiles.clear();
            }),
        ),
        (
            "pidfile-in-release",
            "tmp/pids is a link to shared",
            with(|app| {
                app.pidfiles[0].path = format!("{ROOT}/current/tmp/pids/unicorn.pid").into();
            }),
        ),
        ("pidfile-foreign", "another app of the same root was given it", two_apps(14740)),
        ("pidfile-stale", "the other app's own finding", two_apps(4711)),
        (
            "pidfile-in-release",
            "left behind in an old release",
            with(|app| {
                let mut file = pidfile(PidfileKind::Current, 4711, PidfileState::Dead, None);
                file.path = release_path(OLD).join("tmp/pids/unicorn.pid");
                file.real.value = Ok(Some(file.path.clone()));
                app.pidfiles.push(file);
            }),
        ),
    ]
}

fn of_masters() -> Vec<LookAlike> {
    vec![
        (
            "master-duplicate",
            "two units on sockets that systemd holds",
            with(|app| {
                second_start(app);
                app.masters[1].listens = app.masters[0].listens.clone();
            }),
        ),
        (
            "master-duplicate",
            "web and admin from one root",
            with(|app| {
                second_start(app);
                app.masters[1].pidfile.value =
                    Ok(Some("/var/www/shop/shared/pids/admin.pid".into()));
                app.listeners[1].address = Address::Tcp("127.0.0.1:9001".parse().unwrap());
            }),
        ),
        (
            "master-duplicate",
            "one configuration, a port from the environment",
            with(|app| {
                second_start(app);
                for (master, port) in app.masters.iter_mut().zip(["a", "b"]) {
                    master.pidfile.value = Ok(None);
                    let text = port.into();
                    master.loaded.value.as_mut().unwrap().listen =
                        vec![Setting::Unevaluable { line: 3, text }];
                }
                app.listeners[1].address = Address::Tcp("127.0.0.1:9001".parse().unwrap());
            }),
        ),
        (
            "master-duplicate",
            "stopped and started: the first has closed its sockets",
            with(|app| {
                second_start(app);
                app.masters[0].listens.value = Ok(vec![]);
            }),
        ),
        (
            "master-hollow",
            "0 workers as configured",
            with(|app| {
                app.masters[0].workers.clear();
                app.masters[0].loaded.value.as_mut().unwrap().worker_processes =
                    Setting::Set { value: 0, line: 4 };
            }),
        ),
        (
            "master-hollow",
            "an old master drained on purpose",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                app.masters[0].workers.clear();
            }),
        ),
        (
            "master-stopped",
            "it waits for the disk",
            with(|app| {
                app.masters[0].process.stat.value.as_mut().unwrap().state = State('D');
            }),
        ),
        (
            "reexec-failed",
            "the new master was ended on purpose",
            with(|app| logged(app, failed(NEW, "exit 0"))),
        ),
        (
            "reexec-failed",
            "the next USR2 was carried out",
            with(|app| {
                let mut said = failed(NEW, "exit 1");
                said.extend(failed(NEW, "exit 1").into_iter().take(1));
                logged(app, said);
            }),
        ),
        (
            "reexec-failed",
            "another master wrote it",
            with(|app| {
                logged(app, failed(NEW, "exit 1"));
                for entry in app.masters[0].log.value.as_mut().unwrap().iter_mut() {
                    entry.entries.iter_mut().for_each(|entry| entry.writer = Some(9120));
                }
            }),
        ),
        (
            "reexec-failed",
            "it was started since",
            with(|app| {
                let mut said = failed(NEW, "exit 1");
                said.push(Said::Ready);
                logged(app, said);
            }),
        ),
        (
            "reexec-refused",
            "the next one was carried out",
            with(|app| {
                deployed(app, 1800);
                let said = std::iter::once(refused()).chain(failed(NEW, "exit 0"));
                logged(app, said.collect());
            }),
        ),
        ("reexec-refused", "there is no log file", with(|app| app.masters[0].log.value = Ok(None))),
        ("master-dead", "nobody wants it", with(|app| app.masters.clear())),
        (
            "master-dead",
            "it was only asked about",
            with(|app| {
                app.masters.clear();
                app.wanted = vec![Wanted::Target("/var/www/shop".into())];
            }),
        ),
        (
            "master-dead",
            "its pidfile is older than the machine's start",
            with(|app| {
                app.masters.clear();
                left(app, Leftover::BeforeStart);
            }),
        ),
        (
            "pidfile-foreign",
            "nothing names the file",
            with(|app| {
                let state = PidfileState::Foreign("sleep 1000".into());
                let mut file = pidfile(PidfileKind::Current, 999, state, None);
                file.named_by.clear();
                app.pidfiles = vec![file].into();
            }),
        ),
        (
            "master-dead",
            "it boots",
            with(|app| {
                app.wanted = vec![Wanted::Settings];
                app.masters = vec![master(14740, 1, LIVE)];
                app.masters[0].phase = Phase::Starting;
            }),
        ),
        (
            "workers-missing",
            "the configuration has changed since",
            with(|app| {
                app.masters[0].workers.truncate(1);
                let file = &mut app.masters[0].loaded.value.as_mut().unwrap().file;
                let changed = i64::try_from(ago(600).as_nanosecond()).unwrap();
                file.stat.value.as_mut().unwrap().as_mut().unwrap().mtime = changed;
            }),
        ),
        (
            "workers-missing",
            "current was switched since, and it is read through it",
            with(|app| {
                deployed(app, 1800);
                app.masters[0].workers.truncate(1);
            }),
        ),
        (
            "socket-missing",
            "an abstract socket",
            with(|app| {
                app.listeners[0].address = Address::Abstract("shop".into());
                app.listeners[0].file = None;
            }),
        ),
        (
            "socket-missing",
            "only the old one holds it",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                let mut own = listener(47000, &[14740]);
                own.file = Some(known(SOCKET, SocketFile::Missing));
                app.listeners.push(own);
            }),
        ),
        (
            "socket-replaced",
            "a worker's own",
            with(|app| {
                let mut own = listener(47000, &[14743]);
                own.file = Some(known(SOCKET, SocketFile::Replaced(None)));
                app.listeners.push(own);
            }),
        ),
    ]
}

/// Two apps of one root; the second sees the first one's pidfile in the usual place.
fn two_apps(number: i32) -> Census {
    let mut census = healthy();
    let state = if number == 14740 {
        PidfileState::Foreign("unicorn master".into())
    } else {
        PidfileState::Dead
    };
    let mut other = app();
    other.id = AppId(format!("{ROOT}#api"));
    other.masters = vec![master(15000, 172_800, LIVE)];
    other.masters[0].pidfile = known(CONFIG, None);
    other.masters[0].listens = known("/proc/15000/fd", vec![50000]);
    other.listeners.clear();
    other.pidfiles = vec![pidfile(PidfileKind::Current, number, state, None)].into();
    census.apps.insert(0, other);
    census
}
