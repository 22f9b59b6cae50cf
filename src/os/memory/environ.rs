//! The environment as it is now: what the C library's `environ` points to (`environ(7)`), read twice and compared.

use std::time::Duration;

use super::elf::{self, Image};
use super::pages::Guarded;
use super::{Mapping, Mappings, Memory, opaque, word, word_in};
use crate::os::{Refusal, Text};

/// Its names, one address in the C library.
const NAMES: &[&[u8]] = &[b"environ", b"__environ", b"_environ"];
/// Images in which a C library is looked for.
const IMAGES: usize = 1024;
/// The most variables.
const ENTRIES: usize = 65_536;
/// The longest variable; Linux itself passes on no longer ones than 128 KiB.
const STRING: usize = 1 << 20;
/// The largest environment.
const BLOCK: usize = 16 << 20;
/// Pauses before each further try on an environment that was changed while it was read.
const PAUSES: [u64; 4] = [1, 2, 4, 8];

/// Where a process keeps the pointer to its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The address of `environ`.
    pub address: u64,
    /// Device and inode of the program and of the C library: their own data may hold the environment.
    pub files: Vec<(u64, u64)>,
}

/// Finds `environ`: in the program, into which it is copied where the program itself refers to it (`R_*_COPY`), else
/// in the C library. `exe` is the text of the process's link; `disk` opens the program's file, for static programs.
pub fn locate(
    memory: &dyn Memory,
    mappings: &Mappings,
    exe: &Text,
    disk: &dyn Fn() -> Option<Box<dyn Memory>>,
) -> Result<Spot, Refusal> {
    let mut images: Vec<&Mapping> = Vec::new();
    for mapping in mappings.iter().filter(|m| m.offset == 0 && m.file.1 != 0) {
        if images.len() < IMAGES && !images.iter().any(|known| known.file == mapping.file) {
            images.push(mapping);
        }
    }
    let program = images.iter().copied().find(|image| written(&image.name) == exe.bytes());
    let program = program.ok_or_else(|| opaque("its program is not among its mappings"))?;
    let own = Image::load(memory, program.start)?;
    let find = |image: &Image| NAMES.iter().find_map(|name| image.symbol(memory, name));
    if let Some(address) = find(&own) {
        return Ok(Spot { address, files: vec![program.file] });
    }
    let others = images.iter().filter(|image| image.file != program.file);
    // Started through the dynamic loader, the program proper is another image: whichever copied the symbol.
    let by_loader = own.soname(memory).is_some_and(|name| name.starts_with(b"ld-"));
    let mut libraries = Vec::new();
    for image in others {
        let likely = is_c_library(file_name(image.name.bytes()));
        if !likely && !by_loader {
            continue;
        }
        let Ok(loaded) = Image::load(memory, image.start) else { continue };
        if likely {
            libraries.push((image, loaded));
        } else if let Some(address) = find(&loaded) {
            return Ok(Spot { address, files: vec![program.file, image.file] });
        }
    }
    for (image, loaded) in libraries {
        if let Some(address) = find(&loaded) {
            return Ok(Spot { address, files: vec![program.file, image.file] });
        }
    }
    let value = disk().and_then(|file| elf::on_disk(&*file, NAMES));
    match value {
        Some(value) => {
            Ok(Spot { address: value.wrapping_add(own.bias), files: vec![program.file] })
        }
        None if own.has_libraries || by_loader => {
            Err(opaque("no C library of its keeps an environment"))
        }
        None => Err(opaque("it is a static program without a symbol for its environment")),
    }
}

/// A path as `maps` writes it, as it is.
fn written(name: &Text) -> Vec<u8> {
    let name = name.bytes();
    if !name.contains(&b'\\') {
        return name.to_vec();
    }
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, tail)) = rest.split_first() {
        let newline = rest.strip_prefix(b"\\012");
        plain.push(if newline.is_some() { b'\n' } else { *first });
        rest = newline.unwrap_or(tail);
    }
    plain
}

fn file_name(path: &[u8]) -> &[u8] {
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// glibc's names of today and of before 2.34, and musl's, whose loader is the library.
fn is_c_library(name: &[u8]) -> bool {
    [&b"libc.so"[..], b"libc-2", b"libc.musl", b"ld-musl"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// Reads the environment, entries as they stand with a NUL behind each. Read twice; where that differs, again.
pub fn read(
    memory: &dyn Memory,
    mappings: &Mappings,
    spot: &Spot,
    pause: &dyn Fn(Duration),
) -> Result<Text, Refusal> {
    let mut pauses = PAUSES.iter();
    loop {
        let first = Snapshot::take(memory, mappings, spot);
        let second = Snapshot::take(memory, mappings, spot);
        let settled = first == second;
        // Before the C library of a program that was just executed has set itself up, there is none yet.
        let has_none = matches!(&first, Ok(snapshot) if snapshot.pointer == 0);
        match pauses.next() {
            Some(time) if !settled || has_none => pause(Duration::from_millis(*time)),
            _ if settled => return first.map(|snapshot| Text::new(snapshot.block)),
            _ => return Err(opaque("its environment changed each time it was read")),
        }
    }
}

#[derive(PartialEq, Eq)]
struct Snapshot {
    pointer: u64,
    array: Vec<u64>,
    block: Vec<u8>,
}

impl Snapshot {
    fn take(memory: &dyn Memory, mappings: &Mappings, spot: &Spot) -> Result<Self, Refusal> {
        let pointer = word(memory, spot.address);
        let pointer = pointer.ok_or_else(|| opaque("its memory could not be read"))?;
        let (mut array, mut block) = (Vec::new(), Vec::new());
        if pointer == 0 {
            return Ok(Self { pointer, array, block });
        }
        if !pointer.is_multiple_of(8) {
            return Err(opaque("the pointer to its environment is none"));
        }
        // musl gives the ends of a program's data pages to malloc, so data of the two files counts as memory.
        let allowed = |mapping: &Mapping| {
            mapping.is_anonymous() || mapping.private && spot.files.contains(&mapping.file)
        };
        let mut pages = Guarded::new(memory, mappings, &allowed);
        let mut at = pointer;
        'pages: loop {
            let rest = pages.rest_of_page(at)?;
            let mut words = 0;
            while let Some(entry) = word_in(rest, words * 8) {
                if entry == 0 {
                    break 'pages;
                }
                if array.len() >= ENTRIES {
                    return Err(Refusal::TooMany(ENTRIES as u64));
                }
                array.push(entry);
                words += 1;
            }
            if words == 0 {
                return Err(opaque("its environment has no end"));
            }
            at = at.wrapping_add(words as u64 * 8);
        }
        for entry in &array {
            string(&mut pages, *entry, &mut block)?;
        }
        Ok(Self { pointer, array, block })
    }
}

/// Appends a string and its NUL.
fn string(pages: &mut Guarded<'_>, start: u64, block: &mut Vec<u8>) -> Result<(), Refusal> {
    let (mut at, from) = (start, block.len());
    loop {
        let rest = pages.rest_of_page(at)?;
        let end = rest.iter().position(|byte| *byte == 0);
        let part = rest.get(..=end.unwrap_or(rest.len() - 1)).unwrap_or_default();
        block.extend(part);
        if block.len() - from > STRING {
            return Err(Refusal::TooLarge(STRING as u64));
        }
        if block.len() > BLOCK {
            return Err(Refusal::TooLarge(BLOCK as u64));
        }
        if end.is_some() {
            return Ok(());
        }
        at = at.wrapping_add(part.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::super::image::Image as Bytes;
    use super::*;

    const MAPS: &[u8] = b"1000-3000 rw-p 00000000 00:00 0 [heap]\n\
        5000-6000 rw-p 00000000 fe:01 7 /srv/hung\n8000-9000 rw-p 00000000 fe:01 8 /lib/libc.so.6\n";

    fn spot() -> Spot {
        Spot { address: 0x1000, files: vec![(0xfe << 20 | 1, 8)] }
    }

    fn of(image: &dyn Memory) -> Result<Text, Refusal> {
        read(image, &Mappings::parse(MAPS).unwrap(), &spot(), &|_| {})
    }

    /// `environ`, its array, and two strings, one of them across two pages.
    fn sound() -> Bytes {
        let mut image = Bytes::default();
        image.put(0x1000, &[0; 0x2000]);
        image.words(0x1000, &[0x1100]);
        image.words(0x1100, &[0x1200, 0x1ffe, 0]);
        image.put(0x1200, b"A=1\0");
        image.put(0x1ffe, b"LONG=abc\0");
        image
    }

    #[test]
    fn strings_are_read_across_pages() {
        assert_eq!(of(&sound()), Ok(Text::from("A=1\0LONG=abc\0")));
        let mut image = sound();
        image.words(0x1000, &[0]);
        assert_eq!(of(&image), Ok(Text::default()));
    }

    #[test]
    fn what_leads_elsewhere_is_not_followed() {
        for (what, pointer, array) in [
            ("odd", 0x1101, vec![]),
            ("nowhere", 0x4000, vec![]),
            ("a file", 0x5000, vec![]),
            ("a string in a file", 0x1100, vec![0x5000, 0]),
            ("no end", 0x1100, vec![0x1200; 200]),
        ] {
            let mut image = sound();
            image.words(0x1000, &[pointer]);
            image.words(0x1100, &array);
            if what == "no end" {
                image.words(0x1100, &vec![0x1100; 0x1f00 / 8]);
            }
            assert!(matches!(of(&image), Err(Refusal::Opaque(_))), "{what}: {:?}", of(&image));
        }
    }

    #[test]
    fn an_array_into_itself_ends() {
        let mut image = sound();
        image.words(0x1100, &[0x1100, 0x1108, 0x1100, 0]);
        assert!(of(&image).is_ok_and(|block| block.len() < 64));
    }

    #[test]
    fn bounds_hold() {
        let maps = Mappings::parse(b"1000-10000000 rw-p 00000000 00:00 0 \n").unwrap();
        let read = |image: &Bytes| super::read(image, &maps, &spot(), &|_| {});
        let mut image = sound();
        image.words(0x1000, &[0x10_0000]);
        image.words(0x10_0000, &vec![0x1200; ENTRIES + 1]);
        assert_eq!(read(&image), Err(Refusal::TooMany(65_536)));
        image.words(0x10_0000, &[0x20_0000, 0]);
        image.put(0x20_0000, &vec![b'x'; STRING + 8192]);
        assert_eq!(read(&image), Err(Refusal::TooLarge(STRING as u64)));
        image.words(0x10_0000, &[vec![0x20_0000; 40], vec![0]].concat());
        image.put(0x20_0000, &[vec![b'x'; STRING - 9], vec![0]].concat());
        assert_eq!(read(&image), Err(Refusal::TooLarge(BLOCK as u64)));
    }

    /// Memory whose pointer is another one at each reading, for so many readings.
    struct Changing(Bytes, Cell<u64>);

    impl Memory for Changing {
        fn read(&self, at: u64, into: &mut [u8]) -> usize {
            if at == 0x1000 && self.1.get() > 0 {
                self.1.set(self.1.get() - 1);
                let pointer = 0x2800 + self.1.get() * 8;
                into.copy_from_slice(&pointer.to_ne_bytes());
                return 8;
            }
            self.0.read(at, into)
        }
    }

    #[test]
    fn torn_readings_are_repeated_and_then_given_up() {
        let pauses = Cell::new(0);
        let maps = Mappings::parse(MAPS).unwrap();
        let read = |times| {
            let count = |_| pauses.set(pauses.get() + 1);
            super::read(&Changing(sound(), Cell::new(times)), &maps, &spot(), &count)
        };
        assert!(read(3).is_ok_and(|block| block.len() == 13));
        assert_eq!(pauses.replace(0), 2);
        assert_eq!(read(100), Err(opaque("its environment changed each time it was read")));
        assert_eq!(pauses.get(), 4);
    }

    proptest! {
        #[test]
        fn no_memory_breaks_it(
            pieces in proptest::collection::btree_map(0..0x9000_u64, proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            words in proptest::collection::vec((0..0x1200_u64, prop_oneof![0..0x9000_u64, any::<u64>()]), 0..40),
        ) {
            let mut image = Bytes(pieces);
            image.0.insert(0x8000, b"\x7fELF\x02".to_vec());
            for (at, word) in words {
                image.words(at * 8, &[word]);
            }
            let maps = Mappings::parse(MAPS).unwrap();
            let _ = of(&image);
            for exe in ["/srv/hung", "/lib/libc.so.6", ""] {
                let _ = locate(&image, &maps, &exe.into(), &|| None);
            }
            let _ = elf::on_disk(&image, NAMES);
            for start in [0x1000, 0x8000] {
                if let Ok(image_there) = Image::load(&image, start) {
                    let _ = (image_there.symbol(&image, b"environ"), image_there.soname(&image));
                }
            }
        }
    }
}
