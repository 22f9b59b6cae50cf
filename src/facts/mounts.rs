//! What is mounted where (`proc_pid_mountinfo(5)`): of which type the file system of a path is, and whether a
//! container has the same directory.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::os::Text;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The device, `MAJOR:MINOR`: equal for all mounts of one file system.
    pub device: String,
    /// The directory of the file system that is mounted.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
    /// The type: `ext4`, `nfs4`, `fuse.sshfs`.
    pub kind: String,
}

/// Types that live in this machine alone. What is not among them may be shared with another machine.
const LOCAL: &[&str] = &[
    "aufs",
    "bcachefs",
    "btrfs",
    "ext2",
    "ext3",
    "ext4",
    "f2fs",
    "fuse.fuse-overlayfs",
    "fuseblk",
    "jfs",
    "overlay",
    "ramfs",
    "reiserfs",
    "rootfs",
    "squashfs",
    "tmpfs",
    "vfat",
    "xfs",
    "zfs",
];

impl Mount {
    /// Whether only processes of this machine can have written there.
    pub fn is_local(&self) -> bool {
        LOCAL.contains(&self.kind.as_str())
    }

    /// Where a path below the mount lies in the file system itself.
    pub fn within(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.point).ok().map(|rest| self.root.join(rest))
    }
}

/// All mounts, in the order of the file.
pub fn parse(text: &Text) -> Vec<Mount> {
    text.bytes().split(|byte| *byte == b'\n').filter_map(line).collect()
}

/// The mount that holds a path, links resolved: the longest one above it, the last of several at one place.
pub fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    let above = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.components().count())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: any number of optional fields before the dash.
fn line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = String::from_utf8_lossy(fields.nth(2)?).into_owned();
    let (root, point) = (path(fields.next()?), path(fields.next()?));
    let mut behind = fields.skip_while(|field| *field != b"-");
    let kind = String::from_utf8_lossy(behind.nth(1)?).into_owned();
    Some(Mount { device, root, point, kind })
}

/// A path with its octal escapes read: blank, tab, newline, backslash.
fn path(written: &[u8]) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = written;
    while let Some((first, after)) = rest.split_first() {
        let octal = after
            .get(..3)
            .filter(|_| *first == b'\\')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        if let Some(byte) = octal {
            bytes.push(byte);
            rest = after.get(3..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
        30 22 0:44 / /srv rw shared:3 master:1 - nfs4 files:/srv rw\n\
        31 30 8:1 /data/one\\040two /srv/a\\040b rw - ext4 /dev/sda1 rw\n\
        32 22 0:50 / /mnt rw - fuse.sshfs web-2: rw\nbroken\n";

    #[test]
    fn the_longest_mount_holds_a_path() {
        let mounts = parse(&Text::from(TEXT));
        let of = |path: &str| {
            holding(&mounts, Path::new(path)).map(|m| (m.kind.as_str(), m.is_local())).unwrap()
        };
        assert_eq!(of("/var/www/shop"), ("ext4", true));
        assert_eq!(of("/srv/shop/x.pid"), ("nfs4", false));
        assert_eq!(of("/srvx"), ("ext4", true));
        assert_eq!(of("/srv/a b/x.pid"), ("ext4", true));
        assert_eq!(of("/mnt/x"), ("fuse.sshfs", false));
    }

    #[test]
    fn one_file_system_is_one_device() {
        let mounts = parse(&Text::from(TEXT));
        let held = holding(&mounts, Path::new("/srv/a b/x.pid")).unwrap();
        assert_eq!(held.device, "8:1");
        assert_eq!(
            held.within(Path::new("/srv/a b/x.pid")).unwrap(),
            Path::new("/data/one two/x.pid")
        );
    }
}
