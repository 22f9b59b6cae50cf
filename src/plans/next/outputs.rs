//! The logs that the next generation opens, and the room for what it writes. Unicorn looks whether the file or its
//! directory may be written (`configurator.rb`, `reload`), then opens it to append: either raises, and the new master
//! ends. A full disk ends it where it makes its pidfile, and only keeps its logs empty.

use std::path::Path;

use super::{Next, Said, Upcoming, blind, holds, stops, warns};
use crate::facts::Lack;
use crate::facts::permission::{Actor, CHANGE, SEARCH, WRITE};
use crate::model::{Directory, Output, Pidfile, PidfileKind, Setting};
use crate::os::{Access, FileKind, FileStat, shown};
use crate::plans::CheckState;
use crate::plans::check::unseen;

/// What is the matter, or that nothing is.
type Open = Result<(), Said>;

impl Upcoming<'_> {
    /// Whether the files of `stderr_path` and `stdout_path` can be opened by the user of the master: the workers are
    /// handed what it opens.
    pub(super) fn logs(&self) -> Next {
        self.need("logs", &self.master.config, |config| {
            let outputs = &self.master.outputs;
            let found = outputs.iter().filter_map(|output| self.opens(output).err());
            let expression =
                [&config.stderr_path, &config.stdout_path].into_iter().find_map(|setting| {
                    match setting {
                        Setting::Unevaluable { line, .. } => {
                            Some(blind(format!("line {line} is an expression")))
                        }
                        _ => None,
                    }
                });
            let rank = |state: CheckState| match state {
                CheckState::Holds => 0,
                CheckState::Warns => 1,
                CheckState::Blind => 2,
                CheckState::Stops | CheckState::Unseen => 3,
            };
            // The first of the worst.
            let mut all: Vec<Said> = found.chain(expression).chain(self.room_unknown()).collect();
            all.sort_by_key(|(state, _)| std::cmp::Reverse(rank(*state)));
            all.into_iter().next().unwrap_or_else(|| {
                let mut paths: Vec<&Path> =
                    outputs.iter().map(|output| output.file.path.as_path()).collect();
                paths.dedup();
                match paths.as_slice() {
                    [] => holds("none is set: the output goes where it goes now"),
                    [one] => holds(format!("{} can be opened", shown(one))),
                    several => holds(format!("{} files can be opened", several.len())),
                }
            })
        })
    }

    /// A pidfile that the new master cannot make, since its disk is full.
    pub(super) fn without_room(&self, own: &Path) -> Option<Said> {
        let holder = self.pidfile_directory()?;
        if holder.access.get()?.as_ref()?.full != Some(true) {
            return None;
        }
        let said = format!("{}: its file system has no room for it", shown(own));
        let root = self.actor().is_none_or(|actor| actor.user() == 0);
        Some(if root {
            blind(format!("{said}, unless some is kept for root"))
        } else {
            stops(said)
        })
    }

    fn pidfile_directory(&self) -> Option<&Directory> {
        let pid = self.master.process.pid;
        let mine = |file: &&Pidfile| file.kind == PidfileKind::Current && file.owner == Some(pid);
        self.app.pidfiles.iter().find(mine)?.directories.first()
    }

    /// A recording from before that was asked lacks it for all: it is said once.
    fn room_unknown(&self) -> Option<Said> {
        let outputs = self.master.outputs.iter().filter_map(|output| output.directories.first());
        let mut all = outputs.chain(self.pidfile_directory());
        let unknown = |at: &Directory| matches!(at.access.get(), Some(Some(a)) if a.full.is_none());
        all.any(unknown).then(|| blind("how full the file systems are is not known"))
    }

    fn actor(&self) -> Option<Actor<'_>> {
        let process = &self.master.process;
        let status = process.status.get()?;
        Some(Actor { status, shares_users: process.shares_users.get().copied() })
    }

    fn opens(&self, output: &Output) -> Open {
        let Output { setting, line, .. } = output;
        let said = |said: &str| format!("{said} ({setting}, line {line})");
        let actor = self.actor().ok_or_else(|| blind(said("whose they are is not known")));
        actor.and_then(|actor| opens(&actor, output).map_err(|(state, what)| (state, said(&what))))
    }
}

/// Whether a new master may open it, decided as the kernel does.
fn opens(actor: &Actor<'_>, output: &Output) -> Open {
    let path = shown(&output.file.path);
    let Some(holder) = output.directories.first() else {
        return Err(blind(format!("where {path} starts is not known")));
    };
    for at in &output.directories {
        let name = shown(&at.path);
        let stat = match at.stat.get() {
            None => return Err(not_seen(&at.path, at.stat.lack())),
            Some(None) => return Err(stops(format!("{name} is gone"))),
            Some(Some(stat)) if stat.kind != FileKind::Directory => {
                return Err(stops(format!("{name} is no directory")));
            }
            Some(Some(stat)) => stat,
        };
        let access = at.access.get().and_then(Option::as_ref);
        let access = access.ok_or_else(|| not_seen(&at.path, at.access.lack()))?;
        decided(actor.may_later(SEARCH, stat, *access), &name, "search")?;
    }
    let (Some(Some(directory)), Some(Some(held))) = (holder.stat.get(), holder.access.get()) else {
        return Err(not_seen(&holder.path, holder.stat.lack().or(holder.access.lack())));
    };
    let file = &output.file;
    let named = output.name.get().ok_or_else(|| not_seen(&file.path, output.name.lack()))?;
    let found = file.stat.get().ok_or_else(|| not_seen(&file.path, file.stat.lack()))?;
    match (named, found) {
        (None, None) => {
            let name = shown(&holder.path);
            writable(*held, &name)?;
            decided(actor.may_later(CHANGE, directory, *held), &name, "write")?;
            if held.full == Some(true) {
                return Err(blind(format!(
                    "whether {path} can be made on a full disk is not known"
                )));
            }
        }
        (None, Some(_)) => return Err(not_seen(&file.path, None)),
        (Some(_), None) => {
            return Err(blind(format!("{path} is a link that leads nowhere")));
        }
        (Some(named), Some(found)) => existing(actor, output, (directory, named, found))?,
    }
    Ok(())
}

/// A file that is there is opened as it is.
fn existing(
    actor: &Actor<'_>,
    output: &Output,
    (directory, named, found): (&FileStat, &FileStat, &FileStat),
) -> Open {
    let path = shown(&output.file.path);
    let unseen = |lack: Option<&Lack>| not_seen(&output.file.path, lack);
    let access = output.access.get().and_then(Option::as_ref);
    let access = access.ok_or_else(|| unseen(output.access.lack()))?;
    match found.kind {
        FileKind::Regular => writable(*access, &path)?,
        FileKind::Directory => return Err(stops(format!("{path} is a directory"))),
        FileKind::CharDevice => {}
        _ => return Err(blind(format!("{path} is no file: opening it may wait"))),
    }
    decided(actor.may_later(WRITE, found, *access), &path, "write")?;
    let real = output.file.real.get().and_then(Option::as_ref);
    let real = real.ok_or_else(|| unseen(output.file.real.lack()))?;
    let behind = output.directories.iter().find(|at| Some(at.path.as_path()) == real.parent());
    let behind = behind.and_then(|at| at.stat.get()?.as_ref()).ok_or_else(|| unseen(None))?;
    let regular = found.kind == FileKind::Regular && actor.may_be_kept_off(behind, found);
    if regular || actor.may_be_kept_off(directory, named) {
        let owner = "is another's in a sticky directory, which the kernel may forbid";
        return Err(blind(format!("{path} {owner}")));
    }
    if found.kind == FileKind::Regular && access.full == Some(true) {
        return Err(warns(format!("{path}: its file system is full, nothing more is written")));
    }
    Ok(())
}

/// A place that was not seen: where its file system does not answer, or may not be read, no new master opens it either.
fn not_seen(path: &Path, lack: Option<&Lack>) -> Said {
    (lack.map_or(CheckState::Blind, unseen), format!("{}, not seen", shown(path)))
}

fn writable(access: Access, path: &str) -> Open {
    if access.read_only {
        Err(stops(format!("{path} is mounted read-only")))
    } else if access.fixed {
        Err(blind(format!("{path} is immutable or append-only")))
    } else {
        Ok(())
    }
}

fn decided(may: Option<bool>, path: &str, what: &str) -> Open {
    match may {
        Some(true) => Ok(()),
        Some(false) => Err(stops(format!("{path} is not its user's to {what}"))),
        None => Err(blind(format!("whether its user may {what} {path} is not known"))),
    }
}
