//! What the machine is: names, memory, clocks, users, and what farrier itself is on it.

use std::os::fd::OwnedFd;
use std::path::Path;

use super::process::{read_shown, read_whole};
use super::refusal;
use crate::os::{Clock, Host, Pid, Refusal, Text, User};
use rustix::fs::{Mode, OFlags};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// The most that is read of a file here.
const BOUND: usize = 1 << 20;

/// The machine's facts, as its proc mount tells them.
/// `passwd` is the text of `/etc/passwd`, which a reader read.
pub fn host(proc: &Path, passwd: &Text) -> Result<Host, Refusal> {
    let clock = clock();
    let own_pid = i32::try_from(std::process::id()).ok().and_then(Pid::new);
    let own_pid = own_pid.ok_or_else(|| Refusal::Unsupported("a pid of its own".into()))?;
    let memory = memory();
    let own_status = read(proc, "self/status").unwrap_or_default();
    let link = |name: &str| {
        rustix::fs::readlink(proc.join("self/ns").join(name), Vec::new())
            .map(|text| Text::new(text.into_bytes()))
            .unwrap_or_default()
    };
    let itself = rustix::fs::readlink(proc.join("self"), Vec::new()).ok();
    Ok(Host {
        name: line(proc, "sys/kernel/hostname")?,
        kernel: line(proc, "sys/kernel/osrelease")?,
        boot_id: line(proc, "sys/kernel/random/boot_id")?,
        booted_at: clock.wall - clock.boot,
        ticks: rustix::param::clock_ticks_per_second(),
        page: rustix::param::page_size() as u64,
        memory: memory.total_memory(),
        available: memory.available_memory(),
        swap: Some([memory.total_swap(), memory.free_swap()]),
        load: Some(load()),
        processors: processors(),
        somaxconn: number(proc, "sys/net/core/somaxconn"),
        euid: rustix::process::geteuid().as_raw(),
        own_pid,
        proc_is_own: itself.is_some_and(|text| text.as_bytes() == own_pid.to_string().as_bytes()),
        hidepid: hidepid(proc),
        capabilities: field(&own_status, "CapEff:")
            .and_then(|text| u64::from_str_radix(text, 16).ok())
            .unwrap_or(0),
        namespaces: ["mnt", "pid", "net", "user"].map(link).to_vec(),
        users: users(passwd).into(),
        ancestors: ancestors(proc, own_pid),
        pid_max: number(proc, "sys/kernel/pid_max")
            .ok()
            .and_then(|most| i32::try_from(most).ok())
            .unwrap_or(i32::MAX),
    })
}

/// farrier's own mounts, as `proc_pid_mountinfo(5)` has them.
pub fn mounts() -> Vec<u8> {
    read_lines(Path::new("/proc"), "self/mountinfo").unwrap_or_default().bytes().to_vec()
}

/// The time, by the wall clock and since boot.
pub fn clock() -> Clock {
    let nanoseconds = |id| {
        let time = rustix::time::clock_gettime(id);
        time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
    };
    Clock {
        wall: nanoseconds(rustix::time::ClockId::Realtime),
        boot: nanoseconds(rustix::time::ClockId::Boottime),
    }
}

/// Memory and swap, as `/proc/meminfo` has them: in bytes.
fn memory() -> System {
    let kinds = MemoryRefreshKind::nothing().with_ram().with_swap();
    System::new_with_specifics(RefreshKind::nothing().with_memory(kinds))
}

/// `proc_loadavg(5)`, in hundredths.
fn load() -> [u32; 3] {
    let load = System::load_average();
    [load.one, load.five, load.fifteen].map(|load| {
        let hundredths = (load * 100.0).round().clamp(0.0, f64::from(u32::MAX));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is clamped"
        )]
        let hundredths = hundredths as u32;
        hundredths
    })
}

/// Where the C library counts from (`get_nprocs(3)`): a short list, which costs no sum over all processors as
/// `/proc/stat` does.
fn processors() -> Result<u32, Refusal> {
    let list = line(Path::new("/sys/devices/system/cpu"), "online")?;
    online(&list).ok_or_else(|| Refusal::Unsupported("a list of processors".into()))
}

/// `0-3,5`: five.
fn online(list: &Text) -> Option<u32> {
    list.utf8()?.split(',').try_fold(0_u32, |all, part| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        all.checked_add(to.checked_sub(from)?.checked_add(1)?)
    })
}

/// Files of `/proc` and `/sys` alone: nothing here can lead to a mount that hangs.
fn open(directory: &Path, file: &str) -> Result<OwnedFd, Refusal> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY;
    rustix::fs::open(directory.join(file), flags, Mode::empty()).map_err(refusal)
}

/// One that the kernel shows as one piece.
fn read(directory: &Path, file: &str) -> Result<Text, Refusal> {
    let read = read_shown(&open(directory, file)?, BOUND);
    read.map(|(bytes, _)| Text::new(bytes)).map_err(refusal)
}

/// One that has many lines.
fn read_lines(directory: &Path, file: &str) -> Result<Text, Refusal> {
    let read = read_whole(&open(directory, file)?, BOUND);
    read.map(|(bytes, _)| Text::new(bytes)).map_err(refusal)
}

fn line(proc: &Path, file: &str) -> Result<Text, Refusal> {
    read(proc, file).map(|text| Text::new(text.bytes().trim_ascii_end()))
}

fn number(proc: &Path, file: &str) -> Result<u64, Refusal> {
    let text = line(proc, file)?;
    let malformed = || Refusal::Unsupported(format!("a number in {file}"));
    text.utf8().and_then(|text| text.parse().ok()).ok_or_else(malformed)
}

fn field<'a>(text: &'a Text, name: &str) -> Option<&'a str> {
    text.utf8()?.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// The `hidepid` option of the proc mount, in words or as a number (`proc(5)`).
fn hidepid(proc: &Path) -> u32 {
    let mounts = read_lines(proc, "self/mounts").unwrap_or_default();
    let wanted = Text::from(proc);
    let options = mounts.bytes().split(|byte| *byte == b'\n').rev().find_map(|line| {
        let mut fields = line.split(|byte| *byte == b' ');
        let (_, place, kind) = (fields.next()?, fields.next()?, fields.next()?);
        (place == wanted.bytes() && kind == b"proc").then(|| fields.next().unwrap_or_default())
    });
    let options = options.and_then(|options| std::str::from_utf8(options).ok()).unwrap_or_default();
    match options.split(',').find_map(|option| option.strip_prefix("hidepid=")) {
        Some("1" | "noaccess") => 1,
        Some("2" | "invisible") => 2,
        Some("4" | "ptraceable") => 4,
        _ => 0,
    }
}

fn users(passwd: &Text) -> Vec<User> {
    passwd
        .bytes()
        .split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let mut fields = line.split(|byte| *byte == b':');
            let name = fields.next()?;
            let uid = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
            // The group and the name for people stand between.
            let home = Text::new(fields.nth(2).unwrap_or_default());
            Some(User { uid, name: Text::new(name), home })
        })
        .collect()
}

/// farrier's parents up to init: shell, sudo, sshd.
fn ancestors(proc: &Path, own: Pid) -> Vec<Pid> {
    const MOST: usize = 64;
    let mut all = Vec::new();
    let mut at = own;
    while all.len() < MOST {
        let status = read(proc, &format!("{at}/status")).unwrap_or_default();
        let Some(parent) = field(&status, "PPid:").and_then(|text| text.parse::<Pid>().ok()) else {
            break;
        };
        all.push(parent);
        at = parent;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_online() {
        for (list, wanted) in [
            ("0", Some(1)),
            ("0-1", Some(2)),
            ("0-3,5,8-9", Some(7)),
            ("", None),
            ("3-0", None),
            ("x", None),
        ] {
            assert_eq!(online(&Text::from(list)), wanted, "{list}");
        }
    }
}
