//! Where a loaded ELF image keeps a symbol, read from its loaded segments alone (`elf(5)`): its file may be replaced,
//! hung or in another namespace.

use super::{Memory, exactly, half, opaque, word};
use crate::os::Refusal;

/// Program headers that are read.
const HEADERS: u16 = 128;
/// Entries of the dynamic section that are read.
const DYNAMIC: u64 = 256;
/// Steps of one hash chain.
const STEPS: u32 = 4096;
/// Symbols of a table on disk that are read.
const SYMBOLS: u64 = 1 << 17;
/// Size of a symbol (`Elf64_Sym`).
const SYMBOL: u64 = 24;

/// The machine that this program was built for, as `e_machine` names it.
const MACHINE: Option<u16> = if cfg!(target_arch = "x86_64") {
    Some(62)
} else if cfg!(target_arch = "aarch64") {
    Some(183)
} else {
    None
};

/// A loaded image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// What is added to its own addresses.
    pub bias: u64,
    symbols: u64,
    strings: u64,
    strings_size: u64,
    gnu_hash: u64,
    hash: u64,
    name: Option<u64>,
    dynamic: bool,
    /// It names libraries to be loaded with it (`DT_NEEDED`), so it is no static program.
    pub has_libraries: bool,
}

impl Image {
    /// Reads the headers of an image that is loaded at an address.
    pub fn load(memory: &dyn Memory, start: u64) -> Result<Self, Refusal> {
        let header: [u8; 64] = exactly(memory, start).ok_or_else(|| opaque("no ELF header"))?;
        if !header.starts_with(b"\x7fELF") {
            return Err(opaque("its program is no ELF file"));
        }
        if header.get(4) != Some(&2) {
            return Err(opaque("it is a 32-bit program"));
        }
        let short = |at: usize| {
            header.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_ne_bytes)
        };
        let long = |at: usize| super::word_in(&header, at).unwrap_or(0);
        if MACHINE.is_some() && short(18) != MACHINE {
            return Err(opaque("it is a program of another machine"));
        }
        let is_fixed = short(16) == Some(2);
        let (table, size, count) = (long(32), short(54), short(56).unwrap_or(0));
        if size != Some(56) || count > HEADERS {
            return Err(opaque("its program headers are not as documented"));
        }
        let mut image = Self::default();
        let (mut first, mut dynamic) = (None, None);
        for index in 0..u64::from(count) {
            let at = start.wrapping_add(table).wrapping_add(index * 56);
            let Some(entry) = exactly::<56>(memory, at) else { break };
            let field = |at: usize| super::word_in(&entry, at).unwrap_or(0);
            // p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align.
            match u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]) {
                1 => drop(first.get_or_insert(field(16).wrapping_sub(field(8)))),
                2 => dynamic = Some(field(16)),
                _ => {}
            }
        }
        if !is_fixed {
            image.bias = start.wrapping_sub(first.unwrap_or(0));
        }
        if let Some(at) = dynamic {
            image.dynamic = true;
            image.read_dynamic(memory, at.wrapping_add(image.bias));
        }
        Ok(image)
    }

    fn read_dynamic(&mut self, memory: &dyn Memory, start: u64) {
        for index in 0..DYNAMIC {
            let Some(entry) = exactly::<16>(memory, start.wrapping_add(index * 16)) else { return };
            let tag = super::word_in(&entry, 0).unwrap_or(0);
            let value = super::word_in(&entry, 8).unwrap_or(0);
            // glibc has relocated these in place in shared objects, musl and fixed programs have not.
            let address = if value < self.bias { value.wrapping_add(self.bias) } else { value };
            match tag {
                0 => return,
                1 => self.has_libraries = true,
                4 => self.hash = address,
                5 => self.strings = address,
                6 => self.symbols = address,
                10 => self.strings_size = value,
                14 => self.name = Some(value),
                0x6fff_fef5 => self.gnu_hash = address,
                _ => {}
            }
        }
    }

    /// The name that it is loaded by (`DT_SONAME`), up to 64 bytes.
    pub fn soname(&self, memory: &dyn Memory) -> Option<Vec<u8>> {
        let mut name = [0; 64];
        let read = memory.read(self.strings.wrapping_add(self.name?), &mut name);
        let end = name.iter().take(read).position(|byte| *byte == 0)?;
        name.get(..end).map(<[u8]>::to_vec)
    }

    /// The address of a symbol that it defines.
    pub fn symbol(&self, memory: &dyn Memory, name: &[u8]) -> Option<u64> {
        if !self.dynamic || self.symbols == 0 || self.strings == 0 {
            return None;
        }
        if self.gnu_hash != 0 {
            return self.by_gnu_hash(memory, name);
        }
        if self.hash != 0 { self.by_hash(memory, name) } else { None }
    }

    /// DT_GNU_HASH: buckets of chains; a chain's last hash has its lowest bit set.
    fn by_gnu_hash(&self, memory: &dyn Memory, name: &[u8]) -> Option<u64> {
        let hash =
            name.iter().fold(5381_u32, |h, b| h.wrapping_mul(33).wrapping_add(u32::from(*b)));
        let at = |index: u64| half(memory, self.gnu_hash.wrapping_add(index.wrapping_mul(4)));
        let (buckets, first, bloom) = (at(0)?, at(1)?, u64::from(at(2)?));
        let table = 4_u64.wrapping_add(bloom.wrapping_mul(2));
        let bucket = u64::from(hash.checked_rem(buckets)?);
        let mut index = at(table.wrapping_add(bucket))?;
        if index < first {
            return None;
        }
        for _ in 0..STEPS {
            let link = table.wrapping_add(buckets.into()).wrapping_add(u64::from(index - first));
            let there = at(link)?;
            if there | 1 == hash | 1
                && let Some(found) = self.defined(memory, index, name)
            {
                return Some(found);
            }
            if there & 1 == 1 {
                return None;
            }
            index = index.checked_add(1)?;
        }
        None
    }

    /// DT_HASH: as System V defined it.
    fn by_hash(&self, memory: &dyn Memory, name: &[u8]) -> Option<u64> {
        let hash = name.iter().fold(0_u32, |h, b| {
            let h = (h << 4).wrapping_add(u32::from(*b));
            let high = h & 0xf000_0000;
            (h ^ high >> 24) & !high
        });
        let at = |index: u64| half(memory, self.hash.wrapping_add(index.wrapping_mul(4)));
        let buckets = at(0)?;
        let mut index = at(2 + u64::from(hash.checked_rem(buckets)?))?;
        for _ in 0..STEPS {
            if index == 0 {
                return None;
            }
            if let Some(found) = self.defined(memory, index, name) {
                return Some(found);
            }
            index = at(2_u64.wrapping_add(buckets.into()).wrapping_add(index.into()))?;
        }
        None
    }

    /// A symbol's address, if it bears the name and stands in this image.
    fn defined(&self, memory: &dyn Memory, index: u32, name: &[u8]) -> Option<u64> {
        let at = self.symbols.wrapping_add(u64::from(index) * SYMBOL);
        let value = symbol(&exactly(memory, at)?, memory, self.strings, self.strings_size, name)?;
        Some(value.wrapping_add(self.bias))
    }
}

/// The value of a symbol table's entry, if it bears the name and is defined.
fn symbol(
    entry: &[u8; 24],
    memory: &dyn Memory,
    strings: u64,
    strings_size: u64,
    name: &[u8],
) -> Option<u64> {
    // st_name, st_info, st_other, st_shndx, st_value, st_size.
    let called = u64::from(u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]));
    let section = u16::from_ne_bytes([entry[6], entry[7]]);
    let value = super::word_in(entry, 8).filter(|value| *value != 0 && section != 0)?;
    if called >= strings_size {
        return None;
    }
    let mut there = [0; 16];
    let length = name.len().checked_add(1).filter(|length| *length <= there.len())?;
    let there = there.get_mut(..length)?;
    let read = memory.read(strings.wrapping_add(called), there);
    (read == length && there.starts_with(name) && there.ends_with(b"\0")).then_some(value)
}

/// The value of a symbol in the full table of a file (`.symtab`), which is not loaded: for static programs.
pub fn on_disk(file: &dyn Memory, names: &[&[u8]]) -> Option<u64> {
    let table = word(file, 40)?;
    let [size, count] = [58, 60].map(|at| exactly(file, at).map_or(0, u16::from_ne_bytes));
    if size != 64 {
        return None;
    }
    let section = |index: u64| exactly::<64>(file, table.wrapping_add(index.wrapping_mul(64)));
    for index in 0..u64::from(count) {
        let header = section(index)?;
        let field = |at: usize| super::word_in(&header, at).unwrap_or(0);
        let quarter = |at: usize| {
            header.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_ne_bytes)
        };
        // sh_type 2 is SHT_SYMTAB; sh_link names its string table.
        if quarter(4) != 2 {
            continue;
        }
        let strings = section(quarter(40).into())?;
        let of_strings = |at: usize| super::word_in(&strings, at).unwrap_or(0);
        let (strings, strings_size) = (of_strings(24), of_strings(32));
        let count = (field(32) / SYMBOL).min(SYMBOLS);
        return (0..count).find_map(|index| {
            let entry = exactly(file, field(24).wrapping_add(index * SYMBOL))?;
            names.iter().find_map(|name| symbol(&entry, file, strings, strings_size, name))
        });
    }
    None
}
