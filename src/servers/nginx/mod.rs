//! nginx: titles, arguments, configuration. Facts from `src/os/unix/ngx_process_cycle.c`, `ngx_setproctitle.c` and
//! `src/core/nginx.c`, 1.22 to 1.31. What its signals do is not followed yet, so farrier sends it nothing.

mod arguments;
mod conf;
mod read;
mod title;

use crate::contract::{Part, Runtime, Server, Title};
use crate::facts::process::Status;
use crate::model::{Beside, Kind, Log, Process, Signal};

/// Its kind.
pub const KIND: Kind = Kind("nginx");

/// nginx's card.
pub const SERVER: Server = Server {
    kind: KIND,
    name: "nginx",
    titles: &[
        Title {
            example: "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;",
            means: Part::Master { old: false },
        },
        Title { example: "nginx: worker process", means: Part::Worker(None) },
        Title { example: "nginx: worker process is shutting down", means: Part::Worker(None) },
    ],
    recognise: title::recognise,
    untitled: None,
    is_run_by,
    options: arguments::options,
    handlers_set,
    read_config: read::config,
    overrule: None,
    usual_configs: &[
        "conf/nginx.conf",
        "/etc/nginx/nginx.conf",
        "/usr/local/nginx/conf/nginx.conf",
        "/usr/local/etc/nginx/nginx.conf",
        "/opt/nginx/conf/nginx.conf",
    ],
    // Its path is compiled in and no title tells it.
    agrees: |_, _| true,
    read_proxy: Some(read::proxied),
    read_log: |_, path, whole| Log::silent(path, whole),
    old_suffix: Some(".oldbin"),
    new_suffix: None,
    beside: Some(Beside {
        signal: Signal::SIGUSR2,
        sockets: "NGINX",
        live: false,
        takes_sockets: false,
    }),
    library: None,
    reexecutes: false,
    restores_bundle: false,
    names_interpreter: false,
    keeps_start_context: false,
    runtime: Runtime::Native,
    mode: None,
    sets_late: &[],
    signals: &[],
    operations: &[],
    restarts: &[],
    serving_thread: None,
    usual_pidfiles: &["/run/nginx.pid", "/var/run/nginx.pid", "logs/nginx.pid"],
    deployed_configs: &[
        "/etc/nginx/nginx.conf",
        "/usr/local/nginx/conf/nginx.conf",
        "/usr/local/etc/nginx/nginx.conf",
        "/opt/nginx/conf/nginx.conf",
    ],
    // `ngx_master_process_exit` deletes it.
    removes_pidfile: true,
    forks_workers: |_| true,
    takes_away: "worker",
    control_sockets: &[],
    rebinds: false,
    fewest_workers: 1,
    idle_workers_lag: false,
    default_workers: 1,
    directory_setting: "working_directory",
    default_timeout: 60,
};

/// Master and workers catch the same (`ngx_process.c`, `signals`).
fn handlers_set(status: &Status) -> bool {
    [Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGWINCH]
        .into_iter()
        .all(|signal| status.caught.has(signal))
}

/// Its program has many names and builds: what it catches tells it from one that only bears the title.
fn is_run_by(process: &Process) -> Option<bool> {
    process.status.get().map(handlers_set)
}
