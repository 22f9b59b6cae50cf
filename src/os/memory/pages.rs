//! Reading by pages: never across one, never where the guard does not allow, never what is not present.

use super::{Mapping, Mappings, Memory, opaque};
use crate::os::Refusal;

/// The smallest page of any machine: a read inside one never touches a second page.
pub const PAGE: usize = 4096;

/// Memory read page by page, each only if its mapping is allowed; the last page is kept.
pub struct Guarded<'a> {
    memory: &'a dyn Memory,
    mappings: &'a Mappings,
    allowed: &'a dyn Fn(&Mapping) -> bool,
    page: Vec<u8>,
    start: u64,
}

impl<'a> Guarded<'a> {
    /// Nothing is read yet.
    pub fn new(
        memory: &'a dyn Memory,
        mappings: &'a Mappings,
        allowed: &'a dyn Fn(&Mapping) -> bool,
    ) -> Self {
        Self { memory, mappings, allowed, page: Vec::new(), start: 1 }
    }

    /// The bytes from an address to the end of its page.
    pub fn rest_of_page(&mut self, at: u64) -> Result<&[u8], Refusal> {
        let start = at & !(PAGE as u64 - 1);
        if start != self.start {
            let mapping = self.mappings.at(at);
            let mapping =
                mapping.ok_or_else(|| opaque("a pointer of its environment leads nowhere"))?;
            if !(self.allowed)(mapping) {
                return Err(opaque(
                    "its environment lies in the mapping of a file, which may not answer",
                ));
            }
            self.page.resize(PAGE, 0);
            let read = self.memory.read(start, &mut self.page);
            self.page.truncate(read);
            self.start = start;
        }
        let from = usize::try_from(at - start).unwrap_or(PAGE);
        let rest = self.page.get(from..).unwrap_or_default();
        if rest.is_empty() { Err(opaque("its memory could not be read there")) } else { Ok(rest) }
    }
}

/// The pages that are in memory now, as runs of addresses; reading others would change the process
/// (`proc_pid_pagemap(5)`: bit 63 present, bit 62 swapped).
#[derive(Clone, Debug, Default)]
pub struct Present {
    runs: Vec<(u64, u64)>,
    /// Bytes that are swapped out: what lies there is not known.
    pub swapped: u64,
}

impl Present {
    /// Adds the pages of a mapping; mappings come ascending. `entries` are the words of its pagemap.
    pub fn add(&mut self, start: u64, page: u64, entries: &[u8]) {
        let mut at = start;
        for entry in entries.as_chunks::<8>().0 {
            let entry = u64::from_ne_bytes(*entry);
            let end = at.saturating_add(page);
            if entry >> 62 & 1 == 1 {
                self.swapped = self.swapped.saturating_add(page);
            } else if entry >> 63 == 1 {
                match self.runs.last_mut() {
                    Some(last) if last.1 == at => last.1 = end,
                    _ => self.runs.push((at, end)),
                }
            }
            at = end;
        }
    }

    /// The runs, ascending.
    pub fn runs(&self) -> &[(u64, u64)] {
        &self.runs
    }

    /// Bytes that are present.
    pub fn size(&self) -> u64 {
        self.runs.iter().fold(0, |sum, (start, end)| sum.saturating_add(end - start))
    }

    /// Whether all of a range is present.
    pub fn covers(&self, at: u64, length: u64) -> bool {
        let behind = self.runs.partition_point(|run| run.0 <= at);
        let run = behind.checked_sub(1).and_then(|index| self.runs.get(index));
        run.zip(at.checked_add(length)).is_some_and(|(run, end)| end <= run.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_present_pages() {
        let mut present = Present::default();
        let entries: Vec<u8> = [1 << 63, 1 << 63, 0, 1 << 62, (1 << 63) | 7]
            .iter()
            .flat_map(|entry: &u64| entry.to_ne_bytes())
            .collect();
        present.add(0x1000, 0x1000, &entries);
        present.add(0x6000, 0x1000, &entries[..8]);
        assert_eq!(present.runs(), [(0x1000, 0x3000), (0x5000, 0x7000)]);
        assert_eq!((present.swapped, present.size()), (0x1000, 0x4000));
        assert!(present.covers(0x1ff8, 16) && present.covers(0x5000, 0x2000));
        assert!(!present.covers(0x2ff8, 16) && !present.covers(0x3000, 1) && !present.covers(0, 8));
        assert!(!present.covers(u64::MAX - 3, 8));
    }
}
