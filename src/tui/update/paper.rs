//! What leaves the screen: a value for the clipboard, a view as plain text.

use super::Effect;
use crate::tui::keys::Action;
use crate::tui::place::View;
use crate::tui::state::State;
use crate::tui::views;
use crate::tui::widgets::cells::plain as plain_line;
use crate::tui::widgets::pane;

/// The most that a terminal takes by OSC 52.
const COPY_BOUND: usize = 74_000;

pub(super) fn copy(state: &mut State) -> Vec<Effect> {
    let Some(row) = pane::row(state) else { return Vec::new() };
    let text = if row.copy.is_empty() { plain_line(&row.line) } else { row.copy };
    copied(state, text.trim().to_owned())
}

/// Sends a text to the terminal's clipboard, and says how that may go wrong.
pub(super) fn copied(state: &mut State, text: String) -> Vec<Effect> {
    let plain = state.keys.shown(Action::Plain);
    if text.is_empty() {
        state.say("there is nothing here to copy");
        return Vec::new();
    }
    if text.len() > COPY_BOUND {
        let bytes = text.len();
        state.say(format!(
            "not copied: {bytes} bytes, and terminals take 74000 at most. {plain} shows the view as text"
        ));
        return Vec::new();
    }
    state.say(format!(
        "sent to the terminal's clipboard (tmux: set-clipboard on; screen and some terminals drop it; \
         {plain} shows it as text)"
    ));
    vec![Effect::Copy(text)]
}

/// The open view as text, all its rows.
pub(super) fn plain(state: &State) -> String {
    let mut wide = 200;
    let mut lines = vec![plain_line(&crate::tui::widgets::bar::line(state, 100))];
    if state.place.view == View::Overview {
        lines.extend(crate::tui::widgets::headline::lines(state, wide).iter().map(plain_line));
        let tree = views::tree::page(state, 100);
        lines.extend(page_text(tree));
        wide = 160;
    }
    let page = (views::card(state.place.view).page)(state, wide);
    lines.push(page.crumb.join(" › ") + "   " + &page.count);
    lines.extend(page_text(page));
    lines.join("\n") + "\n"
}

fn page_text(page: views::Page) -> Vec<String> {
    let lower = page.lower.map(|lower| {
        std::iter::once(String::new())
            .chain([lower.title])
            .chain(lower.lines.iter().map(plain_line).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    });
    page.head
        .iter()
        .map(plain_line)
        .chain(page.rows.iter().map(|row| plain_line(&row.line)))
        .chain(lower.unwrap_or_default())
        .collect()
}
