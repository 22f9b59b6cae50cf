//! How an operation ended: why, where it stands, and what comes next.

use super::{app_of, crumb, process, reason, stands, steps};
use crate::contract::{Severity, dates};
use crate::model::log::Said;
use crate::model::{App, Census, PidfileKind, PidfileState};
use crate::os::{Pid, shown};
use crate::show::words::{Mark, counted, elapsed, width};
use crate::tui::keys::Action;
use crate::tui::passage::{Ended, Ending, Passage};
use crate::tui::place::{Door, FindingId, RowKey, Subject, View};
use crate::tui::state::{Look, State};
use crate::tui::theme::Tone;
use crate::tui::views::tree::{queue, release_words};
use crate::tui::views::{Page, Row};
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// What the reason above has told already.
const TOLD: &str = "reexec-failed";

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
    if is_explained(ending) {
        page.rows.extend(reason::why(state, app, passage, ended, columns));
    }
    let (stands, more) = standing(state, app, passage, columns);
    let more = if more == 0 { String::new() } else { format!("{more} more in 2 Find") };
    page.rows.push(Row::text(titled(state, columns, "Where it stands", &more)));
    page.rows.extend(stands);
    page.rows.push(Row::default());
    let next = next(state, app, passage, ending);
    page.rows.extend(labelled(state, "NEXT", &next, columns));
    page.rows.push(Row::default());
    let sent = match passage.sent.as_slice() {
        [] => "Nothing was sent".to_owned(),
        // Each of these says by itself that it was rehearsed.
        rehearsed if state.rehearses() => format!("{}. Nothing was sent", rehearsed.join(", ")),
        sent => format!("Sent: {}. Nothing else was sent", arrived(passage, sent)),
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

/// An ending that was not asked for has a reason.
fn is_explained(ending: Ending) -> bool {
    !matches!(ending, Ending::Done | Ending::Stopped)
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

/// How the new master ended, as the log of the one that reaped it has it: `21877 ended by itself: exit 1`.
pub(super) fn how(app: Option<&App>, passage: &Passage) -> Option<String> {
    let new = passage.new.filter(|_| matches!(passage.ending(), Some(Ending::OldServes)))?;
    let master = app?.living_masters().find(|m| m.process.pid == passage.course.first.target)?;
    let entries = &master.log.get()?.as_ref()?.entries;
    entries.iter().rev().find_map(|entry| match &entry.said {
        Said::Ended { pid, how } if *pid == new.number() => {
            let itself = if how.bytes().starts_with(b"exit") { " by itself" } else { "" };
            Some(format!("{new} ended{itself}: {how}"))
        }
        _ => None,
    })
}

/// What was sent, the first signal with whether anything came of it: `USR2 to 14740 at 23:21:01, seen to arrive`.
fn arrived(passage: &Passage, sent: &[String]) -> String {
    let took = passage.steps.get(1).is_some_and(|step| step.seen.is_some());
    let words = sent.iter().enumerate().map(|(nth, words)| {
        let seen = if nth == 0 && took { ", seen to arrive" } else { "" };
        format!("{}{seen}", words.replacen(" went to ", " to ", 1))
    });
    words.collect::<Vec<_>>().join("; ")
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

pub(super) fn text(state: &State, words: &str, columns: usize) -> Vec<Row> {
    labelled_right(state, words, "", columns)
}

/// A text, and behind its last line what else is to be said; below it where there is no room.
pub(super) fn labelled_right(state: &State, words: &str, right: &str, columns: usize) -> Vec<Row> {
    let pieces = wrap(words, columns.saturating_sub(2).min(100));
    let cells = |piece: &str| Cells::new(state.theme, columns).to(1).text(piece, Tone::Plain);
    let last = pieces.last().map_or(0, |piece| width(piece));
    let fits = last + width(right) + 4 <= columns;
    let mut rows: Vec<Row> = Vec::new();
    for (nth, piece) in pieces.iter().enumerate() {
        let ends = fits && !right.is_empty() && nth + 1 == pieces.len();
        let line = cells(piece);
        let line = if ends { line.end(right, Tone::Quiet) } else { line };
        rows.push(Row::text(line.line()));
    }
    if !fits && !right.is_empty() {
        rows.push(Row::text(cells("").end(right, Tone::Quiet).line()));
    }
    rows
}

fn labelled(state: &State, label: &str, words: &str, columns: usize) -> Vec<Row> {
    super::labelled(state, label, words, columns).into_iter().map(Row::text).collect()
}

/// Who serves what, which pidfile names whom, the gravest finding, and how many there are beside it.
fn standing(
    state: &State,
    app: Option<&App>,
    passage: &Passage,
    columns: usize,
) -> (Vec<Row>, usize) {
    let Some(app) = app else { return (text(state, &stands(state), columns), 0) };
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
        let off = if off == "=" { " =" } else { "" };
        let most = passage.most.map_or_else(|| queue(app), |most| format!("at most {most}"));
        let words = format!(
            "{} {verb}{again}: {}, {release}{off}, queue {most}",
            master.process.pid,
            counted(alive, "worker"),
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
    rows.push(Row::text(line(!has_oldbin(app), &pidfiles(state, app, passage))));
    let found = state.shown().map(Look::findings).unwrap_or_default();
    let explained = passage.ending().is_some_and(is_explained);
    let mut mine = found.into_iter().filter(|finding| {
        let told = explained && finding.rule == TOLD;
        finding.app == app.id && finding.severity != Severity::Info && !told
    });
    if let Some(finding) = mine.next() {
        let id = FindingId::from(finding);
        rows.push(Row {
            line: line(false, &format!("{}: {}", finding.rule, finding.summary)),
            key: Some(RowKey::Finding(id.clone())),
            door: Some(Door { view: View::Finding, subject: Subject::Finding(id), row: None }),
            ..Row::default()
        });
    }
    (rows, mine.count())
}

fn has_oldbin(app: &App) -> bool {
    let live = |file: &&crate::model::Pidfile| {
        file.kind == PidfileKind::Oldbin && matches!(file.state.get(), Some(PidfileState::Live))
    };
    app.pidfiles.iter().any(|file| live(&file))
}

/// Neither a process nor one that it forked is left.
fn is_gone(census: &Census, pid: Pid) -> bool {
    let mut all = census.apps.iter().flat_map(App::processes);
    all.all(|process| process.pid != pid && process.parent() != Some(pid))
}

/// `unicorn.pid names 14740; no oldbin`.
fn pidfiles(state: &State, app: &App, passage: &Passage) -> String {
    let name = |path: &std::path::Path| {
        path.file_name().map_or_else(|| shown(path), |name| shown(name.as_ref()))
    };
    let old = passage.course.first.target;
    let renamed = passage.steps.get(1).is_some_and(|step| step.seen.is_some());
    let live = app
        .pidfiles
        .iter()
        .filter(|file| matches!(file.state.get(), Some(PidfileState::Live)))
        .filter_map(|file| {
            let back = renamed && file.kind == PidfileKind::Current && file.pid == Some(old);
            let again = if back { " again" } else { "" };
            Some(format!("{} names {}{again}", name(&file.path), file.pid?))
        });
    let mut parts: Vec<String> = live.collect();
    if parts.is_empty() {
        parts.push("no pidfile names a master".into());
    }
    if !has_oldbin(app) {
        let census = state.shown().map(|look| &look.census);
        let gone = passage.new.filter(|new| census.is_some_and(|census| is_gone(census, *new)));
        let left = gone.map_or_else(String::new, |new| format!(", no process of {new} is left"));
        parts.push(format!("no oldbin{left}"));
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
        Ending::OldServes if !both => {
            let name = app.and_then(|app| reason::missing_name(app, passage));
            let mend = match (name, app) {
                (Some(name), Some(app)) => {
                    format!("set {name} where {} reads it at its start", app.name)
                }
                _ => "mend what the log says".to_owned(),
            };
            let on = app.zip(state.shown()).and_then(|(app, look)| release_of(app, &look.census));
            let on = on.map_or_else(String::new, |day| format!(", on the release of {day}"));
            format!(
                "{mend}; then upgrade ({plan}) again: this attempt left nothing to clean up. Or leave it for \
                 tonight: {old} serves{on}"
            )
        }
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

/// The day of the release that the app is served by.
fn release_of(app: &App, census: &Census) -> Option<String> {
    let name = app.current_master()?.release.get()?.as_deref()?;
    let layout = app.layout.get()?.as_ref()?;
    Some(dates::day(dates::of_release(layout, name)?, census))
}
