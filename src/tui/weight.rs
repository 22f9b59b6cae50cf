//! How much memory a look takes that another one does not hold as well.

use std::collections::BTreeMap;
use std::mem::size_of;

use super::look::Look;
use crate::contract::{Answered, Verdict, Verdicts};
use crate::facts::environ::Environ;
use crate::facts::{Fact, Shared};
use crate::model::{App, Master, Process, Worker};
use crate::os::Pid;

/// What the allocator adds to a piece.
const PIECE: usize = 16;
/// The rest of a look: the machine, what was searched.
const ROUND: usize = 2048;

/// About how many bytes a look takes besides what the look before it holds too: what processes have mapped, open and in
/// their environments is most of it.
pub fn weight(look: &Look, before: Option<&Look>) -> usize {
    let apps = look.census.apps.iter().map(|app| {
        let was = before.and_then(|before| before.census.apps.iter().find(|was| was.id == app.id));
        of_app(app, was)
    });
    let same_words =
        before.is_some_and(|before| std::sync::Arc::ptr_eq(&before.verdicts, &look.verdicts));
    let words = if same_words { 0 } else { of_words(&look.verdicts) };
    ROUND + words + apps.sum::<usize>()
}

fn of_words(verdicts: &Verdicts) -> usize {
    let findings = |answered: &Answered| match &answered.verdict {
        Verdict::Found(findings, _) => findings.len(),
        Verdict::Fine | Verdict::NotHere | Verdict::Blind(_) => 0,
    };
    let all = verdicts.0.iter();
    all.map(|answered| size_of_val(answered) + 2 * PIECE + findings(answered) * 2048).sum()
}

/// A shared value's own weight, where it is not held by the look before.
fn alone<T>(now: &Shared<T>, was: Option<&Shared<T>>, weight: impl FnOnce(&T) -> usize) -> usize {
    let pointer = size_of::<Shared<T>>();
    let is_held = was.is_some_and(|was| now.is_one_with(was));
    pointer + if is_held { 0 } else { size_of::<T>() + PIECE + weight(now) }
}

fn of_app(app: &App, was: Option<&App>) -> usize {
    let were: BTreeMap<Pid, &Process> =
        was.into_iter().flat_map(App::processes).map(|process| (process.pid, process)).collect();
    let processes = app.processes().map(|now| of_process(now, were.get(&now.pid).copied()));
    let masters = app
        .masters
        .iter()
        .map(|master| of_master(master, was.and_then(|was| was.master(master.process.pid))));
    let releases = |layout: &Fact<Option<crate::model::Layout>>| {
        let layout = layout.get().and_then(Option::as_ref);
        layout.and_then(|layout| layout.releases.get()).map_or(0, Vec::len) * 1024
    };
    size_of::<App>()
        + alone(&app.layout, was.map(|was| &was.layout), releases)
        + alone(&app.pidfiles, was.map(|was| &was.pidfiles), |all| all.len() * 2048)
        + alone(&app.listeners, was.map(|was| &was.listeners), |all| all.len() * 512)
        + masters.sum::<usize>()
        + processes.sum::<usize>()
}

fn of_master(master: &Master, was: Option<&Master>) -> usize {
    size_of::<Master>()
        + 512
        + alone(&master.config, was.map(|was| &was.config), |_| 1024)
        + alone(&master.loaded, was.map(|was| &was.loaded), |_| 1024)
        + alone(&master.restart, was.map(|was| &was.restart), |_| 4096)
        + alone(&master.supervisor, was.map(|was| &was.supervisor), |_| 256)
        + alone(&master.log, was.map(|was| &was.log), |_| 1024)
        + alone(&master.databases, was.map(|was| &was.databases), |_| 64)
        + alone(&master.upstreams, was.map(|was| &was.upstreams), |_| 64)
}

fn of_process(process: &Process, was: Option<&Process>) -> usize {
    let environ = |environ: &Fact<Environ>| {
        let variables = environ.get().map_or(&[][..], |environ| &environ.variables);
        let each = |one: &crate::facts::environ::Variable| {
            one.name.len() + one.value.len() + 2 * PIECE + size_of_val(one)
        };
        variables.iter().map(each).sum::<usize>()
    };
    let inner = was.map(|was| &was.facts);
    let facts = alone(&process.facts, inner, |facts| {
        1024 + alone(&facts.environ, inner.map(|was| &was.environ), environ)
            + alone(&facts.live, inner.map(|was| &was.live), environ)
            + alone(&facts.maps, inner.map(|was| &was.maps), |maps| {
                let files = maps.get().map_or(&[][..], Vec::as_slice).iter();
                files
                    .map(|file| file.path.as_os_str().len() + PIECE + size_of_val(file))
                    .sum::<usize>()
            })
            + alone(&facts.libraries, inner.map(|was| &was.libraries), |all| {
                all.get().map_or(0, Vec::len) * 384
            })
            + alone(&facts.descriptors, inner.map(|was| &was.descriptors), |all| {
                all.get().map_or(0, Vec::len) * 96
            })
            + alone(&facts.limits, inner.map(|was| &was.limits), |all| {
                all.get().map_or(0, Vec::len) * 128
            })
    });
    size_of::<Worker>() + facts
}
