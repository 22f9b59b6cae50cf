//! Files as facts: a path and what is there; a link of a process and what became of its target; descriptors.

use std::path::PathBuf;

use super::{Fact, Lack};
use crate::os::{FileStat, Text};

/// A path that was looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// The path as it was given.
    pub path: PathBuf,
    /// What `stat(2)` finds there, links followed; `None`: nothing.
    pub stat: Fact<Option<FileStat>>,
    /// The path with every link resolved; `None`: it leads nowhere.
    pub real: Fact<Option<PathBuf>>,
}

/// A magic link of a process (`cwd`, `exe`) or a mapped file: what it named when it was opened, and what is there now.
#[derive(Clone, Debug, PartialEq)]
pub struct Linked {
    /// The path; the kernel's ` (deleted)` is taken off where the target is really deleted.
    pub path: PathBuf,
    /// The open file itself.
    pub open: Fact<FileStat>,
    /// What stands at the path now.
    pub now: Fact<Option<FileStat>>,
}

/// What became of an open file's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The path still leads to the open file.
    Same,
    /// Nothing stands at the path any more.
    Deleted,
    /// Another file stands there.
    Replaced,
}

impl Linked {
    /// What became of it: by device and inode, never by the text's suffix alone.
    pub fn fate(&self) -> Result<Fate, Lack> {
        let open = self.open.value.as_ref().map_err(Clone::clone)?;
        match self.now.value.as_ref().map_err(Clone::clone)? {
            None => Ok(Fate::Deleted),
            // An inode number is soon used again: what has no link left is not what stands there now.
            Some(_) if open.nlink == 0 => Ok(Fate::Replaced),
            Some(now) if (now.device, now.inode) == (open.device, open.inode) => Ok(Fate::Same),
            // Btrfs subvolumes and overlays give one file two device numbers.
            Some(now) if now.inode == open.inode && open.nlink > 0 => Ok(Fate::Same),
            Some(_) => Ok(Fate::Replaced),
        }
    }
}

/// What a descriptor leads to, from its link text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A path.
    Path(PathBuf),
    /// A socket, by its inode.
    Socket(u64),
    /// A pipe, by its inode.
    Pipe(u64),
    /// An anonymous inode: `[eventpoll]`, `[eventfd]`, …
    Anonymous(Text),
    /// Anything else, as the link says.
    Other(Text),
}

/// Reads a descriptor's link text.
pub fn target(text: &Text) -> Target {
    let bytes = text.bytes();
    let inode = |kind: &str| {
        let number =
            bytes.strip_prefix(kind.as_bytes())?.strip_prefix(b":[")?.strip_suffix(b"]")?;
        std::str::from_utf8(number).ok()?.parse::<u64>().ok()
    };
    if bytes.starts_with(b"/") {
        Target::Path(text.path().to_path_buf())
    } else if let Some(inode) = inode("socket") {
        Target::Socket(inode)
    } else if let Some(inode) = inode("pipe") {
        Target::Pipe(inode)
    } else if let Some(name) = bytes.strip_prefix(b"anon_inode:") {
        Target::Anonymous(Text::new(name))
    } else {
        Target::Other(text.clone())
    }
}

/// The link text without the kernel's ` (deleted)`; `None`: it does not end so.
/// A file may really be called so: [`path_of`] decides.
pub fn unmarked(text: &Text) -> Option<PathBuf> {
    let path = text.bytes().strip_suffix(b" (deleted)").filter(|path| !path.is_empty())?;
    Some(Text::new(path).path().to_path_buf())
}

/// The path that a link text means: ` (deleted)` stays only where a file of that very name is the open one.
/// `open` is the open file, `literal` what stands at the text taken as a path.
pub fn path_of(text: &Text, open: Option<&FileStat>, literal: Option<&FileStat>) -> PathBuf {
    let identity = |stat: &FileStat| (stat.device, stat.inode);
    let as_written = literal.is_some() && literal.map(identity) == open.map(identity);
    match unmarked(text) {
        Some(path) if !as_written => path,
        _ => text.path().to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Place;
    use crate::os::{FileKind, Refusal};

    fn stat(inode: u64, nlink: u64) -> FileStat {
        FileStat {
            kind: FileKind::Directory,
            device: 1,
            inode,
            mode: 0o755,
            uid: 0,
            gid: 0,
            nlink,
            size: 0,
            mtime: 0,
            ctime: 0,
            rdev: 0,
        }
    }

    #[test]
    fn link_texts() {
        let of = |text: &str| target(&Text::from(text));
        assert_eq!(of("socket:[46162]"), Target::Socket(46_162));
        assert_eq!(of("pipe:[46161]"), Target::Pipe(46_161));
        assert_eq!(of("anon_inode:[eventfd]"), Target::Anonymous(Text::from("[eventfd]")));
        assert_eq!(of("anon_inode:inotify"), Target::Anonymous(Text::from("inotify")));
        assert_eq!(of("/dev/null"), Target::Path("/dev/null".into()));
        assert_eq!(of("/memfd:x (deleted)"), Target::Path("/memfd:x (deleted)".into()));
        for other in ["", "socket:[", "socket:[x]", "mnt:[4026531841]", "(unreachable)/x"] {
            assert_eq!(of(other), Target::Other(Text::from(other)));
        }
    }

    #[test]
    fn the_suffix_alone_proves_nothing() {
        let text = Text::from("/srv/x (deleted)");
        assert_eq!(path_of(&text, Some(&stat(5, 0)), None), PathBuf::from("/srv/x"));
        assert_eq!(path_of(&text, Some(&stat(5, 0)), Some(&stat(6, 2))), PathBuf::from("/srv/x"));
        assert_eq!(
            path_of(&text, Some(&stat(5, 2)), Some(&stat(5, 2))),
            PathBuf::from("/srv/x (deleted)")
        );
        assert_eq!(path_of(&Text::from("/srv/x"), None, None), PathBuf::from("/srv/x"));
        assert_eq!(unmarked(&Text::from(" (deleted)")), None);
    }

    #[test]
    fn fates() {
        let fate = |open: FileStat, now: Option<FileStat>| {
            let place = Place::new("x");
            Linked {
                path: "/srv/x".into(),
                open: Fact::known(place.clone(), open),
                now: Fact::known(place, now),
            }
            .fate()
        };
        assert_eq!(fate(stat(5, 2), Some(stat(5, 2))), Ok(Fate::Same));
        assert_eq!(fate(stat(5, 0), None), Ok(Fate::Deleted));
        assert_eq!(fate(stat(5, 0), Some(stat(6, 2))), Ok(Fate::Replaced));
        let mut elsewhere = stat(5, 2);
        elsewhere.device = 9;
        assert_eq!(fate(stat(5, 2), Some(elsewhere)), Ok(Fate::Same));
        let denied = Linked {
            path: "/srv/x".into(),
            open: Fact::lacking(Place::new("x"), Refusal::Denied),
            now: Fact::known(Place::new("x"), None),
        };
        assert_eq!(denied.fate(), Err(Lack::Refused(Refusal::Denied)));
    }
}
