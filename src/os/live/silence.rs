//! What was met with silence, and what else would be: it is not asked again until somebody wants it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::os::{Ask, Pid, Root};

/// Questions, processes and directories that did not answer in time.
#[derive(Default)]
pub struct Silence {
    asks: BTreeSet<Ask>,
    /// Processes whose memory does not answer: all that is read from it takes the same lock.
    memories: BTreeSet<Pid>,
    /// Directories below which nothing answers: a hung mount, or the directory of a path that hung.
    directories: BTreeSet<(Root, PathBuf)>,
}

impl Silence {
    /// Whether this question would be met with silence again.
    pub fn covers(&self, ask: &Ask) -> bool {
        if self.asks.contains(ask) {
            return true;
        }
        match ask {
            Ask::Text(pid, _)
            | Ask::CString(pid, _)
            | Ask::LiveEnviron(pid)
            | Ask::StartContext(pid, _) => self.memories.contains(pid),
            Ask::Path(root, path, _) => {
                let is_above = |(whose, above): &(Root, PathBuf)| {
                    whose == root && path.path().starts_with(above)
                };
                self.directories.iter().any(is_above)
            }
            _ => false,
        }
    }

    /// Notes a question that was not answered in time. `mounts` is `/proc/self/mountinfo`, for farrier's own paths.
    pub fn note(&mut self, ask: &Ask, mounts: &[u8]) {
        self.asks.insert(ask.clone());
        match ask {
            Ask::Text(pid, _) | Ask::CString(pid, _) => {
                self.memories.insert(*pid);
            }
            Ask::Path(root, path, _) => {
                let mount =
                    (*root == Root::Own).then(|| remote_mount(mounts, path.path())).flatten();
                let parent = path.path().parent().map(Path::to_path_buf);
                // A path right below the root says nothing of its neighbours.
                let directory = mount.or(parent.filter(|parent| parent.parent().is_some()));
                self.directories.extend(directory.map(|directory| (*root, directory)));
            }
            _ => {}
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// File systems whose server may be gone (`proc_pid_mountinfo(5)`, field 9).
const REMOTE: &[&[u8]] = &[
    b"9p",
    b"afs",
    b"autofs",
    b"ceph",
    b"cifs",
    b"fuse",
    b"glusterfs",
    b"lustre",
    b"nfs",
    b"smb",
    b"virtiofs",
];

/// The mount point above a path, if it is a remote file system.
fn remote_mount(mounts: &[u8], path: &Path) -> Option<PathBuf> {
    mounts
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b' ');
            let place = PathBuf::from(unescaped(fields.nth(4)?));
            let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
            path.starts_with(&place).then_some((place, kind))
        })
        .max_by_key(|(place, _)| place.as_os_str().len())
        .filter(|(_, kind)| REMOTE.iter().any(|remote| kind.starts_with(remote)))
        .map(|(place, _)| place)
}

/// The kernel writes blanks, tabs, line breaks and backslashes in a path as three octal digits.
fn unescaped(field: &[u8]) -> std::ffi::OsString {
    use std::os::unix::ffi::OsStringExt as _;
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| *first == b'\\');
        let code = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 8).ok());
        out.push(code.unwrap_or(*first));
        rest = match code {
            Some(_) => after.get(3..).unwrap_or_default(),
            None => after,
        };
    }
    std::ffi::OsString::from_vec(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::os::{PathAsk, ProcText};

    const MOUNTS: &[u8] = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\
        2 1 0:40 / /srv/my\\040app rw shared:3 - nfs4 host:/x rw\n\
        3 1 0:41 / /srv/my\\040app/local rw - tmpfs tmpfs rw\n";

    fn path(path: &str) -> Ask {
        Ask::path(Root::Own, Path::new(path), PathAsk::Stat)
    }

    #[test]
    fn a_hung_mount_is_asked_once() {
        let mut silence = Silence::default();
        silence.note(&path("/srv/my app/current/Gemfile"), MOUNTS);
        assert!(silence.covers(&path("/srv/my app/releases")));
        assert!(!silence.covers(&path("/srv/other")));
        silence.clear();
        assert!(!silence.covers(&path("/srv/my app/current/Gemfile")));
    }

    #[test]
    fn elsewhere_only_the_directory_is_left_alone() {
        let mut silence = Silence::default();
        silence.note(&path("/srv/my app/local/a/b"), MOUNTS);
        silence.note(&path("/x"), MOUNTS);
        assert!(silence.covers(&path("/srv/my app/local/a/c")) && silence.covers(&path("/x")));
        assert!(!silence.covers(&path("/srv/my app/local/c")) && !silence.covers(&path("/y")));
    }

    #[test]
    fn one_memory_is_one_lock() {
        let (one, other) = (Pid::new(7).unwrap(), Pid::new(8).unwrap());
        let mut silence = Silence::default();
        silence.note(&Ask::Text(one, ProcText::Environ), b"");
        assert!(silence.covers(&Ask::Text(one, ProcText::Maps)));
        assert!(!silence.covers(&Ask::Text(other, ProcText::Maps)));
    }

    proptest! {
        #[test]
        fn no_mounts_break_it(mounts: Vec<u8>) {
            let _ = remote_mount(&mounts, Path::new("/a/b"));
        }
    }
}
