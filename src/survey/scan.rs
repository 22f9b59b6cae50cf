//! The first pass: a cheap look at every process, to find those that may belong to a server.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{Candidate, Recognised, Server};
use crate::facts::process::{CommandLine, parse_command_line};
use crate::os::{Ask, Found, Pid, ProcText, Refusal, Source};
use crate::servers::SERVERS;

/// Looks between which every process is read again; in between only new ones are, so that a
/// process which becomes a server without a new pid (`exec`) is seen after that many at the latest.
const FULL_EVERY: u32 = 5;

/// What the first pass knows, from look to look.
#[derive(Default)]
pub struct Scan {
    looks: u32,
    strangers: BTreeSet<Pid>,
}

/// What one first pass found.
#[derive(Default)]
pub struct Scanned {
    /// How many processes there are.
    pub processes: usize,
    /// Those that did not show their command line, and why.
    pub unread: BTreeMap<Pid, Refusal>,
    /// Those that a server recognises, by pid.
    pub recognised: BTreeMap<Pid, (&'static Server, Recognised, CommandLine)>,
    /// Why the list of processes could not be read at all.
    pub refused: Option<Refusal>,
}

impl Scan {
    /// One pass over all processes.
    pub fn pass(&mut self, source: &dyn Source) -> Scanned {
        let mut scanned = Scanned::default();
        let pids = match source.ask_one(Ask::Pids) {
            Ok(Found::Pids(pids)) => pids,
            Ok(_) => return scanned,
            Err(refusal) => {
                scanned.refused = Some(refusal);
                return scanned;
            }
        };
        scanned.processes = pids.len();
        if pids.is_empty() {
            // A proc file system lists at least the one who reads it.
            let why = "it lists no process, not even farrier's own";
            scanned.refused = Some(Refusal::Unsupported(why.into()));
            return scanned;
        }
        // Whoever looks but twice, to see what lasts, sees everything both times.
        let full = self.looks < 2 || self.looks.is_multiple_of(FULL_EVERY);
        self.looks = self.looks.wrapping_add(1);
        let asked: Vec<Pid> =
            pids.iter().copied().filter(|pid| full || !self.strangers.contains(pid)).collect();
        let mut strangers: BTreeSet<Pid> =
            if full { BTreeSet::new() } else { std::mem::take(&mut self.strangers) };
        strangers.retain(|pid| pids.binary_search(pid).is_ok());
        let asks: Vec<Ask> = asked.iter().map(|pid| Ask::Text(*pid, ProcText::Cmdline)).collect();
        for (pid, answer) in asked.into_iter().zip(source.ask(&asks)) {
            match answer {
                // While a process becomes another program it has none: it may be a server a moment later.
                Ok(Found::Bytes(bytes)) if bytes.is_empty() => {}
                Ok(Found::Bytes(bytes)) => match recognise(&parse_command_line(&bytes)) {
                    Some((server, recognised, line)) => {
                        scanned.recognised.insert(pid, (server, recognised, line));
                    }
                    None => {
                        strangers.insert(pid);
                    }
                },
                Ok(_) | Err(Refusal::Gone | Refusal::Zombie) => {}
                Err(refusal) => {
                    scanned.unread.insert(pid, refusal);
                }
            }
        }
        self.strangers = strangers;
        scanned
    }
}

/// Whether a process's own command line is that of a server.
pub fn is_server(source: &dyn Source, pid: Pid) -> bool {
    let line = source.ask_one(Ask::Text(pid, ProcText::Cmdline));
    matches!(line, Ok(Found::Bytes(bytes)) if recognise(&parse_command_line(&bytes)).is_some())
}

/// The server that recognises a command line, if one does.
pub fn recognise(line: &CommandLine) -> Option<(&'static Server, Recognised, CommandLine)> {
    if line.words.is_empty() {
        return None;
    }
    let candidate = Candidate { words: line.words.raw() };
    SERVERS
        .iter()
        .find_map(|server| (server.recognise)(&candidate).map(|r| (*server, r, line.clone())))
}
