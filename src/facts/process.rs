//! What a process is: `stat`, `status` and `cmdline` below `/proc/PID`, parsed from bytes.
//! (`procfs` panics or fails whole on odd bytes here; a comm may hold any byte but NUL.)

use std::collections::BTreeMap;

use super::Lack;
use super::signals::SignalSet;
use crate::os::{Arguments, Refusal, Text};

/// The kernel's own state letter (`proc_pid_stat(5)`, field 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct State(pub char);

impl State {
    /// Ended, not yet reaped (Z), or being torn down (X).
    pub fn is_dead(self) -> bool {
        matches!(self.0, 'Z' | 'X' | 'x')
    }

    /// Stopped by a signal (T) or by a tracer (t).
    pub fn is_stopped(self) -> bool {
        matches!(self.0, 'T' | 't')
    }
}

/// `/proc/PID/stat`, the fields that farrier uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// The short name (15 bytes at most, any bytes).
    pub comm: Text,
    /// State letter.
    pub state: State,
    /// Parent; 0 for none in this pid namespace.
    pub ppid: i32,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// Controlling terminal's device number, 0 for none.
    pub tty: i32,
    /// Kernel flags; 0x00200000 is a kernel thread.
    pub flags: u64,
    /// User and system time of itself, in clock ticks.
    pub cpu: u64,
    /// User and system time of its reaped children, in clock ticks.
    pub children_cpu: u64,
    /// Threads.
    pub threads: u64,
    /// Start, in clock ticks after boot. Survives `exec`.
    pub started: u64,
    /// Resident pages.
    pub resident: u64,
    /// Where the arguments and the initial environment lie; `None` where the kernel masks them (no ptrace permission).
    pub block: Option<Block>,
}

/// The initial stack block (`proc_pid_stat(5)`, fields 48 to 51): addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the manual page")]
pub struct Block {
    pub arg_start: u64,
    pub arg_end: u64,
    pub env_start: u64,
    pub env_end: u64,
}

impl Stat {
    /// Whether it is a kernel thread (`PF_KTHREAD`); an empty command line proves nothing.
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & 0x0020_0000 != 0
    }
}

/// `/proc/PID/status`, the fields that farrier uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Thread group: equal to the pid for a process, another one for a thread.
    pub tgid: i32,
    /// Its pids from the outermost shown namespace inwards; more than one: it lives in another pid namespace.
    pub ns_pids: Vec<i32>,
    /// Real, effective, saved, file-system user id.
    pub uids: [u32; 4],
    /// Real, effective, saved, file-system group id.
    pub gids: [u32; 4],
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Effective capabilities, a bit each (`capabilities(7)`): they count in its own user namespace. `None`: not told.
    pub capabilities: Option<u64>,
    /// Pid of the tracer, 0 for none.
    pub tracer: i32,
    /// Signals it catches.
    pub caught: SignalSet,
    /// Signals it ignores.
    pub ignored: SignalSet,
    /// Signals its main thread blocks.
    pub blocked: SignalSet,
    /// Signals that wait for the process.
    pub pending: SignalSet,
}

/// Parses `/proc/PID/stat`: the name ends at the *last* `)`.
pub fn parse_stat(bytes: &Text) -> Result<Stat, Lack> {
    let bytes = bytes.bytes();
    let open =
        bytes.iter().position(|b| *b == b'(').ok_or(Lack::Malformed("stat without a name"))?;
    let close =
        bytes.iter().rposition(|b| *b == b')').ok_or(Lack::Malformed("stat without a name"))?;
    let comm = bytes.get(open + 1..close).ok_or(Lack::Malformed("stat without a name"))?;
    let rest = bytes.get(close + 1..).unwrap_or_default();
    let fields: Vec<&str> = rest
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(|word| std::str::from_utf8(word).unwrap_or_default())
        .collect();
    // The first field after the name is number 3 of the manual page.
    let field = |number: usize| number.checked_sub(3).and_then(|at| fields.get(at)).copied();
    let short = Lack::Malformed("stat with too few fields or a field that is no number");
    let int = |number: usize| field(number).and_then(|f| f.parse::<i32>().ok());
    // Some are signed longs in the kernel; a negative time or count means nothing.
    let count = |number: usize| {
        let text = field(number)?;
        text.parse::<u64>().ok().or_else(|| text.parse::<i64>().ok().map(|_| 0))
    };
    let address = |number: usize| count(number).unwrap_or_default();
    let block = Block {
        arg_start: address(48),
        arg_end: address(49),
        env_start: address(50),
        env_end: address(51),
    };
    let masked = block.arg_start == 0 || block.env_start == 0;
    let read = || {
        Some(Stat {
            comm: Text::new(comm),
            state: State(char::from(*field(3)?.as_bytes().first()?)),
            ppid: int(4)?,
            group: int(5)?,
            session: int(6)?,
            tty: int(7)?,
            flags: count(9)?,
            cpu: count(14)?.saturating_add(count(15)?),
            children_cpu: count(16)?.saturating_add(count(17)?),
            threads: count(20)?,
            started: count(22)?,
            resident: count(24).unwrap_or_default(),
            block: (!masked).then_some(block),
        })
    };
    read().ok_or(short)
}

/// Parses `/proc/PID/status`, by key, unknown keys passed over. The kernel escapes a newline in the name,
/// so a name cannot forge a key.
pub fn parse_status(bytes: &Text) -> Result<Status, Lack> {
    let keys: BTreeMap<&[u8], &str> = bytes
        .bytes()
        .split(|b| *b == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|b| *b == b':')?;
            let (key, value) = line.split_at_checked(colon)?;
            Some((key, std::str::from_utf8(value.get(1..)?).ok()?.trim()))
        })
        .collect();
    let value = |key: &str| keys.get(key.as_bytes()).copied();
    let number = |key: &str| value(key).and_then(|text| text.parse::<i32>().ok());
    let set =
        |key: &str| value(key).and_then(|text| u64::from_str_radix(text, 16).ok()).map(SignalSet);
    let tgid = number("Tgid").ok_or(Lack::Malformed("status without Tgid"))?;
    let mut ns_pids: Vec<i32> = value("NSpid").map(numbers).unwrap_or_default();
    if ns_pids.is_empty() {
        ns_pids.extend(number("Pid"));
    }
    Ok(Status {
        tgid,
        ns_pids,
        uids: four(value("Uid")).ok_or(Lack::Malformed("status without Uid"))?,
        gids: four(value("Gid")).ok_or(Lack::Malformed("status without Gid"))?,
        groups: value("Groups").map(numbers).unwrap_or_default(),
        capabilities: set("CapEff").map(|SignalSet(bits)| bits),
        tracer: number("TracerPid").unwrap_or_default(),
        caught: set("SigCgt").ok_or(Lack::Malformed("status without SigCgt"))?,
        ignored: set("SigIgn").ok_or(Lack::Malformed("status without SigIgn"))?,
        blocked: set("SigBlk").unwrap_or_default(),
        pending: set("ShdPnd").unwrap_or_default(),
    })
}

fn numbers<T: std::str::FromStr>(text: &str) -> Vec<T> {
    text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn four(text: Option<&str>) -> Option<[u32; 4]> {
    numbers::<u32>(text?).try_into().ok()
}

/// The address of the path that was executed: entry 31 of the auxiliary vector (`getauxval(3)`, AT_EXECFN), pairs of
/// words in the machine's byte order.
pub fn exec_path_address(auxv: &Text) -> Result<u64, Lack> {
    const AT_EXECFN: u64 = 31;
    // Between two programs there is none, and then one that ends before it begins (`binfmt_elf.c`, `create_elf_tables`).
    if auxv.bytes().iter().all(|byte| *byte == 0) {
        return Err(Lack::Refused(Refusal::Gone));
    }
    let word = |bytes: &[u8]| <[u8; 8]>::try_from(bytes).map_or(0, u64::from_ne_bytes);
    auxv.bytes()
        .chunks_exact(16)
        .filter_map(|pair| pair.split_at_checked(8))
        .find(|(kind, _)| word(kind) == AT_EXECFN)
        .map(|(_, value)| word(value))
        .ok_or(Lack::Malformed("an auxiliary vector without AT_EXECFN"))
}

/// A command line or title: the words between NULs, trailing NULs taken off.
/// A title that a server wrote is one word with blanks in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The words.
    pub words: Arguments,
    /// How many bytes `/proc/PID/cmdline` held, padding included.
    pub length: usize,
}

/// How many words are kept: a command line may be megabytes of them.
const MOST_WORDS: usize = 65_536;

/// Parses `/proc/PID/cmdline`.
pub fn parse_command_line(bytes: &Text) -> CommandLine {
    let all = bytes.bytes();
    let end = all.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let held = all.get(..end).unwrap_or_default();
    let words = if held.is_empty() {
        Arguments::default()
    } else {
        held.split(|b| *b == 0).take(MOST_WORDS).map(Text::new).collect()
    };
    CommandLine { words, length: all.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "30530 (unicorn) S 1 30529 30529 0 -1 4194368 446 7 0 0 3 4 5 6 20 0 1 0 \
        179517 81514496 3929 18446744073709551615 94865243828224 94865243828773 140721576439296 \
        0 0 0 0 0 1244757583 1 0 0 17 1 0 0 0 0 0 94865243839800 94865243840528 94865453768704 \
        140721576442529 140721576442594 140721576442594 140721576443879 0\n";

    #[test]
    fn a_real_master() {
        let stat = parse_stat(&Text::from(MASTER)).unwrap();
        assert_eq!(stat.comm, Text::from("unicorn"));
        assert_eq!((stat.state.0, stat.ppid, stat.session), ('S', 1, 30_529));
        assert_eq!((stat.cpu, stat.children_cpu), (7, 11));
        assert_eq!((stat.started, stat.resident), (179_517, 3929));
        let block = stat.block.unwrap();
        assert_eq!(block.arg_end - block.arg_start, 65);
        assert!(!stat.is_kernel_thread());
    }

    #[test]
    fn odd_names_do_not_shift_the_fields() {
        for comm in ["a) R 1 2 (x", "((", "))", "new\nline", "tab\t", "\u{1b}[2J", ""] {
            let stat = parse_stat(&Text::from(&*MASTER.replace("unicorn", comm))).unwrap();
            assert_eq!((stat.comm, stat.ppid), (Text::from(comm), 1));
        }
        let mut raw = b"7 (\xff\xfe) ".to_vec();
        raw.extend(MASTER.split_once(") ").unwrap().1.as_bytes());
        assert_eq!(parse_stat(&Text::new(raw)).unwrap().comm, Text::new(*b"\xff\xfe"));
    }

    #[test]
    fn between_two_programs_there_is_no_path() {
        let pair = |kind: u64, value: u64| [kind.to_ne_bytes(), value.to_ne_bytes()].concat();
        let of = |pairs: &[Vec<u8>]| exec_path_address(&Text::new(pairs.concat()));
        assert_eq!(of(&[pair(6, 4096), pair(31, 0x7ffe), pair(0, 0)]), Ok(0x7ffe));
        for between in [&[][..], &[pair(0, 0)]] {
            assert_eq!(of(between), Err(Lack::Refused(Refusal::Gone)));
        }
        assert!(matches!(of(&[pair(6, 4096), pair(0, 0)]), Err(Lack::Malformed(_))));
    }

    #[test]
    fn masked_missing_and_additional_fields() {
        let masked = MASTER
            .replace("140721576442529 140721576442594 140721576442594 140721576443879", "0 0 0 0");
        assert_eq!(parse_stat(&Text::from(&*masked)).unwrap().block, None);
        let old: Vec<&str> = MASTER.split(' ').take(44).collect();
        assert_eq!(parse_stat(&Text::from(&*old.join(" "))).unwrap().block, None);
        let new = format!("{} 1 2 3", MASTER.trim());
        assert!(parse_stat(&Text::from(&*new)).unwrap().block.is_some());
        assert!(parse_stat(&Text::from("1 (x) S 1 2")).is_err());
        assert!(parse_stat(&Text::from("")).is_err());
        let negative = MASTER.replace(" S 1 ", " S -1 ").replace(" 3 4 5 6 ", " 3 4 -5 6 ");
        let stat = parse_stat(&Text::from(&*negative)).unwrap();
        assert_eq!((stat.ppid, stat.children_cpu), (-1, 6));
    }

    const STATUS: &str = "Name:\tunicorn\nUmask:\t0000\nState:\tS (sleeping)\nTgid:\t30530\n\
        Pid:\t30530\nTracerPid:\t0\nUid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\n\
        Groups:\t4 33 \nNSpid:\t30530\t7\nKthread:\t0\nShdPnd:\t0000000000000001\n\
        SigBlk:\t0000000000000000\nSigIgn:\t0000000008300801\nSigCgt:\t000000004201764e\n\
        CapEff:\t000001ffffffffff\n";

    #[test]
    fn status_by_key() {
        let status = parse_status(&Text::from(STATUS)).unwrap();
        assert_eq!(status.ns_pids, [30_530, 7]);
        assert_eq!((status.uids, status.groups.as_slice()), ([33; 4], &[4, 33][..]));
        assert_eq!(status.ignored, SignalSet(0x0830_0801));
        assert_eq!(status.pending, SignalSet(1));
        assert_eq!(status.capabilities, Some(0x1ff_ffff_ffff));
        let old = STATUS.replace("NSpid:\t30530\t7\n", "");
        assert_eq!(parse_status(&Text::from(&*old)).unwrap().ns_pids, [30_530]);
        let cut = STATUS.replace("SigCgt", "SigXXX");
        assert_eq!(parse_status(&Text::from(&*cut)), Err(Lack::Malformed("status without SigCgt")));
        let mut odd = b"Name:\t\xff\xfe\n".to_vec();
        odd.extend(STATUS.as_bytes());
        assert!(parse_status(&Text::new(odd)).is_ok());
    }

    #[test]
    fn titles_are_one_word_and_padding_counts() {
        let title = parse_command_line(&Text::from("unicorn master -D -c u.rb\0\0\0"));
        assert_eq!(title.words.raw(), [Text::from("unicorn master -D -c u.rb")]);
        assert_eq!(title.length, 28);
        let raw = parse_command_line(&Text::from("ruby\0\0/usr/bin/unicorn\0"));
        assert_eq!(
            raw.words.raw(),
            [Text::from("ruby"), Text::from(""), Text::from("/usr/bin/unicorn")]
        );
        assert_eq!(parse_command_line(&Text::from("\0\0")).words.raw(), []);
        assert_eq!(parse_command_line(&Text::from("")).words.raw(), []);
    }
}
