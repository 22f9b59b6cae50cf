//! Findings: what is wrong, each cause above what follows from it.

use ratatui::text::Line;

use super::{Card, Lower, Page, Row, takeover};
use crate::contract::{Finding, Severity};
use crate::model::AppId;
use crate::show::words::{self, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::layout::{self, Size};
use crate::tui::place::{Door, FindingId, Pane, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;
use crate::tui::widgets::pane;

/// The card.
pub const FINDINGS: Card = Card {
    view: View::Findings,
    key: Some('2'),
    short: "Find",
    long: "Findings",
    page,
    keys: &[
        Action::Open,
        Action::Act,
        Action::Rule,
        Action::Copy,
        Action::Filter,
        Action::OnlyFlagged,
        Action::Back,
    ],
};

/// The findings of all apps, infos too.
fn page(state: &State, width: usize) -> Page {
    let mut page = Page { crumb: vec!["Findings".into()], ..Page::default() };
    let Some(look) = state.shown() else { return page };
    let count = |severity| look.verdicts.count(severity);
    page.count = format!(
        "{} critical, {} and {}",
        count(Severity::Critical),
        words::counted(count(Severity::Warning), "warning"),
        words::counted(count(Severity::Info), "info"),
    );
    let info = !state.manner.flagged;
    page.rows = rows(state, width, info, 2);
    if page.rows.is_empty() {
        page.rows.push(Row::text(Line::from(" no finding")));
    }
    page.sift(state)
}

/// The pane below the tree: infos are counted, not listed, until the view is opened.
pub fn pane(state: &State, width: usize) -> Page {
    let mut page = Page::default();
    let Some(look) = state.shown() else { return page };
    if super::welcome::is_shown(state) {
        return super::welcome::page(state, width);
    }
    let infos = look.verdicts.count(Severity::Info);
    let others = look.findings().len() - infos;
    page.crumb = vec![match (others, infos) {
        (0, 0) => "Findings  none".into(),
        (others, 0) => format!("Findings  {others}"),
        (others, infos) => format!("Findings  {others} and {infos} info"),
    }];
    let by_app = crate::servers::listed(&look.census).into_iter().map(|app| {
        let about = look
            .findings()
            .iter()
            .filter(|f| f.app == app.id && f.severity != Severity::Info)
            .count();
        format!("{} {about}", app.name)
    });
    page.count = if look.census.apps.len() > 1 {
        by_app.collect::<Vec<_>>().join("   ")
    } else {
        String::new()
    };
    let large = is_large(state);
    page.rows = rows(state, width, others == 0, usize::from(!large) + 1);
    let told = takeover::told(state).filter(|_| others == 0);
    if let Some(told) = told.as_ref().filter(|_| infos == 0) {
        page.count.clone_from(&told.title);
        page.rows = takeover::rows(state, told, width);
    }
    let mut page = page.sift(state);
    if layout::size(state.size) >= Size::Wide && !state.manner.zoom {
        page.lower = opened(state, &page.rows, width);
    }
    if let Some(told) = told.filter(|_| infos > 0 && page.lower.is_none()) {
        let lines = takeover::rows(state, &told, width).into_iter().map(|row| row.line).collect();
        page.lower = Some(Lower { title: told.title, right: String::new(), lines });
    }
    page
}

/// The selected finding, below the list where there is room for both.
fn opened(state: &State, rows: &[Row], width: usize) -> Option<Lower> {
    let at = pane::selected(state, Pane::Main, rows)?;
    let Some(RowKey::Finding(id)) = &rows.get(at)?.key else { return None };
    let finding = state.shown()?.finding(id)?;
    let height = usize::from(pane::area(state, Pane::Main).height);
    let list = rows.len().min(height / 2);
    let room = height.saturating_sub(list + 2);
    if is_large(state) {
        let lines = super::aside::opened::lines(state, finding, width, room);
        return Some(Lower { lines, ..Lower::default() });
    }
    let mut lines = super::finding::opened(state, finding, width, room);
    // What is left over stands below it, so that it keeps its place.
    lines.resize(room.max(lines.len()), Line::default());
    Some(Lower { title: id.rule.into(), right: "Enter opens it".into(), lines })
}

/// The findings of an app, causes before what follows from them, without what is only worth knowing.
pub(super) fn of_app(state: &State, app: &AppId, width: usize) -> Vec<Row> {
    let rows = rows(state, width, false, 2).into_iter();
    rows.filter(|row| matches!(&row.key, Some(RowKey::Finding(id)) if &id.app == app)).collect()
}

/// Whether the findings stand beside the tree of a large screen.
fn is_large(state: &State) -> bool {
    layout::size(state.size) >= Size::Large && !state.manner.zoom
}

/// The findings, their marks in a column of their own.
fn rows(state: &State, width: usize, info: bool, at: usize) -> Vec<Row> {
    let Some(look) = state.shown() else { return Vec::new() };
    let listed = look.in_order();
    let named = listed
        .iter()
        .map(|caused| words::width(caused.finding.rule))
        .max()
        .unwrap_or(0)
        .clamp(22, 26);
    listed
        .into_iter()
        .filter(|caused| info || caused.finding.severity != Severity::Info)
        .map(|caused| row(state, caused.finding, caused.depth > 0, width, (at, named)))
        .collect()
}

fn row(
    state: &State,
    finding: &Finding,
    follows: bool,
    width: usize,
    (at, named): (usize, usize),
) -> Row {
    let mark = Mark::from(finding.severity).sign().to_string();
    let mut cells = Cells::new(state.theme, width);
    cells = if follows {
        let graver = finding.severity == Severity::Critical;
        let cells = cells.to(at);
        let cells = if graver { cells.text(&mark, Tone::Crit) } else { cells };
        cells.to(at + 2).text(&Mark::Follows.sign().to_string(), Tone::Quiet).to(at + 4)
    } else {
        cells.to(at).text(&mark, Tone::from(finding.severity)).to(at + 2)
    };
    let app = state.app_name(&finding.app);
    let several = state.shown().is_some_and(|look| look.census.apps.len() > 1);
    let about_app = several && finding.pid.is_none() && !finding.summary.contains(&app);
    let name = if follows { Tone::Plain } else { Tone::Strong };
    let room = (named + at + 2).saturating_sub(cells.at());
    cells = cells.left(finding.rule, room, name);
    let told = |words: &str| if about_app { format!("{app}: {words}") } else { words.to_owned() };
    let summary = told(&finding.summary);
    let cells = cells.text("  ", Tone::Plain);
    let room = width.saturating_sub(cells.at() + 1);
    let fits = words::width(&summary) <= room;
    let brief = finding.brief.as_deref().filter(|_| !fits).map_or_else(|| summary.clone(), told);
    let line = cells.text(&words::phrase(&brief, room), Tone::Plain).line();
    let id = FindingId::from(finding);
    let values = vec![
        ("app", app.clone()),
        ("app", finding.app.to_string()),
        ("rule", finding.rule.to_owned()),
        ("sev", finding.severity.name().to_owned()),
        ("pid", finding.pid.map(|p| p.to_string()).unwrap_or_default()),
        ("file", finding.path.as_deref().map(crate::os::shown).unwrap_or_default()),
    ];
    Row {
        line,
        key: Some(RowKey::Finding(id.clone())),
        door: Some(Door { view: View::Finding, subject: Subject::Finding(id), row: None }),
        about: match &finding.remark {
            Some(remark) => remark.clone(),
            None if fits => finding.leads_to.clone(),
            None => summary.clone(),
        },
        words: Words { text: format!("{} {summary} {app}", finding.rule), values },
        copy: format!("{}: {summary}", finding.rule),
        flagged: finding.severity != Severity::Info,
        depth: usize::from(follows),
        ..Row::default()
    }
}
