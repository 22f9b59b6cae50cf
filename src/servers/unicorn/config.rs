//! Unicorn's configuration file, as far as it can be read without running it.

use std::path::Path;

use crate::facts::files::Spot;
use crate::facts::{Fact, Lack};
use crate::model::{Config, Setting};
use crate::os::Text;

/// Reads it.
pub fn read(_text: &Text, path: &Path) -> Config {
    let unseen = |path: &Path| (path.into(), Lack::NotAsked);
    let ((at, lack), (real_at, real_lack)) = (unseen(path), unseen(path));
    Config {
        file: Spot {
            path: path.to_path_buf(),
            stat: Fact::lacking(at, lack),
            real: Fact::lacking(real_at, real_lack),
        },
        working_directory: Setting::NotSet,
        pid: Setting::NotSet,
        listen: Vec::new(),
        worker_processes: Setting::NotSet,
        preload_app: Setting::NotSet,
        timeout: Setting::NotSet,
        stderr_path: Setting::NotSet,
        user: Setting::NotSet,
        program: Setting::NotSet,
        environment: Vec::new(),
        retires_old_master: false,
    }
}
