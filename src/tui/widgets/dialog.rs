//! Dialogs: the menu of operations and the question before a signal, always with the same lines in the same order.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::cells::{Cells, wrap};
use super::menu;
use super::pane::put;
use crate::plans::course::{Act, Course};
use crate::plans::{Check, CheckState, Plan};
use crate::show::words::{self, Mark, width};
use crate::tui::dialog::{Button, Columns, Dialog, Halt, Leave, Question, Refusal};
use crate::tui::state::State;
use crate::tui::theme::Tone;

/// What every dialog of a rehearsal bears.
pub(super) const REHEARSAL: &str = "REHEARSAL: nothing is sent";

/// Draws the top dialog over a part of the screen.
pub fn draw(state: &State, body: Rect, buffer: &mut Buffer) {
    match state.dialogs.last() {
        Some(Dialog::Menu(menu)) => menu::draw(state, menu, body, buffer),
        Some(Dialog::Refusal(refusal)) => {
            clear(buffer, body);
            let lines = refusal_lines(state, refusal, box_width(body));
            let title = format!("{}: refused", refusal.title);
            frame(state, &title, "Esc closes   nothing was sent", &lines, 0, 0, body, buffer);
        }
        Some(Dialog::Question(question)) => draw_question(state, question, body, buffer),
        Some(Dialog::Halt(halt)) => draw_halt(state, halt, body, buffer),
        Some(Dialog::Sort(menu)) => draw_sort(state, menu, body, buffer),
        None => {}
    }
}

fn box_width(body: Rect) -> usize {
    usize::from(body.width.saturating_sub(8))
        .clamp(20, 100)
        .min(usize::from(body.width.saturating_sub(4)))
}

/// The columns of a table; the one that it is sorted by says so.
fn draw_sort(state: &State, menu: &Columns, body: Rect, buffer: &mut Buffer) {
    let columns = usize::from(body.width);
    let view = crate::tui::views::card(state.place.view).long;
    let mut lines = vec![super::headline::titled(
        state,
        columns,
        &format!("Sort {view} by"),
        "equal ones keep their order",
    )];
    let sort = state.sorts.get(&state.place.view);
    for column in menu.all {
        let now = sort.filter(|sort| sort.column == *column);
        let told = now.map_or("", |sort| if sort.reverse { "reversed" } else { "sorted" });
        let sign = if *column == menu.chosen { ">" } else { " " };
        let cells = Cells::new(state.theme, columns).text(sign, Tone::Plain).to(3);
        lines.push(cells.left(column, 16, Tone::Plain).text(told, Tone::Quiet).line());
    }
    let at = menu.all.iter().position(|column| *column == menu.chosen).unwrap_or(0);
    list(state, &lines, at, body, buffer);
}

/// A list at the foot of the body, a title above it and one line chosen, which is always in sight.
pub(super) fn list(
    state: &State,
    lines: &[Line<'static>],
    chosen: usize,
    body: Rect,
    buffer: &mut Buffer,
) {
    let height = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX).min(body.height);
    let area = Rect { y: body.bottom() - height, height, ..body };
    clear(buffer, area);
    let (title, rows) = lines.split_at(lines.len().min(1));
    put(buffer, area, title);
    let room = usize::from(height.saturating_sub(1));
    let top = (chosen + 1).saturating_sub(room);
    let below = Rect { y: area.y + height.min(1), height: height.saturating_sub(1), ..area };
    put(buffer, below, rows.get(top..).unwrap_or_default());
    let y = area.y + 1 + u16::try_from(chosen - top).unwrap_or(0);
    if y < area.bottom() {
        buffer.set_style(Rect { y, height: 1, ..area }, state.theme.style(Tone::Select));
    }
}

fn refusal_lines(state: &State, refusal: &Refusal, room: usize) -> Vec<Line<'static>> {
    let mut lines = labelled(state, "Not sent", &refusal.refused.reason, room);
    lines.push(Line::default());
    lines.extend(labelled(state, "WAY OUT", &refusal.refused.way_out, room));
    lines
}

/// A label, and words that run on in further lines below each other.
fn labelled(state: &State, label: &str, text: &str, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        for piece in wrap(part, room.saturating_sub(13)) {
            let label = if lines.is_empty() { label } else { "" };
            let cells = Cells::new(state.theme, room).to(1).left(label, 11, Tone::Quiet);
            lines.push(cells.text(&piece, Tone::Plain).line());
        }
    }
    lines
}

/// What was checked, several in a line where they fit.
fn checks(state: &State, plan: &Plan, room: usize) -> Vec<Line<'static>> {
    let start = |first: bool| {
        let label = if first { "CHECKED" } else { "" };
        Cells::new(state.theme, room).to(1).left(label, 11, Tone::Quiet)
    };
    let mut lines = Vec::new();
    let mut open: Option<Cells> = None;
    // What stops it has its line for itself; what it rests on stands before the rest.
    let mut all: Vec<&Check> = plan.checks.iter().collect();
    all.sort_by_key(|check| (!check.state.stops(), check.what != "successor"));
    let mut alone = false;
    for check in all {
        let (mark, tone) = match check.state {
            CheckState::Holds => (Mark::Fine, Tone::Fine),
            CheckState::Warns => (Mark::Warning, Tone::Warn),
            CheckState::Stops | CheckState::Unseen => (Mark::Critical, Tone::Crit),
            CheckState::Blind => (Mark::Unknown, Tone::Blind),
        };
        let put = |cells: Cells, words: &str| {
            cells
                .text(&mark.sign().to_string(), tone)
                .text(" ", Tone::Plain)
                .text(words, Tone::Plain)
        };
        if let Some(line) = open.take() {
            if !alone && line.at() + 6 + width(&check.words) <= room {
                open = Some(put(line.text("   ", Tone::Plain), &check.words));
                continue;
            }
            lines.push(line.line());
        }
        let mut pieces = wrap(&check.words, room.saturating_sub(15)).into_iter();
        let mut line = put(start(lines.is_empty()), &pieces.next().unwrap_or_default());
        for piece in pieces {
            lines.push(std::mem::replace(&mut line, start(false).to(14)).line());
            line = line.text(&piece, Tone::Plain);
        }
        alone = check.state.stops();
        open = Some(line);
    }
    lines.extend(open.map(Cells::line));
    lines
}

fn draw_question(state: &State, question: &Question, body: Rect, buffer: &mut Buffer) {
    let room = box_width(body);
    clear(buffer, body);
    let plan = &question.plan;
    let held = match (question.held, state.rehearses()) {
        (_, true) => "No process is behind it",
        (true, false) => "It is held: no other can be hit",
        (false, false) => "It is not held yet: nothing can be sent",
    };
    // When it started has a line with what follows from that: the very process is held.
    let send = plan.send.replacen(", started ", ",\nstarted ", 1);
    let mut lines = labelled(state, "SEND", &format!("{send}. {held}"), room);
    let above = lines.len();
    lines.extend(labelled(state, "DOES", &plan.does, room));
    let then = question.course.as_ref().map(further).unwrap_or_default();
    if !then.is_empty() {
        lines.extend(labelled(state, "THEN", &then, room));
    }
    // Who starts it again has a line for itself.
    let after = plan.after.replacen(" 502, and ", " 502,\nand ", 1);
    lines.extend(labelled(state, "AFTER IT", &after, room));
    lines.extend(labelled(state, "WAY BACK", &plan.way_back, room));
    lines.extend(checks(state, plan, room));
    lines.extend(labelled(state, "BY HAND", &plan.by_hand, room));
    let mut last = Vec::new();
    if let Some(word) = question.word() {
        let left = width(word).saturating_sub(width(&question.typed)).min(20);
        let typed = crate::os::text::escaped(question.typed.as_bytes());
        let ends = if plan.stops() { "This ends service." } else { "This may end service." };
        let ask = format!("{ends} To arm the button, type the name of the app:");
        let mut line = Cells::new(state.theme, room).to(1).text(&ask, Tone::Plain);
        if line.at() + 2 + width(&typed) + left > room {
            last.push(line.line());
            line = Cells::new(state.theme, room).to(1);
        }
        let line = line.text("  ", Tone::Plain).text(&typed, Tone::Strong);
        last.push(line.text(&"_".repeat(left), Tone::Quiet).line());
    }
    last.push(buttons(state, question, room));
    let yet = if state.rehearses() { "nothing is sent" } else { "nothing is sent yet" };
    let hint = format!("Tab moves   Enter presses   Esc cancels   {yet}");
    // Blank lines, as far as there is room: before the buttons, before the word, after the buttons, after SEND.
    let mut free = usize::from(body.height).saturating_sub(lines.len() + last.len() + 2);
    let mut blank = |wanted: bool| {
        let fits = wanted && free > 0;
        free -= usize::from(fits);
        fits
    };
    let worded = last.len() > 1;
    if blank(true) {
        last.insert(last.len() - 1, Line::default());
    }
    if blank(worded) {
        last.insert(0, Line::default());
    }
    if blank(true) {
        last.push(Line::default());
    }
    if blank(true) {
        lines.insert(above, Line::default());
    }
    let pinned = last.len();
    lines.extend(last);
    let title = if state.rehearses() {
        format!("{REHEARSAL}   {}", plan.title)
    } else {
        plan.title.clone()
    };
    frame(state, &title, &hint, &lines, pinned, question.top, body, buffer);
}

/// What a course sends after its first signal: the button stands for that too.
fn further(course: &Course) -> String {
    let sends = course.steps.iter().filter(|step| match step.act {
        Act::Send(..) | Act::Retire { .. } => true,
        Act::Preflight
        | Act::Await(_)
        | Act::Come(_)
        | Act::Settle
        | Act::Probe
        | Act::Ask
        | Act::Verify(_) => false,
    });
    let words = sends.skip(1).map(|step| format!("{}: {}", step.name, step.must_see));
    words.collect::<Vec<_>>().join(". ")
}

/// The question before an operation under way is left alone: what it means, and both buttons.
fn draw_halt(state: &State, halt: &Halt, body: Rect, buffer: &mut Buffer) {
    let Some(passage) = &state.passage else { return };
    let room = box_width(body);
    clear(buffer, body);
    let (title, stay, leave) = match halt.leave {
        Leave::Operation => ("stop it here", "Go on", "Stop here"),
        Leave::Program => ("leave it", "Stay", "Leave it"),
    };
    let rest = passage.course.steps.iter().skip(passage.at + 1).map(|step| step.name.as_str());
    let rest = rest.collect::<Vec<_>>().join(", ");
    let at = format!(
        "step {}, {}",
        passage.position(),
        passage.step().map(|step| step.name.as_str()).unwrap_or_default()
    );
    let does = if rest.is_empty() {
        format!("nothing more is sent after {at}")
    } else {
        format!("nothing more is sent after {at}; not carried out: {rest}")
    };
    let back = passage.step().map(|step| step.way_back.clone()).unwrap_or_default();
    let mut lines = labelled(state, "DOES", &does, room);
    lines.extend(labelled(state, "AFTER IT", &super::super::views::upgrade::stands(state), room));
    lines.extend(labelled(state, "WAY BACK", &back, room));
    let button = |words: &str, focused: bool| {
        if focused { format!(">[ {words} ]<") } else { format!("[ {words} ]") }
    };
    let (stay, leave) = (button(stay, !halt.armed), button(leave, halt.armed));
    let from = room.saturating_sub(width(&stay) + width(&leave) + 6) / 2;
    let tone = |focused: bool| if focused { Tone::Select } else { Tone::Plain };
    let cells = Cells::new(state.theme, room).to(from).text(&stay, tone(!halt.armed));
    let cells = cells.text("      ", Tone::Plain).text(&leave, tone(halt.armed));
    lines.extend([Line::default(), cells.line()]);
    let title = format!("{}: {title}?", passage.course.title);
    frame(state, &title, "Tab moves   Enter presses   Esc goes on", &lines, 2, 0, body, buffer);
}

fn buttons(state: &State, question: &Question, room: usize) -> Line<'static> {
    let signal = question.plan.signal.as_str().trim_start_matches("SIG");
    let verb = if state.rehearses() { "Rehearse" } else { "Send" };
    let send = format!("{verb} {signal} to {}", question.plan.target);
    let armable = question.held && question.worded(state.now);
    let on_send = question.focus == Button::Send;
    let cancel = if on_send { "[ Cancel ]" } else { ">[ Cancel ]<" };
    let button = match (armable, on_send) {
        (false, _) => format!("( {send}: not armed )"),
        (true, true) => format!(">[ {send} ]<"),
        (true, false) => format!("[ {send} ]"),
    };
    let cells = Cells::new(state.theme, room);
    // Below the words of the lines above, as far as there is room.
    let from = 12.min(room.saturating_sub(width(cancel) + width(&button) + 6));
    let focus = |focused: bool| if focused { Tone::Select } else { Tone::Plain };
    cells
        .to(from)
        .text(cancel, focus(!on_send))
        .text("      ", Tone::Plain)
        .text(&button, focus(on_send))
        .line()
}

/// A box in the middle: a title in its upper edge, a hint in its lower. Lines that do not fit scroll; the pinned ones stay.
#[expect(clippy::too_many_arguments, reason = "the parts of one box, used here alone")]
fn frame(
    state: &State,
    title: &str,
    hint: &str,
    lines: &[Line<'static>],
    pinned: usize,
    top: usize,
    body: Rect,
    buffer: &mut Buffer,
) {
    let room = box_width(body);
    let wanted = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let height = wanted.min(body.height);
    let wide = u16::try_from(room + 2).unwrap_or(body.width).min(body.width);
    let area = Rect {
        x: body.x + (body.width - wide) / 2,
        y: body.y + (body.height - height) / 2,
        width: wide,
        height,
    };
    clear(buffer, area);
    if area.height < 3 || area.width < 8 {
        return;
    }
    let edge = |left: char, right: char, words: &str| {
        let dash = Mark::Rule.sign().to_string();
        let words = words::cut(words, room.saturating_sub(4));
        let fill = room.saturating_sub(width(&words) + 3);
        format!("{left}{dash} {words} {}{right}", dash.repeat(fill))
    };
    let quiet = state.theme.style(Tone::Quiet);
    buffer.set_stringn(area.x, area.y, edge('┌', '┐', title), usize::from(wide), quiet);
    buffer.set_stringn(area.x, area.bottom() - 1, edge('└', '┘', hint), usize::from(wide), quiet);
    buffer.set_style(
        Rect {
            x: area.x + 3,
            y: area.y,
            width: u16::try_from(width(title)).unwrap_or(0).min(wide - 4),
            height: 1,
        },
        Style::reset().patch(state.theme.style(Tone::Strong)),
    );
    let inner = Rect { x: area.x + 1, y: area.y + 1, width: wide - 2, height: area.height - 2 };
    for y in inner.top()..inner.bottom() {
        for x in [area.x, area.right() - 1] {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.set_char(Mark::Trunk.sign()).set_style(quiet);
            }
        }
    }
    let split = lines.len().saturating_sub(pinned);
    let (moving, fixed) = lines.split_at(split);
    let below = u16::try_from(fixed.len()).unwrap_or(u16::MAX).min(inner.height);
    let view = Rect { height: inner.height - below, ..inner };
    let top = top.min(moving.len().saturating_sub(usize::from(view.height)));
    let hidden = moving.len().saturating_sub(top + usize::from(view.height));
    put(buffer, view, moving.get(top..).unwrap_or_default());
    put(buffer, Rect { y: view.bottom(), height: below, ..inner }, fixed);
    if hidden > 0 && view.height > 0 {
        let more = format!("↓{hidden}");
        let wide = u16::try_from(width(&more)).unwrap_or(2).min(view.width);
        buffer.set_stringn(view.right() - wide, view.bottom() - 1, more, usize::from(wide), quiet);
    }
}

fn clear(buffer: &mut Buffer, area: Rect) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}
