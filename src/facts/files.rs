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
    Target::Other(text.clone())
}
