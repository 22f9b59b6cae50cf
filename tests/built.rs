//! Censuses made by hand: a healthy app with every fact known, to be broken one thing at a time.

use std::path::{Path, PathBuf};

use farrier::facts::environ::{Environ, Variable};
use farrier::facts::files::{Linked, Spot};
use farrier::facts::process::{CommandLine, Stat, State, Status};
use farrier::facts::signals::SignalSet;
use farrier::facts::sockets::SocketFile;
use farrier::facts::{Fact, Lack, Place};
use farrier::model::log::{Entry, Said};
use farrier::model::*;
use farrier::os::{Access, Arguments, FileKind, FileStat, Host, Pid, Root, Text, User};
use jiff::{SignedDuration, Timestamp};

pub const ROOT: &str = "/var/www/shop";
pub const OLD: &str = "20261114160544";
pub const LIVE: &str = "20261119093012";
pub const NEW: &str = "20261121224103";
/// What `keep_releases` has long deleted.
pub const GONE: &str = "20261101120000";
pub const CONFIG: &str = "/var/www/shop/current/config/unicorn.rb";
pub const PIDFILE: &str = "/var/www/shop/shared/pids/unicorn.pid";
pub const LOG: &str = "/var/www/shop/shared/log/unicorn.stderr.log";
pub const SOCKET: &str = "/var/www/shop/shared/sockets/unicorn.sock";
const DAY: u64 = 86_400;

pub fn pid(number: i32) -> Pid {
    Pid::new(number).unwrap()
}

pub fn known<T>(place: &str, value: T) -> Fact<T> {
    Fact::known(Place::new(place), value)
}

pub fn now() -> Timestamp {
    "2026-11-21T23:10:57Z".parse().unwrap()
}

pub fn ago(seconds: u64) -> Timestamp {
    now() - SignedDuration::from_secs(i64::try_from(seconds).unwrap())
}

pub fn stat(kind: FileKind, inode: u64) -> FileStat {
    let when = i64::try_from(ago(30 * DAY).as_nanosecond()).unwrap();
    FileStat {
        kind,
        device: 1,
        inode,
        mode: 0o755,
        uid: 1000,
        gid: 1000,
        nlink: 1,
        size: 100,
        mtime: when,
        ctime: when,
        rdev: 0,
    }
}

pub fn release_path(name: &str) -> PathBuf {
    Path::new(ROOT).join("releases").join(name)
}

/// A path that is there: a regular executable file unless it is a directory.
pub fn spot(path: &str, kind: FileKind, real: &str) -> Spot {
    Spot {
        path: path.into(),
        stat: known(path, Some(stat(kind, 7))),
        real: known(path, Some(real.into())),
    }
}

/// A path where nothing is.
pub fn nothing(path: &str) -> Spot {
    Spot { path: path.into(), stat: known(path, None), real: known(path, None) }
}

pub fn linked(place: &str, path: &Path, inode: u64) -> Linked {
    let open = stat(FileKind::Regular, inode);
    Linked {
        path: path.to_path_buf(),
        open: known(place, open.clone()),
        now: known(&path.to_string_lossy(), Some(open)),
    }
}

pub fn process(number: i32, parent: i32, age: u64, cwd: &Path) -> Process {
    let at = |file: &str| format!("/proc/{number}/{file}");
    let facts = ProcessFacts {
        stat: known(
            &at("stat"),
            Stat {
                comm: "ruby".into(),
                state: State('S'),
                ppid: parent,
                group: number,
                session: number,
                tty: 0,
                flags: 0,
                cpu: 10,
                children_cpu: 10,
                threads: 2,
                started: 100_000_000 - age * 100,
                resident: 1000,
                block: None,
            },
        ),
        status: known(
            &at("status"),
            Status {
                tgid: number,
                ns_pids: vec![number],
                uids: [1000; 4],
                gids: [1000; 4],
                groups: vec![],
                capabilities: Some(0),
                tracer: 0,
                caught: SignalSet(0x4a31_7e4f),
                ignored: SignalSet(0),
                blocked: SignalSet(0),
                pending: SignalSet(0),
            },
        ),
        command_line: known(&at("cmdline"), CommandLine::default()),
        started_at: known(&at("stat"), ago(age)),
        cwd: known(&at("cwd"), linked(&at("cwd"), cwd, 20)),
        exe: known(&at("exe"), linked(&at("exe"), Path::new("/usr/bin/ruby3.1"), 30)),
        root: Root::Own,
        root_path: None,
        environ: known(
            &at("environ"),
            Environ {
                variables: vec![Variable { name: "PWD".into(), value: "/x".into() }],
                size: 10,
            },
        )
        .into(),
        live: known(
            &at("mem, environ"),
            Environ {
                variables: vec![Variable { name: "PWD".into(), value: "/x".into() }],
                size: 10,
            },
        )
        .into(),
        maps: known(&at("maps"), vec![]).into(),
        libraries: known(
            &at("maps"),
            vec![
                linked(&at("maps"), Path::new("/usr/lib/libruby-3.1.so.3.1.2"), 40),
                linked(&at("maps"), Path::new("/var/www/shop/shared/bundle/gems/pg_ext.so"), 41),
            ],
        )
        .into(),
        descriptors: known(&at("fd"), vec![]).into(),
        cgroup: known(&at("cgroup"), Text::from("/system.slice/shop.service")),
        shares_users: known(&at("ns/user"), true),
        limits: known(&at("limits"), vec![]).into(),
        user: known(&at("status"), Text::from("deploy")),
        pss: known(&at("smaps_rollup"), 1),
        rss: known(&at("stat"), 1),
    };
    Process { pid: pid(number), age: known(&at("stat"), age), facts: facts.into() }
}

pub fn worker(number: i32, master: i32, nr: u32, age: u64, release: &str) -> Worker {
    Worker {
        process: process(number, master, age, &release_path(release)),
        number: Some(nr),
        release: known(&format!("/proc/{number}/cwd"), Some(release.into())),
        frozen: known(&format!("/proc/{number}/cgroup"), None),
        serves: Fact::lacking(Place::new("/proc"), Lack::NotAsked),
    }
}

fn set<T>(value: T, line: usize) -> Setting<T> {
    Setting::Set { value, line }
}

/// A configuration as it should be: absolute, through `current`, with both hooks.
pub fn config() -> Config {
    Config {
        over: None,
        file: spot(CONFIG, FileKind::Regular, &format!("{ROOT}/releases/{LIVE}/config/unicorn.rb")),
        working_directory: set(format!("{ROOT}/current").into(), 1),
        pid: set(PIDFILE.into(), 2),
        pid_real: known(PIDFILE, Some(PIDFILE.into())),
        listen: vec![set(SOCKET.into(), 3)],
        worker_processes: set(2, 4),
        preload_app: set(true, 5),
        timeout: set(30, 6),
        boot_timeout: Setting::NotSet,
        own_bundle: Setting::NotSet,
        forks_from_worker: Setting::NotSet,
        stderr_path: set(format!("{ROOT}/shared/log/unicorn.log").into(), 7),
        stdout_path: Setting::NotSet,
        logger: Setting::NotSet,
        user: Setting::NotSet,
        program: Setting::NotSet,
        environment: vec![farrier::model::config::Assignment {
            name: "BUNDLE_GEMFILE".into(),
            value: set(Text::from("/var/www/shop/current/Gemfile"), 8),
            hook: Some(Hook::BeforeExec),
        }],
        defaulted: vec![],
        sweeps: vec![],
        hooks: vec![],
        obscure_hooks: vec![],
        removed_calls: vec![],
        reconnects: Setting::NotSet,
        retires_old_master: true,
    }
}

/// One that nobody prepared for USR2.
pub fn plain_config() -> Config {
    Config { environment: vec![], retires_old_master: false, ..config() }
}

pub fn lock(release: &str, digest: u64) -> Lock {
    let gems = [("rack".to_owned(), format!("2.{digest}.0"))];
    Lock {
        path: release_path(release).join("Gemfile.lock"),
        gems: gems.into_iter().collect(),
        checked_out: std::collections::BTreeSet::new(),
        ruby: None,
        digest,
    }
}

/// The gems of a lock file, all installed but these.
pub fn gems(missing: &[&str]) -> Gems {
    Gems {
        wanted: 24,
        missing: missing.iter().map(ToString::to_string).collect(),
        others: vec![],
        places: vec!["/var/www/shop/shared/bundle/ruby/3.1.0".into()],
    }
}

/// A service that survives a re-execution.
pub fn unit() -> Unit {
    Unit {
        name: "shop.service".into(),
        file: Some("/etc/systemd/system/shop.service".into()),
        kind: Some("forking".into()),
        pidfile: Some(PIDFILE.into()),
        main: Main::Named { file: PIDFILE.into(), own: Some(true) },
        ..Unit::default()
    }
}

pub fn gemfile(path: &str, release: Option<&str>) -> Gemfile {
    Gemfile {
        file: spot(path, FileKind::Regular, path),
        release: release.map(Into::into),
        rescued: known(path, false),
        lock: known(path, Some(lock(release.unwrap_or(LIVE), 1))),
        set_by_config: release.is_none(),
    }
}

/// A ready master of a release with two workers, started `age` seconds ago.
pub fn master(number: i32, age: u64, release: &str) -> Master {
    let place = format!("/proc/{number}");
    let current = format!("{ROOT}/current");
    let real = format!("{ROOT}/releases/{LIVE}");
    Master {
        process: process(number, 1, age, &release_path(release)),
        kind: farrier::servers::unicorn::KIND,
        beside: farrier::servers::unicorn::SERVER.beside,
        role: Role::Current,
        phase: Phase::Ready,
        parent: None,
        child: None,
        workers: vec![
            worker(number + 3, number, 0, age, release),
            worker(number + 4, number, 1, age, release),
        ],
        release: known(&format!("{place}/cwd"), Some(release.into())),
        arguments: ["-c", CONFIG].map(Text::from).into_iter().collect(),
        config: known(CONFIG, config()).into(),
        loaded: known(CONFIG, config()).into(),
        pidfile: known(CONFIG, Some(PIDFILE.into())),
        restart: Restart {
            begins: None,
            origin: Origin::Memory,
            directory: known(&place, spot(&current, FileKind::Directory, &real)),
            program: known(
                &place,
                spot("/usr/local/bin/unicorn", FileKind::Regular, "/usr/local/bin/unicorn"),
            ),
            interpreter: known(
                "/usr/local/bin/unicorn",
                Some(spot("/usr/bin/ruby3.1", FileKind::Regular, "/usr/bin/ruby3.1")),
            ),
            arguments: known(&place, Arguments::default()),
            config: known(&place, Some(spot(CONFIG, FileKind::Regular, CONFIG))),
            gemfile: known(&place, Some(gemfile(&format!("{current}/Gemfile"), None))),
            gems: known(&place, Some(gems(&[]))),
        }
        .into(),
        supervisor: known(&format!("{place}/cgroup"), Supervisor::Unit(unit())).into(),
        log: known(LOG, Some(log(vec![]))).into(),
        listens: known(&format!("{place}/fd"), vec![48113]),
        room: known(&format!("{place}/cgroup"), None),
        frozen: known(&format!("{place}/cgroup"), None),
        unread: vec![],
        server_version: Some("6.0.0".into()),
        ruby_version: Some("3.1.2".into()),
        revision: None,
        databases: known(&format!("{place}/fd"), vec![]).into(),
        upstreams: known(&format!("{place}/cmdline"), vec![]).into(),
        elsewhere: vec![],
        serves_alone: Some(false),
        outputs: vec![output()],
    }
}

/// The log of the configuration, in a directory of the deploying user.
pub fn output() -> Output {
    let path = format!("{ROOT}/shared/log/unicorn.log");
    Output {
        setting: "stderr_path",
        line: 7,
        file: spot(&path, FileKind::Regular, &path),
        name: known(&path, Some(stat(FileKind::Regular, 60))),
        access: known(&path, Some(WRITABLE)),
        directories: Path::new(&path).ancestors().skip(1).map(directory).collect(),
    }
}

/// A log with these lines, each by 14740 unless another writer is given.
pub fn log(said: Vec<Said>) -> Log {
    let entry = |(at, said)| Entry {
        line: at + 1,
        time: Some("2026-11-21T22:41:40.1".into()),
        writer: Some(14740),
        said,
    };
    Log {
        path: LOG.into(),
        whole: true,
        workers: Vec::new(),
        entries: said.into_iter().enumerate().map(entry).collect(),
        aside: None,
    }
}

pub fn release(name: &str, arrived: u64) -> Release {
    Release {
        name: name.into(),
        path: release_path(name),
        link_to: None,
        arrived: known(name, ago(arrived)),
        revision: None,
        nested_link: known(name, None),
        lock: known(name, Some(lock(name, 1))),
    }
}

pub fn pidfile(kind: PidfileKind, number: i32, state: PidfileState, owner: Option<i32>) -> Pidfile {
    let path = match kind {
        PidfileKind::Oldbin => format!("{PIDFILE}.oldbin"),
        _ => PIDFILE.to_owned(),
    };
    Pidfile {
        real: known(&path, Some(path.clone().into())),
        stat: known(&path, Some(stat(FileKind::Regular, 60))),
        directories: Path::new(&path).ancestors().skip(1).map(directory).collect(),
        kind,
        pid: Pid::new(number),
        state: known(&format!("/proc/{number}"), state),
        named_by: vec!["config/unicorn.rb:2".into()],
        owner: owner.map(pid),
        leftover: None,
        path: path.into(),
    }
}

/// Mounted for writing, and with room.
pub const WRITABLE: Access =
    Access { read_only: false, fixed: false, listed: false, full: Some(false) };

/// A directory of the deploying user that everyone may search, mounted for writing.
fn directory(path: &Path) -> Directory {
    let place = path.to_string_lossy();
    Directory {
        path: path.to_path_buf(),
        stat: known(&place, Some(stat(FileKind::Directory, 50))),
        access: known(&place, Some(WRITABLE)),
    }
}

pub fn listener(inode: u64, masters: &[i32]) -> Listener {
    Listener {
        address: Address::Unix(SOCKET.into()),
        inode,
        queued: known("sock_diag", 0),
        backlog: known("sock_diag", 1024),
        file: Some(known(SOCKET, SocketFile::Same)),
        directory: Some(known(SOCKET, Some(format!("{ROOT}/shared/sockets").into()))),
        bound_relative: false,
        masters: masters.iter().copied().map(pid).collect(),
    }
}

pub fn layout() -> Layout {
    let current = format!("{ROOT}/current");
    Layout {
        root: ROOT.into(),
        also: Vec::new(),
        releases_directory: format!("{ROOT}/releases").into(),
        releases: known(
            "/var/www/shop/releases",
            vec![release(OLD, 8 * DAY), release(LIVE, 3 * DAY)],
        ),
        current: Current {
            path: current.clone().into(),
            state: known(&current, CurrentState::Release(LIVE.into())),
            real: known(&current, Some(release_path(LIVE))),
            switched_at: known(&current, ago(3 * DAY)),
        },
        shared: Some(format!("{ROOT}/shared").into()),
        keeps: known("/var/www/shop/current/config/deploy.rb", Setting::NotSet),
    }
}

pub fn app() -> App {
    App {
        id: AppId(ROOT.into()),
        name: "shop".into(),
        kind: farrier::servers::unicorn::KIND,
        root: ROOT.into(),
        host_path: None,
        container: None,
        layout: known("/var/www/shop/releases", Some(layout())).into(),
        masters: vec![master(14740, 2 * DAY, LIVE)],
        orphans: vec![],
        pidfiles: vec![pidfile(PidfileKind::Current, 14740, PidfileState::Live, Some(14740))]
            .into(),
        listeners: vec![listener(48113, &[14740])].into(),
        wanted: vec![],
        starts: None,
        holder: known("/proc/locks", None),
        left: None,
        tried: None,
        remains: None,
    }
}

/// A machine with one healthy app: one master on the live release, two workers, all known.
pub fn healthy() -> Census {
    with(|_| {})
}

/// A machine with 3 of 8 GB available.
pub fn host() -> Host {
    Host {
        name: "web-1".into(),
        kernel: "6.18".into(),
        boot_id: "b".into(),
        booted_at: 0,
        ticks: 100,
        page: 4096,
        memory: 8 << 30,
        available: 3 << 30,
        swap: None,
        load: None,
        processors: Ok(2),
        somaxconn: Ok(4096),
        euid: 0,
        own_pid: pid(77),
        proc_is_own: true,
        hidepid: 0,
        capabilities: 0,
        namespaces: vec![],
        users: [User { uid: 0, name: "root".into(), home: "/root".into() }].into(),
        ancestors: vec![pid(70)],
        pid_max: 4_194_304,
    }
}

/// The healthy machine, changed.
pub fn with(change: impl FnOnce(&mut App)) -> Census {
    let mut app = app();
    change(&mut app);
    Census {
        zone: jiff::tz::TimeZone::UTC,
        host: known("/proc", host()),
        taken_at: now(),
        boot_time: 0,
        seen: Seen { processes: 212, members: 25, ..Seen::default() },
        apps: vec![app],
        limits: Limits::default(),
    }
}

/// The layout of an app that has one.
pub fn layout_of(app: &mut App) -> &mut Layout {
    app.layout.value.as_mut().unwrap().as_mut().unwrap()
}

/// `current` was switched to `NEW` so many seconds ago; the masters stay where they are.
pub fn deployed(app: &mut App, seconds: u64) {
    let layout = layout_of(app);
    layout.releases.value.as_mut().unwrap().push(release(NEW, seconds + 60));
    layout.current.state = known("/var/www/shop/current", CurrentState::Release(NEW.into()));
    layout.current.real = known("/var/www/shop/current", Some(release_path(NEW)));
    layout.current.switched_at = known("/var/www/shop/current", ago(seconds));
}

/// The process was started with a listener that a master handed to it.
pub fn inherits(process: &mut Process) {
    let variables = &mut process.environ.value.as_mut().unwrap().variables;
    variables.push(Variable { name: "UNICORN_FD".into(), value: "8".into() });
}

/// A USR2 so many seconds ago: 14740 is old, 22410 is its re-execution in that phase.
pub fn reexecuted(app: &mut App, seconds: u64, phase: Phase) {
    let mut new = master(22410, seconds, NEW);
    new.parent = Some(pid(14740));
    new.process.stat.value.as_mut().unwrap().ppid = 14740;
    new.phase = phase;
    new.role = if phase == Phase::Ready { Role::Current } else { Role::New };
    if phase != Phase::Ready {
        new.workers.clear();
    }
    inherits(&mut new.process);
    let old = &mut app.masters[0];
    old.role = Role::Old;
    old.child = Some(pid(22410));
    app.masters.push(new);
    app.listeners[0].masters.push(pid(22410));
    let file = if phase == Phase::Starting {
        let mut file = pidfile(PidfileKind::Current, 0, PidfileState::Missing, None);
        file.stat = known(PIDFILE, None);
        file.real = known(PIDFILE, None);
        file
    } else {
        pidfile(PidfileKind::Current, 22410, PidfileState::Live, Some(22410))
    };
    app.pidfiles =
        vec![file, pidfile(PidfileKind::Oldbin, 14740, PidfileState::Live, Some(14740))].into();
}

/// A second master started by hand, with a socket of its own.
pub fn second_start(app: &mut App) {
    let mut second = master(30000, DAY, LIVE);
    second.role = Role::Duplicate;
    second.listens = known("/proc/30000/fd", vec![50000]);
    app.masters.push(second);
    app.listeners.push(listener(50000, &[30000]));
}
