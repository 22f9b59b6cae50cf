//! Releases that are served beside each other, that a clean-up is about to delete, and that hold a socket.

use farrier::contract::Severity::{Critical, Info, Warning};
use farrier::facts::files::Spot;
use farrier::model::*;
use farrier::os::FileKind;

use super::broken::{Case, case};
use super::sound::LookAlike;
use crate::built::*;

pub fn cases() -> Vec<Case> {
    vec![
        case("release-mixed", Warning, "an old master serves on", |app| {
            deployed(app, 1800);
            reexecuted(app, 1700, Phase::Ready);
        }),
        case("release-mixed", Warning, "one of two units was left out", |app| {
            deployed(app, 1800);
            app.masters.push(master(30000, 1700, NEW));
        }),
        case("release-mixed", Warning, "a reload reached one of two workers", |app| {
            deployed(app, 1800);
            app.masters[0].workers[1] = worker(22413, 14740, 1, 1700, NEW);
        }),
        case("release-mixed", Warning, "HUP moved a preloading master", reloaded),
        case("release-prune-risk", Warning, "an old master runs the oldest of five", |app| {
            five(app);
            app.masters = vec![master(14740, 86_400, "20261110000000")];
        }),
        case("release-prune-risk", Warning, "the next USR2 starts the oldest of five", |app| {
            five(app);
            restart_in(app, "20261110000000");
        }),
        case("release-prune-risk", Info, "and USR2 is not used", |app| {
            five(app);
            restart_in(app, "20261110000000");
            app.masters[0].config.value = Ok(plain_config());
        }),
        case("release-prune-risk", Warning, "a literal number in deploy.rb", |app| {
            layout_of(app).keeps.value = Ok(Setting::Set { value: 2, line: 9 });
            app.masters = vec![master(14740, 86_400, OLD)];
        }),
        case("listener-in-release", Critical, "the live release makes its own path", |app| {
            listening(app, LIVE);
        }),
        case("listener-in-release", Critical, "current has moved on", |app| {
            listening(app, LIVE);
            deployed(app, 1800);
            app.masters[0].restart.directory.value.as_mut().unwrap().real.value =
                Ok(Some(release_path(NEW)));
        }),
        case("listener-in-release", Info, "and USR2 is not used", |app| {
            listening(app, LIVE);
            app.masters[0].config.value.as_mut().unwrap().environment.clear();
            app.masters[0].config.value.as_mut().unwrap().retires_old_master = false;
        }),
        case("listener-in-release", Warning, "it lies in the release", |app| {
            let path = format!("{ROOT}/current/tmp/u.sock");
            app.listeners[0].address = Address::Unix(path.into());
            app.listeners[0].directory = Some(known(SOCKET, Some(release_path(LIVE).join("tmp"))));
        }),
    ]
}

pub fn look_alikes() -> Vec<LookAlike> {
    vec![
        (
            "release-mixed",
            "the old one was drained and is kept for a rollback",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                app.masters[0].workers.clear();
            }),
        ),
        (
            "release-mixed",
            "the old one has closed its sockets",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                app.masters[0].listens = known("/proc/14740/fd", vec![]);
            }),
        ),
        (
            "release-mixed",
            "a canary in a young handover",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 60, Phase::Ready);
            }),
        ),
        (
            "release-mixed",
            "the workers of a reload come one by one",
            with(|app| {
                deployed(app, 1800);
                app.masters[0].workers[1] = worker(22413, 14740, 1, 10, NEW);
            }),
        ),
        (
            "release-mixed",
            "both generations serve one release",
            with(|app| {
                deployed(app, 1800);
                reexecuted(app, 1700, Phase::Ready);
                app.masters[0] = master(14740, 172_800, NEW);
            }),
        ),
        (
            "release-mixed",
            "HUP without preload loads new code",
            with(|app| {
                reloaded(app);
                app.masters[0].loaded.value.as_mut().unwrap().preload_app = Setting::NotSet;
            }),
        ),
        (
            "release-mixed",
            "a worker of a preloading master was replaced",
            with(|app| {
                app.masters[0].workers[1] = worker(22413, 14740, 1, 600, LIVE);
            }),
        ),
        (
            "release-prune-risk",
            "current leads to the oldest: it is spared",
            with(|app| {
                five(app);
                app.masters = vec![master(14740, 86_400, "20261110000000")];
                layout_of(app).current.state.value =
                    Ok(CurrentState::Release("20261110000000".into()));
            }),
        ),
        (
            "release-prune-risk",
            "one more deploy is left",
            with(|app| {
                five(app);
                app.masters = vec![master(14740, 86_400, "20261111000000")];
            }),
        ),
        (
            "release-prune-risk",
            "names that no clean-up deletes",
            with(|app| {
                five(app);
                let releases = layout_of(app).releases.value.as_mut().unwrap();
                releases.insert(0, release("rescue", 900_000));
                app.masters = vec![master(14740, 86_400, "rescue")];
            }),
        ),
        (
            "release-prune-risk",
            "the old one of a young handover",
            with(|app| {
                layout_of(app).keeps.value = Ok(Setting::Set { value: 1, line: 9 });
                deployed(app, 35);
                reexecuted(app, 30, Phase::Ready);
            }),
        ),
        (
            "listener-in-release",
            "a path through current to a shared directory",
            with(|app| {
                let path = format!("{ROOT}/current/tmp/sockets/u.sock");
                app.listeners[0].address = Address::Unix(path.into());
            }),
        ),
        (
            "listener-in-release",
            "bound by a relative path, which stays the same text",
            with(|app| {
                listening(app, LIVE);
                app.listeners[0].bound_relative = true;
            }),
        ),
        (
            "listener-in-release",
            "every USR2 starts the same release again",
            with(|app| {
                listening(app, LIVE);
                restart_in(app, LIVE);
            }),
        ),
        (
            "listener-in-release",
            "the next release names the shared path and the old one",
            with(|app| {
                listening(app, LIVE);
                deployed(app, 1800);
                app.masters[0].restart.directory.value.as_mut().unwrap().real.value =
                    Ok(Some(release_path(NEW)));
                let path = release_path(LIVE).join("tmp/sockets/u.sock");
                let path = path.to_str().unwrap().into();
                app.masters[0].config.value.as_mut().unwrap().listen =
                    vec![Setting::Set { value: path, line: 3 }];
            }),
        ),
    ]
}

/// `current` moved half an hour ago, and HUP took a preloading master with it.
fn reloaded(app: &mut App) {
    deployed(app, 1800);
    let master = &mut app.masters[0];
    master.release.value = Ok(Some(NEW.into()));
    for worker in &mut master.workers {
        worker.release.value = Ok(Some(NEW.into()));
        worker.process.started_at.value = Ok(ago(1700));
        worker.process.age.value = Ok(1700);
    }
}

/// Five releases, of which `current` names the newest.
fn five(app: &mut App) {
    let releases = layout_of(app).releases.value.as_mut().unwrap();
    for (at, name) in ["20261110000000", "20261111000000", "20261112000000"].iter().enumerate() {
        releases.insert(at, release(name, 900_000 - 80_000 * at as u64));
    }
}

fn restart_in(app: &mut App, release: &str) {
    let path = format!("{ROOT}/releases/{release}");
    let spot: Spot = spot(&path, FileKind::Directory, &path);
    app.masters[0].restart.directory.value = Ok(spot);
}

/// `listen "unix:tmp/sockets/u.sock"`, where `tmp/sockets` of each release is a link to the shared directory.
fn listening(app: &mut App, release: &str) {
    let path = release_path(release).join("tmp/sockets/u.sock");
    app.listeners[0].address = Address::Unix(path);
    let listen = vec![Setting::Set { value: "unix:tmp/sockets/u.sock".into(), line: 3 }];
    let master = &mut app.masters[0];
    master.config.value.as_mut().unwrap().listen.clone_from(&listen);
    master.loaded.value.as_mut().unwrap().listen = listen;
}
