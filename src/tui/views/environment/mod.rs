//! Environment: the variables of a process as it was started, as they are now, and of a master as its next re-execution
//! hands them on. Values are hidden unless their name is harmless.

mod handed;

use std::collections::BTreeMap;

use self::handed::{before_exec, passed_on};
use super::process::subject;
use super::{Card, Lower, Page, Row};
use crate::contract::Finding;
use crate::facts::environ::Environ;
use crate::facts::{Fact, Lack, Place};
use crate::model::{Changes, Handed, handed_on};
use crate::os::Text;
use crate::os::secrets::{is_harmless, shown_value};
use crate::rules::causes::COME_BACK;
use crate::show::words::{Mark, counted, fit_value, time_in_words, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, Pane, RowKey, Subject, View};
use crate::tui::sort::Worth;
use crate::tui::state::{Look, Reveal, State};
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::pane;

/// The card.
pub const ENVIRONMENT: Card = Card {
    view: View::Environment,
    key: Some('4'),
    short: "Env",
    long: "Environment",
    page,
    keys: &[
        Action::Open,
        Action::Mark,
        Action::Diff,
        Action::Reveal,
        Action::OnlyFlagged,
        Action::Filter,
        Action::Copy,
        Action::Back,
    ],
};

fn page(state: &State, columns: usize) -> Page {
    let (mut page, member) = match subject(state, "Environment") {
        Ok(found) => found,
        Err(nothing) => return *nothing,
    };
    let (start, live) = (&member.process.environ, &member.process.live);
    let next = state
        .shown()
        .and_then(|look| look.census.master(member.process.pid))
        .and_then(|(_, master)| handed_on(master));
    let taken = state.shown().map(|look| look.census.taken_at).unwrap_or_default();
    let memory = format!("memory, {}", time_in_words(taken, taken, &state.zone));
    let mut how =
        format!("started: {}   live: {}", how(start, "environ, intact"), how(live, &memory));
    how += &next.as_ref().map(next_in_words).unwrap_or_default();
    page.below_path = Some(Cells::new(state.theme, columns).to(1).text(&how, Tone::Quiet).line());
    let entries = entries(start.get(), live.get(), next.as_ref().and_then(Fact::get));
    if start.get().is_none() && live.get().is_none() {
        let words = match &start.value {
            Err(Lack::Overwritten) => format!(
                "The title of {} has been written over its environment: what it was started with is not known",
                member.process.pid
            ),
            Err(lack) => format!("{}: {lack}", start.place),
            Ok(_) => String::new(),
        };
        for piece in wrap(&words, columns.saturating_sub(4)) {
            let cells = Cells::new(state.theme, columns).to(3).text(&piece, Tone::Blind);
            page.rows.push(Row::text(cells.line()));
        }
        return page;
    }
    let named = entries.iter().map(|entry| width(&entry.name.to_string())).max().unwrap_or(0);
    let named = named.clamp(16, (columns / 3).max(16));
    let three = next.as_ref().is_some_and(|next| next.get().is_some());
    let hook = member.master.filter(|_| three).map(before_exec);
    let widths = Widths::of(named, columns, three, hook);
    let heads = Cells::new(state.theme, columns).to(3).left("name", named + 1, Tone::Quiet);
    let heads = heads.left("started", widths.started, Tone::Quiet).text(" ", Tone::Quiet);
    let heads = heads.left("live", widths.live, Tone::Quiet);
    let third = if widths.three { " next USR2" } else { "" };
    page.head.push(heads.text(third, Tone::Quiet).line());
    let findings = state.shown().map(Look::in_order).unwrap_or_default();
    let findings: Vec<&Finding> = findings.into_iter().map(|caused| caused.finding).collect();
    let about: Vec<&Finding> = findings
        .into_iter()
        .filter(|f| &f.app == member.app && f.pid.is_none_or(|pid| pid == member.process.pid))
        .collect();
    let mut rows: Vec<(bool, bool, String, Row)> = entries
        .iter()
        .map(|entry| {
            let name = entry.name.to_string();
            let flagged = findings_on(&about, &name);
            let row = row(state, entry, &flagged, &widths, columns);
            (flagged.is_empty(), !entry.differs(), name, row)
        })
        .collect();
    rows.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
    let hidden = entries.iter().filter(|entry| !harmless(state, entry)).count();
    let flagged = rows.iter().filter(|row| !row.0).count();
    if page.count.is_empty() {
        let differ = entries.iter().filter(|entry| entry.differs()).count();
        let all = counted(rows.len(), "name");
        page.count = format!("{all}: {differ} differ, {flagged} flagged, {hidden} hidden");
    }
    page.columns = &["name", "started", "live", "next USR2", "differs"];
    page.rows = rows.into_iter().map(|(.., row)| row).collect();
    page.lower = lower(state, &page.rows, &entries, &about, columns);
    page.sift(state)
}

/// How one of the environments is known, or why it is not.
fn how(fact: &Fact<Environ>, known: &str) -> String {
    match &fact.value {
        Ok(_) => known.to_owned(),
        Err(Lack::Overwritten) => "overwritten by title".to_owned(),
        Err(lack) => lack.to_string(),
    }
}

/// What is known of the third column.
fn next_in_words(next: &Fact<Changes>) -> String {
    match &next.value {
        Ok(_) => "   next: live and before_exec".to_owned(),
        Err(lack) => format!("   next: {lack}"),
    }
}

/// The columns' widths.
struct Widths {
    name: usize,
    started: usize,
    live: usize,
    /// What is handed on is known, and has a column of its own.
    three: bool,
    /// Why a value is handed on as it is, where that is known.
    before_exec: Option<String>,
}

impl Widths {
    fn of(name: usize, columns: usize, three: bool, before_exec: Option<String>) -> Self {
        let room = columns.saturating_sub(name + 5);
        // What it is now may have to tell of repetitions.
        let (started, live) = if three { (room / 3, room / 3 + 2) } else { (room / 2, room / 2) };
        Self { name, started, live, three, before_exec }
    }
}

/// One name, and its values then, now and next.
struct Entry<'a> {
    name: &'a Text,
    started: Option<&'a Text>,
    live: Option<&'a Text>,
    /// It is handed on otherwise than it is now.
    next: Option<&'a (Handed, Place)>,
    /// Both environments are known: a value that is lacking is known not to be set.
    compared: bool,
}

impl Entry<'_> {
    /// It has another value now than at the start, or will have another one than now.
    fn differs(&self) -> bool {
        self.compared && self.started != self.live || self.next.is_some()
    }

    fn key(&self) -> RowKey {
        RowKey::Named(self.name.to_string())
    }
}

/// All names of both environments; of a repeated name what `getenv(3)` finds.
fn entries<'a>(
    start: Option<&'a Environ>,
    live: Option<&'a Environ>,
    next: Option<&'a Changes>,
) -> Vec<Entry<'a>> {
    let compared = start.is_some() && live.is_some();
    let mut all: BTreeMap<&Text, (Option<&Text>, Option<&Text>)> = BTreeMap::new();
    for variable in start.into_iter().flat_map(|environ| &environ.variables) {
        all.entry(&variable.name).or_default().0.get_or_insert(&variable.value);
    }
    for variable in live.into_iter().flat_map(|environ| &environ.variables) {
        all.entry(&variable.name).or_default().1.get_or_insert(&variable.value);
    }
    for name in next.into_iter().flat_map(|changes| changes.keys()) {
        all.entry(name).or_default();
    }
    let entry = |(name, (started, live))| {
        let next = next.and_then(|changes| changes.get(name));
        Entry { name, started, live, next, compared }
    };
    all.into_iter().map(entry).collect()
}

fn harmless(state: &State, entry: &Entry<'_>) -> bool {
    let shown = |value: &&Text| shown_value(entry.name, value, &state.show).is_some();
    is_harmless(entry.name.bytes(), &state.show)
        && [entry.started, entry.live].iter().flatten().all(shown)
}

/// The findings whose evidence names a variable.
fn findings_on<'a>(findings: &[&'a Finding], name: &str) -> Vec<&'a Finding> {
    let names = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
    };
    // A name that is an ordinary word of a sentence says nothing.
    if name.len() < 4 || name.chars().any(char::is_lowercase) {
        return Vec::new();
    }
    findings
        .iter()
        .filter(|finding| finding.evidence.iter().any(|seen| names(&seen.fact)))
        .copied()
        .collect()
}

/// A value as it may be shown; whether it is hidden is for the name to say.
fn value(state: &State, entry: &Entry<'_>, value: Option<&Text>) -> (String, bool) {
    let Some(value) = value else { return ("not set".to_owned(), false) };
    let revealed = matches!(&state.reveal, Reveal::Shown(shown, _) if *shown == entry.key());
    // Even a harmless name may hold a URL with a password in it.
    if revealed || shown_value(entry.name, value, &state.show).is_some() {
        (value.to_string(), false)
    } else {
        (format!("hidden, {}", value.len()), true)
    }
}

/// A value in so many columns: of a list of directories that does not fit, how long it is and how many they are.
fn short(value: &str, room: usize) -> String {
    let parts: Vec<&str> = value.split(':').collect();
    let directories = parts.len() > 2 && parts.iter().all(|part| part.starts_with('/'));
    if width(value) <= room || !directories {
        return fit_value(value, room);
    }
    let mut each = parts.clone();
    each.sort_unstable();
    each.dedup();
    let (length, all, twice) = (value.len(), parts.len(), parts.len() - each.len());
    let twice = if twice == 0 { String::new() } else { format!(", {twice} dup") };
    let forms =
        [format!("{length} bytes, {all} dirs{twice}"), format!("{length}, {all} dirs{twice}")];
    let fits = forms.into_iter().find(|form| width(form) <= room);
    fits.unwrap_or_else(|| fit_value(value, room))
}

/// What the next re-execution gives a name; `None`: what it has now.
fn next(state: &State, entry: &Entry<'_>) -> Option<(String, bool)> {
    entry.next.map(|(handed, _)| match handed {
        Handed::Set(set) => value(state, entry, Some(set)),
        Handed::Unknown(text) => (format!("? {text}"), false),
    })
}

fn row(
    state: &State,
    entry: &Entry<'_>,
    findings: &[&Finding],
    widths: &Widths,
    columns: usize,
) -> Row {
    let (then, then_hidden) = value(state, entry, entry.started);
    let (now, now_hidden) = value(state, entry, entry.live);
    let next = next(state, entry);
    let differs = entry.differs();
    let (text, hidden) = match (differs, entry.live) {
        (true, _) => {
            let (next, next_hidden) = next.clone().unwrap_or_default();
            (format!("{then} {now} {next}"), then_hidden || now_hidden || next_hidden)
        }
        (false, Some(_)) => (now.clone(), now_hidden),
        (false, None) => (then.clone(), then_hidden),
    };
    let name = entry.name.to_string();
    let worths = vec![
        Worth::words(&name),
        entry.started.map_or(Worth::Lacking, |_| Worth::words(&then)),
        entry.live.map_or(Worth::Lacking, |_| Worth::words(&now)),
        next.as_ref().map_or(Worth::Lacking, |(next, _)| Worth::words(next)),
        Worth::Number(i64::from(!differs)),
    ];
    let (mark, tone) = match findings.first() {
        Some(finding) => (Mark::from(finding.severity), Tone::from(finding.severity)),
        None if differs => (Mark::Differs, Tone::Warn),
        None if hidden => (Mark::Hidden, Tone::Quiet),
        None => (Mark::Fine, Tone::Plain),
    };
    let shows = !findings.is_empty() || hidden || differs;
    let sign = if shows { mark.sign() } else { ' ' };
    let value_tone = if hidden { Tone::Quiet } else { Tone::Plain };
    let cells = Cells::new(state.theme, columns).to(1).text(&sign.to_string(), tone).to(3);
    let cells = cells.left(&name, widths.name, Tone::Plain).text(" ", Tone::Plain);
    let room = columns.saturating_sub(cells.at() + 1);
    let line = if differs {
        let tone = |hidden: bool| if hidden { Tone::Quiet } else { Tone::Plain };
        let same = || ("=".to_owned(), true);
        let (now, now_hidden) =
            if entry.compared && entry.started == entry.live { same() } else { (now, now_hidden) };
        let (next, next_hidden) = next.clone().unwrap_or_else(same);
        let (first, second) = (widths.started, widths.live);
        let cells =
            cells.left(&short(&then, first), first, tone(then_hidden)).text(" ", Tone::Plain);
        let cells = cells.left(&short(&now, second), second, tone(now_hidden));
        let room = columns.saturating_sub(cells.at() + 2);
        if widths.three {
            let cells = cells.text(" ", Tone::Plain);
            cells.text(&short(&next, room), tone(next_hidden)).line()
        } else {
            cells.line()
        }
    } else {
        cells.text(&fit_value(&text, room), value_tone).line()
    };
    let door = findings.first().map(|finding| Door {
        view: View::Finding,
        subject: Subject::Finding((*finding).into()),
        row: None,
    });
    Row {
        line,
        key: Some(entry.key()),
        door,
        about: match passed_on(entry, widths.before_exec.as_deref(), next.as_ref()) {
            words if !words.is_empty() => words,
            _ if width(&text) <= room => String::new(),
            _ => format!("{name}={text}"),
        },
        words: Words {
            text: format!("{name} {}", if hidden { "" } else { &text }),
            values: vec![
                ("env", name.clone()),
                ("env", if hidden { String::new() } else { text.clone() }),
            ],
        },
        copy: if hidden { name.clone() } else { text },
        flagged: !findings.is_empty() || differs,
        worths,
        ..Row::default()
    }
}

/// The whole of the selected variable.
fn lower(
    state: &State,
    rows: &[Row],
    entries: &[Entry<'_>],
    findings: &[&Finding],
    columns: usize,
) -> Option<Lower> {
    let at = pane::selected(state, Pane::Main, rows)?;
    let chosen = rows.get(at)?.key.clone()?;
    let entry = entries.iter().find(|entry| entry.key() == chosen)?;
    let name = entry.name.to_string();
    // What makes it come back is about the configuration.
    let brings = |rule: &str| COME_BACK.iter().any(|(other, _)| *other == rule);
    let on_it = findings_on(findings, &name);
    let rules: Vec<&str> = on_it.iter().map(|f| f.rule).filter(|rule| !brings(rule)).collect();
    let mut lines = Vec::new();
    let mut say = |label: &str, text: &str, hidden: bool| {
        let tone = if hidden { Tone::Quiet } else { Tone::Plain };
        let pieces = wrap(text, columns.saturating_sub(12)).into_iter().take(4).enumerate();
        lines.extend(pieces.map(|(at, piece)| {
            let label = if at == 0 { label } else { "" };
            let cells = Cells::new(state.theme, columns).to(1).left(label, 9, Tone::Quiet);
            cells.text(&piece, tone).line()
        }));
    };
    if entry.compared || entry.started.is_some() {
        let (text, hidden) = value(state, entry, entry.started);
        say("started", &text, hidden);
    }
    if entry.compared && entry.started == entry.live {
        say("live", "the same", false);
    } else if entry.compared || entry.live.is_some() {
        let (text, hidden) = value(state, entry, entry.live);
        say("live", &text, hidden);
    }
    Some(Lower { title: name, right: rules.join(", "), lines })
}
