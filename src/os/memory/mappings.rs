//! The mappings of a process, from the lines of `proc_pid_maps(5)`.

use crate::os::{Refusal, Text};

/// One line, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The first address.
    pub start: u64,
    /// The address behind the last one.
    pub end: u64,
    /// `rwxp`, or `-` in each place; the last is `s` for shared.
    pub permissions: [u8; 4],
    /// Offset in the file.
    pub offset: u64,
    /// Device, `(major << 20) | minor`.
    pub device: u64,
    /// Inode; 0 for anonymous memory.
    pub inode: u64,
    /// Path or name, a newline in it as `\012`; empty for nameless memory.
    pub path: &'a [u8],
}

/// More lines than this are not read: a process may have millions of mappings.
pub const MOST_LINES: usize = 200_000;

/// Reads `START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH`, the path after any number of blanks.
pub fn line(line: &[u8]) -> Option<Line<'_>> {
    let mut fields = line.splitn(6, |b| *b == b' ');
    let mut text = || fields.next().and_then(|field| std::str::from_utf8(field).ok());
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let (start, end) = text()?.split_once('-')?;
    let (start, end) = (hex(start)?, hex(end)?);
    let permissions = text()?.as_bytes().try_into().ok()?;
    let offset = hex(text()?)?;
    let (major, minor) = text()?.split_once(':')?;
    let (major, minor) = (hex(major)?, hex(minor)?);
    let inode = text()?.parse().ok()?;
    Some(Line {
        start,
        end,
        permissions,
        offset,
        device: (major & 0xffff_ffff) << 20 | minor & 0xf_ffff,
        inode,
        path: fields.next().unwrap_or_default().trim_ascii_start(),
    })
}

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// The address behind the last one.
    pub end: u64,
    /// It can be written.
    pub writable: bool,
    /// It can be read, and is not shared.
    pub private: bool,
    /// Offset in the file.
    pub offset: u64,
    /// Device and inode of its file; inode 0: anonymous.
    pub file: (u64, u64),
    /// Path or name, as the line has it.
    pub name: Text,
}

impl Mapping {
    /// Memory that no file and no other process stands behind: reading it waits for nobody's file system.
    pub fn is_anonymous(&self) -> bool {
        let name = self.name.bytes();
        self.private
            && self.file.1 == 0
            && (name.is_empty()
                || name == b"[heap]"
                || name == b"[stack]"
                || name.starts_with(b"[anon:"))
    }
}

/// All mappings of a process, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings(Vec<Mapping>);

impl Mappings {
    /// Reads `/proc/PID/maps`.
    pub fn parse(text: &[u8]) -> Result<Self, Refusal> {
        let mut all = Vec::new();
        for text in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if all.len() >= MOST_LINES {
                return Err(Refusal::TooMany(MOST_LINES as u64));
            }
            let Some(line) = line(text) else {
                return Err(super::opaque("a line of its maps is not as documented"));
            };
            let [read, write, _, shared] = line.permissions;
            all.push(Mapping {
                start: line.start,
                end: line.end,
                writable: write == b'w',
                private: read == b'r' && shared == b'p',
                offset: line.offset,
                file: (line.device, line.inode),
                name: Text::new(line.path),
            });
        }
        Ok(Self(all))
    }

    /// The mapping that an address lies in.
    pub fn at(&self, address: u64) -> Option<&Mapping> {
        let behind = self.0.partition_point(|mapping| mapping.start <= address);
        let mapping = self.0.get(behind.checked_sub(1)?)?;
        (address < mapping.end).then_some(mapping)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Mapping> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_find_their_mappings() {
        let maps = Mappings::parse(
            b"1000-2000 r--p 00000000 fe:01 7 /bin/x\n2000-3000 rw-p 00001000 fe:01 7 /bin/x\n\
              5000-6000 rw-p 00000000 00:00 0 [heap]\n6000-7000 rw-s 00000000 00:01 9 /dev/zero (deleted)\n\
              8000-9000 rw-p 00000000 00:00 0 [vvar]\n",
        )
        .unwrap();
        assert_eq!(maps.at(0xfff), None);
        assert_eq!(maps.at(0x1fff).map(|m| (m.start, m.file.1)), Some((0x1000, 7)));
        assert_eq!(maps.at(0x3000), None);
        let anonymous: Vec<bool> = maps.iter().map(Mapping::is_anonymous).collect();
        assert_eq!(anonymous, [false, false, true, false, false]);
        assert!(Mappings::parse(b"1000-2000 r--p").is_err());
    }
}
