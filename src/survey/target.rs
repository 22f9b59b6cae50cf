//! TARGET of the command line: which app, and which of its masters, a word names.

use std::path::{Path, PathBuf};

use crate::model::{App, AppId, Census, Leads, PidfileState};
use crate::os::{Pid, shown};

/// What a word named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The app.
    pub app: AppId,
    /// The master, where the word named one: by its pid, or by a pidfile that leads to it.
    pub master: Option<Pid>,
    /// The pidfile that was named. With no `master` it leads to no living master of the app: enough to look at the
    /// app, never enough to choose whom a signal is for.
    pub pidfile: Option<PathBuf>,
}

/// One of several things that a word fits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Choice {
    /// What would name only this one: an id, or a master's pid.
    pub word: String,
    /// What it is.
    pub what: String,
}

/// Why a word names nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// No app and no master fits it.
    #[error("no app, pidfile or master here is named {0}")]
    Unknown(String),
    /// It is a file that holds the number of a process which is no master that farrier judges.
    #[error("{file} names {pid}, which is {name}: farrier does not judge it")]
    NotJudged {
        /// The file, escaped.
        file: String,
        /// The process.
        pid: Pid,
        /// Its name.
        name: String,
    },
    /// It is a file that holds a number which no process has, and that no configuration of a server farrier knows names.
    #[error(
        "{file} names {pid}, which is gone; no configuration that farrier knows names that file"
    )]
    Gone {
        /// The file, escaped.
        file: String,
        /// The number.
        pid: Pid,
    },
    /// What the file leads to could not be seen.
    #[error("it is not known what {file} leads to: {why}")]
    Unseen {
        /// The file, escaped.
        file: String,
        /// Why.
        why: String,
    },
    /// It is the pid of a worker; whose, where that is known.
    #[error("{0}", worker_words(*pid, *number, *master))]
    Worker {
        /// The pid.
        pid: Pid,
        /// Its number.
        number: Option<u32>,
        /// Its master; `None`: it outlived it.
        master: Option<Pid>,
    },
    /// It fits several.
    #[error("{word} fits {}", choices.len())]
    Ambiguous {
        /// The word, escaped.
        word: String,
        /// What it fits.
        choices: Vec<Choice>,
    },
}

impl Unresolved {
    /// What can be given instead, a line each.
    pub fn ways_out(&self) -> Vec<String> {
        match self {
            Self::Unknown(_) => vec!["farrier tree shows what is here".into()],
            Self::NotJudged { .. } => {
                vec!["nothing was judged; farrier tree shows the servers that it knows".into()]
            }
            Self::Gone { .. } => {
                vec!["nothing was judged; name the app by its deploy root, if it has one".into()]
            }
            Self::Unseen { .. } => vec!["sudo farrier check sees more".into()],
            Self::Worker { master: Some(master), .. } => vec![format!("name {master} instead")],
            Self::Worker { master: None, .. } => vec!["name its app instead".into()],
            Self::Ambiguous { choices, .. } => {
                choices.iter().map(|choice| format!("{}  {}", choice.word, choice.what)).collect()
            }
        }
    }
}

fn worker_words(pid: Pid, number: Option<u32>, master: Option<Pid>) -> String {
    let name = number.map_or_else(|| "a worker".to_owned(), |n| format!("w{n}"));
    match master {
        Some(master) => format!("{pid} is {name} of {master}, not a master"),
        None => format!("{pid} is {name} whose master is gone, not a master"),
    }
}

/// Finds what a word names: an app's id, else its name, root or pidfile's path, or a master's pid. Paths are compared as
/// they are written, and for pidfiles with links resolved too; a relative one is completed by the caller.
pub fn resolve(census: &Census, word: &str) -> Result<Target, Unresolved> {
    if let Some(app) = census.apps.iter().find(|app| app.id.0 == word) {
        return Ok(Target { app: app.id.clone(), master: None, pidfile: None });
    }
    let pid = word.parse::<Pid>().ok();
    let mut found: Vec<(Target, Choice)> = Vec::new();
    for app in &census.apps {
        found.extend(fits(app, word, pid));
    }
    // A path is one of farrier's own world first: what lives elsewhere has an id of its own.
    let is_here = |target: &Target| census.app(&target.app).is_some_and(|a| a.container.is_none());
    if Path::new(word).is_absolute() && found.iter().any(|(target, _)| is_here(target)) {
        found.retain(|(target, _)| is_here(target));
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found.dedup_by(|a, b| a.1 == b.1);
    if found.len() > 1 {
        let choices = found.into_iter().map(|(_, choice)| choice).collect();
        return Err(Unresolved::Ambiguous { word: escaped(word), choices });
    }
    match found.pop() {
        Some((target, _)) => Ok(target),
        None => by_file(census, word).unwrap_or_else(|| {
            Err(pid
                .and_then(|pid| worker(census, pid))
                .unwrap_or_else(|| Unresolved::Unknown(escaped(word))))
        }),
    }
}

/// A file that is no app's pidfile and holds a number: the master of it where it has one, such as a supervisor's own file.
fn by_file(census: &Census, word: &str) -> Option<Result<Target, Unresolved>> {
    let file = escaped(word);
    let named = census.seen.named.iter().find(|named| named.word == file)?;
    Some(match named.leads.clone() {
        Leads::Process(pid, name) => match census.master(pid) {
            Some((app, _)) => Ok(Target {
                app: app.id.clone(),
                master: Some(pid),
                pidfile: Some(PathBuf::from(word)),
            }),
            None => Err(worker(census, pid).unwrap_or(Unresolved::NotJudged { file, pid, name })),
        },
        Leads::Gone(pid) => Err(Unresolved::Gone { file, pid }),
        Leads::Unknown(why) => Err(Unresolved::Unseen { file, why }),
    })
}

/// Everything in one app that the word fits.
fn fits(app: &App, word: &str, pid: Option<Pid>) -> Vec<(Target, Choice)> {
    let path = Path::new(word);
    let rooted = app.root == path
        || app.host_path.as_deref() == Some(path)
        || matches!(app.layout.get(), Some(Some(layout)) if layout.also.iter().any(|also| also == path));
    let mut found = Vec::new();
    // A container's app is called as the same one outside is: the word fits both, and the ids tell them apart.
    let inner = || app.container.is_some() && named_plainly(app) == word;
    if rooted || shown(&app.root) == word || app.name == word || inner() {
        let target = Target { app: app.id.clone(), master: None, pidfile: None };
        found.push((target, Choice { word: app.id.0.clone(), what: app_words(app) }));
    }
    if let Some(master) = pid.and_then(|pid| app.master(pid)) {
        found.push(of_master(app, master.process.pid, None));
    }
    for pidfile in &app.pidfiles {
        let real = pidfile.real.get().and_then(Option::as_deref);
        if (pidfile.path != path && real != Some(path)) || !pidfile.leads_home(app) {
            continue;
        }
        let live = matches!(pidfile.state.get(), Some(PidfileState::Live));
        match pidfile.pid.filter(|pid| live && app.master(*pid).is_some()) {
            Some(master) => found.push(of_master(app, master, Some(pidfile.path.clone()))),
            None => found.push((
                Target { app: app.id.clone(), master: None, pidfile: Some(pidfile.path.clone()) },
                Choice { word: app.id.0.clone(), what: app_words(app) },
            )),
        }
    }
    // A link that leads to the root or the pidfile is known by what the survey was asked for.
    let is_asked = || app.is_asked_as(path);
    if found.is_empty() && is_asked() {
        found.push((
            Target { app: app.id.clone(), master: None, pidfile: None },
            Choice { word: app.id.0.clone(), what: app_words(app) },
        ));
    }
    found
}

/// The name of its directory: an app's name without what tells it from others.
fn named_plainly(app: &App) -> String {
    app.root.file_name().map_or_else(|| shown(&app.root), |name| shown(name.as_ref()))
}

fn of_master(app: &App, pid: Pid, pidfile: Option<PathBuf>) -> (Target, Choice) {
    let role = app.master(pid).map_or("a", |master| master.role.name());
    (
        Target { app: app.id.clone(), master: Some(pid), pidfile },
        Choice { word: pid.to_string(), what: format!("{role} master of {}", app.name) },
    )
}

fn app_words(app: &App) -> String {
    let masters: Vec<String> =
        app.living_masters().map(|master| master.process.pid.to_string()).collect();
    match masters.as_slice() {
        [] => format!("{}, no master", app.name),
        [one] => format!("{}, master {one}", app.name),
        many => format!("{}, masters {}", app.name, many.join(", ")),
    }
}

fn worker(census: &Census, pid: Pid) -> Option<Unresolved> {
    census.apps.iter().find_map(|app| {
        let owned = app.masters.iter().flat_map(|master| {
            master.workers.iter().map(|worker| (Some(master.process.pid), worker))
        });
        owned
            .chain(app.orphans.iter().map(|worker| (None, worker)))
            .find(|(_, worker)| worker.process.pid == pid)
            .map(|(master, worker)| Unresolved::Worker { pid, number: worker.number, master })
    })
}

fn escaped(word: &str) -> String {
    crate::os::text::escaped(word.as_bytes())
}
