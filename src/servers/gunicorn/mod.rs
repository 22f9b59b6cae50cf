//! gunicorn: titles, roles, signals, pidfiles, configuration. Facts from its Signal Handling page and
//! `gunicorn/{arbiter,config,pidfile,util}.py`, 20.1 to 27.0.

mod arguments;
mod config;
mod signals;
mod title;

use crate::contract::{Part, Runtime, Server, Title};
use crate::model::{Beside, Kind, Log, Signal};

/// Its kind.
pub const KIND: Kind = Kind("gunicorn");

/// gunicorn's card.
pub const SERVER: Server = Server {
    kind: KIND,
    name: "gunicorn",
    titles: &[
        Title {
            example: "/srv/shop/venv/bin/python3 /srv/shop/venv/bin/gunicorn -w 2 shop:app",
            means: Part::Raw,
        },
        Title { example: "gunicorn: master [shop:app]", means: Part::Master { old: false } },
        Title { example: "gunicorn: worker [shop:app]", means: Part::Worker(None) },
    ],
    recognise: title::recognise,
    untitled: Some(signals::part),
    is_run_by: super::python::command::runs_python,
    options: arguments::options,
    handlers_set: signals::handlers_set,
    read_config: config::read,
    overrule: Some(config::overrule),
    usual_configs: &["gunicorn.conf.py"],
    agrees: |_, _| false,
    read_proxy: None,
    read_log: |_, path, whole| Log::silent(path, whole),
    old_suffix: None,
    new_suffix: Some(".2"),
    // With systemd's sockets `GUNICORN_FD` is not set; this always is.
    beside: Some(Beside {
        signal: Signal::SIGUSR2,
        sockets: "GUNICORN_PID",
        live: false,
        takes_sockets: true,
    }),
    library: None,
    reexecutes: true,
    restores_bundle: false,
    names_interpreter: false,
    keeps_start_context: false,
    runtime: Runtime::Python,
    mode: None,
    sets_late: &[],
    signals: signals::SIGNALS,
    operations: signals::OPERATIONS,
    // An upgrade is not carried out yet.
    restarts: &[],
    serving_thread: None,
    usual_pidfiles: &[
        "gunicorn.pid",
        "tmp/gunicorn.pid",
        "tmp/pids/gunicorn.pid",
        "run/gunicorn.pid",
        "shared/gunicorn.pid",
        "shared/pids/gunicorn.pid",
        "shared/tmp/pids/gunicorn.pid",
        "shared/run/gunicorn.pid",
    ],
    deployed_configs: &[
        "current/gunicorn.conf.py",
        "current/config/gunicorn.conf.py",
        "shared/gunicorn.conf.py",
        "shared/config/gunicorn.conf.py",
        "config/gunicorn.conf.py",
        "gunicorn.conf.py",
    ],
    // `Arbiter.halt` unlinks it.
    removes_pidfile: true,
    forks_workers: |_| true,
    fewest_workers: 1,
    takes_away: "oldest worker",
    rebinds: false,
    idle_workers_lag: false,
    control_sockets: &["gunicorn.ctl"],
    default_workers: 1,
    directory_setting: "chdir",
    default_timeout: 30,
};
