//! The process above a master: whether it adopted the master, only waits for it, or does what only it knows.

use super::Around;
use crate::facts::bytes;
use crate::facts::process::{Stat, parse_command_line};
use crate::model::{Follows, Signal};
use crate::os::{Ask, Pid, ProcText, Refusal, Text};
use crate::survey::adopt::{stat, status};
use crate::survey::once::Once;

/// How far up the ancestors are looked at.
const ANCESTORS: usize = 8;

/// Shells, by their short names.
pub(super) const SHELLS: &[&[u8]] =
    &[b"sh", b"bash", b"dash", b"ash", b"ksh", b"mksh", b"zsh", b"fish", b"csh", b"tcsh"];

/// What runs a program as another user or on another terminal and ends with it: what stands above counts.
const CARRIERS: &[&[u8]] =
    &[b"sudo", b"su", b"runuser", b"doas", b"script", b"newgrp", b"sg", b"unshare", b"nsenter"];

/// What holds a terminal or a login for the programs below it: none of them starts one again.
const HOSTS: &[&[u8]] = &[
    b"tmux: server",
    b"tmux",
    b"screen",
    b"SCREEN",
    b"sshd",
    b"sshd-session",
    b"dropbear",
    b"login",
    b"agetty",
    b"mosh-server",
    b"dtach",
    b"abduco",
];

/// Managers of the whole machine: what they adopt is nobody's, and what they start is a unit's.
const MANAGERS: &[&[u8]] = &[b"systemd", b"init"];

/// First processes that adopt whatever is left over, besides the one that they started.
const REAPERS: &[&[u8]] = &[b"tini", b"docker-init", b"catatonit"];

/// Interpreters, by the beginning of their names: what they run has the better name.
const INTERPRETERS: &[&str] =
    &["python", "ruby", "perl", "node", "php", "sh", "bash", "dash", "zsh", "ksh", "ash"];

/// A process above the master.
pub(super) struct Ancestor {
    /// The process.
    pub pid: Pid,
    /// Its `stat`.
    pub stat: Stat,
    /// It is the first process of the master's own pid namespace.
    pub is_first: bool,
}

/// A parent that did not just adopt the master.
pub(super) struct Parent {
    pub by: Pid,
    pub name: Text,
    pub does: Follows,
}

/// The processes above a master, the nearest first, up to the first one of its own pid namespace; earlier generations are
/// left out.
pub(super) fn ancestors(around: &Around<'_>) -> Vec<Ancestor> {
    let process = around.process;
    let depth = process.status.get().map_or(1, |status| status.ns_pids.len());
    let mut all = Vec::new();
    let mut at = process.stat.get().map_or(0, |stat| stat.ppid);
    while all.len() < ANCESTORS {
        let Some(pid) = Pid::new(at) else { break };
        let Some(stat) = stat(around.once, pid) else { break };
        let is_first = match depth {
            1 => at == 1,
            // Its numbers from farrier's namespace inwards: the last is its own.
            _ => match status(around.once, pid) {
                Some(status) if status.ns_pids.len() == depth => status.ns_pids.last() == Some(&1),
                _ => break,
            },
        };
        at = stat.ppid;
        if !around.masters.contains(&pid) {
            all.push(Ancestor { pid, stat, is_first });
        }
        if is_first {
            break;
        }
    }
    all
}

/// Who started the master and is still there; `None`: it was adopted.
pub(super) fn parent(around: &Around<'_>, ancestors: &[Ancestor]) -> Option<Parent> {
    let mut below = around.process.stat.get()?.clone();
    let mut below_pid = around.process.pid;
    let mut carrier: Option<&Ancestor> = None;
    for above in ancestors {
        let comm = above.stat.comm.bytes();
        if MANAGERS.contains(&comm) || !started(around.once, (below_pid, &below), above) {
            break;
        }
        if CARRIERS.contains(&comm) {
            carrier = carrier.or(Some(above));
            (below, below_pid) = (above.stat.clone(), above.pid);
            continue;
        }
        let waits = HOSTS.contains(&comm) || is_interactive(around.once, above);
        let by = if waits { carrier.unwrap_or(above) } else { above };
        let does = if waits { Follows::Waits } else { Follows::Acts(catches(around.once, by.pid)) };
        return Some(Parent { by: by.pid, name: called(around.once, by), does });
    }
    let by = carrier?;
    Some(Parent { by: by.pid, name: called(around.once, by), does: Follows::Waits })
}

/// Whether a process was started by the one above it, and not left to it by another that ended.
fn started(once: &Once<'_>, (pid, own): (Pid, &Stat), above: &Ancestor) -> bool {
    let leads = own.session == pid.number();
    if above.is_first {
        // A daemon has the session of a process that is gone; what ran beside the main program, that one's group.
        let near = own.session == above.stat.session
            && (own.group == pid.number() || own.group == above.stat.group);
        return near || (leads && !REAPERS.contains(&above.stat.comm.bytes()));
    }
    if leads || own.session == above.stat.session {
        return true;
    }
    let Some(leader) = Pid::new(own.session) else { return true };
    !matches!(once.one(&Ask::Text(leader, ProcText::Stat)), Err(Refusal::Gone))
}

/// Whether it is a shell that a person types into: it has a terminal and was given nothing to run.
fn is_interactive(once: &Once<'_>, above: &Ancestor) -> bool {
    if !SHELLS.contains(&above.stat.comm.bytes()) || above.stat.tty == 0 {
        return false;
    }
    let words = words(once, above.pid);
    let options = words.get(1..).unwrap_or_default();
    let runs = |word: &Text| match word.bytes() {
        [b'-', b'-', ..] => false,
        [b'-', letters @ ..] => letters.contains(&b'c'),
        _ => true,
    };
    let traps = status(once, above.pid).is_none_or(|s| s.caught.has(Signal::SIGUSR2));
    !words.is_empty() && !options.iter().any(runs) && !traps
}

/// The signals that a launcher is told by to restart what it started, as far as it catches them.
fn catches(once: &Once<'_>, pid: Pid) -> Vec<Signal> {
    let caught = status(once, pid).map(|status| status.caught);
    [Signal::SIGHUP, Signal::SIGUSR2]
        .into_iter()
        .filter(|signal| caught.is_some_and(|caught| caught.has(*signal)))
        .collect()
}

/// What a person calls it: the script that an interpreter runs, else its short name.
fn called(once: &Once<'_>, above: &Ancestor) -> Text {
    let comm = &above.stat.comm;
    let interprets = comm.utf8().is_some_and(|comm| {
        let bare = comm.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        INTERPRETERS.contains(&bare)
    });
    let words = if interprets { words(once, above.pid) } else { Vec::new() };
    // Behind `-c` and `-e` stands text, and no file.
    let text = |word: &Text| matches!(word.bytes(), b"-c" | b"-e");
    let mut own = words.iter().skip(1).take_while(|word| !text(word));
    let script = own.find(|word| !word.bytes().starts_with(b"-"));
    let name = script.and_then(|script| script.path().file_name());
    name.map_or_else(|| comm.clone(), |name| Text::from(std::path::Path::new(name)))
}

fn words(once: &Once<'_>, pid: Pid) -> Vec<Text> {
    let line = once.one(&Ask::Text(pid, ProcText::Cmdline)).map_err(Into::into).and_then(bytes);
    line.map_or_else(|_| Vec::new(), |line| parse_command_line(&line).words.raw().to_vec())
}
