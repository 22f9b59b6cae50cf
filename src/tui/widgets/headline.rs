//! The headline: what is wrong, why, and what comes next; and the rule below it.

use ratatui::text::Line;

use super::cells::Cells;
use crate::model::App;
use crate::rules::headline::{Headline, Word};
use crate::show::words::{Mark, cut, width};
use crate::tui::layout::{self, Size};
use crate::tui::state::State;
use crate::tui::theme::Tone;

/// The three lines and the rule.
pub fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let Some(look) = state.shown() else {
        let first = Cells::new(state.theme, columns).to(3).left("LOOK", 7, Tone::Strong);
        let blank = Line::default();
        return vec![
            first.text("reading processes", Tone::Plain).line(),
            blank.clone(),
            blank,
            rule(state, columns),
        ];
    };
    let told = look.headline();
    let (mark, tone) = sign(&told);
    let first = Cells::new(state.theme, columns).to(1).text(&mark.to_string(), tone).to(3).left(
        told.word.name(),
        7,
        loud(tone),
    );
    let hint = if told.finding.is_some() { "Enter: how" } else { "" };
    let beside = |right: &str| {
        columns.saturating_sub(11 + if right.is_empty() { 0 } else { width(right) + 2 })
    };
    let [what, why, next] = told.fit([beside(""), beside(""), beside(hint)]);
    // How old what is shown is counts more than the end of a sentence.
    let behind = state.behind().map(|behind| format!("-{behind}")).unwrap_or_default();
    let room = columns.saturating_sub(first.at() + width(&behind) + 3);
    let first = match behind.as_str() {
        "" => others(state, &told, first.text(&what, Tone::Plain), columns),
        behind => first.text(&cut(&what, room), Tone::Plain).end(behind, Tone::Strong),
    };
    let label = |word: &str| Cells::new(state.theme, columns).to(3).left(word, 7, Tone::Quiet);
    let room = columns > 12 + width(&next) + width(hint);
    let mut next = label("NEXT").text(&next, Tone::Plain);
    if room && !hint.is_empty() {
        next = next.end(hint, Tone::Quiet);
    }
    vec![
        first.line(),
        label(told.word.second()).text(&why, Tone::Plain).line(),
        next.line(),
        rule(state, columns),
    ]
}

/// Where there is room for it, how the apps stand that the headline does not speak of.
fn others(state: &State, told: &Headline<'_>, cells: Cells, columns: usize) -> Cells {
    let large = layout::size(state.size) >= Size::Large && told.app.is_some();
    let Some(look) = state.shown().filter(|_| large) else { return cells };
    let mark = |app: &App| match look.worst(&app.id) {
        Some(severity) => Mark::from(severity),
        None if look.is_blind(&app.id) => Mark::Unknown,
        None => Mark::Fine,
    };
    let apps = crate::servers::listed(&look.census)
        .into_iter()
        .filter(|app| Some(&app.id) != told.app.as_ref());
    let words: Vec<String> = apps.map(|app| format!("{} {}", app.name, mark(app).sign())).collect();
    let words = words.join("  ");
    if words.is_empty() || cells.at() + width(&words) + 3 > columns {
        return cells;
    }
    cells.end(&words, Tone::Quiet)
}

/// The mark of a headline.
pub fn sign(told: &Headline<'_>) -> (char, Tone) {
    match (told.severity, told.word) {
        (Some(severity), _) => (Mark::from(severity).sign(), severity.into()),
        (None, Word::Fine) => (Mark::Fine.sign(), Tone::Fine),
        (None, Word::Moving | Word::Look) => (' ', Tone::Strong),
        (None, _) => (Mark::Unknown.sign(), Tone::Blind),
    }
}

fn loud(tone: Tone) -> Tone {
    if tone == Tone::Fine { Tone::Strong } else { tone }
}

/// A rule from edge to edge.
pub fn rule(state: &State, columns: usize) -> Line<'static> {
    let line = Mark::Rule.sign().to_string().repeat(columns.saturating_sub(2));
    Cells::new(state.theme, columns).to(1).text(&line, Tone::Quiet).line()
}

/// The heading of a pane that needs no rule: a title at its left, and what fits of some words at its right.
pub fn heading(state: &State, columns: usize, title: &str, right: &str) -> Line<'static> {
    let cells = Cells::new(state.theme, columns).to(1).text(title, Tone::Strong);
    if cells.at() + width(right) + 3 > columns {
        return cells.line();
    }
    cells.end(right, Tone::Quiet).line()
}

/// A rule with a title at its left and some words at its right.
pub fn titled(state: &State, columns: usize, title: &str, right: &str) -> Line<'static> {
    let dash = Mark::Rule.sign().to_string();
    let mut cells = Cells::new(state.theme, columns).to(1);
    cells = cells.text(&dash.repeat(2), Tone::Quiet).text(" ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 3);
    cells = cells.text(&crate::show::words::cut(title, room), Tone::Strong).text(" ", Tone::Plain);
    let free = columns.saturating_sub(cells.at() + 1);
    if right.is_empty() || width(right) + 6 > free {
        return cells.text(&dash.repeat(free), Tone::Quiet).line();
    }
    let fill = free.saturating_sub(width(right) + 3);
    cells
        .text(&dash.repeat(fill), Tone::Quiet)
        .text(" ", Tone::Plain)
        .text(right, Tone::Quiet)
        .text(" ", Tone::Plain)
        .text(&dash, Tone::Quiet)
        .line()
}
