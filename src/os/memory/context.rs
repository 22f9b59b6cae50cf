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
    context: StartContext,
}

impl Search<'_> {
    /// The one context that is owned and agrees with the title.
    pub fn run(&self) -> Result<StartContext, Refusal> {
        let mut places = Vec::new();
        let whole = self.scan(WORDS, &mut |start, words| {
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
                self.read(*objects).into_iter().map(|context| Hit { pairs: *pairs, context })
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
    /// up to 3.2 the address of the first pair stands 16 bytes behind its flags.
    fn owned<'h>(&self, hits: &'h [Hit]) -> Vec<&'h StartContext> {
        let objects = self.objects();
        let is_hash = |at: Option<u64>| at.is_some_and(|at| objects.is_of(at, HASH));
        let inside: Vec<&Hit> =
            hits.iter().filter(|hit| is_hash(hit.pairs.checked_sub(32))).collect();
        if !inside.is_empty() || hits.is_empty() {
            return inside.into_iter().map(|hit| &hit.context).collect();
        }
        let mut sought: Vec<u64> = hits.iter().map(|hit| hit.pairs).collect();
        self.scan(1, &mut |start, words| {
            let (low, high) = (sought.iter().min().copied(), sought.iter().max().copied());
            // Once each has its owner there is nothing left to find.
            let (Some(low), Some(high)) = (low, high) else { return false };
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
        });
        let owned = hits.iter().filter(|hit| !sought.contains(&hit.pairs));
        owned.map(|hit| &hit.context).collect()
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
    fn scan(&self, words: usize, show: &mut dyn FnMut(u64, &[[u8; 8]]) -> bool) -> bool {
        let mut bytes = vec![0; CHUNK];
        let overlap = (words as u64 - 1) * 8;
        for (start, end) in self.present.runs() {
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
mod tests {
    use proptest::prelude::*;

    use super::super::image::Image;
    use super::*;

    const HEAP: u64 = 0x10_0000;

    /// A heap of 64 KiB, filled from the front.
    struct Heap {
        image: Image,
        next: u64,
        layout: Layout,
    }

    impl Heap {
        fn new(layout: Layout) -> Self {
            let mut image = Image::default();
            image.0.insert(HEAP, vec![0; 1 << 16]);
            Self { image, next: HEAP, layout }
        }

        fn put(&mut self, bytes: &[u8]) -> u64 {
            let at = self.next;
            let from = usize::try_from(at - HEAP).unwrap();
            self.image.0.get_mut(&HEAP).unwrap()[from..from + bytes.len()].copy_from_slice(bytes);
            self.next += (bytes.len() as u64).next_multiple_of(8).max(40);
            at
        }

        fn words(&mut self, words: &[u64]) -> u64 {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            self.put(&bytes)
        }

        fn string(&mut self, text: &str) -> u64 {
            let length = text.len() as u64;
            let head = |flags: u64| [flags.to_ne_bytes(), 0x2000_u64.to_ne_bytes()].concat();
            match self.layout {
                Layout::Fixed if length <= 23 => {
                    self.put(&[head(0x05 | length << 14), text.as_bytes().to_vec()].concat())
                }
                Layout::Variable if length <= 80 => self.put(
                    &[head(0x05), length.to_ne_bytes().to_vec(), text.as_bytes().to_vec()].concat(),
                ),
                _ => {
                    let bytes = self.put(text.as_bytes());
                    self.words(&[0x05 | 1 << 13, 0x2000, length, bytes])
                }
            }
        }

        /// The six words of a context.
        fn pairs(&mut self, directory: &str, program: &str, arguments: &[&str]) -> [u64; 6] {
            let arguments: Vec<u64> = arguments.iter().map(|text| self.string(text)).collect();
            let count = arguments.len() as u64;
            let array = if count <= 3 {
                let head = [0x07 | 1 << 13 | count << 15, 0x2008];
                self.words(&[&head[..], &arguments].concat())
            } else {
                let elements = self.words(&arguments);
                self.words(&[0x07, 0x2008, count, count, elements])
            };
            let (program, directory) = (self.string(program), self.string(directory));
            [0x8910c, array, 1, program, 0x8a20c, directory]
        }

        /// Owned as Ruby does it: in the object from 3.3, by its address before.
        fn owned(&mut self, pairs: [u64; 6]) {
            match self.layout {
                Layout::Fixed => {
                    let table = self.words(&pairs);
                    self.words(&[0x08, 0x2010, table, 8]);
                }
                Layout::Variable => {
                    self.words(&[&[0x08, 0x2010, 8, 0x1234][..], &pairs].concat());
                }
            }
        }

        fn find(&self, arguments: &[&str]) -> Result<StartContext, Refusal> {
            let mut present = Present::default();
            present.add(HEAP, 1 << 16, &(1_u64 << 63).to_ne_bytes());
            let arguments: Vec<Text> = arguments.iter().map(|text| Text::from(*text)).collect();
            let is_late = || false;
            Search {
                memory: &self.image,
                present: &present,
                arguments: &arguments,
                is_late: &is_late,
            }
            .run()
        }
    }

    const ARGUMENTS: &[&str] =
        &["-D", "-c", "/var/www/shop/current/config/unicorn.rb", "-E", "production"];

    #[test]
    fn the_owned_table_counts_in_every_layout() {
        for layout in LAYOUTS {
            let mut heap = Heap::new(layout);
            let stale = heap.pairs("/var/www/shop/releases/1", "/usr/bin/unicorn", ARGUMENTS);
            heap.words(&stale);
            let other = heap.pairs("/srv", "/usr/bin/unicorn", &["-c", "other.rb"]);
            heap.owned(other);
            assert!(matches!(heap.find(ARGUMENTS), Err(Refusal::Opaque(_))), "{layout:?}");
            let live = heap.pairs("/var/www/shop/current", "/usr/bin/unicorn", ARGUMENTS);
            heap.owned(live);
            let found = heap.find(ARGUMENTS).unwrap();
            assert_eq!(found.directory, Text::from("/var/www/shop/current"), "{layout:?}");
            assert_eq!(found.program, Text::from("/usr/bin/unicorn"));
            assert_eq!(found.arguments.len(), 5);
            let second = heap.pairs("/elsewhere", "/usr/bin/unicorn", ARGUMENTS);
            heap.owned(second);
            let several = "there are several in its memory, and they differ";
            assert_eq!(heap.find(ARGUMENTS), Err(opaque(several)), "{layout:?}");
        }
    }

    #[test]
    fn short_arguments_and_none() {
        for layout in LAYOUTS {
            for arguments in [&[][..], &["-p"], &["a b", "c"]] {
                let mut heap = Heap::new(layout);
                let pairs = heap.pairs("/", "/u", arguments);
                heap.owned(pairs);
                let joined = arguments.join(" ");
                let title: Vec<&str> = joined.split(' ').filter(|word| !word.is_empty()).collect();
                let found = heap.find(&title).unwrap();
                assert_eq!((found.program, found.arguments.len()), ("/u".into(), arguments.len()));
            }
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        let heap = Heap::new(Layout::Fixed);
        assert_eq!(heap.find(&[]), Err(opaque("it was not found in its memory")));
        let mut present = Present::default();
        present.add(HEAP, 1 << 16, &(1_u64 << 62).to_ne_bytes());
        let run = |present: &Present, late: bool| {
            Search { memory: &heap.image, present, arguments: &[], is_late: &|| late }.run()
        };
        let swapped = "it was not found, and a part of its memory is swapped out";
        assert_eq!(run(&present, false), Err(opaque(swapped)));
        present.add(HEAP + (1 << 16), 1 << 16, &(1_u64 << 63).to_ne_bytes());
        let late = "there is more memory than can be searched in time";
        assert_eq!(run(&present, true), Err(opaque(late)));
    }

    #[test]
    fn a_pattern_across_two_chunks_is_found() {
        let mut image = Image::default();
        let start = HEAP;
        let split = start + CHUNK as u64 - 24;
        image.0.insert(start, vec![0; 2 * CHUNK]);
        let mut heap = Heap::new(Layout::Variable);
        heap.next = HEAP + 0x100;
        let pairs = heap.pairs("/srv", "/u", &["-c", "x"]);
        let bytes = image.0.get_mut(&start).unwrap();
        bytes[..1 << 16].copy_from_slice(&heap.image.0[&HEAP]);
        let table = [&[0x08, 0x2010, 8, 0x1234][..], &pairs].concat();
        let from = usize::try_from(split - 32 - start).unwrap();
        for (index, word) in table.iter().enumerate() {
            bytes[from + index * 8..from + index * 8 + 8].copy_from_slice(&word.to_ne_bytes());
        }
        let mut present = Present::default();
        present.add(start, 2 * CHUNK as u64, &(1_u64 << 63).to_ne_bytes());
        let arguments = ["-c".into(), "x".into()];
        let search =
            Search { memory: &image, present: &present, arguments: &arguments, is_late: &|| false };
        assert_eq!(search.run().map(|found| found.directory), Ok("/srv".into()));
    }

    #[test]
    fn titles_may_be_cut() {
        let long = ["x".repeat(700), "y".repeat(700)].map(String::into_bytes);
        let cut = Text::new([&long[0][..], b" ", &long[1][..300]].concat());
        assert!(agrees(&long, &[cut]));
        assert!(!agrees(&[b"-c".to_vec(), b"x".to_vec()], &["-c".into()]));
    }

    proptest! {
        #[test]
        fn no_memory_breaks_it(
            words in proptest::collection::vec(
                prop_oneof![
                    (0..512_u64).prop_map(|at| HEAP + at * 8),
                    Just(1), Just(0x8910c), Just(0x5), Just(0x2005), Just(0x7), Just(0x2007), Just(0x8), 0..64_u64, any::<u64>(),
                ],
                0..600,
            ),
        ) {
            let mut heap = Heap::new(Layout::Fixed);
            heap.words(&words);
            let _ = heap.find(&[]);
            let _ = heap.find(&["-c", "x"]);
        }
    }
}
