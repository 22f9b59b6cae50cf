//! What a Ruby server will start again: Unicorn's `START_CTX`, found in its memory by its form alone (no symbols, no
//! table of Ruby versions).
//!
//! A small Hash keeps its pairs as consecutive words, and the Fixnum 0 is the word 1. So three pairs `:argv` => Array,
//! 0 => String, `:cwd` => String are `[symbol][array][1][string][symbol][string]`. A freed copy may still lie
//! there (Ruby 2.7 leaves one): only the table that a Hash owns counts.

use serde::{Deserialize, Serialize};

use super::objects::{HASH, LAYOUTS, Layout, Objects};
use super::{Memory, Present, opaque};
use crate::os::{Refusal, Text};

/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// How far round the arguments their Hash is looked for before the whole memory is.
const NEAR: u64 = 1 << 20;
/// Words of the pattern.
const WORDS: usize = 6;
/// Places that look like it, at most.
const HITS: usize = 4096;
/// The key of the program: the Fixnum 0.
const ZERO: [u8; 8] = 1_u64.to_ne_bytes();
/// The low byte of a symbol that the program text names (`RUBY_SYMBOL_FLAG`).
const SYMBOL: u64 = 0x0c;
/// A title is cut at about a thousand bytes: from this length on it may be the beginning only.
const CUT: usize = 900;

/// Directory, program and arguments of the next re-execution.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StartContext {
    /// The directory that is changed to.
    pub directory: Text,
    /// The program, as it will be given to `exec`.
    pub program: Text,
    /// The arguments behind it.
    pub arguments: Vec<Text>,
}

/// A search in the present pages of a process.
pub struct Search<'a> {
    /// The memory.
    pub memory: &'a dyn Memory,
    /// Which of it is there.
    pub present: &'a Present,
    /// The arguments in the title: what is found has to agree.
    pub arguments: &'a [Text],
    /// Whether the time for it is over.
    pub is_late: &'a dyn Fn() -> bool,
}

/// A table that has the form, and what stands in it.
struct Hit {
    pairs: u64,
    /// The array of the arguments: a neighbour of the Hash, which was made with it.
    array: u64,
    context: StartContext,
}

impl Search<'_> {
    /// The one context that is owned and agrees with the title.
    pub fn run(&self) -> Result<StartContext, Refusal> {
        let mut places = Vec::new();
        let whole = self.scan(self.present.runs(), WORDS, &mut |start, words| {
            for (index, _) in words.iter().enumerate().filter(|(_, word)| **word == ZERO) {
                // The key is the third word of the six.
                let Some(from) = index.checked_sub(2) else { continue };
                let window = words.get(from..from + WORDS);
                let Some([first, array, _, program, second, directory]) = window else { continue };
                let [first, second] = [first, second].map(|word| u64::from_ne_bytes(*word));
                let symbols = first & 0xff == SYMBOL && second & 0xff == SYMBOL && first != second;
                let objects = [array, program, directory].map(|word| u64::from_ne_bytes(*word));
                let aligned = objects.iter().all(|at| at.is_multiple_of(8));
                if symbols && aligned && places.len() < HITS {
                    places.push((start.wrapping_add(from as u64 * 8), objects));
                }
            }
            true
        });
        let hits: Vec<Hit> = places
            .iter()
            .flat_map(|(pairs, objects)| {
                let [array, ..] = *objects;
                let contexts = self.read(*objects).into_iter();
                contexts.map(move |context| Hit { pairs: *pairs, array, context })
            })
            .collect();
        let mut owned: Vec<&StartContext> = self.owned(&hits);
        owned.sort();
        owned.dedup();
        match owned.as_slice() {
            [one] => Ok((*one).clone()),
            [] if !whole => Err(opaque("there is more memory than can be searched in time")),
            [] if self.present.swapped > 0 => {
                Err(opaque("it was not found, and a part of its memory is swapped out"))
            }
            [] if hits.is_empty() => Err(opaque("it was not found in its memory")),
            [] => Err(opaque("what was found in its memory belongs to nothing any more")),
            _ => Err(opaque("there are several in its memory, and they differ")),
        }
    }

    /// The contexts whose tables belong to a Hash: from Ruby 3.3 on its flags stand 32 bytes before the first pair,
    /// up to 3.2 the address of the first pair stands 16 bytes behind its flags. Where copies differ, the address counts
    /// first.
    fn owned<'h>(&self, hits: &'h [Hit]) -> Vec<&'h StartContext> {
        let objects = self.objects();
        let is_hash = |at: Option<u64>| at.is_some_and(|at| objects.is_of(at, HASH));
        let inside: Vec<&Hit> =
            hits.iter().filter(|hit| is_hash(hit.pairs.checked_sub(32))).collect();
        let contexts = |of: Vec<&'h Hit>| of.into_iter().map(|hit| &hit.context).collect();
        let differ = hits.windows(2).any(|two| matches!(two, [a, b] if a.context != b.context));
        if hits.is_empty() || !inside.is_empty() && !differ {
            return contexts(inside);
        }
        let mut sought: Vec<u64> = hits.iter().map(|hit| hit.pairs).collect();
        let mut seek = |start: u64, words: &[[u8; 8]]| {
            // Once each has its owner, or one of those that say the same, there is nothing left to find: a freed copy
            // has none, and looking for it would read the whole memory again.
            let is_told = !differ && sought.len() < hits.len();
            let (low, high) = (sought.iter().min().copied(), sought.iter().max().copied());
            let (Some(low), Some(high), false) = (low, high, is_told) else { return false };
            for (index, word) in words.iter().enumerate() {
                let word = u64::from_ne_bytes(*word);
                if (low..=high).contains(&word) && sought.contains(&word) {
                    let at = start.wrapping_add(index as u64 * 8);
                    if is_hash(at.checked_sub(16)) {
                        sought.retain(|pairs| *pairs != word);
                    }
                }
            }
            true
        };
        let near: Vec<(u64, u64)> = hits.iter().flat_map(|hit| self.round(hit.array)).collect();
        self.scan(&near, 1, &mut seek);
        self.scan(self.present.runs(), 1, &mut seek);
        let owned: Vec<&Hit> = hits.iter().filter(|hit| !sought.contains(&hit.pairs)).collect();
        // What lies before a freed copy may look like a Hash; a pointer to a copy from a Hash does not come by chance.
        contexts(if owned.is_empty() { inside } else { owned })
    }

    /// The present pages round an address.
    fn round(&self, at: u64) -> impl Iterator<Item = (u64, u64)> {
        let (low, high) = (at.saturating_sub(NEAR) & !7, at.saturating_add(NEAR) & !7);
        let runs = self.present.runs().iter();
        runs.map(move |(start, end)| (low.max(*start), high.min(*end)))
            .filter(|(start, end)| start < end)
    }

    fn objects(&self) -> Objects<'_> {
        Objects { memory: self.memory, present: self.present }
    }

    /// What the three values say, in the layout in which they agree with the title; both where they agree in both.
    fn read(&self, [array, program, directory]: [u64; 3]) -> Vec<StartContext> {
        let objects = self.objects();
        let in_layout = |layout: Layout| {
            let arguments = objects.strings(array, layout)?;
            let program = objects.string(program, layout).filter(|text| !text.is_empty())?;
            let directory = objects.string(directory, layout).filter(|d| d.starts_with(b"/"))?;
            let agrees = agrees(&arguments, self.arguments);
            agrees.then(|| StartContext {
                directory: Text::new(directory),
                program: Text::new(program),
                arguments: arguments.into_iter().map(Text::new).collect(),
            })
        };
        let mut all: Vec<StartContext> = LAYOUTS.into_iter().filter_map(in_layout).collect();
        all.dedup();
        all
    }

    /// Shows all words with the address of the first, in pieces that overlap so that each run of so many consecutive
    /// words stands whole in one of them, until it is told to end; whether there was time.
    fn scan(
        &self,
        runs: &[(u64, u64)],
        words: usize,
        show: &mut dyn FnMut(u64, &[[u8; 8]]) -> bool,
    ) -> bool {
        let mut bytes = vec![0; CHUNK];
        let overlap = (words as u64 - 1) * 8;
        for (start, end) in runs {
            let mut at = *start;
            while at < *end {
                if (self.is_late)() {
                    return false;
                }
                let wanted = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
                let read = self.memory.read(at, bytes.get_mut(..wanted).unwrap_or_default());
                let (part, _) = bytes.get(..read).unwrap_or_default().as_chunks::<8>();
                if !show(at, part) {
                    return true;
                }
                let step = read as u64;
                // What could not be read is passed over; what could overlaps by all but one word.
                let last = at.saturating_add(step) >= *end || step <= overlap;
                at = if last { *end } else { at.saturating_add(step - overlap) };
            }
        }
        true
    }
}

/// Whether arguments are those of the title, which has them with one blank between them.
fn agrees(arguments: &[Vec<u8>], title: &[Text]) -> bool {
    let words = |all: Vec<&[u8]>| -> Vec<u8> {
        let words = all.into_iter().flat_map(|text| text.split(u8::is_ascii_whitespace));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(&b' ')
    };
    let arguments = words(arguments.iter().map(Vec::as_slice).collect());
    let title = words(title.iter().map(Text::bytes).collect());
    arguments == title || title.len() >= CUT && arguments.starts_with(&title)
}

#[cfg(test)]
mod tests;
