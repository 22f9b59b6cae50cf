//! What supervisors say of an app without a master, by their own files: that it is up, that it was stopped, or nothing.

mod services;
mod supervisord;
mod syslog;
mod systemd;

use std::path::{Path, PathBuf};

use super::idle::names_a_server;
use super::leftovers::pids;
use super::once::Once;
use super::read::Setting;
use super::realm;
use crate::contract::Server;
use crate::facts::process::{parse_command_line, parse_stat};
use crate::facts::{Lack, Place, bytes};
use crate::model::App;
use crate::os::{Ask, Pid, ProcLink, ProcText, Text};
use crate::servers::server;

/// So much of a unit or a script is read.
const BOUND: u32 = 16 * 1024;
/// So many services of a directory are read.
const MOST: usize = 256;

/// What a supervisor says of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No supervisor here has a service for it.
    None,
    /// It has it up; the service.
    Up(String),
    /// It is starting, or between two starts.
    Starting,
    /// It wants it up and has given up on it.
    Failed {
        /// How that is told, subject first.
        how: String,
        /// Where.
        place: Place,
        /// What starts it.
        starts: String,
    },
    /// It has a service for it, and what it was told could not be seen.
    Unseen(Place, Lack),
    /// It is to run at boot and does not run now: it failed, or was stopped on purpose, and nothing readable tells which.
    Untold {
        /// What is not told.
        what: String,
        /// Where it was looked for.
        place: Place,
        /// Why, and what settles it.
        why: Lack,
        /// What starts it.
        starts: String,
    },
    /// Its supervisor has not taken it up yet; what starts it.
    Down(String),
    /// It was stopped on purpose; who says so.
    Stopped(String),
}

/// What the supervisors of this machine say of an app: one that has it up before one that starts it, these before one
/// that gave up, and all before one that was told to stop it. One that has not taken it up says least.
pub fn standing(setting: &Setting<'_>, app: &App) -> Result<Standing, (Place, Lack)> {
    let mut all = services::say(setting, app);
    all.extend(supervisord::say(setting, app));
    all.extend(systemd::say(setting, app)?);
    Ok(all.into_iter().min_by_key(rank).unwrap_or(Standing::None))
}

fn rank(standing: &Standing) -> u8 {
    match standing {
        Standing::Up(_) => 0,
        Standing::Starting => 1,
        Standing::Failed { .. } => 2,
        Standing::Unseen(..) => 3,
        Standing::Untold { .. } => 4,
        Standing::Stopped(_) => 5,
        Standing::Down(_) => 6,
        Standing::None => 7,
    }
}

/// Whether a service is the app's: it names its pidfile, or its root and a server.
fn is_its(text: &Text, app: &App) -> bool {
    let names = |path: &Path| {
        let path = Text::from(path);
        let path = path.bytes();
        let lines = text.bytes().split(|byte| *byte == b'\n');
        lines.filter(|line| !line.trim_ascii_start().starts_with(b"#")).any(|line| {
            let mut at = line.windows(path.len().max(1)).enumerate();
            at.any(|(start, window)| {
                let next = line.get(start + path.len());
                let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
                window == path && !next.is_some_and(goes_on)
            })
        })
    };
    let pidfile = app.pidfiles.iter().any(|file| !file.named_by.is_empty() && names(&file.path));
    let is_proxy = server(app.kind).is_some_and(Server::is_proxy);
    pidfile || (names_a_server(text) && (names(&app.root) || is_proxy))
}

/// A living process's words, and where it works.
struct Program {
    pid: Pid,
    words: Vec<PathBuf>,
}

/// Programs that keep services up by files of their own.
const SUPERVISORS: &[&str] =
    &["runsv", "supervise", "s6-supervise", "runsvdir", "svscan", "s6-svscan", "supervisord"];

/// Every process of this machine's own world that is one of them.
fn programs(setting: &Setting<'_>) -> Vec<Program> {
    let once = setting.once;
    let all = pids(once);
    once.fetch(all.iter().map(|pid| Ask::Text(*pid, ProcText::Cmdline)).collect());
    all.into_iter()
        .filter_map(|pid| {
            let ask = Ask::Text(pid, ProcText::Cmdline);
            let line = once.fact(&ask, |found| Ok(parse_command_line(&bytes(found)?)));
            let words = line.value.ok()?.words;
            let words = words.raw().iter().map(|word| word.path().to_path_buf()).collect();
            let program = Program { pid, words };
            // Another container's services are told by files that are not looked at.
            let supervises = (0..3).any(|at| SUPERVISORS.contains(&program.name(at)));
            (supervises && realm::is_ours(setting, pid)).then_some(program)
        })
        .collect()
}

impl Program {
    /// The name of the program, or of the script, at that word.
    fn name(&self, at: usize) -> &str {
        let word = self.words.get(at).and_then(|word| word.file_name());
        word.and_then(|name| name.to_str()).unwrap_or_default()
    }

    fn cwd(&self, once: &Once<'_>) -> Option<PathBuf> {
        let cwd = once.fact(&Ask::Link(self.pid, ProcLink::Cwd), bytes).value.ok()?;
        Some(cwd.path().to_path_buf())
    }
}

fn lives(once: &Once<'_>, pid: Pid) -> bool {
    let stat = once.fact(&Ask::Text(pid, ProcText::Stat), |found| parse_stat(&bytes(found)?));
    stat.get().is_some_and(|stat| !stat.state.is_dead())
}
