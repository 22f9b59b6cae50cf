//! What a fix says of a server's own ways: to new code, to an end, to another worker. Its card tells which signals do that;
//! where it has none, the service does.

use crate::contract::quote::{self, farrier};
use crate::contract::{Restart, Server, Way};
use crate::model::{App, Layout, Master, Operation, Signal, Supervisor};
use crate::os::Pid;
use crate::servers::server;

use super::masters::cannot_act;
use super::renewal;
use super::usr2::{self, GivenUp};

/// The signal by which an app's server carries out an operation, as `kill` names it.
fn by(app: &App, operation: Operation) -> Option<&'static str> {
    let uses = server(app.kind)?.operations.iter().find(|by| by.operation == operation)?;
    Some(short(uses.signal))
}

fn short(signal: Signal) -> &'static str {
    signal.as_str().trim_start_matches("SIG")
}

/// Whether a second generation takes over from the first here, with hooks that know of it.
fn hands_over(app: &App) -> bool {
    server(app.kind).is_some_and(|server: &Server| server.keeps_start_context)
}

/// What the next restart by a signal is called in a sentence.
pub fn restart(app: &App) -> &'static str {
    let server = server(app.kind).filter(|server| server.reexecutes);
    let beside = server.and_then(|server| server.beside).map(|beside| short(beside.signal));
    let other = if server.is_some() { "re-execution" } else { "restart" };
    by(app, Operation::Upgrade).or(beside).unwrap_or(other)
}

/// What comes of a restart by a signal whose program cannot be executed, or whose directory is gone: a sentence.
pub fn fails_to_execute(app: &App, master: &Master) -> String {
    let (signal, pid) = (restart(app), master.process.pid);
    let on_paths = app.listeners.iter().any(|listener| listener.file.is_some());
    match master.beside {
        Some(beside) if beside.takes_sockets && on_paths => format!(
            "{signal} takes the files of its sockets away, and nobody can connect until a stop and a start."
        ),
        Some(beside) if beside.takes_sockets => {
            format!(
                "{signal} replaces the workers of {pid} by the same code and takes its pidfile."
            )
        }
        Some(_) => format!("Every {signal} comes to nothing, and the old code serves on."),
        None => format!("{signal} ends {pid}, and nothing serves."),
    }
}

/// What comes of a restart and of a reload whose configuration is gone: a sentence.
pub fn fails_to_configure(app: &App, master: &Master) -> String {
    let (signal, pid) = (restart(app), master.process.pid);
    match master.beside {
        Some(_) if hands_over(app) => {
            format!("Every {signal} comes to nothing; a reload keeps the old configuration.")
        }
        Some(_) => format!("Every {signal} comes to nothing; a reload ends {pid}."),
        None => format!("{signal} ends {pid}, and nothing serves."),
    }
}

/// What would make a restart by a signal come to nothing now, in words; `None`: nothing that was seen.
pub fn obstacle(app: &App, master: &Master) -> Option<String> {
    if hands_over(app) {
        return usr2::obstacle(app, master);
    }
    cannot_act(master)
}

/// Whether the release that `current` names was tried by this master and did not stay.
pub fn given_up<'a>(app: &'a App, master: &'a Master) -> Option<GivenUp<'a>> {
    usr2::given_up(app, master).filter(|_| hands_over(app))
}

/// Where the next restart would not run what `current` names, in words; `None`: nowhere else, as far as was seen.
pub fn leads_elsewhere(app: &App, layout: &Layout, master: &Master) -> Option<String> {
    usr2::leads_elsewhere(layout, master).filter(|_| hands_over(app))
}

/// What brings a master to run anew what is there now, as a command to people.
pub fn renew(app: &App) -> &'static str {
    if by(app, Operation::Upgrade).is_some() { "upgrade" } else { "restart" }
}

/// What retires the old master of two, and what goes back, in words before whom to; `None`: neither is known of this server.
pub fn ends_handover(app: &App, old: Pid, new: Pid) -> Option<(String, String)> {
    if by(app, Operation::Retire).is_some() {
        let goes_on = format!("upgrade goes on and retires {old}");
        return Some((goes_on, "rollback goes back to".into()));
    }
    let signal = by(app, Operation::Stop)?;
    Some((format!("{signal} to {old} retires it"), format!("{signal} to {new} goes back to")))
}

/// The lines of a fix that bring the code that `current` names.
pub fn new_code(app: &App, master: &Master) -> Vec<String> {
    if hands_over(app) {
        usr2::lines(app, master)
    } else if let Some(restart) = upgrades(app, master) {
        let signal = short(restart.by().signal);
        let first = format!("# {signal} to {}: {}", master.process.pid, restart.way().does());
        let dark = "# no worker serves until it has loaded; one that does not load is an outage";
        let dark = (restart.way() == Way::InPlace).then(|| dark.to_owned());
        let command = farrier("upgrade", &app.id);
        std::iter::once(first).chain(dark).chain([command]).collect()
    } else {
        by_service(master)
    }
}

/// The same in a few words, for the headline.
pub fn new_code_in_short(app: &App, master: &Master) -> String {
    let pid = master.process.pid;
    match (by(app, Operation::Upgrade), upgrades(app, master)) {
        (Some(signal), _) if hands_over(app) => {
            format!("upgrade: {signal} to {pid}, then retire it")
        }
        (_, Some(restart)) => {
            let signal = short(restart.by().signal);
            let how = match restart.way() {
                Way::Rolling => "worker by worker",
                Way::InPlace | Way::Beside => "in place",
            };
            format!("upgrade: {signal} to {pid}, {how}")
        }
        _ => match unit(master) {
            Some(name) => format!("restart it: systemctl restart {name}"),
            None => "restart it by what starts it".into(),
        },
    }
}

/// How farrier itself brings this master to new code, where nothing is seen that would keep it from that.
fn upgrades(app: &App, master: &Master) -> Option<&'static Restart> {
    renewal::best(app, master).filter(|_| renewal::against(app, master).is_none())
}

fn unit(master: &Master) -> Option<String> {
    match master.supervisor.get() {
        Some(Supervisor::Unit(unit)) if unit.file.is_some() => Some(quote::unit(&unit.name)),
        _ => None,
    }
}

fn by_service(master: &Master) -> Vec<String> {
    match unit(master) {
        Some(name) => vec![format!("systemctl restart {name}")],
        None => vec![format!("# restart {} by what starts it at boot", master.process.pid)],
    }
}

/// Ends a master once its requests are done: a line of a fix.
pub fn end(app: &App, pid: Pid) -> String {
    let words = end_in_words(app, pid);
    if by(app, Operation::Stop).is_some() { words } else { format!("# {words}") }
}

/// The same within a sentence.
pub fn end_in_words(app: &App, pid: Pid) -> String {
    match by(app, Operation::Stop) {
        Some(signal) => format!("kill -{signal} {pid}"),
        None => format!("end {pid} by what started it"),
    }
}

/// How masters are ended so that they remove what they wrote.
pub fn ends_cleanly(app: &App) -> String {
    match by(app, Operation::Stop) {
        Some("TERM") | None => "stop masters with TERM: then they remove their pidfile".into(),
        Some(signal) => {
            format!("stop masters with {signal} or TERM: then they remove their pidfile")
        }
    }
}

/// As many workers more as are lacking, a second apart: equal signals that come together count once.
pub fn add_workers(app: &App, master: &Master, lacking: u32) -> String {
    let pid = master.process.pid;
    let Some(signal) = by(app, Operation::AddWorker) else {
        return format!("# {pid} is to have {lacking} more: restart it by what starts it");
    };
    match lacking {
        0 | 1 => format!("kill -{signal} {pid}"),
        more => {
            let times: Vec<String> = (1..=more).map(|n| n.to_string()).collect();
            format!("for n in {}; do kill -{signal} {pid}; sleep 1; done", times.join(" "))
        }
    }
}

/// The same in a few words, for the headline.
pub fn add_workers_in_short(app: &App, master: &Master, what: &str) -> String {
    let pid = master.process.pid;
    match by(app, Operation::AddWorker) {
        Some(signal) => format!("add {what}: {signal} to {pid}"),
        None => format!("restart {pid} by what starts it"),
    }
}

/// The reload that reads the configuration anew, where that changes nothing else.
pub fn harmless_reload(app: &App, master: &Master) -> Option<String> {
    let signal = by(app, Operation::Reload)?;
    usr2::reload_is_harmless(app, master).then(|| format!("kill -{signal} {}", master.process.pid))
}

/// The link that brings a deleted release back as another name of the live one, and the restart after it, for a path that
/// leads into it. `None`: that would not help.
pub fn rescue(app: &App, master: &Master, path: &std::path::Path) -> Option<Vec<String>> {
    usr2::rescue(app, master, path).filter(|_| hands_over(app))
}
