//! Moving: lines, folds, panes, views, and the way back.

use crate::os::Pid;
use crate::tui::keys::Action;
use crate::tui::layout;
use crate::tui::nodes::{self, Node};
use crate::tui::place::{Cursor, Door, FindingId, Pane, Place, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::views::{self, Row};
use crate::tui::widgets::pane;

/// How many places `b` leads back.
const PLACES: usize = 50;

fn rows(state: &State) -> Vec<Row> {
    let focus = state.place.focus;
    let columns = usize::from(pane::area(state, focus).width);
    pane::page(state, focus, columns).rows
}

/// Moves the cursor over rows that can be chosen; past the last one, text scrolls.
pub(super) fn by(state: &mut State, step: isize) {
    let rows = rows(state);
    let focus = state.place.focus;
    let at = pane::selected(state, focus, &rows);
    // The smallest screens have a line an app and none for its processes.
    let tiny = layout::size(state.size) <= layout::Size::Tiny;
    let shown = |key: &RowKey| !tiny || matches!(key, RowKey::App(_) | RowKey::Host(_));
    let keyed = |at: &usize| rows.get(*at).and_then(|row| row.key.as_ref()).is_some_and(shown);
    if is_out_of_sight(state) {
        return scroll(state, step);
    }
    let next = match (at, step > 0) {
        (Some(at), true) => (at + 1..rows.len()).find(keyed),
        (Some(at), false) => (0..at).rev().find(keyed),
        (None, _) => None,
    };
    match next {
        Some(next) => put(state, &rows, next),
        None => scroll(state, step),
    }
}

/// Scrolls a text that has no more rows to choose in that direction.
fn scroll(state: &mut State, step: isize) {
    let focus = state.place.focus;
    let columns = usize::from(pane::area(state, focus).width);
    let page = pane::page(state, focus, columns);
    let room = pane::room(state, focus, &page);
    let chosen = pane::selected(state, focus, &page.rows);
    let most = page.rows.len().saturating_sub(room);
    let cursor = state.place.cursor_mut(focus);
    cursor.top = cursor.top.saturating_add_signed(step).min(most);
    // Text behind the last row that can be chosen is read with that row out of sight.
    cursor.loose = chosen.is_some_and(|at| !(cursor.top..cursor.top + room).contains(&at));
}

/// Whether the text was scrolled so far that the chosen row is not on the screen.
fn is_out_of_sight(state: &State) -> bool {
    state.place.cursor(state.place.focus).loose
}

/// Puts the cursor of the pane that has it on a row.
pub(super) fn put(state: &mut State, rows: &[Row], at: usize) {
    let focus = state.place.focus;
    let cursor = state.place.cursor_mut(focus);
    cursor.key = rows.get(at).and_then(|row| row.key.clone());
    cursor.index = at;
    cursor.loose = false;
    follow(state);
}

/// Beside the tree, the open view follows the tree's cursor.
fn follow(state: &mut State) {
    let beside = layout::size(state.size) >= layout::Size::Wide;
    let follows = !matches!(
        state.place.view,
        View::Overview | View::Findings | View::Finding | View::Rule | View::Blind
    );
    if state.place.focus == Pane::Tree
        && beside
        && follows
        && let Some(subject) = chosen_subject(state)
    {
        state.place.subject = subject;
        state.place.main = Cursor::default();
    }
}

/// A page up or down.
pub(super) fn page(state: &mut State, step: isize) {
    let focus = state.place.focus;
    let columns = usize::from(pane::area(state, focus).width);
    let open = pane::page(state, focus, columns);
    let room = pane::room(state, focus, &open).saturating_sub(1).max(1);
    let rows = open.rows;
    let keyed: Vec<usize> =
        (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|row| row.key.is_some())).collect();
    let at = pane::selected(state, focus, &rows);
    let place = at.and_then(|at| keyed.iter().position(|keyed| *keyed == at));
    let jump = isize::try_from(room).unwrap_or(1) * step;
    let Some(place) = place.filter(|_| !is_out_of_sight(state)) else {
        return scroll(state, jump);
    };
    let to = place.saturating_add_signed(jump).min(keyed.len().saturating_sub(1));
    if to == place {
        return scroll(state, jump);
    }
    if let Some(to) = keyed.get(to) {
        put(state, &rows, *to);
    }
}

/// The first row.
pub(super) fn first(state: &mut State) {
    let rows = rows(state);
    let focus = state.place.focus;
    if let Some(at) = rows.iter().position(|row| row.key.is_some()) {
        put(state, &rows, at);
    }
    state.place.cursor_mut(focus).top = 0;
}

/// The last row.
pub(super) fn last(state: &mut State) {
    let rows = rows(state);
    match rows.iter().rposition(|row| row.key.is_some()) {
        Some(at) => {
            put(state, &rows, at);
            if at + 1 < rows.len() {
                scroll(state, isize::MAX);
            }
        }
        None => scroll(state, isize::MAX),
    }
}

fn chosen<'a>(state: &State, nodes: &'a [Node<'a>]) -> Option<(usize, &'a Node<'a>)> {
    let key = pane::row(state)?.key?;
    nodes.iter().enumerate().find(|(_, node)| node.key == key)
}

/// Folds the chosen row, or goes to its parent.
pub(super) fn fold(state: &mut State) {
    let nodes = nodes::nodes(state);
    let Some((at, node)) = chosen(state, &nodes) else { return };
    if node.open == Some(true) {
        let key = node.key.clone();
        set_fold(state, key, true);
        return;
    }
    let depth = node.depth;
    let parent = nodes.iter().take(at).rev().find(|other| other.depth < depth);
    let parent = parent.map(|node| node.key.clone());
    if parent.is_some() {
        state.place.tree.key = parent;
    }
}

/// Unfolds the chosen row.
pub(super) fn unfold(state: &mut State) {
    let nodes = nodes::nodes(state);
    let Some((_, node)) = chosen(state, &nodes) else { return };
    if node.open == Some(false) {
        let key = node.key.clone();
        set_fold(state, key, false);
    }
}

/// Folds what is open, unfolds what is not.
pub(super) fn toggle(state: &mut State) {
    let nodes = nodes::nodes(state);
    let Some((_, node)) = chosen(state, &nodes) else { return };
    if let Some(open) = node.open {
        let key = node.key.clone();
        set_fold(state, key, open);
    }
}

fn set_fold(state: &mut State, key: RowKey, folded: bool) {
    let (into, from) = if folded {
        (&mut state.folded, &mut state.unfolded)
    } else {
        (&mut state.unfolded, &mut state.folded)
    };
    from.remove(&key);
    into.insert(key);
}

/// Folds every app, or unfolds everything. What is known of ended apps goes with the first.
pub(super) fn fold_all(state: &mut State, folded: bool) {
    let keys: Vec<RowKey> = state
        .shown()
        .map(|look| {
            let apps = look.census.apps.iter().map(|app| RowKey::App(app.id.clone()));
            let masters = look.census.apps.iter().flat_map(|app| &app.masters);
            apps.chain(masters.map(|m| RowKey::Process(m.process.identity()))).collect()
        })
        .unwrap_or_default();
    for key in keys {
        set_fold(state, key, folded);
    }
    if folded {
        if let Some(RowKey::Process(identity)) = state.place.tree.key
            && let Some(app) = state.member_of(identity).map(|member| member.app.clone())
        {
            state.place.tree.key = Some(RowKey::App(app));
        }
        let known: Vec<_> = state.shown().map_or_else(Vec::new, |look| {
            look.census.apps.iter().map(|app| app.id.clone()).collect()
        });
        state.ghosts.retain(|ghost| known.contains(&ghost.app));
    }
}

/// The other pane, where there are two.
pub(super) fn other_pane(state: &mut State) {
    let other = match state.place.focus {
        Pane::Tree => Pane::Main,
        Pane::Main => Pane::Tree,
    };
    let two = state.manner.zoom || pane::area(state, other).height > 0;
    if two && (state.place.view == View::Overview || layout::size(state.size) >= layout::Size::Wide)
    {
        state.place.focus = other;
    }
}

/// Goes to a place, and keeps the way back.
pub(super) fn go(state: &mut State, view: View, subject: Subject, row: Option<RowKey>) {
    let same = state.place.view == view && state.place.subject == subject;
    if same && row.is_none() {
        return;
    }
    state.back.push(state.place.clone());
    if state.back.len() > PLACES {
        state.back.remove(0);
    }
    let focus = if view == View::Overview { state.place.focus } else { Pane::Main };
    state.place = Place {
        view,
        subject,
        focus,
        tree: state.place.tree.clone(),
        main: Cursor { key: row, ..Cursor::default() },
    };
    state.filter = crate::tui::filter::Filter::default();
    state.manner.flagged = false;
    state.manner.zoom = false;
}

/// One place back.
pub(super) fn back(state: &mut State) {
    if let Some(place) = state.back.pop() {
        state.place = place;
        state.filter = crate::tui::filter::Filter::default();
    } else if state.place.view != View::Overview {
        state.place.view = View::Overview;
        state.place.main = Cursor::default();
    }
}

/// What Enter opens: a row's door; a folded app unfolds. Some rows do something else; that is returned.
pub(super) fn open(state: &mut State) -> Option<Action> {
    // What is not on the screen is shown before it is opened.
    let focus = state.place.focus;
    if std::mem::take(&mut state.place.cursor_mut(focus).loose) {
        return None;
    }
    let row = pane::row(state)?;
    if row.action.is_some() {
        return row.action;
    }
    if let Some(Door { view, subject, row }) = row.door {
        go(state, view, subject, row);
        return None;
    }
    match row.key {
        Some(RowKey::App(_)) if state.place.focus == Pane::Tree => toggle(state),
        _ => state.say("nothing more is known about this row"),
    }
    None
}

/// A view by its key, about what is selected.
pub(super) fn view(state: &mut State, key: char) {
    let Some(card) = views::VIEWS.iter().find(|card| card.key == Some(key)) else { return };
    let subject = match card.view {
        View::Overview | View::Findings | View::Blind | View::Timeline => {
            state.place.subject.clone()
        }
        _ => chosen_subject(state).unwrap_or_else(|| state.place.subject.clone()),
    };
    if card.view == View::Upgrade {
        return super::conducting::open(state, subject);
    }
    go(state, card.view, subject, None);
}

/// What is selected: the row's own subject, or what the place is about.
pub(super) fn chosen_subject(state: &State) -> Option<Subject> {
    let row = pane::row(state)?;
    match (row.key?, row.door) {
        (RowKey::App(id), _) => Some(Subject::App(id)),
        (RowKey::Process(identity), _) => {
            let member = state.member_of(identity)?;
            Some(Subject::Process(member.app.clone(), identity))
        }
        (RowKey::Finding(id), _) => Some(about(state, &id)),
        (RowKey::Named(_) | RowKey::Host(_), _) => None,
    }
}

/// What a finding is about: its process, else its app.
pub(super) fn about(state: &State, id: &FindingId) -> Subject {
    let member = id.pid.and_then(|pid: Pid| state.member_of((pid, None)));
    match member {
        Some(member) => Subject::Process(id.app.clone(), member.process.identity()),
        None => Subject::App(id.app.clone()),
    }
}

/// The next or the previous finding.
pub(super) fn finding(state: &mut State, step: isize) {
    let Some(look) = state.shown() else { return };
    let all: Vec<FindingId> =
        look.in_order().into_iter().map(|caused| FindingId::from(caused.finding)).collect();
    if all.is_empty() {
        return state.say("there is no finding");
    }
    let open = match (&state.place.view, &state.place.subject, &state.place.main.key) {
        (View::Finding, Subject::Finding(id), _) | (_, _, Some(RowKey::Finding(id))) => Some(id),
        _ => None,
    };
    let at = open.and_then(|id| all.iter().position(|other| other == id));
    let count = isize::try_from(all.len()).unwrap_or(1);
    let next = match at {
        Some(at) => (isize::try_from(at).unwrap_or(0) + step).rem_euclid(count),
        None => 0,
    };
    let Some(next) = all.into_iter().nth(usize::try_from(next).unwrap_or(0)) else { return };
    match state.place.view {
        View::Overview | View::Findings => {
            state.place.focus = Pane::Main;
            state.place.main.key = Some(RowKey::Finding(next));
            state.place.main.loose = false;
        }
        View::Finding => {
            state.place.subject = Subject::Finding(next);
            state.place.main = Cursor::default();
        }
        _ => go(state, View::Finding, Subject::Finding(next), None),
    }
}

/// The rule of the finding that is selected or open.
pub(super) fn rule_of(state: &State) -> Option<&'static str> {
    match (pane::row(state).and_then(|row| row.key), &state.place.subject) {
        (Some(RowKey::Finding(id)), _) => Some(id.rule),
        (_, Subject::Finding(id)) => Some(id.rule),
        _ => None,
    }
}

/// The page of the rule that is selected or open.
pub(super) fn rule(state: &mut State) {
    if let Some(name) = rule_of(state) {
        return go(state, View::Rule, Subject::Rule(name), None);
    }
    let key = state.keys.shown(Action::Rule);
    state.say(format!("select a finding first; {key} opens the page of its rule"));
}
