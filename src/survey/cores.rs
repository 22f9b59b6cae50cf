//! The number of processors, for a server that is configured to have one worker on each.

use super::once::Once;
use crate::model::{Config, Setting};
use crate::os::{Ask, Found};

/// Counts what `worker_processes auto` stands for (`ngx_process_cycle.c`, `ngx_ncpu`).
pub fn counted(once: &Once<'_>, config: &mut Config) {
    let Setting::Unevaluable { line, text } = &config.worker_processes else { return };
    if text.bytes() != b"auto" {
        return;
    }
    if let Ok(Found::Host(host)) = once.one(&Ask::Host)
        && let Ok(value) = host.processors
    {
        config.worker_processes = Setting::Set { value, line: *line };
    }
}
