//! Blind spots: what could not be seen, by cause, the one that hides most first; and what would grant it.

use std::collections::BTreeMap;

use super::{Card, Page, Row};
use crate::facts::Lack;
use crate::os::{Pid, Refusal, shown};
use crate::rules::{Answered, Blind};
use crate::show::words;
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};

/// The card.
pub const BLIND: Card = Card {
    view: View::Blind,
    key: Some('0'),
    short: "Blind",
    long: "Blind spots",
    page,
    keys: &[Action::ReadAgain, Action::Copy, Action::Back],
};

/// One cause, and all that it hides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// What is so, one sentence.
    pub what: String,
    /// What was not read.
    pub not_read: Vec<String>,
    /// Which rules are undecided, and about which app.
    pub undecided: Vec<String>,
    /// What would grant it.
    pub see_it: String,
    /// Where the first of it was looked for.
    pub place: String,
}

/// All causes.
pub fn causes(state: &State) -> Vec<Cause> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut by_cause: BTreeMap<String, Cause> = BTreeMap::new();
    for (answered, blind) in look.verdicts.undecided() {
        for spot in blind {
            let cause = cause_of(state, answered, spot);
            let kept = by_cause.entry(cause.what.clone()).or_insert(cause);
            push(&mut kept.not_read, &spot.what);
            push(&mut kept.undecided, answered.rule);
        }
    }
    if let Some((place, lack)) = &look.census.seen.hidden {
        let what = format!("the list of processes may be incomplete: {lack}");
        let (not_read, see_it) = match lack {
            Lack::Refused(Refusal::Denied) => ("processes of other users", "sudo farrier"),
            _ => ("processes", "a mounted proc file system; --proc names another than /proc"),
        };
        let cause = Cause {
            what: what.clone(),
            not_read: vec![not_read.into()],
            place: place.to_string(),
            see_it: see_it.into(),
            undecided: Vec::new(),
        };
        by_cause.insert(what, cause);
    }
    if look.census.apps.is_empty() && look.census.seen.denied > 0 {
        let what = format!(
            "{} processes of other users: program and title were denied",
            look.census.seen.denied
        );
        let cause = Cause {
            what: what.clone(),
            see_it: "sudo farrier".into(),
            place: "/proc".into(),
            ..Cause::default()
        };
        by_cause.insert(what, cause);
    }
    if let Some((place, _)) = look.census.seen.closed.first() {
        let what = "directories in which a server's files may lie were not read".to_owned();
        let paths = look.census.seen.closed.iter();
        let not_read = paths.map(|(path, why)| format!("{} ({why})", shown(path))).collect();
        let (see_it, place) = ("sudo farrier".into(), shown(place));
        let cause = Cause { what: what.clone(), not_read, see_it, place, ..Cause::default() };
        by_cause.insert(what, cause);
    }
    let mut all: Vec<Cause> = by_cause.into_values().collect();
    all.sort_by_key(|cause| std::cmp::Reverse(cause.undecided.len()));
    all
}

fn push(list: &mut Vec<String>, word: &str) {
    if !list.iter().any(|known| known == word) {
        list.push(word.to_owned());
    }
}

fn cause_of(state: &State, answered: &Answered, spot: &Blind) -> Cause {
    let app = state.app_name(&answered.app);
    let (what, see_it) = match &spot.why {
        Lack::Refused(Refusal::Denied) => {
            let owner = spot.pid.and_then(|pid: Pid| {
                let member = state.member_of((pid, None))?;
                member.process.user.get().map(ToString::to_string)
            });
            match owner {
                Some(owner) => (
                    format!("{app} runs as user {owner}; farrier may not read all of it"),
                    "sudo farrier",
                ),
                None => (format!("places of {app} were denied"), "sudo farrier"),
            }
        }
        Lack::Refused(Refusal::TimedOut) => {
            (format!("{} does not answer", spot.place), "{read-again} asks once more")
        }
        Lack::Refused(Refusal::Gone) => {
            (format!("processes of {app} ended while they were read"), "{read-again} looks again")
        }
        Lack::Unevaluable(text) => (
            format!("{app}: {text} is evaluated by the server alone"),
            "a literal in the configuration decides it",
        ),
        other => (format!("{app}: {other}"), "{read-again} looks again"),
    };
    Cause {
        what,
        see_it: state.keys.words(see_it),
        place: spot.place.to_string(),
        ..Cause::default()
    }
}

fn page(state: &State, width: usize) -> Page {
    let causes = causes(state);
    let undecided = state.shown().map_or(0, |look| look.verdicts.undecided().count());
    let mut page = Page {
        crumb: vec!["Blind spots".into()],
        count: if causes.is_empty() {
            "every rule was decided".into()
        } else {
            let rules = words::counted(undecided, "rule");
            format!("undecided: {rules}, {}", words::counted(causes.len(), "cause"))
        },
        ..Page::default()
    };
    for cause in &causes {
        let mut line = Cells::new(state.theme, width).to(3);
        line = line.text(&cause.what, Tone::Strong);
        page.rows.push(Row {
            line: line.line(),
            key: Some(RowKey::Named(cause.what.clone())),
            about: format!("the first lack is at {}", cause.place),
            copy: cause.see_it.clone(),
            words: crate::tui::filter::Subject {
                text: format!("{} {}", cause.what, cause.undecided.join(" ")),
                values: Vec::new(),
            },
            flagged: true,
            ..Row::default()
        });
        let parts = [
            ("not read", cause.not_read.join(", ")),
            ("undecided", cause.undecided.join(", ")),
            ("see it", cause.see_it.clone()),
        ];
        for (label, text) in parts.iter().filter(|part| !part.1.is_empty()) {
            for (at, piece) in wrap(text, width.saturating_sub(18)).into_iter().enumerate() {
                let label = if at == 0 { *label } else { "" };
                let cells = Cells::new(state.theme, width).to(5).left(label, 12, Tone::Quiet);
                page.rows.push(Row::text(cells.text(&piece, Tone::Plain).line()));
            }
        }
        page.rows.push(Row::default());
    }
    let last = if causes.is_empty() {
        "Nothing is hidden: every rule was decided"
    } else {
        "A blind spot is neither a fault nor a clean bill: nobody has looked there"
    };
    let tone = if causes.is_empty() { Tone::Plain } else { Tone::Quiet };
    page.rows.push(Row::text(Cells::new(state.theme, width).to(1).text(last, tone).line()));
    page
}
