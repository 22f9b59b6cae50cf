//! Contexts in heaps made by hand, in each layout, and in any memory.

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
        Search { memory: &self.image, present: &present, arguments: &arguments, is_late: &is_late }
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

/// Ruby 2.7 leaves a copy behind, and what was there before it may look like the head of a Hash.
#[test]
fn what_stands_before_a_freed_copy_makes_no_owner() {
    let mut heap = Heap::new(Layout::Fixed);
    let stale = heap.pairs("/srv/shop", "/usr/bin/unicorn", ARGUMENTS);
    heap.words(&[&[0x08, 0x2010, 8, 0x1234][..], &stale].concat());
    let live = heap.pairs("/srv/shop", "/srv/shop/bin/unicorn", ARGUMENTS);
    heap.owned(live);
    assert_eq!(heap.find(ARGUMENTS).unwrap().program, Text::from("/srv/shop/bin/unicorn"));
}

/// Memory that counts what is read of it.
struct Counted<'a>(&'a Image, std::cell::Cell<usize>);

impl Memory for Counted<'_> {
    fn read(&self, at: u64, into: &mut [u8]) -> usize {
        let read = self.0.read(at, into);
        self.1.set(self.1.get() + read);
        read
    }
}

#[test]
fn an_owner_of_one_of_equal_copies_ends_the_search() {
    let mut heap = Heap::new(Layout::Fixed);
    let live = heap.pairs("/srv/shop", "/usr/bin/unicorn", ARGUMENTS);
    heap.words(&live);
    heap.owned(live);
    let (far, large) = (HEAP << 8, 16 * CHUNK);
    heap.image.0.insert(far, vec![0; large]);
    let mut present = Present::default();
    present.add(HEAP, 1 << 16, &(1_u64 << 63).to_ne_bytes());
    present.add(far, large as u64, &(1_u64 << 63).to_ne_bytes());
    let arguments: Vec<Text> = ARGUMENTS.iter().map(|text| Text::from(*text)).collect();
    let memory = Counted(&heap.image, 0.into());
    let search =
        Search { memory: &memory, present: &present, arguments: &arguments, is_late: &|| false };
    assert_eq!(search.run().map(|found| found.directory), Ok("/srv/shop".into()));
    assert!(memory.1.get() < large + 4 * CHUNK, "{} bytes read", memory.1.get());
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
