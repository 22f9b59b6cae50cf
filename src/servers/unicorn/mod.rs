//! Unicorn: titles, roles, signals, pidfiles, configuration. Facts from its SIGNALS page and `lib/unicorn/http_server.rb`, 4.3 to 6.1.

mod arguments;
mod config;
mod log;
mod signals;
mod title;

use super::Server;
use crate::model::Kind;

/// Unicorn's card.
pub const SERVER: Server = Server {
    kind: Kind::Unicorn,
    name: "Unicorn",
    recognise: title::recognise,
    options: arguments::options,
    handlers_set: signals::handlers_set,
    read_config: config::read,
    read_log: log::read,
    old_suffix: Some(".oldbin"),
    keeps_start_context: true,
    signals: signals::SIGNALS,
    operations: signals::OPERATIONS,
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
    default_workers: 1,
    default_timeout: 60,
};
