//! Puma: titles, arguments, configuration, signals. Facts from `lib/puma/{launcher,cluster,dsl,cli}.rb`, 5.6 to 8.0.

mod arguments;
mod config;
mod signals;
mod title;

use crate::contract::{Part, Runtime, Server, Title};
use crate::model::{Kind, Log};

/// Its kind.
pub const KIND: Kind = Kind("puma");

/// Puma's card.
pub const SERVER: Server = Server {
    kind: KIND,
    name: "Puma",
    titles: &[
        Title { example: "/usr/bin/ruby3.1 /usr/bin/puma -C config/puma.rb", means: Part::Raw },
        Title { example: "/srv/api/bin/puma -C config/puma.rb", means: Part::Raw },
        Title {
            example: "puma 5.6.5 (unix:///srv/api/shared/sockets/puma.sock) [api]",
            means: Part::Master { old: false },
        },
        Title { example: "puma: cluster worker 0: 3301 [api]", means: Part::Worker(Some(0)) },
    ],
    recognise: title::recognise,
    untitled: None,
    is_run_by: super::ruby::command::runs_ruby,
    options: arguments::options,
    handlers_set: signals::handlers_set,
    read_config: config::read,
    overrule: None,
    usual_configs: &[
        "config/puma/production.rb",
        "config/puma.rb",
        "puma.rb",
        "shared/puma.rb",
        "shared/config/puma.rb",
    ],
    agrees: config::agrees,
    read_proxy: None,
    read_log: |_, path, whole| Log::silent(path, whole),
    old_suffix: None,
    new_suffix: None,
    beside: None,
    library: Some("puma_http11.so"),
    reexecutes: true,
    // `Launcher#run`, `previous_env`.
    restores_bundle: true,
    // `Launcher#generate_restart_data`, `Gem.ruby`.
    names_interpreter: true,
    keeps_start_context: false,
    runtime: Runtime::Ruby,
    mode: None,
    // `launcher.rb`, `set_rack_environment`.
    sets_late: &["RACK_ENV"],
    signals: signals::SIGNALS,
    operations: signals::OPERATIONS,
    restarts: signals::RESTARTS,
    // `Server#run` names it when it begins to accept.
    serving_thread: Some("puma srv"),
    usual_pidfiles: &[
        "tmp/pids/puma.pid",
        "tmp/pids/server.pid",
        "pids/puma.pid",
        "shared/tmp/pids/puma.pid",
        "shared/tmp/pids/server.pid",
        "shared/pids/puma.pid",
        "tmp/puma.pid",
        "puma.pid",
    ],
    deployed_configs: &[
        "current/config/puma.rb",
        "current/config/puma/production.rb",
        "config/puma.rb",
        "config/puma/production.rb",
        "shared/config/puma.rb",
        "shared/puma.rb",
        "current/puma.rb",
        "puma.rb",
    ],
    // `Launcher#write_pid` has it removed at exit.
    removes_pidfile: true,
    forks_workers: signals::handlers_set,
    takes_away: "worker with the highest number",
    control_sockets: &[],
    rebinds: false,
    fewest_workers: 1,
    idle_workers_lag: false,
    default_workers: 0,
    directory_setting: "directory",
    default_timeout: 30,
};
