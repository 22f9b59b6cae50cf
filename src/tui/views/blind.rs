//! Blind spots: what could not be seen, by cause, the one that hides most first; and what would grant it.

use crate::contract::quote;
use std::collections::BTreeMap;

use super::{Card, Page, Row, tree};
use crate::contract::{Answered, Blind, Server};
use crate::facts::Lack;
use crate::model::{App, AppId};
use crate::os::{Pid, Refusal, shown};
use crate::servers::server;
use crate::show::words::{counted, width as wide};
use crate::tui::keys::Action;
use crate::tui::place::{RowKey, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};

/// The title.
const TITLE: &str = "Blind spots";

/// The card.
pub const BLIND: Card = Card {
    view: View::Blind,
    key: Some('0'),
    short: "Blind",
    long: "Blind spots",
    page,
    keys: &[Action::Open, Action::ReadAgain, Action::Copy, Action::Back],
};

/// One cause, and all that it hides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// What is so, one sentence.
    pub what: String,
    /// What was not read, and of which process.
    not_read: Vec<(String, Option<Pid>)>,
    /// Which rules are undecided, and about which app.
    undecided: Vec<(AppId, &'static str)>,
    /// What would grant it.
    pub see_it: String,
    /// What would grant a part of it.
    or: Option<String>,
    /// Whether it was denied: then what is known nevertheless is worth saying.
    denied: bool,
    /// Where the first of it was looked for.
    pub place: String,
}

impl Cause {
    /// A cause that no rule names.
    fn plain(what: String, not_read: Vec<String>, place: String, see_it: &str) -> Self {
        let not_read = not_read.into_iter().map(|words| (words, None)).collect();
        Self { what, not_read, place, see_it: see_it.into(), ..Self::default() }
    }
}

/// All causes.
pub fn causes(state: &State) -> Vec<Cause> {
    let Some(look) = state.shown() else { return Vec::new() };
    let mut by_cause: BTreeMap<String, Cause> = BTreeMap::new();
    for (answered, blind) in look.verdicts.undecided() {
        for spot in blind {
            let cause = cause_of(state, answered, spot);
            let kept = by_cause.entry(cause.what.clone()).or_insert(cause);
            let of = spot.pid.map(|pid| format!(" of {pid}")).unwrap_or_default();
            let lack = match spot.what.strip_suffix(&of) {
                Some(word) if !of.is_empty() => (word.to_owned(), spot.pid),
                _ => (spot.what.clone(), None),
            };
            push(&mut kept.not_read, lack);
            push(&mut kept.undecided, (answered.app.clone(), answered.rule));
        }
    }
    if let Some((place, lack)) = &look.census.seen.hidden {
        let what = format!("the list of processes may be incomplete: {lack}");
        let (not_read, see_it) = match lack {
            Lack::Refused(Refusal::Denied) => ("processes of other users", "sudo farrier"),
            _ => ("processes", "a mounted proc file system; --proc names another than /proc"),
        };
        let not_read = vec![not_read.to_owned()];
        let cause = Cause::plain(what.clone(), not_read, place.to_string(), see_it);
        by_cause.insert(what, cause);
    }
    if look.census.apps.is_empty() && look.census.seen.denied > 0 {
        let what = format!(
            "{} processes of other users: program and title were denied",
            look.census.seen.denied
        );
        let cause = Cause::plain(what.clone(), Vec::new(), "/proc".into(), "sudo farrier");
        by_cause.insert(what, cause);
    }
    if let Some((place, _)) = look.census.seen.closed.first() {
        let what = "directories in which a server's files may lie were not read".to_owned();
        let paths = look.census.seen.closed.iter();
        let not_read = paths.map(|(path, why)| format!("{} ({why})", shown(path))).collect();
        let cause = Cause::plain(what.clone(), not_read, shown(place), "sudo farrier");
        by_cause.insert(what, cause);
    }
    let mut all: Vec<Cause> = by_cause.into_values().collect();
    all.sort_by_key(|cause| std::cmp::Reverse(cause.undecided.len()));
    all
}

fn push<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if !list.contains(&one) {
        list.push(one);
    }
}

/// Who farrier runs as.
fn own(state: &State) -> Option<String> {
    let host = state.shown()?.census.host.get()?;
    let user = host.users.iter().find(|user| user.uid == host.euid);
    Some(user.map_or_else(|| host.euid.to_string(), |user| user.name.to_string()))
}

/// What stands of a process of another user; and the command of that user that would see it.
fn owned(
    state: &State,
    app: &str,
    answered: &Answered,
    pid: Pid,
) -> Option<(String, Option<String>)> {
    let member = state.member_of((pid, None))?;
    let owner = member.process.user.get()?.to_string();
    let of = state.shown().and_then(|look| look.census.app(&answered.app));
    let proxies = of.is_some_and(is_proxy);
    let leads = of.is_some_and(|of| of.masters.iter().any(|m| m.process.pid == pid));
    let subject = if proxies && leads { format!("{app} {pid}") } else { app.to_owned() };
    let user = if owner == "root" { owner.clone() } else { format!("user {owner}") };
    // Its own user, and root, are refused for another reason than who they are.
    let (end, other) = match own(state) {
        Some(own) if own != owner && own != "root" => {
            (format!("farrier runs as {own}"), owner != "root")
        }
        _ => ("farrier may not read all of it".into(), false),
    };
    let command = (other && !proxies && !owner.starts_with('-'))
        .then(|| format!("sudo -u {} {}", quote::word(&owner), quote::farrier("check", app)));
    Some((format!("{subject} runs as {user}; {end}"), command))
}

fn cause_of(state: &State, answered: &Answered, spot: &Blind) -> Cause {
    let app = state.app_name(&answered.app);
    let mut or = None;
    let (what, see_it) = match &spot.why {
        Lack::Refused(Refusal::Denied) => {
            let owned = spot.pid.and_then(|pid| owned(state, &app, answered, pid));
            let (what, command) =
                owned.unwrap_or_else(|| (format!("places of {app} were denied"), None));
            or = command;
            (what, "sudo farrier")
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
        or,
        denied: matches!(spot.why, Lack::Refused(Refusal::Denied)),
        see_it: state.keys.words(see_it),
        place: spot.place.to_string(),
        ..Cause::default()
    }
}

/// What was not read: what several processes lack alike stands once.
fn not_read(state: &State, cause: &Cause) -> String {
    let mut words: Vec<(&str, Vec<Pid>)> = Vec::new();
    for (word, pid) in &cause.not_read {
        match words.iter_mut().find(|known| known.0 == word) {
            Some(known) => known.1.extend(pid),
            None => words.push((word, pid.iter().copied().collect())),
        }
    }
    let mut groups: Vec<(Vec<Pid>, Vec<&str>)> = Vec::new();
    for (word, mut pids) in words {
        pids.sort();
        match groups.iter_mut().find(|group| group.0 == pids) {
            Some(group) => group.1.push(word),
            None => groups.push((pids, vec![word])),
        }
    }
    let told = groups.into_iter().map(|(pids, words)| {
        let pids: Vec<String> = pids.iter().map(ToString::to_string).collect();
        let of = if pids.is_empty() { String::new() } else { format!(" of {}", pids.join(" ")) };
        format!("{}{of}", words.join(", "))
    });
    let mut told: Vec<String> = told.collect();
    let reads = |app: &App| {
        let mut configured = app.masters.iter().map(|m| m.upstreams.get().is_some());
        is_proxy(app) && configured.any(|read| read)
    };
    if !told.is_empty() && app_of(state, cause).is_some_and(reads) {
        told.push("its configuration files were read".into());
    }
    told.join("; ")
}

/// The one app that it is about.
fn app_of<'a>(state: &'a State, cause: &Cause) -> Option<&'a App> {
    let (first, _) = cause.undecided.first()?;
    let alone = cause.undecided.iter().all(|(app, _)| app == first);
    state.shown()?.census.app(first).filter(|_| alone)
}

/// What is known of an app that is denied nevertheless.
fn known(state: &State, cause: &Cause) -> String {
    let Some(app) = app_of(state, cause).filter(|app| cause.denied && !is_proxy(app)) else {
        return String::new();
    };
    let mut known = Vec::new();
    let masters = || app.masters.iter().map(|master| &master.process);
    if masters().any(|process| process.stat.get().is_some() && !process.is_dead()) {
        known.push("it lives".to_owned());
    }
    let workers = app.masters.iter().map(|m| m.workers_alive().count()).sum();
    if workers > 0 {
        known.push(counted(workers, "worker"));
    }
    if masters().any(|p| p.command_line.get().is_some_and(|line| !line.words.is_empty())) {
        known.push("title".into());
    }
    if masters().any(|process| process.status.get().is_some()) {
        known.push("signals".into());
    }
    let queue = tree::queue(app);
    if !queue.is_empty() && queue != "?" {
        known.push(format!("queue {queue}"));
    }
    known.join(", ")
}

/// The undecided rules of each app: all of them where long values run on, else as many as a line holds.
fn undecided(state: &State, cause: &Cause, room: usize) -> Vec<String> {
    let mut apps: Vec<(&AppId, Vec<&str>)> = Vec::new();
    for (app, rule) in &cause.undecided {
        match apps.iter_mut().find(|known| known.0 == app) {
            Some(known) => known.1.push(rule),
            None => apps.push((app, vec![rule])),
        }
    }
    let told = apps.into_iter().map(|(app, rules)| {
        let all = counted(rules.len(), "rule");
        let all = format!("{all} on {}", state.app_name(app));
        let whole = format!("{all}: {}", rules.join(", "));
        if state.manner.wrap || wide(&whole) <= room {
            return whole;
        }
        let some = (1..rules.len()).rev().find_map(|many| {
            let first: Vec<&str> = rules.iter().take(many).copied().collect();
            let left = rules.len() - many;
            let told = format!("{all}: {}, and {left} more", first.join(", "));
            (wide(&told) <= room).then_some(told)
        });
        some.unwrap_or(all)
    });
    told.collect()
}

/// One sentence about a cause.
fn about(state: &State, cause: &Cause) -> String {
    let first = match cause.not_read.first() {
        Some((word, Some(pid))) => format!("the first lack is the {word} of {pid}"),
        _ => return format!("the first lack is at {}", cause.place),
    };
    let rules = counted(cause.undecided.len(), "rule");
    let first = match app_of(state, cause) {
        Some(app) => format!("{}: {rules} undecided; {first}", app.name),
        None => format!("{rules} undecided; {first}"),
    };
    let whole = format!("{first}, {}", cause.place);
    if wide(&whole) + 2 <= usize::from(state.size.0) { whole } else { first }
}

/// What was decided, as far as there is room for it, and what was not.
fn count(state: &State, causes: usize, width: usize) -> String {
    let Some(look) = state.shown() else { return String::new() };
    if causes == 0 {
        return "every rule was decided".into();
    }
    let rules = counted(look.verdicts.undecided().count(), "rule");
    let undecided = format!("undecided: {rules}, {}", counted(causes, "cause"));
    let decided = match look.verdicts.findings().len() {
        _ if look.verdicts.0.is_empty() => return undecided,
        0 => "nothing wrong".into(),
        many => counted(many, "finding"),
    };
    let both = format!("decided: {decided}   {undecided}");
    if wide(&both) + TITLE.len() + 4 <= width { both } else { undecided }
}

fn page(state: &State, width: usize) -> Page {
    let causes = causes(state);
    let mut page = Page {
        crumb: vec![TITLE.into()],
        count: count(state, causes.len(), width),
        ..Page::default()
    };
    let room = width.saturating_sub(18);
    for cause in &causes {
        let mut line = Cells::new(state.theme, width).to(3);
        line = line.text(&cause.what, Tone::Strong);
        let rules: Vec<&str> = cause.undecided.iter().map(|(_, rule)| *rule).collect();
        page.rows.push(Row {
            line: line.line(),
            key: Some(RowKey::Named(cause.what.clone())),
            action: (!rules.is_empty()).then_some(Action::Wrap),
            about: about(state, cause),
            copy: cause.see_it.clone(),
            words: crate::tui::filter::Subject {
                text: format!("{} {}", cause.what, rules.join(" ")),
                values: Vec::new(),
            },
            flagged: true,
            ..Row::default()
        });
        let both = cause.or.as_ref().map(|or| format!("{:<20}or  {or}", cause.see_it));
        let see_it = both.filter(|both| wide(both) <= room).unwrap_or(cause.see_it.clone());
        let parts = [
            ("not read", vec![not_read(state, cause)]),
            ("undecided", undecided(state, cause, room)),
            ("known", vec![known(state, cause)]),
        ];
        for (label, texts) in parts {
            let pieces = texts.iter().filter(|text| !text.is_empty()).flat_map(|t| wrap(t, room));
            let pieces: Vec<String> = pieces.collect();
            page.rows.extend(
                pieces
                    .iter()
                    .enumerate()
                    .map(|(at, piece)| told(state, width, if at == 0 { label } else { "" }, piece)),
            );
        }
        page.rows.extend(
            wrap(&see_it, room)
                .iter()
                .enumerate()
                .map(|(at, piece)| told(state, width, if at == 0 { "see it" } else { "" }, piece)),
        );
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

/// A line about a cause, below its label.
fn told(state: &State, width: usize, label: &str, words: &str) -> Row {
    let cells = Cells::new(state.theme, width).to(5).left(label, 12, Tone::Quiet);
    Row::text(cells.text(words, Tone::Plain).line())
}

/// Whether it only passes requests on.
fn is_proxy(app: &App) -> bool {
    server(app.kind).is_some_and(Server::is_proxy)
}
