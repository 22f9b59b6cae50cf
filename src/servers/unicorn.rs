//! Unicorn: titles, roles, signals, pidfiles, configuration. Facts from its SIGNALS page and `lib/unicorn/http_server.rb`, 4.3 to 6.1.

use super::Server;
use crate::model::Kind;

/// Unicorn's card.
pub const SERVER: Server = Server {
    kind: Kind::Unicorn,
    name: "Unicorn",
    recognise: |_| None,
    options: |_| super::Options::default(),
    handlers_set: |_| false,
    read_config: |_, path| crate::model::Config {
        file: crate::facts::files::Spot {
            path: path.to_path_buf(),
            stat: crate::facts::Fact::lacking(path.into(), crate::facts::Lack::NotAsked),
            real: crate::facts::Fact::lacking(path.into(), crate::facts::Lack::NotAsked),
        },
        working_directory: crate::model::Setting::NotSet,
        pid: crate::model::Setting::NotSet,
        listen: Vec::new(),
        worker_processes: crate::model::Setting::NotSet,
        preload_app: crate::model::Setting::NotSet,
        timeout: crate::model::Setting::NotSet,
        stderr_path: crate::model::Setting::NotSet,
        user: crate::model::Setting::NotSet,
        program: crate::model::Setting::NotSet,
        environment: Vec::new(),
        retires_old_master: false,
    },
    old_suffix: Some(".oldbin"),
    signals: &[],
    operations: &[],
    usual_pidfiles: &[],
    default_workers: 1,
    default_timeout: 60,
};
