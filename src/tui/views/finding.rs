//! One finding: what was seen and where, what it leads to, how to mend it now and for good, and what farrier offers.

use ratatui::text::Line;

use super::{Card, Page, Row};
use crate::contract::{Evidence, Finding, Severity};
use crate::model::App;
use crate::os::{Pid, shown};
use crate::servers::server;
use crate::show::words::{Mark, cut, width};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, FindingId, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};

/// The card.
pub const FINDING: Card = Card {
    view: View::Finding,
    key: None,
    short: "Find",
    long: "Finding",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::Rule,
        Action::Copy,
        Action::NextFinding,
        Action::Back,
    ],
};

fn page(state: &State, columns: usize) -> Page {
    let Subject::Finding(id) = &state.place.subject else { return Page::default() };
    let mut page = Page { crumb: vec![state.app_name(&id.app), id.rule.into()], ..Page::default() };
    let look = state.shown();
    let Some((look, finding)) = look.and_then(|look| Some((look, look.finding(id)?))) else {
        page.count = "not found any more".into();
        let words = "This is not so any more: the last look did not find it. {back} goes back";
        let words = &state.keys.words(words);
        page.rows.push(Row::text(
            Cells::new(state.theme, columns).to(1).text(words, Tone::Plain).line(),
        ));
        return page;
    };
    // What is only worth knowing is counted where it is told itself.
    let info = finding.severity == Severity::Info;
    let all: Vec<_> = look
        .in_order()
        .into_iter()
        .filter(|caused| info || caused.finding.severity != Severity::Info)
        .collect();
    let at = all.iter().position(|other| FindingId::from(other.finding) == *id).unwrap_or(0);
    page.count = format!(
        "{} {}   {} of {}",
        Mark::from(finding.severity).sign(),
        finding.severity.name(),
        at + 1,
        all.len()
    );
    page.rows = rows(state, finding, look.census.app(&id.app), columns);
    page
}

fn rows(state: &State, finding: &Finding, app: Option<&App>, columns: usize) -> Vec<Row> {
    let cells = || Cells::new(state.theme, columns).to(1);
    let mut rows = Vec::new();
    let prose = columns.saturating_sub(1).min(101);
    for piece in wrap(sentence(finding), prose.saturating_sub(1)) {
        rows.push(Row::text(cells().text(&piece, Tone::Strong).line()));
    }
    rows.push(Row::default());
    rows.push(Row::text(cells().to(3).text("SEEN", Tone::Quiet).end("WHERE", Tone::Quiet).line()));
    for (at, seen) in finding.evidence.iter().enumerate() {
        rows.extend(evidence(state, finding, app, seen, at, columns));
    }
    let copy = finding.fix.join("\n");
    for (at, (label, texts)) in parts_of(state, finding).into_iter().enumerate() {
        if at == 0 || label == "OFFERED" {
            rows.push(Row::default());
        }
        let mut first = true;
        for text in &texts {
            for piece in wrap(text, prose.saturating_sub(10)) {
                let shown = if first { label } else { "" };
                let line = cells().left(shown, 10, Tone::Quiet).text(&piece, Tone::Plain).line();
                let mut row = Row::text(line);
                if label == "FIX" && first {
                    row.key = Some(RowKey::Named("FIX".into()));
                    row.copy.clone_from(&copy);
                    row.about = "y copies the fix".into();
                }
                first = false;
                rows.push(row);
            }
        }
    }
    rows
}

/// What is so, as a whole sentence where there is one.
fn sentence(finding: &Finding) -> &str {
    finding.sentence.as_deref().unwrap_or(&finding.summary)
}

/// A finding opened below its list, in so many lines: what was seen, what it leads to, how it is mended. Where room
/// is short, what is for good goes first, then evidence; the fix never before them.
pub(super) fn opened(
    state: &State,
    finding: &Finding,
    columns: usize,
    room: usize,
) -> Vec<Line<'static>> {
    let app = state.shown().and_then(|look| look.census.app(&finding.app));
    let cells = || Cells::new(state.theme, columns).to(1);
    let prose = columns.saturating_sub(2).min(100);
    let summary: Vec<Line<'static>> = wrap(sentence(finding), prose)
        .into_iter()
        .map(|piece| cells().text(&piece, Tone::Strong).line())
        .collect();
    let facts = finding.evidence.iter().enumerate();
    let mut seen: Vec<Line<'static>> = facts
        .flat_map(|(at, fact)| evidence(state, finding, app, fact, at, columns))
        .map(|row| row.line)
        .collect();
    let mut parts: Vec<(&str, Vec<Line<'static>>)> = Vec::new();
    for (label, texts) in parts_of(state, finding) {
        let pieces = texts.iter().flat_map(|text| wrap(text, prose.saturating_sub(10)));
        let line = |(at, piece): (usize, String)| {
            let shown = if at == 0 { label } else { "" };
            cells().left(shown, 10, Tone::Quiet).text(&piece, Tone::Plain).line()
        };
        parts.push((label, pieces.enumerate().map(line).collect()));
    }
    let all = |parts: &[(&str, Vec<Line<'static>>)]| -> usize {
        summary.len() + parts.iter().map(|(_, lines)| lines.len()).sum::<usize>()
    };
    // A blank line before each part, where that leaves all in sight.
    let airy = all(&parts) + seen.len() + parts.len() <= room;
    if all(&parts) + seen.len() > room {
        parts.retain(|(label, _)| *label != "FOR GOOD");
    }
    let left = room.saturating_sub(all(&parts));
    if seen.len() > left {
        let words = format!("{} Enter shows all that was seen", Mark::Cut.sign());
        seen.truncate(left.saturating_sub(1));
        seen.extend((left > 0).then(|| cells().to(3).text(&words, Tone::Quiet).line()));
    }
    let mut lines = summary;
    lines.extend(seen);
    for (_, part) in parts {
        lines.extend(airy.then(Line::default));
        lines.extend(part);
    }
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        let words = format!("{} Enter shows the rest", Mark::Cut.sign());
        lines.extend((room > 0).then(|| cells().text(&words, Tone::Quiet).line()));
    }
    lines
}

/// Whom the operation that mends it is about.
pub(super) fn whom(state: &State, finding: &Finding) -> String {
    finding.pid.map_or_else(|| state.app_name(&finding.app), |pid| pid.to_string())
}

/// The parts below the evidence that say something.
fn parts_of(state: &State, finding: &Finding) -> Vec<(&'static str, Vec<String>)> {
    let parts = [
        ("LEADS TO", vec![finding.leads_to.clone()]),
        ("FIX", fix(finding)),
        ("FOR GOOD", finding.for_good.clone()),
        ("OFFERED", vec![offered(state, finding)]),
    ];
    let said = parts.into_iter().map(|(label, texts)| {
        (label, texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>())
    });
    said.filter(|(_, texts)| !texts.is_empty()).collect()
}

/// What mends it, in a sentence and by hand.
pub(super) fn fix(finding: &Finding) -> Vec<String> {
    let Some(mends) = &finding.mends else { return finding.fix.clone() };
    let by_hand = finding.fix.iter().map(|line| format!("by hand:  {line}"));
    std::iter::once(mends.clone()).chain(by_hand).collect()
}

/// What farrier can do about it.
fn offered(state: &State, finding: &Finding) -> String {
    match finding.offers {
        Some(operation) => {
            let whom = whom(state, finding);
            let app = state.shown().and_then(|look| look.census.app(&finding.app));
            let uses = app.and_then(|app| server(app.kind)).map(|server| server.operations);
            let uses = uses.and_then(|all| all.iter().find(|one| one.operation == operation));
            let signal =
                uses.map_or("signal", |uses| uses.signal.as_str().trim_start_matches("SIG"));
            format!(
                "{}  {} {whom}: shows the plan, asks, sends one {signal}, watches",
                state.keys.shown(Action::Act),
                operation.name()
            )
        }
        None => state.keys.words("no signal mends this; after the fix press {read-again}"),
    }
}

fn evidence(
    state: &State,
    finding: &Finding,
    app: Option<&App>,
    seen: &Evidence,
    at: usize,
    columns: usize,
) -> Vec<Row> {
    let place = place(app, &seen.place.to_string());
    let room = columns.saturating_sub(4);
    let right = cut(&place, room / 2);
    let fits = width(&seen.fact) + width(&right) < room;
    let mut lines = Vec::new();
    let start = || Cells::new(state.theme, columns).to(3);
    if fits {
        lines.push(start().text(&seen.fact, Tone::Plain).end(&right, Tone::Quiet).line());
    } else {
        let left = wrap(&seen.fact, room);
        let last = left.len().saturating_sub(1);
        for (nr, piece) in left.iter().enumerate() {
            let line = start().text(piece, Tone::Plain);
            let beside = nr == last && width(piece) + width(&right) + 2 <= room;
            lines.push(if beside { line.end(&right, Tone::Quiet).line() } else { line.line() });
            if nr == last && !beside {
                lines.push(start().end(&cut(&place, room), Tone::Quiet).line());
            }
        }
    }
    let mut rows: Vec<Row> = lines.into_iter().map(Row::text).collect();
    if let Some(row) = rows.first_mut() {
        row.key = Some(RowKey::Named(format!("seen {at}")));
        row.door = door(state, finding, app, seen);
        // What is drawn whole needs no second line.
        if !fits || right != place {
            row.about = format!("{}  ({})", seen.fact, seen.place);
        }
        row.copy = seen.place.to_string();
        row.words = Words { text: format!("{} {}", seen.fact, seen.place), values: Vec::new() };
    }
    rows
}

/// A place as the app's own views show it: without the root of the app.
pub(super) fn place(app: Option<&App>, place: &str) -> String {
    let root = app.map(|app| shown(&app.root)).filter(|root| root != "/");
    match root.and_then(|root| place.strip_prefix(&root)?.strip_prefix('/').map(str::to_owned)) {
        Some(rest) => rest,
        None => place.to_owned(),
    }
}

/// The view that shows a piece of evidence, with it selected.
fn door(state: &State, finding: &Finding, app: Option<&App>, seen: &Evidence) -> Option<Door> {
    let app = app?;
    let place = seen.place.to_string();
    let of_app = |view, row| Some(Door { view, subject: Subject::App(app.id.clone()), row });
    if let Some(rest) = place.strip_prefix("/proc/") {
        let (pid, file) = rest.split_once('/').unwrap_or((rest, ""));
        let pid: Pid = pid.parse().ok()?;
        let member = state.member_of((pid, None))?;
        let subject = Subject::Process(member.app.clone(), member.process.identity());
        let view = match file {
            "environ" => View::Environment,
            "maps" | "exe" => View::Libraries,
            "fd" | "fdinfo" => View::Files,
            _ => View::Process,
        };
        let named = (view == View::Environment).then(|| named_variable(&seen.fact)).flatten();
        return Some(Door { view, subject, row: named.map(RowKey::Named) });
    }
    if let Some(pidfile) = app.pidfiles.iter().find(|pidfile| shown(&pidfile.path) == place) {
        return of_app(View::Pidfiles, Some(RowKey::Named(shown(&pidfile.path))));
    }
    let socket = app.listeners.iter().find(|listener| {
        let address = listener.address.to_string();
        address.strip_prefix("unix:").is_some_and(|path| path == place) || address == place
    });
    if let Some(socket) = socket {
        return of_app(View::Listeners, Some(RowKey::Named(socket.address.to_string())));
    }
    if place.starts_with("sock_diag") || place.contains("listeners") {
        return of_app(View::Listeners, None);
    }
    if let Some(layout) = app.layout.get().and_then(Option::as_ref) {
        let release = layout.release_of(std::path::Path::new(&place));
        if release.is_some()
            || place.starts_with(&shown(&layout.current.path))
            || place == shown(&layout.releases_directory)
        {
            return of_app(View::Releases, release.map(RowKey::Named));
        }
    }
    let pid = finding.pid?;
    let member = state.member_of((pid, None))?;
    let subject = Subject::Process(member.app.clone(), member.process.identity());
    Some(Door { view: View::Process, subject, row: None })
}

/// The variable that a sentence speaks of: its first word in capitals.
fn named_variable(fact: &str) -> Option<String> {
    fact.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(|word| {
            word.len() > 2
                && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        .map(str::to_owned)
}
