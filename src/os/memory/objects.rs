//! Ruby's objects as they lie in memory, so far as strings and arrays of them go. Not by version: by what fits.

use super::{Memory, Present, exactly, word_in};

/// The type of an object: the low five bits of its first word (`ruby/internal/value_type.h`).
const TYPE: u64 = 0x1f;
/// `T_STRING`.
const STRING: u64 = 0x05;
/// `T_ARRAY`.
const ARRAY: u64 = 0x07;
/// `T_HASH`.
pub const HASH: u64 = 0x08;
/// The longest string, and the longest array, that are read.
const MOST: u64 = 1 << 17;

/// Where a string without memory of its own keeps its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Up to Ruby 3.1: length in bits 14 to 18 of the flags, bytes at +16.
    Fixed,
    /// From Ruby 3.2: length at +16, bytes at +24.
    Variable,
}

/// All layouts that are tried.
pub const LAYOUTS: [Layout; 2] = [Layout::Fixed, Layout::Variable];

/// A process's memory, read only where it is present.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    /// The memory.
    pub memory: &'a dyn Memory,
    /// Its present pages.
    pub present: &'a Present,
}

impl Objects<'_> {
    /// Whether an object may begin there.
    pub fn is_object(&self, at: u64) -> bool {
        at.is_multiple_of(8) && at != 0 && self.present.covers(at, 40)
    }

    /// Whether an object of a type begins there: its flags, and a class behind them.
    pub fn is_of(&self, at: u64, kind: u64) -> bool {
        self.head(at, kind).is_some_and(|head| {
            word_in(&head, 8).is_some_and(|class| class != 0 && class.is_multiple_of(8))
        })
    }

    fn head(&self, at: u64, kind: u64) -> Option<[u8; 40]> {
        if !self.is_object(at) {
            return None;
        }
        let head: [u8; 40] = exactly(self.memory, at)?;
        (word_in(&head, 0)? & TYPE == kind).then_some(head)
    }

    fn bytes(&self, at: u64, length: u64) -> Option<Vec<u8>> {
        if length > MOST || !self.present.covers(at, length) {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        (self.memory.read(at, &mut bytes) == bytes.len()).then_some(bytes)
    }

    /// A string's bytes; `None`: there is no string, or none without a NUL.
    pub fn string(&self, at: u64, layout: Layout) -> Option<Vec<u8>> {
        let head = self.head(at, STRING)?;
        let flags = word_in(&head, 0)?;
        let on_heap = flags >> 13 & 1 == 1;
        let (length, place) = match layout {
            _ if on_heap => (word_in(&head, 16)?, word_in(&head, 24)?),
            Layout::Fixed => (flags >> 14 & 0x1f, at.checked_add(16)?),
            Layout::Variable => (word_in(&head, 16)?, at.checked_add(24)?),
        };
        self.bytes(place, length).filter(|bytes| !bytes.contains(&0))
    }

    /// An array of strings.
    pub fn strings(&self, at: u64, layout: Layout) -> Option<Vec<Vec<u8>>> {
        let head = self.head(at, ARRAY)?;
        let flags = word_in(&head, 0)?;
        // Contrary to a string's, an array's bit 13 says that its elements lie in the object itself.
        let (length, place) = if flags >> 13 & 1 == 1 {
            (flags >> 15 & 0x7f, at.checked_add(16)?)
        } else {
            (word_in(&head, 16)?, word_in(&head, 32)?)
        };
        let elements = self.bytes(place, length.checked_mul(8)?)?;
        let (elements, _) = elements.as_chunks::<8>();
        elements.iter().map(|word| self.string(u64::from_ne_bytes(*word), layout)).collect()
    }
}
