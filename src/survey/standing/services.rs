//! runit, daemontools and s6: a directory a service, with what it was told in `supervise/status`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::super::read::Setting;
use super::{BOUND, MOST, Standing, is_its, lives, programs};
use crate::facts::{Lack, Place};
use crate::model::App;
use crate::os::{Pid, Root, Text};

/// Where services are by default.
const SERVICES: &[&str] = &[
    "/etc/service",
    "/service",
    "/var/service",
    "/etc/runit/runsvdir/current",
    "/run/service",
    "/run/s6/services",
];

/// What a service is told, and who runs in it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    /// `None`: it was told to run once, and nobody starts it again.
    up: Option<bool>,
    pid: Option<Pid>,
}

pub(super) fn say(setting: &Setting<'_>, app: &App) -> Vec<Standing> {
    let once = setting.once;
    let mut all = Vec::new();
    for service in watched(setting) {
        let script = once.file(Root::Own, &service.join("run"), BOUND);
        if !script.get().and_then(Option::as_ref).is_some_and(|text| is_its(text, app)) {
            continue;
        }
        let name = crate::os::shown(&service);
        let file = service.join("supervise/status");
        let told = match once.file(Root::Own, &file, 64).value {
            Ok(Some(status)) => match told(status.bytes()) {
                Ok(told) => Some(told),
                Err(lack) => {
                    all.push(Standing::Unseen(Place::path(&file), lack));
                    continue;
                }
            },
            Ok(None) => None,
            Err(lack) => {
                all.push(Standing::Unseen(Place::path(&file), lack));
                continue;
            }
        };
        let is_down = matches!(once.stat(Root::Own, &service.join("down")).get(), Some(Some(_)));
        all.push(match told {
            Some(Told { up: Some(false), .. }) => {
                Standing::Stopped(format!("{name} is told to be down"))
            }
            Some(Told { pid: Some(pid), .. }) if lives(once, pid) => Standing::Starting,
            Some(Told { up: Some(true), .. }) => Standing::Up(name),
            // Its pidfile tells how that one run ended.
            Some(Told { up: None, .. }) => Standing::None,
            None if is_down => Standing::Stopped(format!("{name}/down")),
            None => Standing::Down(format!("sv up {name}")),
        });
    }
    all
}

/// What the bytes of a status say: whose they are, their number tells. daemontools writes 18 (`supervise.c`), runit 20
/// (`runsv.c`), s6 35, and 43 since it keeps the process group (`s6_svstatus_pack.c`). Anything else is not known.
fn told(status: &[u8]) -> Result<Told, Lack> {
    const UNKNOWN: Lack = Lack::Malformed("a status of another supervisor, or of another version");
    match status.len() {
        18 | 20 => {
            let pid = status.get(12..16).and_then(|four| four.try_into().ok());
            let up = match status.get(17) {
                Some(b'u') => Some(true),
                Some(b'd') => Some(false),
                // daemontools, told to run it once; runit never writes it.
                Some(0) if status.len() == 18 => None,
                _ => return Err(UNKNOWN),
            };
            Ok(Told { up, pid: pid.and_then(|four| Pid::new(i32::from_le_bytes(four))) })
        }
        35 | 43 => {
            let pid = status.get(24..32).and_then(|eight| eight.try_into().ok());
            let pid = pid.and_then(|eight| i32::try_from(u64::from_be_bytes(eight)).ok());
            // Paused, finishing, wanted up, ready: others are those of an older order, in which the same bits mean else.
            match status.last() {
                Some(flags) if flags & !0x0f == 0 => {
                    Ok(Told { up: Some(flags & 4 != 0), pid: pid.and_then(Pid::new) })
                }
                _ => Err(UNKNOWN),
            }
        }
        _ => Err(UNKNOWN),
    }
}

/// The directories of services that a supervisor watches now.
fn watched(setting: &Setting<'_>) -> BTreeSet<PathBuf> {
    let once = setting.once;
    let mut watched = BTreeSet::new();
    let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
    for program in programs(setting) {
        match program.name(0) {
            "runsv" | "supervise" | "s6-supervise" => {
                directories.extend(SERVICES.iter().map(PathBuf::from));
                watched.extend(program.cwd(once));
            }
            "runsvdir" | "svscan" | "s6-svscan" => {
                let last = program.words.iter().skip(1).find(|word| word.is_absolute());
                directories.extend(last.cloned().or_else(|| program.cwd(once)));
            }
            _ => {}
        }
    }
    for directory in directories {
        let names = once.list(Root::Own, &directory).value.ok().flatten().unwrap_or_default();
        let hidden = |name: &&Text| !name.bytes().starts_with(b".");
        for name in names.iter().filter(hidden).take(MOST) {
            let service = directory.join(name.path());
            let real = once.real(Root::Own, &service).value.ok().flatten();
            watched.insert(real.unwrap_or(service));
        }
    }
    watched
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the programs themselves wrote them: runit 2.1.2, daemontools 0.76, s6 2.11.3.
    fn status(hex: &str) -> Vec<u8> {
        let hex: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
        let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
        hex.chunks(2).map(byte).collect()
    }

    fn is(hex: &str, up: Option<bool>, pid: i32) {
        assert_eq!(told(&status(hex)), Ok(Told { up, pid: Pid::new(pid) }), "{hex}");
    }

    #[test]
    fn the_length_tells_whose_it_is() {
        is("400000006b0e4011 0ab6d604 31330000 0075", Some(true), 0x3331);
        is("400000006b0e4012 2977788c 00000000 0064", Some(false), 0);
        is("400000006b0e4013 2b11d354 4c330000 0000", None, 0x334c);
        is("400000006b0e4011 0ab6d604 31330000 00750001", Some(true), 0x3331);
        is("400000006b0e4011 0ab6d604 00000000 00640000", Some(false), 0);
        let s6 = "400000006b0e404c 0a919475 400000006b0e404c 0a4610a5";
        is(&format!("{s6} 00000000000036de 0000 04"), Some(true), 0x36de);
        is(&format!("{s6} 0000000000000000 000f 08"), Some(false), 0);
        is(&format!("{s6} 000000000000370f 000f 00"), Some(false), 0x370f);
        is(&format!("{s6} 00000000000036de 00000000000036de 0000 0c"), Some(true), 0x36de);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let s6 = "400000006b0e404c 0a919475 400000006b0e404c 0a4610a5 00000000000036de 0000 1c";
        let runit = "400000006b0e4011 0ab6d604 31330000 00000001";
        for hex in ["", "4000", s6, runit, &format!("{s6}00")] {
            assert!(told(&status(hex)).is_err(), "{hex}");
        }
    }
}
