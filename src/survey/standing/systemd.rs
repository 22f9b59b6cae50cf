//! systemd, the machine's own and a user's: which units are up, and which are to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::once::Once;
use super::super::read::Setting;
use super::syslog::{self, End};
use super::{BOUND, MOST, Standing, is_its};
use crate::facts::{Lack, Place};
use crate::model::App;
use crate::os::{Ask, FileStat, PathAsk, Refusal, Root, Text};

/// Where the machine's own units are, the first wins.
const SYSTEM: &[&str] = &[
    "/run/systemd/transient",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Where a user's are; `~` is the home directory, `%t` the user's directory below `/run/user`.
const USER: &[&str] = &[
    "%t/systemd/transient",
    "~/.config/systemd/user",
    "/etc/systemd/user",
    "%t/systemd/user",
    "/run/systemd/user",
    "~/.local/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
    "/lib/systemd/user",
];

/// A manager of units.
struct Manager {
    directories: Vec<PathBuf>,
    /// Where it keeps a link for each service that is not inactive.
    active: PathBuf,
    /// The words before an order to it.
    command: String,
    /// A user's: the number, the name, the home directory.
    user: Option<(u32, String, String)>,
}

pub(super) fn say(setting: &Setting<'_>, app: &App) -> Result<Vec<Standing>, (Place, Lack)> {
    let once = setting.once;
    // `sd_booted(3)`
    if !matches!(once.lstat(Root::Own, Path::new("/run/systemd/system")).get(), Some(Some(_))) {
        return Ok(Vec::new());
    }
    let mut all = of(once, &Manager::system(), app)?;
    for manager in users(setting, app) {
        all.extend(of(once, &manager, app)?);
    }
    Ok(all)
}

impl Manager {
    fn system() -> Self {
        Self {
            directories: SYSTEM.iter().map(PathBuf::from).collect(),
            active: "/run/systemd/units".into(),
            command: "systemctl".into(),
            user: None,
        }
    }

    fn of_user(uid: u32, name: &str, home: &str) -> Self {
        let runtime = format!("/run/user/{uid}");
        let place =
            |place: &&str| PathBuf::from(place.replacen('~', home, 1).replacen("%t", &runtime, 1));
        Self {
            directories: USER.iter().map(place).collect(),
            active: format!("{runtime}/systemd/units").into(),
            command: format!("sudo -u {name} XDG_RUNTIME_DIR={runtime} systemctl --user"),
            user: Some((uid, name.to_owned(), home.to_owned())),
        }
    }

    /// The control groups of a service, as the versions of the kernel's interface have them.
    fn groups(&self, unit: &str) -> Vec<PathBuf> {
        let slice = unit
            .split_once('@')
            .map(|(name, _)| format!("system-{}.slice/", name.replace('-', "\\x2d")));
        let above = match &self.user {
            None => vec!["system.slice/".to_owned()],
            Some((uid, ..)) => {
                let own = format!("user.slice/user-{uid}.slice/user@{uid}.service/");
                vec![format!("{own}app.slice/"), own]
            }
        };
        let mut all = Vec::new();
        for kind in ["", "unified/", "systemd/"] {
            for above in &above {
                for slice in ["", slice.as_deref().unwrap_or_default()] {
                    let group = format!("/sys/fs/cgroup/{kind}{above}{slice}{unit}/cgroup.procs");
                    all.push(PathBuf::from(group));
                }
            }
        }
        all
    }
}

/// The managers of the users whose the app's directory and pidfiles are.
fn users(setting: &Setting<'_>, app: &App) -> Vec<Manager> {
    let once = setting.once;
    let root = once.stat(Root::Own, &app.root);
    let files = app.pidfiles.iter().map(|file| &file.stat);
    let owner = |stat: &FileStat| stat.uid;
    let owners: BTreeSet<u32> = files
        .chain(std::iter::once(&root))
        .filter_map(|stat| stat.get().and_then(Option::as_ref).map(owner))
        .collect();
    let known = setting.host.map(|host| &*host.users).unwrap_or_default();
    let its = known
        .iter()
        .filter(|user| user.uid != 0 && owners.contains(&user.uid) && !user.home.is_empty());
    its.map(|user| Manager::of_user(user.uid, &user.name.to_string(), &user.home.to_string()))
        .collect()
}

/// systemd keeps a link for each service that is not inactive (`systemd.exec(5)`, `$INVOCATION_ID`), and takes it away
/// whether the service failed or was stopped; which ones are to run at boot is told by links too (`systemctl(1)`,
/// `enable`).
fn of(once: &Once<'_>, manager: &Manager, app: &App) -> Result<Vec<Standing>, (Place, Lack)> {
    let (mut units, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    for directory in &manager.directories {
        let all = match names(once, directory) {
            // What is in a user's own directories is the user's alone.
            Err((_, Lack::Refused(Refusal::Denied))) if manager.user.is_some() => continue,
            all => all?,
        };
        for links in all.iter().filter(|name| is_links(name)) {
            wanted.extend(names(once, &directory.join(links))?);
        }
        units.extend(all.into_iter().filter(|name| name.ends_with(".service")));
    }
    let active = names(once, &manager.active);
    let active: Result<BTreeSet<String>, _> = active.map(|names| {
        names
            .iter()
            .filter_map(|name| name.strip_prefix("invocation:"))
            .map(str::to_owned)
            .collect()
    });
    let up = active.iter().flatten();
    units.extend(wanted.iter().chain(up).filter(|name| name.contains('@')).cloned());
    let telling = |unit: &&String| !unit.contains("@.") && may_be(unit, app);
    let mut all = Vec::new();
    for unit in units.iter().filter(telling).take(MOST) {
        let (text, masked, transient) = read(once, manager, unit)?;
        if !is_its(&text, app) {
            continue;
        }
        all.push(match &active {
            Err((place, lack)) => Standing::Unseen(place.clone(), lack.clone()),
            Ok(active) if active.contains(unit) => {
                let busy = manager.groups(unit).iter().any(|group| is_busy(once, group));
                if busy { Standing::Starting } else { Standing::Up(unit.clone()) }
            }
            Ok(_) if masked => Standing::Stopped(format!("{unit} is masked")),
            // Its file goes with it when it ends, but for one that failed (`systemd-run(1)`, `--collect`).
            Ok(_) if transient => Standing::Failed {
                how: format!("{unit} failed, and is kept for that"),
                place: Place::path(Path::new("/run/systemd/transient")),
                starts: format!("{} restart {unit}", manager.command),
            },
            Ok(_) if wanted.contains(unit) => inactive(once, manager, unit),
            Ok(_) => Standing::Stopped(format!("{unit} is not enabled")),
        });
    }
    Ok(all)
}

/// A service that is to run at boot and is not up: it failed, was stopped by hand, or the boot has not come to it.
fn inactive(once: &Once<'_>, manager: &Manager, unit: &str) -> Standing {
    let starts = format!("{} start {unit}", manager.command);
    let end = manager.user.is_none().then(|| syslog::end(once, unit)).flatten();
    match end {
        Some((End::Failed(result), place)) => {
            Standing::Failed { how: format!("{unit} failed: {result}"), place, starts }
        }
        Some((End::Quietly, _)) => Standing::Stopped(format!("{unit} was stopped")),
        None => Standing::Untold {
            what: format!("whether {unit} failed or was stopped"),
            place: Place::path(&manager.active),
            why: Lack::Settled {
                what: "what systemd alone knows: it failed, was stopped, or has yet to start"
                    .into(),
                by: format!(
                    "by {starts}; or, if it is to stay down, {} disable {unit}",
                    manager.command
                ),
            },
            starts,
        },
    }
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

/// A unit's text with its specifiers put in, whether it is masked, and whether it lives as long as it runs.
fn read(
    once: &Once<'_>,
    manager: &Manager,
    unit: &str,
) -> Result<(Text, bool, bool), (Place, Lack)> {
    let at = unit.find('@');
    let template = at.map(|at| format!("{}@.service", unit.get(..at).unwrap_or_default()));
    let instance = at.map_or("", |at| unit.get(at + 1..).unwrap_or_default());
    let instance = instance.strip_suffix(".service").unwrap_or(instance);
    let home = manager.user.as_ref().map_or("/root", |(_, _, home)| home);
    let mut masked = false;
    for name in std::iter::once(unit).chain(template.as_deref()) {
        for directory in &manager.directories {
            let path = directory.join(name);
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
                    let text = text.replace("%h", home);
                    return Ok((Text::from(&*text), masked, directory.ends_with("transient")));
                }
                Ok(_) | Err(Lack::Refused(Refusal::Unsupported(_))) => {}
                Err(Lack::Refused(Refusal::Denied)) if manager.user.is_some() => {}
                Err(lack) => return Err((Place::path(&path), lack)),
            }
        }
    }
    Ok((Text::default(), masked, false))
}

/// Whether a process lives in a control group.
fn is_busy(once: &Once<'_>, group: &Path) -> bool {
    let file = once.file(Root::Own, group, 64);
    file.get().and_then(Option::as_ref).is_some_and(|text| !text.is_empty())
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
