//! Two masters compared: what one process has become, or what differs of the one that took another's place.

use std::collections::BTreeMap;

use super::{Change, Compare, Compared, Fate, Value, changed};
use crate::facts::Fact;
use crate::facts::environ::Environ;
use crate::facts::files::{Linked, Spot};
use crate::model::{Gemfile, Master, Phase, Worker};
use crate::os::{Pid, Text};

impl Compare<'_> {
    /// A master of the later side, and the one that it was or whose place it took.
    pub(super) fn master(&mut self, before: &Master, after: &Master, fate: Fate) -> Compared {
        let mut changes = Vec::new();
        if fate == Fate::Stayed {
            let role = |master: &Master| Value::of(Some(master.role.name()));
            changes.extend(changed("role", role(before), role(after)));
            let phase = |master: &Master| Value::of(Some(phase(master)));
            changes.extend(changed("state", phase(before), phase(after)));
        }
        changes.extend(self.runs(before, after));
        changes.extend(self.next(before, after));
        let (environment, hidden_alike) = self.environments(before, after);
        let libraries = self.libraries(&before.process, &after.process);
        let stayed = fate == Fate::Stayed;
        let mut compared = Compared {
            changes,
            environment,
            hidden_alike,
            libraries,
            instead_of: (!stayed).then_some(before.process.pid),
            ..alone(after, fate)
        };
        if stayed {
            compared.workers_came = self.beyond(&after.workers, &before.workers);
            compared.workers_went = self.beyond(&before.workers, &after.workers);
        }
        compared
    }

    /// Workers of one list that are not in the other.
    fn beyond(&self, these: &[Worker], others: &[Worker]) -> Vec<Pid> {
        these
            .iter()
            .filter(|one| !others.iter().any(|other| self.is_same(&one.process, &other.process)))
            .map(|one| one.process.pid)
            .collect()
    }

    /// What they run.
    fn runs(&mut self, before: &Master, after: &Master) -> Vec<Change> {
        let (was, is) = (&before.process, &after.process);
        let release = self.texts("release", (before, &before.release), (after, &after.release));
        let known = |what: &str, was: &Option<String>, is: &Option<String>| {
            changed(what, Value::of(was.as_deref()), Value::of(is.as_deref()))
        };
        let server = after.kind.name();
        let path = |linked: &Linked| Text::from(linked.path.as_path());
        [
            release,
            known("revision", &before.revision, &after.revision),
            known("Ruby", &before.ruby_version, &after.ruby_version),
            known(server, &before.server_version, &after.server_version),
            self.fact("user", (before, &was.user), (after, &is.user), Text::clone),
            self.fact("directory", (before, &was.cwd), (after, &is.cwd), path),
            self.fact("program", (before, &was.exe), (after, &is.exe), path),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What the next re-execution would run.
    fn next(&mut self, before: &Master, after: &Master) -> Vec<Change> {
        let (was, is) = (&before.restart, &after.restart);
        let mut changes = Vec::new();
        if let Some((was, is)) = self.both(
            "Gemfile of the next USR2",
            (Some(before.process.pid), &was.gemfile),
            (Some(after.process.pid), &is.gemfile),
        ) {
            let path = |gemfile: &Option<Gemfile>| {
                Value::of(gemfile.as_ref().map(|gemfile| gemfile.file.path.as_path()))
            };
            changes.extend(changed("next Gemfile", path(was), path(is)));
        }
        let spot = |spot: &Spot| Text::from(spot.path.as_path());
        let directories = ((before, &was.directory), (after, &is.directory));
        changes.extend(self.fact("next directory", directories.0, directories.1, spot));
        let programs = ((before, &was.program), (after, &is.program));
        changes.extend(self.fact("next program", programs.0, programs.1, spot));
        changes
    }

    fn texts(
        &mut self,
        what: &str,
        before: (&Master, &Fact<Option<String>>),
        after: (&Master, &Fact<Option<String>>),
    ) -> Option<Change> {
        let pid = |master: &Master| Some(master.process.pid);
        let (was, is) = self.both(what, (pid(before.0), before.1), (pid(after.0), after.1))?;
        let value = |text: &Option<String>| Value::of(text.as_deref());
        changed(what, value(was), value(is))
    }

    fn fact<T>(
        &mut self,
        what: &str,
        before: (&Master, &Fact<T>),
        after: (&Master, &Fact<T>),
        text: impl Fn(&T) -> Text,
    ) -> Option<Change> {
        let pid = |master: &Master| Some(master.process.pid);
        let (was, is) = self.both(what, (pid(before.0), before.1), (pid(after.0), after.1))?;
        changed(what, Value::Shown(text(was)), Value::Shown(text(is)))
    }

    /// The environments that they hand on, live where both are known so; and how many hidden ones are of one length.
    fn environments(&mut self, before: &Master, after: &Master) -> (Vec<Change>, usize) {
        let (was, is) = (&before.process, &after.process);
        let live = was.live.get().is_some() && is.live.get().is_some();
        let facts = if live { (&was.live, &is.live) } else { (&was.environ, &is.environ) };
        let pids = (Some(was.pid), Some(is.pid));
        let both = self.both("environment", (pids.0, facts.0), (pids.1, facts.1));
        let Some((was, is)) = both else { return (Vec::new(), 0) };
        let (was, is) = (self.values(was), self.values(is));
        let mut names: Vec<&Text> = was.keys().chain(is.keys()).collect();
        names.sort();
        names.dedup();
        let value = |all: &BTreeMap<Text, Value>, name: &Text| {
            all.get(name).cloned().unwrap_or(Value::Nothing)
        };
        let alike = |name: &&&Text| {
            matches!(value(&was, name), Value::Hidden(_)) && was.get(**name) == is.get(**name)
        };
        let hidden_alike = names.iter().filter(alike).count();
        let changes = names
            .iter()
            .filter_map(|name| changed((*name).clone(), value(&was, name), value(&is, name)))
            .collect();
        (changes, hidden_alike)
    }

    /// Values by name; of a repeated name the one that `getenv(3)` finds.
    fn values(&self, environ: &Environ) -> BTreeMap<Text, Value> {
        let mut all = BTreeMap::new();
        for variable in &environ.variables {
            all.entry(variable.name.clone()).or_insert_with(|| {
                (self.harmless)(&variable.name, &variable.value)
                    .map_or(Value::Hidden(variable.value.len()), Value::Shown)
            });
        }
        all
    }
}

/// A master without another to compare it with.
pub(super) fn alone(master: &Master, fate: Fate) -> Compared {
    let workers = || master.workers.iter().map(|worker| worker.process.pid).collect();
    let (came, went) = match fate {
        Fate::Stayed => (Vec::new(), Vec::new()),
        Fate::Came => (workers(), Vec::new()),
        Fate::Went => (Vec::new(), workers()),
    };
    Compared {
        pid: master.process.pid,
        role: master.role,
        fate,
        instead_of: None,
        changes: Vec::new(),
        environment: Vec::new(),
        hidden_alike: 0,
        libraries: Vec::new(),
        workers_came: came,
        workers_went: went,
    }
}

/// How far it is, in one word.
fn phase(master: &Master) -> &'static str {
    match master.phase {
        _ if master.process.is_dead() => "zombie",
        _ if master.process.is_stopped() => "stopped",
        Phase::Starting => "starting",
        Phase::Loading => "loading",
        Phase::Ready => "ready",
        Phase::Zombie => "zombie",
    }
}
