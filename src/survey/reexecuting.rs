//! New masters that another program stands for: a wrapper's shell, until it executes the server.

use super::adopt::{Member, children, is_bare_fork};
use super::once::Once;
use super::read::Setting;
use super::scan::Scanned;
use crate::contract::{Part, Recognised};
use crate::model::Process;
use crate::os::{Ask, Found, Pid, ProcText};

/// The children of a master that no server recognises, and that were executed with its sockets: what they run will become
/// its successor. Other programs that it starts inherit the variable alone, since its sockets are closed to them.
pub fn reexecuting(setting: &Setting<'_>, scanned: &Scanned, master: &Member) -> Vec<Member> {
    let Some(variable) = master.server.beside.map(|beside| beside.sockets) else {
        return Vec::new();
    };
    let strangers = children(setting.once, master.process.pid)
        .into_iter()
        .filter(|pid| !scanned.recognised.contains_key(pid))
        // A wrapper that does not end in `exec` stays above the server.
        .filter(|pid| {
            let below = children(setting.once, *pid);
            !below.iter().any(|child| scanned.recognised.contains_key(child))
        })
        .filter(|pid| has_variable(setting.once, *pid, variable));
    let executed = strangers.filter_map(|pid| setting.process(pid, Part::Raw)).filter(|process| {
        process.stat.get().is_some_and(|stat| stat.block.is_some())
            && !is_bare_fork(process, &master.process)
            && holds_its_sockets(process, &master.process, variable)
    });
    let member = |process: Process| {
        let line = process.command_line.get();
        Member {
            server: master.server,
            recognised: Recognised {
                part: Part::Raw,
                arguments: master.recognised.arguments.clone(),
                program: line
                    .and_then(|line| line.words.raw().first().cloned())
                    .unwrap_or_default(),
                tag: None,
                certain: true,
            },
            process,
        }
    };
    executed.map(member).collect()
}

fn has_variable(once: &Once<'_>, pid: Pid, variable: &str) -> bool {
    let start = format!("{variable}=");
    matches!(once.one(&Ask::Text(pid, ProcText::Environ)), Ok(Found::Bytes(block))
        if block.bytes().split(|byte| *byte == 0).any(|entry| entry.starts_with(start.as_bytes())))
}

/// Whether the numbers in its variable are sockets, and the very ones of the master.
fn holds_its_sockets(process: &Process, master: &Process, variable: &str) -> bool {
    let value = process.environ.get().and_then(|environ| environ.value(variable)?.utf8());
    let numbers: Vec<u32> =
        value.unwrap_or_default().split(',').filter_map(|number| number.parse().ok()).collect();
    let at = |process: &Process, number: u32| {
        let all = process.descriptors.get()?;
        all.iter().find(|one| one.fd == number).map(|one| one.target.clone())
    };
    !numbers.is_empty()
        && numbers.iter().all(|number| {
            let own = at(process, *number);
            own.as_ref().is_some_and(|own| own.bytes().starts_with(b"socket:"))
                && own == at(master, *number)
        })
}
