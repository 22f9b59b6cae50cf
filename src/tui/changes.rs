//! Cells whose text changed lately: they are underlined for a while, and nothing moves for it.

use std::collections::BTreeMap;
use std::time::Duration;

use unicode_width::UnicodeWidthChar as _;

use super::baseline::Baseline;
use super::place::{Pane, RowKey, View};
use super::state::State;
use super::widgets::{cells::plain, pane};
use crate::show::words::Mark;

/// How long a change is shown.
const SHOWN: Duration = Duration::from_secs(10);
/// The second look brings what the first one did not ask for; that is no change.
const LOOKS: usize = 2;

/// A cell whose text changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In the tree, or in the open view.
    pub pane: Pane,
    /// Which view was open.
    pub view: View,
    /// The row.
    pub key: RowKey,
    /// Its first column and the one behind its last.
    pub columns: (usize, usize),
    until: Duration,
}

/// What changed lately.
#[derive(Debug, Default)]
pub struct Changes {
    /// How many looks have come.
    looks: usize,
    /// The newest last.
    all: Vec<Change>,
    /// The moment from which on all that differs is marked.
    pub baseline: Option<Box<Baseline>>,
}

impl Changes {
    /// The words of a row that are marked: its first column and the one behind its last, each. From a moment on that
    /// was chosen; else what changed lately.
    pub fn of(&self, state: &State, side: Pane, key: &RowKey) -> Vec<(usize, usize)> {
        if let Some(baseline) = &self.baseline {
            return baseline.cells(state, side, key).to_vec();
        }
        let open = |change: &&Change| {
            let view = side == Pane::Tree || change.view == state.place.view;
            change.pane == side && view && change.key == *key
        };
        self.all.iter().filter(open).map(|change| change.columns).collect()
    }

    /// Lets go what was shown for long enough.
    pub fn expire(&mut self, now: Duration) {
        self.all.retain(|change| change.until > now);
    }
}

/// What the rows of both panes say.
pub struct Texts(BTreeMap<(bool, RowKey), Vec<char>>);

/// Reads them; `None`: nothing is shown yet.
pub fn texts(state: &State) -> Option<Texts> {
    state.shown()?;
    let mut all = BTreeMap::new();
    for side in [Pane::Tree, Pane::Main] {
        let area = pane::area(state, side);
        if area.height == 0 {
            continue;
        }
        for row in pane::page(state, side, usize::from(area.width)).rows {
            let Some(key) = row.key else { continue };
            all.insert((side == Pane::Tree, key), columns(&plain(&row.line)));
        }
    }
    Some(Texts(all))
}

/// A look came: notes what says something else now.
pub fn looked(state: &mut State, before: Option<Texts>) {
    state.changes.looks += 1;
    if state.changes.looks > LOOKS {
        note(state, before);
    }
}

fn note(state: &mut State, before: Option<Texts>) {
    let (Some(Texts(before)), Some(Texts(after))) = (before, texts(state)) else { return };
    let (view, until) = (state.place.view, state.now + SHOWN);
    for ((tree, key), text) in after {
        let Some(was) = before.get(&(tree, key.clone())) else { continue };
        let side = if tree { Pane::Tree } else { Pane::Main };
        for columns in changed(was, &text) {
            let same = |c: &Change| {
                c.pane == side && c.view == view && c.key == key && c.columns == columns
            };
            state.changes.all.retain(|change| !same(change));
            state.changes.all.push(Change { pane: side, view, key: key.clone(), columns, until });
        }
    }
}

/// A character for each column; the lines and fold marks of a tree are no words.
pub fn columns(text: &str) -> Vec<char> {
    let drawn = [Mark::Branch, Mark::LastBranch, Mark::Trunk, Mark::Folded, Mark::Unfolded];
    let said = |c: char| if drawn.iter().any(|mark| mark.sign() == c) { ' ' } else { c };
    text.chars().flat_map(|c| std::iter::repeat_n(said(c), c.width().unwrap_or(0))).collect()
}

/// The words of a line that were other ones before.
pub fn changed(was: &[char], is: &[char]) -> Vec<(usize, usize)> {
    let at = |line: &[char], column: usize| line.get(column).copied().unwrap_or(' ');
    words(is)
        .into_iter()
        .filter(|(from, to)| {
            // A shorter word leaves blanks beside it, where the longer one stood.
            let around = from.saturating_sub(1)..=*to;
            let differs = (*from..*to).any(|column| at(was, column) != at(is, column))
                || around.clone().any(|column| at(is, column) == ' ' && at(was, column) != ' ');
            differs && !goes_by(&word(was, *from, *to), &word(is, *from, *to))
        })
        .collect()
}

/// The columns of each word.
fn words(line: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = None;
    for (column, c) in line.iter().chain(std::iter::once(&' ')).enumerate() {
        match (from, *c == ' ') {
            (None, false) => from = Some(column),
            (Some(start), true) => {
                found.push((start, column));
                from = None;
            }
            _ => {}
        }
    }
    found
}

/// The word that stands in these columns, and beside them as far as it goes.
fn word(line: &[char], from: usize, to: usize) -> String {
    let inside = words(line).into_iter().find(|(start, end)| *start < to && *end > from);
    let (start, end) = inside.unwrap_or((from, to));
    line.get(start..end.min(line.len())).unwrap_or_default().iter().collect()
}

/// An age that grew: time goes by, and nothing changed.
fn goes_by(was: &str, is: &str) -> bool {
    let age = |word: &str| {
        let unit = word.chars().last();
        word == "now"
            || unit.is_some_and(|unit| "smhdwy".contains(unit))
                && word.chars().rev().skip(1).all(|c| c.is_ascii_digit())
                && word.len() > 1
    };
    age(was) && age(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(was: &str, is: &str) -> Vec<String> {
        let (was, is) = (columns(was), columns(is));
        changed(&was, &is)
            .into_iter()
            .map(|(from, to)| is[from..to].iter().collect::<String>())
            .collect()
    }

    #[test]
    fn the_words_that_changed_are_found() {
        assert_eq!(marks("w0  14743   231M   0/1024", "w0  14743   240M   0/1024"), ["240M"]);
        assert_eq!(marks("a  10", "a   9"), ["9"]);
        assert_eq!(marks("ab cd", "ab c"), ["c"]);
        assert_eq!(marks("same words", "same words"), Vec::<String>::new());
    }

    #[test]
    fn time_that_goes_by_is_no_change() {
        assert_eq!(marks("w0  56m  1", "w0  57m  2"), ["2"]);
        assert_eq!(marks("w0  110s", "w0    2m"), Vec::<String>::new());
        assert_eq!(marks("w0    2d", "w0  gone"), ["gone"]);
    }
}
