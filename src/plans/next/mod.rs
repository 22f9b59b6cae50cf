//! What the next generation starts from, line by line: each value with the place that tells it, decided or blind
//! (`failures.md` §5, A to J).

mod listeners;
mod outputs;
mod ruby;
pub(super) mod supervisor;

use crate::facts::files::Spot;
use crate::facts::{Fact, Lack, Place};
use crate::model::headroom::headroom;
use crate::model::{App, Gemfile, Layout, Master, PidfileKind, PidfileState, Setting};
use crate::os::{FileKind, shown};

use super::check::unseen;
use super::{Case, CheckState, words};

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// What: `directory`, `program`, `Gemfile`.
    pub what: &'static str,
    /// Whether it is right as it stands.
    pub state: CheckState,
    /// The value, in words.
    pub value: String,
    /// How it is known: a place that a person can look at.
    pub source: String,
}

/// A line in the making: its state and its value.
type Said = (CheckState, String);

fn holds(value: impl Into<String>) -> Said {
    (CheckState::Holds, value.into())
}

fn warns(value: impl Into<String>) -> Said {
    (CheckState::Warns, value.into())
}

fn stops(value: impl Into<String>) -> Said {
    (CheckState::Stops, value.into())
}

fn blind(value: impl Into<String>) -> Said {
    (CheckState::Blind, value.into())
}

/// All lines about a master that is to re-execute itself.
pub(super) fn lines(case: &Case<'_>, master: &Master) -> Vec<Next> {
    let next = Upcoming {
        case,
        app: case.app,
        master,
        layout: case.app.layout.get().and_then(Option::as_ref),
    };
    vec![
        next.directory(),
        next.program(),
        next.interpreter(),
        next.ruby(),
        next.gemfile(),
        next.gems(),
        next.config(),
        next.pidfile(),
        next.oldbin(),
        next.logs(),
        next.listeners(),
        next.retires(),
        next.memory(),
        next.limits(),
        next.supervisor(),
    ]
}

struct Upcoming<'a> {
    case: &'a Case<'a>,
    app: &'a App,
    master: &'a Master,
    layout: Option<&'a Layout>,
}

impl Upcoming<'_> {
    fn line(&self, what: &'static str, source: &Place, (state, value): Said) -> Next {
        let below = format!("{}/", shown(&self.app.root));
        let source = source.to_string();
        let source = source.strip_prefix(&below).map_or(source.clone(), str::to_owned);
        Next { what, state, value, source }
    }

    /// A line from a fact; lacking, it is blind and says why.
    fn of<T>(&self, what: &'static str, fact: &Fact<T>, say: impl FnOnce(&T) -> Said) -> Next {
        let said = match &fact.value {
            Ok(value) => say(value),
            Err(lack) => blind(format!("not known: {lack}")),
        };
        self.line(what, &fact.place, said)
    }

    /// A line from a fact without which no new master comes up; lacking, it stops where it could have been seen.
    fn need<T>(&self, what: &'static str, fact: &Fact<T>, say: impl FnOnce(&T) -> Said) -> Next {
        match fact.lack() {
            Some(lack) => {
                let said = (unseen(lack), format!("not known: {lack}"));
                self.line(what, &fact.place, said)
            }
            None => self.of(what, fact, say),
        }
    }

    /// The release that a place really lies in, and whether `current` names it, where it names one at all.
    fn release(&self, spot: &Spot) -> Option<(String, Option<bool>)> {
        let layout = self.layout?;
        let real = spot.real.get()?.as_ref()?;
        let release = layout.release_of(real)?;
        let live = layout.current_release().map(|live| live == release);
        Some((release, live))
    }

    fn directory(&self) -> Next {
        self.need("directory", &self.master.restart.directory, |spot| {
            let path = shown(&spot.path);
            match &spot.stat.value {
                Ok(None) => stops(format!("{path} is gone")),
                Ok(Some(stat)) if stat.kind != FileKind::Directory => {
                    stops(format!("{path} is no directory"))
                }
                Ok(Some(_)) => match self.release(spot) {
                    Some((release, Some(true))) => holds(format!("{path} (release {release})")),
                    Some((release, None)) => blind(format!(
                        "{path} (release {release}); what current names is not known"
                    )),
                    Some((release, Some(false))) => {
                        warns(format!("{path} (release {release}, not the current one)"))
                    }
                    None => holds(path),
                },
                Err(lack) => not_seen(&path, lack),
            }
        })
    }

    fn program(&self) -> Next {
        self.need("program", &self.master.restart.program, runnable)
    }

    fn interpreter(&self) -> Next {
        self.need("interpreter", &self.master.restart.interpreter, |found| match found {
            Some(spot) => runnable(spot),
            None => holds("none: the program runs by itself"),
        })
    }

    fn gemfile(&self) -> Next {
        self.need("Gemfile", &self.master.restart.gemfile, |gemfile| match gemfile {
            None => holds("none: Bundler is not used"),
            Some(Gemfile { file, release, set_by_config, .. }) => {
                let path = shown(&file.path);
                match &file.stat.value {
                    Ok(None) => stops(format!("{path} is gone")),
                    Err(lack) => not_seen(&path, lack),
                    Ok(Some(_)) if release.is_none() || *set_by_config => holds(path),
                    Ok(Some(_)) => match self.release(file) {
                        Some((_, Some(false))) => {
                            warns(format!("{path}, not the current release's"))
                        }
                        Some((_, None)) => {
                            blind(format!("{path}; what current names is not known"))
                        }
                        _ => holds(path),
                    },
                }
            }
        })
    }

    fn gems(&self) -> Next {
        self.of("gems", &self.master.restart.gems, |gems| match gems {
            None => holds("no lock file names any"),
            Some(gems) if gems.missing.is_empty() => {
                holds(format!("all {} of the lock file are installed", gems.wanted))
            }
            Some(gems) => {
                let named: Vec<&str> = gems.missing.iter().take(3).map(String::as_str).collect();
                let more = match gems.missing.len().saturating_sub(3) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                blind(format!(
                    "{}{more} not found; whether the app loads them is not known",
                    named.join(", ")
                ))
            }
        })
    }

    fn config(&self) -> Next {
        self.need("config", &self.master.restart.config, |spot| match spot {
            None => holds("none is given"),
            Some(spot) => {
                let path = shown(&spot.path);
                match &spot.stat.value {
                    Ok(None) => stops(format!("{path} is gone")),
                    Ok(Some(_)) => holds(path),
                    Err(lack) => not_seen(&path, lack),
                }
            }
        })
    }

    /// The pidfile that the new master will write, against the one that the old one holds.
    fn pidfile(&self) -> Next {
        let pidfile = &self.master.pidfile;
        self.need("pidfile", pidfile, |own| {
            let Some(own) = own else {
                return warns("none: nothing refuses a second upgrade, nothing finds the master");
            };
            let next = self.master.config.get().map(|config| &config.pid);
            match next {
                Some(Setting::Set { value, line }) if value.is_absolute() && value != own => {
                    let (new, own) = (shown(value), shown(own));
                    warns(format!("{new} (line {line}) from then on, in place of {own}"))
                }
                Some(Setting::Unevaluable { line, .. }) => {
                    blind(format!("{}; line {line} is an expression", shown(own)))
                }
                _ => self.without_room(own).unwrap_or_else(|| holds(shown(own))),
            }
        })
    }

    /// The old master's pidfile: where a living process stands in one, USR2 is refused.
    fn oldbin(&self) -> Next {
        let found = self.app.pidfiles.iter().find(|file| file.kind == PidfileKind::Oldbin);
        let Some(file) = found else {
            let place = self.master.pidfile.place.clone();
            return self.line("oldbin", &place, holds("not there: nothing refuses USR2"));
        };
        let name = self.app.short(&file.path);
        self.need("oldbin", &file.state, |state| match state {
            PidfileState::Missing => holds(format!("{name} is not there: nothing refuses USR2")),
            PidfileState::Dead => holds(format!("{name} names a dead process: it is replaced")),
            PidfileState::Live => stops(format!("{name} names a living master: USR2 is refused")),
            PidfileState::Zombie => stops(format!("{name} names a zombie: USR2 is refused")),
            PidfileState::Foreign(who) => stops(format!("{name} names {who}: USR2 is refused")),
            PidfileState::Garbled(what) => {
                holds(format!("{name} holds {what}, which stops nothing"))
            }
            PidfileState::Unreadable => (CheckState::Unseen, format!("{name} was not read")),
        })
    }

    /// Who ends the old master, and by what.
    fn retires(&self) -> Next {
        let pid = self.master.process.pid;
        let config = &self.master.config;
        self.need("retires", config, |config| {
            if self.master.hook_retires() != Some(true) {
                return holds(format!("farrier, by QUIT to {pid}, once the new master serves"));
            }
            let hook = config.hooks.iter().find(|hook| !hook.kills.is_empty());
            match hook {
                Some(hook) => {
                    let line = hook.kills.first().map_or(hook.line, |kill| kill.line);
                    let mut signals: Vec<&str> = hook
                        .kills
                        .iter()
                        .flat_map(|kill| kill.signals.iter().map(String::as_str))
                        .collect();
                    signals.dedup();
                    let signals = match signals.as_slice() {
                        [] => "a signal".to_owned(),
                        some => some.join(" and "),
                    };
                    holds(format!("the hook {}, line {line}: {signals} to {pid}", hook.hook.name()))
                }
                None => holds(format!("a hook of the configuration seems to end {pid}")),
            }
        })
    }

    /// What a second generation takes against what is left, the control group's bound included.
    fn memory(&self) -> Next {
        let headroom = headroom(self.case.census, self.app, self.master);
        let place = match headroom.group {
            Some(group) => Place::path(group),
            None => Place::new("/proc/meminfo"),
        };
        let needs = |bytes: u64| format!("a second generation takes up to {}", words::bytes(bytes));
        let said = match (headroom.fits(), headroom.left) {
            (Some(true), Some(left)) => {
                let most = headroom.most.unwrap_or(headroom.least);
                holds(format!("{}, {} is free", needs(most), words::bytes(left)))
            }
            (Some(false), Some(left)) => {
                warns(format!("{}, {} is free", needs(headroom.least), words::bytes(left)))
            }
            _ => blind("whether a second generation fits is not known"),
        };
        self.line("memory", &place, said)
    }

    /// Limits that a second generation could meet.
    fn limits(&self) -> Next {
        let master = self.master;
        let processes = self.case.census.seen.processes;
        let root = master.process.status.get().is_some_and(|status| status.uids[1] == 0);
        self.of("limits", &master.process.limits, |limits| {
            let soft = |name: &str| {
                let found = limits.iter().find(|limit| limit.name.bytes() == name.as_bytes());
                found.map(|limit| limit.soft)
            };
            let (Some(tasks), Some(files)) = (soft("Max processes"), soft("Max open files")) else {
                return blind("the kernel's list lacks processes or open files");
            };
            let in_words = |bound: Option<u64>| bound.map_or("any".into(), |n| n.to_string());
            let value = format!("{} processes, {} files each", in_words(tasks), in_words(files));
            let used = master.process.descriptors.get().map(Vec::len);
            let more = 1 + master.workers_alive().count();
            // Every process of the machine counted, with a few threads each, is more than its user can have.
            let ample = root
                || tasks.is_none_or(|n| n > u64::try_from((processes + more) * 4).unwrap_or(n));
            let short = files.zip(used).is_some_and(|(bound, used)| {
                u64::try_from(used)
                    .is_ok_and(|used| used.saturating_mul(5) >= bound.saturating_mul(4))
            });
            if short {
                warns(format!("{value}; {} has {} open", master.process.pid, used.unwrap_or(0)))
            } else if ample {
                holds(value)
            } else {
                blind(format!("{value}; how many tasks its user has was not counted"))
            }
        })
    }
}

/// Something that has to be there and was not seen.
fn not_seen(path: &str, lack: &Lack) -> Said {
    (unseen(lack), format!("{path}, not seen: {lack}"))
}

/// A program that has to be there and to be executable.
fn runnable(spot: &Spot) -> Said {
    let path = shown(&spot.path);
    match &spot.stat.value {
        Ok(None) => stops(format!("{path} is gone")),
        Ok(Some(stat)) if stat.kind == FileKind::Directory => {
            stops(format!("{path} is a directory"))
        }
        Ok(Some(stat)) if stat.mode & 0o111 == 0 => stops(format!("{path} may not be executed")),
        Ok(Some(_)) => holds(path),
        Err(lack) => not_seen(&path, lack),
    }
}
