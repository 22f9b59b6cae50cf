//! The keys of the help: those that do alike stand on one line, and whatever has no line here is listed below.

use ratatui::text::Line;

use crate::show::words::{Mark, width};
use crate::tui::bound::Keys;
use crate::tui::keys::{Action, BINDINGS, Binding, Group, of};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::update::refused_here;
use crate::tui::widgets::cells::{Cells, wrap};

use Action as A;
use Group as G;

/// The keys of the tabs.
const TABS: &[Action] = &[
    A::View('1'),
    A::View('2'),
    A::View('3'),
    A::View('4'),
    A::View('5'),
    A::View('6'),
    A::View('7'),
    A::View('8'),
    A::View('9'),
];

/// What stands on one line, and what it does.
const TOGETHER: &[(Group, &[Action], &str)] = &[
    (G::Move, &[A::LineDown, A::LineUp], "line"),
    (G::Move, &[A::Fold, A::Unfold], "fold, unfold"),
    (G::Move, &[A::First, A::Last], "first, last"),
    (G::Move, &[A::PageUp, A::PageDown], "page"),
    (G::Move, &[A::NextPane, A::PreviousPane], "next, previous pane"),
    (G::Move, &[A::Open], "open"),
    (G::Move, &[A::Back], "back"),
    (G::Move, &[A::NextFinding, A::PreviousFinding], "next, previous finding"),
    (G::Look, &[A::Filter], "filter: text app: rule:"),
    (G::Look, &[A::OnlyFlagged], "only with findings"),
    (G::Look, &[A::Sort], "sort by …"),
    (G::Look, &[A::Mark, A::Diff], "mark, diff with mark"),
    (G::Look, &[A::Reveal], "reveal for 10 s"),
    (G::Look, &[A::Copy, A::Plain], "copy, as plain text"),
    (G::Views, TABS, "overview … pidfiles"),
    (G::Views, &[A::View('0')], "blind spots"),
    (G::Views, &[A::View('t')], "time line"),
    (G::Views, &[A::View('u')], "upgrade: shows the plan"),
    (G::Views, &[A::Rule], "page of this rule"),
    (G::Views, &[A::Wrap], "wrap long values"),
    (G::Views, &[A::Zoom], "pane to full size"),
    (G::Time, &[A::Pause], "pause, and live again"),
    (G::Time, &[A::LookBack, A::LookForward], "one look back, forward"),
    (G::Time, &[A::EventBack, A::EventForward], "one event back, forward"),
    (G::Time, &[A::Baseline], "mark changes from now"),
    (G::Change, &[A::Act], "act: plan, ask, send"),
];

/// What stands on the line below both columns.
const PROGRAM: &[Action] = &[A::Palette, A::Repaint, A::Suspend, A::Quit];

/// Room for the keys of a line: the right column of the first lines has short ones.
fn room_of(group: Group) -> usize {
    if matches!(group, G::Views | G::Time | G::Change) { 13 } else { 15 }
}

/// Lines of help about keys in two columns, the right one from the middle on; in one where there is no room for two.
pub(super) fn beside(
    columns: usize,
    make: impl Fn(usize, bool) -> Vec<Line<'static>>,
) -> Vec<Line<'static>> {
    if columns < 80 {
        let (mut all, right) = (make(columns, false), make(columns, true));
        if !all.is_empty() && !right.is_empty() {
            all.push(Line::default());
        }
        all.extend(right);
        return all;
    }
    let half = columns / 2;
    let (left, right) = (make(half, false), make(columns - half, true));
    let count = left.len().max(right.len());
    let joined = |at: usize| {
        let mut spans = left.get(at).map(|line| line.spans.clone()).unwrap_or_default();
        let used = left.get(at).map_or(0, Line::width);
        spans.push(" ".repeat(half.saturating_sub(used)).into());
        spans.extend(right.get(at).map(|line| line.spans.clone()).unwrap_or_default());
        Line::from(spans)
    };
    (0..count).map(joined).collect()
}

/// What is used most, what does alike on one line; and the line below both columns.
pub(super) fn pictured(state: &State, columns: usize) -> Vec<Line<'static>> {
    let mut lines = beside(columns, |room, right| {
        let groups: &[Group] =
            if right { &[G::Views, G::Time, G::Change] } else { &[G::Move, G::Look] };
        let mut lines = Vec::new();
        for group in groups {
            let own = TOGETHER.iter().filter(|line| line.0 == *group);
            let own = own.flat_map(|(_, actions, doc)| together(&state.keys, *group, actions, doc));
            lines.extend(titled(state, room, *group, own, !lines.is_empty()));
        }
        lines
    });
    lines.push(Line::default());
    let mut cells = Cells::new(state.theme, columns).to(1);
    for action in PROGRAM {
        let Some(binding) = of(*action) else { continue };
        let key = state.keys.shown(*action);
        let between = if cells.at() > 1 { 5 } else { 0 };
        if cells.at() + between + width(&key) + 2 + width(binding.doc) >= columns {
            lines
                .push(std::mem::replace(&mut cells, Cells::new(state.theme, columns).to(1)).line());
        } else {
            let at = cells.at() + between;
            cells = cells.to(at);
        }
        cells = cells.text(&key, Tone::Plain).text("  ", Tone::Plain);
        cells = cells.text(binding.doc, Tone::Plain);
    }
    lines.push(cells.line());
    lines
}

/// All other keys of the views, and those of dialogs and lines of input.
pub(super) fn others(state: &State, columns: usize) -> Vec<Line<'static>> {
    beside(columns, |room, right| {
        if right {
            return each(state, room, &[G::Dialog, G::Line], |_| true);
        }
        let more = BINDINGS.iter().filter(|binding| {
            !matches!(binding.group, G::Dialog | G::Line) && !is_told(&state.keys, binding)
        });
        let more = more.map(|b| (state.keys.all_shown(b.action), b.doc.to_owned()));
        let title = Cells::new(state.theme, room).to(1).text("MORE KEYS", Tone::Strong).line();
        std::iter::once(title)
            .chain(
                more.map(|(keys, doc)| line(state, room, G::Program, (&keys, &doc), Tone::Plain)),
            )
            .collect()
    })
}

/// Every key of some groups, a line each, as far as it is admitted.
pub(super) fn each(
    state: &State,
    room: usize,
    groups: &[Group],
    admits: impl Fn(&Binding) -> bool,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for group in groups {
        let bound = BINDINGS.iter().filter(|b| b.group == *group && admits(b));
        let own: Vec<_> =
            bound.map(|b| (state.keys.all_shown(b.action), b.doc.to_owned())).collect();
        if !own.is_empty() {
            lines.extend(titled(state, room, *group, own.into_iter(), !lines.is_empty()));
        }
    }
    lines
}

/// A group below its title. What cannot change anything from here is quiet, and says why.
fn titled(
    state: &State,
    room: usize,
    group: Group,
    own: impl Iterator<Item = (String, String)>,
    apart: bool,
) -> Vec<Line<'static>> {
    let refused = if group == G::Change { refused_here(state).err() } else { None };
    let [loud, tone] =
        if refused.is_some() { [Tone::Quiet; 2] } else { [Tone::Strong, Tone::Plain] };
    let mut lines = Vec::new();
    if apart {
        lines.push(Line::default());
    }
    lines.push(Cells::new(state.theme, room).to(1).text(group.title(), loud).line());
    lines.extend(own.map(|(keys, doc)| line(state, room, group, (&keys, &doc), tone)));
    if let Some(refused) = refused {
        let pieces = wrap(&refused.reason, room.saturating_sub(2)).into_iter();
        let said = |piece: String| Cells::new(state.theme, room).to(1).text(&piece, tone).line();
        lines.extend(pieces.map(said));
    }
    lines
}

fn line(
    state: &State,
    room: usize,
    group: Group,
    (keys, doc): (&str, &str),
    tone: Tone,
) -> Line<'static> {
    let wide = room_of(group);
    let cells = Cells::new(state.theme, room).to(1).left(keys, wide, tone).to(wide + 2);
    cells.text(doc, tone).line()
}

/// The keys of actions that do alike, and what they do: first the first key of each, then the second ones, as far as
/// there is room.
fn together(in_force: &Keys, group: Group, actions: &[Action], doc: &str) -> Vec<(String, String)> {
    if let [first, .., last] = actions
        && actions.len() > 2
    {
        // Only keys that follow each other can be told by their ends.
        if in_order(in_force, actions) {
            let ends = [first, last].map(|end| in_force.shown(*end));
            return vec![(ends.join(&format!(" {} ", Mark::Cut.sign())), doc.to_owned())];
        }
        let alone = actions.iter().filter_map(|action| of(*action));
        return alone.map(|b| (in_force.all_shown(b.action), b.doc.to_owned())).collect();
    }
    vec![(keys(in_force, group, actions), doc.to_owned())]
}

fn in_order(in_force: &Keys, tabs: &[Action]) -> bool {
    tabs.iter()
        .all(|tab| matches!(tab, A::View(digit) if in_force.shown(*tab) == digit.to_string()))
}

fn keys(in_force: &Keys, group: Group, actions: &[Action]) -> String {
    let nth = |at: usize| -> Option<Vec<String>> {
        actions.iter().map(|a| Some(in_force.of(*a).get(at)?.to_string())).collect()
    };
    let first: Vec<String> = actions.iter().map(|action| in_force.shown(*action)).collect();
    let first = first.join(" ");
    let apart = if actions.len() == 1 { " " } else { "  " };
    let all = nth(1).map(|second| format!("{first}{apart}{}", second.join(" ")));
    all.filter(|all| width(all) <= room_of(group)).unwrap_or(first)
}

/// Whether all keys of a binding stand on one of the lines above.
fn is_told(in_force: &Keys, binding: &Binding) -> bool {
    let own = in_force.of(binding.action);
    if PROGRAM.contains(&binding.action) {
        return own.len() < 2;
    }
    let Some((group, actions, _)) = TOGETHER.iter().find(|line| line.1.contains(&binding.action))
    else {
        return false;
    };
    if actions.len() > 2 {
        return !in_order(in_force, actions) || own.len() < 2;
    }
    let shown = keys(in_force, *group, actions);
    own.iter().all(|key| shown.split(' ').any(|word| word == key.to_string()))
}
