//! Mapped files: `/proc/PID/maps`, folded to one entry a file.

use std::collections::HashMap;
use std::path::PathBuf;

use super::Lack;
use crate::os::memory::{Line, MOST_LINES, line as read};
use crate::os::{Refusal, Text};

/// A file that is mapped at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The path, ` (deleted)` taken off.
    pub path: PathBuf,
    /// The line bore ` (deleted)`. Normal for `/dev/zero`, memfd, SysV and `/dev/shm` segments.
    pub marked_deleted: bool,
    /// Device, `(major << 20) | minor`, as the maps file has it (overlayfs: another one than `stat` gives).
    pub device: u64,
    /// Inode.
    pub inode: u64,
    /// At least one of its mappings is executable.
    pub executable: bool,
    /// The lowest address.
    pub start: u64,
    /// Bytes mapped, all its mappings together.
    pub size: u64,
}

impl Mapped {
    /// Whether its deletion means nothing: shared memory and the like (`failures.md` O13).
    pub fn is_memory(&self) -> bool {
        is_memory(&self.path)
    }
}

/// Whether a mapped path is memory under a file's name, which is normally deleted: `/dev/zero`, memfd, SysV and POSIX
/// shared memory, asynchronous I/O, graphics.
pub fn is_memory(path: &std::path::Path) -> bool {
    let text = Text::from(path);
    let path = text.bytes();
    [&b"/dev/zero"[..], b"/memfd:", b"/SYSV", b"/dev/shm/", b"/[aio]", b"/drm", b"/i915"]
        .iter()
        .any(|start| path.starts_with(start))
}

/// Parses `/proc/PID/maps`, files only, in the order of their first mapping.
pub fn parse(bytes: &Text) -> Result<Vec<Mapped>, Lack> {
    let mut files: Vec<Mapped> = Vec::new();
    let mut known: HashMap<(u64, u64, &[u8]), usize> = HashMap::new();
    let lines = bytes.bytes().split(|b| *b == b'\n').filter(|line| !line.is_empty());
    for (number, line) in lines.enumerate() {
        if number >= MOST_LINES {
            return Err(Lack::Refused(Refusal::TooMany(MOST_LINES as u64)));
        }
        let line = read(line).ok_or(Lack::Malformed("a line of maps"))?;
        if !line.path.starts_with(b"/") {
            continue;
        }
        let next = files.len();
        let at = *known.entry((line.device, line.inode, line.path)).or_insert(next);
        match files.get_mut(at) {
            Some(file) => {
                file.executable |= line.permissions.contains(&b'x');
                file.start = file.start.min(line.start);
                file.size = file.size.saturating_add(line.end.saturating_sub(line.start));
            }
            None => files.push(file(&line)),
        }
    }
    Ok(files)
}

/// The file of a line.
fn file(line: &Line<'_>) -> Mapped {
    let plain = line.path.strip_suffix(b" (deleted)");
    Mapped {
        path: unescaped(plain.unwrap_or(line.path)).path().to_path_buf(),
        marked_deleted: plain.is_some(),
        device: line.device,
        inode: line.inode,
        executable: line.permissions.contains(&b'x'),
        start: line.start,
        size: line.end.saturating_sub(line.start),
    }
}

/// The kernel writes a newline in a path as `\012`, and escapes nothing else here.
fn unescaped(path: &[u8]) -> Text {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, tail)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(b"\\012") {
            plain.push(b'\n');
            rest = behind;
        } else {
            plain.push(*first);
            rest = tail;
        }
    }
    Text::new(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_process_is_folded() {
        let text = Text::from(
            "564789a00000-564789a01000 r--p 00000000 fe:01 132 /usr/bin/ruby3.1\n\
             564789a01000-564789a03000 r-xp 00001000 fe:01 132                        /usr/bin/ruby3.1\n\
             56478aa00000-56478ab00000 rw-p 00000000 00:00 0                          [heap]\n\
             7f0000000000-7f0000001000 rw-s 00000000 00:01 1027                       /dev/zero (deleted)\n\
             7f0000002000-7f0000003000 rw-p 00000000 00:00 0 \n\
             7f0000004000-7f0000005000 r-xp 00000000 fe:01 7                          /a b\\012c/x.so (deleted)\n\
             7f0000006000-7f0000007000 rw-p 00000000 00:00 0                          [anon:name]\n\
             ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
        );
        let files = parse(&text).unwrap();
        assert_eq!(files.len(), 3);
        let ruby = &files[0];
        assert_eq!((ruby.size, ruby.executable, ruby.inode), (0x3000, true, 132));
        assert_eq!((ruby.device, ruby.start), (0xfe << 20 | 1, 0x5647_89a0_0000));
        assert!(!ruby.marked_deleted && !ruby.is_memory());
        assert!(files[1].marked_deleted && files[1].is_memory());
        assert_eq!(files[2].path, std::path::Path::new("/a b\nc/x.so"));
        assert!(files[2].marked_deleted && !files[2].is_memory());
    }

    #[test]
    fn a_replaced_file_is_another_one() {
        let text = Text::from(
            "1000-2000 r-xp 00000000 fe:01 132 /x.so (deleted)\n\
             3000-4000 r-xp 00000000 fe:01 18446744073709551615 /x.so\n",
        );
        let files = parse(&text).unwrap();
        assert_eq!(files.iter().map(|f| f.marked_deleted).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn broken_and_endless() {
        assert_eq!(parse(&Text::from("1000-2000 r-xp")), Err(Lack::Malformed("a line of maps")));
        assert_eq!(parse(&Text::from("")), Ok(Vec::new()));
        let endless = "1000-2000 rw-p 00000000 00:00 0 \n".repeat(MOST_LINES + 1);
        assert_eq!(parse(&Text::from(&*endless)), Err(Lack::Refused(Refusal::TooMany(200_000))));
    }
}
