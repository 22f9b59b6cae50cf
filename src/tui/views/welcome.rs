//! The first screen of a box without servers: what was looked for, what was not seen, and where to go from here.

use super::{Page, Row};
use crate::model::{Searched, Seen};
use crate::show::words::{self, Mark, closed, processes};
use crate::tui::keys::Action;
use crate::tui::place::{Door, RowKey, Subject, View};
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::{Cells, wrap};
use crate::tui::widgets::headline::titled;

/// What its footer offers.
pub const KEYS: &[Action] = &[Action::Open, Action::View('0'), Action::Palette, Action::Quit];

/// Whether this is the open view.
pub fn is_shown(state: &State) -> bool {
    let none = || state.shown().is_some_and(|look| look.census.apps.is_empty());
    state.place.view == View::Overview && state.ghosts.is_empty() && none()
}

/// The page, in place of the tree and the findings.
pub fn page(state: &State, columns: usize) -> Page {
    let mut page = Page::default();
    let Some(look) = state.shown() else { return page };
    let cells = || Cells::new(state.theme, columns);
    let often = match state.wished.as_secs() {
        0 | 1 => "second".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let every = format!("farrier keeps looking every {often}: a server that starts appears here");
    let about = if state.rights.are_of_a_recording() {
        "this is a recording; no server is in it"
    } else {
        &every
    };
    let choice = |words: &str, name: &str| Row {
        line: cells().to(3).text(words, Tone::Plain).line(),
        key: Some(RowKey::Named(name.into())),
        about: about.into(),
        ..Row::default()
    };
    let does = |words, name, action| Row { action: Some(action), ..choice(words, name) };
    let leads = |words, name, view| Row {
        door: Some(Door { view, subject: Subject::All, row: None }),
        ..choice(words, name)
    };
    page.rows.extend([
        does(
            "Explore a recorded incident: stale release, pinned Gemfile, lingering oldbin",
            "demo",
            Action::Demo,
        ),
        does("Open a snapshot or a recording of another machine …", "file", Action::OpenFile),
        leads("See what could not be read here, and what would grant it", "blind", View::Blind),
        leads("Read how farrier finds servers, and which it knows", "known", View::Known),
    ]);
    page.rows.push(Row::default());
    page.rows.push(Row::text(titled(state, columns, "What was looked for", "")));
    for searched in &look.census.seen.searched {
        let room = columns.saturating_sub(24);
        let found = found(&look.census.seen, searched);
        let room = room.min(columns.saturating_sub(18 + words::width(&found)));
        for (at, piece) in wrap(&searched.how, room).into_iter().enumerate() {
            let label = if at == 0 { searched.what } else { "" };
            let line = cells().to(3).left(label, 12, Tone::Quiet).text(&piece, Tone::Plain);
            let line = if at == 0 { line.end(&found, Tone::Plain) } else { line };
            page.rows.push(Row::text(line.line()));
        }
    }
    page.rows.push(Row::default());
    let seen = &look.census.seen;
    let note = |words: String| {
        let line = cells().to(1).text(&Mark::Unknown.sign().to_string(), Tone::Blind).to(4);
        Row::text(line.text(&words, Tone::Plain).line())
    };
    if seen.denied > 0 {
        page.rows.push(note(format!(
            "{} of other users: program or title denied. sudo farrier",
            processes(seen.denied)
        )));
    }
    if let Some((place, lack)) = &seen.hidden {
        page.rows.push(note(format!("processes may be hidden: {lack} ({place})")));
    }
    for root in &seen.idle_roots {
        page.rows.push(note(format!(
            "{} has releases and nothing serves it; one may be stopped",
            crate::os::shown(root)
        )));
    }
    page.rows.extend(closed(&look.census).map(note));
    page
}

/// How much of something was found, in words.
fn found(seen: &Seen, searched: &Searched) -> String {
    match (searched.what, searched.found, seen.idle_roots.as_slice()) {
        ("processes", found, _) => format!("{found} of {}", seen.processes),
        ("releases", 1, [root]) => format!("1: {}", words::fit(&crate::os::shown(root), 24, None)),
        ("services", 1, _) => "1 names a server".into(),
        ("services", found, _) => format!("{found} name a server"),
        (_, found, _) => found.to_string(),
    }
}
