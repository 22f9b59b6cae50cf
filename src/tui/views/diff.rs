//! Diff: the marked process and the selected one, side by side, or two looks. Only what differs, unless everything is asked for.

use std::collections::BTreeMap;

use super::libraries::gem;
use super::process::{fate_words, subject};
use super::{Card, Page, Row};
use crate::deploy::ruby::gem_of;
use crate::facts::environ::Environ;
use crate::facts::opens::{Opens, Slot};
use crate::facts::{Fact, signals};
use crate::model::Process;
use crate::os::secrets::shown_value;
use crate::os::{Pid, Text, shown};
use crate::show::words::{Mark, counted, fit_value};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::members::{Member, same};
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// The card.
pub const DIFF: Card = Card {
    view: View::Diff,
    key: None,
    short: "Diff",
    long: "Diff",
    page,
    keys: &[
        Action::Open,
        Action::Mark,
        Action::OnlyFlagged,
        Action::Filter,
        Action::Copy,
        Action::Back,
    ],
};

/// The values of a section by name, for both processes, or why one is not known.
type Values = Result<BTreeMap<String, [Option<Value>; 2]>, String>;

/// A value: what it is compared by, and what may be shown of it.
#[derive(Clone, Debug)]
struct Value {
    whole: Text,
    shown: String,
    hidden: bool,
}

impl From<String> for Value {
    fn from(shown: String) -> Self {
        Self { whole: Text::from(shown.as_str()), shown, hidden: false }
    }
}

fn page(state: &State, columns: usize) -> Page {
    if state.place.subject == Subject::Looks {
        return super::looks::page(state, columns);
    }
    let (mut page, other) = match subject(state, "Diff") {
        Ok(found) => found,
        Err(nothing) => return *nothing,
    };
    let marked = state.mark.and_then(|identity| state.member_of(identity));
    let Some(one) = marked else {
        let words = "no process is marked: {mark} marks the selected one, {diff} on another shows what differs";
        page.rows.push(text(state, columns, &state.keys.words(words), Tone::Plain));
        return page;
    };
    if same(one.process.identity(), other.process.identity()) {
        let diff = state.keys.shown(Action::Diff);
        let words = format!("{} is the marked one: choose another, then {diff}", one.process.pid);
        page.rows.push(text(state, columns, &words, Tone::Plain));
        return page;
    }
    page.crumb = vec![
        format!("{} {}", state.app_name(one.app), one.name()),
        format!("{} {}", state.app_name(other.app), other.name()),
        "Diff".into(),
    ];
    let named = (columns / 3).clamp(16, 48);
    let half = columns.saturating_sub(named + 6) / 2;
    let heads = Cells::new(state.theme, columns).to(3).left("name", named, Tone::Quiet);
    let heads = heads.text(" ", Tone::Plain).left(&one.name(), half, Tone::Quiet);
    page.head.push(heads.text(" ", Tone::Plain).text(&other.name(), Tone::Quiet).line());
    let (a, b) = (one.process, other.process);
    let sections = [
        ("Environment", View::Environment, environment(state, a, b)),
        ("Libraries", View::Libraries, opened(state, a.pid, b.pid, libraries)),
        ("Files", View::Files, opened(state, a.pid, b.pid, files)),
        ("Limits", View::Process, limits(a, b)),
        ("Signals", View::Process, masks(a, b)),
    ];
    let mut differing = 0;
    for (title, view, values) in sections {
        let values = match values {
            Ok(values) => values,
            Err(lack) => {
                page.rows.push(Row::text(titled(state, columns, title, "not known")));
                for piece in wrap(&lack, columns.saturating_sub(4)) {
                    page.rows.push(text(state, columns, &piece, Tone::Blind));
                }
                continue;
            }
        };
        let differ = values.values().filter(|pair| differs(pair)).count();
        differing += differ;
        let count = match differ {
            0 => format!("the same, {}", values.len()),
            differ => format!("{differ} of {}", values.len()),
        };
        page.rows.push(Row::text(titled(state, columns, title, &count)));
        for (name, pair) in &values {
            if state.manner.flagged || differs(pair) {
                page.rows.push(row(
                    state,
                    &other,
                    (title, view),
                    name,
                    pair,
                    (named, half, columns),
                ));
            }
        }
    }
    let key = state.keys.shown(Action::OnlyFlagged);
    let all = if state.manner.flagged { "only what differs" } else { "all" };
    page.count = format!("{}, {key} {all}", counted(differing, "difference"));
    page.sift(state)
}

fn text(state: &State, columns: usize, words: &str, tone: Tone) -> Row {
    Row::text(Cells::new(state.theme, columns).to(3).text(words, tone).line())
}

fn differs(pair: &[Option<Value>; 2]) -> bool {
    let [one, other] = pair;
    one.as_ref().map(|value| &value.whole) != other.as_ref().map(|value| &value.whole)
}

fn row(
    state: &State,
    member: &Member<'_>,
    (title, view): (&str, View),
    name: &str,
    pair: &[Option<Value>; 2],
    (named, half, columns): (usize, usize, usize),
) -> Row {
    let differs = differs(pair);
    let sign = if differs { Mark::Differs.sign() } else { ' ' };
    let side = |value: &Option<Value>| match value {
        Some(value) => (value.shown.clone(), if value.hidden { Tone::Quiet } else { Tone::Plain }),
        None => ("none".to_owned(), Tone::Quiet),
    };
    let [one, other] = pair;
    let ((one, one_tone), (other, other_tone)) = (side(one), side(other));
    let cells = Cells::new(state.theme, columns).to(1).text(&sign.to_string(), Tone::Warn).to(3);
    let cells = cells.left(&fit_value(name, named), named, Tone::Plain).text(" ", Tone::Plain);
    let cells = cells.left(&fit_value(&one, half), half, one_tone).text(" ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    let subject = Subject::Process(member.app.clone(), member.process.identity());
    let there = (view == View::Environment).then(|| RowKey::Named(name.to_owned()));
    Row {
        line: cells.text(&fit_value(&other, room), other_tone).line(),
        key: Some(RowKey::Named(format!("{title} {name}"))),
        door: Some(Door { view, subject, row: there }),
        about: format!("{name}: {one} / {other}"),
        words: Words {
            text: format!("{name} {one} {other}"),
            values: vec![match view {
                View::Environment => ("env", name.to_owned()),
                View::Libraries => ("lib", name.to_owned()),
                _ => ("file", name.to_owned()),
            }],
        },
        copy: format!("{name}: {one} / {other}"),
        // What is shown is chosen here; `f` is not asked once more.
        flagged: true,
        ..Row::default()
    }
}

/// Both sides of a section together.
fn both(
    one: BTreeMap<String, Value>,
    other: BTreeMap<String, Value>,
) -> BTreeMap<String, [Option<Value>; 2]> {
    let mut all: BTreeMap<String, [Option<Value>; 2]> = BTreeMap::new();
    for (name, value) in one {
        all.entry(name).or_default()[0] = Some(value);
    }
    for (name, value) in other {
        all.entry(name).or_default()[1] = Some(value);
    }
    all
}

/// What stands between two processes where a fact of one is not known.
fn lacking<T>(a: &Fact<T>, b: &Fact<T>) -> String {
    let told = |fact: &Fact<T>| Some(format!("{}: {}", fact.place, fact.lack()?));
    told(a).or_else(|| told(b)).unwrap_or_default()
}

/// The live environments, where both are known, else those that both were started with.
fn environment(state: &State, a: &Process, b: &Process) -> Values {
    let values = |environ: &Environ| -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for variable in &environ.variables {
            let shown = shown_value(&variable.name, &variable.value, &state.show);
            let hidden = shown.is_none();
            let shown = shown.map_or_else(
                || format!("hidden, {}", variable.value.len()),
                |shown| shown.to_string(),
            );
            let value = Value { whole: variable.value.clone(), shown, hidden };
            // Of a repeated name the first is what getenv(3) finds.
            all.entry(variable.name.to_string()).or_insert(value);
        }
        all
    };
    match (a.live.get(), b.live.get(), a.environ.get(), b.environ.get()) {
        (Some(a), Some(b), ..) | (_, _, Some(a), Some(b)) => Ok(both(values(a), values(b))),
        _ => Err(lacking(&a.environ, &b.environ)),
    }
}

/// A section of what both have open.
fn opened(state: &State, a: Pid, b: Pid, values: fn(&Opens) -> BTreeMap<String, Value>) -> Values {
    let read = |pid: Pid| match state.opens.get(&pid) {
        Some(Ok(opens)) => match opens.lacking.first() {
            Some((what, place, lack)) => Err(format!("{what} was not read: {lack} ({place})")),
            None => Ok(values(opens)),
        },
        Some(Err(lack)) => Err(format!("{pid}: {lack}")),
        None => Err(format!("what {pid} has open is being read")),
    };
    Ok(both(read(a)?, read(b)?))
}

/// Mapped files by path; those of a gem by its name, so that its versions stand side by side.
fn libraries(opens: &Opens) -> BTreeMap<String, Value> {
    let mapped =
        opens.entries.iter().filter(|entry| matches!(entry.slot, Slot::Mapped | Slot::Program));
    let mut all = BTreeMap::new();
    for entry in mapped {
        let fate = entry.fate.as_ref().map(|fate| fate_words(fate).0).unwrap_or_default();
        let file = entry.name.path().file_name().map(|file| shown(file.as_ref()));
        let escaped = |text: &str| crate::os::text::escaped(text.as_bytes());
        let (name, value) = match (gem_of(entry.name.path()).and_then(gem), file) {
            (Some((gem, version)), Some(file)) => {
                (format!("{}: {file}", escaped(gem)), escaped(version))
            }
            _ => (entry.name.to_string(), "mapped".to_owned()),
        };
        let value = if fate.is_empty() { value } else { format!("{value}, {fate}") };
        all.insert(name, Value::from(value));
    }
    all
}

/// What is open, by name: the numbers say nothing.
fn files(opens: &Opens) -> BTreeMap<String, Value> {
    let mut counted: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for entry in opens.entries.iter().filter(|entry| matches!(entry.slot, Slot::Fd(_))) {
        let fate = entry.fate.as_ref().map(|fate| fate_words(fate).0).unwrap_or_default();
        let how = format!("{} {} {fate}", entry.kind.unwrap_or("?"), entry.mode.unwrap_or("-"));
        let ways = counted.entry(entry.name.to_string()).or_default();
        *ways.entry(how.trim_end().to_owned()).or_default() += 1;
    }
    let words = |ways: BTreeMap<String, usize>| {
        let each = ways.into_iter().map(|(how, times)| match times {
            1 => how,
            times => format!("{how}, {times} times"),
        });
        Value::from(each.collect::<Vec<_>>().join("; "))
    };
    counted.into_iter().map(|(name, ways)| (name, words(ways))).collect()
}

fn limits(a: &Process, b: &Process) -> Values {
    let (Some(one), Some(other)) = (a.limits.get(), b.limits.get()) else {
        return Err(lacking(&a.limits, &b.limits));
    };
    let bound = |bound: Option<u64>| bound.map_or_else(|| "unlimited".into(), |b| b.to_string());
    let values = |limits: &[crate::facts::limits::Limit]| -> BTreeMap<String, Value> {
        let words = |limit: &crate::facts::limits::Limit| {
            let words = format!("{} of at most {}", bound(limit.soft), bound(limit.hard));
            (
                limit.name.to_string(),
                Value::from(format!("{words} {}", limit.unit).trim_end().to_owned()),
            )
        };
        limits.iter().map(words).collect()
    };
    Ok(both(values(one), values(other)))
}

/// What each does with signals that it catches, ignores or blocks.
fn masks(a: &Process, b: &Process) -> Values {
    let (Some(one), Some(other)) = (a.status.get(), b.status.get()) else {
        return Err(lacking(&a.status, &b.status));
    };
    let values = |status: &crate::facts::process::Status| -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (word, set) in
            [("caught", status.caught), ("ignored", status.ignored), ("blocked", status.blocked)]
        {
            for signal in set.members() {
                all.entry(signals::name(signal).to_string()).or_default().push(word);
            }
        }
        all.into_iter().map(|(name, words)| (name, Value::from(words.join(", ")))).collect()
    };
    Ok(both(values(one), values(other)))
}
