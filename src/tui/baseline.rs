//! `=`: what differs from one moment on stays marked, what came bears `+`, and what went stays with `×`.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{changed, columns};
use super::filter::Filter;
use super::members::{members, same};
use super::nodes;
use super::place::{Pane, RowKey, Subject, View};
use super::state::{Look, State};
use super::theme::Tone;
use super::views::{Page, Row};
use super::widgets::{cells::plain, pane};
use crate::facts::Lack;
use crate::facts::opens::Opens;
use crate::os::Pid;
use crate::show::words::{Mark, counted, time};

/// The moment, and what differs from it in what is open now.
#[derive(Debug)]
pub struct Baseline {
    /// What was shown then.
    pub look: Look,
    /// What processes had open then, or when they were first asked after it.
    opens: BTreeMap<Pid, Result<Opens, Lack>>,
    differs: Vec<Differs>,
}

/// What differs in one pane.
#[derive(Debug)]
struct Differs {
    side: Pane,
    of: (View, Subject),
    /// The words of a row that were other ones.
    cells: BTreeMap<RowKey, Vec<(usize, usize)>>,
    came: BTreeSet<RowKey>,
    /// Rows of what went that are still shown: ghosts.
    ghosts: BTreeSet<RowKey>,
    went: Vec<Gone>,
}

/// Rows that are shown no more, with the rows that stood above them.
#[derive(Debug)]
struct Gone {
    below: Vec<RowKey>,
    rows: Vec<Row>,
}

impl Baseline {
    /// From what is shown on.
    pub fn new(look: Look, opens: BTreeMap<Pid, Result<Opens, Lack>>) -> Self {
        Self { look, opens, differs: Vec::new() }
    }

    /// What a process has open was read: what was not known then is taken as it is now.
    pub fn opened(&mut self, pid: Pid, opens: &Result<Opens, Lack>) {
        self.opens.entry(pid).or_insert_with(|| opens.clone());
    }

    fn of(&self, side: Pane, view: View, subject: &Subject) -> Option<&Differs> {
        let open = |differs: &&Differs| {
            let same = differs.of.0 == view && &differs.of.1 == subject;
            differs.side == side && (side == Pane::Tree || same)
        };
        self.differs.iter().find(open)
    }

    /// The words of a row that differ.
    pub fn cells(&self, state: &State, side: Pane, key: &RowKey) -> &[(usize, usize)] {
        let open = self.of(side, state.place.view, &state.place.subject);
        open.and_then(|open| open.cells.get(key)).map_or(&[], Vec::as_slice)
    }

    /// The mark of a row that came or went.
    pub fn sign(&self, state: &State, side: Pane, key: &RowKey) -> Option<char> {
        let open = self.of(side, state.place.view, &state.place.subject)?;
        let went = || open.went.iter().flat_map(|gone| &gone.rows);
        if open.came.contains(key) {
            return Some('+');
        }
        let gone = open.ghosts.contains(key) || went().any(|row| row.key.as_ref() == Some(key));
        gone.then(|| Mark::Ghost.sign())
    }

    /// What differs, in words.
    pub fn words(&self, state: &State) -> String {
        let at = self.look.census.taken_at;
        let shown = state.shown().map_or(at, |look| look.census.taken_at);
        let clock = time(at, shown, &state.zone);
        let from = if shown < at { format!("before {clock}") } else { format!("since {clock}") };
        let sum = |count: fn(&Differs) -> usize| self.differs.iter().map(count).sum::<usize>();
        let cells = sum(|one| one.cells.values().map(Vec::len).sum());
        let came = sum(|one| one.came.len());
        let went = sum(|one| one.ghosts.len() + one.went.len());
        let mut parts = Vec::new();
        if cells > 0 {
            let verb = if cells == 1 { "differs" } else { "differ" };
            parts.push(format!("{} {verb}", counted(cells, "cell")));
        }
        let row = |many: usize, first: bool| {
            if first { counted(many, "row") } else { many.to_string() }
        };
        if came > 0 {
            parts.push(format!("{} came", row(came, true)));
        }
        if went > 0 {
            parts.push(format!("{} went", row(went, came == 0)));
        }
        let parts = if parts.is_empty() { "nothing differs".into() } else { parts.join(", ") };
        format!("{from}: {parts}")
    }
}

/// Compares what is open now with what it would have shown then.
pub fn renew(state: &mut State) {
    let Some(mut baseline) = state.changes.baseline.take() else { return };
    let sides: Vec<(Pane, usize)> = [Pane::Tree, Pane::Main]
        .into_iter()
        .map(|side| (side, pane::area(state, side)))
        .filter(|(_, area)| area.height > 0)
        .map(|(side, area)| (side, usize::from(area.width)))
        .collect();
    // Both are compared unfiltered, and folded as it is now: what is only hidden did not go.
    let open: Vec<(RowKey, bool)> = nodes::nodes(state)
        .into_iter()
        .filter_map(|node| node.open.map(|open| (node.key, open)))
        .collect();
    let filter = std::mem::take(&mut state.filter);
    let unfolded = std::mem::take(&mut state.unfolded);
    let folded = std::mem::take(&mut state.folded);
    state.unfolded = open.iter().filter(|(_, open)| *open).map(|(key, _)| key.clone()).collect();
    state.folded = open.iter().filter(|(_, open)| !*open).map(|(key, _)| key.clone()).collect();
    let now: Vec<Rows> = sides.iter().map(|(side, wide)| rows(state, *side, *wide)).collect();
    let paused = state.paused.replace(baseline.look.clone());
    std::mem::swap(&mut state.opens, &mut baseline.opens);
    let apps = baseline.look.census.apps.iter();
    let then_foldable: Vec<RowKey> = apps
        .flat_map(|app| {
            let masters = app.masters.iter().map(|m| RowKey::Process(m.process.identity()));
            std::iter::once(RowKey::App(app.id.clone())).chain(masters)
        })
        .filter(|key| !state.unfolded.contains(key))
        .collect();
    state.folded.extend(then_foldable);
    let then: Vec<Rows> = sides.iter().map(|(side, wide)| rows(state, *side, *wide)).collect();
    std::mem::swap(&mut state.opens, &mut baseline.opens);
    state.paused = paused;
    (state.filter, state.unfolded, state.folded) = (filter, unfolded, folded);
    let of = (state.place.view, state.place.subject.clone());
    let pairs = sides.into_iter().zip(then.into_iter().zip(now));
    baseline.differs =
        pairs.map(|((side, _), (then, now))| differs(side, of.clone(), then, &now)).collect();
    state.changes.baseline = Some(baseline);
}

/// The rows of a pane, and which of them are of something that had ended.
struct Rows {
    rows: Vec<Row>,
    ended: BTreeSet<RowKey>,
}

fn rows(state: &State, side: Pane, wide: usize) -> Rows {
    let rows = pane::page(state, side, wide).rows;
    let is_ended = |key: &&RowKey| match key {
        RowKey::Process(identity) => state.shown().is_some_and(|look| {
            let mut alive = look.census.apps.iter().flat_map(members);
            !alive.any(|member| same(member.process.identity(), *identity))
        }),
        RowKey::App(id) => state.shown().is_some_and(|look| look.census.app(id).is_none()),
        _ => false,
    };
    let ended = rows.iter().filter_map(|row| row.key.as_ref()).filter(is_ended).cloned().collect();
    Rows { rows, ended }
}

fn differs(side: Pane, of: (View, Subject), then: Rows, now: &Rows) -> Differs {
    let keyed = |rows: &Rows| -> BTreeMap<RowKey, Vec<char>> {
        let text = |row: &Row| Some((row.key.clone()?, columns(&plain(&row.line))));
        rows.rows.iter().filter_map(text).collect()
    };
    let (was, is) = (keyed(&then), keyed(now));
    let mut found = Differs {
        side,
        of,
        cells: BTreeMap::new(),
        came: BTreeSet::new(),
        ghosts: BTreeSet::new(),
        went: Vec::new(),
    };
    for (key, text) in &is {
        let (ended, had_ended) = (now.ended.contains(key), then.ended.contains(key));
        match was.get(key) {
            Some(_) if ended && !had_ended => drop(found.ghosts.insert(key.clone())),
            Some(_) if had_ended && !ended => drop(found.came.insert(key.clone())),
            Some(was) => {
                let cells = changed(was, text);
                if !cells.is_empty() {
                    found.cells.insert(key.clone(), cells);
                }
            }
            // What came and ended since is neither here nor there.
            None if ended => {}
            None => drop(found.came.insert(key.clone())),
        }
    }
    let mut above: Vec<RowKey> = Vec::new();
    let mut inside = false;
    for row in then.rows {
        match &row.key {
            Some(key) if !is.contains_key(key) && !then.ended.contains(key) => {
                inside = true;
                let below = above.iter().rev().cloned().collect();
                above.push(key.clone());
                found.went.push(Gone { below, rows: vec![row] });
            }
            Some(key) => {
                inside = false;
                above.push(key.clone());
            }
            None if row.more && inside => {
                if let Some(gone) = found.went.last_mut() {
                    gone.rows.push(row);
                }
            }
            None => inside = false,
        }
    }
    found
}

/// The page with the rows that went, each below the row that stood above it.
pub fn with_gone(state: &State, side: Pane, mut page: Page) -> Page {
    let baseline = state.changes.baseline.as_ref();
    let open = baseline.and_then(|one| one.of(side, state.place.view, &state.place.subject));
    let Some(open) = open else { return page };
    let unfiltered = Filter::default();
    let filter = if state.filter.is_empty() { &unfiltered } else { &state.filter };
    for gone in &open.went {
        let Some(head) = gone.rows.first().filter(|row| filter.admits(&row.words)) else {
            continue;
        };
        if page.rows.iter().any(|row| row.key == head.key) {
            continue;
        }
        let at = |key: &RowKey| page.rows.iter().position(|row| row.key.as_ref() == Some(key));
        let above = gone.below.iter().find_map(at);
        let first = page.rows.iter().position(|row| row.key.is_some()).unwrap_or(page.rows.len());
        let place = above.map_or(first, |above| {
            let more = page.rows.iter().skip(above + 1).take_while(|row| row.more).count();
            above + 1 + more
        });
        let rows = gone.rows.iter().cloned().map(|row| quiet(state, row));
        page.rows.splice(place..place, rows);
    }
    page
}

/// A row of what is not there any more.
fn quiet(state: &State, mut row: Row) -> Row {
    let style = state.theme.style(Tone::Quiet);
    for span in &mut row.line.spans {
        span.style = style;
    }
    row
}
