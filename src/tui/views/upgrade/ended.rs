//! How an operation ended: why, where it stands, and what comes next.

use super::{app_of, crumb, process, stands, steps};
use crate::model::log::Said;
use crate::model::{App, PidfileKind, PidfileState};
use crate::os::shown;
use crate::rules::Severity;
use crate::show::words::{Mark, counted, elapsed};
use crate::tui::keys::Action;
use crate::tui::passage::{Ended, Ending, Passage};
use crate::tui::place::{Door, FindingId, RowKey, Subject, View};
use crate::tui::state::{Look, State};
use crate::tui::theme::Tone;
use crate::tui::views::tree::{queue, release_words};
use crate::tui::views::{Page, Row};
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// So many findings are named.
const FINDINGS: usize = 3;

pub(super) fn page(state: &State, passage: &Passage, columns: usize) -> Page {
    let (Some(ended), Some(ending)) = (&passage.ended, passage.ending()) else {
        return Page::default();
    };
    let app = app_of(state, passage);
    let course = &passage.course;
    let mut page = Page {
        crumb: crumb(app, &course.app_name, &course.title),
        count: verdict(passage, ended, ending),
        ..Page::default()
    };
    let last = if ending == Ending::Done { course.steps.len() } else { passage.at + 1 };
    // Of a failure the room is for its reason: what was checked before it is left out.
    let from = usize::from(ending != Ending::Done);
    page.rows = steps(state, passage, columns, from, last.saturating_sub(from));
    if !matches!(ending, Ending::Done | Ending::Stopped) {
        page.rows.extend(why(state, app, ended, columns));
    }
    page.rows.push(Row::text(titled(state, columns, "Where it stands", "")));
    page.rows.extend(standing(state, app, passage, columns));
    page.rows.push(Row::default());
    let next = next(state, app, passage, ending);
    page.rows.extend(labelled(state, "NEXT", &next, columns));
    page.rows.push(Row::default());
    let sent = match passage.sent.as_slice() {
        [] => "Nothing was sent".to_owned(),
        // Each of these says by itself that it was rehearsed.
        rehearsed if state.rehearses() => format!("{}. Nothing was sent", rehearsed.join(", ")),
        sent => format!("Sent: {}. Nothing else was sent", sent.join(", ")),
    };
    let exit = format!(
        "farrier {} would exit with {}: {}",
        course.operation.name(),
        ended.outcome.status(),
        meaning(ending)
    );
    page.rows.extend(text(state, &sent, columns));
    page.rows.extend(text(state, &exit, columns));
    for row in page.rows.iter_mut().filter(|row| row.key.is_some() && row.about.is_empty()) {
        row.about.clone_from(&exit);
    }
    page
}

/// The mark of an ending, and of the step in which it came.
pub(super) fn mark(ending: Ending) -> (Mark, Tone) {
    match ending {
        Ending::Done => (Mark::Fine, Tone::Fine),
        Ending::Unknown => (Mark::Unknown, Tone::Blind),
        Ending::Stopped | Ending::NotSent | Ending::Stuck => (Mark::Warning, Tone::Warn),
        Ending::OldServes | Ending::NewServes | Ending::NothingServes => {
            (Mark::Critical, Tone::Crit)
        }
    }
}

fn verdict(passage: &Passage, ended: &Ended, ending: Ending) -> String {
    let (mark, _) = mark(ending);
    let what = match ending {
        Ending::Done => "done".to_owned(),
        Ending::NotSent => "not sent".to_owned(),
        Ending::Unknown => format!("not seen from step {} on", passage.position()),
        Ending::Stopped => format!("stopped in step {}", passage.position()),
        Ending::Stuck => format!("stuck in step {}: both live", passage.position()),
        Ending::OldServes | Ending::NewServes | Ending::NothingServes => {
            format!("failed in step {}", passage.position())
        }
    };
    format!("{} {what}, after {}", mark.sign(), elapsed(ended.after.as_secs()))
}

fn meaning(ending: Ending) -> &'static str {
    match ending {
        Ending::Done => "done",
        Ending::OldServes => "failed, and the old master serves",
        Ending::NewServes => "the new master serves, and something is not as it should be",
        Ending::Stuck => "what should follow was not seen, and both masters live",
        Ending::NothingServes => "failed, and nothing serves",
        Ending::Stopped => "stopped before its end",
        Ending::Unknown => "what it did was not seen to its end",
        Ending::NotSent => "nothing was sent",
    }
}

fn text(state: &State, words: &str, columns: usize) -> Vec<Row> {
    let pieces = wrap(words, columns.saturating_sub(2).min(100)).into_iter();
    let line = |piece: String| {
        Row::text(Cells::new(state.theme, columns).to(1).text(&piece, Tone::Plain).line())
    };
    pieces.map(line).collect()
}

fn labelled(state: &State, label: &str, words: &str, columns: usize) -> Vec<Row> {
    super::labelled(state, label, words, columns).into_iter().map(Row::text).collect()
}

/// The line of the log that the outcome tells of, with its place; else what was told.
fn why(state: &State, app: Option<&App>, ended: &Ended, columns: usize) -> Vec<Row> {
    let told = ended.outcome.words();
    let error = app.and_then(|app| {
        let log = app.living_masters().find_map(|master| master.log.get()?.as_ref())?;
        let found = log.entries.iter().rev().find_map(|entry| match &entry.said {
            Said::Error(text) if told.contains(&text.to_string()) => Some((entry, text)),
            _ => None,
        })?;
        let (entry, text) = found;
        let place = log.place(entry).to_string();
        let short = place.strip_prefix(&format!("{}/", shown(&app.root)));
        Some((short.unwrap_or(&place).to_owned(), text.to_string()))
    });
    let (place, words) = error.unwrap_or((String::new(), told));
    let mut rows = vec![Row::text(titled(state, columns, "Why", &place))];
    rows.extend(text(state, &words, columns));
    rows
}

/// Who serves what, which pidfile names whom, and what was found.
fn standing(state: &State, app: Option<&App>, passage: &Passage, columns: usize) -> Vec<Row> {
    let Some(app) = app else { return text(state, &stands(state), columns) };
    let mut rows = Vec::new();
    let line = |fine: bool, words: &str| {
        let (mark, tone) =
            if fine { (Mark::Fine, Tone::Fine) } else { (Mark::Warning, Tone::Warn) };
        let cells = Cells::new(state.theme, columns).to(1).text(&mark.sign().to_string(), tone);
        cells.to(3).text(words, Tone::Plain).line()
    };
    let layout = app.layout.get().and_then(Option::as_ref);
    for master in app.living_masters() {
        let (release, off) = release_words(Some(&master.release), layout);
        let alive = master.workers_alive().count();
        let serves = master.phase == crate::model::Phase::Ready && alive > 0;
        let verb = if serves { "serves" } else { "does not serve" };
        let before = master.process.pid == passage.course.first.target && serves;
        let again = if before { " as before" } else { "" };
        let words = format!(
            "{} {verb}{again}: {}, {release} {off}, queue {}",
            master.process.pid,
            counted(alive, "worker"),
            queue(app)
        );
        let identity = master.process.identity();
        rows.push(Row {
            line: line(serves, &words),
            key: Some(RowKey::Process(identity)),
            door: Some(process(app, identity)),
            ..Row::default()
        });
    }
    if rows.is_empty() {
        rows.push(Row::text(line(false, &format!("no master of {} lives", app.name))));
    }
    rows.push(Row::text(line(!has_oldbin(app), &pidfiles(app))));
    let found = state.shown().map(Look::findings).unwrap_or_default();
    let mine = found.into_iter().filter(|f| f.app == app.id && f.severity != Severity::Info);
    for finding in mine.take(FINDINGS) {
        let id = FindingId::from(finding);
        rows.push(Row {
            line: line(false, &format!("{}: {}", finding.rule, finding.summary)),
            key: Some(RowKey::Finding(id.clone())),
            door: Some(Door { view: View::Finding, subject: Subject::Finding(id), row: None }),
            ..Row::default()
        });
    }
    rows
}

fn has_oldbin(app: &App) -> bool {
    let live = |file: &&crate::model::Pidfile| {
        file.kind == PidfileKind::Oldbin && matches!(file.state.get(), Some(PidfileState::Live))
    };
    app.pidfiles.iter().any(|file| live(&file))
}

/// `unicorn.pid names 14740; no oldbin`.
fn pidfiles(app: &App) -> String {
    let name = |path: &std::path::Path| {
        path.file_name().map_or_else(|| shown(path), |name| shown(name.as_ref()))
    };
    let live = app
        .pidfiles
        .iter()
        .filter(|file| matches!(file.state.get(), Some(PidfileState::Live)))
        .filter_map(|file| Some(format!("{} names {}", name(&file.path), file.pid?)));
    let mut parts: Vec<String> = live.collect();
    if parts.is_empty() {
        parts.push("no pidfile names a master".into());
    }
    if !has_oldbin(app) {
        parts.push("no oldbin".into());
    }
    parts.join("; ")
}

fn next(state: &State, app: Option<&App>, passage: &Passage, ending: Ending) -> String {
    let old = passage.course.first.target;
    let new = passage.new.map_or_else(|| "the new master".to_owned(), |new| new.to_string());
    let both = app.is_some_and(|app| app.living_masters().count() > 1);
    let headline = || {
        let told = state.shown()?.headline();
        (told.app.as_ref() == Some(&passage.course.app)).then_some(told.next)
    };
    let (act, plan) = (state.keys.shown(Action::Act), state.keys.shown(Action::View('u')));
    match ending {
        Ending::Done => {
            passage.course.left.clone().or_else(headline).unwrap_or_else(|| "nothing to do".into())
        }
        Ending::OldServes if !both => format!(
            "mend what the log says; then {plan} plans the upgrade again: this attempt left nothing to \
             clean up. Or leave it: {old} serves as before"
        ),
        Ending::Stuck | Ending::Stopped | Ending::Unknown if both => format!(
            "{act} offers rollback (QUIT to {new}, {old} stays) and retire (QUIT to {old}), once {new} \
             serves"
        ),
        Ending::OldServes | Ending::Stopped | Ending::NotSent | Ending::Stuck => {
            state.keys.words("{plan} shows the plan as it would be now")
        }
        Ending::Unknown => {
            state.keys.words("{read-again} reads again; {plan} shows the plan as it would be now")
        }
        Ending::NothingServes | Ending::NewServes => headline()
            .unwrap_or_else(|| format!("1 shows what is wrong with {}", passage.course.app_name)),
    }
}
