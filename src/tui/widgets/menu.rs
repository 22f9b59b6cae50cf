//! The menu of operations: what each would send to whom, and what would come of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells::Cells;
use super::dialog::{REHEARSAL, list};
use crate::model::{Operation, Role};
use crate::plans::{Check, CheckState, Confirm, Plan};
use crate::servers::server;
use crate::show::words;
use crate::tui::dialog::{Menu, Planned};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::update::{listed, planned};

/// The menu stands where the findings do; each line says beforehand what would happen.
pub fn draw(state: &State, menu: &Menu, body: Rect, buffer: &mut Buffer) {
    let columns = usize::from(body.width);
    let name = state.app_name(&menu.app);
    let mut lines = vec![super::headline::titled(
        state,
        columns,
        &format!("Act on {name}"),
        if state.rehearses() { REHEARSAL } else { "nothing is sent yet" },
    )];
    let all = listed(state, menu);
    // Where room is short, what comes of it counts more than to whom it goes.
    let to_whom = if columns < 78 { 18 } else { 31 };
    for operation in &all {
        let chosen = *operation == menu.chosen;
        let (sends, comes, tone) = match planned(state, menu, *operation) {
            Ok(Planned { plan, .. }) => (sends(state, &plan), words_of(&plan), Tone::Plain),
            Err(refused) => {
                let why = refused.brief.as_ref().unwrap_or(&refused.reason);
                (would_send(state, menu, *operation), format!("refused: {why}"), Tone::Quiet)
            }
        };
        let cells = Cells::new(state.theme, columns);
        let cells = cells.text(if chosen { ">" } else { " " }, Tone::Plain).to(3);
        let sends = words::cut(&sends, to_whom - 1);
        let cells = cells.left(operation.name(), 16, tone).left(&sends, to_whom, tone);
        lines.push(cells.text(&comes, tone).line());
    }
    let at = all.iter().position(|op| *op == menu.chosen).unwrap_or(0);
    list(state, &lines, at, body, buffer);
}

/// The signal, to whom, and who stays where that is what it is about.
fn sends(state: &State, plan: &Plan) -> String {
    let signal = plan.signal.as_str().trim_start_matches("SIG");
    let app = state.shown().and_then(|look| look.census.app(&plan.app));
    let old = app.and_then(|app| app.in_role(Role::Old).find(|old| !old.process.is_dead()));
    let beside = match (plan.operation, old) {
        (Some(Operation::Retire), _) => ", the old master".to_owned(),
        (Some(Operation::Rollback), Some(old)) => format!("; {} stays", old.process.pid),
        _ => String::new(),
    };
    format!("{signal} to {}{beside}", plan.target)
}

/// What would be sent, were it not refused: the signal of the operation to the app's current master.
fn would_send(state: &State, menu: &Menu, operation: Operation) -> String {
    let app = state.shown().and_then(|look| look.census.app(&menu.app));
    let uses = app.and_then(|app| server(app.kind)).map(|server| server.operations);
    let uses = uses.and_then(|all| all.iter().find(|uses| uses.operation == operation));
    let to = app.and_then(|app| match operation {
        Operation::Retire => app.in_role(Role::Old).next(),
        _ => app.current_master(),
    });
    match (uses, to) {
        (Some(uses), Some(to)) => {
            let signal = uses.signal.as_str().trim_start_matches("SIG");
            format!("{signal} to {}", to.process.pid)
        }
        _ => String::new(),
    }
}

/// What a line of the menu says about a plan: the first thing in the way, else what stands then.
fn words_of(plan: &Plan) -> String {
    let warns = plan.checks.iter().find(|check| check.state == CheckState::Warns);
    let told = |check: &Check| plan.brief.clone().unwrap_or_else(|| check.words.clone());
    match (&plan.confirm, warns) {
        (Confirm::Word(_), _) => "asks for the name".into(),
        (_, Some(check)) => format!("warning: {}", told(check)),
        _ => plan.brief.clone().unwrap_or_else(|| plan.after.clone()),
    }
}
