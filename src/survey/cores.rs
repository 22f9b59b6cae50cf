//! The number of processors, for a server that is configured to have one worker on each.

use std::path::Path;

use super::once::Once;
use crate::model::{Config, Setting};
use crate::os::{Root, Text};

/// What the kernel has online, as the C library counts it (`get_nprocs(3)`).
const ONLINE: &str = "/sys/devices/system/cpu/online";

/// Counts what `worker_processes auto` stands for (`ngx_process_cycle.c`, `ngx_ncpu`).
pub fn counted(once: &Once<'_>, root: Root, config: &mut Config) {
    let Setting::Unevaluable { line, text } = &config.worker_processes else { return };
    if text.bytes() != b"auto" {
        return;
    }
    let all = once.file(root, Path::new(ONLINE), 4_096);
    if let Some(value) = all.get().and_then(Option::as_ref).and_then(online) {
        config.worker_processes = Setting::Set { value, line: *line };
    }
}

/// `0-3,5`: five.
fn online(list: &Text) -> Option<u32> {
    let mut all = 0_u32;
    for part in list.utf8()?.trim_ascii().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        all = all.checked_add(to.checked_sub(from)?.checked_add(1)?)?;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_online() {
        for (list, wanted) in [
            ("0\n", Some(1)),
            ("0-1\n", Some(2)),
            ("0-3,5,8-9\n", Some(7)),
            ("", None),
            ("3-0", None),
            ("x", None),
        ] {
            assert_eq!(super::online(&Text::from(list)), wanted, "{list}");
        }
    }
}
