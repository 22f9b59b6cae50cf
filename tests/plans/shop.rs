//! A box built by hand: the app shop with an old master 9120 and a current one 14740, or fewer.

use std::path::{Path, PathBuf};

use farrier::facts::files::{Linked, Spot};
use farrier::facts::process::{CommandLine, Stat, State, Status};
use farrier::facts::signals::SignalSet;
use farrier::facts::{Fact, Lack, Place};
use farrier::model::{
    Address, App, AppId, Census, Config, Current, CurrentState, Layout, Limits, Listener, Master,
    Origin, Phase, Pidfile, PidfileKind, PidfileState, Process, ProcessFacts, Restart, Role, Seen,
    Setting, Supervisor, Worker,
};
use farrier::os::{Arguments, Descriptor, Host, Pid, Refusal, Root, Text};

pub const ROOT: &str = "/var/www/shop";
pub const MASTER_CATCHES: u64 = 0x4a31_7e4f;
const WORKER_IGNORES: u64 = 0x0830_0801;
const SOCKET: u64 = 48113;

pub fn pid(number: i32) -> Pid {
    Pid::new(number).unwrap()
}

fn place() -> Place {
    Place::new("built by hand")
}

pub fn known<T>(value: T) -> Fact<T> {
    Fact::known(place(), value)
}

fn lacking<T>() -> Fact<T> {
    Fact::lacking(place(), Lack::NotAsked)
}

fn spot(path: &str) -> Spot {
    Spot { path: path.into(), stat: lacking(), real: known(Some(path.into())) }
}

pub fn process(number: i32, parent: i32, title: &str) -> Process {
    let linked = || Linked { path: PathBuf::new(), open: lacking(), now: lacking() };
    let facts = ProcessFacts {
        stat: known(Stat {
            comm: "unicorn".into(),
            state: State('S'),
            ppid: parent,
            group: number,
            session: number,
            tty: 0,
            flags: 0,
            cpu: 0,
            children_cpu: 0,
            threads: 1,
            started: 1_000 + u64::try_from(number).unwrap(),
            resident: 0,
            block: None,
        }),
        status: known(Status {
            tgid: number,
            ns_pids: vec![number],
            uids: [1000; 4],
            gids: [1000; 4],
            groups: Vec::new(),
            capabilities: Some(0),
            tracer: 0,
            caught: SignalSet(MASTER_CATCHES),
            ignored: SignalSet(0),
            blocked: SignalSet(0),
            pending: SignalSet(0),
        }),
        command_line: known(CommandLine {
            words: [Text::from(title)].into_iter().collect(),
            length: title.len(),
        }),
        started_at: known("2026-11-14T16:06:21Z".parse().unwrap()),
        cwd: known(linked()),
        exe: known(linked()),
        root: Root::Own,
        root_path: None,
        environ: lacking().into(),
        live: lacking().into(),
        maps: lacking().into(),
        libraries: lacking().into(),
        descriptors: known(vec![Descriptor { fd: 0, target: "/dev/null".into() }]).into(),
        cgroup: known("/system.slice/shop.service".into()),
        shares_users: lacking(),
        limits: lacking().into(),
        user: known("deploy".into()),
        pss: lacking(),
        rss: known(100 << 20),
    };
    Process { pid: pid(number), age: known(600), facts: facts.into() }
}

pub fn worker(number: i32, master: i32, nr: u32) -> Worker {
    let mut process = process(number, master, &format!("unicorn worker[{nr}] -c unicorn.rb"));
    let status = process.status.value.as_mut().unwrap();
    status.caught = SignalSet(0x0420_1764e);
    status.ignored = SignalSet(WORKER_IGNORES);
    Worker {
        process,
        number: Some(nr),
        release: known(None),
        frozen: known(None),
        serves: lacking(),
    }
}

pub fn config() -> Config {
    Config {
        over: None,
        file: spot("/var/www/shop/current/config/unicorn.rb"),
        working_directory: Setting::NotSet,
        pid: Setting::NotSet,
        pid_real: known(None),
        listen: Vec::new(),
        worker_processes: Setting::Set { value: 2, line: 3 },
        preload_app: Setting::NotSet,
        timeout: Setting::Set { value: 30, line: 4 },
        boot_timeout: Setting::NotSet,
        own_bundle: Setting::NotSet,
        forks_from_worker: Setting::NotSet,
        stderr_path: Setting::Set { value: "/var/www/shop/shared/log/err.log".into(), line: 5 },
        stdout_path: Setting::NotSet,
        logger: Setting::NotSet,
        user: Setting::NotSet,
        program: Setting::NotSet,
        environment: Vec::new(),
        defaulted: vec![],
        sweeps: vec![],
        hooks: vec![],
        obscure_hooks: vec![],
        removed_calls: vec![],
        reconnects: Setting::NotSet,
        retires_old_master: false,
    }
}

pub fn master(number: i32, role: Role, parent: Option<i32>, workers: &[i32]) -> Master {
    let title =
        if role == Role::Old { "unicorn master (old) -c u.rb" } else { "unicorn master -c u.rb" };
    let release = if role == Role::Old { "20261119093012" } else { "20261121224103" };
    Master {
        process: process(number, parent.unwrap_or(1), title),
        kind: farrier::servers::unicorn::KIND,
        beside: farrier::servers::unicorn::SERVER.beside,
        role,
        phase: Phase::Ready,
        parent: parent.map(pid),
        child: None,
        workers: workers
            .iter()
            .zip(0..)
            .map(|(worker_pid, nr)| worker(*worker_pid, number, nr))
            .collect(),
        release: known(Some(release.into())),
        arguments: Arguments::default(),
        config: known(config()).into(),
        pidfile: known(Some(format!("{ROOT}/shared/pids/unicorn.pid").into())),
        restart: Restart {
            begins: None,
            origin: Origin::Inferred,
            directory: known(spot("/var/www/shop/current")),
            program: known(spot("/usr/bin/unicorn")),
            interpreter: lacking(),
            arguments: lacking(),
            config: known(Some(spot("/var/www/shop/current/config/unicorn.rb"))),
            gemfile: known(None),
            gems: known(None),
        }
        .into(),
        supervisor: known(Supervisor::Nobody).into(),
        log: known(None).into(),
        listens: known(vec![SOCKET]),
        room: known(None),
        frozen: known(None),
        unread: vec![],
        server_version: None,
        ruby_version: None,
        revision: None,
        databases: known(vec![]).into(),
        upstreams: known(vec![]).into(),
        elsewhere: vec![],
        serves_alone: Some(false),
        outputs: vec![],
        loaded: known(config()).into(),
    }
}

pub fn pidfile(name: &str, kind: PidfileKind, number: i32, state: PidfileState) -> Pidfile {
    let path: PathBuf = Path::new(ROOT).join("shared/pids").join(name);
    Pidfile {
        real: known(Some(path.clone())),
        path,
        stat: lacking(),
        directories: Vec::new(),
        kind,
        pid: Some(pid(number)),
        state: known(state),
        named_by: Vec::new(),
        owner: None,
        leftover: None,
    }
}

pub fn shop(masters: Vec<Master>) -> Census {
    let holders = masters.iter().map(|master| master.process.pid).collect();
    let app = App {
        id: AppId(ROOT.into()),
        name: "shop".into(),
        kind: farrier::servers::unicorn::KIND,
        root: ROOT.into(),
        host_path: None,
        container: None,
        layout: known(Some(Layout {
            root: ROOT.into(),
            also: Vec::new(),
            releases_directory: Path::new(ROOT).join("releases"),
            releases: known(Vec::new()),
            current: Current {
                path: Path::new(ROOT).join("current"),
                state: known(CurrentState::Release("20261121224103".into())),
                real: lacking(),
                switched_at: lacking(),
            },
            shared: None,
            keeps: known(Setting::NotSet),
        }))
        .into(),
        masters,
        orphans: Vec::new(),
        pidfiles: Vec::new().into(),
        listeners: vec![Listener {
            address: Address::Unix("/run/shop.sock".into()),
            inode: SOCKET,
            queued: known(0),
            backlog: known(1024),
            file: None,
            directory: None,
            bound_relative: false,
            masters: holders,
        }]
        .into(),
        wanted: Vec::new(),
        starts: None,
        holder: known(None),
        left: None,
        tried: None,
        remains: None,
    };
    Census {
        zone: jiff::tz::TimeZone::UTC,
        host: known(host()),
        taken_at: "2026-11-22T23:13:41Z".parse().unwrap(),
        boot_time: 1_000_000_000_000,
        seen: Seen::default(),
        apps: vec![app],
        limits: Limits::default(),
    }
}

/// The machine of [`crate::built`], of which less was read.
pub fn host() -> Host {
    Host { somaxconn: Err(Refusal::NotRecorded), users: [].into(), ..crate::built::host() }
}

/// One current master with two workers.
pub fn alone() -> Census {
    shop(vec![master(14740, Role::Current, None, &[14743, 14744])])
}

/// After USR2, the new generation ready: 9120 is old, 14740 its child.
pub fn both() -> Census {
    shop(vec![
        master(9120, Role::Old, None, &[9121, 9122]),
        master(14740, Role::Current, Some(9120), &[14743, 14744]),
    ])
}

/// The same box some time later.
pub fn later(mut census: Census, milliseconds: i64) -> Census {
    let nanos = milliseconds * 1_000_000;
    census.boot_time += nanos;
    census.taken_at += jiff::SignedDuration::from_nanos(nanos);
    census
}
