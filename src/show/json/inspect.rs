//! `farrier inspect --format json`: `farrier.inspect/1`.

use schemars::JsonSchema;
use serde::Serialize;

use super::census::{Unknown, UnknownKind};
use super::{Outside, VERSION};
use crate::deploy::ruby::gem_of;
use crate::facts::files::Fate;
use crate::facts::opens::{self, Opens, Slot};
use crate::os::Pid;

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
    /// The size in bytes, of a regular file; null: it is none, or that could not be read.
    pub size: Option<u64>,
    /// The inode; null: it has none, or it could not be read.
    pub inode: Option<u64>,
    /// Whether nothing stands at its path any more; null: it has no path, or that could not be read.
    pub deleted: Option<bool>,
    /// Whether something else stands at its path now; null: it has no path, or that could not be read.
    pub replaced: Option<bool>,
    /// The gem that a file belongs to, `NAME-VERSION`; null: none.
    pub gem: Option<String>,
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

impl Inspect {
    /// The document about a process.
    pub fn new(pid: Pid, opens: &Opens) -> Self {
        let unknown =
            |(what, place, lack): &(String, crate::facts::Place, crate::facts::Lack)| Unknown {
                kind: UnknownKind::from(lack),
                what: what.clone(),
                why: lack.to_string(),
                place: place.to_string(),
                app: None,
                pid: Some(pid.number()),
                rules: Vec::new(),
            };
        Self {
            schema: SCHEMA,
            farrier: VERSION,
            pid: pid.number(),
            entries: opens.entries.iter().map(Entry::from).collect(),
            unknowns: opens.lacking.iter().map(unknown).collect(),
        }
    }
}

impl From<&opens::Entry> for Entry {
    fn from(entry: &opens::Entry) -> Self {
        let fate = entry.fate.as_ref().and_then(|fate| fate.as_ref().ok());
        Self {
            fd: entry.slot.into(),
            kind: entry.kind.map(str::to_owned),
            mode: entry.mode,
            name: (&entry.name).into(),
            device: entry.device.map(device),
            size: entry.size,
            inode: entry.inode,
            deleted: fate.map(|fate| *fate == Fate::Deleted),
            replaced: fate.map(|fate| *fate == Fate::Replaced),
            gem: gem_of(entry.name.path()).map(|gem| crate::os::text::escaped(gem.as_bytes())),
        }
    }
}

/// A device as lsof writes it.
pub fn device(device: u64) -> String {
    format!("{},{}", device >> 20, device & 0xf_ffff)
}

impl From<Slot> for Fd {
    fn from(slot: Slot) -> Self {
        match slot {
            Slot::Cwd => Self::Word("cwd"),
            Slot::Root => Self::Word("rtd"),
            Slot::Program => Self::Word("txt"),
            Slot::Mapped => Self::Word("mem"),
            Slot::Fd(number) => Self::Number(number),
        }
    }
}

impl std::fmt::Display for Fd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => f.pad(&number.to_string()),
            Self::Word(word) => f.pad(word),
        }
    }
}
