//! Broken apps: each case is the healthy one with one fault, and the rule that has to find it.

use farrier::contract::Severity;
use farrier::contract::Severity::{Critical, Info, Warning};
use farrier::facts::cgroup::{Frozen, Thaw};
use farrier::facts::files::Linked;
use farrier::facts::process::State;
use farrier::facts::sockets::SocketFile;
use farrier::facts::{Fact, Place};
use farrier::model::log::Said;
use farrier::model::*;
use farrier::os::FileKind;

use crate::built::*;

/// A broken app and what has to be found in it.
pub struct Case {
    pub rule: &'static str,
    pub severity: Severity,
    pub name: &'static str,
    pub census: Census,
    /// It counts only when it lasts.
    pub lasts: bool,
    pub earlier: Option<Census>,
}

impl Case {
    pub fn before(&self) -> &Census {
        self.earlier.as_ref().unwrap_or(&self.census)
    }

    pub fn lasting(mut self) -> Self {
        self.lasts = true;
        self
    }
}

pub fn case(
    rule: &'static str,
    severity: Severity,
    name: &'static str,
    change: impl FnOnce(&mut App),
) -> Case {
    Case { rule, severity, name, census: with(change), lasts: false, earlier: None }
}

/// Without workers at two looks, between which it used half a second, and its reaped children so many ticks.
fn busy(rule: &'static str, severity: Severity, name: &'static str, reaped: u64) -> Case {
    let mut case = case(rule, severity, name, |app| app.masters[0].workers.clear());
    case.earlier = Some(case.census.clone());
    let stat = case.census.apps[0].masters[0].process.stat.value.as_mut().unwrap();
    stat.cpu += 50;
    stat.children_cpu += reaped;
    case
}

/// Two young workers at each of two looks, none of them the same.
fn respawning() -> Case {
    let young = |first: i32| {
        with(|app| {
            app.masters[0].workers =
                vec![worker(first, 14740, 0, 1, LIVE), worker(first + 1, 14740, 1, 2, LIVE)];
        })
    };
    Case {
        rule: "workers-respawning",
        severity: Critical,
        name: "every worker is another one",
        census: young(30_010),
        lasts: true,
        earlier: Some(young(30_000)),
    }
}

/// The directory is gone: the path leads nowhere and the open one has no link.
fn removed(link: &mut Linked) {
    link.open.value.as_mut().unwrap().nlink = 0;
    link.now.value = Ok(None);
}

fn replaced(link: &mut Linked) {
    link.now.value.as_mut().unwrap().as_mut().unwrap().inode += 1000;
}

/// It is gunicorn, by a virtual environment.
fn python(app: &mut App) {
    app.kind = farrier::servers::gunicorn::KIND;
    app.masters[0].kind = app.kind;
    app.masters[0].beside = farrier::servers::gunicorn::SERVER.beside;
}

fn pinned(app: &mut App, release: &str, gone: bool) {
    let path = format!("{ROOT}/releases/{release}/Gemfile");
    let mut file = gemfile(&path, Some(release));
    if gone {
        file.file = nothing(&path);
    }
    app.masters[0].restart.gemfile.value = Ok(Some(file));
}

/// Nothing shows that USR2 is used here.
pub fn unprepared(app: &mut App) {
    app.masters[0].config.value = Ok(plain_config());
    app.masters[0].loaded.value = Ok(plain_config());
}

fn oldbin(app: &mut App, state: PidfileState) {
    app.pidfiles.push(pidfile(PidfileKind::Oldbin, 4711, state, None));
}

fn current(app: &mut App, state: CurrentState) {
    layout_of(app).current.real.value = Ok(None);
    layout_of(app).current.state.value = Ok(state);
}

fn stop(process: &mut Process, letter: char) {
    process.stat.value.as_mut().unwrap().state = State(letter);
}

fn freeze(app: &mut App) {
    let group = std::path::PathBuf::from("/sys/fs/cgroup/shop");
    let thaw = vec![Thaw { file: group.join("cgroup.freeze"), word: "0" }];
    app.masters[0].frozen = known("/proc/14740/cgroup", Some(Frozen { group, thaw }));
}

fn freeze_workers(app: &mut App, count: usize) {
    let group = std::path::PathBuf::from("/sys/fs/cgroup/shop/workers");
    let thaw = vec![Thaw { file: group.join("cgroup.freeze"), word: "0" }];
    for worker in app.masters[0].workers.iter_mut().take(count) {
        worker.frozen =
            known("/proc/14741/cgroup", Some(Frozen { group: group.clone(), thaw: thaw.clone() }));
    }
}

fn diverge(app: &mut App) {
    let releases = layout_of(app).releases.value.as_mut().unwrap();
    for release in releases.iter_mut().filter(|release| release.name != OLD) {
        release.lock.value = Ok(Some(lock(&release.name, 2)));
    }
}

pub fn cases() -> Vec<Case> {
    let mut all = releases();
    all.extend(super::settings::cases());
    all.extend(ruby());
    all.extend(pidfiles());
    all.extend(super::hooks::cases());
    all.extend(masters());
    all.extend(sockets());
    all.extend(super::generations::cases());
    all.extend(super::kept::cases());
    all.extend(super::access::cases());
    all.extend(super::memory::cases());
    all
}

fn releases() -> Vec<Case> {
    vec![
        case("release-stale", Warning, "current moved, no restart", |app| deployed(app, 1800)),
        case("release-stale", Info, "current has just moved", |app| deployed(app, 20)),
        case("release-stale", Warning, "current was switched back", |app| {
            deployed(app, 1800);
            app.masters = vec![master(22410, 3600, NEW)];
            layout_of(app).current.state.value = Ok(CurrentState::Release(LIVE.into()));
        }),
        case(
            "release-stale",
            Warning,
            "the old master serves while the new one loads too long",
            |app| {
                deployed(app, 700);
                reexecuted(app, 600, Phase::Loading);
            },
        ),
        case("release-stale", Warning, "HUP moved a preloading master", |app| {
            deployed(app, 1800);
            let master = &mut app.masters[0];
            master.release.value = Ok(Some(NEW.into()));
            for worker in &mut master.workers {
                worker.process.started_at.value = Ok(ago(1700));
                worker.process.age.value = Ok(1700);
            }
        }),
        case("release-deleted", Warning, "removed, the restart goes through current", |app| {
            removed(app.masters[0].process.cwd.value.as_mut().unwrap());
        }),
        case("release-deleted", Warning, "removed under one worker, replaced by a link", |app| {
            let link = app.masters[0].workers[0].process.cwd.value.as_mut().unwrap();
            link.open.value.as_mut().unwrap().nlink = 0;
            replaced(link);
        }),
        case("release-deleted", Critical, "the restart needs it", |app| {
            let master = &mut app.masters[0];
            removed(master.process.cwd.value.as_mut().unwrap());
            master.process.cwd.value.as_mut().unwrap().path = release_path(GONE);
            let path = format!("{ROOT}/releases/{GONE}");
            master.restart.directory.value = Ok(nothing(&path));
        }),
        case("release-deleted", Info, "an old master without workers", |app| {
            deployed(app, 1800);
            reexecuted(app, 1700, Phase::Ready);
            app.masters[0].workers.clear();
            removed(app.masters[0].process.cwd.value.as_mut().unwrap());
        }),
        case("release-pinned", Warning, "its own release", |app| {
            let path = format!("{ROOT}/releases/{LIVE}");
            app.masters[0].restart.directory.value = Ok(spot(&path, FileKind::Directory, &path));
        }),
        case("release-pinned", Critical, "a release that is gone", |app| {
            let path = format!("{ROOT}/releases/{GONE}");
            app.masters[0].restart.directory.value = Ok(nothing(&path));
        }),
        case("release-pinned", Info, "USR2 is not used", |app| {
            unprepared(app);
            let path = format!("{ROOT}/releases/{LIVE}");
            app.masters[0].restart.directory.value = Ok(spot(&path, FileKind::Directory, &path));
        }),
        case("current-broken", Critical, "missing", |app| current(app, CurrentState::Missing))
            .lasting(),
        case("current-broken", Critical, "dangling", |app| {
            current(app, CurrentState::Dangling(release_path(GONE)));
        })
        .lasting(),
        case("current-broken", Warning, "a directory", |app| current(app, CurrentState::Directory))
            .lasting(),
        case("current-broken", Warning, "a link inside the live release", |app| {
            let link = release_path(LIVE).join(NEW);
            layout_of(app).releases.value.as_mut().unwrap()[1].nested_link.value = Ok(Some(link));
        })
        .lasting(),
        case("current-broken", Info, "a link inside a release that nothing runs", |app| {
            let link = release_path(OLD).join(NEW);
            layout_of(app).releases.value.as_mut().unwrap()[0].nested_link.value = Ok(Some(link));
        })
        .lasting(),
    ]
}

fn ruby() -> Vec<Case> {
    vec![
        case("gemfile-pinned", Warning, "an older release", |app| pinned(app, OLD, false)),
        case("gemfile-pinned", Warning, "the live release's own path", |app| {
            pinned(app, LIVE, false);
        }),
        case("gemfile-pinned", Warning, "a release that is gone", |app| pinned(app, GONE, true)),
        case("gemfile-pinned", Info, "USR2 is not used", |app| {
            unprepared(app);
            pinned(app, OLD, false);
        }),
        case("gemfile-mismatch", Warning, "another lock file", |app| {
            pinned(app, OLD, false);
            diverge(app);
        }),
        case("gemfile-mismatch", Warning, "another than current, the same as it runs", |app| {
            deployed(app, 1800);
            pinned(app, LIVE, false);
            diverge(app);
        }),
        case("gemfile-missing", Critical, "in a release that is gone", |app| {
            pinned(app, GONE, true);
        }),
        case("gemfile-missing", Critical, "below current", |app| {
            let path = format!("{ROOT}/current/Gemfile");
            let file = app.masters[0].restart.gemfile.value.as_mut().unwrap().as_mut().unwrap();
            file.file = nothing(&path);
        })
        .lasting(),
        case("gemfile-missing", Info, "USR2 is not used", |app| {
            unprepared(app);
            pinned(app, GONE, true);
        }),
        case("exe-replaced", Warning, "replaced", |app| {
            replaced(app.masters[0].process.exe.value.as_mut().unwrap());
        }),
        case("exe-replaced", Warning, "deleted", |app| {
            removed(app.masters[0].process.exe.value.as_mut().unwrap());
        }),
        case("libs-replaced", Warning, "one replaced, one deleted", |app| {
            let libraries = app.masters[0].process.libraries.value.as_mut().unwrap();
            replaced(&mut libraries[0]);
            removed(&mut libraries[1]);
        }),
        case("reexec-missing", Critical, "the directory", |app| {
            let path = format!("{ROOT}/releases/{GONE}");
            app.masters[0].restart.directory.value = Ok(nothing(&path));
        }),
        case("reexec-missing", Critical, "the program", |app| {
            app.masters[0].restart.program.value = Ok(nothing("/opt/gone/bin/unicorn"));
        }),
        case("reexec-missing", Critical, "the program may not be executed", |app| {
            let program = app.masters[0].restart.program.value.as_mut().unwrap();
            program.stat.value.as_mut().unwrap().as_mut().unwrap().mode = 0o644;
        }),
        case("reexec-missing", Critical, "the interpreter", |app| {
            app.masters[0].restart.interpreter.value = Ok(Some(nothing("/opt/ruby-2.7/bin/ruby")));
        }),
        case("reexec-missing", Critical, "the program below current", |app| {
            let path = format!("{ROOT}/current/bin/unicorn");
            app.masters[0].restart.program.value = Ok(nothing(&path));
        })
        .lasting(),
        case("reexec-missing", Info, "USR2 is not used", |app| {
            unprepared(app);
            app.masters[0].restart.program.value = Ok(nothing("/opt/gone/bin/unicorn"));
        }),
        case("venv-missing", Critical, "the interpreter", |app| {
            python(app);
            let gone = nothing("/srv/shop/venv/bin/python3");
            app.masters[0].restart.interpreter.value = Ok(Some(gone));
        }),
        case("venv-missing", Critical, "it was executed itself, and lies below current", |app| {
            python(app);
            app.masters[0].restart.interpreter.value = Ok(None);
            let gone = nothing(&format!("{ROOT}/current/venv/bin/python3.11"));
            app.masters[0].restart.program.value = Ok(gone);
        })
        .lasting(),
        case("config-missing", Critical, "in a release that is gone", |app| {
            let path = format!("{ROOT}/releases/{GONE}/config/unicorn.rb");
            app.masters[0].restart.config.value = Ok(Some(nothing(&path)));
        }),
        case("config-missing", Critical, "below current", |app| {
            app.masters[0].restart.config.value = Ok(Some(nothing(CONFIG)));
        })
        .lasting(),
    ]
}

fn pidfiles() -> Vec<Case> {
    vec![
        case("oldbin-lingering", Warning, "with workers", |app| {
            deployed(app, 1800);
            reexecuted(app, 1700, Phase::Ready);
        }),
        case("oldbin-lingering", Warning, "and current has just been switched again", |app| {
            deployed(app, 10);
            reexecuted(app, 1700, Phase::Ready);
        }),
        case("oldbin-lingering", Info, "kept without workers", |app| {
            deployed(app, 1800);
            reexecuted(app, 1700, Phase::Ready);
            app.masters[0].workers.clear();
        }),
        case("oldbin-stale", Warning, "dead", |app| oldbin(app, PidfileState::Dead)),
        case("oldbin-stale", Critical, "zombie", |app| oldbin(app, PidfileState::Zombie)).lasting(),
        case("oldbin-foreign", Critical, "a stranger", |app| {
            oldbin(app, PidfileState::Foreign("sshd, user root".into()));
        }),
        case("pidfile-missing", Warning, "removed", |app| {
            app.pidfiles[0].state.value = Ok(PidfileState::Missing);
            app.pidfiles[0].stat.value = Ok(None);
            app.pidfiles[0].real.value = Ok(None);
            app.pidfiles[0].pid = None;
        })
        .lasting(),
        case("pidfile-stale", Critical, "a living master was given it", |app| {
            app.pidfiles[0] = pidfile(PidfileKind::Current, 4711, PidfileState::Dead, Some(14740));
        }),
        case("pidfile-stale", Warning, "left behind", |app| {
            let mut file = pidfile(PidfileKind::Current, 4711, PidfileState::Dead, None);
            file.path = "/var/www/shop/shared/pids/server.pid".into();
            app.pidfiles.push(file);
        }),
        case("pidfile-stale", Critical, "a zombie", |app| {
            app.pidfiles[0] =
                pidfile(PidfileKind::Current, 4711, PidfileState::Zombie, Some(14740));
        })
        .lasting(),
        case("pidfile-stale", Critical, "after a young handover", |app| {
            deployed(app, 60);
            app.pidfiles[0] = pidfile(PidfileKind::Current, 4711, PidfileState::Dead, Some(14740));
        })
        .lasting(),
        case("pidfile-foreign", Critical, "a stranger", |app| {
            let state = PidfileState::Foreign("sshd, user root".into());
            app.pidfiles[0] = pidfile(PidfileKind::Current, 4711, state, Some(14740));
        }),
        case("pidfile-garbled", Critical, "empty", |app| {
            let state = PidfileState::Garbled("empty".into());
            app.pidfiles[0] = pidfile(PidfileKind::Current, 0, state, Some(14740));
        }),
        case("pidfile-garbled", Critical, "an oldbin that is a directory", |app| {
            let state = PidfileState::Garbled("a directory".into());
            let mut file = pidfile(PidfileKind::Oldbin, 0, state, None);
            file.stat.value = Ok(Some(stat(FileKind::Directory, 61)));
            app.pidfiles.push(file);
        }),
        case("pidfile-in-release", Warning, "below the release", |app| {
            app.pidfiles[0].path = format!("{ROOT}/current/tmp/pids/unicorn.pid").into();
            app.pidfiles[0].real.value = Ok(Some(release_path(LIVE).join("tmp/pids/unicorn.pid")));
        }),
    ]
}

fn masters() -> Vec<Case> {
    vec![
        case("master-duplicate", Critical, "on the same address", second_start),
        case("master-duplicate", Critical, "with the same pidfile", |app| {
            second_start(app);
            app.listeners[1].address = Address::Tcp("127.0.0.1:9000".parse().unwrap());
        }),
        case("master-duplicate", Critical, "each in its own release", |app| {
            second_start(app);
            for (master, release) in app.masters.iter_mut().zip([OLD, LIVE]) {
                let path = release_path(release).join("tmp/pids/unicorn.pid");
                master.pidfile.value = Ok(Some(path));
            }
            for (listener, release) in app.listeners.iter_mut().zip([OLD, LIVE]) {
                listener.address = Address::Unix(release_path(release).join("tmp/u.sock"));
            }
        }),
        case("master-duplicate", Critical, "with the same configuration and no pidfile", |app| {
            second_start(app);
            for master in &mut app.masters {
                master.pidfile.value = Ok(None);
            }
            app.listeners[1].address = Address::Unix("/var/www/shop/shared/moved.sock".into());
        }),
        case("master-hollow", Critical, "no worker", |app| app.masters[0].workers.clear())
            .lasting(),
        case("master-hollow", Critical, "nothing but a zombie", |app| {
            app.masters[0].workers.truncate(1);
            stop(&mut app.masters[0].workers[0].process, 'Z');
        })
        .lasting(),
        busy("master-hollow", Info, "a preloading master reloads", 0),
        busy("master-hollow", Critical, "a crash loop: it reaps", 30),
        respawning(),
        case("app-frozen", Critical, "its own group", freeze),
        case("app-frozen", Warning, "an old master, and another one serves", |app| {
            reexecuted(app, 30, Phase::Ready);
            freeze(app);
        }),
        case("app-frozen", Critical, "all workers, in a group of theirs", |app| {
            freeze_workers(app, usize::MAX);
        }),
        case("app-frozen", Warning, "one worker", |app| freeze_workers(app, 1)),
        case("master-stopped", Critical, "a master", |app| stop(&mut app.masters[0].process, 'T')),
        case("master-stopped", Warning, "a worker", |app| {
            stop(&mut app.masters[0].workers[0].process, 'T');
        }),
        case("master-stopped", Critical, "a traced master", |app| {
            stop(&mut app.masters[0].process, 't');
            app.masters[0].process.status.value.as_mut().unwrap().tracer = 999;
        })
        .lasting(),
        case("master-dead", Critical, "the supervisor has it up", |app| {
            app.masters.clear();
            app.wanted = vec![Wanted::Supervisor("shop.service".into())];
        })
        .lasting(),
        case("master-dead", Critical, "its pidfile names a master that was killed", |app| {
            app.masters.clear();
            left(app, Leftover::Killed);
        }),
        case("pidfile-stale", Warning, "it is older than the machine's start", |app| {
            app.masters.clear();
            left(app, Leftover::BeforeStart);
        }),
        case("pidfile-stale", Info, "the app was stopped on purpose", |app| {
            app.masters.clear();
            left(app, Leftover::Stopped("shop.service is masked".into()));
        }),
        case("pidfile-stale", Info, "a retired root of another server", |app| {
            app.masters.clear();
            app.kind = farrier::servers::puma::KIND;
            left(app, Leftover::Retired(45));
        }),
        case("master-dead", Critical, "only a zombie is left", |app| {
            stop(&mut app.masters[0].process, 'Z');
            app.masters[0].phase = Phase::Zombie;
            app.wanted = vec![Wanted::Settings];
        }),
        case("workers-missing", Warning, "one of two", |app| {
            app.masters[0].workers.truncate(1);
        })
        .lasting(),
        case("reexec-failed", Critical, "the new release does not boot", |app| {
            deployed(app, 1800);
            logged(app, failed(NEW, "exit 1"));
        }),
        case("reexec-failed", Critical, "the same release again, killed", |app| {
            logged(app, failed(LIVE, "SIGKILL (signal 9)"));
        }),
        case("reexec-failed", Critical, "the line of its execution was rotated away", |app| {
            logged(app, failed(NEW, "exit 1").split_off(2));
        }),
        case("reexec-failed", Info, "current was switched back since", |app| {
            logged(app, failed(NEW, "exit 1"));
        }),
        case("reexec-refused", Warning, "an old master lives", |app| {
            deployed(app, 1800);
            logged(app, vec![refused()]);
        }),
        case("reexec-refused", Info, "what serves is what current names", |app| {
            logged(app, vec![refused()]);
        }),
        case("reexec-refused", Info, "sent twice in a young handover", |app| {
            deployed(app, 30);
            logged(app, vec![refused()]);
        }),
    ]
}

/// The log of its master says this.
pub fn logged(app: &mut App, said: Vec<Said>) {
    app.masters[0].log.value = Ok(Some(log(said)));
}

/// A USR2 whose new master ends.
pub fn failed(release: &str, how: &str) -> Vec<Said> {
    vec![
        Said::Executing {
            program: "/usr/local/bin/unicorn".into(),
            directory: release_path(release),
        },
        Said::Error(
            "config.ru:2:in `block in <main>': this release does not boot (RuntimeError)".into(),
        ),
        Said::Ended { pid: 21877, how: how.into() },
    ]
}

pub fn refused() -> Said {
    Said::Refused(
        "old PID:9120 running with existing pid=/var/www/shop/shared/pids/unicorn.pid.oldbin, refusing rexec".into(),
    )
}

fn sockets() -> Vec<Case> {
    let file =
        |state: SocketFile| move |app: &mut App| app.listeners[0].file = Some(known(SOCKET, state));
    vec![
        case("socket-missing", Critical, "gone", file(SocketFile::Missing)),
        case("socket-missing", Critical, "gone, and current is ahead", |app| {
            deployed(app, 1800);
            app.listeners[0].file = Some(known(SOCKET, SocketFile::Missing));
        }),
        case("socket-missing", Critical, "gone below current", |app| {
            let path = format!("{ROOT}/current/tmp/u.sock");
            app.listeners[0].address = Address::Unix(path.into());
            app.listeners[0].file = Some(known(SOCKET, SocketFile::Missing));
        })
        .lasting(),
        case("socket-replaced", Critical, "by nobody's", file(SocketFile::Replaced(None))),
        case("socket-replaced", Critical, "by a stranger's", file(SocketFile::Replaced(Some(9)))),
        case("socket-replaced", Critical, "by a plain file", file(SocketFile::NotASocket)),
        case("socket-replaced", Critical, "by a second master's", |app| {
            second_start(app);
            app.listeners[0].file = Some(known(SOCKET, SocketFile::Replaced(Some(50000))));
        }),
    ]
}

/// A pidfile whose process is gone, and why it is there.
pub fn left(app: &mut App, why: Leftover) {
    let mut file = pidfile(PidfileKind::Current, 14740, PidfileState::Dead, None);
    file.leftover = Some(Fact::known(Place::new(PIDFILE), why));
    app.pidfiles = vec![file].into();
}
