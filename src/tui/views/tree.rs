//! Overview: apps, their masters and workers. Rows stand in the order of identity and never jump.

use super::{Card, Page, Row};
use crate::model::{App, Layout, Master, Process, Role};
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::members::{Member, worker_name};
use crate::tui::nodes::{Node, nodes};
use crate::tui::place::{Door, Subject, View};
use crate::tui::state::{Look, State};
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// The card.
pub const OVERVIEW: Card = Card {
    view: View::Overview,
    key: Some('1'),
    short: "Overview",
    long: "Overview",
    page: super::findings::pane,
    keys: &[
        Action::Open,
        Action::NextPane,
        Action::Act,
        Action::View('u'),
        Action::View('t'),
        Action::Filter,
        Action::Pause,
        Action::ReadAgain,
    ],
};

/// The columns right of the name: title, width, whether numbers stand in it, and how early it goes when room is short.
const COLUMNS: &[(&str, usize, bool, u8)] = &[
    ("pid", 6, true, 0),
    ("role", 8, false, 0),
    ("release", 14, false, 0),
    ("off", 3, true, 0),
    ("work", 5, true, 0),
    ("age", 4, true, 2),
    ("mem", 5, true, 3),
    ("queue", 9, true, 4),
];

const NAME: usize = 15;

/// Which columns fit, and how wide the name is.
fn columns(width: usize) -> (usize, Vec<&'static (&'static str, usize, bool, u8)>) {
    let mut chosen: Vec<&(&str, usize, bool, u8)> = COLUMNS.iter().collect();
    let taken = |chosen: &[&(&str, usize, bool, u8)]| {
        chosen.iter().map(|c| c.1 + gap(c.0)).sum::<usize>() + 1
    };
    while taken(&chosen) + NAME > width {
        let Some(worst) = chosen.iter().map(|c| c.3).max().filter(|worst| *worst > 0) else {
            break;
        };
        chosen.retain(|c| c.3 != worst);
    }
    (width.saturating_sub(taken(&chosen)), chosen)
}

/// Blanks before a column.
fn gap(title: &str) -> usize {
    match title {
        "pid" => 0,
        "role" => 2,
        _ => 1,
    }
}

/// The tree as a page: the heads of its columns and its rows.
pub fn page(state: &State, width: usize) -> Page {
    let (name, columns) = columns(width);
    let mut head = Cells::new(state.theme, width).to(5).text("app", Tone::Quiet).to(name);
    for (title, room, numbers, _) in &columns {
        let from = head.at() + gap(title);
        head = head.to(from);
        head = if *numbers {
            head.right(title, *room, Tone::Quiet)
        } else {
            head.left(title, *room, Tone::Quiet)
        };
    }
    let nodes = nodes(state);
    let mut rows = Vec::new();
    let mut last_master = false;
    for node in &nodes {
        if node.depth == 1 {
            last_master = node.last;
        }
        rows.push(row(state, node, last_master, width, name, &columns));
    }
    Page { head: vec![head.line()], rows, ..Page::default() }.sift(state)
}

fn row(
    state: &State,
    node: &Node<'_>,
    last_master: bool,
    width: usize,
    name: usize,
    columns: &[&(&'static str, usize, bool, u8)],
) -> Row {
    let values = Values::of(state, node);
    let ghost = node.member.is_some_and(|m| m.ended.is_some());
    let tone = if ghost { Tone::Quiet } else { Tone::Plain };
    let (sign, sign_tone) = sign(state, node);
    let fold = match node.open {
        Some(true) => Mark::Unfolded.sign(),
        Some(false) => Mark::Folded.sign(),
        None => ' ',
    };
    let limb = if node.last { Mark::LastBranch.sign() } else { Mark::Branch.sign() };
    let mut cells = Cells::new(state.theme, width);
    cells = match node.depth {
        0 => {
            cells.to(1).text(&fold.to_string(), tone).to(3).text(&sign.to_string(), sign_tone).to(5)
        }
        1 => {
            let limb = if ghost { Mark::Ghost.sign() } else { limb };
            cells
                .to(1)
                .text(&fold.to_string(), tone)
                .to(3)
                .text(&limb.to_string(), Tone::Quiet)
                .to(5)
        }
        _ => {
            let trunk = if last_master { ' ' } else { Mark::Trunk.sign() };
            let limb = if ghost { Mark::Ghost.sign() } else { limb };
            cells
                .to(3)
                .text(&trunk.to_string(), Tone::Quiet)
                .to(5)
                .text(&limb.to_string(), Tone::Quiet)
                .to(7)
        }
    };
    let room = name.saturating_sub(cells.at());
    let title = if node.depth == 0 && !ghost { Tone::Strong } else { tone };
    cells = cells.left(&values.name, room, title);
    for (title, room, numbers, _) in columns {
        let text = values.get(title);
        let tone = if text == "?" { Tone::Blind } else { tone };
        let from = cells.at() + gap(title);
        cells = cells.to(from);
        cells =
            if *numbers { cells.right(text, *room, tone) } else { cells.left(text, *room, tone) };
    }
    let subject = match node.member {
        Some(member) => Subject::Process(node.id.clone(), member.process.identity()),
        None => Subject::App(node.id.clone()),
    };
    Row {
        line: cells.line(),
        key: Some(node.key.clone()),
        door: node.member.map(|_| Door { view: View::Process, subject, row: None }),
        about: about(state, node),
        words: values.words(node),
        copy: node.member.map_or_else(|| node.id.to_string(), |m| m.process.pid.to_string()),
        flagged: flagged(state, node),
        depth: node.depth,
        ..Row::default()
    }
}

fn flagged(state: &State, node: &Node<'_>) -> bool {
    match node.member {
        Some(member) => !state.findings_of(member.process.pid).is_empty(),
        None => state.shown().is_some_and(|look| look.worst(node.id).is_some()),
    }
}

/// The mark of an app's row: the worst of all that is below it.
fn sign(state: &State, node: &Node<'_>) -> (char, Tone) {
    let Some(look) = state.shown() else { return (' ', Tone::Plain) };
    if node.app.is_none() {
        return (Mark::Ghost.sign(), Tone::Quiet);
    }
    match look.worst(node.id) {
        Some(severity) => (Mark::from(severity).sign(), Tone::from(severity)),
        None if look.is_blind(node.id) => (Mark::Unknown.sign(), Tone::Blind),
        None => (Mark::Fine.sign(), Tone::Fine),
    }
}

/// What the columns of a row hold.
#[derive(Default)]
struct Values {
    name: String,
    pid: String,
    role: String,
    release: String,
    off: String,
    work: String,
    age: String,
    mem: String,
    queue: String,
}

impl Values {
    fn get(&self, title: &str) -> &str {
        match title {
            "pid" => &self.pid,
            "role" => &self.role,
            "release" => &self.release,
            "off" => &self.off,
            "work" => &self.work,
            "age" => &self.age,
            "mem" => &self.mem,
            _ => &self.queue,
        }
    }

    fn words(&self, node: &Node<'_>) -> Words {
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

    fn of(state: &State, node: &Node<'_>) -> Self {
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
        let release = match app.layout.get() {
            Some(Some(layout)) => layout.current_release().unwrap_or("?").to_owned(),
            Some(None) => "-".into(),
            None => "?".into(),
        };
        Self {
            name: app.name.clone(),
            role: words::served_by(app.kind).into(),
            release: words::release(&release, 14),
            work: workers(app),
            mem: sum(app.processes()),
            queue: queue(app),
            ..Self::default()
        }
    }
}

/// Workers alive, and how many are wanted of the masters that are not being replaced.
fn workers(app: &App) -> String {
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

/// One sentence about a row.
fn about(state: &State, node: &Node<'_>) -> String {
    let Some(member) = node.member else {
        let look: Option<&Look> = state.shown();
        let findings =
            look.map_or(0, |l| l.findings().iter().filter(|f| &f.app == node.id).count());
        let root = node.app.map_or_else(|| "ended".into(), |app| crate::os::shown(&app.root));
        return match findings {
            0 => format!("{}: {root}", node.name),
            n => format!("{}: {root}, {}", node.name, words::counted(n, "finding")),
        };
    };
    let pid = member.process.pid;
    if let Some(ended) = member.ended {
        let at = words::time(ended, ended, &state.zone);
        return format!(
            "{pid} ({}) ended at {at}",
            member.worker.map_or_else(|| "master".into(), worker_name)
        );
    }
    if let Some(finding) = state.findings_of(pid).first() {
        return finding.summary.clone();
    }
    if let Some(lack) = member.process.cwd.lack() {
        return format!("directory of {pid}: {lack} ({})", member.process.cwd.place);
    }
    match member.role() {
        Role::Worker => format!(
            "{pid} is {} of {}",
            member.worker.map_or_else(|| "a worker".into(), worker_name),
            node.name
        ),
        role => format!("{pid} is the {} master of {}", role.name(), node.name),
    }
}
