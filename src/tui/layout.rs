//! Which part of the screen stands where, for each size: breakpoints with a layout of their own, nothing stretched.

use ratatui::layout::Rect;

use super::keys::Action;
use super::nodes;
use super::place::{Pane, View};
use super::state::State;
use crate::contract::Severity;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// One line.
    Line,
    /// From 40x10: the headline and a line an app.
    Tiny,
    /// From 60x18: no tabs, findings one at a time.
    Small,
    /// From 80x24: the tree over the findings.
    Normal,
    /// From 110x30: the tree beside the view.
    Wide,
    /// From 140x40: listeners, releases, the next USR2 and the time line below.
    Large,
    /// From 200x60: the process of the selection as well.
    Huge,
}

/// The size of a screen.
pub fn size((columns, rows): (u16, u16)) -> Size {
    match (columns, rows) {
        (200.., 60..) => Size::Huge,
        (140.., 40..) => Size::Large,
        (110.., 30..) => Size::Wide,
        (80.., 24..) => Size::Normal,
        (60.., 18..) => Size::Small,
        (40.., 10..) => Size::Tiny,
        _ => Size::Line,
    }
}

/// The smallest screen on which views, the help and lines of input are drawn, in words.
pub const VIEWS_FROM: &str = "60x18";

/// Whether an action does something that a screen of less than [`Size::Small`] can show.
pub fn fits(state: &State, action: Action) -> bool {
    use Action as A;
    let size = size(state.size);
    match action {
        A::Quit
        | A::Suspend
        | A::Repaint
        | A::ReadAgain
        | A::Escape
        | A::Back
        | A::Plain
        | A::Pause
        | A::LookBack
        | A::LookForward
        | A::EventBack
        | A::EventForward => true,
        A::LineDown | A::LineUp | A::First | A::Last | A::Act => size >= Size::Tiny,
        // The list of several machines is drawn there too.
        A::Hosts => size >= Size::Tiny && state.hosts.is_some() || size >= Size::Small,
        A::Open => size >= Size::Tiny && state.place.view == View::Hosts || size >= Size::Small,
        _ => size >= Size::Small,
    }
}

/// A pane of the Overview beside the tree and the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// From the clients to the masters, and how busy these were.
    Listeners,
    /// Releases, and what the next USR2 starts from.
    Releases,
    /// What happened, and what is not seen.
    Timeline,
    /// The process of the selection.
    Process,
}

/// So many rows are kept for the last takeover where nothing is wrong, whatever is known of it.
const TOLD: usize = 6;
/// How wide the tree is on large screens.
const TREE: u16 = 84;
/// How wide the first two panes below are, with the line beside the second.
const BELOW: [u16; 2] = [52, 52];
/// How high the process of the selection is, with the rule above it.
const PROCESS: u16 = 12;

/// Where the parts stand; one that has no height is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Host, time, mode, counts.
    pub bar: Rect,
    /// The views.
    pub tabs: Rect,
    /// The three lines, with the rule below them.
    pub headline: Rect,
    /// The tree.
    pub tree: Rect,
    /// The open view, with its title or path.
    pub main: Rect,
    /// Panes of the Overview on large screens, which have no cursor.
    pub asides: Vec<(Aside, Rect)>,
    /// The rule between the panes and those below them; it has no height where none are.
    pub middle: Rect,
    /// The message.
    pub message: Rect,
    /// The keys.
    pub keys: Rect,
}

/// The parts of a screen of [`Size::Small`] or more.
pub fn parts(state: &State) -> Parts {
    let (columns, rows) = state.size;
    let size = size(state.size);
    let row = |y: u16, height: u16| Rect::new(0, y, columns, height);
    let overview = state.place.view == View::Overview;
    let mut parts = Parts {
        bar: row(0, 1),
        message: row(rows.saturating_sub(2), 1),
        keys: row(rows.saturating_sub(1), 1),
        ..Parts::default()
    };
    let mut top = 1;
    if size > Size::Small {
        parts.tabs = row(1, 1);
        top = 2;
    }
    // The list of several machines is about none of them.
    let listed = state.place.view == View::Hosts;
    if (overview || size >= Size::Wide) && !listed {
        parts.headline = row(top, 4);
        top += 4;
    }
    let body = row(top, rows.saturating_sub(top + 2));
    let empty = state.shown().is_none_or(|look| look.census.apps.is_empty());
    if overview && empty && state.ghosts.is_empty() {
        parts.main = body;
        return parts;
    }
    if listed {
        parts.main = body;
        return parts;
    }
    if state.manner.zoom || (!overview && size < Size::Wide) {
        match (overview, state.place.focus) {
            (true, Pane::Tree) => parts.tree = body,
            _ => parts.main = body,
        }
        return parts;
    }
    if size >= Size::Large && overview {
        large(&mut parts, size, body);
        return parts;
    }
    if size >= Size::Wide {
        let left = if size >= Size::Large { TREE } else { 68 };
        parts.tree = Rect { width: left, ..body };
        parts.main = Rect { x: left, width: columns - left, ..body };
        return parts;
    }
    let wanted = u16::try_from(nodes::nodes(state).len() + 1).unwrap_or(u16::MAX);
    let least = findings_rows(state, body.height);
    let tree = wanted.saturating_add(1).min(body.height.saturating_sub(least));
    parts.tree = Rect::new(0, body.y, columns, tree);
    parts.main = Rect::new(0, body.y + tree, columns, body.height - tree);
    parts
}

/// How high what stands below is on a large screen, with the rule above it, and the process below the tree.
fn below(size: Size, body: u16) -> (u16, u16) {
    match size {
        Size::Huge => (body.div_ceil(2).min(24), PROCESS),
        _ => (body.div_ceil(2).min(18), 0),
    }
}

/// The Overview of a large screen: panes keep their widths, the last one takes what is left.
fn large(parts: &mut Parts, size: Size, body: Rect) {
    let (lower, process) = below(size, body.height);
    let upper = body.height - lower;
    parts.tree = Rect { width: TREE, height: upper - process, ..body };
    parts.main = Rect { x: TREE, width: body.width - TREE, height: upper, ..body };
    parts.middle = Rect { y: body.y + upper, height: 1, ..body };
    let row = Rect { y: body.y + upper + 1, height: lower - 1, ..body };
    let mut from = 0;
    for (aside, width) in [Aside::Listeners, Aside::Releases].into_iter().zip(BELOW) {
        parts.asides.push((aside, Rect { x: from, width, ..row }));
        from += width;
    }
    parts.asides.push((Aside::Timeline, Rect { x: from, width: body.width - from, ..row }));
    if process > 0 {
        let at = Rect { y: parts.tree.bottom(), height: process, ..parts.tree };
        parts.asides.push((Aside::Process, at));
    }
}

/// How many rows the findings keep in a body that the tree shares with them.
fn findings_rows(state: &State, body: u16) -> u16 {
    if size(state.size) == Size::Small {
        return 3.min(body);
    }
    let listed = state.shown().map_or(0, |look| {
        let all = look.findings();
        let grave = all.iter().filter(|f| f.severity != Severity::Info).count();
        if grave > 0 {
            return grave;
        }
        // What the last takeover tells stands below the infos, with a rule between them.
        TOLD + if all.is_empty() { 0 } else { all.len() + 1 }
    });
    let wanted = u16::try_from(listed + 1).unwrap_or(u16::MAX);
    // Beyond 24 rows the findings get what is more, until all are shown.
    let share = body / 2 + 1 + body.saturating_sub(16) / 2;
    wanted.max(3).min(share)
}

/// How many rows the tree has room for: it folds by itself when it has more.
pub fn tree_room(state: &State) -> usize {
    let (_, rows) = state.size;
    let size = size(state.size);
    let frame = match size {
        Size::Line | Size::Tiny => return usize::MAX,
        Size::Small => 7,
        _ => 8,
    };
    let body = rows.saturating_sub(frame);
    let room = if size >= Size::Large {
        let (lower, process) = below(size, body);
        body - lower - process
    } else if size >= Size::Wide || state.manner.zoom {
        body
    } else {
        body.saturating_sub(findings_rows(state, body))
    };
    usize::from(room.saturating_sub(1))
}
