//! What control groups leave of memory: limit and use of each, in the files of both hierarchies (`cgroups(7)`).

use std::path::PathBuf;

use super::Lack;
use crate::os::ControlGroup;

/// What one control group leaves to its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its directory.
    pub group: PathBuf,
    /// The least of its limits, in bytes.
    pub limit: u64,
    /// What is left below it, in bytes, once the kernel has dropped what it can read again.
    pub left: u64,
}

/// The group that leaves least; `None`: none of them has a limit.
pub fn tightest(groups: &[ControlGroup]) -> Result<Option<Room>, Lack> {
    let mut least: Option<Room> = None;
    for group in groups {
        let Some(limit) = limit(group)? else { continue };
        let used = number(group, "memory.current")
            .or_else(|| number(group, "memory.usage_in_bytes"))
            .ok_or(Lack::Malformed("a control group without its use of memory"))?;
        let left = limit.saturating_sub(used.saturating_sub(droppable(group)));
        if least.as_ref().is_none_or(|room| left < room.left) {
            least = Some(Room { group: group.path.path().to_path_buf(), limit, left });
        }
    }
    Ok(least)
}

/// The least limit that is set. The old hierarchy says "none" by the largest number of whole pages.
fn limit(group: &ControlGroup) -> Result<Option<u64>, Lack> {
    const NONE: u64 = 1 << 62;
    let mut least = None;
    for name in ["memory.max", "memory.high", "memory.limit_in_bytes"] {
        let Some(text) = file(group, name) else { continue };
        if text == "max" {
            continue;
        }
        let limit: u64 =
            text.parse().map_err(|_| Lack::Malformed("a limit of memory that is no number"))?;
        if limit < NONE {
            least = Some(least.map_or(limit, |least: u64| least.min(limit)));
        }
    }
    Ok(least)
}

/// Pages of files, which are read again when they are wanted, and the kernel's own caches. Shared memory is neither.
fn droppable(group: &ControlGroup) -> u64 {
    let stat = file(group, "memory.stat").unwrap_or_default();
    let value = |key: &str| {
        stat.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.parse::<u64>().ok())
    };
    // `total_` is with the groups below, in the hierarchy where the plain number is without them.
    let of = |key: &str| value(&format!("total_{key}")).or_else(|| value(key)).unwrap_or(0);
    ["inactive_file", "active_file", "slab_reclaimable"].map(of).iter().sum()
}

fn number(group: &ControlGroup, name: &str) -> Option<u64> {
    file(group, name)?.parse().ok()
}

fn file<'a>(group: &'a ControlGroup, name: &str) -> Option<&'a str> {
    let (_, text) = group.files.iter().find(|(key, _)| key.bytes() == name.as_bytes())?;
    text.utf8().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Text;

    fn group(path: &str, files: &[(&str, &str)]) -> ControlGroup {
        let pair = |(name, text): &(&str, &str)| (Text::from(*name), Text::from(*text));
        ControlGroup { path: Text::from(path), files: files.iter().map(pair).collect() }
    }

    fn left(groups: &[ControlGroup]) -> Option<(String, u64)> {
        let room = tightest(groups).unwrap()?;
        Some((crate::os::shown(&room.group), room.left))
    }

    #[test]
    fn the_tightest_group_bounds_and_caches_do_not_count() {
        let service = group(
            "/cg/system.slice/shop.service",
            &[
                ("memory.max", "1000\n"),
                ("memory.high", "max\n"),
                ("memory.current", "900\n"),
                (
                    "memory.stat",
                    "anon 300\nfile 600\ninactive_file 400\nactive_file 100\nshmem 100\n",
                ),
            ],
        );
        let slice = group(
            "/cg/system.slice",
            &[("memory.max", "max\n"), ("memory.high", "2000\n"), ("memory.current", "1500\n")],
        );
        assert_eq!(
            left(std::slice::from_ref(&service)),
            Some(("/cg/system.slice/shop.service".into(), 600))
        );
        assert_eq!(
            left(&[service, slice, group("/cg", &[])]),
            Some(("/cg/system.slice".into(), 500))
        );
    }

    #[test]
    fn the_old_hierarchy_counts_with_what_lies_below() {
        let of = |limit: &str| {
            group(
                "/cg/docker/1",
                &[
                    ("memory.limit_in_bytes", limit),
                    ("memory.usage_in_bytes", "900\n"),
                    (
                        "memory.stat",
                        "inactive_file 1\ntotal_inactive_file 200\ntotal_active_file 50\n",
                    ),
                ],
            )
        };
        assert_eq!(left(&[of("1000\n")]), Some(("/cg/docker/1".into(), 350)));
        assert_eq!(left(&[of("9223372036854771712\n")]), None);
    }

    #[test]
    fn what_cannot_be_read_is_not_free() {
        for files in [&[("memory.max", "junk\n")][..], &[("memory.max", "5\n")]] {
            assert!(tightest(&[group("/cg", files)]).is_err(), "{files:?}");
        }
        assert_eq!(tightest(&[]), Ok(None));
        let over = group("/cg", &[("memory.max", "5\n"), ("memory.current", "9\n")]);
        assert_eq!(left(&[over]), Some(("/cg".into(), 0)));
    }
}
