//! What another process's memory tells without its help: its live environment, and what its server will start again.
//!
//! Pure over [`Memory`]: the reader runs it on `/proc/PID/mem`, tests and fuzzers on any bytes. Every read is bounded
//! and guarded, nothing is written, and what is not understood is said to be so (`Refusal::Opaque`).

mod context;
mod elf;
mod environ;
mod mappings;
mod objects;
mod pages;

pub use context::{Search, StartContext};
pub use environ::{Spot, locate, read};
pub use mappings::{Line, MOST_LINES, Mapping, Mappings, line};
pub use pages::Present;

use super::Refusal;

/// Memory that can be read at any address and answers with as much as it has.
pub trait Memory {
    /// Fills `into` from an address on; how many bytes there were. Fewer than asked: the mapping ends, or it was refused.
    fn read(&self, at: u64, into: &mut [u8]) -> usize;
}

/// Exactly so many bytes, or nothing.
fn exactly<const N: usize>(memory: &dyn Memory, at: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (memory.read(at, &mut bytes) == N).then_some(bytes)
}

/// A word at an address.
fn word(memory: &dyn Memory, at: u64) -> Option<u64> {
    exactly(memory, at).map(u64::from_ne_bytes)
}

/// Half a word at an address.
fn half(memory: &dyn Memory, at: u64) -> Option<u32> {
    exactly(memory, at).map(u32::from_ne_bytes)
}

/// A word inside bytes.
fn word_in(bytes: &[u8], at: usize) -> Option<u64> {
    let word = bytes.get(at..at.checked_add(8)?)?;
    word.try_into().ok().map(u64::from_ne_bytes)
}

/// Why memory does not tell something.
fn opaque(why: &str) -> Refusal {
    Refusal::Opaque(why.to_owned())
}

#[cfg(test)]
mod image {
    //! Memory made by hand.

    use std::collections::BTreeMap;

    use super::Memory;

    /// Pieces of memory by their addresses.
    #[derive(Default)]
    pub struct Image(pub BTreeMap<u64, Vec<u8>>);

    impl Image {
        /// Puts bytes at an address: over a piece that is there, or as a new one.
        pub fn put(&mut self, at: u64, bytes: &[u8]) {
            if let Some((start, piece)) = self.0.range_mut(..=at).next_back() {
                let from = usize::try_from(at - start).unwrap();
                if let Some(there) = piece.get_mut(from..from + bytes.len()) {
                    there.copy_from_slice(bytes);
                    return;
                }
            }
            self.0.insert(at, bytes.to_vec());
        }

        /// Puts words at an address.
        pub fn words(&mut self, at: u64, words: &[u64]) {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            self.put(at, &bytes);
        }
    }

    impl Memory for Image {
        fn read(&self, at: u64, into: &mut [u8]) -> usize {
            let mut done = 0;
            while done < into.len() {
                let Some(here) = at.checked_add(done as u64) else { break };
                let Some((start, piece)) = self.0.range(..=here).next_back() else { break };
                let rest = usize::try_from(here - start).ok().and_then(|from| piece.get(from..));
                let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { break };
                let length = rest.len().min(into.len() - done);
                into[done..done + length].copy_from_slice(&rest[..length]);
                done += length;
            }
            done
        }
    }
}
