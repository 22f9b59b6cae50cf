//! What the columns of the tree hold: of an app, of a master, of a worker.

use crate::model::{App, Layout, Master, Process};
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::members::{Member, same, worker_name};
use crate::tui::nodes::Node;
use crate::tui::state::State;

/// What the columns of a row hold.
#[derive(Default)]
pub(super) struct Values {
    pub(super) name: String,
    pid: String,
    role: String,
    release: String,
    off: String,
    work: String,
    age: String,
    mem: String,
    queue: String,
    rev: String,
    st: String,
}

impl Values {
    pub(super) fn get(&self, title: &str) -> &str {
        match title {
            "pid" => &self.pid,
            "role" => &self.role,
            "release" => &self.release,
            "off" => &self.off,
            "work" => &self.work,
            "age" => &self.age,
            "mem" => &self.mem,
            "rev" => &self.rev,
            "st" => &self.st,
            _ => &self.queue,
        }
    }

    pub(super) fn words(&self, node: &Node<'_>) -> Words {
        let mut values = vec![
            ("app", node.name.clone()),
            ("app", node.id.to_string()),
            ("pid", self.pid.clone()),
            ("role", self.role.clone()),
            ("release", self.release.clone()),
            ("off", self.off.clone()),
            (
                "user",
                node.member
                    .and_then(|m| m.process.user.get().map(ToString::to_string))
                    .unwrap_or_default(),
            ),
        ];
        values.extend(node.measures());
        let text = [&self.name, &self.pid, &self.role, &self.release, &self.off];
        Words { text: text.map(String::as_str).join(" "), values }
    }

    pub(super) fn of(state: &State, node: &Node<'_>) -> Self {
        let Some(member) = node.member else { return Self::of_app(node) };
        let layout = node.app.and_then(|app| app.layout.get()).and_then(Option::as_ref);
        let fact = member.master.map(|m| &m.release).or(member.worker.map(|w| &w.release));
        let (release, off) = release_words(fact, layout);
        let name = member.worker.map_or_else(|| "master".into(), worker_name);
        let age = match member.ended {
            Some(at) => words::time(at, at, &state.zone).chars().take(5).collect(),
            None => member.process.age.get().map_or_else(|| "?".into(), |age| words::age(*age)),
        };
        Self {
            name,
            pid: member.process.pid.to_string(),
            role: role_word(&member),
            release,
            off,
            work: member.master.map_or_else(String::new, |m| m.workers_alive().count().to_string()),
            age: if member.ended.is_some() { "gone".into() } else { age },
            mem: match (node.open, member.master) {
                (Some(false), Some(master)) => sum(std::iter::once(&master.process)
                    .chain(master.workers.iter().map(|w| &w.process))),
                _ => sum(std::iter::once(member.process)),
            },
            queue: String::new(),
            rev: revision(&member, layout),
            st: held(state, &member),
        }
    }

    fn of_app(node: &Node<'_>) -> Self {
        let Some(app) = node.app else {
            return Self {
                name: node.name.clone(),
                role: words::served_by(node.kind).into(),
                ..Self::default()
            };
        };
        // The one master of a proxy is told on the row that hides it.
        let lone = match app.masters.as_slice() {
            [master] if node.open == Some(false) && words::is_proxy(app.kind) => {
                Some(&master.process)
            }
            _ => None,
        };
        let release = match app.layout.get() {
            Some(Some(layout)) => layout.current_release().unwrap_or("?").to_owned(),
            Some(None) => "-".into(),
            None => "?".into(),
        };
        Self {
            name: app.name.clone(),
            pid: lone.map(|process| process.pid.to_string()).unwrap_or_default(),
            age: lone
                .and_then(|process| process.age.get())
                .copied()
                .map_or_else(String::new, words::age),
            role: words::served_by(app.kind).into(),
            release: words::release(&release, 14),
            work: workers(app),
            mem: sum(app.processes()),
            queue: queue(app),
            rev: match app.layout.get() {
                Some(Some(layout)) => layout
                    .current_release()
                    .and_then(|name| layout.release(name)?.revision.as_deref())
                    .map_or_else(String::new, seven),
                _ => String::new(),
            },
            ..Self::default()
        }
    }
}

/// What a revision shows of itself.
fn seven(revision: &str) -> String {
    revision.chars().take(7).collect()
}

/// The revision of the code that a process runs: the release's, else what its title says.
fn revision(member: &Member<'_>, layout: Option<&Layout>) -> String {
    let fact = member.master.map(|m| &m.release).or(member.worker.map(|w| &w.release));
    let name = fact.and_then(|fact| fact.get()?.as_deref());
    let of_release = name.and_then(|name| layout?.release(name)?.revision.as_deref());
    let own = member.master.and_then(|master| master.revision.as_deref());
    of_release.or(own).map_or_else(String::new, seven)
}

/// The kernel's letter of a state that lasts, where the look before saw the same: one that moves all the time says
/// nothing.
fn held(state: &State, member: &Member<'_>) -> String {
    let letter = |process: &Process| process.stat.get().map(|stat| stat.state.0);
    let now = letter(member.process).filter(|c| matches!(c, 'D' | 'T' | 't' | 'Z'));
    let (Some(now), None, Some(look)) = (now, member.ended, state.shown()) else {
        return String::new();
    };
    let before = state.history.until(look.census.boot_time.saturating_sub(1)).next_back();
    let was = before.and_then(|look| look.census.member(member.process.pid));
    let held = was.is_some_and(|(_, process)| {
        same(process.identity(), member.process.identity()) && letter(process) == Some(now)
    });
    if held { now.to_string() } else { String::new() }
}

/// Workers alive, and how many are wanted of the masters that are not being replaced.
pub fn workers(app: &App) -> String {
    let alive: usize = app.masters.iter().map(|m| m.workers_alive().count()).sum();
    let alive = alive + app.orphans.iter().filter(|w| !w.process.is_dead()).count();
    let wanted =
        app.current_master().or_else(|| app.masters.first()).and_then(Master::workers_wanted);
    wanted.map_or_else(|| format!("{alive}/?"), |wanted| format!("{alive}/{wanted}"))
}

/// The fullest queue.
pub fn queue(app: &App) -> String {
    let known = app.listeners.iter().filter_map(|l| Some((*l.queued.get()?, *l.backlog.get()?)));
    let fullest = known
        .max_by_key(|(queued, backlog)| u64::from(*queued) * 10_000 / u64::from((*backlog).max(1)));
    match fullest {
        Some((queued, backlog)) => words::queue(queued, backlog),
        None if app.listeners.is_empty() => String::new(),
        None => "?".into(),
    }
}

/// Memory of some processes together: proportional where it is known, else resident.
pub fn sum<'a>(processes: impl Iterator<Item = &'a Process>) -> String {
    let mut total = 0;
    let mut lacking = false;
    let mut any = false;
    for process in processes.filter(|process| !process.is_dead()) {
        match process.pss.get().or(process.rss.get()) {
            Some(bytes) => {
                total += bytes;
                any = true;
            }
            None => lacking = true,
        }
    }
    match (any, lacking) {
        (false, true) => "?".into(),
        (false, false) => String::new(),
        (true, true) => format!("{}{}", Mark::AtLeast.sign(), words::memory(total)),
        (true, false) => words::memory(total),
    }
}

/// The role, or the state that matters more.
fn role_word(member: &Member<'_>) -> String {
    if member.process.is_dead() {
        "zombie".into()
    } else if member.process.is_stopped() {
        "stopped".into()
    } else {
        words::role(member.role()).into()
    }
}

/// The release that a process runs, and how far it is from `current`.
pub fn release_words(
    fact: Option<&crate::facts::Fact<Option<String>>>,
    layout: Option<&Layout>,
) -> (String, String) {
    match fact.map(|fact| fact.get()) {
        Some(Some(Some(name))) => {
            let off = match layout {
                Some(layout)
                    if layout.release(name).is_none() && layout.releases.get().is_some() =>
                {
                    "del".into()
                }
                Some(layout) => layout.offset(name).map_or_else(|| "?".into(), words::offset),
                None => String::new(),
            };
            (words::release(name, 14), off)
        }
        Some(Some(None)) => ("-".into(), String::new()),
        _ => ("?".into(), "?".into()),
    }
}
