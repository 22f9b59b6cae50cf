//! `farrier inspect --format json`: `farrier.inspect/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Outside, census::Unknown};

/// The document's name.
pub const SCHEMA: &str = "farrier.inspect/1";

/// Everything that one process has open or mapped.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inspect {
    /// `farrier.inspect/1`.
    pub schema: &'static str,
    /// farrier's version.
    pub farrier: &'static str,
    /// The process.
    pub pid: i32,
    /// Its entries: directories, program, mapped files, descriptors.
    pub entries: Vec<Entry>,
    /// What could not be read.
    pub unknowns: Vec<Unknown>,
}

/// One thing that is open or mapped.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// A descriptor's number, or `cwd`, `rtd`, `txt`, `mem`.
    pub fd: Fd,
    /// lsof's word: `REG`, `DIR`, `CHR`, `FIFO`, `unix`, `IPv4`, `IPv6`, `a_inode`, …; null: not known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `r`, `w` or `u`; null for what is no descriptor, or where it could not be read.
    pub mode: Option<&'static str>,
    /// The path, the address, or what the kernel calls it.
    pub name: Outside,
    /// The device, `MAJOR,MINOR`; null: it has none, or it could not be read.
    pub device: Option<String>,
    /// The inode; null: it has none, or it could not be read.
    pub inode: Option<u64>,
    /// Whether nothing stands at its path any more; null: it has no path, or that could not be read.
    pub deleted: Option<bool>,
    /// Whether something else stands at its path now; null: it has no path, or that could not be read.
    pub replaced: Option<bool>,
    /// The gem that a file belongs to, `NAME-VERSION`; null: none.
    pub gem: Option<String>,
    /// The distribution's package that a mapped file belongs to; null: none, or not known.
    pub package: Option<String>,
}

/// Which place of the process's tables an entry has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Fd {
    /// A descriptor.
    Number(u32),
    /// `cwd`, `rtd`, `txt` or `mem`.
    Word(&'static str),
}
