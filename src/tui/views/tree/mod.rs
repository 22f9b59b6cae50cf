//! Overview: apps, their masters and workers. Rows stand in the order of identity and never jump.

mod values;

pub use values::{queue, release_words, sum, workers};

use self::values::Values;
use super::{Card, Page, Row};
use crate::model::Role;
use crate::show::words::{self, Mark};
use crate::tui::keys::Action;
use crate::tui::members::worker_name;
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

/// What the footer offers where there is room for more.
pub(super) const WIDE_KEYS: &[Action] = &[
    Action::Open,
    Action::NextPane,
    Action::Act,
    Action::View('u'),
    Action::Rule,
    Action::Copy,
    Action::Mark,
    Action::Diff,
    Action::Filter,
    Action::Sort,
    Action::Pause,
    Action::LookBack,
    Action::Palette,
    Action::Quit,
];

/// The columns right of the name: title, width, whether numbers stand in it, and how early it goes when room is short.
const COLUMNS: &[(&str, usize, bool, u8)] = &[
    ("pid", 6, true, 0),
    ("role", 8, false, 0),
    ("release", 14, false, 0),
    ("off", 3, true, 0),
    ("rev", 7, false, WIDE),
    ("work", 5, true, 0),
    ("age", 4, true, 2),
    ("mem", 5, true, 3),
    ("queue", 9, true, 4),
    ("st", 2, false, WIDE),
];
/// From so many columns on, revisions and states stand beside the rest; the queue gives way to them where it has to.
const BESIDE: usize = 84;
/// The mark of these columns.
const WIDE: u8 = 5;

const NAME: usize = 15;

/// Which columns fit, and how wide the name is.
fn columns(width: usize) -> (usize, Vec<&'static (&'static str, usize, bool, u8)>) {
    let beside = width >= BESIDE;
    let mut chosen: Vec<&(&str, usize, bool, u8)> =
        COLUMNS.iter().filter(|column| beside || column.3 != WIDE).collect();
    let taken = |chosen: &[&(&str, usize, bool, u8)]| {
        chosen.iter().map(|c| c.1 + gap(c.0)).sum::<usize>() + 1
    };
    while taken(&chosen) + NAME > width {
        let drops = chosen.iter().map(|c| c.3).filter(|drop| *drop > 0 && *drop < WIDE);
        let Some(worst) = drops.max() else { break };
        chosen.retain(|c| c.3 != worst);
    }
    (width.saturating_sub(taken(&chosen)), chosen)
}

/// Blanks before a column.
fn gap(title: &str) -> usize {
    match title {
        "pid" => 0,
        "role" | "rev" | "st" => 2,
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

/// One sentence about a row.
fn about(state: &State, node: &Node<'_>) -> String {
    let Some(member) = node.member else {
        let look: Option<&Look> = state.shown();
        let findings =
            look.map_or(0, |l| l.findings().iter().filter(|f| &f.app == node.id).count());
        let root = node.app.map_or_else(|| "ended".into(), |app| crate::os::shown(&app.root));
        // The name says where it lies, as long as no other app has the same.
        let named = |app: &&crate::model::App| app.name == node.name;
        let alone = look.is_some_and(|l| l.census.apps.iter().filter(named).count() == 1);
        return match findings {
            0 if alone => String::new(),
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
        return finding.remark.clone().unwrap_or_else(|| finding.summary.clone());
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
