//! The last takeover of an app, as its findings pane shows it where nothing is wrong: each event with its source, most
//! of it from before farrier was started.

use super::Row;
use super::aside::short;
use super::timeline::source_in;
use crate::model::App;
use crate::model::handover::grace;
use crate::model::takeover::{Takeover, takeover};
use crate::show::words::{phrase, time, width};
use crate::tui::chronicle::Moment;
use crate::tui::place::Subject;
use crate::tui::state::State;
use crate::tui::theme::Tone;
use crate::tui::widgets::cells::Cells;

/// What the log tells, a look sees so many seconds later.
const SEEN_AFTER: i64 = 5;

/// How an app came to be served as it is.
pub struct Told<'a> {
    /// `last takeover of shop`.
    pub title: String,
    /// What happened then, the oldest first.
    pub moments: Vec<&'a Moment>,
}

/// What is told: of the selected app; where its master was merely started, of the app that was taken over last.
pub fn told(state: &State) -> Option<Told<'_>> {
    let census = &state.shown()?.census;
    let mine = match state.beside() {
        Subject::App(id) | Subject::Process(id, _) => census.app(&id),
        _ => None,
    };
    let mine = mine.and_then(|app| Some((app, takeover(app, census)?)));
    let handed = |told: &Takeover<'_>| told.handed == Some(true);
    let all = || census.apps.iter().filter_map(|app| Some((app, takeover(app, census)?)));
    let youngest = || all().filter(|(_, told)| handed(told)).max_by_key(|(_, told)| told.began);
    let (app, told) = match mine {
        Some(mine) if handed(&mine.1) => mine,
        mine => youngest().or(mine)?,
    };
    let title = match told.handed {
        Some(true) => format!("last takeover of {}", app.name),
        Some(false) => format!("last start of {}", app.name),
        None => format!("start of {}, {}", told.master.process.pid, app.name),
    };
    let moments = moments(state, app, &told);
    (!moments.is_empty()).then_some(Told { title, moments })
}

/// What is known of it: between its first moment and its last; where the last is not known, for as long as one takes.
fn moments<'a>(state: &'a State, app: &App, told: &Takeover<'_>) -> Vec<&'a Moment> {
    let Some(look) = state.shown() else { return Vec::new() };
    let bound = i64::try_from(grace(app, &look.census)).unwrap_or(0);
    let from = told.from().as_second();
    let until = match told.ended {
        Some(ended) => ended.as_second() + SEEN_AFTER,
        None => told.until().as_second() + bound,
    };
    let until = until.min(look.census.taken_at.as_second());
    let inside = |moment: &&Moment| (from..=until).contains(&moment.at.as_second());
    let all = state.chronicle.moments().iter();
    let mine = all.filter(|moment| moment.app.as_ref() == Some(&app.id) && !moment.minor);
    let mine: Vec<&Moment> = mine.filter(inside).filter(|m| m.source != "release").collect();
    // A start that a line of the log tells as well is told once.
    let pid = told.master.process.identity();
    let started = |moment: &Moment| moment.source == "start" && moment.process == Some(pid);
    let logged = mine.iter().any(|moment| moment.at == told.began && !started(moment));
    mine.into_iter().filter(|moment| !(logged && started(moment))).collect()
}

/// Its rows: text, which the time line has with a cursor.
pub(super) fn rows(state: &State, told: &Told<'_>, columns: usize) -> Vec<Row> {
    let now = state.shown().map(|look| look.census.taken_at).unwrap_or_default();
    let at = |moment: &Moment| time(moment.at, now, &state.zone);
    let widest = told.moments.iter().map(|moment| width(&at(moment))).max().unwrap_or(0);
    let census = state.shown().map(|look| &look.census);
    let row = |moment: &&Moment| {
        let app = moment.app.as_ref().and_then(|id| census?.app(id));
        let words = app.map_or(moment.words.clone(), |app| short(app, &moment.words));
        let cells = Cells::new(state.theme, columns).to(3).left(&at(moment), widest, Tone::Quiet);
        let cells = cells.text("  ", Tone::Plain);
        let room = columns.saturating_sub(cells.at() + 1);
        // The line stands in the time line.
        let file = moment.source.split(':').next().unwrap_or_default();
        let source = source_in(file, room.saturating_sub(width(&words) + 2));
        let line = cells.text(&phrase(&words, room), Tone::Plain);
        Row::text(line.end(source.unwrap_or_default(), Tone::Quiet).line())
    };
    told.moments.iter().map(row).collect()
}
