//! What would come to something here: the footer names no other key.

use super::comparing;
use crate::tui::keys::Action;
use crate::tui::layout::{self, Size};
use crate::tui::place::{Pane, RowKey, View};
use crate::tui::state::{Look, Reveal, State};
use crate::tui::views::Page;
use crate::tui::widgets::pane;

/// The pane with the cursor, as far as the footer asks about it.
pub struct Here {
    focus: Pane,
    page: Page,
    chosen: bool,
}

impl Here {
    /// Where the cursor is.
    pub fn of(state: &State) -> Self {
        let focus = state.place.focus;
        let page = pane::page(state, focus, usize::from(pane::area(state, focus).width));
        let chosen = pane::selected(state, focus, &page.rows).is_some();
        Self { focus, page, chosen }
    }

    /// Whether an action that the view's card names has anything to work on. It is asked of the whole view, not of the
    /// row: the footer stands still while the cursor moves.
    pub fn offers(&self, state: &State, action: Action) -> bool {
        let rows = &self.page.rows;
        match action {
            Action::Open => rows.iter().any(|row| {
                let folds = self.focus == Pane::Tree && matches!(row.key, Some(RowKey::App(_)));
                let host = matches!(row.key, Some(RowKey::Host(_)));
                row.door.is_some() || row.action.is_some() || folds || host
            }),
            Action::LineDown => rows.iter().filter(|row| row.key.is_some()).count() > 1,
            Action::NextPane => {
                let both = [Pane::Tree, Pane::Main].map(|side| pane::area(state, side).height > 0);
                let beside = layout::size(state.size) >= Size::Wide;
                (both == [true; 2] || state.manner.zoom)
                    && (beside || state.place.view == View::Overview)
            }
            Action::Act => state.app().is_some(),
            Action::View('u') => {
                let shown = state.place.view == View::Upgrade && state.conducted().is_none();
                state.app().is_some() && !shown
            }
            Action::Rule => super::moves::rule_of(state).is_some(),
            Action::NextFinding => {
                state.shown().is_some_and(|look| !Look::findings(look).is_empty())
            }
            Action::Copy => self.chosen,
            Action::OnlyFlagged | Action::Wrap => !rows.is_empty() || state.manner.flagged,
            Action::Sort => !page_of_view(state).columns.is_empty(),
            Action::Mark | Action::Diff => comparing::meant(state).is_some(),
            Action::Reveal => state.reveal != Reveal::Never && self.chosen,
            Action::Pause => state.look.is_some(),
            _ => true,
        }
    }
}

/// The open view's own page: it is what is sorted, wherever the cursor is.
fn page_of_view(state: &State) -> Page {
    pane::page(state, Pane::Main, usize::from(pane::area(state, Pane::Main).width))
}
