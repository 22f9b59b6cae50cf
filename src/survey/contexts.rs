//! Restart contexts from the memory of masters: read once a generation, since searching a whole memory is dear.

use std::collections::BTreeMap;

use super::adopt::Tree;
use crate::facts::process::parse_stat;
use crate::facts::{Fact, Lack, Place, bytes, fact};
use crate::model::{Phase, Process};
use crate::os::{Arguments, Ask, Found, Pid, ProcText, Refusal, Source, StartContext};

/// What is known of each master's restart context.
#[derive(Default)]
pub struct Contexts {
    known: BTreeMap<Pid, (Generation, Fact<StartContext>)>,
}

/// What has to change for a context to be read again: another program, or other workers, which a HUP forks anew after
/// it has read the configuration.
#[derive(PartialEq, Eq)]
struct Generation {
    started: Option<u64>,
    phase: Phase,
    arguments: Arguments,
    workers: Vec<(Pid, Option<u64>)>,
}

impl Contexts {
    /// Reads those of the masters that are new or have changed, and forgets those that are gone. A tree that ended in
    /// between, master and workers, is left out of the look: whatever else is read of it would be nothing.
    pub fn look(&mut self, source: &dyn Source, trees: &mut Vec<Tree>) {
        self.read(source, trees);
        let is_gone = |pid| {
            let stat = fact(
                &Ask::Text(pid, ProcText::Stat),
                source.ask_one(Ask::Text(pid, ProcText::Stat)),
                bytes,
            );
            match stat.then(|text| parse_stat(&text)).value {
                Ok(stat) => stat.state.is_dead(),
                Err(lack) => lack == Lack::Refused(Refusal::Gone),
            }
        };
        trees.retain(|tree| {
            let context = self.of(tree.master.process.pid);
            let ended =
                matches!(context.lack(), Some(Lack::Refused(Refusal::Gone | Refusal::Zombie)));
            let ended = ended && tree.phase != Phase::Zombie;
            let mut all = std::iter::once(&tree.master.process)
                .chain(tree.workers.iter().map(|(worker, _)| worker));
            !ended || !all.all(|process| is_gone(process.pid))
        });
    }

    fn read(&mut self, source: &dyn Source, trees: &[Tree]) {
        let mut before = std::mem::take(&mut self.known);
        let mut new: Vec<(Pid, Generation)> = Vec::new();
        for tree in trees.iter().filter(|tree| tree.master.server.keeps_start_context) {
            let master = &tree.master;
            let pid = master.process.pid;
            let generation = Generation {
                started: master.process.identity().1,
                phase: tree.phase,
                arguments: master.recognised.arguments.clone(),
                workers: tree.workers.iter().map(|(worker, _)| Process::identity(worker)).collect(),
            };
            match before.remove(&pid).filter(|(known, _)| *known == generation) {
                Some(kept) => drop(self.known.insert(pid, kept)),
                None => new.push((pid, generation)),
            }
        }
        let ask =
            |(pid, now): &(Pid, Generation)| Ask::StartContext(*pid, now.arguments.raw().to_vec());
        let asks: Vec<Ask> = new.iter().map(ask).collect();
        for (((pid, generation), ask), answer) in new.into_iter().zip(&asks).zip(source.ask(&asks))
        {
            let context = fact(ask, answer, |found| match found {
                Found::StartContext(context) => Ok(*context),
                _ => Err(Lack::Malformed("another kind of answer")),
            });
            self.known.insert(pid, (generation, context));
        }
    }

    /// That of one master.
    pub fn of(&self, pid: Pid) -> Fact<StartContext> {
        self.known.get(&pid).map_or_else(
            || Fact::lacking(Place::new(format!("/proc/{pid}/mem")), Lack::NotAsked),
            |(_, context)| context.clone(),
        )
    }

    /// Forgets all: they are read again at the next look.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}
