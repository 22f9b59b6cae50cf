//! The box in the pictures of the design: web-1 in the night of 21 November, healthy on the morning after; web-2, of
//! which half may be read; build-7, on which nothing serves.

use std::path::{Path, PathBuf};

use farrier::facts::environ::{Environ, Variable};
use farrier::facts::{Fact, Lack, Place};
use farrier::model::config::{Assignment, HookBody, Kill, OldPath};
use farrier::model::log::{Entry, Said};
use farrier::model::*;
use farrier::os::{FileKind, Host, Refusal, Text, User};
use jiff::Timestamp;

use crate::built::{self, GONE, LIVE, NEW, OLD, ROOT, known, pid, release_path, spot};

pub const HEALTHY: &str = "20261122090512";
const LOG: &str = "/var/www/shop/log/unicorn.stderr.log";
const M: u64 = 1 << 20;

/// A moment of that year: `11-21 23:10:02`.
pub fn at(moment: &str) -> Timestamp {
    let (day, time) = moment.split_once(' ').unwrap();
    format!("2026-{day}T{time}Z").parse().unwrap()
}

/// The machine.
fn host() -> Host {
    let users = [(0, "root"), (33, "www-data"), (1000, "deploy"), (1001, "api"), (1002, "bob")];
    let users = users.map(|(uid, name)| User { uid, name: name.into(), home: "".into() }).to_vec();
    Host { users: users.into(), available: 2970 * M, ..built::host() }
}

/// A process with its start, its owner and its memory in megabytes.
fn born(process: &mut Process, taken_at: Timestamp, started: &str, user: &str, memory: u64) {
    let started = at(started);
    let age = u64::try_from(taken_at.duration_since(started).as_secs()).unwrap();
    process.started_at.value = Ok(started);
    process.age.value = Ok(age);
    process.user.value = Ok(user.into());
    process.pss.value = Ok(memory * M);
}

struct Generation<'a> {
    pid: i32,
    release: &'a str,
    started: &'a str,
    role: Role,
    memory: [u64; 5],
}

/// A generation of shop: a master and its four workers.
fn generation(taken_at: Timestamp, of: &Generation<'_>) -> Master {
    let mut master = built::master(of.pid, 60, of.release);
    master.role = of.role;
    let [own, workers @ ..] = of.memory;
    let first = if of.role == Role::Old || of.pid == 23991 { of.pid + 4 } else { of.pid + 3 };
    born(&mut master.process, taken_at, of.started, "deploy", own);
    let worker = |(nr, memory): (u32, u64)| {
        let number = first + i32::try_from(nr).unwrap();
        let mut worker = built::worker(number, of.pid, nr, 60, of.release);
        born(&mut worker.process, taken_at, of.started, "deploy", memory);
        worker
    };
    master.workers = (0..).zip(workers).map(worker).collect();
    let title: &[&str] = match of.role {
        Role::Old => &["unicorn", "master", "(old)", "-c", "config/unicorn.rb", "-D"],
        _ => &["unicorn", "master", "-c", "config/unicorn.rb", "-D"],
    };
    master.process.command_line.value = Ok(farrier::facts::process::CommandLine {
        words: title.iter().map(|word| Text::from(*word)).collect(),
        ..Default::default()
    });
    for config in [&mut master.config, &mut master.loaded] {
        config.value = Ok(self::config(false));
    }
    master.restart.config.value = Ok(Some(spot(built::CONFIG, FileKind::Regular, built::CONFIG)));
    master.ruby_version = Some("3.1.2".into());
    master.process.descriptors.value = Ok((0..8).map(log_file).collect());
    master
}

/// A log that is open to write.
fn log_file(number: u32) -> farrier::os::Descriptor {
    let target = format!("{ROOT}/log/{number}.log").as_str().into();
    farrier::os::Descriptor { fd: number + 1, target }
}

/// Its configuration: the hook at line 31 looks for the wrong file unless it was mended.
fn config(mended: bool) -> Config {
    let mut config = built::config();
    config.worker_processes = Setting::Set { value: 4, line: 4 };
    let oldbin = if mended { "unicorn.pid.oldbin" } else { "unicorn.oldbin" };
    let path = PathBuf::from(format!("{ROOT}/shared/pids/{oldbin}"));
    let real = known("/var/www/shop/shared/pids", Some(path.clone()));
    config.hooks = vec![HookBody {
        hook: Hook::BeforeFork,
        line: 30,
        kills: vec![Kill { line: 33, signals: vec!["QUIT".into()] }],
        old_paths: vec![Setting::Set { value: OldPath::Path { path, real }, line: 31 }],
        tells_workers_apart: false,
        names_oldbin: true,
        sleeps: false,
    }];
    let sets = |name: &str, value: &str, line| Assignment {
        name: name.into(),
        value: Setting::Set { value: Text::from(value), line },
        hook: Some(Hook::BeforeExec),
    };
    config.environment = vec![sets("MALLOC_ARENA_MAX", "2", 24)];
    if mended {
        config.environment.push(sets("BUNDLE_GEMFILE", "/var/www/shop/current/Gemfile", 25));
    }
    config
}

/// `name=value` lines.
fn environ(lines: &[(&str, String)]) -> Environ {
    let variable = |(name, value): &(&str, String)| Variable {
        name: (*name).into(),
        value: Text::from(value.as_str()),
    };
    Environ { variables: lines.iter().map(variable).collect(), size: 4096 }
}

/// What 14740 was started with, and what it has now.
fn environments(master: &mut Master) {
    let pinned = format!("{ROOT}/releases/{GONE}/Gemfile");
    let path = |directories: usize, length: usize| {
        let mut all: Vec<String> = (0..directories).map(|n| format!("/usr/local/{n}")).collect();
        let missing = length - all.join(":").len();
        all[0].push_str(&"x".repeat(missing));
        all
    };
    let mut wide = path(9, 487 - 2 * 14);
    let (one, two) = (wide[1].clone(), wide[2].clone());
    wide.extend([one, two]);
    let wide = wide.join(":");
    let wide = format!("{}{wide}", "/x".repeat((487 - wide.len()) / 2));
    let wide = if wide.len() < 487 { format!("/{wide}") } else { wide };
    let same: Vec<(&str, String)> = vec![
        ("BUNDLE_GEMFILE", pinned),
        ("GEM_HOME", "/var/www/shop/shared/bundle/ruby/3.1.0".into()),
        ("HOME", "/home/deploy".into()),
        ("LANG", "en_GB.UTF-8".into()),
        ("PWD", "/var/www/shop/current".into()),
        ("RAILS_ENV", "production".into()),
        ("REDIS_URL", "r".repeat(38)),
        ("SECRET_KEY_BASE", "s".repeat(128)),
        ("UNICORN_FD", "8".into()),
    ];
    let secret = |number: usize| (format!("ZZ_SECRET_{number:02}"), "x".repeat(20 + number));
    let harmless = ["USER", "XDG_SEAT", "XDG_VTNR", "XDG_DATA_DIRS", "XDG_SESSION_TYPE"];
    let build = |database: usize, path: String, zone: &str| {
        let mut lines = same.clone();
        lines.push(("DATABASE_URL", "d".repeat(database)));
        lines.push(("PATH", path));
        lines.push(("TZ", zone.into()));
        let mut environ = environ(&lines);
        for number in 0..16 {
            let (name, value) = secret(number);
            environ
                .variables
                .push(Variable { name: name.as_str().into(), value: value.as_str().into() });
        }
        for name in harmless {
            environ.variables.push(Variable { name: name.into(), value: "x".into() });
        }
        for number in 0..20 {
            let name = format!("Z_{number:02}");
            environ.variables.push(Variable { name: name.as_str().into(), value: "C".into() });
        }
        environ
    };
    master.process.environ.value = Ok(build(61, path(9, 412).join(":"), "Europe/Berlin"));
    master.process.live.value = Ok(build(64, wide, "UTC"));
}

fn entry(line: usize, time: &str, writer: i32, said: Said) -> Entry {
    let at = at(time).to_string();
    let time = Some(Text::from(at.trim_end_matches('Z')));
    Entry { line, time, writer: Some(writer), said }
}

fn log(entries: Vec<Entry>) -> Log {
    Log { path: LOG.into(), whole: true, entries, workers: Vec::new(), aside: None }
}

/// A release with its revision; `sort` has another lock file than those before it.
fn release(name: &str, arrived: &str, revision: &str, gems: &[(&str, &str)]) -> Release {
    let mut release = built::release(name, 0);
    release.arrived.value = Ok(at(arrived));
    release.revision = Some(revision.into());
    let digest = u64::try_from(gems.len()).unwrap();
    let mut lock = built::lock(name, digest);
    lock.gems = gems.iter().map(|(gem, version)| ((*gem).into(), (*version).into())).collect();
    lock.ruby = Some("3.1.2".into());
    release.lock.value = Ok(Some(lock));
    release
}

fn releases() -> Vec<Release> {
    let before = [("rack", "2.2.4")];
    let with = [("rack", "2.2.4"), ("stripe", "10.1.0")];
    vec![
        release(GONE, "11-01 12:00:00", "0c1d2e3", &before),
        release("20261108120000", "11-08 12:00:00", "e20b9c4", &before),
        release(OLD, "11-14 16:05:44", "77aa01c", &before),
        release(LIVE, "11-19 09:30:12", "51d0e77", &before),
        release(NEW, "11-21 22:41:03", "9f3c2ab", &with),
    ]
}

/// The layout of shop with `current` switched.
fn layout(current: &str, switched: &str, releases: Vec<Release>) -> Layout {
    let mut layout = built::layout();
    layout.releases.value = Ok(releases);
    layout.current.state.value = Ok(CurrentState::Release(current.into()));
    layout.current.real.value = Ok(Some(release_path(current)));
    layout.current.switched_at.value = Ok(at(switched));
    layout.keeps.value = Ok(Setting::Set { value: 5, line: 14 });
    layout
}

fn api(taken_at: Timestamp) -> App {
    let root = "/var/www/api";
    let name = "20261120101500";
    let mut app = built::app();
    let place = |file: &str| format!("{root}/{file}");
    app.id = AppId(root.into());
    app.name = "api".into();
    app.kind = farrier::servers::puma::KIND;
    app.root = root.into();
    let mut master = built::master(3301, 60, name);
    master.kind = farrier::servers::puma::KIND;
    master.beside = None;
    master.restart = in_current(&master, root, name).into();
    master.log = known(&place("log"), None).into();
    master.pidfile = known(&place("shared/pids/puma.pid"), None);
    born(&mut master.process, taken_at, "11-09 10:00:00", "api", 84);
    let worker = |(nr, memory): (u32, u64)| {
        let number = 20114 + i32::try_from(nr).unwrap();
        let mut worker = built::worker(number, 3301, nr, 60, name);
        born(&mut worker.process, taken_at, "11-20 10:15:30", "api", memory);
        worker
    };
    master.workers = [(0, 299), (1, 307)].into_iter().map(worker).collect();
    let mut config = built::plain_config();
    config.worker_processes = Setting::Set { value: 2, line: 1 };
    config.preload_app = Setting::Set { value: false, line: 2 };
    master.config = known(&place("config/puma.rb"), config.clone()).into();
    master.loaded = known(&place("config/puma.rb"), config).into();
    app.masters = vec![master];
    app.pidfiles.clear();
    app.listeners = vec![Listener {
        address: Address::Tcp("127.0.0.1:9292".parse().unwrap()),
        inode: 50_001,
        queued: known("sock_diag", 0),
        backlog: known("sock_diag", 1024),
        file: None,
        directory: None,
        bound_relative: false,
        masters: vec![pid(3301)],
    }]
    .into();
    let mut only = built::release(name, 0);
    only.arrived.value = Ok(at("11-20 10:14:50"));
    only.revision = Some("c41e9d0".into());
    only.path = Path::new(root).join("releases").join(name);
    let mut layout = built::layout();
    layout.root = root.into();
    layout.releases_directory = place("releases").into();
    layout.releases = known(&place("releases"), vec![only]);
    layout.current = Current {
        path: place("current").into(),
        state: known(&place("current"), CurrentState::Release(name.into())),
        real: known(&place("current"), Some(Path::new(root).join("releases").join(name))),
        switched_at: known(&place("current"), at("11-20 10:15:02")),
    };
    app.layout = known(&place("releases"), Some(layout)).into();
    app
}

/// A way that everyone may go.
fn open_way() -> Way {
    let socket = farrier::os::FileStat { mode: 0o777, ..built::stat(FileKind::Socket, 61) };
    let access =
        farrier::os::Access { read_only: false, fixed: false, listed: false, full: Some(false) };
    let directories = Path::new(built::SOCKET).ancestors().skip(1).map(|path| {
        let place = path.to_string_lossy();
        Directory {
            path: path.into(),
            stat: known(&place, Some(built::stat(FileKind::Directory, 50))),
            access: known(&place, Some(access)),
        }
    });
    Way {
        directories: directories.collect(),
        stat: known(built::SOCKET, Some(socket)),
        access: known(built::SOCKET, Some(access)),
    }
}

/// What a Puma restarts from: the directory of its own `current`.
fn in_current(master: &farrier::model::Master, root: &str, release: &str) -> Restart {
    let spot = |path: &str, kind, real: &str| {
        let path = path.replace("/var/www/shop", root);
        built::spot(&path, kind, real)
    };
    let (current, real) = (format!("{root}/current"), format!("{root}/releases/{release}"));
    let mut restart = Restart::clone(&master.restart);
    restart.directory = known("config/puma.rb", spot(&current, FileKind::Directory, &real));
    restart.program =
        known("/proc/3301/environ", spot("/usr/bin/puma", FileKind::Regular, "/usr/bin/puma"));
    let config = format!("{current}/config/puma.rb");
    restart.config = known(&current, Some(spot(&config, FileKind::Regular, &config)));
    restart.gemfile = known(&current, Some(built::gemfile(&format!("{current}/Gemfile"), None)));
    restart
}

fn nginx(taken_at: Timestamp) -> App {
    let mut app = built::app();
    app.id = AppId("/etc/nginx".into());
    app.name = "nginx".into();
    app.kind = farrier::servers::nginx::KIND;
    app.root = "/etc/nginx".into();
    app.layout = known("/etc/nginx", None).into();
    app.pidfiles.clear();
    let mut master = built::master(811, 60, LIVE);
    master.kind = farrier::servers::nginx::KIND;
    master.release = known("/proc/811/cwd", None);
    master.beside = farrier::servers::nginx::SERVER.beside;
    master.restart = Restart::not_followed(pid(811), "nginx").into();
    master.log = known("/proc/811/fd", None).into();
    born(&mut master.process, taken_at, "10-19 05:00:00", "root", 6);
    let worker = |nr: u32| {
        let mut worker = built::worker(812 + i32::try_from(nr).unwrap(), 811, nr, 60, LIVE);
        worker.number = None;
        worker.release = known("/proc/812/cwd", None);
        born(&mut worker.process, taken_at, "10-19 05:00:00", "www-data", 13);
        worker
    };
    master.workers = (0..4).map(worker).collect();
    let mut config = built::plain_config();
    config.worker_processes = Setting::Set { value: 4, line: 1 };
    master.config = known("/etc/nginx/nginx.conf", config.clone()).into();
    master.loaded = known("/etc/nginx/nginx.conf", config).into();
    master.upstreams = known(
        "/etc/nginx/nginx.conf",
        vec![Upstream {
            group: Some("shop_app".into()),
            to: Address::Unix(built::SOCKET.into()),
            fail_timeout: Some("0".into()),
            place: farrier::facts::Place::line(Path::new("/etc/nginx/sites-enabled/shop"), 3),
            way: Some(open_way()),
        }],
    )
    .into();
    app.masters = vec![master];
    let listener = |port: u16, inode| Listener {
        address: Address::Tcp(([0, 0, 0, 0], port).into()),
        inode,
        queued: known("sock_diag", 0),
        backlog: known("sock_diag", 511),
        file: None,
        directory: None,
        bound_relative: false,
        masters: vec![pid(811)],
    };
    app.listeners = vec![listener(443, 7001), listener(80, 7002)].into();
    app
}

fn census(taken_at: Timestamp, shop: App) -> Census {
    let mut census = built::healthy();
    census.host = known("/proc", host());
    census.taken_at = taken_at;
    census.boot_time = taken_at.as_second() * 1_000_000_000;
    census.apps = vec![api(taken_at), nginx(taken_at), shop];
    census
}

/// The night at a moment: `23:10:02`.
pub fn incident(time: &str) -> Census {
    let taken_at = at(&format!("11-21 {time}"));
    let mut old = generation(
        taken_at,
        &Generation {
            pid: 9120,
            release: OLD,
            started: "11-14 16:06:21",
            role: Role::Old,
            memory: [104, 218, 214, 221, 213],
        },
    );
    old.child = Some(pid(14740));
    let mut serving = generation(
        taken_at,
        &Generation {
            pid: 14740,
            release: LIVE,
            started: "11-19 09:31:02",
            role: Role::Current,
            memory: [108, 231, 226, 219, 235],
        },
    );
    serving.parent = Some(pid(9120));
    environments(&mut serving);
    let pinned = format!("{ROOT}/releases/{GONE}/Gemfile");
    let mut gemfile = built::gemfile(&pinned, Some(GONE));
    let all = releases();
    gemfile.lock.value = all[0].lock.value.clone();
    serving.restart.gemfile.value = Ok(Some(gemfile));
    let ready = |line, time: &str, writer| entry(line, time, writer, Said::Ready);
    let executed =
        Said::Executing { program: "/usr/local/bin/unicorn".into(), directory: release_path(LIVE) };
    let refused = Said::Refused(
        "old PID:9120 running with /var/www/shop/shared/pids/unicorn.pid.oldbin, refusing rexec"
            .into(),
    );
    let told = log(vec![
        entry(8514, "11-19 09:31:02", 14740, executed),
        ready(8533, "11-19 09:31:31", 14740),
        entry(8821, "11-21 22:41:38", 14740, refused),
    ]);
    for master in [&mut old, &mut serving] {
        master.log = known(LOG, Some(told.clone())).into();
    }
    let mut app = built::app();
    app.layout.value = Ok(Some(layout(NEW, "11-21 22:41:20", all)));
    app.masters = vec![old, serving];
    app.listeners[0].masters = vec![pid(9120), pid(14740)];
    app.listeners[0].backlog.value = Ok(2048);
    let oldbin = built::pidfile(PidfileKind::Oldbin, 9120, PidfileState::Live, Some(9120));
    app.pidfiles.push(oldbin);
    census(taken_at, app)
}

/// The morning after: `10:02:11`.
pub fn healthy(time: &str) -> Census {
    let taken_at = at(&format!("11-22 {time}"));
    let mut serving = generation(
        taken_at,
        &Generation {
            pid: 23991,
            release: HEALTHY,
            started: "11-22 09:06:02",
            role: Role::Current,
            memory: [112, 228, 231, 224, 229],
        },
    );
    for config in [&mut serving.config, &mut serving.loaded] {
        config.value = Ok(self::config(true));
    }
    built::inherits(&mut serving.process);
    let executed = Said::Executing {
        program: "/usr/local/bin/unicorn".into(),
        directory: release_path(HEALTHY),
    };
    let mut entries = vec![entry(8900, "11-22 09:06:02", 23991, executed)];
    let workers = (0..4).map(|n| entry(8901 + n, "11-22 09:06:30", 23995, Said::WorkerReady));
    entries.extend(workers);
    entries.push(entry(8905, "11-22 09:06:31", 23991, Said::Ready));
    entries.push(entry(8909, "11-22 09:06:40", 22410, Said::Complete));
    serving.log = known(LOG, Some(log(entries))).into();
    let mut all = releases();
    all.remove(0);
    for release in &mut all {
        release.lock.value.as_mut().unwrap().as_mut().unwrap().digest = 2;
    }
    let with = [("rack", "2.2.4"), ("stripe", "10.1.0")];
    all.push(release(HEALTHY, "11-22 09:05:30", "aa10b2c", &with));
    let mut app = built::app();
    app.layout.value = Ok(Some(layout(HEALTHY, "11-22 09:05:58", all)));
    app.masters = vec![serving];
    app.listeners[0].masters = vec![pid(23991)];
    app.listeners[0].backlog.value = Ok(2048);
    app.pidfiles[0] = built::pidfile(PidfileKind::Current, 23991, PidfileState::Live, Some(23991));
    census(taken_at, app)
}

/// web-2, as deploy sees it: half of api may not be read, and the file system of its log does not answer.
pub fn half_read(time: &str) -> Census {
    let mut census = healthy(time);
    census.host = known("/proc", Host { name: "web-2".into(), euid: 1000, ..host() });
    census.apps.remove(0);
    let denied = || Lack::Refused(Refusal::Denied);
    let app = &mut census.apps[1];
    app.name = "api".into();
    let master = &mut app.masters[0];
    master.release.value = Err(denied());
    master.restart.gemfile.value = Err(denied());
    let silent = Lack::Refused(Refusal::TimedOut);
    master.log = Fact::lacking(Place::new("/mnt/logs/unicorn.stderr.log"), silent).into();
    let workers = master.workers.iter_mut().map(|worker| {
        worker.release.value = Err(denied());
        &mut worker.process
    });
    for process in workers.chain([&mut master.process]) {
        let facts = &mut *process.facts;
        facts.user.value = Ok("api".into());
        facts.cwd.value = Err(denied());
        facts.exe.value = Err(denied());
        facts.environ.value = Err(denied());
    }
    census
}

/// build-7, on which nothing serves, as ana sees it: `10:15:00`.
pub fn nothing(time: &str) -> Census {
    let mut census = built::healthy();
    let users = vec![User { uid: 1003, name: "ana".into(), home: "".into() }];
    census.host = known(
        "/proc",
        Host { name: "build-7".into(), euid: 1003, users: users.into(), ..built::host() },
    );
    census.taken_at = at(&format!("11-22 {time}"));
    census.apps.clear();
    census.seen = Seen {
        processes: 212,
        members: 25,
        denied: 187,
        idle_roots: vec!["/srv/www/blog".into()],
        searched: [
            ("processes", "title, program, signals caught: 4 servers known", 0),
            ("pidfiles", "/run, /var/www/*/shared/pids, /srv/*/shared/pids", 0),
            ("releases", "a directory \"releases\" beside a link \"current\"", 1),
            ("services", "/etc/systemd, /etc/service, supervisor.d", 0),
        ]
        .map(|(what, how, found)| Searched { what, how: how.into(), found })
        .to_vec(),
        ..Seen::default()
    };
    census
}
