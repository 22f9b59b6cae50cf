//! Unicorn: titles, roles, signals, pidfiles, configuration. Facts from its SIGNALS page and `lib/unicorn/http_server.rb`, 4.3 to 6.1.

mod arguments;
mod config;
mod log;
mod signals;
pub(super) mod title;

use crate::contract::{Part, Runtime, Server, Title};
use crate::model::{Beside, Kind, Signal};
use crate::os::Text;

/// Its kind.
pub const KIND: Kind = Kind("unicorn");

/// Unicorn's card.
pub const SERVER: Server = Server {
    kind: KIND,
    name: "Unicorn",
    titles: &[
        Title {
            example: "/usr/bin/ruby3.1 /usr/bin/unicorn -D -c config/unicorn.rb",
            means: Part::Raw,
        },
        Title { example: "/srv/shop/bin/unicorn -D -c config/unicorn.rb", means: Part::Raw },
        Title {
            example: "unicorn master -D -c config/unicorn.rb",
            means: Part::Master { old: false },
        },
        Title {
            example: "unicorn master (old) -D -c config/unicorn.rb",
            means: Part::Master { old: true },
        },
        Title {
            example: "unicorn worker[0] -D -c config/unicorn.rb",
            means: Part::Worker(Some(0)),
        },
        Title {
            example: "unicorn_rails shop[0123abc] worker[1]: 54 reqs, 0.0 req/s, 67ms avg",
            means: Part::Worker(Some(1)),
        },
    ],
    recognise: title::recognise,
    untitled: None,
    is_run_by: super::ruby::command::runs_ruby,
    options: arguments::options,
    handlers_set: signals::handlers_set,
    read_config: config::read,
    overrule: None,
    usual_configs: &[],
    agrees: |_, _| false,
    read_proxy: None,
    read_log: log::read,
    old_suffix: Some(".oldbin"),
    new_suffix: None,
    beside: Some(Beside {
        signal: Signal::SIGUSR2,
        sockets: "UNICORN_FD",
        live: true,
        takes_sockets: false,
    }),
    library: Some("unicorn_http.so"),
    reexecutes: true,
    restores_bundle: false,
    names_interpreter: false,
    keeps_start_context: true,
    runtime: Runtime::Ruby,
    mode: Some(mode),
    sets_late: &[],
    signals: signals::SIGNALS,
    operations: signals::OPERATIONS,
    restarts: signals::RESTARTS,
    serving_thread: None,
    usual_pidfiles: &[
        "tmp/pids/unicorn.pid",
        "current/tmp/pids/unicorn.pid",
        "shared/tmp/pids/unicorn.pid",
        "shared/pids/unicorn.pid",
        "tmp/unicorn.pid",
        "pids/unicorn.pid",
        "log/unicorn.pid",
        "shared/log/unicorn.pid",
        "unicorn.pid",
    ],
    deployed_configs: &[
        "current/config/unicorn.rb",
        "current/config/unicorn/production.rb",
        "config/unicorn.rb",
        "config/unicorn/production.rb",
        "shared/config/unicorn.rb",
        "shared/unicorn.rb",
        "current/unicorn.rb",
        "unicorn.rb",
    ],
    // `HttpServer#join` unlinks it at QUIT, TERM and INT.
    removes_pidfile: true,
    forks_workers: |_| true,
    takes_away: "worker with the highest number",
    control_sockets: &[],
    rebinds: true,
    fewest_workers: 0,
    idle_workers_lag: true,
    default_workers: 1,
    directory_setting: "working_directory",
    default_timeout: 60,
};

/// The variable that `-E` sets (`bin/unicorn`, `bin/unicorn_rails`).
fn mode(program: &Text) -> &'static str {
    if super::ruby::command::base(program).starts_with(b"unicorn_rails") {
        "RAILS_ENV"
    } else {
        "RACK_ENV"
    }
}
