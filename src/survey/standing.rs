//! What supervisors say of an app without a master, by their own files: that it is up, that it was stopped, or nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::idle::names_a_server;
use super::leftovers::pids;
use super::once::Once;
use super::read::Setting;
use super::realm;
use crate::facts::process::{parse_command_line, parse_stat};
use crate::facts::{Lack, Place, bytes};
use crate::model::App;
use crate::os::{Ask, PathAsk, Pid, ProcLink, ProcText, Refusal, Root, Text};
use crate::servers::{Server, server};

/// So much of a unit or a script is read.
const BOUND: u32 = 16 * 1024;
/// So many services of a directory are read.
const MOST: usize = 256;

/// What a supervisor says of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No supervisor here has a service for it.
    None,
    /// It has it up; the service.
    Up(String),
    /// It is starting, or between two starts.
    Starting,
    /// It was stopped on purpose; who says so.
    Stopped(String),
    /// It is to run at boot and does not run now; what starts it.
    Down(String),
}

/// Where services of runit and daemontools are by default.
const SERVICES: &[&str] =
    &["/etc/service", "/service", "/var/service", "/etc/runit/runsvdir/current"];
/// Where the machine's own units are, the first wins.
const UNITS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// What the supervisors of this machine say of an app: one that has it up before one that starts it, and that before one
/// that was told to stop it.
pub fn standing(setting: &Setting<'_>, app: &App) -> Result<Standing, (Place, Lack)> {
    let mut all = runit(setting, app)?;
    all.extend(systemd(setting.once, app)?);
    let first = |fits: fn(&Standing) -> bool| all.iter().find(|one| fits(one)).cloned();
    Ok(first(|one| matches!(one, Standing::Up(_)))
        .or_else(|| first(|one| *one == Standing::Starting))
        .or_else(|| first(|one| matches!(one, Standing::Down(_))))
        .or_else(|| first(|one| matches!(one, Standing::Stopped(_))))
        .unwrap_or(Standing::None))
}

/// Whether a service is the app's: it names its pidfile, or its root and a server.
fn is_its(text: &Text, app: &App) -> bool {
    let names = |path: &Path| {
        let path = Text::from(path);
        let path = path.bytes();
        let lines = text.bytes().split(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii_start().starts_with(b"#")).any(|line| {
            let mut at = line.windows(path.len().max(1)).enumerate();
            at.any(|(start, window)| {
                let next = line.get(start + path.len());
                let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
                window == path && !next.is_some_and(goes_on)
            })
        })
    };
    let pidfile = app.pidfiles.iter().any(|file| !file.named_by.is_empty() && names(&file.path));
    let is_proxy = server(app.kind).is_some_and(Server::is_proxy);
    pidfile || (names_a_server(text) && (names(&app.root) || is_proxy))
}

/// `runsv`'s own file says what it was told, in one byte (`runsv.c`, `update_status`).
fn runit(setting: &Setting<'_>, app: &App) -> Result<Vec<Standing>, (Place, Lack)> {
    let once = setting.once;
    let mut all = Vec::new();
    for service in run_services(setting) {
        let script = once.file(Root::Own, &service.join("run"), BOUND);
        if !script.get().and_then(Option::as_ref).is_some_and(|text| is_its(text, app)) {
            continue;
        }
        let name = crate::os::shown(&service);
        let file = service.join("supervise/status");
        let status = match once.file(Root::Own, &file, 64).value {
            Ok(status) => status,
            Err(lack) => return Err((Place::path(&file), lack)),
        };
        let status = status.as_ref().map(Text::bytes).unwrap_or_default();
        let number = status.get(12..16).and_then(|four| four.try_into().ok());
        let pid = number.and_then(|four| Pid::new(i32::from_le_bytes(four)));
        let is_down = matches!(once.stat(Root::Own, &service.join("down")).get(), Some(Some(_)));
        all.push(match status.get(17) {
            Some(b'd') => Standing::Stopped(format!("{name} is told to be down")),
            Some(_) if pid.is_some_and(|pid| lives(once, pid)) => Standing::Starting,
            Some(_) => Standing::Up(name),
            None if is_down => Standing::Stopped(format!("{name}/down")),
            None => Standing::Down(format!("sv up {name}")),
        });
    }
    Ok(all)
}

/// The directories of services that a `runsv` watches now.
fn run_services(setting: &Setting<'_>) -> BTreeSet<PathBuf> {
    let once = setting.once;
    let all = pids(once);
    once.fetch(all.iter().map(|pid| Ask::Text(*pid, ProcText::Cmdline)).collect());
    let words = |pid: Pid| {
        let ask = Ask::Text(pid, ProcText::Cmdline);
        once.fact(&ask, |found| Ok(parse_command_line(&bytes(found)?).words)).value.ok()
    };
    let mut watched = BTreeSet::new();
    let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
    let mut any = false;
    for pid in all {
        let Some(words) = words(pid) else { continue };
        let program = words.raw().first().map(|word| word.path().to_path_buf()).unwrap_or_default();
        match program.file_name().and_then(|name| name.to_str()) {
            // Another container's services are told by files that are not looked at.
            Some("runsv" | "supervise" | "runsvdir" | "svscan")
                if !realm::is_ours(setting, pid) => {}
            Some("runsv" | "supervise") => {
                any = true;
                if let Ok(cwd) = once.fact(&Ask::Link(pid, ProcLink::Cwd), bytes).value {
                    watched.insert(cwd.path().to_path_buf());
                }
            }
            Some("runsvdir" | "svscan") => {
                let last = words.raw().iter().skip(1).find(|word| word.bytes().starts_with(b"/"));
                directories.extend(last.map(|word| word.path().to_path_buf()));
            }
            _ => {}
        }
    }
    if any {
        directories.extend(SERVICES.iter().map(PathBuf::from));
    }
    for directory in directories {
        let names = once.list(Root::Own, &directory).value.ok().flatten().unwrap_or_default();
        for name in names.iter().take(MOST) {
            let service = directory.join(name.path());
            let real = once.real(Root::Own, &service).value.ok().flatten();
            watched.insert(real.unwrap_or(service));
        }
    }
    watched
}

fn lives(once: &Once<'_>, pid: Pid) -> bool {
    let stat = once.fact(&Ask::Text(pid, ProcText::Stat), |found| parse_stat(&bytes(found)?));
    stat.get().is_some_and(|stat| !stat.state.is_dead())
}

/// systemd keeps a link for each service that is not inactive (`systemd.exec(5)`, `$INVOCATION_ID`); which ones are to run
/// at boot is told by links too (`systemctl(1)`, `enable`).
fn systemd(once: &Once<'_>, app: &App) -> Result<Vec<Standing>, (Place, Lack)> {
    // `sd_booted(3)`
    if !matches!(once.lstat(Root::Own, Path::new("/run/systemd/system")).get(), Some(Some(_))) {
        return Ok(Vec::new());
    }
    let active = names(once, Path::new("/run/systemd/units"))?;
    let active: BTreeSet<String> = active
        .iter()
        .filter_map(|name| name.strip_prefix("invocation:"))
        .map(str::to_owned)
        .collect();
    let (mut units, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for directory in UNITS.iter().map(Path::new) {
        let all = names(once, directory)?;
        for links in all.iter().filter(|name| is_links(name)) {
            wanted.extend(names(once, &directory.join(links))?);
        }
        units.extend(all.into_iter().filter(|name| name.ends_with(".service")));
    }
    units.extend(wanted.iter().chain(&active).filter(|name| name.contains('@')).cloned());
    let telling = |unit: &&String| !unit.contains("@.") && may_be(unit, app);
    let mut all = Vec::new();
    for unit in units.iter().filter(telling).take(MOST) {
        let (text, masked) = read(once, unit)?;
        if !is_its(&text, app) {
            continue;
        }
        all.push(if active.contains(unit) {
            if is_busy(once, unit) { Standing::Starting } else { Standing::Up(unit.clone()) }
        } else if masked {
            Standing::Stopped(format!("{unit} is masked"))
        } else if wanted.contains(unit) {
            Standing::Down(format!("systemctl start {unit}"))
        } else {
            Standing::Stopped(format!("{unit} is not enabled"))
        });
    }
    Ok(all)
}

/// Units of the machine's own packages are many: those are read whose names tell something.
fn may_be(unit: &str, app: &App) -> bool {
    let own = |name: &str| name.len() > 2 && unit.contains(name);
    own(app.kind.name()) || own(&app.name) || !is_packaged(unit)
}

fn is_packaged(unit: &str) -> bool {
    const PACKAGED: &[&str] = &[
        "systemd-",
        "dbus",
        "getty",
        "ssh",
        "cron",
        "user",
        "console-",
        "initrd-",
        "emergency",
        "rescue",
    ];
    PACKAGED.iter().any(|stem| unit.starts_with(stem))
}

/// A unit's text with its specifiers put in, and whether it is masked.
fn read(once: &Once<'_>, unit: &str) -> Result<(Text, bool), (Place, Lack)> {
    let at = unit.find('@');
    let template = at.map(|at| format!("{}@.service", unit.get(..at).unwrap_or_default()));
    let instance = at.map_or("", |at| unit.get(at + 1..).unwrap_or_default());
    let instance = instance.strip_suffix(".service").unwrap_or(instance);
    let mut masked = false;
    for name in std::iter::once(unit).chain(template.as_deref()) {
        for directory in UNITS {
            let path = Path::new(directory).join(name);
            let link =
                once.fact(&Ask::path(Root::Own, &path, PathAsk::ReadLink), |found| match found {
                    crate::os::Found::Link(link) => Ok(link),
                    _ => Err(Lack::Malformed("another kind of answer")),
                });
            masked |=
                link.get().and_then(Option::as_ref).is_some_and(|to| to.bytes() == b"/dev/null");
            match once.file(Root::Own, &path, BOUND).value {
                Ok(Some(text)) if !text.is_empty() => {
                    let text = text.to_string().replace("%i", instance).replace("%I", instance);
                    return Ok((Text::from(&*text), masked));
                }
                Ok(_) | Err(Lack::Refused(Refusal::Unsupported(_))) => {}
                Err(lack) => return Err((Place::path(&path), lack)),
            }
        }
    }
    Ok((Text::default(), masked))
}

/// Whether a process of a service lives, as far as its control group shows it.
fn is_busy(once: &Once<'_>, unit: &str) -> bool {
    let slice = unit
        .split_once('@')
        .map(|(name, _)| format!("system-{}.slice/", name.replace('-', "\\x2d")));
    let below = ["", "unified/", "systemd/"].iter().flat_map(|kind| {
        [String::new(), slice.clone().unwrap_or_default()].map(|slice| {
            PathBuf::from(format!("/sys/fs/cgroup/{kind}system.slice/{slice}{unit}/cgroup.procs"))
        })
    });
    let mut all = below.map(|path| once.file(Root::Own, &path, 64));
    all.any(|file| file.get().and_then(Option::as_ref).is_some_and(|text| !text.is_empty()))
}

/// Whether a directory's name is that of links to units which another one starts.
fn is_links(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, kind)| matches!(kind, "wants" | "requires"))
}

/// The names in a directory as text; none where it is not there.
fn names(once: &Once<'_>, directory: &Path) -> Result<Vec<String>, (Place, Lack)> {
    let listed = once.list(Root::Own, directory);
    let names = listed.value.map_err(|lack| (Place::path(directory), lack))?;
    Ok(names.unwrap_or_default().iter().map(ToString::to_string).collect())
}
