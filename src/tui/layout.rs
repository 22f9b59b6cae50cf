//! Which part of the screen stands where, for each size: breakpoints with a layout of their own, nothing stretched.

use ratatui::layout::Rect;

use super::keys::Action;
use super::nodes;
use super::place::{Pane, View};
use super::state::State;
use crate::rules::Severity;

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
    /// From 140x40: listeners, releases and blind spots below.
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
pub fn fits(size: Size, action: Action) -> bool {
    use Action as A;
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
        _ => size >= Size::Small,
    }
}

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
    /// Panes of wide screens, from left to right.
    pub extra: Vec<(View, Rect)>,
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
    if overview || size >= Size::Wide {
        parts.headline = row(top, 4);
        top += 4;
    }
    let body = row(top, rows.saturating_sub(top + 2));
    let empty = state.shown().is_none_or(|look| look.census.apps.is_empty());
    if overview && empty && state.ghosts.is_empty() {
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
    if size >= Size::Wide {
        let left = if size >= Size::Large { 84 } else { 68 };
        let lower = if size >= Size::Large && overview { (body.height / 2).min(18) } else { 0 };
        let upper = body.height - lower;
        parts.tree = Rect::new(0, body.y, left, upper);
        parts.main = Rect::new(left, body.y, columns - left, upper);
        if lower > 0 {
            let mut views = vec![View::Listeners, View::Releases, View::Blind];
            if size == Size::Huge {
                views.push(View::Process);
            }
            let count = u16::try_from(views.len()).unwrap_or(1);
            let each = columns / count;
            for (at, view) in (0..count).zip(views) {
                let width = if at + 1 == count { columns - at * each } else { each };
                let rect = Rect::new(at * each, body.y + upper, width, lower);
                parts.extra.push((view, rect));
            }
        }
        return parts;
    }
    let wanted = u16::try_from(nodes::nodes(state).len() + 1).unwrap_or(u16::MAX);
    let least = findings_rows(state, body.height);
    let tree = wanted.saturating_add(1).min(body.height.saturating_sub(least));
    parts.tree = Rect::new(0, body.y, columns, tree);
    parts.main = Rect::new(0, body.y + tree, columns, body.height - tree);
    parts
}

/// How many rows the findings keep in a body that the tree shares with them.
fn findings_rows(state: &State, body: u16) -> u16 {
    if size(state.size) == Size::Small {
        return 3.min(body);
    }
    let listed = state.shown().map_or(0, |look| {
        let all = look.findings();
        let grave = all.iter().filter(|f| f.severity != Severity::Info).count();
        if grave == 0 { all.len() } else { grave }
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
        body - (body / 2).min(18)
    } else if size >= Size::Wide || state.manner.zoom {
        body
    } else {
        body.saturating_sub(findings_rows(state, body))
    };
    usize::from(room.saturating_sub(1))
}
