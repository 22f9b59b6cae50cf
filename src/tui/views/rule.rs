//! A rule: its page as `farrier explain` prints it, and where it stands now.

use super::{Card, Page, Row};
use crate::contract::Verdict;
use crate::rules::rule;
use crate::show::text::{Paint, explain};
use crate::show::words::{Form, Mark};
use crate::tui::filter::Subject as Words;
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};

/// The card.
pub const RULE: Card = Card {
    view: View::Rule,
    key: None,
    short: "Rule",
    long: "Rule",
    page,
    keys: &[Action::Open, Action::Copy, Action::NextFinding, Action::Back],
};

fn page(state: &State, columns: usize) -> Page {
    let Subject::Rule(name) = &state.place.subject else { return Page::default() };
    let mut page = Page { crumb: vec!["Rule".into(), (*name).into()], ..Page::default() };
    let look = state.shown();
    let answers: Vec<_> = look
        .map(|look| look.verdicts.0.iter().filter(|answered| answered.rule == *name).collect())
        .unwrap_or_default();
    for answered in answers {
        let (mark, tone, word) = match &answered.verdict {
            Verdict::NotHere => (' ', Tone::Quiet, "not here".to_owned()),
            Verdict::Fine => (Mark::Fine.sign(), Tone::Fine, "fine".into()),
            Verdict::Blind(blind) => {
                let first = blind.first().map(|b| format!(": {}, {}", b.what, b.why));
                (
                    Mark::Unknown.sign(),
                    Tone::Blind,
                    format!("undecided{}", first.unwrap_or_default()),
                )
            }
            Verdict::Found(found, _) => {
                let first = found.first();
                let severity = first.map_or(crate::contract::Severity::Info, |f| f.severity);
                let words = first.map(|f| f.summary.clone()).unwrap_or_default();
                (Mark::from(severity).sign(), Tone::from(severity), words)
            }
        };
        let app = state.app_name(&answered.app);
        let cells = Cells::new(state.theme, columns).to(1).text(&mark.to_string(), tone).to(3);
        let line = cells
            .left(&app, 16, Tone::Strong)
            .text(" ", Tone::Plain)
            .text(&word, Tone::Plain)
            .line();
        let door = match &answered.verdict {
            Verdict::Found(found, _) => found.first().map(|finding| Door {
                view: View::Finding,
                subject: Subject::Finding(finding.into()),
                row: None,
            }),
            Verdict::Blind(_) => Some(Door { view: View::Blind, subject: Subject::All, row: None }),
            _ => None,
        };
        page.rows.push(Row {
            line,
            key: Some(RowKey::Named(answered.app.to_string())),
            door,
            about: format!("{app}: {word}"),
            words: Words { text: format!("{app} {word}"), values: Vec::new() },
            ..Row::default()
        });
    }
    page.rows.push(Row::default());
    if let Some(rule) = rule(name) {
        let text = explain::page(rule, Paint { colour: false, form: Form::Unicode });
        for paragraph in paragraphs(&text) {
            let title = paragraph.strip_prefix("## ");
            let indent = paragraph.chars().take_while(|c| *c == ' ').count();
            let tone = if title.is_some() { Tone::Strong } else { Tone::Plain };
            let words = title.unwrap_or(&paragraph).trim_start();
            for piece in wrap(words, columns.saturating_sub(2 + indent).min(100)) {
                let cells = Cells::new(state.theme, columns).to(1 + indent);
                page.rows.push(Row::text(cells.text(&piece, tone).line()));
            }
        }
    }
    page
}

/// The lines of a page with each paragraph in one, however it was broken; titles, lists and code stay as they are.
fn paragraphs(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let flows = |line: &str| {
        !line.is_empty() && line.starts_with(|c: char| c.is_alphanumeric() || c == '`' || c == '"')
    };
    let mut before = false;
    // Its first line is its name, which stands above the page already.
    for line in text.lines().skip(1) {
        match lines.last_mut() {
            Some(last) if before && flows(line) => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
        before = flows(line);
    }
    lines
}
