//! What the next re-execution hands on besides the live environment: the sockets, and what `before_exec` sets.

use std::collections::BTreeMap;

use super::{Beside, Hook, Master, Setting};
use crate::facts::{Fact, Place};
use crate::os::Text;

/// What becomes of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It gets this value.
    Set(Text),
    /// It gets a value that only the server's own language can evaluate: the expression.
    Unknown(Text),
}

/// Variables by name, with what becomes of each and the place that says so.
pub type Changes = BTreeMap<Text, (Handed, Place)>;

/// The variables that a master's next re-execution hands on with another value than its live environment has, by name,
/// each with the place that says so. Unicorn writes `UNICORN_FD` and then runs `before_exec` in the forked process
/// (`http_server.rb`, `reexec`, 6.1): the configuration counts as the master loaded it, not as the disk now has it.
/// `None`: another server, which hands on something else (Puma its first environment, nginx one of its own).
pub fn handed_on(master: &Master) -> Option<Fact<Changes>> {
    master.beside.filter(|beside| beside.live).map(|beside| changes(master, beside))
}

fn changes(master: &Master, beside: Beside) -> Fact<Changes> {
    let live = &master.process.live;
    let environ = match &live.value {
        Ok(environ) => environ,
        Err(lack) => return Fact::lacking(live.place.clone(), lack.clone()),
    };
    let config = match &master.loaded.value {
        Ok(config) => config,
        Err(lack) => return Fact::lacking(master.loaded.place.clone(), lack.clone()),
    };
    let mut all = BTreeMap::new();
    match sockets(master) {
        Ok(Some(sockets)) => {
            let place = Place::new(format!("/proc/{}/fd", master.process.pid));
            all.insert(Text::from(beside.sockets), (Handed::Set(sockets), place));
        }
        Ok(None) => {}
        Err(lacking) => return lacking,
    }
    let at = |line: usize| Place::line(&config.file.path, line);
    for sweep in config.sweeps.iter().filter(|sweep| sweep.hook == Some(Hook::BeforeExec)) {
        for variable in &environ.variables {
            let handed = Handed::Unknown(sweep.text.clone());
            all.insert(variable.name.clone(), (handed, at(sweep.line)));
        }
    }
    for set in config.environment.iter().filter(|set| set.hook == Some(Hook::BeforeExec)) {
        let handed = match &set.value {
            Setting::Set { value, line } => (Handed::Set(value.clone()), at(*line)),
            Setting::Unevaluable { line, text } => (Handed::Unknown(text.clone()), at(*line)),
            Setting::NotSet => continue,
        };
        all.insert(set.name.clone(), handed);
    }
    for set in config.defaulted.iter().filter(|set| set.hook == Some(Hook::BeforeExec)) {
        let known = environ.variables.iter().any(|variable| variable.name == set.name);
        if !known && !all.contains_key(&set.name) {
            let handed = Handed::Unknown(Text::from("||= …"));
            all.insert(set.name.clone(), (handed, at(set.line)));
        }
    }
    all.retain(|name, (handed, _)| {
        let now = environ.variables.iter().find(|variable| variable.name == *name);
        !matches!(handed, Handed::Set(value) if now.is_some_and(|now| now.value == *value))
    });
    Fact::known(master.loaded.place.clone(), all)
}

/// The listening descriptors, as the new master is told of them; `None`: it listens on nothing.
fn sockets(master: &Master) -> Result<Option<Text>, Fact<Changes>> {
    let process = &master.process;
    let listens = match &master.listens.value {
        Ok(listens) => listens,
        Err(lack) => return Err(Fact::lacking(master.listens.place.clone(), lack.clone())),
    };
    let descriptors = match &process.descriptors.value {
        Ok(descriptors) => descriptors,
        Err(lack) => return Err(Fact::lacking(process.descriptors.place.clone(), lack.clone())),
    };
    let is_one = |target: &Text| {
        listens.iter().any(|inode| target.bytes() == format!("socket:[{inode}]").as_bytes())
    };
    let numbers: Vec<String> = descriptors
        .iter()
        .filter(|descriptor| is_one(&descriptor.target))
        .map(|descriptor| descriptor.fd.to_string())
        .collect();
    Ok((!numbers.is_empty()).then(|| Text::from(&*numbers.join(","))))
}
